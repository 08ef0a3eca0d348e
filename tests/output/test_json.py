"""JSON and ndjson: what scripts read."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import NamedTuple

import pytest

from exchcli.records import Book, Currency, Level, Symbol, Ticker, Trade

TICKER_LINE = (
    '{"symbol": "BTC_USDT", "last": "9750.110", "bid": "9750.10", "ask": "9750.12",'
    ' "high": "9980", "low": "9611.25", "volume": "0.00000001", "quote_volume": null,'
    ' "change_percent": "-1.5", "time": "2020-05-19T07:44:54Z"}\n'
)


def test_a_pipe_gets_one_object_on_one_line_with_every_digit(shown, ticker):
    assert shown(ticker, Ticker, "json") == TICKER_LINE


def test_a_pipe_gets_a_list_as_one_array_on_one_line(shown, ticker):
    assert shown([ticker, ticker], Ticker, "json") == (
        f"[{TICKER_LINE.rstrip()}, {TICKER_LINE.rstrip()}]\n"
    )


def test_a_terminal_gets_it_indented_by_two(shown, ticker):
    text = shown(ticker, Ticker, "json", ("symbol", "last"), terminal=True)
    assert text == '{\n  "symbol": "BTC_USDT",\n  "last": "9750.110"\n}\n'


def test_ndjson_is_one_object_a_line(shown, ticker):
    assert shown([ticker, ticker], Ticker, "ndjson") == TICKER_LINE * 2
    assert shown(ticker, Ticker, "ndjson", terminal=True) == TICKER_LINE


def test_no_records_are_an_empty_array_and_no_lines(shown):
    assert shown([], Trade, "json") == "[]\n"
    assert shown([], Trade, "ndjson") == ""


def test_fields_come_in_the_order_in_which_they_were_asked_for(shown, ticker):
    text = shown([ticker], Ticker, "json", ("time", "symbol"))
    assert text == '[{"time": "2020-05-19T07:44:54Z", "symbol": "BTC_USDT"}]\n'


def test_booleans_numbers_and_lists_are_those_of_json(shown):
    symbol = Symbol(
        "A_B", "A", "B", price_precision=2, order_types=("limit", "market"), margin=True
    )
    told = json.loads(shown(symbol, Symbol, "json"))
    assert told["price_precision"] == 2
    assert told["order_types"] == ["limit", "market"]
    assert told["margin"] is True
    assert told["api_trading"] is None


def test_a_book_has_levels_of_price_and_amount(shown, book):
    small = Book("A_B", book.bids[:1], (), None)
    assert shown(small, Book, "json") == (
        '{"symbol": "A_B", "bids": [{"price": "9750.1", "amount": "0.25"}],'
        ' "asks": [], "time": null}\n'
    )


def test_a_book_in_ndjson_is_one_level_a_line_bids_first(shown, book):
    assert shown(book, Book, "ndjson").splitlines() == [
        '{"side": "bid", "price": "9750.1", "amount": "0.25"}',
        '{"side": "bid", "price": "9750", "amount": "12"}',
        '{"side": "bid", "price": "9749.05", "amount": "3"}',
        '{"side": "ask", "price": "9750.12", "amount": "1.5"}',
        '{"side": "ask", "price": "9751", "amount": "40"}',
    ]


def _time_of(shown, ticker, time):
    return json.loads(shown(ticker._replace(time=time), Ticker, "json"))["time"]


def test_times_are_in_utc_with_a_z(shown, ticker):
    two_ahead = timezone(timedelta(hours=2))
    there = datetime(2020, 5, 19, 9, 44, 54, tzinfo=two_ahead)
    assert _time_of(shown, ticker, there) == "2020-05-19T07:44:54Z"


def test_microseconds_are_kept_where_there_are_any(shown, ticker):
    exact = ticker.time.replace(microsecond=120000)
    assert _time_of(shown, ticker, exact) == "2020-05-19T07:44:54.120000Z"


def test_a_time_without_a_zone_gets_none(shown, ticker):
    unknown = ticker.time.replace(tzinfo=None)
    assert _time_of(shown, ticker, unknown) == "2020-05-19T07:44:54"


def test_text_is_readable_where_the_stream_can_say_it(shown, ticker):
    text = shown(ticker._replace(symbol="ZŁ_€"), Ticker, "json", ("symbol",))
    assert text == '{"symbol": "ZŁ_€"}\n'


def test_text_is_escaped_where_the_stream_is_ascii(shown, ticker):
    text = shown(ticker._replace(symbol="Ł"), Ticker, "json", ("symbol",), encoding="ascii")
    assert text == '{"symbol": "\\u0141"}\n'


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize(
    "evil",
    [
        "\x1b[31m",
        "\x7f",
        "\x9b2J",
        "a\u202eb",
        "\u2066",
        "\u2028",
        "\ud800",
        "\n\r\t",
        "\U000e0041",
    ],
)
def test_what_cannot_be_printed_is_escaped_and_reads_back_the_same(shown, ticker, evil, terminal):
    text = shown(ticker._replace(symbol=evil), Ticker, "json", ("symbol",), terminal=terminal)
    assert text.replace("\n", "").isprintable()
    assert json.loads(text) == {"symbol": evil}


def test_a_record_inside_a_record_is_an_object(shown):
    class Order(NamedTuple):
        fills: tuple[Trade, ...]

    fill = Trade("1", "A_B", None, Decimal("2"), Decimal("3.0"), None)
    assert json.loads(shown(Order((fill,)), Order, "json"))["fills"][0]["amount"] == "3.0"


@pytest.mark.parametrize("several", [list, tuple])
def test_a_record_is_an_object_though_it_is_a_tuple_and_a_tuple_of_them_is_a_list(shown, several):
    level = Level(Decimal(1), Decimal(2))
    text = '{"price": "1", "amount": "2"}'
    assert shown(level, Level, "json") == f"{text}\n"
    assert shown(several([level]), Level, "json") == f"[{text}]\n"
    assert shown(level, Level) != shown(several([level]), Level)


def test_a_float_is_refused_because_it_has_lost_digits(shown):
    broken = Currency("BTC", None, True, True, 0.1, None, None, None, None)
    with pytest.raises(TypeError, match="float"):
        shown(broken, Currency, "json")
