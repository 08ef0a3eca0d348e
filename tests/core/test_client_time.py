"""Signed requests: the exchange's time, one retry after a wrong one, and limits that are shared."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from loopback import Answer, Loopback, loopback, reply, with_time

from exchcli.config import Limit
from exchcli.core.client import Client
from exchcli.core.clock import Clock
from exchcli.core.credentials import Credentials, Secret
from exchcli.core.deadline import Deadline
from exchcli.core.request import Endpoint, Flow, Request, gather
from exchcli.core.throttle import Call, Throttle
from exchcli.core.transport import NetworkTransport
from exchcli.errors import BadReply, CredentialsError, ExchError, NoAnswer, RateLimited, Rejected
from exchcli.exchanges.base import Exchange
from exchcli.exchanges.dgtmarket import Dgtmarket
from exchcli.exchanges.digifinex import DigiFinex

CANARY = "fake-canary-of-the-client"
PAIR = Credentials("fakekey", Secret(CANARY), "a test")
LIMITS = {"public": Limit(60, 60), "private": Limit(100, 60), "weight": Limit(1200, 60)}


def one(endpoint: Endpoint) -> Flow[object]:
    reply = yield Request(endpoint, {})
    return reply.value


def ask(
    exchange: Exchange, url: str, state: Path, endpoint: Endpoint | None = None,
    trace: Callable[[str], None] = lambda _line: None,
) -> object:  # fmt: skip
    """One call, by default a signed one, as one command makes it."""
    deadline = Deadline(10)
    throttle = Throttle(state, exchange.name, exchange.title, url, LIMITS)
    client = Client(
        exchange, url, NetworkTransport(url, deadline), deadline, credentials=lambda: PAIR,
        clock=Clock(state, exchange.name, url), throttle=throttle, trace=trace,
        sleep=lambda _seconds: None,
    )  # fmt: skip
    try:
        return client.run(one(endpoint or exchange.probe))
    finally:
        client.close()
        throttle.close()


def stamps(server: Loopback) -> list[int]:
    found = (re.search(rb"access-timestamp: (\d+)", head, re.I) for head in server.requests)
    return [int(each[1]) for each in found if each]


def paths(server: Loopback) -> list[str]:
    return [head.split()[1].decode() for head in server.requests]


def windowed(late: int, ahead: int, refusal: Answer, clock: Callable[[], float]) -> Answer:
    """An exchange that refuses timestamps outside its window."""

    def answer(connection: socket.socket, head: bytes) -> None:
        (stamp,) = re.findall(rb"access-timestamp: (\d+)", head, re.I)
        good = -ahead <= clock() - int(stamp) <= late
        (reply('{"code": 0}') if good else refusal)(connection, head)

    return with_time(answer, clock)


def test_a_request_is_stamped_with_the_exchanges_time_whatever_this_machine_thinks(
    tmp_path: Path,
) -> None:
    def years_ahead() -> float:
        return time.time() + 10**8

    answer = windowed(5, 1, reply('{"code": 10008}'), years_ahead)
    with loopback(answer) as server:
        assert ask(DigiFinex(), server.url, tmp_path) == {"code": 0}
        assert ask(DigiFinex(), server.url, tmp_path) == {"code": 0}
    assert paths(server) == ["/time", "/spot/assets", "/spot/assets"]


class Set:
    """An exchange's clock that was set since it was last looked at."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@pytest.mark.parametrize(
    ("exchange", "late", "ahead", "refusal"),
    [
        (DigiFinex(), 5, 1, reply('{"code": 10008}')),
        (Dgtmarket(), 30, 30, reply('{"detail": "Expired."}', "401 Unauthorized")),
        (Dgtmarket(), 30, 30, reply('{"detail": "Expired."}', "403 Forbidden")),
    ],
    ids=["10008", "401", "403"],
)
def test_a_refused_timestamp_is_corrected_once_and_the_read_sent_again(
    tmp_path: Path, exchange: Exchange, late: int, ahead: int, refusal: Answer
) -> None:
    clock = Set()
    lines: list[str] = []
    with loopback(windowed(late, ahead, refusal, clock)) as server:
        ask(exchange, server.url, tmp_path)
        clock.ahead = 100
        ask(exchange, server.url, tmp_path, trace=lines.append)
        assert len(server.requests) == 5  # time, read; refused read, time, read
        ask(exchange, server.url, tmp_path)
    assert len(server.requests) == 6
    _first, refused, again, later = stamps(server)
    assert 98 <= again - refused <= 103
    assert later >= again
    assert any("clock was read again" in line for line in lines)
    assert CANARY not in "".join(lines)


def test_a_timestamp_that_is_refused_again_is_an_error(tmp_path: Path) -> None:
    with loopback(with_time(reply('{"code": 10008}'))) as server:
        with pytest.raises(Rejected, match="timestamp was not accepted"):
            ask(DigiFinex(), server.url, tmp_path)
    assert paths(server) == ["/time", "/spot/assets", "/time", "/spot/assets"]


def test_a_key_that_is_refused_at_the_right_time_is_not_sent_twice(tmp_path: Path) -> None:
    refusal = reply('{"detail": "Invalid key."}', "401 Unauthorized")
    with loopback(with_time(refusal)) as server:
        with pytest.raises(CredentialsError, match="Invalid key") as caught:
            ask(Dgtmarket(), server.url, tmp_path)
    assert caught.value.exit == 3
    assert len(stamps(server)) == 1


def test_what_changes_something_is_not_sent_again_even_then(tmp_path: Path) -> None:
    post = Endpoint("POST", "/spot/order/new", auth=True, form=True)
    with loopback(with_time(reply('{"code": 10008}'))) as server:
        with pytest.raises(Rejected):
            ask(DigiFinex(), server.url, tmp_path, post)
    assert paths(server) == ["/time", "/spot/order/new"]


def test_without_the_exchanges_time_nothing_is_signed(tmp_path: Path) -> None:
    with loopback(reply("busy", "503 Service Unavailable")) as server:
        with pytest.raises(BadReply, match="HTTP 503"):
            ask(Dgtmarket(), server.url, tmp_path)
    assert set(paths(server)) == {"/public/time/"}


@pytest.mark.parametrize(
    ("exchange", "refusal", "seconds"),
    [
        (Dgtmarket(), reply("", "429 Too Many Requests", "Retry-After: 40\r\n"), 40),
        (Dgtmarket(), reply("", "429 Too Many Requests"), 60),
        (Dgtmarket(), reply("", "429 No", "Retry-After: Wed, 21 Oct 2015 07:28:00 GMT\r\n"), 60),
        (DigiFinex(), reply('{"code": 10005}'), 120),
    ],
)
def test_a_refusal_for_asking_too_often_stops_all_other_commands(
    tmp_path: Path, exchange: Exchange, refusal: Answer, seconds: int
) -> None:
    with loopback(with_time(refusal)) as server:
        with pytest.raises(RateLimited):
            ask(exchange, server.url, tmp_path)
        asked = len(server.requests)
        with pytest.raises(RateLimited, match="is not asked before") as caught:
            ask(exchange, server.url, tmp_path)
        assert len(server.requests) == asked
        left = Throttle(tmp_path, exchange.name, "", server.url, LIMITS)
        (until,) = [
            row.banned_until for row in left.usage("fakekey") if row.banned_until is not None
        ]
        left.close()
    assert seconds - 5 <= until.timestamp() - time.time() <= seconds + 1
    assert caught.value.exit == 5


def test_a_trading_ban_leaves_reads_alone(tmp_path: Path) -> None:
    order = Endpoint("POST", "/spot/order/new", auth=True, form=True)

    def answer(connection: socket.socket, head: bytes) -> None:
        reply('{"code": 20018}' if head.startswith(b"POST") else '{"code": 0}')(connection, head)

    with loopback(with_time(answer)) as server:
        for _ in range(2):
            with pytest.raises(RateLimited):
                ask(DigiFinex(), server.url, tmp_path, order)
        assert ask(DigiFinex(), server.url, tmp_path) == {"code": 0}
    assert paths(server).count("/spot/order/new") == 1


def test_waiting_for_the_throttle_takes_nothing_of_the_timeout(tmp_path: Path) -> None:
    limits = {"weight": Limit(1, 1)}
    with loopback(reply('{"code": 0, "server_time": 1589873762}')) as server:
        deadline = Deadline(0.9)
        throttle = Throttle(tmp_path, "dfx", "DigiFinex", server.url, limits)
        client = Client(
            DigiFinex(), server.url, NetworkTransport(server.url, deadline), deadline,
            throttle=throttle,
        )  # fmt: skip
        for _ in range(2):  # the second waits for a window, which is longer than the timeout
            client.run(DigiFinex().server_time())
        client.close()
        throttle.close()


def test_what_was_done_is_told_however_slowly_it_is_read() -> None:
    class Late(Deadline):
        def remaining(self) -> float:
            return -1 if server.requests else 10

    with loopback(reply('{"code": 0}')) as server:
        for endpoint in (Endpoint("POST", "/order", form=True), Endpoint("GET", "/ping")):
            server.requests.clear()
            transport = NetworkTransport(server.url, Deadline(10))
            client = Client(DigiFinex(), server.url, transport, Late(10))
            if endpoint.method == "POST":
                assert client.run(one(endpoint)) == {"code": 0}
            else:
                with pytest.raises(NoAnswer):
                    client.run(one(endpoint))
            client.close()


def test_requests_side_by_side_go_through_the_throttle_too(tmp_path: Path) -> None:
    with loopback(reply('{"code": 0, "server_time": 1589873762}')) as server:
        deadline = Deadline(10)
        throttle = Throttle(tmp_path, "dfx", "DigiFinex", server.url, {"weight": Limit(10, 1)})
        client = Client(
            DigiFinex(), server.url, NetworkTransport(server.url, deadline), deadline,
            throttle=throttle,
        )  # fmt: skip
        started = time.monotonic()
        client.run(gather(DigiFinex().server_time() for _ in range(12)))
        assert time.monotonic() - started > 1.4  # eight at once, the others a window later
        client.close()
        throttle.close()


def test_what_settles_an_order_has_room_of_its_own(tmp_path: Path) -> None:
    with loopback(reply('{"epoch": 1469386936}')) as server:
        throttle = Throttle(
            tmp_path, "dgt", "Dgtmarket", server.url, {"public": Limit(5, 60)}, patient=False
        )
        deadline = Deadline(10)
        client = Client(
            Dgtmarket(), server.url, NetworkTransport(server.url, deadline), deadline,
            throttle=throttle,
        )  # fmt: skip
        for _ in range(4):
            client.run(Dgtmarket().server_time())
        with pytest.raises(RateLimited):
            client.run(Dgtmarket().server_time())
        client.run(Dgtmarket().server_time(), settling=True)
        client.close()
        throttle.close()


def test_a_ban_that_cannot_be_written_down_hides_no_refusal(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.write_text("a file where a folder should be")
    lines: list[str] = []
    with loopback(reply("", "429 Too Many Requests")) as server:
        with pytest.raises(RateLimited, match="HTTP 429"):
            ask(Dgtmarket(), server.url, state, Endpoint("GET", "/public/time/"), lines.append)
    assert any("do not know of the ban" in line for line in lines)


def test_a_wrong_time_that_cannot_be_corrected_leaves_the_refusal(tmp_path: Path) -> None:
    looked: list[bytes] = []

    def answer(connection: socket.socket, head: bytes) -> None:
        if b"/time" not in head.split()[1]:
            reply('{"code": 10008}')(connection, head)
            return
        looked.append(head)
        body = json.dumps({"code": 0, "server_time": int(time.time())})
        reply(body if len(looked) == 1 else "busy")(connection, head)

    with loopback(answer) as server, pytest.raises(ExchError) as caught:
        ask(DigiFinex(), server.url, tmp_path)
    assert caught.value.code == "10008"


def test_a_call_is_of_the_budget_and_the_scopes_that_its_document_says() -> None:
    public, private = Endpoint("GET", "/x"), Endpoint("GET", "/x", auth=True)
    order = Endpoint("POST", "/{market}/order/new", auth=True)
    cancel = Endpoint("POST", "/{market}/order/cancel", auth=True)
    dgt, dfx = Dgtmarket(), DigiFinex()
    assert [dgt.budget(each) for each in (public, private)] == ["public", "private"]
    assert [dfx.budget(each) for each in (public, private)] == ["weight", "weight"]
    assert dfx.scopes(public) == ("public",)
    assert dfx.scopes(cancel) == ("private",)
    assert dfx.scopes(order) == ("private", "trading")
    assert Call("x", ("public",)).settling is False
