"""What an incoming order takes: the best price first, of one price the users' orders before
the simulated ones, of those the older first.

An order never trades with one of its own account: where it meets one it stops, and what is
left of it is canceled ("cancel newest").
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from exchcli.sandbox.book import Level
from exchcli.sandbox.engine import rows
from exchcli.sandbox.engine.pit import Pit
from exchcli.sandbox.ledger import shifted
from exchcli.sandbox.trading import Order, scaled

# Looked at first; most orders take no more.
_FEW = 8


class Taking(NamedTuple):
    """A part of what it takes: ticks, units, and whose order it is, None for a simulated one."""

    ticks: int
    units: int
    maker: Order | None


class Takings(NamedTuple):
    """All that it takes, in its order; `met_itself` says that an own order was next, and
    `sated` that nothing is left of what it wants that could be had at the next price.
    """

    parts: list[Taking]
    met_itself: bool
    sated: bool

    def cost(self, pit: Pit) -> Decimal:
        """What they cost in quote currency, before the fills are rounded down."""
        worth = sum(part.ticks * part.units for part in self.parts)
        return shifted(Decimal(worth), -pit.rules.price_precision - pit.rules.amount_precision)


def other(side: str) -> str:
    return "sell" if side == "buy" else "buy"


def takings(db: sqlite3.Connection, pit: Pit, order: Order, budget: Decimal | None) -> Takings:
    """What `order` takes as the book stands; `budget` is the quote that a buy may cost."""
    rules = pit.rules
    precision = rules.price_precision + rules.amount_precision
    money = None if budget is None else scaled(budget, precision)
    rest = None if order.amount is None else pit.rest(order)
    parts: list[Taking] = []
    for ticks, there, maker in _offers(db, pit, other(order.side), _bound(order)):
        units = there if rest is None else min(there, rest)
        if money is not None:
            units = min(units, money // ticks)
        if units <= 0:
            return Takings(parts, False, True)
        if maker is not None and maker.account == order.account:
            return Takings(parts, True, False)
        parts.append(Taking(ticks, units, maker))
        rest = None if rest is None else rest - units
        money = None if money is None else money - ticks * units
        if rest == 0:
            return Takings(parts, False, True)
    return Takings(parts, False, False)


def _bound(order: Order) -> int:
    """The last place of the other side that it may take from."""
    if order.price is None:
        return rows.NOWHERE
    ticks = scaled(order.price, order.rules.price_precision)
    return ticks if order.buys else -ticks


def _offers(
    db: sqlite3.Connection, pit: Pit, stands: str, bound: int
) -> Iterator[tuple[int, int, Order | None]]:
    """Ticks, units and maker of all that stands on one side up to `bound`, in its order."""
    sign = -1 if stands == "buy" else 1
    simulated = _simulated(pit, stands, sign, bound)
    level = next(simulated, None)
    for place, maker in rows.standing_up_to(db, pit.rules, stands, bound):
        while level is not None and sign * level.price < place:
            yield level.price, level.amount, None
            level = next(simulated, None)
        yield sign * place, pit.rest(maker), maker
    while level is not None:
        yield level.price, level.amount, None
        level = next(simulated, None)


def _simulated(pit: Pit, stands: str, sign: int, bound: int) -> Iterator[Level]:
    few = pit.offered(stands, _FEW)
    for level in few:
        if sign * level.price > bound:
            return
        yield level
    for level in pit.all_offered(stands):
        if few and sign * level.price <= sign * few[-1].price:
            continue
        if sign * level.price > bound:
            return
        yield level
