"""Stores of earlier layouts become stores of this one, in one transaction.

Layout 3 was in use in several states while it was made, with or without some of its tables and
indexes. So what is missing is looked for, not concluded from the number.
"""

from __future__ import annotations

import sqlite3
from decimal import Decimal
from itertools import groupby

from exchcli.sandbox.bars import Print, bar_of
from exchcli.sandbox.catalog import SIMULATIONS, Rules
from exchcli.sandbox.overlaid import PERIODS
from exchcli.sandbox.schema import (
    ACCOUNTS,
    ADDED_COLUMNS,
    CONDUCT,
    MARKETS,
    OUTDATED,
    PAYMENTS_DUE,
    STATISTICS,
)
from exchcli.sandbox.store import VERSION
from exchcli.sandbox.tallies import layout, recount

# The demo accounts' payments stand still for ten minutes after the opening, as in a new store.
_PAYMENTS_STAND = (
    "UPDATE payments SET due = (SELECT opened + 600 FROM sandbox) * 1000000"
    " WHERE status IN ('pending', 'confirming')"
)
_FILLS_SAY = (
    "UPDATE fills SET (wallet, symbol) = (SELECT wallet, symbol FROM orders o"
    ' WHERE o.exchange = fills.exchange AND o.id = fills."order")'
)


def migrate(db: sqlite3.Connection) -> None:
    """From any earlier layout to VERSION. Of two that meet here the second finds it done."""
    db.execute("BEGIN IMMEDIATE")
    try:
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version < VERSION:
            for table, column, kind in ADDED_COLUMNS:
                there = {row[1] for row in db.execute(f"PRAGMA table_info({table})")}
                if there and column not in there:
                    db.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")
            _run(db, OUTDATED + ACCOUNTS)
            db.execute(_FILLS_SAY)  # before there are indexes of it
            _run(db, PAYMENTS_DUE + MARKETS + CONDUCT + layout() + recount() + STATISTICS)
            if version == 2:
                db.execute(_PAYMENTS_STAND)
                _join_the_market(db)
            elif version == 3:
                _draw_bars(db)
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


def _draw_bars(db: sqlite3.Connection) -> None:
    """What the users' prints amount to, for all the periods that are kept today."""
    db.execute("DELETE FROM print_bars")
    rows = db.execute(
        "SELECT exchange, symbol, time, id, buy, price, amount FROM prints"
        " ORDER BY exchange, symbol, time, id"
    ).fetchall()
    for of, group in groupby(rows, lambda row: row[:2]):
        prints = [Print(time, id_, buy == 1, *rest) for _, _, time, id_, buy, *rest in group]
        for period in PERIODS:
            starting: dict[int, list[Print]] = {}
            for each in prints:
                starting.setdefault(each.time // period * period, []).append(each)
            for start, some in starting.items():
                bar = bar_of(some)
                assert bar is not None
                db.execute(
                    "INSERT INTO print_bars VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (*of, period, start, some[0].time, some[-1].time, *bar[:4], *map(str, bar[4:])),
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
