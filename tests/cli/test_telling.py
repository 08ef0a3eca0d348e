"""What a terminal is told before an order: what it comes to, its fee, and how it stands."""

from __future__ import annotations

from decimal import Decimal

import pytest

from exchcli.cli.checking import Rules
from exchcli.cli.estimating import Fee
from exchcli.cli.telling import batch_summary, summary
from exchcli.records import Book, Level, NewOrder, Symbol

D = Decimal
RULES = Rules(Symbol("BTCPLN", "BTC", "PLN"), 8)
BOOK = Book(
    "BTCPLN",
    (Level(D(98), D(1)), Level(D(90), D(1))),
    (Level(D(100), D(1)), Level(D(110), D(2))),
)
TOOK = Fee(D("0.3"), "PLN", False)
BUY = NewOrder("BTCPLN", "buy", D("0.5"), D(95))
MARKET = NewOrder("BTCPLN", "buy", D(2), None)


def told(new: NewOrder, fee: Fee | None = TOOK, book: Book = BOOK) -> list[str]:
    return list(summary("Dgtmarket", new, RULES, book, fee))


def test_it_says_what_it_costs_and_how_far_from_the_market_it_is() -> None:
    assert told(BUY, TOOK._replace(maker=True)) == [
        "On Dgtmarket: buy 0.5 BTC at 95 PLN",
        "  costs 47.5 PLN",
        "  fee about 0.1425 PLN (0.3 % as maker, as last time)",
        "  the best ask is 100 PLN: 5 % below it, so it waits in the book",
    ]
    assert told(NewOrder("BTCPLN", "sell", D("0.5"), D(98)), None)[1:] == [
        "  brings 49 PLN",
        "  fee not known: no late trade of yours in this pair tells it",
        "  the best bid is 98 PLN: at it, so it trades at once",
    ]


def test_at_the_market_it_says_how_far_it_goes() -> None:
    assert told(MARKET) == [
        "On Dgtmarket: buy 2 BTC at the market's price",
        "  costs about 210 PLN",
        "  down the book to 110 PLN",
        "  fee about 0.63 PLN (0.3 % as taker, as last time)",
        "  the best ask is 100 PLN",
    ]
    assert told(MARKET._replace(amount=D(9)))[1] == (
        "  the order book does not show as much as it takes: what it comes to is not known"
    )


def test_money_to_spend_is_told_with_what_it_buys_and_how_deep_it_goes() -> None:
    assert told(MARKET._replace(amount=None, spend=D(155)), TOOK._replace(currency="BTC")) == [
        "On Dgtmarket: buy BTC for 155 PLN at the market's price",
        "  buys about 1.5 BTC",
        "  down the book to 110 PLN",
        "  fee about 0.0045 BTC (0.3 % as taker, as last time)",
        "  the best ask is 100 PLN",
    ]


def test_a_stop_waits_for_its_price_and_is_reckoned_at_it() -> None:
    assert told(MARKET._replace(stop=D(125))) == [
        "On Dgtmarket: buy 2 BTC at the market's price, once the price reaches 125",
        "  costs about 250 PLN at the stop price",
        "  fee about 0.75 PLN (0.3 % as taker, as last time)",
        "  the best ask is 100 PLN: it waits until the price reaches 125, 25 % above it",
    ]
    limit = BUY._replace(price=D(130), stop=D(125))
    assert told(limit)[2:] == [
        "  fee not known yet: last time 0.3 % as taker",
        "  the best ask is 100 PLN: it waits until the price reaches 125, 25 % above it",
    ]
    reached = NewOrder("BTCPLN", "sell", D(1), D(97), stop=D(98))
    assert told(reached)[-1] == (
        "  the best bid is 98 PLN: the price is at 98 or beyond it, so it may be active at once"
    )


def test_margin_and_what_post_only_would_not_do_are_told() -> None:
    lines = told(BUY._replace(price=D(101), post_only=True, market="margin"))
    assert lines[0] == "On Dgtmarket's margin account: buy 0.5 BTC at 101 PLN, post-only"
    assert lines[-1].endswith("1 % above it, so it would take, and is canceled")


@pytest.mark.parametrize(
    ("price", "ending"),
    [
        ("99", "1 % below it, so it waits in the book as the best bid"),
        ("99.999", "less than 0.01 % below it, so it waits in the book as the best bid"),
        ("98", "2 % below it, so it waits in the book"),
        ("100", "at it, so it trades at once"),
        ("100.001", "less than 0.01 % above it, so it trades at once"),
    ],
)
def test_only_a_price_at_the_best_one_is_told_as_at_it(price: str, ending: str) -> None:
    assert told(BUY._replace(price=D(price)))[-1] == f"  the best ask is 100 PLN: {ending}"


def test_what_trades_only_in_part_is_told_so() -> None:
    assert told(BUY._replace(price=D(105), amount=D(3)))[-1].endswith(
        "5 % above it, so 1 BTC of it trade at once, and the rest waits in the book"
    )
    # What lies behind the levels that are shown is not known.
    assert told(BUY._replace(price=D(110), amount=D(9)))[-1].endswith("so it trades at once")


@pytest.mark.parametrize(
    ("fee", "line"),
    [
        (Fee(D("0.2"), None, None), "about 0.2 % (as last time; whether maker's or taker's is not"),
        (TOOK, "not known: last time 0.3 % as taker, and this one is maker"),
        (Fee(D("0.2"), None, True), "about 0.2 % as maker, as last time"),
        (Fee(D("0.2"), "DFT", True), "about 0.2 % as maker, as last time"),
        (Fee(D("0.2"), "BTC", True), "about 0.001 BTC (0.2 % as maker, as last time)"),
    ],
    ids=["no kind", "other kind", "no currency", "a third currency", "in base"],
)
def test_no_more_is_said_of_a_fee_than_is_known(fee: Fee, line: str) -> None:
    assert told(BUY, fee)[2].startswith(f"  fee {line}")


def test_an_empty_book_is_told() -> None:
    lines = told(BUY, None, Book("BTCPLN", (), ()))
    assert lines[-1] == "  the book shows no ask: nobody is there to trade with"


def test_a_batch_is_told_by_its_sides_with_the_farthest_of_each() -> None:
    sell = NewOrder("BTCPLN", "sell", D(1), D(98), market="margin")
    news = [
        BUY._replace(market="margin"),
        BUY._replace(market="margin", price=D(150)),
        sell,
        sell._replace(price=D(99)),
    ]
    assert list(batch_summary("DigiFinex", news, RULES, BOOK)) == [
        "On DigiFinex's margin account:",
        "2 to buy: 1 BTC for 122.5 PLN",
        "  the best ask is 100 PLN; the farthest is at 150, 50 % above it; "
        "1 of them would trade at once",
        "2 to sell: 2 BTC for 197 PLN",
        "  the best bid is 98 PLN; the farthest is at 99, 1.02 % above it; "
        "1 of them would trade at once",
    ]
    assert list(batch_summary("DigiFinex", [BUY], RULES, Book("BTCPLN", (), ())))[-1] == (
        "  the book shows no ask: nobody is there to trade with"
    )
