"""The ledger over the store: balances are read when they are first needed, written at the end."""

from __future__ import annotations

import sqlite3
from decimal import Decimal
from typing import Protocol

from exchcli.sandbox.engine.reasons import Reason, Refusal
from exchcli.sandbox.floor import Floor
from exchcli.sandbox.ledger import UNIT, Ledger, Place, down, shifted, text

_ZERO = Decimal(0)
# More than there is of anything.
_MOST = Decimal(10) ** 15


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
        self._touched: set[Place] = set()

    def total(self, place: Place) -> Decimal:
        if place not in self.totals:
            self._load(place)
        return self.totals[place]

    def hold_of(self, place: Place) -> Decimal:
        if place not in self.held:
            self._load(place)
        return self.held[place]

    def hold(self, place: Place, amount: Decimal) -> None:
        super().hold(place, amount)
        self._touched.add(place)

    def flush(self) -> None:
        """Writes the entries made since the last flush and the balances that they changed.

        Raises Overdrawn, and has written nothing, if somebody would have less than nothing or
        less than is held: whoever let that come about has an error, and no money may show it.
        """
        changed = {
            place: now
            for place in self._touched
            if (now := (self.total(place), self.hold_of(place))) != self._written[place]
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
        self._touched.clear()

    def _post(self, deed: int, kind: str, place: Place, amount: Decimal, time: int) -> None:
        super()._post(deed, kind, place, amount, time)
        self._touched.add(place)

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


class Books(Protocol):
    """What of a desk its money needs: one exchange at one moment, in one transaction."""

    @property
    def exchange(self) -> str: ...
    @property
    def time(self) -> int:
        """Microseconds since the epoch."""

    @property
    def db(self) -> sqlite3.Connection: ...
    @property
    def ledger(self) -> StoredLedger: ...
    @property
    def floor(self) -> Floor: ...


def sensible(amount: Decimal) -> Decimal:
    """The amount in whole units. Raises Refusal if money does not come in such amounts."""
    if amount.is_finite() and _ZERO < amount <= _MOST and (exact := down(amount)) == amount:
        return exact
    raise Refusal(
        Reason.BAD_AMOUNT, f"An amount is a positive number of whole {UNIT:f}, at most 10^15."
    )


def last_price(books: Books, symbol: str) -> Decimal:
    """What one base currency was last traded for; 0 if there is no such pair."""
    market = books.floor.market(books.exchange, symbol)
    if market is None:
        return _ZERO
    (newest,) = market.trades(books.time // 1_000_000, 1)
    return shifted(Decimal(newest.price), -market.rules.price_precision)


def in_usdt(books: Books, currency: str) -> Decimal:
    """What one of it was last worth; nothing, where nobody has traded it for USDT."""
    return Decimal(1) if currency == "USDT" else last_price(books, f"{currency}_USDT")
