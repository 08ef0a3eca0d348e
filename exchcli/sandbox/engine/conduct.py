"""DigiFinex's trading rules: indicators of an account's orders, and bans that follow from them.

    FR  filled orders / orders                                < 0.01 with more than 99 orders
    FW  filled amount / ordered amount                        < 0.01 with more than 49 orders
    CR  orders canceled unfilled within 5 s / orders          > 0.95 with more than 99 orders

Each is of one pair on one market, over the orders placed in the last 10 minutes: those whose
minute began within them. Where the document leaves room: filled is what is filled completely,
and market orders that spend quote have no amount to weigh. Whoever trips one places no orders
for 30 minutes; the third such ban within 3 hours is one of 24. Cancels and reads go on.
"""

from __future__ import annotations

import sqlite3
from decimal import Decimal
from typing import NamedTuple

from exchcli.sandbox.catalog import DFX
from exchcli.sandbox.engine.reasons import Reason, Refusal
from exchcli.sandbox.ledger import plus, text
from exchcli.sandbox.trading import Order

SECOND = 1_000_000
MINUTE, HOUR = 60 * SECOND, 3600 * SECOND
PERIOD = 10  # minutes
AT_ONCE = 5 * SECOND
BAN, LONG_BAN, MEMORY, THIRD = 30 * MINUTE, 24 * HOUR, 3 * HOUR, 3
_FEW, _MANY = 49, 99
_LEAST, _MOST = Decimal("0.01"), Decimal("0.95")
_ZERO = Decimal(0)


class Counts(NamedTuple):
    """What became of some orders; the columns of `conduct`."""

    orders: int = 0
    filled: int = 0
    canceled: int = 0
    ordered: Decimal = _ZERO
    done: Decimal = _ZERO

    def plus(self, other: Counts) -> Counts:
        return Counts(
            self.orders + other.orders,
            self.filled + other.filled,
            self.canceled + other.canceled,
            plus(self.ordered, other.ordered),
            plus(self.done, other.done),
        )

    def tripped(self) -> str | None:
        """The indicator that bans, if any."""
        if self.orders > _MANY and self.filled < _LEAST * self.orders:
            return "FR"
        # Without a known amount nothing can be said against anybody.
        if self.orders > _FEW and self.done < _LEAST * self.ordered:
            return "FW"
        if self.orders > _MANY and self.canceled > _MOST * self.orders:
            return "CR"
        return None


_Pair = tuple[int, str, str]  # account, wallet, symbol


class Conduct:
    """What one transaction adds to the counts; flush() writes it, and bans whom it has to."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """`watching` may be set to False: then nothing is counted."""
        self.watching = True
        self._db = db
        self._added: dict[tuple[_Pair, int], Counts] = {}

    def placed(self, order: Order) -> None:
        """A new order, before anything has become of it."""
        self._add(order, Counts(orders=1, ordered=order.amount or _ZERO))

    def filled(self, order: Order, amount: Decimal) -> None:
        """So much more of it is filled."""
        if order.amount is not None:
            self._add(order, Counts(done=amount))

    def ended(self, order: Order) -> None:
        """It is filled or canceled, since `updated`; an order that is open is passed over."""
        if order.status == "filled":
            self._add(order, Counts(filled=1))
        elif order.status == "canceled" and not order.filled:
            self._add(order, Counts(canceled=order.updated - order.created <= AT_ONCE))

    def flush(self, time: int) -> None:
        """`time` in microseconds, as everywhere here."""
        forgotten = _last_forgotten(time)
        changed = set()
        for (pair, minute), added in self._added.items():
            if minute > forgotten:
                self._write(pair, minute, added, forgotten)
                changed.add(pair)
        self._added.clear()
        for pair in sorted(changed):
            if why := self._counts(pair, forgotten).tripped():
                _ban(self._db, pair, why, time)

    def _add(self, order: Order, counts: Counts) -> None:
        if self.watching and order.rules.exchange == DFX:
            pair = order.account, order.wallet, order.rules.symbol
            key = pair, order.created // MINUTE
            self._added[key] = self._added.get(key, Counts()).plus(counts)

    def _write(self, pair: _Pair, minute: int, added: Counts, forgotten: int) -> None:
        row = self._db.execute(
            "SELECT orders, filled, canceled, ordered, done FROM conduct"
            " WHERE account = ? AND wallet = ? AND symbol = ? AND minute = ?",
            (*pair, minute),
        ).fetchone()
        if row is None:
            self._db.execute(
                "DELETE FROM conduct WHERE account = ? AND wallet = ? AND symbol = ?"
                " AND minute <= ?",
                (*pair, forgotten),
            )
        else:
            added = added.plus(_counts(row))
        self._db.execute(
            "INSERT OR REPLACE INTO conduct VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *pair,
                minute,
                added.orders,
                added.filled,
                added.canceled,
                text(added.ordered),
                text(added.done),
            ),
        )

    def _counts(self, pair: _Pair, forgotten: int) -> Counts:
        rows = self._db.execute(
            "SELECT orders, filled, canceled, ordered, done FROM conduct"
            " WHERE account = ? AND wallet = ? AND symbol = ? AND minute > ?",
            (*pair, forgotten),
        )
        total = Counts()
        for row in rows:
            total = total.plus(_counts(row))
        return total


def check(db: sqlite3.Connection, account: int, time: int) -> None:
    """Raises Refusal for an account that may not place orders at the moment."""
    row = db.execute(
        "SELECT ends, ends - begun FROM bans WHERE account = ? AND begun <= ? AND ends > ?"
        " ORDER BY ends DESC LIMIT 1",
        (account, time, time),
    ).fetchone()
    if row is None:
        return
    minutes = -(-(row[0] - time) // MINUTE)
    reason = Reason.BANNED if row[1] == BAN else Reason.BANNED_FOR_LONG
    raise Refusal(reason, f"No new orders for {minutes} more minutes, by the trading rules.")


def _ban(db: sqlite3.Connection, pair: _Pair, why: str, time: int) -> None:
    """Begins a ban, unless one lasts."""
    account, wallet, symbol = pair
    rows = db.execute(
        "SELECT begun, ends FROM bans WHERE account = ? AND begun > ? AND begun <= ?",
        (account, time - max(MEMORY, LONG_BAN), time),
    ).fetchall()
    if any(ends > time for _, ends in rows):
        return
    recent = sum(begun > time - MEMORY for begun, _ in rows)
    length = LONG_BAN if recent >= THIRD - 1 else BAN
    db.execute(
        "INSERT INTO bans VALUES (?, ?, ?, ?)",
        (account, time, time + length, f"{why} of {symbol} ({wallet})"),
    )


def _last_forgotten(time: int) -> int:
    """The newest minute that began before the last ten minutes."""
    return (time - PERIOD * MINUTE) // MINUTE


def _counts(row: tuple[int, int, int, str, str]) -> Counts:
    return Counts(row[0], row[1], row[2], Decimal(row[3]), Decimal(row[4]))
