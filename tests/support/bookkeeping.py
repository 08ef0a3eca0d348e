"""An exchange's books in a store of their own, without orders: for tests of money alone."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import pytest

from exchcli.sandbox import accounts
from exchcli.sandbox.demo import HOUSES
from exchcli.sandbox.engine.desk import Desk, trading
from exchcli.sandbox.engine.money import StoredLedger
from exchcli.sandbox.engine.reasons import Reason, Refusal
from exchcli.sandbox.floor import Floor
from exchcli.sandbox.store import Store

OPENED = 1772600807
MICRO = 1_000_000


class _Undone(Exception):
    pass


class Open(NamedTuple):
    """What the engine's money needs, within one transaction."""

    exchange: str
    time: int
    db: sqlite3.Connection
    ledger: StoredLedger
    floor: Floor


class Bookkeeping:
    """One exchange's store; accounts are `one` and `two`, as the exchange is born with them."""

    def __init__(self, folder: Path, exchange: str) -> None:
        self.store = Store(folder, OPENED)
        self.floor = Floor(self.store)
        self.exchange = exchange
        self.house = HOUSES[exchange]
        self.one, self.two = self.house + 1, self.house + 2
        accounts.ensure(self.store, exchange)

    @contextmanager
    def at(self, seconds: float) -> Iterator[Open]:
        """One transaction, so many seconds after the opening; within a trial(), a part of that."""
        time = OPENED * MICRO + round(seconds * MICRO)
        with self.store.writing() as db:
            ledger = StoredLedger(db, self.exchange, self.house)
            yield Open(self.exchange, time, db, ledger, self.floor)
            ledger.flush()

    def desk(self, seconds: float) -> AbstractContextManager[Desk]:
        """The whole desk at this moment, after time has passed up to it."""
        time = OPENED * MICRO + round(seconds * MICRO)
        return trading(self.store, self.floor, self.exchange, time * 1000)

    @contextmanager
    def trial(self) -> Iterator[None]:
        """All that happens inside is undone at the end: its transactions are parts of one."""
        with suppress(_Undone), self.store.writing() as db:

            @contextmanager
            def step(*, keeping: bool = False) -> Iterator[sqlite3.Connection]:
                db.execute("SAVEPOINT step")
                try:
                    if not keeping:
                        self.store._kept.clear()
                    yield db
                except BaseException:
                    self.store._kept.clear()
                    db.execute("ROLLBACK TO step")
                    raise
                finally:
                    db.execute("RELEASE step")

            with patch.object(self.store, "writing", step):
                yield
            raise _Undone

    def balance(self, account: int, currency: str, wallet: str = "spot") -> tuple[Decimal, Decimal]:
        """Total, and what is held of it."""
        rows = self.store.select(
            "SELECT total, held FROM balances WHERE account = ? AND wallet = ? AND currency = ?",
            account,
            wallet,
            currency,
        )
        return (Decimal(rows[0][0]), Decimal(rows[0][1])) if rows else (Decimal(0), Decimal(0))

    def free(self, account: int, currency: str, wallet: str = "spot") -> Decimal:
        total, held = self.balance(account, currency, wallet)
        return total - held

    def check(self) -> None:
        """All that has to be true of the books at any time, whatever happened."""
        running: dict[tuple[int, str, str], Decimal] = defaultdict(Decimal)
        deeds: dict[tuple[int, str], Decimal] = defaultdict(Decimal)
        for deed, *place, amount, balance in self.store.select(
            "SELECT deed, account, wallet, currency, amount, balance FROM entries"
            " WHERE exchange = ? ORDER BY id",
            self.exchange,
        ):
            running[tuple(place)] += Decimal(amount)
            deeds[deed, place[2]] += Decimal(amount)
            assert running[tuple(place)] == Decimal(balance)
        assert set(deeds.values()) <= {Decimal(0)}
        held = self.holds()
        for account, wallet, currency, total, hold in self.store.select(
            "SELECT account, wallet, currency, total, held FROM balances"
            " JOIN accounts USING (account) WHERE exchange = ?",
            self.exchange,
        ):
            place = account, wallet, currency
            assert running[place] == Decimal(total)
            assert held[place] == Decimal(hold)
            assert account == self.house or 0 <= Decimal(hold) <= Decimal(total)

    def holds(self) -> dict[tuple[int, str, str], Decimal]:
        """What orders, positions and withdrawals that are not over hold."""
        held: dict[tuple[int, str, str], Decimal] = defaultdict(Decimal)
        rules = {each.symbol: each for each in self.floor.rules(self.exchange)}
        for account, wallet, symbol, side, amount in self.store.select(
            "SELECT account, wallet, symbol, side, held FROM orders WHERE exchange = ?",
            self.exchange,
        ):
            sold = wallet == "spot" and side == "sell"
            currency = rules[symbol].base if sold else rules[symbol].quote
            held[account, wallet, currency] += Decimal(amount)
        for account, currency, amount, fee, other in self.store.select(
            "SELECT account, currency, amount, fee, fee_currency FROM payments"
            " WHERE exchange = ? AND kind = 'withdrawal' AND status IN ('pending', 'confirming')",
            self.exchange,
        ):
            held[account, "spot", currency] += Decimal(amount)
            held[account, "spot", other or currency] += Decimal(fee)
        if self.exchange == "dfx":
            for account, symbol, amount in self.store.select(
                "SELECT account, symbol, held FROM positions"
            ):
                held[account, "margin", rules[symbol].quote] += Decimal(amount)
        return held

    def close(self) -> None:
        self.store.close()


def refused(
    books: Bookkeeping, reason: Reason, act: Callable[..., object], *args: object, **named: object
) -> None:
    """What the second account asks for is refused, for this reason and in a sentence."""
    with pytest.raises(Refusal) as refusal, books.at(1) as opened:
        act(opened, books.two, *args, **named)
    assert refusal.value.reason is reason
    assert refusal.value.detail.endswith(".")
