"""A server on loopback that answers each connection as a test says, byte for byte."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

Answer = Callable[[socket.socket, bytes], None]


class Loopback:
    """`answers` are used one a request, the last one for all that follow."""

    def __init__(self, *answers: Answer, certificate: Path | None = None) -> None:
        self.answers = list(answers)
        self.requests: list[bytes] = []
        self.stopped = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._tls: ssl.SSLContext | None = None
        if certificate is not None:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(certificate)
            self.url = f"https://localhost:{self.port}"
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
        except OSError:  # the client did not like the certificate
            connection.close()
            return
        with connection, suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                part = connection.recv(65536)
                if not part:
                    return
                head += part
            self.requests.append(head)
            index = min(len(self.requests), len(self.answers)) - 1
            self.answers[index](connection, head)

    def close(self) -> None:
        self.stopped.set()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for thread in self._threads:
            thread.join(5)


@contextmanager
def loopback(*answers: Answer, certificate: Path | None = None) -> Iterator[Loopback]:
    """A running server; with `certificate` (a PEM of key and certificate) it speaks TLS."""
    server = Loopback(*answers, certificate=certificate)
    try:
        yield server
    finally:
        server.close()


def reply(body: bytes | str, status: str = "200 OK", headers: str = "") -> Answer:
    """A complete reply."""
    data = body.encode() if isinstance(body, str) else body

    def answer(connection: socket.socket, _head: bytes) -> None:
        connection.sendall(
            f"HTTP/1.1 {status}\r\nContent-Length: {len(data)}\r\n"
            f"Connection: close\r\n{headers}\r\n".encode()
            + data
        )

    return answer


def with_time(answer: Answer, seconds: Callable[[], float] = time.time) -> Answer:
    """The time of both exchanges where it is asked for, and this answer to all else."""

    def either(connection: socket.socket, head: bytes) -> None:
        if head.split()[1].rstrip(b"/").endswith(b"/time"):
            now = int(seconds())
            reply(f'{{"code": 0, "server_time": {now}, "epoch": {now}}}')(connection, head)
        else:
            answer(connection, head)

    return either


def sending(data: bytes) -> Answer:
    """These bytes, then the end of the connection."""
    return lambda connection, _head: connection.sendall(data)


def trickling(start: bytes, seconds: float = 0.05) -> Answer:
    """`start`, and then a byte every so often until the client goes or the test ends."""

    def answer(connection: socket.socket, _head: bytes) -> None:
        connection.sendall(start)
        ended = threading.Event()
        while not ended.wait(seconds):
            connection.sendall(b"x")

    return answer


def silence(connection: socket.socket, _head: bytes) -> None:
    """Nothing, until the client goes."""
    while connection.recv(65536):
        pass


def by_path(answers: Mapping[str, Answer]) -> Answer:
    """The answer to the path that is asked for, without its query; 404 for any other."""

    def answer(connection: socket.socket, head: bytes) -> None:
        path = head.split(b" ", 2)[1].decode().partition("?")[0]
        answers.get(path, reply('{"detail": "Not found."}', "404 Not Found"))(connection, head)

    return answer
