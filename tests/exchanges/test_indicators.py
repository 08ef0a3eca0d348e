"""DigiFinex's risk indicators from order records, pair by pair."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from exchcli.exchanges.indicators import indicators, trips
from exchcli.records import Indicator, Order, OrderStatus

NOW = datetime(2020, 5, 19, 7, 44, 54, tzinfo=UTC)


def order(
    status: OrderStatus = "open",
    *,
    symbol: str = "BTC_USDT",
    amount: str | None = "2",
    filled: str = "0",
    age: float = 60,
    lived: float | None = None,
) -> Order:
    created = NOW - timedelta(seconds=age)
    return Order(
        id="1", symbol=symbol, market="spot", side="buy", type="limit", price=Decimal(1),
        stop_price=None, amount=None if amount is None else Decimal(amount),
        filled=Decimal(filled), average_price=None, cost=None, status=status, exchange_status="",
        created=created,
        updated=None if lived is None else created + timedelta(seconds=lived),
    )  # fmt: skip


def values(orders: list[Order]) -> dict[str, Decimal]:
    return {row.indicator: row.value for row in indicators(orders, NOW)}


def tripped(orders: list[Order]) -> list[str]:
    return [row.indicator for row in indicators(orders, NOW) if trips(row)]


def test_the_three_ratios_of_a_pair() -> None:
    orders = [
        order("filled", filled="2"),
        order("partially_filled", filled="1"),
        order("canceled", lived=5),
        order("canceled", lived=6),
    ]
    assert indicators(orders, NOW) == [
        Indicator("BTC_USDT", "FR", Decimal("0.2500"), Decimal("0.01"), 4),
        Indicator("BTC_USDT", "FW", Decimal("0.3750"), Decimal("0.01"), 4),
        Indicator("BTC_USDT", "CR", Decimal("0.2500"), Decimal("0.95"), 4),
    ]


def test_each_pair_is_judged_alone_and_a_pair_without_orders_not_at_all() -> None:
    rows = indicators([order(symbol="ETH_USDT"), order("filled", filled="2")], NOW)
    assert [(row.symbol, row.orders) for row in rows] == [("BTC_USDT", 1)] * 3 + [
        ("ETH_USDT", 1)
    ] * 3
    assert indicators([], NOW) == []


def test_only_the_last_ten_minutes_count() -> None:
    rows = indicators([order(age=599.9), order(age=600), order(age=-2)], NOW)
    assert {row.orders for row in rows} == {2}


def test_what_is_not_known_counts_against_the_user() -> None:
    assert values([order("canceled", lived=None)])["CR"] == 1
    assert values([order("canceled", filled="1", lived=1)])["CR"] == 0
    assert values([order("partially_canceled", filled="1", lived=1)])["CR"] == 0
    assert values([order(amount=None, filled="1")])["FW"] == 1


def test_the_numbers_of_orders_are_those_of_the_document() -> None:
    unfilled = [order()] * 49
    assert tripped(unfilled) == []
    assert tripped([*unfilled, order()]) == ["FW"]
    assert tripped([order()] * 99) == ["FW"]
    assert tripped([order()] * 100) == ["FR", "FW"]
    assert tripped([order("canceled", lived=1)] * 100) == ["FR", "FW", "CR"]


def test_at_the_trigger_value_itself_nothing_happens() -> None:
    one_in_a_hundred = [order("filled", filled="2"), *[order("canceled", lived=9)] * 99]
    assert tripped(one_in_a_hundred) == []
    cancelled = [order("canceled", lived=1)] * 95 + [order("filled", filled="2")] * 5
    assert tripped(cancelled) == []


def test_rounding_never_hides_what_trips() -> None:
    just_below = [order("filled", filled="2"), *[order("canceled", lived=9)] * 100]
    assert tripped(just_below) == ["FR", "FW"]
    just_above = [order("canceled", lived=1)] * 9501 + [order("filled", filled="2")] * 499
    assert tripped(just_above) == ["CR"]


@given(
    st.lists(
        st.builds(
            order,
            st.sampled_from(["open", "filled", "canceled", "partially_canceled", "unknown"]),
            amount=st.sampled_from(["0.00000001", "1", "99999999"]),
            filled=st.sampled_from(["0", "0.00000001"]),
            lived=st.none() | st.floats(0, 600),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_every_ratio_is_between_0_and_1(orders: list[Order]) -> None:
    assert all(0 <= row.value <= 1 for row in indicators(orders, NOW))
