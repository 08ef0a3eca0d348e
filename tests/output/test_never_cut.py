"""No digit of a number is ever lost, whatever the numbers and however narrow the terminal."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from exchcli.money import plain
from exchcli.output import printable, show
from exchcli.records import Book, Level, Ticker, Trade

NUMBERS = st.builds(
    lambda digits, exponent, sign: Decimal((sign, digits, exponent)),
    st.lists(st.integers(0, 9), min_size=1, max_size=40).map(tuple),
    st.integers(-60, 60),
    st.integers(0, 1),
)
WIDTHS = st.integers(20, 140)
TIME = datetime(2020, 5, 19, tzinfo=UTC)


def _words(data, record, width, fields=None) -> list[str]:
    stdout = io.StringIO()
    show(data, record, format="table", fields=fields, stdout=stdout, width=width)
    return [word.strip("(),") for word in stdout.getvalue().split()]


@given(st.lists(NUMBERS, min_size=6, max_size=6), WIDTHS)
def test_one_record_shows_every_number_whole(numbers, width):
    words = _words(Ticker("BTC_USDT", *numbers), Ticker, width)
    assert all(plain(number) in words for number in numbers)


@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=6), WIDTHS)
def test_a_list_shows_every_number_whole(pairs, width):
    trades = [Trade(str(i), "BTCPLN", "buy", *pair, TIME) for i, pair in enumerate(pairs)]
    words = _words(trades, Trade, width)
    assert all(plain(number) in words for pair in pairs for number in pair)


@given(st.lists(st.lists(NUMBERS, min_size=6, max_size=6), min_size=1, max_size=5), WIDTHS)
def test_a_column_is_whole_or_it_is_left_out_and_named(rows, width):
    tickers = [Ticker(f"S{i}", *row) for i, row in enumerate(rows)]
    words = _words(tickers, Ticker, width)
    for name in ("last", "bid", "ask", "high", "low", "volume"):
        numbers = [plain(getattr(ticker, name)) for ticker in tickers]
        assert all(n in words for n in numbers) or name in [word.rstrip(":") for word in words]


@given(st.lists(NUMBERS, min_size=4, max_size=4), WIDTHS)
def test_fields_that_were_asked_for_are_never_left_out(numbers, width):
    ticker = Ticker("BTC_USDT", *numbers, *numbers[:2])
    words = _words([ticker] * 4, Ticker, width, ("last", "bid", "ask", "high"))
    assert all(words.count(plain(number)) >= 4 for number in numbers)


@given(st.lists(st.text(min_size=1, max_size=40), min_size=1, max_size=4), WIDTHS)
def test_text_that_was_asked_for_is_shown_whole_and_as_it_is(symbols, width):
    trades = [Trade("1", symbol, "buy", Decimal(7), Decimal(8), TIME) for symbol in symbols]
    stdout = io.StringIO()
    fields = ("side", "symbol")
    show(trades, Trade, format="table", fields=fields, stdout=stdout, width=width)
    assert all(printable(symbol).rstrip() in stdout.getvalue() for symbol in symbols)


@given(st.lists(st.tuples(NUMBERS, NUMBERS), max_size=5), st.tuples(NUMBERS, NUMBERS), WIDTHS)
def test_an_order_book_shows_every_number_whole(bids, ask, width):
    book = Book("A_B", tuple(Level(*bid) for bid in bids), (Level(*ask),))
    words = _words(book, Book, width)
    assert all(plain(number) in words for pair in [*bids, ask] for number in pair)
