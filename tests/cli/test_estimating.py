"""What an order costs is worked out from the book, level by level."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchcli.cli.checking import Rules
from exchcli.cli.estimating import Taking, amount_for, distance, fee_percent, taking
from exchcli.cli.telling import summary
from exchcli.errors import UsageError
from exchcli.records import Book, Fill, Level, NewOrder, Symbol

D = Decimal
RULES = Rules(Symbol("BTCPLN", "BTC", "PLN"), 8)
ASKS = (Level(D(100), D(1)), Level(D(110), D(2)))
BOOK = Book("BTCPLN", (Level(D(99), D(1)), Level(D(90), D(1))), ASKS)
LAST_FEE = D("0.3")
FILL = Fill("1", None, "BTCPLN", "spot", "buy", D(100), D(2))


def test_an_amount_takes_the_levels_in_turn() -> None:
    assert taking(ASKS, D("0.5")) == Taking(D("0.5"), D(50), D(100))
    assert taking(ASKS, D(2)) == Taking(D(2), D(210), D(110))
    assert taking(ASKS, D("3.1")) is None


def test_money_buys_what_it_is_enough_for() -> None:
    assert amount_for(ASKS, D(155), RULES) == Taking(D("1.5"), D(155), D(110))
    assert amount_for(ASKS, D(1), RULES).amount == D("0.01")


def test_more_money_than_the_book_has_orders_for_is_refused() -> None:
    with pytest.raises(UsageError, match="no more than 320 PLN worth of BTC"):
        amount_for(ASKS, D("320.01"), RULES)
    assert amount_for(ASKS, D(320), RULES).amount == D(3)
    with pytest.raises(UsageError, match="buy no BTC at this price"):
        amount_for(ASKS, D("0.0000001"), RULES)


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
            amount_for(asks, spend, RULES)
        return
    found = amount_for(asks, spend, RULES)
    assert found.cost <= spend
    more = taking(asks, found.amount + D("0.00000001"))
    assert more is None or more.cost > spend


def test_a_distance_is_in_percent_of_the_market() -> None:
    assert (distance(D(95), D(100)), distance(D("100.5"), D(100))) == (D(-5), D("0.50"))


@pytest.mark.parametrize(
    ("fill", "percent"),
    [
        (FILL._replace(fee_percent=D("0.30000000")), D("0.3")),
        (FILL._replace(fee=D("0.4"), fee_currency="PLN"), D("0.2")),
        (FILL._replace(fee=D("0.004"), fee_currency="BTC"), D("0.2")),
        (FILL, None),
    ],
    ids=["percent", "in quote", "in base", "not told"],
)
def test_a_fee_is_what_the_last_trade_paid(fill: Fill, percent: Decimal | None) -> None:
    assert fee_percent([fill], "BTC") == percent


def told(new: NewOrder, fee: Decimal | None = LAST_FEE) -> list[str]:
    return list(summary("Dgtmarket", new, RULES, BOOK, fee))


def test_a_summary_says_what_it_costs_and_how_far_from_the_market_it_is() -> None:
    assert told(NewOrder("BTCPLN", "buy", D("0.5"), D(95))) == [
        "On Dgtmarket: buy 0.5 BTC at 95 PLN",
        "  costs 47.5 PLN",
        "  fee about 0.1425 PLN (0.3 %, as last time)",
        "  the best ask is 100 PLN: 5 % below it, so it waits in the book",
    ]
    assert told(NewOrder("BTCPLN", "sell", D("0.5"), D(99)), None)[1:] == [
        "  brings 49.5 PLN",
        "  fee not known: no trade of the last 3 days tells it",
        "  the best bid is 99 PLN: at it, so it trades at once",
    ]


def test_a_summary_of_an_order_at_the_market_says_how_far_it_goes() -> None:
    assert told(NewOrder("BTCPLN", "buy", D(2), None)) == [
        "On Dgtmarket: buy 2 BTC at the market's price",
        "  costs about 210 PLN",
        "  down the book to 110 PLN",
        "  fee about 0.63 PLN (0.3 %, as last time)",
        "  the best ask is 100 PLN",
    ]


def test_a_summary_names_margin_stop_and_what_post_only_would_not_do() -> None:
    new = NewOrder("BTCPLN", "buy", D(1), D(101), post_only=True, market="margin", stop=D(98))
    lines = told(new)
    assert lines[0] == (
        "On Dgtmarket's margin account: buy 1 BTC at 101 PLN, once the price reaches 98, post-only"
    )
    assert lines[-1].endswith("1 % above it, so it would take, and is canceled")


def test_an_empty_book_is_told() -> None:
    lines = summary(
        "Dgtmarket", NewOrder("BTCPLN", "buy", D(1), D(5)), RULES, Book("BTCPLN", (), ()), None
    )
    assert list(lines)[-1] == "  the book shows no ask: nobody is there to trade with"
