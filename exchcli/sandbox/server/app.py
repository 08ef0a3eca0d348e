"""Which request goes where: to an exchange byte for byte, to the page, or to the controls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from starlette.types import Receive, Scope, Send

from exchcli.sandbox.limits import SECOND
from exchcli.sandbox.server.bodies import Refused, body_of
from exchcli.sandbox.server.faulty import Outcome
from exchcli.sandbox.server.live import Live
from exchcli.sandbox.server.visitors import refusal
from exchcli.sandbox.wire import WireReply, WireRequest, json_reply

T = TypeVar("T")

# What has not come so many seconds after the server was told to stop, comes too late.
_GRACE = 1.0

_DETAILS = {
    408: "The body took too long.",
    413: "The body is larger than 1 MiB.",
}


class App:
    """The ASGI application. `hosts` are the names under which it may be asked; see visitors."""

    def __init__(self, live: Live, hosts: frozenset[str]) -> None:
        from exchcli.sandbox.server.control import pages

        self.live = live
        # One thread: requests are answered in the order in which they were read, and the event
        # loop goes on reading and writing meanwhile.
        self._thread = ThreadPoolExecutor(1, "sandbox")
        self._hosts = hosts
        self._pages = pages(self)
        self._leaving: asyncio.Event | None = None
        self._reading: set[asyncio.Transport] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        path, headers = _target(scope["raw_path"]), headers_of(scope)
        if refused := refusal(scope["method"], path, headers, self._hosts):
            await respond(send, refused, closing=True)
        elif scope["method"] == "CONNECT":
            # A yes to it would begin a tunnel, in which no reply can follow.
            await respond(send, _no_tunnel(), closing=True)
        elif path == "/" or path == "/sandbox" or path.startswith("/sandbox/"):
            await self._pages(scope, receive, send)
        else:
            await self._exchange(path, headers, scope, receive, send)

    async def body(self, scope: Scope, receive: Receive) -> bytes:
        """The body of a request, not waited for when the server stops. Raises Refused."""
        transport = scope["state"]["transport"]
        self._reading.add(transport)
        try:
            return await body_of(scope, receive)
        finally:
            self._reading.discard(transport)

    async def run(self, ask: Callable[..., T], *arguments: Any) -> T:
        """What `ask` returns, in the sandbox's own thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, ask, *arguments)

    def leave(self) -> None:
        """Ends the waits of delayed replies, and soon those for bodies: the server stops."""
        self.leaving.set()
        asyncio.get_running_loop().call_later(_GRACE, self._give_up_reading)

    def _give_up_reading(self) -> None:
        for transport in self._reading:
            transport.abort()

    @property
    def leaving(self) -> asyncio.Event:
        if self._leaving is None:
            self._leaving = asyncio.Event()
        return self._leaving

    def close(self) -> None:
        self._thread.shutdown(wait=True)
        self.live.close()

    async def _exchange(
        self, path: str, headers: dict[str, str], scope: Scope, receive: Receive, send: Send
    ) -> None:
        try:
            body = await self.body(scope, receive)
        except Refused as refused:
            if refused.status:
                reply = json_reply({"detail": _DETAILS[refused.status]}, refused.status)
                await respond(send, reply, closing=True)
            return
        request = WireRequest(
            scope["method"], path, scope["query_string"].decode("ascii"), headers, body
        )
        outcome = await self.run(self.live.ask, request)
        if "late" in (outcome.fault or "").split():
            self._execute_later()
        await self._carry_out(outcome, scope, receive, send)

    async def _carry_out(
        self, outcome: Outcome, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if outcome.wait:
            try:
                await asyncio.wait_for(self.leaving.wait(), outcome.wait)
            except TimeoutError:
                pass
        if outcome.reply is None:
            await self._hang_up(scope, receive)
        elif outcome.cut is None:
            await respond(send, outcome.reply)
        else:
            await send(_start(outcome.reply))
            part = outcome.reply.body[: outcome.cut]
            await send({"type": "http.response.body", "body": part, "more_body": True})
            await self._hang_up(scope, receive)

    async def _hang_up(self, scope: Scope, receive: Receive) -> None:
        """Closes the connection after what was written, and returns when it is closed."""
        scope["state"]["transport"].close()
        while (await receive())["type"] != "http.disconnect":
            pass

    def _execute_later(self) -> None:
        """Has late requests executed when they are due, also if nobody asks anything then.

        With a clock that stands it is the moving of it that makes them due.
        """
        due = self.live.faulty.next_late()
        if due is None or self.live.clock.stands:
            return
        seconds = max(0, due - self.live.clock.now()) / SECOND
        loop = asyncio.get_running_loop()
        loop.call_later(seconds, lambda: loop.run_in_executor(self._thread, self.live.settle))


async def respond(send: Send, reply: WireReply, *, closing: bool = False) -> None:
    await send(_start(reply, closing=closing))
    await send({"type": "http.response.body", "body": reply.body})


def _no_tunnel() -> WireReply:
    refused = json_reply({"detail": 'Method "CONNECT" not allowed.'}, 405)
    return refused._replace(headers={**refused.headers, "allow": "GET, POST, DELETE"})


def headers_of(scope: Scope) -> dict[str, str]:
    """Names in lower case; what came twice is joined by commas, as HTTP reads it.

    So of two signatures neither is right, and none is chosen.
    """
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _target(raw: bytes) -> str:
    """The path as sent. A client that takes this for a proxy sends the whole URL."""
    path = raw.decode("ascii")
    if not path.startswith("/") and "://" in path:
        _, _, rest = path.partition("://")
        path = "/" + rest.partition("/")[2]
    return path


def _start(reply: WireReply, *, closing: bool = False) -> dict[str, Any]:
    headers = [(name.encode(), value.encode("latin-1")) for name, value in reply.headers.items()]
    if reply.status != 204:
        headers.append((b"content-length", str(len(reply.body)).encode()))
    if closing:
        headers.append((b"connection", b"close"))
    return {"type": "http.response.start", "status": reply.status, "headers": headers}
