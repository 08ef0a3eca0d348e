"""DigiFinex's assets, logs, positions, deposits and withdrawals, against its own document."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from driving import drive

from exchcli.errors import NotOffered, Unreadable
from exchcli.exchanges.digifinex import DigiFinex
from exchcli.exchanges.listing import Listing
from exchcli.records import Address, Balance, Ledger, Position, Transfer

NOW = datetime(2020, 5, 19, 7, 44, 54, tzinfo=UTC)
ASSETS = """{"code": 0, "total": 0, "free": 0, "unrealized_pnl": 0, "list": [
    {"currency": "BTC", "free": 4723846.89208129, "total": 0},
    {"currency": "usdt", "free": 7.5, "total": 10.25}]}"""
FINANCE = """{"code": 0, "data": {"finance": [
    {"currency_mark": "USDT", "type": 100, "num": -10.0, "balance": 90.0, "time": 1546272000},
    {"currency_mark": "USDT", "type": 100, "num": 10.0, "balance": 100.0, "time": 1546272060}]}}"""
POSITIONS = """{"code": 0, "margin": "20", "margin_rate": 1, "unrealized_pnl": "55", "positions": [
    {"symbol": "BTC_USDT", "leverage_ratio": "3.0", "side": "long", "amount": "3.0",
     "entry_price": "40", "unrealized_pnl": "55", "liquidation_price": "25.999999999999996",
     "liquidation_rate": "0.3"}]}"""
ADDRESS = """{"code": 200, "data": [{"currency": "btc", "addressTag": "", "chain": "",
    "address": "1PSRjPg53cX7hMRYAXGJnL8mqHtzmQgPUs"}]}"""
DEPOSIT = {
    "id": 1171,
    "currency": "xrp",
    "hash": "ed03094b84eafbe4bc16e7ef766ee959885ee5bcb265872baaa9c64e1cf86c2b",
    "chain": "",
    "amount": 7.457467,
    "address": "rae93V8d2mdoUQHwBDBdM4NHCMehRJAsbm",
    "state": 3,
    "created_date": "2020-04-20 11:23:00",
    "finished_date": "2020-04-20 13:23:00",
}
WITHDRAWAL = {**DEPOSIT, "memo": "100040", "fee": 0, "state": "safe"}


@pytest.fixture
def dfx() -> DigiFinex:
    return DigiFinex()


def rows(*some: dict[str, Any]) -> dict[str, Any]:
    return {"code": 200, "data": list(some)}


@pytest.mark.parametrize("market", ["spot", "margin"])
def test_the_documented_assets_are_read_and_nothing_is_held_below_zero(
    dfx: DigiFinex, market: Any
) -> None:
    balances, asked = drive(dfx.balances(market), ASSETS)
    assert asked == [f"GET /{market}/assets"]
    assert balances == [
        Balance("BTC", Decimal("4723846.89208129"), Decimal(0), Decimal(0)),
        Balance("USDT", Decimal("7.5"), Decimal("2.75"), Decimal("10.25")),
    ]


@pytest.mark.parametrize("account", ["spot", "margin", "otc"])
def test_the_ledger_is_read_as_it_comes_in_practice_newest_first(
    dfx: DigiFinex, account: Any
) -> None:
    ledger, asked = drive(dfx.ledger(Listing(NOW), "USDT", account), FINANCE)
    assert asked == [f"GET /{account}/financelog?currency_mark=USDT"]
    assert ledger[1] == Ledger(
        currency="USDT",
        type="100",
        amount=Decimal("-10.0"),
        balance=Decimal("90.0"),
        time=datetime(2018, 12, 31, 16, tzinfo=UTC),
    )
    assert ledger[0].amount == 10


def test_a_ledger_of_a_stretch_is_asked_for_in_windows(dfx: DigiFinex) -> None:
    start, end = datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 2, 20, tzinfo=UTC)
    row = {"currency_mark": "USDT", "type": 1, "num": 1, "balance": 5, "time": 1579989600}
    twice = {"code": 0, "data": {"finance": [row, row]}}
    ledger, asked = drive(
        dfx.ledger(Listing(NOW, start, end)), twice, {"code": 0, "data": {"finance": []}}
    )
    assert len(ledger) == 2
    bounds = [re.findall(r"_time=([0-9]+)", request) for request in asked]
    assert bounds[0][0] == str(int(start.timestamp()))
    assert bounds[1][1] == str(int(end.timestamp()))
    assert all("limit=1000" in request for request in asked)


def test_a_limit_of_the_ledger_is_sent(dfx: DigiFinex) -> None:
    _, asked = drive(dfx.ledger(Listing(NOW, limit=700)), FINANCE)
    assert asked == ["GET /spot/financelog?limit=700"]


def test_the_documents_own_sample_of_a_ledger_is_told_for_what_it_is(dfx: DigiFinex) -> None:
    with pytest.raises(Unreadable, match="a list of assets"):
        drive(dfx.ledger(Listing(NOW)), ASSETS)


def test_the_documented_position_is_read(dfx: DigiFinex) -> None:
    positions, asked = drive(dfx.positions("BTC_USDT"), POSITIONS)
    assert asked == ["GET /margin/positions?symbol=BTC_USDT"]
    assert positions == [
        Position(
            symbol="BTC_USDT",
            side="long",
            leverage=Decimal("3.0"),
            amount=Decimal("3.0"),
            entry_price=Decimal(40),
            unrealized_pnl=Decimal(55),
            liquidation_price=Decimal("25.999999999999996"),
            liquidation_rate=Decimal("0.3"),
        )
    ]


def test_a_pair_without_a_position_is_not_listed(dfx: DigiFinex) -> None:
    none = POSITIONS.replace('"long"', '""').replace('"amount": "3.0"', '"amount": "0"')
    positions, _ = drive(dfx.positions("BTC_USDT"), none)
    assert positions == []


@pytest.mark.parametrize(("told", "side"), [("short", "short"), ("", None)])
def test_a_position_is_listed_even_if_its_side_is_not_told(
    dfx: DigiFinex, told: str, side: Any
) -> None:
    (position,), asked = drive(dfx.positions(), POSITIONS.replace('"long"', json.dumps(told)))
    assert asked == ["GET /margin/positions"]
    assert position.side == side
    with pytest.raises(Unreadable, match="neither long nor short"):
        drive(dfx.positions(), POSITIONS.replace('"long"', '"sideways"'))


def test_the_documented_deposit_address_is_read(dfx: DigiFinex) -> None:
    addresses, asked = drive(dfx.deposit_addresses("BTC"), ADDRESS)
    assert asked == ["GET /deposit/address?currency=btc"]
    assert addresses == [Address("BTC", "1PSRjPg53cX7hMRYAXGJnL8mqHtzmQgPUs", None, None)]


def test_the_documented_deposit_is_read_and_its_times_get_no_zone(dfx: DigiFinex) -> None:
    deposits, asked = drive(dfx.deposits("XRP"), rows(DEPOSIT))
    assert asked == ["GET /deposit/history?currency=xrp&direct=next"]
    assert deposits == [
        Transfer(
            id="1171",
            kind="deposit",
            currency="XRP",
            chain=None,
            amount=Decimal("7.457467"),
            fee=None,
            address="rae93V8d2mdoUQHwBDBdM4NHCMehRJAsbm",
            memo=None,
            hash="ed03094b84eafbe4bc16e7ef766ee959885ee5bcb265872baaa9c64e1cf86c2b",
            status="completed",
            exchange_status="3",
            created=datetime.fromisoformat("2020-04-20T11:23:00"),
            updated=datetime.fromisoformat("2020-04-20T13:23:00"),
        )
    ]


def test_the_documented_withdrawal_is_read_with_a_state_that_nobody_explains(
    dfx: DigiFinex,
) -> None:
    (withdrawal,), asked = drive(dfx.withdrawals(), rows(WITHDRAWAL))
    assert asked == ["GET /withdraw/history?direct=next"]
    assert (withdrawal.kind, withdrawal.memo, withdrawal.fee) == ("withdrawal", "100040", 0)
    assert (withdrawal.status, withdrawal.exchange_status) == ("unknown", "safe")


STATES = [
    ("deposits", {1: "pending", 2: "confirming", 3: "completed", 4: "stopped", 5: "unknown"}),
    ("withdrawals", {1: "pending", 2: "confirming", 3: "completed", 4: "rejected"}),
]


@pytest.mark.parametrize(("which", "states"), STATES, ids=["deposits", "withdrawals"])
@pytest.mark.parametrize("written", [int, str])
def test_a_state_is_a_number_or_its_text(
    dfx: DigiFinex, which: str, states: dict[int, str], written: Any
) -> None:
    told = [{**WITHDRAWAL, "id": n, "state": written(n)} for n in states]
    read, _ = drive(getattr(dfx, which)(), rows(*told))
    assert [row.status for row in read] == list(states.values())


@pytest.mark.parametrize("never", [None, "", "0000-00-00 00:00:00", 0])
def test_what_is_not_finished_has_no_time_of_that(dfx: DigiFinex, never: Any) -> None:
    (deposit,), _ = drive(dfx.deposits(), rows({**DEPOSIT, "finished_date": never}))
    assert deposit.updated is None


def test_deposits_from_an_id_on_are_asked_for_in_parts_of_five_hundred(dfx: DigiFinex) -> None:
    ids = list(range(2000, 1000, -1))
    first = rows(*({**DEPOSIT, "id": n} for n in ids[:500]))
    second = rows(*({**DEPOSIT, "id": n} for n in ids[499:600]))
    deposits, asked = drive(dfx.deposits("XRP", 600, "2000"), first, second)
    assert asked == [
        "GET /deposit/history?currency=xrp&from=2000&size=500&direct=next",
        "GET /deposit/history?currency=xrp&from=1501&size=101&direct=next",
    ]
    assert [deposit.id for deposit in deposits] == [str(n) for n in ids[:600]]


def test_old_ones_first_is_the_other_direction(dfx: DigiFinex) -> None:
    _, asked = drive(dfx.withdrawals(limit=5, order="asc"), rows(WITHDRAWAL))
    assert asked == ["GET /withdraw/history?size=5&direct=prev"]


def test_what_only_dgtmarket_has_is_not_offered(dfx: DigiFinex) -> None:
    for ask in (
        lambda: dfx.fill("1"),
        lambda: dfx.transfers(Listing(NOW)),
        lambda: dfx.transfer("1"),
    ):
        with pytest.raises(NotOffered, match="DigiFinex does not offer"):
            ask()
