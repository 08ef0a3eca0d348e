"""CSV: a header, a line a record, and nothing that an exchange says breaks a row."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import NamedTuple

import pytest

from exchcli.records import Book, Symbol, Ticker, Trade


def test_a_header_and_a_line_a_record(shown, trades):
    assert shown(trades[:2], Trade, "csv") == (
        "id,symbol,side,price,amount,time\n"
        "734,BTCPLN,buy,38250,0.5,2020-05-19T07:44:54Z\n"
        "735,BTCPLN,sell,38249.5,12,2020-05-19T07:44:53Z\n"
    )


def test_one_record_is_a_table_of_one_row(shown, ticker):
    text = shown(ticker, Ticker, "csv", ("volume", "symbol"))
    assert text == "volume,symbol\n0.00000001,BTC_USDT\n"


def test_no_records_still_have_a_header(shown):
    assert shown([], Trade, "csv", ("price", "id")) == "price,id\n"


def test_null_is_an_empty_cell_truth_is_a_word_and_lists_are_joined_by_spaces(shown):
    symbol = Symbol("A_B", "A", "B", order_types=("limit", "market"), margin=False)
    fields = ("status", "order_types", "api_trading", "margin")
    assert shown(symbol, Symbol, "csv", fields).splitlines()[1] == ",limit market,,false"


def test_a_book_is_one_level_a_row_with_its_side(shown, book):
    assert shown(book, Book, "csv").splitlines() == [
        "side,price,amount",
        "bid,9750.1,0.25",
        "bid,9750,12",
        "bid,9749.05,3",
        "ask,9750.12,1.5",
        "ask,9751,40",
    ]


@pytest.mark.parametrize("evil", ['say "hi"', "a,b", "a\nb", "a\rb", "a\r\nb", '",\n"'])
def test_text_with_commas_quotes_and_line_ends_reads_back_the_same(shown, ticker, evil):
    text = shown(ticker._replace(symbol=evil), Ticker, "csv", ("symbol", "last"))
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert rows == [["symbol", "last"], [evil, "9750.110"]]


def test_a_terminal_gets_no_control_characters(shown, ticker):
    text = shown(ticker._replace(symbol="\x1b[2J"), Ticker, "csv", ("symbol",), terminal=True)
    assert text == "symbol\n\\x1b[2J\n"


def test_records_inside_a_record_are_json_in_their_cell(shown):
    class Order(NamedTuple):
        id: str
        fills: tuple[Trade, ...]

    fill = Trade("1", "A_B", None, Decimal("2"), Decimal("3.0"), None)
    rows = list(csv.reader(shown([Order("7", (fill,))], Order, "csv").splitlines()))
    assert rows[1][1].startswith('{"id": "1", "symbol": "A_B", "side": null, "price": "2"')
