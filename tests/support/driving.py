"""Drives a flow with recorded replies, as the client would, without any HTTP."""

from __future__ import annotations

import json
from typing import Any

from exchcli.core.reply import parse
from exchcli.core.request import Request


def drive(flow: Any, *replies: Any) -> tuple[Any, list[str]]:
    """The flow's result, and every request it made as "METHOD path?query body".

    Each reply is JSON text or something to be written as JSON.
    """
    left = list(replies)
    asked: list[str] = []

    def answer(request: Request) -> Any:
        query = f"?{request.query}" if request.query else ""
        body = f" {request.body.decode()}" if request.body else ""
        asked.append(f"{request.endpoint.method} {request.path}{query}{body}")
        reply = left.pop(0)
        return parse((reply if isinstance(reply, str) else json.dumps(reply)).encode())

    answered: Any = None
    try:
        while True:
            wanted = flow.send(answered)
            if isinstance(wanted, Request):
                answered = answer(wanted)
            else:
                answered = [answer(request) for request in wanted]
    except StopIteration as done:
        assert not left, "the flow did not ask for every reply"
        return done.value, asked
