"""HTTP as bytes: what is sent is sent exactly so, and what comes back is not interpreted."""

from __future__ import annotations

import socket


def exchange(port: int, *parts: bytes) -> bytes:
    """All that a server on loopback answers to these bytes until it closes the connection.

    The sending side is closed after the last part; a connection that was reset ends the reply.
    """
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        try:
            for part in parts:
                connection.sendall(part)
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # refused before all was sent; what it said can still be read
        return read_all(connection)


def read_all(connection: socket.socket) -> bytes:
    received = b""
    while True:
        try:
            part = connection.recv(1 << 16)
        except ConnectionError:
            return received
        if not part:
            return received
        received += part


def get(target: bytes, *headers: bytes, method: bytes = b"GET") -> bytes:
    """A request that closes its connection."""
    lines = [method + b" " + target + b" HTTP/1.1", b"Host: 127.0.0.1", b"Connection: close"]
    return b"\r\n".join([*lines, *headers, b"", b""])
