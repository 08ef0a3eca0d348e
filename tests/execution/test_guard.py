"""What is refused here: by the configuration, and for what DigiFinex bans accounts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from exchcli.config import Guard
from exchcli.errors import ExchError, GuardRefused
from exchcli.execution.guard import (
    Valued,
    check_cancel,
    check_halt,
    check_orders,
    check_placing,
    check_withdrawal,
    value_of,
)
from exchcli.records import NewOrder, Order, OrderStatus

OPEN = Guard(False, {}, None, None, True, ())
NEW = NewOrder("BTCPLN", "buy", Decimal("0.5"), Decimal(1000))
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def refused(check: Callable[[], None]) -> ExchError:
    with pytest.raises(GuardRefused) as caught:
        check()
    assert caught.value.exit == 8
    assert caught.value.hint
    return caught.value


def orders(guard: Guard, *news: NewOrder, market: str | None = "1000", sent: int = 0) -> None:
    price = None if market is None else Decimal(market)
    check_orders(guard, "dgt", [Valued(new, "PLN", price) for new in news or (NEW,)], sent)


def test_without_bounds_everything_passes() -> None:
    orders(OPEN, NEW, NEW._replace(price=Decimal(10**9)), market=None, sent=10**6)
    check_withdrawal(OPEN, "dgt", None)


def test_the_halt_switch_stops_everything_that_moves_money() -> None:
    halted = OPEN._replace(halt=True)
    for check in (
        lambda: check_halt(halted, "dgt"),
        lambda: orders(halted),
        lambda: check_withdrawal(halted, "dgt", "a"),
    ):
        assert "exch config set dgt.guard.halt false" in str(refused(check).hint)


@pytest.mark.parametrize(
    ("new", "value"),
    [
        (NEW, "500.0"),
        (NEW._replace(price=None), "1030"),  # by what it takes
        (NEW._replace(price=None, spend=Decimal(1040)), "1040"),
        (NEW._replace(price=None, spend=Decimal(70)), "1030"),
        (
            NEW._replace(amount=Decimal("1" + "0" * 40), price=Decimal("1.1")),
            "11" + "0" * 39 + ".0",
        ),
    ],
)
def test_an_order_is_worth_its_price_or_what_it_takes_or_what_it_spends(
    new: NewOrder, value: str
) -> None:
    assert value_of(Valued(new, "PLN", Decimal(2000), Decimal(1030))) == Decimal(value)


def test_an_order_of_exactly_the_bound_passes_and_one_beyond_it_does_not() -> None:
    bound = OPEN._replace(max_order_value={"PLN": Decimal(500)})
    orders(bound)
    error = refused(lambda: orders(bound, NEW._replace(amount=Decimal("0.50000001"))))
    assert "500.00001000 PLN" in error.message
    assert "dgt.guard.max_order_value.PLN = 500" in error.message
    elsewhere = OPEN._replace(max_order_value={"USDT": Decimal(1)})
    orders(elsewhere)


def test_what_cannot_be_valued_does_not_pass_a_bound() -> None:
    bound = OPEN._replace(max_order_value={"PLN": Decimal(500)})
    refused(lambda: orders(bound, NEW._replace(price=None), market=None))
    refused(lambda: orders(OPEN._replace(max_deviation_percent=Decimal(5)), market=None))


def test_an_order_at_the_markets_price_may_not_reach_too_far_down_the_book() -> None:
    bound = OPEN._replace(max_deviation_percent=Decimal(5))
    market = Valued(NEW._replace(price=None), "PLN", Decimal(1000), Decimal(500), Decimal(1050))
    check_orders(bound, "dgt", [market], 0)
    far = market._replace(worst=Decimal("1050.01"))
    assert "1050.01 is 5.0 % from" in refused(lambda: check_orders(bound, "dgt", [far], 0)).message
    unknown = market._replace(worst=None)
    assert "does not show" in refused(lambda: check_orders(bound, "dgt", [unknown], 0)).message


@pytest.mark.parametrize("price", ["950", "1050", "1000"])
def test_a_price_within_the_distance_passes(price: str) -> None:
    bound = OPEN._replace(max_deviation_percent=Decimal(5))
    orders(bound, NEW._replace(price=Decimal(price)))


@pytest.mark.parametrize(
    "change", [{"price": Decimal("949.99")}, {"price": Decimal(1051)}, {"stop": Decimal(100)}]
)
def test_a_price_or_a_stop_too_far_from_the_market_does_not(change: dict[str, Any]) -> None:
    bound = OPEN._replace(max_deviation_percent=Decimal(5))
    assert (
        "max_deviation_percent = 5"
        in refused(lambda: orders(bound, NEW._replace(**change))).message
    )


def test_a_minute_has_so_many_orders_those_of_a_batch_included() -> None:
    bound = OPEN._replace(max_orders_per_minute=3)
    orders(bound, NEW, NEW, sent=1)
    error = refused(lambda: orders(bound, NEW, NEW, sent=2))
    assert error.hint == "Wait a minute, or set another bound."
    error = refused(lambda: orders(bound, NEW, NEW, NEW, NEW))
    assert error.hint == "Place fewer at once, or set another bound."


def test_withdrawals_go_only_where_they_may() -> None:
    refused(lambda: check_withdrawal(OPEN._replace(withdrawals=False), "dgt", "a"))
    listed = OPEN._replace(withdraw_addresses=("a", "b"))
    check_withdrawal(listed, "dgt", "a")
    assert "c is not among" in refused(lambda: check_withdrawal(listed, "dgt", "c")).message
    refused(lambda: check_withdrawal(listed, "dgt", None))


# --- DigiFinex's indicators --------------------------------------------------------------------


def order(
    number: int, status: OrderStatus = "open", *, age: float = 60, lived: float = 100
) -> Order:
    created = NOW - timedelta(seconds=age)
    filled = Decimal(1) if status == "filled" else Decimal(0)
    return Order(
        str(number), "BTC_USDT", "spot", "buy", "limit", Decimal(1), None, Decimal(1), filled,
        None, None, status, "0", None, created, created + timedelta(seconds=lived),
    )  # fmt: skip


BID = NewOrder("BTC_USDT", "buy", Decimal(1), Decimal(1))


def placing(recent: list[Order], count: int = 1) -> list[str]:
    warned: list[str] = []
    check_placing(recent, [[BID] * count], NOW, warned.append)
    return warned


def test_few_orders_are_nobodys_business() -> None:
    assert placing([]) == []
    assert placing([order(n) for n in range(30)], 5) == []


def test_near_a_ban_a_warning_is_given_and_what_would_trip_is_refused() -> None:
    unfilled = [order(n) for n in range(45)]
    assert any("FW" in line for line in placing(unfilled))  # 46 of 49
    assert placing(unfilled, 4)
    assert "FW" in refused(lambda: placing(unfilled, 5) and None).message


def test_filled_orders_keep_the_account_from_a_ban() -> None:
    good = [order(n) for n in range(80)] + [order(100 + n, "filled") for n in range(20)]
    assert placing(good, 10) == []


def test_the_tenth_batch_may_be_the_one_that_trips() -> None:
    one_filled = [order(n) for n in range(98)] + [order(200, "filled")]
    assert placing(one_filled) != []  # 1 of 100 is not below 1 %, but near it
    refused(lambda: placing(one_filled, 2) and None)


def test_calls_are_counted_one_after_the_other() -> None:
    def together(*calls: int, fills: int = 0) -> None:
        """Of each call so many orders are filled."""
        news = [[BID._replace(price=Decimal(n)) for n in range(count)] for count in calls]
        check_placing([], news, NOW, fills=lambda new: new.price < fills)

    together(10, 10, 10, 10, 9)
    assert "over 50 orders" in refused(lambda: together(*[10] * 6)).message
    together(*[10] * 12, fills=1)
    # What is filled in the end does not undo what came before it.
    filled_last = [[BID] * 10] * 5 + [[BID._replace(price=Decimal(2))] * 10]
    refused(lambda: check_placing([], filled_last, NOW, fills=lambda new: new.price == 2))


def test_orders_of_other_pairs_and_older_ones_do_not_count() -> None:
    others = [order(n)._replace(symbol="ETH_USDT") for n in range(200)]
    old = [order(n, age=700) for n in range(200)]
    assert placing(others + old, 10) == []


def canceling(recent: list[Order], *ids: str) -> list[str]:
    warned: list[str] = []
    check_cancel(recent, ids, NOW, warned.append)
    return warned


def test_a_cancel_right_after_its_order_is_refused_where_it_would_trip() -> None:
    quick = [order(n, "canceled", lived=1) for n in range(99)]
    young, old = order(500, age=2), order(501, age=6)
    error = refused(lambda: canceling([*quick, young], "500") and None)
    assert "CR" in error.message
    assert "6 seconds old" in str(error.hint)
    assert canceling([*quick, old], "501") == []
    assert canceling([*quick, order(502, "filled", age=2)], "502") == []


def test_a_cancel_is_warned_of_before_that() -> None:
    quick = [order(n, "canceled", lived=1) for n in range(85)]
    assert canceling([*quick, order(500, age=2)], "500") != []
    assert canceling([order(500, age=2)], "500") == []
