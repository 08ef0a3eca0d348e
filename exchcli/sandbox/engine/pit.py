"""One pair at the desk: what the simulated market offers there, the last price, new prints.

Prices are whole ticks and amounts whole units here, as on the tape.
"""

from __future__ import annotations

import sqlite3
from decimal import Decimal
from typing import NamedTuple

from exchcli.sandbox.bars import Print, bar_of, merged
from exchcli.sandbox.book import Level
from exchcli.sandbox.catalog import Rules
from exchcli.sandbox.ledger import minus, over, times
from exchcli.sandbox.market import DEEPEST, Market
from exchcli.sandbox.overlaid import PERIODS, REFILL, Users, bar_from
from exchcli.sandbox.trading import Order, scaled

_SHALLOW = 8
_NEWEST = (
    "SELECT time, id, buy, price, amount FROM prints WHERE exchange = ? AND symbol = ?"
    " ORDER BY time DESC, id DESC LIMIT 1"
)
_BAR = (
    "SELECT first, open, high, low, close, volume, quote FROM print_bars"
    " WHERE exchange = ? AND symbol = ? AND period = ? AND time = ?"
)
_SET_BAR = (
    "INSERT OR REPLACE INTO print_bars (exchange, symbol, period, time, first, last, open, high,"
    " low, close, volume, quote) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_EAT = (
    "INSERT INTO eaten (exchange, symbol, time, stands, place, amount) VALUES (?, ?, ?, ?, ?, ?)"
    " ON CONFLICT DO UPDATE SET amount = amount + excluded.amount"
)


class Run(NamedTuple):
    """Prints, one after another, whose prices (ticks) go one way: from `first` to `last`.

    `struck` are the accounts whose positions the first one liquidates: what comes after it may
    open others, which it does not concern.
    """

    first: int
    last: int
    struck: frozenset[int] = frozenset()

    @property
    def low(self) -> int:
        return min(self.first, self.last)

    @property
    def high(self) -> int:
        return max(self.first, self.last)


class Pit:
    """A pair within one transaction; `now` is its second, and may be set to a later one."""

    def __init__(self, db: sqlite3.Connection, market: Market, users: Users, now: int) -> None:
        self.rules: Rules = market.rules
        self.market = market
        self._db = db
        self._users = users
        self._of = self.rules.exchange, self.rules.symbol
        self._tick = Decimal(1).scaleb(-self.rules.price_precision)
        self._unit = Decimal(1).scaleb(-self.rules.amount_precision)
        self._now = now
        self._eaten: dict[tuple[str, int], int] | None = None
        self._prints: list[Print] = []
        self._newest: Print | None = None
        self._knows_newest = False

    @property
    def now(self) -> int:
        return self._now

    @now.setter
    def now(self, now: int) -> None:
        if now != self._now:
            self._now = now
            self._eaten = None

    def price(self, ticks: int) -> Decimal:
        return times(Decimal(ticks), self._tick)

    def amount(self, units: int) -> Decimal:
        return times(Decimal(units), self._unit)

    def ticks(self, price: Decimal, rounding: str) -> int:
        """A price that may be finer than the pair's, in whole ticks."""
        return int(over(price, self._tick).to_integral_value(rounding))

    def rest(self, order: Order) -> int:
        """What of it is not filled."""
        assert order.amount is not None
        return scaled(minus(order.amount, order.filled), self.rules.amount_precision)

    @property
    def last(self) -> int:
        """The price of the newest print, whoever traded."""
        (own,) = self.market.own.latest(self._now, 1)
        newest = self._newest_print()
        return own.price if newest is None or newest.time < own.time else newest.price

    def offered(self, stands: str, levels: int) -> list[Level]:
        """The simulated orders of one side that are still there, best first, of so many levels."""
        book = self.market.offered(self._now, levels)
        if self._eaten is None:
            self._eaten = self._users.eaten(self._now)
        sign, side = (-1, book.bids) if stands == "buy" else (1, book.asks)
        if not self._eaten:
            return side[:levels]
        left = (
            Level(price, amount - self._eaten.get((stands, sign * price), 0))
            for price, amount in side[:levels]
        )
        return [level for level in left if level.amount > 0]

    def all_offered(self, stands: str) -> list[Level]:
        return self.offered(stands, DEEPEST)

    def best(self, stands: str) -> Level | None:
        """The best simulated order of one side."""
        levels = self.offered(stands, _SHALLOW) or self.all_offered(stands)
        return levels[0] if levels else None

    def eat(self, stands: str, ticks: int, units: int) -> None:
        """Takes so much of a simulated order; it comes back after REFILL seconds."""
        place = -ticks if stands == "buy" else ticks
        if self._eaten is None:
            self._eaten = self._users.eaten(self._now)
        if not self._eaten:
            self._db.execute(
                "DELETE FROM eaten WHERE exchange = ? AND symbol = ? AND time <= ?",
                (*self._of, self._now - REFILL),
            )
        self._eaten[stands, place] = self._eaten.get((stands, place), 0) + units
        self._db.execute(_EAT, (*self._of, self._now, stands, place, units))

    def print(self, buy: bool, ticks: int, units: int) -> None:
        """Puts a trade onto the tape; `buy` is the taker's side."""
        newest = self._newest_print()
        id_ = self.market.own.free_id(self._now)
        if newest is not None and newest.id >= id_:
            id_ = newest.id + 1
        self._newest = Print(self._now, id_, buy, ticks, units)
        self._prints.append(self._newest)

    def flush(self) -> None:
        """Writes the new prints, and what the periods that they are in amount to now."""
        if not self._prints:
            return
        prints, self._prints = self._prints, []
        self._db.executemany(
            "INSERT INTO prints (exchange, symbol, time, id, buy, price, amount)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            [(*self._of, *each) for each in prints],
        )
        for period in PERIODS:
            inside: dict[int, list[Print]] = {}
            for each in prints:
                inside.setdefault(each.time // period * period, []).append(each)
            for start, those in inside.items():
                self._extend(period, start, those)

    def _extend(self, period: int, start: int, prints: list[Print]) -> None:
        """Adds new prints to the bar of the period that they are in."""
        row = self._db.execute(_BAR, (*self._of, period, start)).fetchone()
        before = bar_from(*row[1:]) if row else None
        bar = merged([before, bar_of(prints)])
        assert bar is not None
        first = row[0] if row else prints[0].time
        sums = str(bar.volume), str(bar.quote)
        self._db.execute(
            _SET_BAR, (*self._of, period, start, first, prints[-1].time, *bar[:4], *sums)
        )

    def _newest_print(self) -> Print | None:
        """The users' newest print."""
        if not self._knows_newest:
            self._knows_newest = True
            row = self._db.execute(_NEWEST, self._of).fetchone()
            self._newest = Print._make(row) if row else None
        return self._newest
