"""Each fault within the process: whether the request was executed, and what comes back."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from faulty_transport import FaultyTransport

from exchcli.sandbox.limits import SECOND
from exchcli.sandbox.server.faults import KINDS, plan
from exchcli.sandbox.server.faulty import Faulty, Lost
from exchcli.sandbox.wire import WireReply, WireRequest

OFFER = json.dumps(
    {"pair": "BTCPLN", "order_type": "BUY", "amount": "0.01", "quotation": "2000.00"}
).encode()
ORDER = b"symbol=btc_usdt&type=buy&price=8000&amount=0.01"
# Not executed at all; executed at some time; all others are executed at once.
NOT = {"lost-before", "error-500", "error-502", "limited", "stale", "html", "redirect"}


class Trader:
    """Places orders through a faulty sandbox, and looks at the true one."""

    def __init__(self, signed: Any, exchange: str, fault: str, **more: Any) -> None:
        self.true = signed(exchange)
        self.asked = self.true.asked
        self.slept: list[float] = []
        self.faulty = Faulty(
            self.true.sandbox,
            plan(fault.split(), more.pop("only", ["POST"])),
            clock=lambda: self.asked.now * SECOND,
            sleep=self.slept.append,
        )
        self.through = signed(exchange)
        self.through.sandbox = self.faulty
        self.exchange = exchange

    def send(self, method: str, target: str, body: bytes = b"") -> WireReply:
        """Signed as always, and carried by the faulty sandbox."""
        reply: WireReply = self.through.reply(target, method, body, content_type="application/json")
        return reply

    def place(self) -> WireReply:
        if self.exchange == "dgt":
            return self.send("POST", "/api/private/offers/", OFFER)
        return self.send("POST", "/v3/spot/order/new", ORDER)

    def count(self) -> int:
        """How many orders there are in truth."""
        query = "SELECT count(*) FROM orders WHERE exchange = ?"
        return int(self.asked.sandbox.store.rows(query, self.exchange)[0][0])


@pytest.fixture
def trader(signed: Any) -> Callable[..., Trader]:
    def make(exchange: str, fault: str, **more: Any) -> Trader:
        made = Trader(signed, exchange, fault, **more)
        made.true("/api/private/wallets/" if exchange == "dgt" else "/v3/spot/assets")
        return made

    return make


@pytest.mark.parametrize("exchange", ["dgt", "dfx"])
@pytest.mark.parametrize("name", KINDS)
def test_a_request_is_executed_at_once_by_the_faults_that_say_so(
    trader: Callable[..., Trader], exchange: str, name: str
) -> None:
    trading = trader(exchange, f"{name}=1")
    before = trading.count()
    try:
        trading.place()
    except Lost:
        assert name in ("lost-before", "drop-reply", "late", "truncate")
    executed = trading.count() - before
    assert executed == (0 if name in NOT | {"late"} else 1)
    assert trading.faulty.happened == {name: 1}


def test_without_faults_nothing_is_different(trader: Callable[..., Trader]) -> None:
    trading = trader("dgt", "")
    assert trading.place().status == 201
    assert not trading.slept


def test_a_late_request_is_executed_when_its_time_has_come(
    trader: Callable[..., Trader],
) -> None:
    trading = trader("dgt", "late=1:20")
    before = trading.count()
    with pytest.raises(Lost):
        trading.place()
    trading.asked.now += 19
    trading.faulty.catch_up()
    assert trading.count() == before
    trading.asked.now += 1
    ((_, reply),) = trading.faulty.catch_up()
    assert reply.status == 201
    assert trading.count() == before + 1
    assert trading.faulty.catch_up() == []


@pytest.mark.parametrize(("exchange", "window"), [("dgt", 30), ("dfx", 5)])
def test_a_request_that_is_too_late_is_judged_by_its_old_timestamp(
    trader: Callable[..., Trader], exchange: str, window: int
) -> None:
    trading = trader(exchange, f"late=1:{window + 1}")
    before = trading.count()
    with pytest.raises(Lost):
        trading.place()
    trading.asked.now += window + 1
    ((_, reply),) = trading.faulty.catch_up()
    told = json.loads(reply.body)
    assert reply.status == 401 if exchange == "dgt" else told["code"] == 10008
    assert trading.count() == before


def test_a_delayed_reply_is_the_true_one(trader: Callable[..., Trader]) -> None:
    trading = trader("dfx", "delay=1:3.5")
    assert json.loads(trading.place().body)["code"] == 0
    assert trading.slept == [3.5]


def test_half_a_reply_is_half_a_body_under_either_length(
    trader: Callable[..., Trader],
) -> None:
    trading = trader("dfx", "truncate=1", only=["GET"])
    request = WireRequest("GET", "/v3/time", "", {"access-key": "x"}, b"")
    whole = trading.asked.sandbox.handle(request)
    cuts = set()
    for _ in range(20):
        outcome = trading.faulty.carry(request)
        assert outcome.reply is not None
        cuts.add(outcome.cut)
        assert len(outcome.reply.body[: outcome.cut]) == len(whole.body) // 2
    assert cuts == {None, len(whole.body) // 2}


@pytest.mark.parametrize(
    ("exchange", "fault", "status", "told"),
    [
        ("dgt", "limited=1:7", 429, b"7 s"),
        ("dfx", "limited=1", 200, b"10005"),
        ("dgt", "stale=1", 401, b"expired"),
        ("dfx", "stale=1", 200, b"10008"),
        ("dgt", "error-500=1", 500, b"500"),
        ("dfx", "error-502=1", 502, b"502"),
        ("dfx", "error-500-after=1", 500, b"500"),
        ("dgt", "html=1", 200, b"<html>"),
        ("dfx", "redirect=1", 307, b""),
    ],
)
def test_what_comes_in_the_place_of_a_reply(
    trader: Callable[..., Trader], exchange: str, fault: str, status: int, told: bytes
) -> None:
    reply = trader(exchange, fault).place()
    assert reply.status == status
    assert told in reply.body


def test_a_redirect_leads_to_the_same_place(trader: Callable[..., Trader]) -> None:
    reply = trader("dfx", "redirect=1").place()
    assert reply.headers["location"] == "/v3/spot/order/new"


def ids(trading: Trader) -> set[str]:
    """The orders in the lists of the exchange."""
    if trading.exchange == "dgt":
        return {str(row["id"]) for row in trading.true("/api/private/offers/?limit=50")["results"]}
    current = trading.true("/v3/spot/order/current")["data"]
    history = trading.true("/v3/spot/order/history?limit=100")["data"]
    return {row["order_id"] for row in current} | {row["order_id"] for row in history}


@pytest.mark.parametrize("exchange", ["dgt", "dfx"])
def test_an_order_that_lags_is_in_no_list_until_its_time_and_can_be_asked_for_by_id(
    trader: Callable[..., Trader], exchange: str
) -> None:
    trading = trader(exchange, "lag=1:4")
    before = ids(trading)
    told = json.loads(trading.place().body)
    code = str(told["id"] if exchange == "dgt" else told["order_id"])
    assert ids(trading) == before
    if exchange == "dgt":
        assert trading.true(f"/api/private/offers/{code}/")["id"] == int(code)
        assert trading.true("/api/private/offers/?limit=2")["results"][1]["id"] < int(code)
    else:
        found = trading.true(f"/v3/spot/order?order_id={code}")
        assert found["data"][0]["order_id"] == code
    trading.asked.now += 3
    trading.send("GET", "/api/public/time/")
    assert ids(trading) == before
    trading.asked.now += 1
    trading.send("GET", "/api/public/time/")
    assert ids(trading) == before | {code}


@pytest.mark.parametrize("exchange", ["dgt", "dfx"])
@pytest.mark.parametrize("fault", ["drop-reply=1", "late=1:1"])
def test_an_order_whose_reply_is_lost_can_lag_as_well(
    trader: Callable[..., Trader], exchange: str, fault: str
) -> None:
    trading = trader(exchange, f"{fault} lag=1:4")
    before = ids(trading)
    with pytest.raises(Lost):
        trading.place()
    for seconds, listed in ((0, 0), (1, 0), (2, 0), (2, 1)):
        trading.asked.now += seconds
        trading.send("GET", "/api/public/time/")  # what is late is executed
        assert len(ids(trading) - before) == listed


def test_a_new_plan_rolls_anew_and_counts_anew(trader: Callable[..., Trader]) -> None:
    trading = trader("dgt", "html=1")
    trading.place()
    trading.faulty.follow(plan(["stale=1"], ["POST"]))
    assert not trading.faulty.happened
    assert trading.place().status == 401
    assert trading.faulty.happened == {"stale": 1}


def test_a_client_of_httpx_meets_faults_within_the_process(
    trader: Callable[..., Trader],
) -> None:
    trading = trader("dfx", "drop-reply=1", only=["/v3/time"])
    with httpx.Client(transport=FaultyTransport(trading.faulty)) as client:
        with pytest.raises(httpx.RemoteProtocolError, match="drop-reply"):
            client.get("https://sandbox.invalid/v3/time")
        assert client.get("https://sandbox.invalid/v3/ping").json()["msg"] == "pong"
