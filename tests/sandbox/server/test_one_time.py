"""A server whose clock stands, and commands on the same file: there is one time."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from running import Exch, Ran
from served import Served, served

from exchcli.times import from_epoch, iso

Serving = Callable[..., Served]
NOON = "2026-03-04T12:00:00Z"
AT_NOON = 1772625600


@pytest.fixture
def server(serving: Serving) -> Served:
    return serving("--clock", NOON)


@pytest.fixture
def exch(server: Served) -> Exch:
    """`exch` on the file of the server."""
    return Exch(server.home)


def told(ran: Ran) -> Any:
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def advanced(server: Served) -> int:
    """How far time has passed for the orders of any exchange."""
    file = server.home / "sandbox" / "sandbox.sqlite"
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as db:
        (moment,) = db.execute("SELECT max(advanced) FROM engine").fetchone()
    return int(moment)


def test_commands_go_by_the_clock_of_the_server(server: Served, exch: Exch) -> None:
    assert told(exch("--sandbox", "dgt", "time", "--json"))["time"] == NOON
    told(exch("--sandbox", "dgt", "balances", "--json"))
    told(exch("--sandbox", "dfx", "orders", "--json"))
    assert told(exch("sandbox", "status", "--json"))["time"] == NOON
    assert advanced(server) == AT_NOON


def test_orders_of_both_are_of_the_same_day(server: Served, exch: Exch) -> None:
    placed = told(
        exch("--sandbox", "dfx", "buy", "btc_usdt", "0.01", "--price", "5000", "--yes", "--json")
    )
    server.control("clock", advance=60)
    orders = server.ask("dfx", "/spot/order/current", now=AT_NOON + 60)
    (found,) = (row for row in orders["data"] if row["order_id"] == placed["id"])
    assert found["created_date"] == AT_NOON
    listed = told(exch("--sandbox", "dfx", "fills", "--start", "1h", "--json"))
    assert all(row["time"] < "2026-03-05" for row in listed)
    assert advanced(server) == AT_NOON + 60


def test_status_says_whose_time_it_is(server: Served, exch: Exch) -> None:
    assert told(exch("sandbox", "status", "--json"))["clock"] == "server"
    server.stop()
    assert told(exch("sandbox", "status", "--json"))["clock"] == "real time"


def test_the_server_comes_before_the_clock_of_the_environment(server: Served, exch: Exch) -> None:
    exch.env["EXCH_SANDBOX_CLOCK"] = "2026-03-09T00:00:00Z"
    status = told(exch("sandbox", "status", "--json"))
    assert (status["time"], status["clock"]) == (NOON, "server")


def test_a_command_follows_a_clock_that_is_moved(server: Served, exch: Exch) -> None:
    told(exch("--sandbox", "dgt", "transfer", "list", "--json"))
    server.control("clock", advance=3600)
    assert told(exch("sandbox", "status", "--json"))["time"] == "2026-03-04T13:00:00Z"


def test_a_new_sandbox_after_a_reset_opens_at_the_time_of_the_server(
    server: Served, exch: Exch
) -> None:
    assert exch("sandbox", "reset", "--yes").code == 0
    assert told(exch("sandbox", "status", "--json"))["size"] == 0
    told(exch("--sandbox", "dgt", "ticker", "btcpln", "--json"))
    assert told(exch("sandbox", "status", "--json"))["opened"] == NOON
    assert server.get("/api/public/time/").json()["epoch"] == AT_NOON


def test_a_second_server_goes_by_the_first_one(server: Served) -> None:
    with served(server.home) as second:
        assert second.get("/sandbox/clock").json() == {"time": NOON, "stands": False}
        reply = second.client.post("/sandbox/clock", json={"advance": 1})
        assert reply.status_code == 400
        server.control("clock", advance=60)
        assert second.get("/v3/time").json()["server_time"] == AT_NOON + 60
        assert second.ask("dgt", "/private/wallets/", now=AT_NOON + 60)[0]["currency"]


def test_a_second_server_with_a_clock_is_refused(server: Served, exch: Exch) -> None:
    ran = exch("sandbox", "serve", "--port", "0", "--clock", NOON, "-o", "table")
    assert ran.code == 2
    assert "keeps this sandbox's clock" in ran.err
    assert told(exch("sandbox", "status", "--json"))["clock"] == "server"


def test_a_clock_behind_what_has_happened_already_is_refused(server: Served, exch: Exch) -> None:
    told(exch("--sandbox", "dgt", "balances", "--json"))
    assert server.stop() == (0, "")
    told(exch("--sandbox", "dgt", "balances", "--json"))
    again = exch("sandbox", "serve", "--port", "0", "--clock", NOON)
    assert again.code == 2
    assert "This sandbox has come to" in again.err
    frozen = exch("--sandbox", "dgt", "time", EXCH_SANDBOX_CLOCK=NOON)
    assert frozen.code == 2
    assert "where this sandbox is" in frozen.err


def test_time_goes_on_from_where_a_server_that_is_gone_had_moved_it(
    server: Served, exch: Exch
) -> None:
    later = int(time.time()) // 3600 * 3600 + 400 * 86400
    hour = iso(from_epoch(later))[:14]
    server.control("clock", time=str(later))
    told(exch("--sandbox", "dfx", "balances", "--json"))
    assert server.stop() == (0, "")
    assert told(exch("sandbox", "status", "--json"))["time"].startswith(hour)
    buy = ["buy", "btc_usdt", "--spend", "50", "--market", "--yes", "--once", "then", "--json"]
    placed = told(exch("--sandbox", "dfx", *buy))
    assert placed["created"].startswith(hour)
    listed = told(exch("--sandbox", "dfx", "orders", "btc_usdt", "--history", "--json"))
    assert placed["id"] in [each["id"] for each in listed]
    fills = told(exch("--sandbox", "dfx", "fills", "btc_usdt", "--json"))
    assert placed["id"] in [each["order_id"] for each in fills]
    with served(server.home) as again:
        assert again.get("/v3/time").json()["server_time"] >= later
