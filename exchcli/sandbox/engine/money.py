"""The ledger over the store: balances are read when they are first needed, written at the end."""

from __future__ import annotations

import sqlite3
from decimal import Decimal

from exchcli.sandbox.ledger import Ledger, Place, text

_ZERO = Decimal(0)


class StoredLedger(Ledger):
    """The ledger of one exchange within one transaction of the store.

    Nothing is written before flush(). Amounts are Decimal and exact, times microseconds.
    """

    def __init__(self, db: sqlite3.Connection, exchange: str, house: int) -> None:
        """`db` is in the transaction of whatever this is for, and `house` an account."""
        newest = db.execute(
            "SELECT id FROM entries WHERE exchange = ? ORDER BY id DESC LIMIT 1", (exchange,)
        ).fetchone()
        super().__init__(exchange, house, newest[0] if newest else 0)
        self._db = db
        self._written: dict[Place, tuple[Decimal, Decimal]] = {}

    def total(self, place: Place) -> Decimal:
        if place not in self.totals:
            self._load(place)
        return self.totals[place]

    def hold_of(self, place: Place) -> Decimal:
        if place not in self.held:
            self._load(place)
        return self.held[place]

    def flush(self) -> None:
        """Writes the entries made since the last flush and the balances that they changed.

        Raises Overdrawn, and has written nothing, if somebody would have less than nothing or
        less than is held: whoever let that come about has an error, and no money may show it.
        """
        changed = {
            place: now
            for place, total in self.totals.items()
            if (now := (total, self.held[place])) != self._written[place]
        }
        for (account, wallet, currency), (total, held) in changed.items():
            if account != self._house and not _ZERO <= held <= total:
                raise Overdrawn(f"{wallet} {currency} of account {account}: {held} held of {total}")
        self._db.executemany(
            "INSERT INTO balances (account, wallet, currency, total, held) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET total = excluded.total, held = excluded.held",
            [(*place, text(total), text(held)) for place, (total, held) in changed.items()],
        )
        self._db.executemany(
            "INSERT INTO entries (exchange, id, deed, account, wallet, currency, kind, amount,"
            " balance, time) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            self.entries,
        )
        self._written |= changed
        self.entries.clear()

    def _load(self, place: Place) -> None:
        row = self._db.execute(
            "SELECT total, held FROM balances WHERE account = ? AND wallet = ? AND currency = ?",
            place,
        ).fetchone()
        total, held = (Decimal(row[0]), Decimal(row[1])) if row else (_ZERO, _ZERO)
        self._written[place] = total, held
        self.totals[place], self.held[place] = total, held


class Overdrawn(Exception):
    """A balance would be below what is held of it, or below nothing: an error of the engine."""
