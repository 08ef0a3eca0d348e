"""A Dgtmarket that knows keys and little else: enough for logging in and for rotating."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs

from loopback import Loopback, with_time

USERNAME, PASSWORD = "john", "fake-password & more"
WALLETS = json.dumps(
    [
        {"outgoing_address": None, "currency": "BTC", "balance": "0.33759934",
         "incoming_address": "1JKhwNU45UE2j1f4CaEQLSHnPbycKqCKzG", "blocked": "0.00000000"},
    ]
)  # fmt: skip


class Keys:
    """`valid` is the one key that it takes; `made` counts the pairs that it gave out."""

    def __init__(self, valid: str) -> None:
        self.valid = valid
        self.made = 0
        self.signed = 0
        self.answer: Callable[[socket.socket, str], bool] = lambda _connection, _pair: False
        self.asked = threading.Event()

    def __call__(self, connection: socket.socket, head: bytes) -> None:
        start, _, body = head.partition(b"\r\n\r\n")
        lines = start.decode().split("\r\n")
        headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines[1:])}
        while len(body) < int(headers.get("content-length", "0")):
            body += connection.recv(65536)
        if lines[0].startswith("POST /api/public/token/ "):
            assert headers["content-type"] == "application/x-www-form-urlencoded"
            self._token(connection, parse_qs(body.decode()))
        elif headers.get("access-key") == self.valid:
            self.signed += 1
            _send(connection, "200 OK", WALLETS)
        else:
            _send(connection, "401 Unauthorized", '{"detail": "Invalid key"}')

    def _token(self, connection: socket.socket, form: dict[str, list[str]]) -> None:
        if form != {"username": [USERNAME], "password": [PASSWORD]}:
            _send(connection, "401 Unauthorized", '{"detail": "No such user"}')
            return
        self.made += 1
        self.valid = f"new{self.made}-key"
        pair = json.dumps({"key": self.valid, "secret": f"fake-canary-{self.made}"})
        self.asked.set()
        if not self.answer(connection, pair):
            _send(connection, "200 OK", pair)


def _send(connection: socket.socket, status: str, body: str) -> None:
    connection.sendall(
        f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        f"{body}".encode()
    )


@contextmanager
def dgt_keys(valid: str = "old-key") -> Iterator[tuple[Keys, str]]:
    """The exchange, and its base URL."""
    keys = Keys(valid)
    server = Loopback(with_time(keys))
    try:
        yield keys, f"{server.url}/api"
    finally:
        server.close()
