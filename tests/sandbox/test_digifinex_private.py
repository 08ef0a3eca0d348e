"""DigiFinex's private half, against its document: shapes, windows, pages, codes."""

from __future__ import annotations

import re
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

DAY = 86400
NUMBER = (int, Decimal)
ORDER = {
    "symbol": "BTC_USDT",
    "order_id": "dd3164b333a4afa9d5730bb87f6db8b3",
    "created_date": 1562303547,
    "finished_date": 0,
    "price": Decimal("0.1"),
    "amount": 1,
    "cash_amount": 1,
    "executed_amount": 0,
    "avg_price": 0,
    "status": 1,
    "type": "buy",
    "kind": "margin",
}
DETAIL = {
    "tid": 63194988,
    "date": 1574665459,
    "executed_amount": Decimal("0.58"),
    "executed_price": 6000,
}
TRADE = {
    "symbol": "BTC_USDT",
    "order_id": "6707cbdcda0edfaa7f4ab509e4cbf966",
    "id": 28457,
    "price": Decimal("0.1"),
    "amount": 0,
    "fee": Decimal("0.096"),
    "fee_currency": "USDT",
    "timestamp": 1499865549,
    "side": "buy",
    "is_maker": True,
}
ASSET = {"currency": "BTC", "free": Decimal("4723846.89208129"), "total": 0}
FINANCE = {
    "currency_mark": "USDT",
    "type": 100,
    "num": Decimal("-10.0"),
    "balance": Decimal("90.0"),
    "time": 1546272000,
}
POSITION = {
    "symbol": "BTC_USDT",
    "leverage_ratio": "3.0",
    "side": "long",
    "amount": "3.0",
    "entry_price": "40",
    "unrealized_pnl": "55",
    "liquidation_price": "25.999999999999996",
    "liquidation_rate": "0.3",
}
ADDRESS = {
    "currency": "btc",
    "address": "1PSRjPg53cX7hMRYAXGJnL8mqHtzmQgPUs",
    "addressTag": "",
    "chain": "",
}
DEPOSIT = {
    "id": 1171,
    "currency": "xrp",
    "hash": "ed03094b84eafbe4bc16e7ef766ee959885ee5bcb265872baaa9c64e1cf86c2b",
    "chain": "",
    "amount": Decimal("7.457467"),
    "address": "rae93V8d2mdoUQHwBDBdM4NHCMehRJAsbm",
    "state": 3,
    "created_date": "2020-04-20 11:23:00",
    "finished_date": "2020-04-20 13:23:00",
}
WITHDRAWAL = {
    "id": 1171,
    "currency": "xrp",
    "hash": "ed03094b84eafbe4bc16e7ef766ee959885ee5bcb265872baaa9c64e1cf86c2b",
    "chain": "",
    "amount": Decimal("7.457467"),
    "address": "rae93V8d2mdoUQHwBDBdM4NHCMehRJAsbm",
    "memo": "100040",
    "fee": 0,
    "state": "safe",
    "created_date": "2020-04-20 11:23:00",
    "finished_date": "2020-04-20 13:23:00",
}
HEX = re.compile(r"[0-9a-f]{32}")
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
# Whole numbers of the document; all other numbers may have a fraction.
WHOLE = {"created_date", "finished_date", "status", "tid", "date", "id", "timestamp", "time"}
WHOLE |= {"type", "state"}


def looks_like(row, sample, *, free=()):
    """The same keys in the same order, values of the same types; those in `free` may differ."""
    assert list(row) == list(sample)
    for name, value in row.items():
        if name in free:
            continue
        if isinstance(sample[name], NUMBER) and not isinstance(sample[name], bool):
            kinds = (int,) if name in WHOLE else NUMBER
            assert isinstance(value, kinds), name
            assert not isinstance(value, bool), name
        else:
            assert type(value) is type(sample[name]), name


def everything(account, path, **filters):
    """All rows of a window's list, in windows of a day, each with fewer rows than its limit."""
    most = 500 if path.endswith("mytrades") else 100
    name = "list" if path.endswith("mytrades") else "data"
    more = "".join(f"&{key}={value}" for key, value in filters.items())
    now = account.asked.now
    rows = []
    for day in range(45):
        start, end = now - (day + 1) * DAY, now - day * DAY - 1
        reply = account(f"{path}?limit={most}&start_time={start}&end_time={end}{more}")
        assert len(reply[name]) < most
        rows += reply[name]
    return rows + account(f"{path}?limit={most}&start_time={now - 1}{more}")[name]


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


# --- orders -----------------------------------------------------------------------------------


@pytest.mark.parametrize("market", ["spot", "margin"])
def test_history_has_rows_like_the_sample_newest_first(dfx, market):
    rows = everything(dfx, f"/v3/{market}/order/history")
    for row in rows:
        looks_like(row, ORDER)
        assert HEX.fullmatch(row["order_id"])
        assert row["kind"] == market
        assert (row["finished_date"] == 0) == (row["status"] in (0, 1))
        assert (row["price"] == 0) == row["type"].endswith("_market")
        assert (row["cash_amount"] != 0) == (row["type"] == "buy_market")
        assert (row["amount"] == 0) == (row["type"] == "buy_market")
    times = [row["created_date"] for row in rows]
    assert times == sorted(times, reverse=True)
    assert len({row["order_id"] for row in rows}) == len(rows)
    assert {row["status"] for row in rows} >= {0, 2, 3}


def test_the_spot_history_has_every_status_and_type(dfx):
    rows = everything(dfx, "/v3/spot/order/history")
    assert {row["status"] for row in rows} == {0, 1, 2, 3, 4}
    assert {row["type"] for row in rows} == {"buy", "sell", "buy_market", "sell_market"}
    assert len(rows) >= 130


@pytest.mark.parametrize("market", ["spot", "margin"])
def test_current_orders_are_those_of_the_history_that_are_not_over(dfx, market):
    rows = dfx(f"/v3/{market}/order/current")["data"]
    everyone = everything(dfx, f"/v3/{market}/order/history")
    assert rows == [row for row in everyone if row["status"] in (0, 1)]
    assert rows


@pytest.mark.parametrize("path", ["order/current", "order/history", "mytrades"])
@pytest.mark.parametrize("symbol", ["ETH_USDT", "eth_usdt"])
def test_lists_are_filtered_by_symbol_in_any_case(dfx, path, symbol):
    name = "list" if path == "mytrades" else "data"
    start = f"start_time={dfx.asked.now - 29 * DAY}&limit=100"
    rows = dfx(f"/v3/spot/{path}?symbol={symbol}&{start}")[name]
    assert rows
    assert {row["symbol"] for row in rows} == {"ETH_USDT"}


def test_up_to_twenty_orders_come_in_the_order_of_asking(dfx):
    rows = everything(dfx, "/v3/spot/order/history")[:20]
    asked = rows[::-1]
    ids = ",".join(row["order_id"].upper() for row in asked)
    assert dfx(f"/v3/spot/order?order_id={ids}") == {"code": 0, "data": asked}


def test_of_some_known_and_some_unknown_orders_the_known_ones_come(dfx):
    row = dfx("/v3/spot/order/current")["data"][0]
    reply = dfx(f"/v3/spot/order?order_id={'0' * 32},{row['order_id']},{row['order_id']}")
    assert reply["data"] == [row]


def test_twenty_one_orders_are_too_many(dfx):
    ids = ",".join(f"{number:032x}" for number in range(21))
    assert dfx(f"/v3/spot/order?order_id={ids}")["code"] == 10004


def test_detail_is_an_object_for_one_trade_and_a_list_for_several_or_none(dfx):
    trades = everything(dfx, "/v3/spot/mytrades")
    kinds = set()
    for row in everything(dfx, "/v3/spot/order/history")[:40]:
        reply = dfx(f"/v3/spot/order/detail?order_id={row['order_id']}")
        assert list(reply) == ["code", "data"]
        detail = reply["data"].pop("detail")
        assert reply["data"] == row
        own = [each for each in trades if each["order_id"] == row["order_id"]]
        kinds.add((len(own) > 1) + bool(own))
        assert isinstance(detail, dict) == (len(own) == 1)
        told = [detail] if isinstance(detail, dict) else detail
        for each in told:
            looks_like(each, DETAIL)
        assert [each["tid"] for each in told] == sorted(each["id"] for each in own)
        assert sum(each["executed_amount"] for each in told) == row["executed_amount"]
    assert kinds == {0, 1, 2}


@pytest.mark.parametrize("path", ["order", "order/detail"])
def test_an_unknown_order_is_20013(dfx, path):
    assert dfx(f"/v3/spot/{path}?order_id={'0' * 32}")["code"] == 20013


def test_an_order_is_found_on_its_own_market_only(dfx):
    for market, other in (("spot", "margin"), ("margin", "spot")):
        number = dfx(f"/v3/{market}/order/current")["data"][0]["order_id"]
        assert dfx(f"/v3/{market}/order?order_id={number}")["code"] == 0
        assert dfx(f"/v3/{other}/order?order_id={number}")["code"] == 20013


def test_an_order_of_another_account_is_unknown(dfx, other_dfx):
    number = dfx("/v3/spot/order/current")["data"][0]["order_id"]
    assert other_dfx(f"/v3/spot/order?order_id={number}")["code"] == 20013
    assert other_dfx("/v3/spot/order/current")["data"] == []


def test_a_market_parameter_says_nothing_beside_the_path(dfx):
    plain = dfx("/v3/spot/order/current")
    assert dfx("/v3/spot/order/current?market=margin") == plain


# --- trades -----------------------------------------------------------------------------------


@pytest.mark.parametrize("market", ["spot", "margin"])
def test_trades_are_like_the_sample_newest_first(dfx, market):
    rows = everything(dfx, f"/v3/{market}/mytrades")
    for row in rows:
        looks_like(row, TRADE)
        assert row["side"] in ("buy", "sell", "buy_market", "sell_market")
        assert row["fee"] > 0
    ids = [row["id"] for row in rows]
    assert ids == sorted(set(ids), reverse=True)
    if market == "spot":
        assert len(rows) >= 240
        assert {row["is_maker"] for row in rows} == {True, False}
        assert {row["fee_currency"] for row in rows} >= {"USDT", "BTC", "ETH"}


def test_orders_are_what_their_trades_amount_to(dfx):
    trades = {}
    for row in everything(dfx, "/v3/spot/mytrades"):
        trades.setdefault(row["order_id"], []).append(row)
    for order in everything(dfx, "/v3/spot/order/history"):
        own = trades.get(order["order_id"], [])
        filled = sum(row["amount"] for row in own)
        assert filled == order["executed_amount"]
        if own:
            cost = sum(row["amount"] * row["price"] for row in own)
            assert abs(cost / filled - order["avg_price"]) < Decimal("0.000001")


# --- windows ----------------------------------------------------------------------------------

WINDOWED = ["/v3/spot/order/history", "/v3/spot/mytrades", "/v3/margin/order/history"]


def when(row):
    return row.get("timestamp") or row["created_date"]


@settings(max_examples=40, deadline=None)
@given(data=st.data(), limit=st.integers(1, 100))
@pytest.mark.parametrize("path", WINDOWED)
def test_a_window_includes_both_ends_and_shows_its_newest_rows(dfx, path, data, limit):
    name = "list" if path.endswith("mytrades") else "data"
    everyone = everything(dfx, path)
    # Mostly at the very second of a row, where an end that is left out would show.
    seconds = st.sampled_from([when(row) for row in everyone]).flatmap(
        lambda second: st.integers(second - 1, second + 1)
    )
    start, end = sorted((data.draw(seconds), data.draw(seconds)))
    end = min(max(end, start + 1), start + 30 * DAY)
    rows = dfx(f"{path}?start_time={start}&end_time={end}&limit={limit}")[name]
    assert rows == [row for row in everyone if start <= when(row) <= end][:limit]


def test_the_last_second_of_a_window_is_in_it(dfx):
    row = dfx("/v3/spot/order/current")["data"][0]
    second = row["created_date"]
    rows = dfx(f"/v3/spot/order/history?start_time={second - 1}&end_time={second}")["data"]
    assert rows == [row]


@pytest.mark.parametrize("path", WINDOWED)
def test_without_times_it_is_the_last_three_days(dfx, path):
    name = "list" if path.endswith("mytrades") else "data"
    now = dfx.asked.now
    rows = dfx(f"{path}?limit=100")[name]
    assert rows == dfx(f"{path}?limit=100&start_time={now - 3 * DAY}&end_time={now}")[name]
    assert rows


def test_usual_limits_are_10_orders_and_50_trades(dfx):
    start = f"start_time={dfx.asked.now - 30 * DAY}"
    assert len(dfx(f"/v3/spot/order/history?{start}")["data"]) == 10
    assert len(dfx(f"/v3/spot/mytrades?{start}")["list"]) == 50


@pytest.mark.parametrize("path", WINDOWED)
@pytest.mark.parametrize(
    ("first", "last", "code"),
    [
        (30 * DAY, 0, 0),
        (30 * DAY + 1, 0, 20015),
        (40 * DAY, 10 * DAY, 0),
        (40 * DAY, 10 * DAY - 1, 20015),
        (1, 0, 0),
        (0, 0, 20022),
        (5, 6, 20022),
    ],
)
def test_windows_have_edges(dfx, path, first, last, code):
    now = dfx.asked.now
    reply = dfx(f"{path}?start_time={now - first}&end_time={now - last}")
    assert reply["code"] == code


def test_an_end_before_the_usual_start_is_20022(dfx):
    end = dfx.asked.now - 4 * DAY
    assert dfx(f"/v3/spot/order/history?end_time={end}")["code"] == 20022


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("order/history?limit=100", 0),
        ("order/history?limit=101", 10004),
        ("order/history?limit=0", 10004),
        ("mytrades?limit=500", 0),
        ("mytrades?limit=501", 10004),
        ("financelog?limit=1000", 0),
        ("financelog?limit=1001", 10004),
        ("mytrades?limit=ten", 10004),
        ("order/history?start_time=now", 10004),
        ("order/history?start_time=-1", 10004),
        ("order/history?end_time=1.5", 10004),
        ("order", 10004),
        ("order?order_id=", 10004),
        ("order?order_id=a,,b", 10004),
        ("order/detail?order_id=a,b", 10004),
        ("order/history?limit=1&limit=2", 10004),
        ("order/history?limit=%zz", 10004),
        ("order/current?symbol=btc_eur", 20019),
        ("order/history?symbol=BTCUSDT", 20019),
        ("mytrades?symbol=", 20019),
        ("financelog?currency_mark=PLN", 20021),
    ],
)
def test_parameters_have_bounds(dfx, target, code):
    assert dfx(f"/v3/spot/{target}")["code"] == code


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


# --- paths and methods ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/v3/otc/order/current",
        "/v3/otc/mytrades",
        "/v3/swap/financelog",
        "/v3/spot/positions",
        "/v3/spot",
        "/v3/spot/",
        "/v3/spot/order/",
        "/v3//order",
        "/v3/otc/assets",
        "/v3/spot/assets/",
    ],
)
def test_an_unknown_market_or_path_is_10009(dfx, path):
    assert dfx(path)["code"] == 10009


@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize("path", ["/v3/spot/assets", "/v3/margin/order/history"])
def test_another_method_is_10001(dfx, path, method):
    assert dfx(path, method)["code"] == 10001


def test_every_refusal_says_its_code_and_some_words(dfx):
    reply = dfx("/v3/spot/order")
    assert list(reply) == ["code", "msg"]
    assert reply["msg"]
