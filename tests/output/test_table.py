"""Tables: what a person sees at a terminal."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

import pytest

from exchcli import records
from exchcli.output import FORMATS
from exchcli.output.shape import kinds, title
from exchcli.records import Candle, Currency, Symbol, Ticker, Trade


def lines(text: str) -> list[str]:
    return text.splitlines()


def test_one_record_is_a_card_without_what_is_not_known(shown, ticker):
    assert lines(shown(ticker, Ticker)) == [
        "Symbol    BTC_USDT",
        "Last      9750.110",
        "Bid       9750.10",
        "Ask       9750.12",
        "High      9980",
        "Low       9611.25",
        "Volume    0.00000001",
        "Change %  -1.5",
        "Time      2020-05-19 07:44:54 UTC",
    ]


def test_a_card_shows_what_was_asked_for_even_when_it_is_not_known(shown, ticker):
    text = shown(ticker, Ticker, fields=("quote_volume", "symbol"))
    assert lines(text) == ["Quote volume  –", "Symbol        BTC_USDT"]


def test_a_value_too_wide_for_its_card_stands_under_its_name(shown, ticker):
    text = shown(ticker, Ticker, fields=("last", "time"), width=24)
    assert lines(text) == ["Last  9750.110", "Time", "2020-05-19 07:44:54 UTC"]


def test_a_list_says_above_what_is_the_same_in_every_row(shown, trades):
    assert lines(shown(trades, Trade)) == [
        "BTCPLN · 2020-05-19",
        "",
        "ID   Side     Price       Amount  Time (UTC)",
        "────────────────────────────────────────────",
        "734  buy   38250      0.5         07:44:54",
        "735  sell  38249.5   12           07:44:53",
        "736  sell  38251.25   0.00000001  07:44:52",
    ]


def test_a_short_list_keeps_all_its_columns(shown, trades):
    head, _, first, *_ = lines(shown(trades[:2], Trade))
    assert head.split() == ["ID", "Symbol", "Side", "Price", "Amount", "Time", "(UTC)"]
    assert "2020-05-19 07:44:54" in first


def test_asked_columns_stay_in_their_order_and_none_moves_above(shown, trades):
    assert lines(shown(trades, Trade, fields=("symbol", "id"))) == [
        "Symbol  ID",
        "───────────",
        "BTCPLN  734",
        "BTCPLN  735",
        "BTCPLN  736",
    ]


def test_a_list_is_its_words_and_an_empty_one_a_dash(shown):
    symbols = [Symbol("A_B", "A", "B", order_types=types) for types in (("limit", "market"), ())]
    rows = lines(shown(symbols, Symbol, fields=("symbol", "order_types")))[2:]
    assert rows == ["A_B     limit, market", "A_B     –"]


def test_columns_in_which_nothing_is_known_are_left_out(shown, trades):
    nameless = [trade._replace(time=None, side=None) for trade in trades]
    head = lines(shown(nameless, Trade))[2]
    assert head.split() == ["ID", "Price", "Amount"]


def test_a_single_unknown_value_is_a_dash(shown, trades):
    some = [trades[0]._replace(side=None, time=None), *trades[1:]]
    row = lines(shown(some, Trade))[4]
    assert row.split() == ["734", "–", "38250", "0.5", "–"]


def _clocks(shown, *times):
    candles = [Candle("A_B", time, *map(Decimal, "12345")) for time in times]
    text = shown(candles, Candle)
    return [line.split("  ")[0] for line in lines(text)]


def test_whole_minutes_have_no_seconds(shown, ticker):
    start = ticker.time.replace(second=0)
    five = timedelta(minutes=5)
    assert _clocks(shown, start, start + five, start + 2 * five) == [
        *("A_B · 2020-05-19", "", "Time (UTC)", "─" * 42),
        *("07:44", "07:49", "07:54"),
    ]


def test_whole_days_have_no_clock(shown, ticker):
    start = ticker.time.replace(hour=0, minute=0, second=0)
    day = timedelta(days=1)
    assert _clocks(shown, start, start + day, start + 2 * day)[4:] == [
        *("2020-05-19", "2020-05-20", "2020-05-21")
    ]


def test_different_days_stand_in_every_row(shown, ticker):
    start = ticker.time.replace(second=0)
    day = timedelta(days=1)
    assert _clocks(shown, start, start + day, start + 2 * day)[4] == "2020-05-19 07:44"


def test_a_time_without_a_zone_is_not_called_utc(shown, ticker):
    naive = datetime(2020, 5, 19, 7, 44)  # noqa: DTZ001
    assert "UTC" not in shown([ticker._replace(time=naive)] * 2, Ticker)
    mixed = shown([ticker._replace(time=naive), ticker], Ticker, fields=("time", "last"))
    assert [line.split("  ")[0] for line in lines(mixed)] == [
        *("Time", "─" * 33, "2020-05-19 07:44:00", "2020-05-19 07:44:54 UTC")
    ]


def test_no_records_are_said_to_be_none(shown):
    assert shown([], Trade) == "none\n"


# --- narrow terminals -------------------------------------------------------------------


def test_what_does_not_fit_is_left_out_and_named(shown, trades):
    assert lines(shown(trades, Trade, width=40)) == [
        "BTCPLN · 2020-05-19",
        "",
        "Side     Price       Amount  Time (UTC)",
        "───────────────────────────────────────",
        "buy   38250      0.5         07:44:54",
        "sell  38249.5   12           07:44:53",
        "sell  38251.25   0.00000001  07:44:52",
        "",
        "Too narrow for id: --fields or -o json",
        "shows all.",
    ]


def test_what_stands_above_flows_onto_as_many_lines_as_it_needs(shown):
    symbol = Symbol("A_B", "A", "B", 2, 4, Decimal(1), status="TRADING", zone="MAIN", margin=True)
    assert lines(shown([symbol] * 3, Symbol, width=30))[:4] == [
        *("A_B · Base A · Quote B", "Status TRADING · Margin yes", "Zone MAIN", "")
    ]


def test_the_least_important_columns_go_first(shown, ticker):
    rows = [ticker._replace(quote_volume=Decimal(7)), ticker]
    left_out = []
    for width in (76, 70, 60, 50, 40, 30):
        note = shown(rows, Ticker, width=width).replace("\n", " ").partition("Too narrow for ")[2]
        left_out.append(set(note.partition(":")[0].split(", ")) - {""})
    assert left_out[0] == {"quote_volume"}
    assert all(fewer <= more for fewer, more in pairwise(left_out))
    assert not {"symbol", "last", "change_percent"} & left_out[-1]
    assert all(("high" in names) == ("low" in names) for names in left_out)


def test_an_order_that_waits_for_its_stop_price_shows_it_before_what_is_filled(shown):
    def order(id: str, status: str, stop: str | None) -> records.Order:
        return records.Order(
            id=id, symbol="BTCPLN", market="spot", side="sell", type="limit",
            price=Decimal("2310.66000000"), stop_price=stop and Decimal(stop),
            amount=Decimal("10.13214355"), filled=Decimal("0.00000000"), average_price=None,
            cost=Decimal(0), status=status, exchange_status="ACTIVE", post_only=None,
            created=None, updated=None, fills=None,
        )  # fmt: skip

    plain = order("17163", "open", None)
    waiting = order("17165", "open", "2315.66000000")
    without = shown([plain, plain, plain], records.Order, width=60)
    assert ("Filled" in without, "Stop price" in without) == (True, False)
    with_it = shown([plain, waiting, plain], records.Order, width=60)
    assert ("Filled" in with_it, "Stop price" in with_it) == (False, True)
    assert "2315.66000000" in with_it
    assert "Too narrow for filled" in with_it
    narrow = shown([plain, waiting, plain], records.Order, width=52)
    assert "Filled" in narrow
    assert "Too narrow for stop_price" in narrow


def test_orders_that_have_fared_differently_stay_a_table(shown):
    def order(number: int, status: str) -> records.Placed:
        return records.Placed(
            id=f"{number:032x}", symbol="BTC_USDT", market="spot", side="buy", type="limit",
            price=Decimal("12345.67"), stop_price=None, amount=Decimal("0.0123"),
            filled=Decimal(number), average_price=None, cost=Decimal(0), status=status,
            exchange_status=str(number), fills=(),
        )  # fmt: skip

    orders = [order(n, s) for n, s in enumerate(["open", "partially_filled", "partially_canceled"])]
    text = shown(orders, records.Placed, width=80)
    rows = [line.split() for line in lines(text) if " buy " in line]
    assert [row[-1] for row in rows] == ["open", "partially_filled", "partially_canceled"]
    assert all(row[0] == one.id for row, one in zip(rows, orders, strict=True))
    assert "filled" in text.rpartition("Too narrow for")[2]


def test_where_even_the_important_columns_do_not_fit_every_record_is_a_card(shown, trades):
    text = shown(trades[:2], Trade, width=20, fields=("side", "price", "amount"))
    assert lines(text) == [
        *("Side    buy", "Price   38250", "Amount  0.5"),
        "",
        *("Side    sell", "Price   38249.5", "Amount  12"),
    ]


def test_long_text_is_shortened_before_a_column_goes(shown):
    chain = "A chain with a very long name"
    currency = Currency("USDT", chain, True, True, None, None, None, Decimal(5), None)
    two = [currency, currency._replace(currency="XRP", chain="Another")]
    assert chain in shown(two, Currency, width=120)
    narrow = shown(two, Currency, width=50)
    assert "A chain wit…" in narrow
    assert "Too narrow" not in narrow


@pytest.mark.parametrize("width", [40, 80, 120])
def test_no_line_is_wider_than_the_terminal(shown, trades, ticker, width):
    symbol = Symbol("BTC_USDT", "BTC", "USDT", 2, 4, Decimal("0.001"), Decimal(5), "TRADING")
    for data, record in ((trades, Trade), ([ticker] * 5, Ticker), ([symbol] * 2, Symbol)):
        assert max(map(len, lines(shown(data, record, width=width)))) <= width


def test_columns_says_how_wide_the_terminal_is(shown, trades, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    assert shown(trades, Trade) == shown(trades, Trade, width=40)
    for nonsense in ("0", "", "wide", "-3"):
        monkeypatch.setenv("COLUMNS", nonsense)
        assert shown(trades, Trade) == shown(trades, Trade, width=80)


# --- colours ----------------------------------------------------------------------------


def test_green_is_a_bid_and_red_an_ask_and_a_fall(shown, ticker):
    text = shown(ticker, Ticker, terminal=True)
    assert "\x1b[32m9750.10\x1b[0m" in text
    assert "\x1b[31m9750.12\x1b[0m" in text
    assert "\x1b[31m-1.5\x1b[0m" in text


def test_green_is_a_buy_and_a_rise(shown, trades, ticker):
    assert "\x1b[32mbuy\x1b[0m" in shown(trades, Trade, terminal=True)
    assert "\x1b[31msell\x1b[0m" in shown(trades, Trade, terminal=True)
    rising = ticker._replace(change_percent=Decimal("0.5"))
    assert "\x1b[32m+0.5\x1b[0m" in shown(rising, Ticker, terminal=True)


def test_only_bold_dim_green_and_red_are_used(shown, trades):
    codes = set(re.findall(r"\x1b\[([^m]*)m", shown(trades, Trade, terminal=True)))
    assert codes <= {"0", "1", "2", "31", "32"}


def test_no_color_and_a_dumb_terminal_get_no_escapes(shown, trades, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in shown(trades, Trade, terminal=True)
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert "\x1b" not in shown(trades, Trade, terminal=True)


def test_a_file_gets_no_escapes(shown, trades, monkeypatch):
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "CLICOLOR_FORCE"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("COLORTERM", "truecolor")
    assert "\x1b" not in shown(trades, Trade)


@pytest.mark.parametrize("term", ["dumb", "unknown", "xterm"])
def test_what_rich_thinks_of_the_terminal_does_not_make_it_narrower(
    shown, ticker, monkeypatch, term
):
    monkeypatch.setenv("TERM", term)
    monkeypatch.setenv("FORCE_COLOR", "1")
    long = [ticker._replace(volume=Decimal("1" * 60)), ticker]
    assert "1" * 60 in shown(long, Ticker, width=200, terminal=True)


def test_the_lines_say_the_same_with_and_without_colours(shown, trades):
    coloured = shown(trades, Trade, terminal=True)
    assert re.sub(r"\x1b\[\d+m", "", coloured) == shown(trades, Trade)


# --- what an exchange says --------------------------------------------------------------


@pytest.mark.parametrize(
    ("evil", "seen"),
    [
        ("\x1b[2J", "\\x1b[2J"),
        ("a\u202eb", "a\\u202eb"),
        ("\x9b31m", "\\x9b31m"),
        ("a\r\nb\tc", "a b c"),
        ("[red]x[/red]", "[red]x[/red]"),
        (":smile:", ":smile:"),
        ("\ud800", "\\ud800"),
    ],
)
def test_text_cannot_steer_the_terminal(shown, trades, evil, seen):
    evils = [trade._replace(symbol=evil) for trade in trades]
    for data in (evils, evils[:2], evils[0]):
        text = shown(data, Trade)
        assert seen in text
        assert text.replace("\n", "").isprintable()


def test_wide_letters_keep_the_columns_straight(shown, trades):
    chinese = [trades[0]._replace(symbol="币安"), trades[1]]
    head, _, first, second = lines(shown(chinese, Trade, fields=("symbol", "side")))
    assert head.index("Side") == second.index("sell") == first.index("buy") + 2


def test_an_ascii_terminal_gets_ascii_lines(shown, trades):
    nameless = [trades[0]._replace(side=None, symbol="Ł"), *trades[1:]]
    text = shown(nameless, Trade, encoding="ascii")
    assert text.isascii()
    assert "-----" in text
    assert "\\u0141" in text


# --- records to come --------------------------------------------------------------------


class Order(NamedTuple):
    id: str
    price: Decimal | None
    average_price: Decimal | None
    post_only: bool
    unrealized_pnl: Decimal
    fills: tuple[Trade, ...]


def test_a_new_record_needs_no_line_of_output_code(shown, trades):
    order = Order("7", Decimal("1.50"), None, False, Decimal("2.5"), tuple(trades[:1]))
    assert lines(shown(order, Order)) == [
        "ID              7",
        "Price           1.50",
        "Post only       no",
        "Unrealized PnL  +2.5",
        "",
        "Fills",
        "",
        "ID   Symbol  Side  Price  Amount  Time (UTC)",
        "─" * 53,
        "734  BTCPLN  buy   38250     0.5  2020-05-19 07:44:54",
    ]
    assert lines(shown(order._replace(fills=()), Order))[-1] == "Fills           0"
    assert lines(shown([order, order], Order))[2].split() == ["7", "1.50", "no", "+2.5", "1"]


def test_titles_and_kinds_come_from_names_and_annotations():
    assert [title(name) for name in ("change_percent", "order_id", "offset_seconds")] == [
        *("Change %", "Order ID", "Offset (s)")
    ]
    assert kinds(Order)["average_price"] == "number"
    assert kinds(Order)["fills"] == "records"
    assert kinds(Symbol)["order_types"] == "list"
    assert kinds(Symbol)["margin"] == "flag"
    assert kinds(Trade)["side"] == "text"
    assert kinds(Trade)["time"] == "time"


@pytest.mark.parametrize("format", FORMATS)
def test_showing_ends_in_exactly_one_newline(shown, trades, format):
    text = shown(trades, Trade, format)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


class Finding(NamedTuple):
    name: str
    status: str
    what: str


def test_a_sentence_goes_on_in_the_next_line_instead_of_making_cards(shown):
    rows = [
        Finding("folders", "ok", "configuration in /home/me/.config/exch, state somewhere else"),
        Finding("clock", "warning", "short"),
    ]
    assert lines(shown(rows, Finding, width=50)) == [
        "Name     Status   What",
        "─" * 46,
        "folders  ok       configuration in",
        "                  /home/me/.config/exch, state",
        "                  somewhere else",
        "clock    warning  short",
    ]
