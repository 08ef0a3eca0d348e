"""An order in a list is recognised as the one that was sent, and no other is."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchcli.exchanges.sameness import same_order
from exchcli.records import NewOrder, Order, Sighting

D = Decimal
NEW = NewOrder("BTC_USDT", "buy", D("0.3"), D("9000.5"))
TOLD = Order(
    id="a",
    symbol="BTC_USDT",
    market="spot",
    side="buy",
    type="limit",
    price=D("9000.50"),
    stop_price=None,
    amount=D("0.30000000"),
    filled=D("0.1"),
    average_price=None,
    cost=None,
    status="partially_filled",
    exchange_status="1",
)
MARKET = TOLD._replace(type="market", price=None)


def test_zeros_at_the_end_and_what_was_filled_make_no_difference() -> None:
    assert same_order(NEW, Sighting(TOLD))


def test_the_noise_of_binary_fractions_makes_no_difference() -> None:
    assert same_order(NEW, Sighting(TOLD._replace(amount=D("0.30000000000000004"))))


@pytest.mark.parametrize(
    "other",
    [
        {"symbol": "ETH_USDT"},
        {"market": "margin"},
        {"side": "sell"},
        {"type": "market", "price": None},
        {"price": D("9000.51")},
        {"price": None},
        {"amount": D("0.30000001")},
        {"amount": None},
        {"stop_price": D(1)},
        {"post_only": True},
    ],
    ids=str,
)
def test_whatever_differs_makes_it_another_order(other: dict[str, object]) -> None:
    assert not same_order(NEW, Sighting(TOLD._replace(**other)))  # type: ignore[arg-type]


def test_a_stop_and_post_only_are_compared_where_they_are_told() -> None:
    stop = NEW._replace(stop=D("8999"))
    assert same_order(stop, Sighting(TOLD._replace(stop_price=D("8999.0"))))
    assert not same_order(stop, Sighting(TOLD))
    maker = NEW._replace(post_only=True)
    assert same_order(maker, Sighting(TOLD))
    assert same_order(maker, Sighting(TOLD._replace(post_only=True)))
    assert not same_order(maker, Sighting(TOLD._replace(post_only=False)))


def test_at_the_market_money_is_compared_with_money_and_amounts_with_amounts() -> None:
    spent = NewOrder("BTC_USDT", "buy", None, None, spend=D(100))
    told = MARKET._replace(amount=None)
    assert same_order(spent, Sighting(told, (D(100), D("99.9"))))
    assert not same_order(spent, Sighting(told, (D("99.9"),)))
    assert not same_order(spent, Sighting(told))
    worked_out = NewOrder("BTC_USDT", "buy", D("0.3"), None, spend=D(100), near=D(9000))
    assert same_order(worked_out, Sighting(MARKET))
    assert not same_order(worked_out, Sighting(MARKET._replace(amount=D("0.2"))))


numbers = st.decimals("0.00000001", "1000000", places=8)


@given(numbers, numbers)
def test_two_amounts_that_can_be_typed_are_the_same_only_if_they_are(
    a: Decimal, b: Decimal
) -> None:
    assert same_order(NEW._replace(amount=a), Sighting(TOLD._replace(amount=b))) == (a == b)
