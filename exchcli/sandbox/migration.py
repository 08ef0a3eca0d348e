"""Stores of earlier layouts become stores of this one, in one transaction."""

from __future__ import annotations

import sqlite3
from decimal import Decimal

from exchcli.sandbox.catalog import SIMULATIONS, Rules
from exchcli.sandbox.schema import (
    ACCOUNTS,
    CONDUCT,
    MARKETS,
    ORDER_CHANGES,
    PAYMENT_CHANGES,
    PAYMENTS_DUE,
    STATISTICS,
)
from exchcli.sandbox.store import VERSION


def migrate(db: sqlite3.Connection) -> None:
    """From layout 1 or 2 to VERSION. Of two processes that meet here the second finds it done."""
    db.execute("BEGIN IMMEDIATE")
    try:
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version == 1:
            _run(db, ACCOUNTS + PAYMENTS_DUE + MARKETS + CONDUCT + STATISTICS)
        elif version == 2:
            _run(
                db, ORDER_CHANGES + PAYMENT_CHANGES + PAYMENTS_DUE + MARKETS + CONDUCT + STATISTICS
            )
            _join_the_market(db)
        db.execute(f"PRAGMA user_version = {VERSION}")
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _join_the_market(db: sqlite3.Connection) -> None:
    """The open orders of layout 2 were only shown; now they stand in the book."""
    from exchcli.sandbox.trading import Order, standing

    db.execute(
        "INSERT INTO engine SELECT DISTINCT exchange, (SELECT opened FROM sandbox), 0 FROM accounts"
    )
    rows = db.execute(
        "SELECT exchange, id, account, symbol, side, created, wallet, price, stop, amount, filled"
        " FROM orders WHERE status = 'open'"
    ).fetchall()
    for exchange, id_, account, symbol, side, created, wallet, *numbers in rows:
        price, stop, amount = (None if each is None else Decimal(each) for each in numbers[:3])
        order = Order(
            id_, account, _rules(db, exchange, symbol), side, created,
            price=price, stop=stop, amount=amount, wallet=wallet,
        )  # fmt: skip
        order.filled = Decimal(numbers[3])
        db.execute(
            "UPDATE orders SET stands = ?, place = ?, rank = ?, rest = ?"
            " WHERE exchange = ? AND id = ?",
            (*standing(order), exchange, id_),
        )


def _rules(db: sqlite3.Connection, exchange: str, symbol: str) -> Rules:
    """A pair of the catalog, as fine as its recording if it has one."""
    rules = SIMULATIONS[exchange, symbol].rules
    row = db.execute(
        "SELECT price_precision, amount_precision FROM recordings"
        " WHERE exchange = ? AND symbol = ?",
        (exchange, symbol),
    ).fetchone()
    return rules._replace(price_precision=row[0], amount_precision=row[1]) if row else rules


def _run(db: sqlite3.Connection, script: str) -> None:
    """The statements of a script, within the transaction that is open."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            db.execute(statement)
            statement = ""
