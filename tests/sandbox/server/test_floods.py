"""Connections that send more than is answered yet: all of it is answered, and fills no memory."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from select import select

import pytest
from raw import exchange, get
from served import Served

Serving = Callable[..., Served]
PING = b"GET /v3/ping HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
POSTED = (
    b"POST /v3/ping HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\n\r\nx",
    b"POST /v3/ping HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"1\r\nx\r\n0\r\n\r\n",
)
MEBIBYTE = 1 << 20


def connected(server: Served) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=20)


def peak(server: Served) -> int:
    """The most memory that the server has had so far, in bytes."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def poured(connection: socket.socket, some: bytes, *, reading: bool) -> int:
    """Sends `some` again and again until the server takes no more for a while, or has taken too
    much, or a thousand replies have been read; how many bytes were sent."""
    connection.setblocking(False)
    sent = replies = 0
    while sent < 48 * MEBIBYTE and replies < 1000:
        readable, writable, _ = select([connection] if reading else [], [connection], [], 0.2)
        if readable:
            replies += connection.recv(1 << 16).count(b"HTTP/1.1 200")
        if writable:
            sent += connection.send(some[sent % len(some) :])
        if not readable and not writable:
            break
    return sent


@pytest.mark.parametrize("reading", [True, False], ids=["read", "unread"])
@pytest.mark.parametrize("request_", [PING, *POSTED], ids=["ping", "posted", "chunked"])
def test_requests_without_end_fill_no_memory(
    serving: Serving, request_: bytes, reading: bool
) -> None:
    server = serving("--no-limits")
    assert server.get("/v3/ping").status_code == 200
    before = peak(server)
    with connected(server) as connection:
        # The kernel keeps some mebibytes; the server takes what it can answer.
        assert poured(connection, request_ * 1000, reading=reading) > 64_000
        assert server.get("/v3/time").status_code == 200
        assert peak(server) - before < 8 * MEBIBYTE


@pytest.mark.parametrize("request_", [PING, *POSTED], ids=["ping", "posted", "chunked"])
def test_thousands_of_requests_ahead_are_all_answered(shared: Served, request_: bytes) -> None:
    replies = exchange(shared.port, request_ * 3000 + get(b"/v3/time"))
    assert replies.count(b"HTTP/1.1 200 OK") == 3001
    assert replies.rindex(b"HTTP/1.1 200 OK") < replies.index(b"server_time")


def test_long_heads_ahead_are_all_answered(shared: Served) -> None:
    """Of which a part has come already when the request before it is answered."""
    long = PING[:-2] + b"X: " + b"x" * 50_000 + b"\r\n\r\n"
    replies = exchange(shared.port, (PING + long) * 40 + get(b"/v3/time"))
    assert replies.count(b"HTTP/1.1 200 OK") == 81
    assert b"server_time" in replies


def test_large_bodies_ahead_of_their_replies_are_all_answered(shared: Served) -> None:
    body = b"x" * 300_000
    posted = b"POST /v3/ping HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 300000\r\n\r\n" + body
    unread = posted.replace(b"POST /v3/ping", b"GET /")
    for each in (posted, unread):
        replies = exchange(shared.port, (each + PING * 1500) * 3 + get(b"/v3/time"))
        assert replies.count(b"HTTP/1.1 200 OK") == 3 * 1501 + 1
        assert b"server_time" in replies
