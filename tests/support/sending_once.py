"""Orders on their way to an exchange on loopback, by a client alone."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal

from loopback import Answer, Loopback, reply, with_time

from exchcli.core.client import Client
from exchcli.core.clock import Clock
from exchcli.core.credentials import Credentials, Secret
from exchcli.core.deadline import Deadline
from exchcli.core.machine import Reading, read
from exchcli.core.transport import NetworkTransport
from exchcli.exchanges.dgtmarket import Dgtmarket
from exchcli.exchanges.digifinex import DigiFinex
from exchcli.records import NewOrder

PAIR = Credentials("fakekey", Secret("fake-secret"), "a test")
NEW = NewOrder("BTC_USDT", "buy", Decimal("0.01"), Decimal(30000))
ID = "3fb0d98e51c18954f10d439a9cf57de0"
PLACED = reply(f'{{"code": 0, "order_id": "{ID}"}}')


def with_body(answer: Answer) -> Answer:
    """The answer when all of the request has come: else the end of the connection is a reset."""

    def whole(connection: socket.socket, head: bytes) -> None:
        length = re.search(rb"content-length: (\d+)", head, re.I)
        while length and len(head.partition(b"\r\n\r\n")[2]) < int(length[1]):
            head += connection.recv(65536)
        answer(connection, head)

    return whole


def orders(*answers: Answer) -> Answer:
    """The time where it is asked for, and these answers to what is sent, one after another."""
    left = list(answers)

    def one(connection: socket.socket, head: bytes) -> None:
        with_body(left.pop(0) if len(left) > 1 else left[0])(connection, head)

    return with_time(one)


def sent(server: Loopback) -> list[bytes]:
    return [head for head in server.requests if not head.startswith(b"GET ")]


@contextmanager
def client(
    url: str,
    *,
    exchange: type[DigiFinex] | type[Dgtmarket] = DigiFinex,
    seconds: float = 10,
    clock: Callable[[], Reading] = read,
) -> Iterator[Client]:
    deadline = Deadline(seconds)
    one = Client(
        exchange(), url, NetworkTransport(url, deadline), deadline, credentials=lambda: PAIR,
        clock=Clock(None, exchange.name, url, clock=clock),
        fresh=lambda: NetworkTransport(url, deadline), sleep=lambda _seconds: None,
    )  # fmt: skip
    try:
        yield one
    finally:
        one.close()


def place(url: str, *, seconds: float = 10) -> tuple[str, list[int]]:
    """The id of an order, and the seconds that were written down for it."""
    signed: list[int] = []
    with client(url, seconds=seconds) as one:
        return one.send_once(DigiFinex().place(NEW), signed.append), signed
