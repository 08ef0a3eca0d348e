"""What an order costs is worked out from the book, level by level."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchcli.cli.checking import Rules
from exchcli.cli.estimating import (
    Fee,
    Taking,
    amount_for,
    distance,
    estimate,
    last_fee,
    spending,
    taking,
)
from exchcli.errors import UsageError
from exchcli.records import Book, Fill, Level, NewOrder, Side, Symbol

D = Decimal
RULES = Rules(Symbol("BTCPLN", "BTC", "PLN"), 8)
ASKS = (Level(D(100), D(1)), Level(D(110), D(2)))
BOOK = Book("BTCPLN", (Level(D(99), D(1)), Level(D(90), D(1))), ASKS)
BUY = NewOrder("BTCPLN", "buy", None, None)
FILL = Fill("1", None, "BTCPLN", "spot", "buy", D(100), D(2))


def test_an_amount_takes_the_levels_in_turn() -> None:
    assert taking(ASKS, D("0.5")) == Taking(D("0.5"), D(50), D(100))
    assert taking(ASKS, D(2)) == Taking(D(2), D(210), D(110))
    assert taking(ASKS, D("3.1")) is None


def bought(spend: str, asks: tuple[Level, ...] = ASKS, stop: str | None = None) -> Taking:
    new = BUY._replace(spend=D(spend), stop=None if stop is None else D(stop))
    return amount_for(new, Book("BTCPLN", (), asks), RULES)


def test_money_buys_what_it_is_enough_for() -> None:
    assert bought("155") == Taking(D("1.5"), D(155), D(110))
    assert bought("1").amount == D("0.01")
    assert spending(ASKS, D(155)) == Taking(D("1.5"), D(155), D(110))


def test_more_money_than_the_book_has_orders_for_is_refused() -> None:
    with pytest.raises(UsageError, match="no more than 320 PLN worth of BTC"):
        bought("320.01")
    assert spending(ASKS, D("320.01")) is None
    assert bought("320").amount == D(3)
    with pytest.raises(UsageError, match="buy no BTC at this price"):
        bought("0.0000001")


def test_what_waits_for_a_stop_is_reckoned_at_its_price() -> None:
    assert bought("250", stop="125") == Taking(D(2), D(250), D(125))
    assert bought("9999", stop="125").amount == D("79.992")  # no book of then is known
    sell = NewOrder("BTCPLN", "sell", D("0.5"), None, stop=D(80))
    assert estimate(sell, BOOK) == Taking(D("0.5"), D(40), D(80))
    # A stop that the price has reached already trades in the book of now.
    assert bought("155", stop="100") == Taking(D("1.5"), D(155), D(110))
    assert estimate(sell._replace(stop=D(99)), BOOK) == Taking(D("0.5"), D("49.5"), D(99))


levels = st.lists(
    st.tuples(st.decimals("0.01", "1000", places=2), st.decimals("0.0001", "50", places=4)),
    min_size=1,
    max_size=8,
)


@given(levels, st.decimals("0.01", "5000", places=2))
def test_what_money_buys_never_costs_more_and_a_unit_more_would(
    rows: list[tuple[Decimal, Decimal]], spend: Decimal
) -> None:
    asks = tuple(Level(price, amount) for price, amount in sorted(rows))
    if sum(level.price * level.amount for level in asks) < spend:
        with pytest.raises(UsageError):
            bought(str(spend), asks)
        return
    found = bought(str(spend), asks)
    assert found.cost <= spend
    more = taking(asks, found.amount + D("0.00000001"))
    assert more is None or more.cost > spend


def test_a_distance_is_in_percent_of_the_market() -> None:
    assert (distance(D(95), D(100)), distance(D("100.5"), D(100))) == (D(-5), D("0.50"))


@pytest.mark.parametrize(
    ("fill", "fee"),
    [
        (FILL._replace(fee_percent=D("0.30000000")), Fee(D("0.3"), None, None)),
        (FILL._replace(fee=D("0.4"), fee_currency="PLN"), Fee(D("0.2"), "PLN", None)),
        (FILL._replace(fee=D("0.004"), fee_currency="BTC"), Fee(D("0.2"), "BTC", None)),
        (FILL, None),
    ],
    ids=["percent", "in quote", "in base", "not told"],
)
def test_a_fee_is_what_the_last_trade_paid(fill: Fill, fee: Fee | None) -> None:
    assert last_fee([fill], "buy", True, "BTC") == fee


def test_the_newest_trade_that_is_most_alike_tells_the_fee() -> None:
    def paid(percent: str, side: Side, maker: bool) -> Fill:
        told = FILL._replace(fee_percent=D(percent), fee_currency="PLN")
        return told._replace(side=side, maker=maker)

    fills = [
        FILL,
        paid("0.1", "sell", maker=True),
        paid("0.2", "sell", maker=False),
        paid("0.3", "buy", maker=False),
        paid("0.4", "buy", maker=False),
    ]
    assert last_fee(fills, "buy", False, "BTC") == Fee(D("0.3"), "PLN", False)
    assert last_fee(fills, "buy", True, "BTC") == Fee(D("0.1"), None, True)
    assert last_fee(fills[:3], "buy", False, "BTC") == Fee(D("0.2"), None, False)
    assert last_fee(fills, "sell", None, "BTC") == Fee(D("0.1"), "PLN", True)
