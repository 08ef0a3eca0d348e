"""One market as its visitors see it: ticker, order book, trades and candles of one moment.

All four are read off one tape, so they agree. This is what a wire adapter asks, and the
place where users join the market: their prints are on the tape, their resting orders in the
book, and what they took from the simulated orders is gone from it for a while.
"""

from __future__ import annotations

from typing import NamedTuple

from exchcli.sandbox.bars import Candle, Print
from exchcli.sandbox.book import Book, Depth, Level, book, touch
from exchcli.sandbox.catalog import Rules, Simulation
from exchcli.sandbox.noise import Noise
from exchcli.sandbox.opening import DAY, QUIET
from exchcli.sandbox.overlaid import Overlaid, Users
from exchcli.sandbox.simulated import Simulated
from exchcli.sandbox.tape import OwnTape, Tape

# So many simulated orders a side there are, and no more behind them.
DEEPEST = 150
_SHALLOW = 12


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
    that a clock set back finds prices, and not none; and it never goes back behind a moment
    at which users have traded.
    """

    def __init__(
        self,
        rules: Rules,
        tape: OwnTape,
        depth: Depth,
        noise: Noise,
        opened: int,
        opening_touch: tuple[Level, Level] | None = None,
        users: Users | None = None,
    ) -> None:
        self.rules = rules
        self.own = tape
        self._users = users
        self._tape: Tape = Overlaid(tape, users) if users else tape
        self._offered: tuple[int, int, Book] | None = None
        self._depth = depth
        self._noise = noise
        self._opened = opened
        self._opening_touch = opening_touch

    @property
    def simulated(self) -> bool:
        """Whether it is computed, and so always the same; else it is recorded."""
        return isinstance(self.own, Simulated)

    def moment(self, now: int) -> int:
        """The market's own time: the clock's, but never before it opened or was last traded on."""
        return max(now, self._opened, self._users.advanced() if self._users else 0)

    def ticker(self, now: int) -> Ticker:
        now = self.moment(now)
        (last,) = self._tape.latest(now, 1)
        bids, asks = self._merged(now, 1)
        # A side of which users have taken everything shows what there was, until it comes back.
        own = self.offered(now, 1)
        bid, ask = (bids or own.bids)[0].price, (asks or own.asks)[0].price
        day = self._tape.bar(now - DAY + 1, now + 1)
        if day is None:
            price = last.price
            return Ticker(price, bid, ask, price, price, price, 0, 0)
        return Ticker(last.price, bid, ask, day.open, day.high, day.low, day.volume, day.quote)

    def book(self, now: int, levels: int) -> Book:
        """At most `levels` a side, best first."""
        return self._merged(self.moment(now), levels)

    def offered(self, now: int, levels: int = DEEPEST) -> Book:
        """The simulated orders of a moment as if nobody had taken any, at least so many levels
        a side as far as there are any; DEEPEST is the most.
        """
        seen = self._offered
        if seen is None or seen[0] != now or seen[1] < levels:
            depth = _SHALLOW if levels <= _SHALLOW else DEEPEST
            (last,) = self.own.latest(now, 1)
            made = book(self._noise, self._depth, self._touch(last, now), now, depth)
            self._offered = seen = now, depth, made
        return seen[2]

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

    def _merged(self, now: int, levels: int) -> Book:
        if self._users is None or not self._users.advanced():
            own = self.offered(now, levels)
            return Book(own.bids[:levels], own.asks[:levels])
        own, eaten = self.offered(now), self._users.eaten(now)
        sides: list[list[Level]] = []
        for stands, sign, offered in (("buy", -1, own.bids), ("sell", 1, own.asks)):
            amounts = dict(self._users.standing(stands, levels))
            for price, amount in offered:
                place = sign * price
                if left := max(0, amount - eaten.get((stands, place), 0)):
                    amounts[place] = amounts.get(place, 0) + left
            first = sorted(amounts.items())[:levels]
            sides.append([Level(sign * place, amount) for place, amount in first])
        return Book(*sides)

    def _touch(self, last: Print, now: int) -> tuple[Level, Level]:
        if self._opening_touch and now < self._opened + QUIET:
            return self._opening_touch
        return touch(self._noise, self._depth, last, now)


def simulated_market(
    simulation: Simulation, seed: int, opened: int, users: Users | None = None
) -> Market:
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
        users,
    )
