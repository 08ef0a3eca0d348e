"""The books of a sandbox, read from its file by nobody's code but this: do they add up?"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from contextlib import closing
from decimal import Decimal, localcontext
from pathlib import Path
from typing import NamedTuple


class Ordered(NamedTuple):
    """What somebody ordered: the pair, and in a limit order the amount and the price."""

    symbol: str
    amount: Decimal | None
    price: Decimal | None


def audit(folder: Path) -> dict[tuple[str, str], Ordered]:
    """The orders by exchange and id, read as whoever opens the file after a crash would.

    Every sum in the file is checked on the way.
    """
    with closing(sqlite3.connect(folder / "sandbox.sqlite")) as db, localcontext(prec=200):
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        _entries(db)
        _holds(db)
        _fills(db)
        rows = db.execute("SELECT exchange, code, symbol, amount, price FROM orders")
        return {
            (exchange, code): Ordered(symbol, _decimal(amount), _decimal(price))
            for exchange, code, symbol, amount, price in rows
        }


def _entries(db: sqlite3.Connection) -> None:
    """Every deed adds up to nothing, and every balance is the sum of its entries."""
    deeds: dict[object, Decimal] = defaultdict(Decimal)
    sums: dict[object, Decimal] = defaultdict(Decimal)
    for exchange, deed, account, wallet, currency, amount in db.execute(
        "SELECT exchange, deed, account, wallet, currency, amount FROM entries"
    ):
        deeds[exchange, deed, currency] += Decimal(amount)
        sums[account, wallet, currency] += Decimal(amount)
    assert not any(deeds.values()), "money came from nowhere"
    balances = {
        (account, wallet, currency): Decimal(total)
        for account, wallet, currency, total in db.execute(
            "SELECT account, wallet, currency, total FROM balances"
        )
    }
    for place in sums.keys() | balances.keys():
        assert sums[place] == balances.get(place, 0), f"{place} is not the sum of its entries"


def _holds(db: sqlite3.Connection) -> None:
    """What is held is what open orders, positions and withdrawals need; none has more than all."""
    held: dict[object, Decimal] = defaultdict(Decimal)
    for account, wallet, side, base, quote, amount in _held_by_orders(db):
        currency = base if wallet == "spot" and side == "sell" else quote
        held[account, wallet, currency] += Decimal(amount)
    for account, symbol, amount in db.execute("SELECT account, symbol, held FROM positions"):
        held[account, "margin", symbol.partition("_")[2]] += Decimal(amount)
    for row in db.execute(
        "SELECT account, currency, fee_currency, amount, fee FROM payments"
        " WHERE kind = 'withdrawal' AND status IN ('pending', 'confirming')"
    ):
        account, currency, fee_currency, amount, fee = row
        held[account, "spot", currency] += Decimal(amount)
        held[account, "spot", fee_currency or currency] += Decimal(fee)
    users = "SELECT account FROM accounts WHERE number >= 0"
    for account, wallet, currency, total, told in db.execute(
        f"SELECT account, wallet, currency, total, held FROM balances WHERE account IN ({users})"
    ):
        assert Decimal(told) == held.pop((account, wallet, currency), Decimal(0))
        assert 0 <= Decimal(told) <= Decimal(total)
    assert not any(held.values())


def _held_by_orders(db: sqlite3.Connection) -> list[tuple[str, ...]]:
    pairs = {"BTCPLN": ("BTC", "PLN"), "LTCPLN": ("LTC", "PLN"), "LTCBTC": ("LTC", "BTC")}
    found = []
    for account, wallet, side, symbol, amount in db.execute(
        "SELECT account, wallet, side, symbol, held FROM orders WHERE status = 'open'"
    ):
        base, quote = pairs.get(symbol) or tuple(symbol.split("_"))
        found.append((account, wallet, side, base, quote, amount))
    return found


def _fills(db: sqlite3.Connection) -> None:
    """The fills of an order add up to what it says of itself, and nobody is paid by a fee."""
    filled: dict[object, Decimal] = defaultdict(Decimal)
    cost: dict[object, Decimal] = defaultdict(Decimal)
    for exchange, order, amount, paid, fee in db.execute(
        'SELECT exchange, "order", amount, cost, fee FROM fills'
    ):
        assert Decimal(fee) >= 0
        filled[exchange, order] += Decimal(amount)
        cost[exchange, order] += Decimal(paid)
    for exchange, order, amount, told, paid, status in db.execute(
        "SELECT exchange, id, amount, filled, cost, status FROM orders"
    ):
        assert Decimal(told) == filled[exchange, order]
        assert Decimal(paid) == cost[exchange, order]
        if amount is not None:
            assert Decimal(told) <= Decimal(amount)
            assert (Decimal(told) == Decimal(amount)) == (status == "filled")


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
