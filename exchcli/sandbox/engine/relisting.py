"""A market is replaced by a recording: what becomes of what users have there.

Their trades stay with the market that is gone. Their open orders stay open, but for those that
are finer than the new market's prices or amounts, and those that lie through its book: they were
meant for another market, and whatever price they traded at would be none of this one. Stops and
positions go by its last price; at that price a position is closed that is finer than the new
market's amounts, as no order there could ever close all of it.
"""

from __future__ import annotations

import sqlite3
from decimal import Decimal

from exchcli.sandbox.catalog import Rules
from exchcli.sandbox.engine import margin, rows
from exchcli.sandbox.engine.core import Engine
from exchcli.sandbox.engine.matching import other
from exchcli.sandbox.engine.pit import Pit, Run
from exchcli.sandbox.floor import Floor
from exchcli.sandbox.ledger import minus, shifted
from exchcli.sandbox.store import Store
from exchcli.sandbox.trading import Order


def take_over(db: sqlite3.Connection, store: Store, floor: Floor, rules: Rules, time: int) -> None:
    """Within the transaction that replaces a market, at `time` (nanoseconds): the `floor` has the
    new one already, whose rules are these. Time has passed up to then on the old one.
    """
    name = rules.exchange, rules.symbol
    for table in ("prints", "print_bars", "eaten"):
        db.execute(f"DELETE FROM {table} WHERE exchange = ? AND symbol = ?", name)  # noqa: S608
    engine = Engine(db, store, floor, rules.exchange, time // 1000)
    for order in rows.open_in(db, rules):
        if _fits(order):
            rows.update(db, order)
        else:
            engine.end(order, "canceled")
    pit = engine.pit(rules.symbol)
    _cancel_crossed(engine, pit)
    for position in margin.positions_in(db, rules):
        if not _is_whole(position.amount, rules.amount_precision):
            margin.liquidate(engine, position, pit.price(pit.last))
    engine.after_trade(pit, Run(pit.last, pit.last))
    engine.flush()


def _cancel_crossed(engine: Engine, pit: Pit) -> None:
    """Without a trade: what the new market's tape shows is the recording's."""
    for stands, sign in (("buy", -1), ("sell", 1)):
        if (level := pit.best(other(stands))) is not None:
            for _, order in rows.standing_up_to(engine.db, pit.rules, stands, sign * level.price):
                engine.end(order, "canceled")


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
