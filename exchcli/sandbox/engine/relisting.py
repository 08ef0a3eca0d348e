"""A market is replaced by a recording: what becomes of what users have there.

Their trades stay with the market that is gone. Their open orders stay open and meet the new
one; those that are finer than its prices or amounts are canceled.
"""

from __future__ import annotations

import sqlite3
from decimal import Decimal

from exchcli.sandbox.catalog import Rules
from exchcli.sandbox.engine import rows
from exchcli.sandbox.engine.core import Engine
from exchcli.sandbox.engine.desk import advance, trading
from exchcli.sandbox.engine.passing import uncross
from exchcli.sandbox.floor import Floor
from exchcli.sandbox.ledger import minus, shifted
from exchcli.sandbox.store import Store
from exchcli.sandbox.trading import Order


def let_go(store: Store, floor: Floor, exchange: str, time: int) -> None:
    """What the market did up to `time` (nanoseconds) happens before it is replaced."""
    if _has_users(store, exchange):
        advance(store, floor, exchange, time)


def take_over(db: sqlite3.Connection, store: Store, floor: Floor, rules: Rules, time: int) -> None:
    """Within the transaction that replaces it: everything as fine as the new `rules`."""
    name = rules.exchange, rules.symbol
    for table in ("prints", "print_bars", "eaten"):
        db.execute(f"DELETE FROM {table} WHERE exchange = ? AND symbol = ?", name)  # noqa: S608
    if not _has_users(store, rules.exchange):
        return
    engine = Engine(db, store, floor, rules.exchange, time // 1000)
    for order in rows.open_in(db, rules):
        if _fits(order):
            rows.update(db, order)
        else:
            engine.end(order, "canceled")
    engine.flush()


def meet(store: Store, floor: Floor, rules: Rules, time: int) -> None:
    """The orders that stay trade with what the new market offers."""
    if _has_users(store, rules.exchange):
        with trading(store, floor, rules.exchange, time) as desk:
            uncross(desk, desk.pit(rules.symbol))


def _has_users(store: Store, exchange: str) -> bool:
    return bool(store.rows("SELECT 1 FROM engine WHERE exchange = ?", exchange))


def _fits(order: Order) -> bool:
    rules = order.rules
    assert order.amount is not None
    prices = [price for price in (order.price, order.stop) if price is not None]
    return all(_is_whole(price, rules.price_precision) for price in prices) and _is_whole(
        minus(order.amount, order.filled), rules.amount_precision
    )


def _is_whole(number: Decimal, places: int) -> bool:
    scaled = shifted(number, places)
    return scaled == scaled.to_integral_value()
