"""DigiFinex's private half: assets, the log, positions, deposits and withdrawals."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest
from dfx_private import (
    ADDRESS,
    ASSET,
    DATE,
    DAY,
    DEPOSIT,
    FINANCE,
    NUMBER,
    POSITION,
    WITHDRAWAL,
    everything,
    looks_like,
)
from hypothesis import given, settings
from hypothesis import strategies as st

# --- assets -----------------------------------------------------------------------------------


@pytest.mark.parametrize("market", ["spot", "margin"])
def test_assets_are_like_the_sample(dfx, market):
    reply = dfx(f"/v3/{market}/assets")
    names = (
        ["code", "list"]
        if market == "spot"
        else ["code", "total", "free", "unrealized_pnl", "list"]
    )
    assert list(reply) == names
    assert reply["code"] == 0
    assert len(reply["list"]) == (6 if market == "spot" else 2)
    for row in reply["list"]:
        looks_like(row, ASSET)
        assert 0 <= row["free"] <= row["total"]


def test_what_is_not_free_is_what_open_orders_and_withdrawals_hold(dfx):
    held = {}
    for order in dfx("/v3/spot/order/current")["data"]:
        base, quote = order["symbol"].split("_")
        rest = order["amount"] - order["executed_amount"]
        currency = quote if order["type"] == "buy" else base
        worth = rest * order["price"] if order["type"] == "buy" else rest
        held[currency] = held.get(currency, 0) + worth
    for row in dfx("/v3/withdraw/history")["data"]:
        if row["state"] in (1, 2):
            currency = row["currency"].upper()
            held[currency] = held.get(currency, 0) + row["amount"] + row["fee"]
    there = {row["currency"]: row["total"] - row["free"] for row in dfx("/v3/spot/assets")["list"]}
    assert {currency: amount for currency, amount in there.items() if amount} == held


def test_the_sums_of_the_margin_account_are_in_usdt(dfx):
    reply = dfx("/v3/margin/assets")
    last = dfx("/v3/ticker?symbol=btc_usdt")["ticker"][0]["last"]
    worth = {row["currency"]: row for row in reply["list"]}
    for name in ("total", "free"):
        assert reply[name] == worth["USDT"][name] + worth["BTC"][name] * last


# --- the financial log ------------------------------------------------------------------------


@pytest.mark.parametrize("market", ["spot", "margin", "otc"])
def test_the_log_has_rows_as_in_practice_newest_first(dfx, market):
    reply = dfx(f"/v3/{market}/financelog?limit=1000")
    assert list(reply) == ["code", "data"]
    assert list(reply["data"]) == ["finance"]
    rows = reply["data"]["finance"]
    for row in rows:
        looks_like(row, FINANCE)
    times = [row["time"] for row in rows]
    assert times == sorted(times, reverse=True)
    assert rows


@pytest.mark.parametrize("market", ["spot", "margin"])
def test_the_log_ends_at_the_balances(dfx, market):
    for row in dfx(f"/v3/{market}/assets")["list"]:
        target = f"/v3/{market}/financelog?limit=1000&currency_mark={row['currency'].lower()}"
        log = dfx(target)["data"]["finance"]
        assert log[0]["balance"] == row["total"]
        assert sum(each["num"] for each in log) == row["total"]
        for newer, older in pairwise(log):
            assert newer["balance"] - newer["num"] == older["balance"]


def test_the_log_shows_100_rows_of_any_time_unless_told(dfx):
    everyone = dfx("/v3/spot/financelog?limit=1000")["data"]["finance"]
    assert dfx("/v3/spot/financelog")["data"]["finance"] == everyone[:100]
    start, end = everyone[400]["time"], everyone[200]["time"]
    asked = f"/v3/spot/financelog?limit=1000&start_time={start}&end_time={end}"
    rows = dfx(asked)["data"]["finance"]
    assert rows == [row for row in everyone if start <= row["time"] <= end]
    assert dfx(f"/v3/spot/financelog?start_time={end}&end_time={start}")["code"] == 20022


def test_every_trade_is_in_the_log_with_its_fee(dfx):
    rows = dfx(f"/v3/spot/mytrades?start_time={dfx.asked.now - 9 * DAY}&limit=500")["list"]
    log = dfx("/v3/spot/financelog?limit=1000")["data"]["finance"]
    told = [(row["currency_mark"], row["num"], row["time"]) for row in log]
    for row in rows:
        assert (row["fee_currency"], -row["fee"], row["timestamp"]) in told


# --- positions --------------------------------------------------------------------------------


def test_the_open_position_is_like_the_sample(dfx):
    reply = dfx("/v3/margin/positions")
    assert list(reply) == ["code", "margin", "margin_rate", "unrealized_pnl", "positions"]
    assert isinstance(reply["margin"], str)
    assert isinstance(reply["unrealized_pnl"], str)
    assert isinstance(reply["margin_rate"], NUMBER)
    (row,) = reply["positions"]
    looks_like(row, POSITION)
    assert (row["symbol"], row["side"], row["leverage_ratio"]) == ("BTC_USDT", "long", "3.0")


def test_a_position_gains_what_the_market_gained(dfx):
    (row,) = dfx("/v3/margin/positions")["positions"]
    last = dfx("/v3/ticker?symbol=btc_usdt")["ticker"][0]["last"]
    amount, entry = Decimal(row["amount"]), Decimal(row["entry_price"])
    gain = amount * (last - entry)
    assert abs(gain - Decimal(row["unrealized_pnl"])) < Decimal("0.000001")
    assert dfx("/v3/margin/assets")["unrealized_pnl"] == Decimal(row["unrealized_pnl"])
    # Two thirds are borrowed, and 0.3 of them must be left.
    assert abs(entry * 2 / 3 * Decimal("1.3") - Decimal(row["liquidation_price"])) < Decimal(
        "0.0001"
    )


def test_the_position_is_what_the_margin_trades_amount_to(dfx):
    (row,) = dfx("/v3/margin/positions")["positions"]
    amounts = {}
    for each in everything(dfx, "/v3/margin/mytrades"):
        sign = 1 if each["side"].startswith("buy") else -1
        amounts[each["symbol"]] = amounts.get(each["symbol"], 0) + sign * each["amount"]
    assert amounts == {"BTC_USDT": Decimal(row["amount"]), "ETH_USDT": 0}


def test_a_pair_without_a_position_has_an_empty_side(dfx):
    assert dfx("/v3/margin/positions?symbol=btc_usdt")["positions"][0]["side"] == "long"
    (row,) = dfx("/v3/margin/positions?symbol=ltc_usdt")["positions"]
    looks_like(row, POSITION)
    assert (row["side"], row["amount"]) == ("", "0")
    assert dfx("/v3/margin/positions?symbol=ltc_eur")["code"] == 20019


# --- deposits and withdrawals -----------------------------------------------------------------


@pytest.mark.parametrize(("currency", "chains"), [("btc", [""]), ("USDT", ["ERC20", "OMNI"])])
def test_deposit_addresses_are_one_for_each_chain(dfx, currency, chains):
    reply = dfx(f"/v3/deposit/address?currency={currency}")
    assert reply["code"] == 200
    for row in reply["data"]:
        looks_like(row, ADDRESS)
        assert row["currency"] == currency.lower()
        assert row["address"].startswith("sandbox-")
    assert [row["chain"] for row in reply["data"]] == chains


def test_currencies_that_share_an_address_have_a_tag(dfx, other_dfx):
    tags = [
        account("/v3/deposit/address?currency=xrp")["data"][0]["addressTag"]
        for account in (dfx, other_dfx)
    ]
    assert all(tags)
    assert len(set(tags)) == 2


@pytest.mark.parametrize(("target", "code"), [("", 10004), ("?currency=pln", 20021)])
def test_an_address_is_of_a_currency(dfx, target, code):
    assert dfx(f"/v3/deposit/address{target}")["code"] == code


HISTORIES = [("/v3/deposit/history", DEPOSIT), ("/v3/withdraw/history", WITHDRAWAL)]
PATHS = [path for path, _ in HISTORIES]


@pytest.mark.parametrize(("path", "sample"), HISTORIES)
def test_payments_are_like_the_sample_oldest_first(dfx, path, sample):
    reply = dfx(path)
    assert reply["code"] == 200
    for row in reply["data"]:
        looks_like(row, sample, free={"state", "finished_date"})
        assert DATE.fullmatch(row["created_date"])
        assert row["finished_date"] == "" or DATE.fullmatch(row["finished_date"])
    ids = [row["id"] for row in reply["data"]]
    assert ids == sorted(set(ids))
    states = {row["state"] for row in reply["data"]}
    assert states == {1, 2, "safe" if sample is WITHDRAWAL else 3, 4}


@pytest.mark.parametrize("path", PATHS)
def test_next_is_newest_first(dfx, path):
    assert dfx(f"{path}?direct=next")["data"] == dfx(path)["data"][::-1]


@settings(max_examples=40, deadline=None)
@given(size=st.integers(1, 30), direct=st.sampled_from(["prev", "next"]))
@pytest.mark.parametrize("path", PATHS)
def test_parts_from_an_id_on_leave_no_gap_and_no_row_is_there_twice(dfx, path, size, direct):
    """`from` is the first row of a part, so the next part begins one behind the last."""
    rows, start = [], ""
    step = 1 if direct == "prev" else -1
    while part := dfx(f"{path}?size={size}&direct={direct}{start}")["data"]:
        assert len(part) <= size
        rows += part
        start = f"&from={part[-1]['id'] + step}"
    assert rows == dfx(path)["data"][::step]


@pytest.mark.parametrize("path", PATHS)
def test_from_includes_the_row_it_names(dfx, path):
    rows = dfx(path)["data"]
    number = rows[4]["id"]
    assert dfx(f"{path}?from={number}&size=3")["data"] == rows[4:7]
    assert dfx(f"{path}?from={number}&size=3&direct=next")["data"] == rows[4:1:-1]
    assert dfx(f"{path}?from=1")["data"] == rows


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("currency", ["xrp", "BTC"])
def test_payments_are_filtered_by_currency(dfx, path, currency):
    rows = dfx(f"{path}?currency={currency}")["data"]
    assert rows
    assert rows == [row for row in dfx(path)["data"] if row["currency"] == currency.lower()]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("size=1", 200),
        ("size=500", 200),
        ("size=0", 10004),
        ("size=501", 10004),
        ("size=many", 10004),
        ("from=first", 10004),
        ("direct=up", 10004),
        ("currency=pln", 20021),
        ("currency=", 200),
    ],
)
def test_parameters_of_payments_have_bounds(dfx, path, query, code):
    assert dfx(f"{path}?{query}")["code"] == code


# --- whatever the size ------------------------------------------------------------------------


@pytest.mark.parametrize("wallet", ["spot", "margin"])
def test_sums_are_told_to_the_last_digit_however_large(trader, wallet):
    two = trader("dfx", 1)
    total, held = Decimal("123456789012345678901234567890.00000002"), Decimal("0.00000001")
    with two.sandbox.store.writing() as db:
        db.execute(
            "REPLACE INTO balances (account, wallet, currency, total, held)"
            " VALUES (?, ?, 'USDT', ?, ?)",
            (202, wallet, str(total), str(held)),
        )
    reply = two(f"/v3/{wallet}/assets")
    (row,) = [row for row in reply["list"] if row["currency"] == "USDT"]
    assert row["free"] == Decimal("123456789012345678901234567890.00000001")
    assert row["total"] == total
    if wallet == "margin":
        assert (reply["total"], reply["free"]) == (row["total"], row["free"])
