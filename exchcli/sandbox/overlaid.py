"""What users add to a market, as everybody sees it: their trades on the tape, their orders.

The tape below goes on as if nobody had traded; the users' prints are laid over it. Where the
two meet they are put in order by time and id, so that ticker, trades and candles agree. Of
stretches that need no single print only bars are read, the longest that fit: a million trades
of users cost no more than a few.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from exchcli.sandbox.bars import Bar, Candle, Print, bar_of, merged
from exchcli.sandbox.store import Store
from exchcli.sandbox.tape import OwnTape, Tape

# The bars that users' prints are kept as, longest first; each is a whole number of the next.
PERIODS = (14400, 900, 60)
# What was taken from a simulated order comes back after so many seconds: a beat of its amounts.
REFILL = 16
_PRINTS = "SELECT time, id, buy, price, amount FROM prints WHERE exchange = ? AND symbol = ?"
_MOST_EDGES = 5000
_WHOLE = attrgetter("time", "id")


class _Piece(NamedTuple):
    """A bar with the epoch seconds of its first and its last print."""

    first: int
    last: int
    bar: Bar


class Users:
    """The users' side of one market, read from the store."""

    def __init__(self, store: Store, exchange: str, symbol: str) -> None:
        self._store = store
        self._of = exchange, symbol

    def advanced(self) -> int:
        """The epoch second up to which users' orders have met the market; 0 if there are none."""
        rows = self._store.rows("SELECT advanced FROM engine WHERE exchange = ?", self._of[0])
        return rows[0][0] if rows else 0

    def standing(self, stands: str, count: int) -> list[tuple[int, int]]:
        """The first `count` places of one side of the book, with what rests there, in units."""
        # Two sums, because one of large amounts could exceed 64 bits.
        rows = self._store.rows(
            "SELECT place, sum(rest >> 30), sum(rest & 1073741823) FROM orders"
            " WHERE exchange = ? AND symbol = ? AND stands = ? GROUP BY place"
            " ORDER BY place LIMIT ?",
            *self._of, stands, count,
        )  # fmt: skip
        return [(place, (high << 30) + low) for place, high, low in rows]

    def eaten(self, now: int) -> dict[tuple[str, int], int]:
        """What of the simulated orders is taken, by side and place, in units."""
        taken: dict[tuple[str, int], int] = {}
        for stands, place, amount in self._store.select(
            "SELECT stands, place, amount FROM eaten"
            " WHERE exchange = ? AND symbol = ? AND time > ?",
            *self._of, now - REFILL,
        ):  # fmt: skip
            taken[stands, place] = taken.get((stands, place), 0) + amount
        return taken

    def latest(self, now: int, count: int) -> list[Print]:
        """Their newest prints up to and including `now`, newest first."""
        return self._prints("AND time <= ? ORDER BY time DESC, id DESC LIMIT ?", now, count)

    def between(self, start: int, end: int) -> list[Print]:
        """Their prints of start <= time < end, oldest first."""
        return self._prints("AND time >= ? AND time < ? ORDER BY time, id", start, end)

    def pieces(self, start: int, end: int, grid: int = 0) -> list[_Piece]:
        """The same as bars, oldest first; none reaches over an edge of the grid, if there is one
        (in seconds, a whole number of minutes)."""
        newest = self.latest(end, 1)
        if newest and newest[0].time < end:
            # Nothing came after it, so that the bars that it is in are over.
            longest = PERIODS[0]
            end = max(end, (newest[0].time // longest + 1) * longest)
        return self._pieces(start, end, [each for each in PERIODS if grid % each == 0])

    def _pieces(self, start: int, end: int, periods: Sequence[int]) -> list[_Piece]:
        if start >= end:
            return []
        if not periods:
            return _pieces(self.between(start, end))
        period, finer = periods[0], periods[1:]
        first, last = -(-start // period) * period, end // period * period
        if first >= last:
            return self._pieces(start, end, finer)
        return [
            *self._pieces(start, first, finer),
            *self._bars(period, first, last),
            *self._pieces(last, end, finer),
        ]

    def _prints(self, condition: str, *values: int) -> list[Print]:
        rows = self._store.rows(f"{_PRINTS} {condition}", *self._of, *values)
        return [Print(time, id_, buy == 1, price, amount) for time, id_, buy, price, amount in rows]

    def _bars(self, period: int, start: int, end: int) -> list[_Piece]:
        rows = self._store.select(
            "SELECT first, last, open, high, low, close, volume, quote FROM print_bars"
            " WHERE exchange = ? AND symbol = ? AND period = ? AND time >= ? AND time < ?"
            " ORDER BY time",
            *self._of, period, start, end,
        )  # fmt: skip
        return [_Piece(row[0], row[1], bar_from(*row[2:])) for row in rows]


class Overlaid(Tape):
    """A market's own tape with its users' prints on it."""

    def __init__(self, tape: OwnTape, users: Users) -> None:
        self._tape = tape
        self._users = users
        self._edges: dict[tuple[int, int], tuple[int, int]] = {}
        self.listed = tape.listed

    def latest(self, now: int, count: int) -> list[Print]:
        own, users = self._tape.latest(now, count), self._users.latest(now, count)
        return sorted(own + users, key=_WHOLE, reverse=True)[:count] if users else own

    def between(self, start: int, end: int) -> list[Print]:
        own, users = self._tape.between(start, end), self._users.between(start, end)
        return sorted(own + users, key=_WHOLE) if users else own

    def bar(self, start: int, end: int) -> Bar | None:
        own = self._tape.bar(start, end)
        users = _joined(self._users.pieces(start, end))
        return self._both(own, users, start, end) if users else own

    def traded(self, period: int, first: int, last: int, now: int) -> dict[int, Candle]:
        own = self._tape.traded(period, first, last, now)
        end = min(last + period, now + 1)
        pieces = self._users.pieces(first, end, period)
        found = dict(own)
        for start, group in groupby(pieces, lambda piece: piece.first // period * period):
            users = _joined(group)
            assert users is not None
            before = own.get(start)
            # Of the own bar no quote volume is known here, and none is asked for.
            bar = Bar(*before[1:], 0) if before else None
            found[start] = Candle(
                start, *self._both(bar, users, start, min(start + period, end))[:5]
            )
        return found

    def _both(self, own: Bar | None, users: _Piece, start: int, end: int) -> Bar:
        """The bar of both tapes; the users' prints come after all others of the same second."""
        if own is None:
            return users.bar
        first, last = self._edges_of(start, end)
        both = merged([own, users.bar])
        assert both is not None
        return both._replace(
            open=own.open if first <= users.first else users.bar.open,
            close=own.close if last > users.last else users.bar.close,
        )

    def _edges_of(self, start: int, end: int) -> tuple[int, int]:
        """When the own tape's first and last print of a stretch were. It never changes, and to
        know it a cell has to be opened, so it is remembered."""
        if (start, end) not in self._edges:
            if len(self._edges) >= _MOST_EDGES:
                self._edges.clear()
            last = self._tape.latest(end - 1, 1)[0].time
            self._edges[start, end] = self._tape.first_time(start, end), last
        return self._edges[start, end]


def bar_from(opening: int, high: int, low: int, close: int, volume: str, quote: str) -> Bar:
    """A row of `print_bars`, from its open on."""
    return Bar(opening, high, low, close, int(volume), int(quote))


def _pieces(prints: list[Print]) -> list[_Piece]:
    """Prints within one minute as the bar that they are."""
    bar = bar_of(prints)
    return [_Piece(prints[0].time, prints[-1].time, bar)] if bar else []


def _joined(pieces: Iterable[_Piece]) -> _Piece | None:
    there = list(pieces)
    bar = merged(piece.bar for piece in there)
    return _Piece(there[0].first, there[-1].last, bar) if bar else None
