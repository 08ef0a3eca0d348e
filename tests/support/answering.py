"""A client whose exchange answers what a test has written down, path by path, without a network."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import httpx

from exchcli.core.client import Client
from exchcli.core.credentials import Credentials, Secret
from exchcli.core.deadline import Deadline
from exchcli.errors import NoAnswer
from exchcli.exchanges.digifinex import DigiFinex

PAIR = Credentials("fakekey", Secret("fake-secret"), "a test")
LOST = NoAnswer("no complete answer within 10 s")


class Answering(httpx.BaseTransport):
    """`answers` by the end of the path: one after another, the last one for good. An error is
    raised as if it had come up behind the last byte of the request.
    """

    def __init__(self, answers: Mapping[str, Sequence[Any]]) -> None:
        self.answers = {path: list(each) for path, each in answers.items()}
        self.asked: list[str] = []
        self.now = 1_700_000_000

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/v3")
        if path == "/time":
            return httpx.Response(200, text=json.dumps({"code": 0, "server_time": self.now}))
        self.asked.append(f"{path} {request.content.decode()}".strip())
        left = self.answers[path]
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, BaseException):
            raise answer
        return httpx.Response(200, text=json.dumps(answer))

    def sent(self, path: str) -> int:
        return sum(asked.startswith(path) for asked in self.asked)


@contextmanager
def answering(**answers: Sequence[Any]) -> Iterator[tuple[Client, Answering]]:
    """A client of DigiFinex; `withdraw_new=[...]` are the answers of /withdraw/new."""
    paths = {"/" + name.replace("_", "/"): each for name, each in answers.items()}
    transport = Answering(paths)
    client = Client(
        DigiFinex(), DigiFinex.url, transport, Deadline(10), credentials=lambda: PAIR,
        sleep=lambda _seconds: None,
    )  # fmt: skip
    try:
        yield client, transport
    finally:
        client.close()
