"""Connections that stop in the middle: each is given up in the end, and nobody else is kept from
asking meanwhile."""

from __future__ import annotations

import asyncio
import resource
import socket
import subprocess
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import httpx
import pytest
import uvicorn
from served import Served, command
from uvicorn.server import ServerState

from exchcli.sandbox.server import protocol
from exchcli.sandbox.server.protocol import Protocol

WHOLE = b"GET /v3/ping HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
HEAD = b"POST /v3/ping HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n"
LONG, SHORT = 600.0, 0.02


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Reads all of a POST, and nothing of others; /long has a reply of 30 MB."""
    if scope["method"] == "POST":
        while (message := await receive()).get("more_body"):
            if message["type"] == "http.disconnect":
                return
    body = b"x" * (30_000_000 if scope["path"] == "/long" else 2)
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Talk:
    """A client's connection to a server in the same loop."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def ask(self, request: bytes = WHOLE) -> None:
        """Sends a whole request, and reads its whole reply."""
        self.say(request)
        await self._reader.readuntil(b"\r\n\r\nxx")

    def say(self, some: bytes) -> None:
        self._writer.write(some)

    def end(self) -> None:
        """Says that no more is to come; what is answered can still be read."""
        self._writer.write_eof()

    async def ends(self) -> None:
        """Waits until the server has ended the connection."""
        async with asyncio.timeout(20):
            try:
                while await self._reader.read(1 << 16):
                    pass
            except ConnectionError:
                pass

    async def close(self) -> None:
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()


def talked(talk: Callable[[Callable[[], Awaitable[Talk]], ServerState], Awaitable[None]],
           idle: float = LONG) -> None:  # fmt: skip
    """Runs `talk` with a way to connect to a server of this Protocol, and the server's state."""

    async def run() -> None:
        config = uvicorn.Config(
            app, http=Protocol, lifespan="off", log_config=None, timeout_keep_alive=idle
        )  # type: ignore[arg-type]
        config.load()
        state = ServerState()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Protocol(config, state, {}), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]

        clients: list[Talk] = []

        async def connect() -> Talk:
            clients.append(Talk(*await asyncio.open_connection("127.0.0.1", port)))
            return clients[-1]

        try:
            await talk(connect, state)
        finally:
            server.close()
            for client in clients:
                await client.close()
            while state.connections or state.tasks:
                for each in state.connections:
                    each.transport.abort()  # type: ignore[union-attr]
                await asyncio.sleep(0)

    asyncio.run(run())


@pytest.mark.parametrize("asked", [0, 1, 3])
@pytest.mark.parametrize(
    ("part", "deadline"),
    [(b"GET /v3/ping HTTP/1.1\r\nX", "HEAD_SECONDS"), (HEAD + b"half", "BODY_SECONDS")],
)
def test_half_a_request_is_given_up_also_after_whole_ones(
    monkeypatch: pytest.MonkeyPatch, asked: int, part: bytes, deadline: str
) -> None:
    for name in ("HEAD_SECONDS", "BODY_SECONDS"):
        monkeypatch.setattr(protocol, name, SHORT if name == deadline else LONG)

    async def talk(connect: Any, _state: ServerState) -> None:
        client = await connect()
        for _ in range(asked):
            await client.ask()
        client.say(part)
        await client.ends()

    talked(talk)


def test_half_a_body_whose_sender_has_ended_is_given_up_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(protocol, "BODY_SECONDS", LONG)

    async def talk(connect: Any, _state: ServerState) -> None:
        client = await connect()
        client.say(HEAD + b"half")
        client.end()
        await client.ends()

    talked(talk)


def test_who_sends_a_head_byte_by_byte_gets_no_more_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.2)

    async def talk(connect: Any, _state: ServerState) -> None:
        client = await connect()
        await client.ask()

        async def drip() -> None:
            while True:
                client.say(b"G")
                await asyncio.sleep(0.01)

        dripping = asyncio.create_task(drip())
        await client.ends()
        dripping.cancel()

    talked(talk)


def test_a_body_in_many_small_chunks_keeps_nobody_waiting() -> None:
    """All are in one loop here: how often others come to their turn is no matter of speed."""

    async def talk(connect: Any, _state: ServerState) -> None:
        flooding, other = await connect(), await connect()
        head = HEAD.replace(b"Content-Length: 100", b"Transfer-Encoding: chunked")
        body = b"1\r\nx\r\n" * 60_000 + b"0\r\n\r\n"
        flood = asyncio.create_task(flooding.ask(head + body))
        asked = 0
        while not flood.done():
            await other.ask()
            asked += 1
        assert asked > 8

    talked(talk)


def test_a_body_that_nobody_waited_for_is_given_up_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reply is there already when half of the body has come."""
    monkeypatch.setattr(protocol, "BODY_SECONDS", 0.2)

    async def talk(connect: Any, _state: ServerState) -> None:
        client = await connect()
        await client.ask(HEAD.replace(b"POST", b"GET") + b"half")
        await client.ends()

    talked(talk)


def test_a_connection_that_idles_is_closed() -> None:
    async def talk(connect: Any, _state: ServerState) -> None:
        client = await connect()
        await client.ask()
        await client.ends()

    talked(talk, idle=SHORT)


def test_a_reply_that_nobody_reads_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "REPLY_SECONDS", SHORT)

    async def talk(connect: Any, state: ServerState) -> None:
        client = await connect()
        client.say(WHOLE.replace(b"/v3/ping", b"/long"))
        async with asyncio.timeout(20):
            while not state.connections:
                await asyncio.sleep(0)
            while state.connections:
                await asyncio.sleep(0.001)
        await client.ends()

    talked(talk)


def test_whole_requests_have_no_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HEAD_SECONDS", "BODY_SECONDS", "REPLY_SECONDS"):
        monkeypatch.setattr(protocol, name, LONG)

    async def talk(connect: Any, state: ServerState) -> None:
        client = await connect()
        for _ in range(3):
            await client.ask()
            await client.ask(HEAD + b"x" * 100)
        (connection,) = state.connections
        assert connection._waits[0] == "idle"

    talked(talk)


def test_for_a_new_connection_the_one_that_has_waited_longest_has_to_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(protocol, "most_connections", lambda: 3)

    async def talk(connect: Any, state: ServerState) -> None:
        first, idle, busy = [await connect() for _ in range(3)]
        for each in (first, idle, busy):
            await each.ask()
        first.say(b"GET /v3")
        async with asyncio.timeout(20):
            while "head" not in [each._waits[0] for each in state.connections]:
                await asyncio.sleep(0)
        await busy.ask()
        for longest in (idle, first, busy):
            await (await connect()).ask()
            await longest.ends()
        assert len(state.connections) == 3

    talked(talk)


@pytest.mark.parametrize(
    ("files", "most"), [(1024, 960), (64, 16), (resource.RLIM_INFINITY, float("inf"))]
)
def test_some_files_are_left_to_open(
    monkeypatch: pytest.MonkeyPatch, files: int, most: float
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (files, files))
    assert protocol.most_connections.__wrapped__() == most


def test_half_requests_on_all_connections_that_there_can_be_keep_nobody_from_asking(
    tmp_path: Any,
) -> None:
    words, env = command(tmp_path, "--no-limits")
    limited = ["bash", "-c", 'ulimit -n 128; exec "$0" "$@"', *words]
    process = subprocess.Popen(
        limited, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    server = Served(process, tmp_path)
    stopped: list[socket.socket] = []
    try:
        for _ in range(200):
            stopped.append(socket.create_connection(("127.0.0.1", server.port), timeout=20))
            stopped[-1].sendall(WHOLE)
            assert stopped[-1].recv(4096).startswith(b"HTTP/1.1 200")
            stopped[-1].sendall(b"GET /v3/ping HTTP/1.1\r\nX")
        for path in ("/v3/time", "/api/public/time/"):
            assert httpx.get(server.url + path, trust_env=False, timeout=20).status_code == 200
        assert server.ask("dfx", "/spot/assets")["code"] == 0
    finally:
        for each in stopped:
            each.close()
        server.close()
