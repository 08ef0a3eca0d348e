"""What is meant, as text: two runs agree on it, and nothing is lost in it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchcli.errors import UsageError
from exchcli.execution.intent import (
    Cancelling,
    Closing,
    Intent,
    Item,
    Move,
    Withdrawal,
    batch,
    checked_key,
    handle,
    likeness,
    order,
    read,
    written,
)
from exchcli.records import NewOrder

money = st.decimals(min_value=0, allow_nan=False, allow_infinity=False, places=10)
orders = st.builds(
    NewOrder,
    symbol=st.sampled_from(["BTC_USDT", "BTCPLN"]),
    side=st.sampled_from(["buy", "sell"]),
    amount=st.none() | money,
    price=st.none() | money,
    spend=st.none() | money,
    stop=st.none() | money,
    post_only=st.booleans(),
    market=st.sampled_from(["spot", "margin"]),
    near=st.none() | money,
)
items = orders | st.builds(
    Withdrawal, st.text(), money, st.none() | st.text(), st.none(), st.none(), st.booleans()
) | st.builds(Move, st.text(), money, st.text(), st.text()) | st.builds(
    Closing, st.text()
) | st.builds(Cancelling, st.text(), st.text())  # fmt: skip
NEW = NewOrder("BTCPLN", "buy", Decimal("1.50"), Decimal(100))


@given(items)
def test_an_item_is_read_as_it_was_written(item: Item) -> None:
    assert read(written(item)) == item


@given(orders, orders)
def test_orders_of_the_same_parameters_look_the_same(one: NewOrder, other: NewOrder) -> None:
    if one._replace(near=None) == other._replace(near=None):
        assert order(one).digest == order(other).digest
    if order(one).digest == order(other).digest and one.spend is None:
        assert likeness(one) == likeness(other)


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '["Other",{}]', '["Closing",{"x":1}]', '["Move",{"amount":"x"}]']
)
def test_what_is_no_item_is_not_read(text: str) -> None:
    with pytest.raises(ValueError, match="not an item"):
        read(text)


def test_zeros_behind_the_point_mean_nothing() -> None:
    assert order(NEW).digest == order(NEW._replace(amount=Decimal("1.5"))).digest
    assert order(NEW).digest != order(NEW._replace(amount=Decimal("15"))).digest
    assert likeness(NEW._replace(amount=Decimal(10))) != likeness(NEW._replace(amount=Decimal(1)))
    long = Decimal("0." + "1" * 40)
    assert order(NEW._replace(amount=long)).digest != order(NEW._replace(amount=long / 2)).digest


def test_money_to_spend_means_the_same_whatever_it_buys_at_the_moment() -> None:
    spend = NEW._replace(price=None, spend=Decimal(100), near=Decimal(70))
    later = spend._replace(amount=Decimal("1.4"), near=Decimal(71))
    assert order(spend).digest == order(later).digest
    assert likeness(spend) != likeness(later)  # the exchange lists the amount


def test_what_lists_do_not_tell_is_no_difference_in_looks() -> None:
    assert likeness(NEW) == likeness(NEW._replace(post_only=True, stop=Decimal(5)))
    assert order(NEW).digest != order(NEW._replace(post_only=True)).digest
    assert likeness(NEW) != likeness(NEW._replace(side="sell"))
    assert likeness(NEW) != likeness(NEW._replace(market="margin"))


def test_a_batch_of_one_is_not_the_order() -> None:
    assert batch([NEW]).digest != order(NEW).digest
    assert batch([NEW, NEW]).digest != batch([NEW]).digest


def test_only_orders_may_be_sent_again() -> None:
    assert order(NEW).are_orders
    assert not Intent("withdraw", (Withdrawal("BTC", Decimal(1)),)).are_orders


@pytest.mark.parametrize("key", ["weekly", "a b", "2026-W47#3", "ключ", "x" * 200])
def test_a_key_may_be_what_one_likes(key: str) -> None:
    assert checked_key(key) == key


@pytest.mark.parametrize("key", ["", " ", "a ", "x" * 201, "a\nb", "@abc", "a\x1b[0m"])
def test_a_key_that_could_not_be_typed_again_is_refused(key: str) -> None:
    with pytest.raises(UsageError):
        checked_key(key)


def test_what_has_no_key_gets_a_name_that_no_key_can_be() -> None:
    names = {handle() for _ in range(100)}
    assert len(names) == 100
    for name in names:
        assert len(name) == 8
        with pytest.raises(UsageError):
            checked_key(name)
