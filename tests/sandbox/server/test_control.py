"""The endpoints under /sandbox/: the clock, the faults, money, a fresh start, and who may ask."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx
import pytest
from running import Exch
from served import Served

Serving = Callable[..., Served]
CLOCK = "2026-03-04T05:06:47Z"
SECONDS = 1772600807
OFFER = json.dumps(
    {"pair": "BTCPLN", "order_type": "BUY", "amount": "0.01", "quotation": "2000.00"}
).encode()


def offers(server: Served, now: int | None = None) -> Any:
    return server.ask("dgt", "/private/offers/", now=now)["count"]


def test_a_clock_that_stands_is_moved_by_a_time_or_by_seconds(serving: Serving) -> None:
    server = serving("--clock", CLOCK)
    assert server.get("/v3/time").json()["server_time"] == SECONDS
    assert server.control("clock", advance=60)["time"] == "2026-03-04T05:07:47Z"
    assert server.get("/v3/time").json()["server_time"] == SECONDS + 60
    assert server.control("clock", time="2026-03-05")["stands"] is True
    assert server.get("/sandbox/clock").json()["time"] == "2026-03-05T00:00:00Z"
    assert server.ask("dgt", "/private/wallets/", now=SECONDS)["detail"]
    reply = server.client.post("/sandbox/clock", json={"time": "2026-03-01"})
    assert reply.status_code == 400
    assert "2026-03-04T05:07:47Z" in reply.json()["detail"]  # what has happened is never later


def test_real_time_cannot_be_moved(shared: Served) -> None:
    reply = shared.client.post("/sandbox/clock", json={"advance": 60})
    assert reply.status_code == 400
    assert "--clock" in reply.json()["detail"]
    assert not shared.get("/sandbox/clock").json()["stands"]


def test_limits_go_by_a_clock_that_is_moved(serving: Serving) -> None:
    server = serving("--clock", CLOCK)
    statuses = [server.get("/api/public/time/").status_code for _ in range(61)]
    assert statuses == [200] * 60 + [429]
    server.control("clock", advance=60)
    assert server.get("/api/public/time/").status_code == 200


def test_without_limits_one_may_ask_for_ever(shared: Served) -> None:
    assert {shared.get("/api/public/time/").status_code for _ in range(150)} == {200}


def test_faults_are_replaced_while_it_runs_and_counted(serving: Serving) -> None:
    server = serving("--fault", "stale=1", "--fault-only", "POST")
    before = server.get("/sandbox/faults").json()
    assert before == {"faults": ["stale=1"], "only": ["POST"], "seed": 0, "happened": {}}
    assert server.ask("dgt", "/private/offers/", "POST", OFFER)["detail"]
    assert server.get("/sandbox/faults").json()["happened"] == {"stale": 1}
    told = server.control("faults", faults=["delay=0.5:0.01"], seed=9)
    assert told == {"faults": ["delay=0.5:0.01"], "only": [], "seed": 9, "happened": {}}
    assert server.control("faults", faults=[])["faults"] == []
    assert server.ask("dgt", "/private/offers/", "POST", OFFER)["id"]


@pytest.mark.parametrize(
    "fields",
    [
        {"faults": ["lost=1"]},
        {"faults": "delay=1"},
        {"faults": [1]},
        {"faults": ["delay=1"], "only": ["post"]},
        {"faults": [], "seed": "x"},
        {"fault": []},
    ],
    ids=str,
)
def test_a_plan_that_makes_no_sense_changes_nothing(shared: Served, fields: Any) -> None:
    reply = shared.client.post("/sandbox/faults", json=fields)
    assert reply.status_code == 400
    assert reply.json()["detail"]
    assert shared.get("/sandbox/faults").json()["faults"] == []


def test_connections_are_cut_before_and_after_the_request_is_executed(serving: Serving) -> None:
    server = serving()
    before = offers(server)
    for fault, executed in (("lost-before=1", 0), ("drop-reply=1", 1)):
        server.control("faults", faults=[fault], only=["POST"])
        with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
            server.ask("dgt", "/private/offers/", "POST", OFFER)
        assert offers(server) == before + executed


def test_half_a_reply_is_noticed_by_a_client(serving: Serving) -> None:
    server = serving("--fault", "truncate=1", "--fault-only", "/spot/assets")
    seen = set()
    for _ in range(20):
        try:
            server.ask("dfx", "/spot/assets")
        except httpx.RemoteProtocolError as error:
            seen.add("length" if "body" in str(error) else str(error))
        except json.JSONDecodeError:
            seen.add("json")
    assert seen == {"length", "json"}


def test_a_delayed_reply_keeps_nobody_else_waiting(serving: Serving) -> None:
    server = serving("--fault", "delay=1:600", "--fault-only", "/v3/ping")
    with httpx.Client(trust_env=False) as other:
        with pytest.raises(httpx.ReadTimeout):
            other.get(f"{server.url}/v3/ping", timeout=0.2)
        assert other.get(f"{server.url}/v3/time").status_code == 200
        server.control("faults", faults=["delay=1:0.05"], only=["/v3/ping"])
        assert other.get(f"{server.url}/v3/ping").json()["msg"] == "pong"
    assert server.get("/sandbox/faults").json()["happened"] == {"delay": 1}


def test_a_late_request_is_executed_in_its_own_time_though_nobody_asks(serving: Serving) -> None:
    server = serving("--fault", "late=1:0.3", "--fault-only", "POST")
    before = offers(server)
    with pytest.raises(httpx.RemoteProtocolError):
        server.ask("dgt", "/private/offers/", "POST", OFFER)
    # The page's state executes nothing: it only tells what was.
    late = []
    while not late:
        told = server.get("/sandbox/state?exchange=dgt").json()["requests"]
        late = [each for each in told if each["fault"] == "late" and each["status"] == 201]
    assert offers(server) == before + 1


def test_a_late_request_waits_for_a_clock_that_stands(serving: Serving) -> None:
    server = serving("--clock", CLOCK, "--fault", "late=1:20", "--fault-only", "POST")
    before = offers(server, SECONDS)
    with pytest.raises(httpx.RemoteProtocolError):
        server.client.send(
            server.signed("dgt", "POST", "/private/offers/", OFFER, now=SECONDS), stream=False
        )
    server.control("clock", advance=19)
    assert offers(server, SECONDS + 19) == before
    server.control("clock", advance=1)
    assert offers(server, SECONDS + 20) == before + 1


def test_money_comes_in_at_once(serving: Serving) -> None:
    server = serving()
    told = server.control("fund", exchange="dgt", account=2, currency="pln", amount="12.34")
    assert told["currency"] == "PLN"
    assert (told["account"], told["amount"]) == (2, "12.34")
    assert type(told["deposit_id"]) is int
    wallets = server.ask("dgt", "/private/wallets/", account=1)
    (pln,) = (row["balance"] for row in wallets if row["currency"] == "PLN")
    assert Decimal(pln) == Decimal(told["total"])
    for wrong in ({"account": 3}, {"currency": "DOGE"}, {"amount": "-1"}, {"exchange": "kraken"}):
        fields = {"exchange": "dgt", "account": 1, "currency": "PLN", "amount": "1", **wrong}
        assert server.client.post("/sandbox/fund", json=fields).status_code == 400


@pytest.mark.parametrize(
    ("amount", "plain"),
    [
        ("0.0000001", "0.0000001"),
        ("1e-8", "0.00000001"),
        ("25E+2", "2500"),
        ('"0.0000001"', "0.0000001"),
    ],
)
def test_an_amount_is_taken_as_json_writes_numbers_and_told_in_plain_notation(
    serving: Serving, amount: str, plain: str
) -> None:
    server = serving()
    body = f'{{"exchange": "dfx", "account": 2, "currency": "BTC", "amount": {amount}}}'
    headers = {"content-type": "application/json"}
    reply = server.client.post("/sandbox/fund", content=body, headers=headers)
    assert reply.status_code == 200, reply.text
    told = reply.json()
    assert told["amount"] == plain
    assert Decimal(told["total"]) == Decimal(told["free"]) == Decimal("2.5") + Decimal(plain)


@pytest.mark.parametrize(
    "amount", ["1e999999999999999999", "1e101", "-1", "1e-9", "0e999999999999999999", '"1e-7"']
)
def test_an_amount_that_nobody_has_is_refused_in_a_few_words(shared: Served, amount: str) -> None:
    body = f'{{"exchange": "dfx", "account": 2, "currency": "BTC", "amount": {amount}}}'
    headers = {"content-type": "application/json"}
    reply = shared.client.post("/sandbox/fund", content=body, headers=headers)
    assert reply.status_code == 400
    assert len(reply.json()["detail"]) < 200


def test_a_reset_by_request_begins_anew(serving: Serving) -> None:
    server = serving()
    before = offers(server)
    server.ask("dgt", "/private/offers/", "POST", OFFER)
    assert "opened" in server.control("reset")
    assert offers(server) == before
    assert Exch(server.home)("--sandbox", "dgt", "orders").code == 0
