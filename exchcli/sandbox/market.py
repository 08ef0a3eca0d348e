"""One market as its visitors see it: ticker, order book, trades and candles of one moment.

All four are read off one tape, so they agree. This is what a wire adapter asks, and the
place where the orders of users join the market: their prints go onto the tape, their
resting orders into the book.
"""

from __future__ import annotations

from typing import NamedTuple

from exchcli.sandbox.bars import Candle, Print
from exchcli.sandbox.book import Book, Depth, Level, book, touch
from exchcli.sandbox.catalog import Rules, Simulation
from exchcli.sandbox.noise import Noise
from exchcli.sandbox.opening import DAY, QUIET
from exchcli.sandbox.simulated import Simulated
from exchcli.sandbox.tape import Tape


class Ticker(NamedTuple):
    """The 24 hours up to a moment; prices in ticks, `volume` in units, `quote` their product.

    `open` is the first price of the 24 hours. Without a trade in them all prices are the
    last one, and the volumes 0.
    """

    last: int
    bid: int
    ask: int
    open: int
    high: int
    low: int
    volume: int
    quote: int


class Market:
    """A pair's rules, its tape and its book.

    All times are epoch seconds. Before it opened a market stands still as it was then, so
    that a clock set back finds prices, and not none.
    """

    def __init__(
        self,
        rules: Rules,
        tape: Tape,
        depth: Depth,
        noise: Noise,
        opened: int,
        opening_touch: tuple[Level, Level] | None = None,
    ) -> None:
        self.rules = rules
        self._tape = tape
        self._depth = depth
        self._noise = noise
        self._opened = opened
        self._opening_touch = opening_touch

    def moment(self, now: int) -> int:
        """The market's own time: the clock's, but never before it opened."""
        return max(now, self._opened)

    def ticker(self, now: int) -> Ticker:
        now = self.moment(now)
        (last,) = self._tape.latest(now, 1)
        bid, ask = self._touch(last, now)
        day = self._tape.bar(now - DAY + 1, now + 1)
        if day is None:
            price = last.price
            return Ticker(price, bid.price, ask.price, price, price, price, 0, 0)
        return Ticker(
            last.price, bid.price, ask.price, day.open, day.high, day.low, day.volume, day.quote
        )

    def book(self, now: int, levels: int) -> Book:
        """At most `levels` a side, best first."""
        now = self.moment(now)
        (last,) = self._tape.latest(now, 1)
        return book(self._noise, self._depth, self._touch(last, now), now, levels)

    def trades(self, now: int, count: int) -> list[Print]:
        """The newest trades, newest first."""
        return self._tape.latest(self.moment(now), count)

    def between(self, start: int, end: int) -> list[Print]:
        """The trades of start <= time < end, oldest first, at any time."""
        return self._tape.between(start, end)

    def candles(self, period: int, start: int, end: int, now: int, most: int) -> list[Candle]:
        """The candles that open at start <= time <= end, oldest first; the first `most` of them.

        The last may still be running. There are none before the market began.
        """
        now = self.moment(now)
        first = max(-(-start // period), self._tape.listed // period) * period
        last = min(min(end, now) // period * period, first + (most - 1) * period)
        return self._tape.candles(period, first, last, now) if first <= last else []

    def _touch(self, last: Print, now: int) -> tuple[Level, Level]:
        if self._opening_touch and now < self._opened + QUIET:
            return self._opening_touch
        return touch(self._noise, self._depth, last, now)


def simulated_market(simulation: Simulation, seed: int, opened: int) -> Market:
    """A pair of the catalog as it has been since `opened` (epoch seconds)."""
    rules, opening, pace = simulation
    noise = Noise(seed, f"{rules.exchange}:{rules.symbol}")
    bid, ask = rules.ticks(opening.bid), rules.ticks(opening.ask)
    at_bid, at_ask = opening.touch or (pace.size, pace.size)
    return Market(
        rules,
        Simulated(simulation, noise, opened),
        Depth(ask - bid, rules.ticks(opening.last), rules.ticks(pace.step), rules.units(pace.size)),
        noise,
        opened,
        (Level(bid, rules.units(at_bid)), Level(ask, rules.units(at_ask))),
    )
