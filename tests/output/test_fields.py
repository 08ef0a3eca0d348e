"""--output and --fields: what is taken, and what is said about the rest."""

from __future__ import annotations

import pytest

from exchcli.errors import UsageError
from exchcli.output import check_fields, resolve_format
from exchcli.records import Book, ServerTime, Ticker


def test_auto_is_a_table_on_a_terminal_and_json_elsewhere(stream):
    assert resolve_format("auto", stream(terminal=True)) == "table"
    assert resolve_format("auto", stream()) == "json"
    assert resolve_format("auto", None) == "json"


@pytest.mark.parametrize("format", ["table", "json", "ndjson", "csv"])
def test_a_format_that_was_asked_for_is_taken_anywhere(stream, format):
    assert resolve_format(format, stream(terminal=True)) == format
    assert resolve_format(format, stream()) == format


def test_an_unknown_format_is_answered_with_those_that_there_are(stream):
    with pytest.raises(UsageError) as caught:
        resolve_format("yaml", stream())
    assert caught.value.message == "There is no output format 'yaml'."
    assert caught.value.hint == "Choose auto, table, json, ndjson or csv."


def test_fields_keep_the_asked_order_and_lose_their_blanks():
    assert check_fields(" ask, bid ,symbol", Ticker, "json") == ("ask", "bid", "symbol")


def test_without_the_option_nothing_is_asked():
    assert check_fields(None, Ticker, "json") is None


def test_an_unknown_field_is_answered_with_the_nearest_and_all_known_names():
    with pytest.raises(UsageError) as caught:
        check_fields("symbol,volumes", Ticker, "csv")
    assert caught.value.message == "--fields: ticker has no field 'volumes'."
    assert caught.value.hint == (
        "Did you mean volume? The fields are: symbol, last, bid, ask, high, low, volume, "
        "quote_volume, change_percent, time."
    )


def test_a_field_like_no_other_is_answered_without_a_guess():
    with pytest.raises(UsageError) as caught:
        check_fields("qqq", ServerTime, "json")
    assert caught.value.message == "--fields: server time has no field 'qqq'."
    assert caught.value.hint == "The fields are: exchange, time, offset_seconds."


@pytest.mark.parametrize("text", ["", " ", "last,", ",last", "last,,bid"])
def test_an_empty_name_is_refused(text):
    with pytest.raises(UsageError, match="empty name") as caught:
        check_fields(text, Ticker, "json")
    assert "symbol, last, bid" in (caught.value.hint or "")


def test_a_name_that_comes_twice_is_refused():
    with pytest.raises(UsageError, match="names 'last' twice"):
        check_fields("last,bid,last", Ticker, "json")


def test_a_book_knows_its_keys_in_json_and_its_columns_in_rows():
    assert check_fields("asks,time", Book, "json") == ("asks", "time")
    assert check_fields("amount,side", Book, "csv") == ("amount", "side")
    assert check_fields("price", Book, "ndjson") == ("price",)
    with pytest.raises(UsageError):
        check_fields("price", Book, "json")
    with pytest.raises(UsageError):
        check_fields("bids", Book, "csv")
