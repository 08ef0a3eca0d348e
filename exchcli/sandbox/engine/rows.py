"""Orders as the store keeps them, and the users' side of a book as lookups in it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from exchcli.sandbox.catalog import Rules
from exchcli.sandbox.ledger import text
from exchcli.sandbox.trading import Order, order_row, standing

_ORDER = (
    "SELECT id, code, account, wallet, symbol, side, price, stop, amount, spend, post_only, status,"
    " filled, cost, held, created, updated, rank, place FROM orders "
)
_BY_CODE = _ORDER + "WHERE exchange = ? AND code = ?"
_STANDING = _ORDER + (
    "WHERE exchange = ? AND symbol = ? AND stands = ? AND place <= ? AND (place, rank) > (?, ?)"
    " ORDER BY place, rank LIMIT ?"
)
_WAITING = _ORDER + (
    "WHERE exchange = ? AND symbol = ? AND stands = ? AND place <= ?"
    " ORDER BY place, rank, id LIMIT 1"
)
_OPEN_OF = _ORDER + (
    "WHERE account = ? AND wallet = ? AND status = 'open' AND exchange = ? AND symbol = ?"
    " ORDER BY created, id"
)
_OPEN = _ORDER + (
    "WHERE exchange = ? AND symbol = ? AND stands IS NOT NULL ORDER BY stands, place, rank"
)
_FIRST = (
    "SELECT place FROM orders WHERE exchange = ? AND symbol = ? AND stands = ?"
    " ORDER BY place LIMIT 1"
)
_INSERT = f"INSERT INTO orders VALUES ({', '.join('?' * 22)})"  # noqa: S608
_UPDATE = (
    "UPDATE orders SET status = ?, filled = ?, cost = ?, held = ?, updated = ?,"
    " stands = ?, place = ?, rank = ?, rest = ? WHERE exchange = ? AND id = ?"
)
# Places are prices in ticks, with a sign; nothing stands beyond these.
NOWHERE = 2**62
_BATCHES = (2, 8, 64)


def insert(db: sqlite3.Connection, order: Order) -> None:
    db.execute(_INSERT, order_row(order, order.code))


def update(db: sqlite3.Connection, order: Order) -> None:
    """Everything of it that can change."""
    db.execute(
        _UPDATE,
        (
            order.status, text(order.filled), text(order.cost), text(order.held), order.updated,
            *standing(order), order.rules.exchange, order.id,
        ),
    )  # fmt: skip


def by_code(db: sqlite3.Connection, exchange: str, code: str) -> tuple[Any, ...] | None:
    """The row of an order, for symbol_of() and loaded(); None if there is none."""
    row: tuple[Any, ...] | None = db.execute(_BY_CODE, (exchange, code)).fetchone()
    return row


def symbol_of(row: tuple[Any, ...]) -> str:
    return str(row[4])


def loaded(row: tuple[Any, ...], rules: Rules) -> Order:
    """The order of a row."""
    id_, code, account, wallet, _, side, price, stop, amount, spend, post_only, status = row[:12]
    order = Order(
        id_,
        account,
        rules,
        side,
        row[15],
        amount=None if amount is None else Decimal(amount),
        price=None if price is None else Decimal(price),
        spend=None if spend is None else Decimal(spend),
        stop=None if stop is None else Decimal(stop),
        post_only=bool(post_only),
        wallet=wallet,
        code=code,
    )
    order.status = status
    order.filled, order.cost, order.held = map(Decimal, row[12:15])
    order.updated, order.rank = row[16], row[17]
    return order


def standing_up_to(
    db: sqlite3.Connection, rules: Rules, stands: str, bound: int
) -> Iterator[tuple[int, Order]]:
    """The orders of one side of the book whose place is not after `bound`, in their order, each
    with its place. They are read a few at a time: whoever takes one may change it.
    """
    place = rank = -NOWHERE
    for turn in range(NOWHERE):
        size = _BATCHES[min(turn, len(_BATCHES) - 1)]
        rows = db.execute(
            _STANDING, (rules.exchange, rules.symbol, stands, bound, place, rank, size)
        ).fetchall()
        for row in rows:
            yield row[18], loaded(row, rules)
        if len(rows) < size:
            return
        place, rank = rows[-1][18], rows[-1][17]


def first_of(db: sqlite3.Connection, rules: Rules, stands: str, account: int) -> Order:
    """The first order of one side of the book that is of this account: there has to be one."""
    everyone = standing_up_to(db, rules, stands, NOWHERE)
    return next(order for _, order in everyone if order.account == account)


def open_of(db: sqlite3.Connection, rules: Rules, account: int, wallet: str) -> list[Order]:
    """The open orders of one account's wallet in one pair."""
    rows = db.execute(_OPEN_OF, (account, wallet, rules.exchange, rules.symbol)).fetchall()
    return [loaded(row, rules) for row in rows]


def first_waiting(db: sqlite3.Connection, rules: Rules, stands: str, bound: int) -> Order | None:
    """The stop that is reached first of those at or before `bound`."""
    row = db.execute(_WAITING, (rules.exchange, rules.symbol, stands, bound)).fetchone()
    return loaded(row, rules) if row else None


def first_place(db: sqlite3.Connection, rules: Rules, stands: str) -> int | None:
    """The place of the first order that stands there."""
    row = db.execute(_FIRST, (rules.exchange, rules.symbol, stands)).fetchone()
    return None if row is None else int(row[0])


def open_in(db: sqlite3.Connection, rules: Rules) -> list[Order]:
    """All open orders of a pair."""
    rows = db.execute(_OPEN, (rules.exchange, rules.symbol)).fetchall()
    return [loaded(row, rules) for row in rows]
