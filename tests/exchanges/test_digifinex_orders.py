"""DigiFinex's orders and fills, against the replies of its own document."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from driving import drive

from exchcli.errors import Rejected, Unreadable, UsageError
from exchcli.exchanges.digifinex import DigiFinex
from exchcli.exchanges.listing import Listing
from exchcli.records import Fill, Order

NOW = datetime(2020, 5, 19, 7, 44, 54, tzinfo=UTC)
ORDERED = datetime(2019, 7, 5, 6, tzinfo=UTC)  # soon after the documented order, and trade
TRADED = datetime(2017, 7, 12, 14, tzinfo=UTC)
DAY = 86400
ID = "dd3164b333a4afa9d5730bb87f6db8b3"
ORDER = {
    "symbol": "BTC_USDT",
    "order_id": ID,
    "created_date": 1562303547,
    "finished_date": 0,
    "price": 0.1,
    "amount": 1,
    "cash_amount": 1,
    "executed_amount": 0,
    "avg_price": 0,
    "status": 1,
    "type": "buy",
    "kind": "margin",
}
DETAIL = {"tid": 63194988, "date": 1574665459, "executed_amount": 0.58, "executed_price": 6000}
DETAILED = {
    **ORDER,
    "finished_date": 1574665459,
    "price": 6000,
    "amount": 0.58,
    "cash_amount": 0,
    "executed_amount": 0.58,
    "avg_price": 6000,
    "status": 2,
    "detail": DETAIL,
}
TRADE = {
    "symbol": "BTC_USDT",
    "order_id": "6707cbdcda0edfaa7f4ab509e4cbf966",
    "id": 28457,
    "price": 0.1,
    "amount": 0,
    "fee": 0.096,
    "fee_currency": "USDT",
    "timestamp": 1499865549,
    "side": "buy",
    "is_maker": True,
}


def data(*rows: Any) -> dict[str, Any]:
    return {"code": 0, "data": list(rows)}


def as_texts(reply: Any) -> str:
    """The same reply with every number written as a text, `code` and times too."""
    return re.sub(r"(?<=[:\[, ])(-?[0-9]+(?:\.[0-9]+)?)(?=[,\]}\s])", r'"\1"', json.dumps(reply))


BOTH_WAYS = pytest.mark.parametrize(
    "written", [json.dumps, as_texts], ids=["as numbers", "as texts"]
)


@pytest.fixture
def dfx() -> DigiFinex:
    return DigiFinex()


@BOTH_WAYS
def test_the_documented_open_order_is_read(dfx: DigiFinex, written: Any) -> None:
    flow = dfx.open_orders(Listing(NOW), "BTC_USDT", market="margin")
    orders, asked = drive(flow, written(data(ORDER)))
    assert asked == ["GET /margin/order/current?symbol=BTC_USDT"]
    assert orders == [
        Order(
            id=ID,
            symbol="BTC_USDT",
            market="margin",
            side="buy",
            type="limit",
            price=Decimal("0.1"),
            stop_price=None,
            amount=Decimal(1),
            filled=Decimal(0),
            average_price=None,
            cost=Decimal(0),
            status="partially_filled",
            exchange_status="1",
            post_only=None,
            created=datetime(2019, 7, 5, 5, 12, 27, tzinfo=UTC),
            updated=None,
            fills=None,
        )
    ]


@BOTH_WAYS
def test_the_documented_detail_is_read_with_its_one_fill_and_exact_cost(
    dfx: DigiFinex, written: Any
) -> None:
    order, asked = drive(dfx.order(ID, "margin"), written({"code": 0, "data": DETAILED}))
    assert asked == [f"GET /margin/order/detail?order_id={ID}"]
    assert (order.status, order.average_price, order.cost) == ("filled", 6000, 3480)
    assert order.updated == datetime(2019, 11, 25, 7, 4, 19, tzinfo=UTC)
    (fill,) = order.fills
    assert (fill.id, fill.order_id) == ("63194988", ID)
    assert (fill.price, fill.amount) == (6000, Decimal("0.58"))
    assert fill.time == order.updated


@pytest.mark.parametrize(
    ("detail", "fills", "cost"),
    [
        ([DETAIL], 1, Decimal("3480")),
        ([{**DETAIL, "executed_amount": a, "executed_price": p} for a, p in
          ((0.1, 5999.5), (0.48, 6000.25))], 2, Decimal("3480.07")),
        ([{**DETAIL, "executed_amount": 0.5}], 1, None),
        ([], 0, None),
        ({}, 0, None),
        (None, 0, None),
    ],
)  # fmt: skip
def test_the_cost_is_the_sum_of_the_fills_where_these_are_all(
    dfx: DigiFinex, detail: Any, fills: int, cost: Decimal | None
) -> None:
    order, _ = drive(dfx.order(ID), {"code": 0, "data": {**DETAILED, "detail": detail}})
    assert len(order.fills) == fills
    assert order.cost == cost


@pytest.mark.parametrize(
    ("told", "status"),
    [
        (0, "open"),
        (1, "partially_filled"),
        (2, "filled"),
        (3, "canceled"),
        (4, "partially_canceled"),
        (9, "unknown"),
        ("odd", "unknown"),
    ],
)
def test_a_status_that_is_not_known_is_passed_through(
    dfx: DigiFinex, told: Any, status: str
) -> None:
    (order,), _ = drive(dfx.open_orders(Listing(NOW)), data({**ORDER, "status": told}))
    assert (order.status, order.exchange_status) == (status, str(told))


@pytest.mark.parametrize(
    ("told", "side", "type", "amount"),
    [
        ("buy", "buy", "limit", 1),
        ("sell", "sell", "limit", 1),
        ("buy_market", "buy", "market", None),
        ("sell_market", "sell", "market", 1),
    ],
)
def test_a_type_says_side_and_kind_and_the_money_of_a_market_buy_is_no_amount(
    dfx: DigiFinex, told: str, side: str, type: str, amount: int | None
) -> None:
    (order,), _ = drive(dfx.open_orders(Listing(NOW)), data({**ORDER, "type": told}))
    assert (order.side, order.type, order.amount) == (side, type, amount)
    assert order.price == (None if type == "market" else Decimal("0.1"))


def test_open_orders_are_filtered_here_by_side_and_time(dfx: DigiFinex) -> None:
    rows = [
        {**ORDER, "order_id": "a", "created_date": 1589000000},
        {**ORDER, "order_id": "b", "created_date": 1589000100, "type": "sell"},
        {**ORDER, "order_id": "c", "created_date": 1589000200},
        {**ORDER, "order_id": "d", "created_date": 1589000300},
    ]
    start, end = (datetime.fromtimestamp(1589000000 + n, UTC) for n in (100, 300))
    listing = Listing(NOW, start, end)
    orders, asked = drive(dfx.open_orders(listing, side="buy"), data(*rows))
    assert asked == ["GET /spot/order/current"]
    assert [order.id for order in orders] == ["d", "c"]
    orders, _ = drive(dfx.open_orders(listing._replace(limit=1)), data(*rows))
    assert [order.id for order in orders] == ["d"]


def test_several_orders_are_asked_for_in_twenties_and_come_in_the_asked_order(
    dfx: DigiFinex,
) -> None:
    ids = [f"{n:032x}" for n in range(41)]
    rows = [{**ORDER, "order_id": order_id} for order_id in reversed(ids)]
    parts = [data(*rows[21:]), data(*rows[1:21]), data(*rows[:1])]
    orders, asked = drive(dfx.orders_by_id(ids), *parts)
    assert [order.id for order in orders] == ids
    assert [request.count("%2C") for request in asked] == [19, 19, 0]
    assert asked[2] == f"GET /spot/order?order_id={ids[40]}"


def test_an_order_that_is_not_among_several_is_named(dfx: DigiFinex) -> None:
    with pytest.raises(Rejected, match="no margin order missing"):
        drive(dfx.orders_by_id([ID, "missing"], "margin"), data(ORDER))


def test_one_order_is_asked_for_with_its_detail(dfx: DigiFinex) -> None:
    orders, asked = drive(dfx.orders_by_id([ID]), {"code": 0, "data": DETAILED})
    assert asked == [f"GET /spot/order/detail?order_id={ID}"]
    assert len(orders) == 1


def test_the_history_goes_back_three_days_unless_it_is_told(dfx: DigiFinex) -> None:
    now = int(NOW.timestamp())
    _, asked = drive(dfx.orders(Listing(NOW), "BTC_USDT"), data())
    assert asked == [
        f"GET /spot/order/history?symbol=BTC_USDT&limit=100&start_time={now - 3 * DAY}"
    ]


def test_a_history_longer_than_thirty_days_is_asked_for_in_parts_that_share_their_edges(
    dfx: DigiFinex,
) -> None:
    start = NOW - timedelta(days=70)
    edge = int(NOW.timestamp()) - 30 * DAY + 3600
    both = {**ORDER, "created_date": edge}
    flow = dfx.orders(Listing(NOW, start))
    orders, asked = drive(
        flow, data({**both, "order_id": "old"}), data(both), data({**both, "order_id": "x"}, both)
    )
    assert sorted(order.id for order in orders) == sorted([ID, "old", "x"])
    bounds = [re.findall(r"_time=([0-9]+)", request) for request in asked]
    assert bounds[0][0] == str(int(start.timestamp()))
    assert bounds[0][1] == bounds[1][0]
    assert bounds[1][1] == bounds[2][0] == str(edge)
    assert len(bounds[2]) == 1
    assert all(int(end) - int(begin) <= 30 * DAY for begin, end in bounds[:2])


def test_a_history_is_filtered_here_by_side_and_status(dfx: DigiFinex) -> None:
    rows = [
        {**ORDER, "order_id": "a", "status": 2},
        {**ORDER, "order_id": "b", "status": 2, "type": "sell"},
        {**ORDER, "order_id": "c", "status": 3},
    ]
    for status in ("filled", "FILLED", "2"):
        orders, _ = drive(dfx.orders(Listing(ORDERED), side="buy", status=status), data(*rows))
        assert [order.id for order in orders] == ["a"]
    with pytest.raises(UsageError, match="no order status 'done'"):
        drive(dfx.orders(Listing(NOW), status="done"))


@BOTH_WAYS
def test_the_documented_fill_is_read(dfx: DigiFinex, written: Any) -> None:
    flow = dfx.fills(Listing(TRADED), "BTC_USDT")
    fills, asked = drive(flow, written({"code": 0, "list": [TRADE]}))
    start = int(TRADED.timestamp()) - 3 * DAY
    assert asked == [f"GET /spot/mytrades?symbol=BTC_USDT&limit=500&start_time={start}"]
    assert fills == [
        Fill(
            id="28457",
            order_id="6707cbdcda0edfaa7f4ab509e4cbf966",
            symbol="BTC_USDT",
            market="spot",
            side="buy",
            price=Decimal("0.1"),
            amount=Decimal(0),
            fee=Decimal("0.096"),
            fee_currency="USDT",
            fee_percent=None,
            maker=True,
            time=datetime(2017, 7, 12, 13, 19, 9, tzinfo=UTC),
        )
    ]


def test_fills_are_newest_first_and_both_sides_of_a_trade_with_oneself_are_kept(
    dfx: DigiFinex,
) -> None:
    rows = [
        {**TRADE, "id": 9},
        {**TRADE, "id": 10, "side": "sell_market", "order_id": "x"},
        {**TRADE, "id": 10},
        {**TRADE, "id": 11, "timestamp": 1499865000},
    ]
    fills, asked = drive(
        dfx.fills(Listing(TRADED, limit=3), market="margin"), {"code": 0, "list": rows}
    )
    assert asked[0].startswith("GET /margin/mytrades?limit=500&")
    assert [(fill.id, fill.side) for fill in fills] == [("10", "sell"), ("10", "buy"), ("9", "buy")]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"type": "gift"}, "type is neither buy nor sell: 'gift'"),
        ({"executed_amount": "some"}, "executed_amount is not a number"),
        ({"created_date": "2019-07-05"}, "created_date is not a whole number"),
        ({"order_id": None}, "order_id is missing"),
    ],
)
def test_an_order_that_is_not_as_documented_names_the_field(
    dfx: DigiFinex, change: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(Unreadable) as caught:
        drive(dfx.open_orders(Listing(NOW)), data({**ORDER, **change}))
    assert complaint in caught.value.message
