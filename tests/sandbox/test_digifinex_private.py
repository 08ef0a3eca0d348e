"""DigiFinex's private half, against its document: shapes, windows, pages, codes."""

from __future__ import annotations

from decimal import Decimal

import pytest
from dfx_private import (
    DAY,
    DETAIL,
    HEX,
    ORDER,
    TRADE,
    everything,
    looks_like,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from exchcli.sandbox import digifinex_orders

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


def test_the_averages_of_orders_are_the_same_however_many_are_looked_up_at_once(dfx, monkeypatch):
    target = f"/v3/spot/order/history?limit=100&start_time={dfx.asked.now - 29 * DAY}"
    rows = dfx(target)["data"]
    assert sum(row["avg_price"] > 0 for row in rows) > 4
    monkeypatch.setattr(digifinex_orders, "_LOOKED_UP", 2)
    assert dfx(target)["data"] == rows


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


@pytest.mark.parametrize("path", WINDOWED)
@pytest.mark.parametrize(("ahead", "code"), [(0, 0), (5, 0), (6, 20022), (10**9, 20022)])
def test_whoever_asks_for_what_is_new_from_now_on_gets_nothing_yet(dfx, path, ahead, code):
    name = "list" if path.endswith("mytrades") else "data"
    reply = dfx(f"{path}?start_time={dfx.asked.now + ahead}")
    assert reply == {"code": 0, name: []} if not code else reply["code"] == code


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
