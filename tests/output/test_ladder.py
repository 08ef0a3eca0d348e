"""The order book as a ladder."""

from __future__ import annotations

from decimal import Decimal

import pytest

from exchcli.records import Book, Level


def test_bids_and_asks_meet_in_the_middle_best_first(shown, book):
    assert shown(book, Book).splitlines() == [
        "BTC_USDT · 2020-05-19 07:44:54 UTC",
        "",
        "Amount      Bid      Ask  Amount",
        "────────────────────────────────",
        "  0.25  9750.1   9750.12     1.5",
        " 12     9750     9751       40",
        "  3     9749.05",
        "",
        "Spread 0.02 (0.0002 %)",
    ]


def test_a_narrow_terminal_gets_one_level_a_row(shown, book):
    assert shown(book, Book, width=24).splitlines() == [
        "BTC_USDT",
        "2020-05-19 07:44:54 UTC",
        "",
        "Side    Price  Amount",
        "─────────────────────",
        "bid   9750.1     0.25",
        "bid   9750      12",
        "bid   9749.05    3",
        "ask   9750.12    1.5",
        "ask   9751      40",
        "",
        "Spread 0.02 (0.0002 %)",
    ]


def test_bids_are_green_and_asks_are_red(shown, book):
    text = shown(book, Book, terminal=True)
    assert "\x1b[32m9750.1\x1b[0m" in text
    assert "\x1b[31m9750.12\x1b[0m" in text


def test_only_the_asked_parts_are_drawn(shown, book):
    assert shown(book, Book, fields=("asks",)).splitlines() == [
        "    Ask  Amount",
        "───────────────",
        "9750.12     1.5",
        "9751       40",
    ]
    assert shown(book, Book, fields=("time",)) == "2020-05-19 07:44:54 UTC\n"


def test_an_empty_book_and_an_empty_side_have_no_spread(shown, book):
    assert shown(book._replace(bids=(), asks=()), Book).splitlines()[1:] == ["", "none"]
    one_sided = shown(book._replace(bids=()), Book)
    assert "Bid" in one_sided
    assert "Spread" not in one_sided


def _spread(shown, bid, ask):
    book = Book("A_B", (Level(Decimal(bid), Decimal(1)),), (Level(Decimal(ask), Decimal(1)),))
    return shown(book, Book, width=400).splitlines()[-1]


@pytest.mark.parametrize(
    ("bid", "ask", "said"),
    [
        ("99", "101", "Spread 2 (2.0000 %)"),
        ("0.00000153", "0.00000155", "Spread 0.00000002 (1.2987 %)"),
        ("5", "5", "Spread 0 (0.0000 %)"),
        ("100000000", "100000000.01", "Spread 0.01 (under 0.0001 %)"),
        ("1", "1" + "0" * 40 + ".5", "Spread " + "9" * 40 + ".5 (200.0000 %)"),
        ("0", "0", "Spread 0"),
    ],
)
def test_the_spread_is_exact_and_its_percentage_is_of_the_middle(shown, bid, ask, said):
    assert _spread(shown, bid, ask) == said
