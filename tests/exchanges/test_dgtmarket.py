"""Dgtmarket's public endpoints, against the replies of its own document."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from driving import drive

from exchcli.core.reply import Reply
from exchcli.errors import CredentialsError, NotOffered, Rejected, Unreadable, UsageError
from exchcli.exchanges.dgtmarket import Dgtmarket
from exchcli.records import Book, Level, Symbol, Ticker, Trade

TICKER = """{
    "ask": "2652.50000000", "bid": "2640.00000000", "high": "2642.59000000",
    "last": "2642.59000000", "low": "2576.44000000", "volume": "8.50726555"
}"""
OFFERS = """{
    "asks": [
        {"amount": "0.28889603", "any_price": false, "quotation": "2640.00000000"},
        {"amount": "0.23111682", "any_price": false, "quotation": "2648.00000000"}
    ],
    "bids": [
        {"amount": "0.41148783", "any_price": false, "quotation": "2590.00000000"},
        {"amount": "0.00787401", "any_price": false, "quotation": "2540.00000000"}
    ]
}"""
TRANSACTIONS = """[
    {"amount": "0.03311129", "date": "1469385205", "price": "2642.59000000", "tid": 7557},
    {"amount": "0.07680608", "date": "1469384081", "price": "2630.00000000", "tid": 7556},
    {"amount": "0.04765030", "date": "1469383603", "price": "2586.93000000", "tid": 7555}
]"""


@pytest.fixture
def dgt() -> Dgtmarket:
    return Dgtmarket()


def test_the_documented_ticker_is_read_with_every_digit(dgt: Dgtmarket) -> None:
    ticker, asked = drive(dgt.ticker("BTCPLN"), TICKER)
    assert asked == ["GET /public/ticker24/BTCPLN/"]
    assert ticker == Ticker(
        symbol="BTCPLN",
        last=Decimal("2642.59000000"),
        bid=Decimal("2640.00000000"),
        ask=Decimal("2652.50000000"),
        high=Decimal("2642.59000000"),
        low=Decimal("2576.44000000"),
        volume=Decimal("8.50726555"),
    )
    assert str(ticker.last) == "2642.59000000"


def test_without_a_symbol_all_three_pairs_are_asked_for_side_by_side(dgt: Dgtmarket) -> None:
    tickers, asked = drive(dgt.tickers([]), TICKER, TICKER, TICKER)
    assert [ticker.symbol for ticker in tickers] == ["BTCPLN", "LTCPLN", "LTCBTC"]
    assert asked == [
        "GET /public/ticker24/BTCPLN/",
        "GET /public/ticker24/LTCPLN/",
        "GET /public/ticker24/LTCBTC/",
    ]


def test_the_documented_order_book_is_read_best_first(dgt: Dgtmarket) -> None:
    book, asked = drive(dgt.book("BTCPLN"), OFFERS)
    assert asked == ["GET /public/offers/BTCPLN/"]
    assert book == Book(
        symbol="BTCPLN",
        bids=(
            Level(Decimal("2590.00000000"), Decimal("0.41148783")),
            Level(Decimal("2540.00000000"), Decimal("0.00787401")),
        ),
        asks=(
            Level(Decimal("2640.00000000"), Decimal("0.28889603")),
            Level(Decimal("2648.00000000"), Decimal("0.23111682")),
        ),
    )


def test_a_limit_cuts_the_book_to_its_best_levels(dgt: Dgtmarket) -> None:
    book, _ = drive(dgt.book("BTCPLN", 1), OFFERS)
    assert [level.price for level in book.asks] == [Decimal("2640.00000000")]
    assert [level.price for level in book.bids] == [Decimal("2590.00000000")]


def test_a_book_is_best_first_however_the_reply_is_ordered(dgt: Dgtmarket) -> None:
    turned = {side: list(reversed(rows)) for side, rows in json.loads(OFFERS).items()}
    book, _ = drive(dgt.book("BTCPLN"), turned)
    assert [level.price for level in book.bids] == [Decimal(2590), Decimal(2540)]
    assert [level.price for level in book.asks] == [Decimal(2640), Decimal(2648)]


def test_an_offer_at_any_price_is_no_level_of_the_book(dgt: Dgtmarket) -> None:
    market_order = {"amount": "1.0", "any_price": True, "quotation": "0.00000000"}
    priced = {"amount": "2.0", "any_price": False, "quotation": "5.0"}
    book, _ = drive(dgt.book("BTCPLN"), {"asks": [market_order, priced], "bids": []})
    assert [level.price for level in book.asks] == [Decimal("5.0")]


def test_the_documented_transactions_are_read_newest_first(dgt: Dgtmarket) -> None:
    trades, asked = drive(dgt.trades("BTCPLN"), TRANSACTIONS)
    assert asked == ["GET /public/transactions/BTCPLN/"]
    assert [trade.id for trade in trades] == ["7557", "7556", "7555"]
    assert trades[0] == Trade(
        id="7557",
        symbol="BTCPLN",
        side=None,
        price=Decimal("2642.59000000"),
        amount=Decimal("0.03311129"),
        time=datetime(2016, 7, 24, 18, 33, 25, tzinfo=UTC),
    )


def test_the_documented_time_is_read_in_utc(dgt: Dgtmarket) -> None:
    moment, asked = drive(dgt.server_time(), '{"epoch": 1469386936}')
    assert asked == ["GET /public/time/"]
    assert moment == datetime(2016, 7, 24, 19, 2, 16, tzinfo=UTC)


def test_the_pairs_are_the_documents_and_cost_no_request(dgt: Dgtmarket) -> None:
    symbols, asked = drive(dgt.symbols())
    assert asked == []
    assert symbols == [
        Symbol("BTCPLN", "BTC", "PLN"),
        Symbol("LTCPLN", "LTC", "PLN"),
        Symbol("LTCBTC", "LTC", "BTC"),
    ]


@pytest.mark.parametrize("limit", [0, 31])
def test_a_limit_that_the_exchange_would_not_honour_is_refused(dgt: Dgtmarket, limit: int) -> None:
    with pytest.raises(UsageError, match="1 to 30 levels"):
        drive(dgt.book("BTCPLN", limit))


def test_what_only_digifinex_has_is_not_offered(dgt: Dgtmarket) -> None:
    for ask in (dgt.ping, dgt.currencies, dgt.margin_currencies):
        with pytest.raises(NotOffered, match="Dgtmarket does not offer"):
            ask()
    with pytest.raises(NotOffered, match="candles"):
        dgt.candles("BTCPLN", "1h", datetime.now(UTC))


@pytest.mark.parametrize(
    ("reply", "complaint"),
    [
        ("[]", "the reply is not an object"),
        ('{"ask": "1"}', "last is missing"),
        (TICKER.replace('"2642.59000000"', "null", 2), "last is missing"),
        (TICKER.replace('"8.50726555"', '"NaN"'), "volume is not a number: 'NaN'"),
        (TICKER.replace('"8.50726555"', "true"), "volume is not a number: True"),
        (TICKER.replace('"8.50726555"', '"1_000"'), "volume is not a number"),
        (TICKER.replace('"8.50726555"', "{}"), "volume is not a number"),
    ],
)
def test_a_ticker_that_is_not_as_documented_names_the_field(
    dgt: Dgtmarket, reply: str, complaint: str
) -> None:
    with pytest.raises(Unreadable) as caught:
        drive(dgt.ticker("BTCPLN"), reply)
    assert complaint in caught.value.message


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, Rejected), (401, CredentialsError), (403, CredentialsError), (404, Rejected)],
)
def test_a_failing_status_is_told_with_the_exchanges_own_words(
    dgt: Dgtmarket, status: int, error: type[Exception]
) -> None:
    with pytest.raises(error, match=f"HTTP {status}.*Not found"):
        dgt.check("GET", status, Reply({"detail": "Not found."}))


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"amount": ["Too small."], "pair": ["Not one."]}, ": amount: Too small.; pair: Not one."),
        ({"non_field_errors": ["Not enough funds."]}, ": Not enough funds."),
        (["Nothing\nwill do."], ": Nothing will do."),
        ({"offer": {"amount": "Too small."}}, ": offer.amount: Too small."),
        ({"amount": [], "code": 7, "detail": " "}, ""),
        ([], ""),
        ({"amount": ["x" * 1000]}, f": amount: {'x' * 289}..."),
    ],
    ids=["fields", "whole", "list", "nested", "nothing", "empty", "long"],
)
def test_a_refusal_tells_what_is_wrong_with_which_field(
    dgt: Dgtmarket, body: object, told: str
) -> None:
    with pytest.raises(Rejected) as caught:
        dgt.check("GET", 400, Reply(body))
    assert caught.value.message == f"Dgtmarket refused the request (HTTP 400){told}"
    hint = "Go by what it says" if told else "Check the arguments"
    assert caught.value.hint == f"{hint}; -v shows what is sent."


@pytest.mark.parametrize(
    ("said", "what", "hint"),
    [
        ("The request has expired.", "request", "The request came too late: run it again; "),
        ("The key has expired.", "key", "It was revoked "),
        ("Invalid key.", "key", "It was revoked "),
    ],
)
def test_a_request_that_came_too_late_is_not_told_as_a_wrong_key(
    dgt: Dgtmarket, said: str, what: str, hint: str
) -> None:
    with pytest.raises(CredentialsError) as caught:
        dgt.check("GET", 401, Reply({"detail": said}))
    assert caught.value.message == f"Dgtmarket refused the {what} (HTTP 401): {said}"
    assert (caught.value.hint or "").startswith(hint)
    assert caught.value.code == "401"
