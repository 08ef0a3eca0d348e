"""Prints (trades) and bars (what a stretch of prints amounts to), in whole numbers.

Prices are in ticks (10 ** -price_precision of the quote currency), amounts in units
(10 ** -amount_precision of the base currency), their products exact; times are epoch seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Print(NamedTuple):
    """One trade as everybody sees it. `buy` is the taker's side."""

    time: int
    id: int
    buy: bool
    price: int
    amount: int


class Bar(NamedTuple):
    """Some prints in one line. `quote` is the sum of price * amount."""

    open: int
    high: int
    low: int
    close: int
    volume: int
    quote: int


class Candle(NamedTuple):
    """The bar of one period that opens at `time`; without trades it is flat, with volume 0."""

    time: int
    open: int
    high: int
    low: int
    close: int
    volume: int


class Block(NamedTuple):
    """All prints of start <= time < end, known as a bar before any of them is."""

    start: int
    end: int
    bar: Bar


def bar_of(prints: Sequence[Print]) -> Bar | None:
    """The bar of prints in their order, oldest first; None of none."""
    if not prints:
        return None
    prices = [each.price for each in prints]
    return Bar(
        prices[0],
        max(prices),
        min(prices),
        prices[-1],
        sum(each.amount for each in prints),
        sum(each.price * each.amount for each in prints),
    )


def merged(bars: Iterable[Bar | None]) -> Bar | None:
    """One bar of several, oldest first. Those without trades are None, and count for nothing."""
    there = [bar for bar in bars if bar is not None]
    if not there:
        return None
    opens, highs, lows, closes, volumes, quotes = zip(*there, strict=True)
    return Bar(opens[0], max(highs), min(lows), closes[-1], sum(volumes), sum(quotes))
