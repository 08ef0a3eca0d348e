"""An order book as rows, one level each: what ndjson, CSV and narrow terminals show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Literal, NamedTuple

from exchcli.records import Book


class BookRow(NamedTuple):
    """One level of an order book."""

    side: Literal["bid", "ask"]
    price: Decimal
    amount: Decimal


def book_rows(books: Sequence[Book]) -> Iterator[BookRow]:
    """Bids best first, then asks best first."""
    for book in books:
        for bid in book.bids:
            yield BookRow("bid", bid.price, bid.amount)
        for ask in book.asks:
            yield BookRow("ask", ask.price, ask.amount)
