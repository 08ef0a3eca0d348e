"""Margin: positions on borrowed money, one for each account and pair.

An order in the direction of the position adds to it, one against it closes a part and then,
as a second fill, turns it around. A third of what a position cost is the account's own and
held in the margin wallet; the rest is borrowed. When the last price leaves no more than the
pair's liquidation rate over the debt, the position is closed at that price. Whatever a price
may have jumped to, a wallet pays no more than what is free in it, and the house the rest.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from copy import copy
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from exchcli.sandbox.catalog import Rules
from exchcli.sandbox.engine import rows
from exchcli.sandbox.engine.money import Books
from exchcli.sandbox.engine.reasons import Reason, Refusal
from exchcli.sandbox.ledger import Ledger, minus, over, plus, times
from exchcli.sandbox.trading import Fill, Order, Position, fill, keep_hold, own_part, position_row

if TYPE_CHECKING:
    from exchcli.sandbox.engine.core import Engine

_ZERO = Decimal(0)
_COLUMNS = "account, symbol, side, leverage, amount, cost, held"


class Take(NamedTuple):
    """A trade that an incoming order would make."""

    price: Decimal
    amount: Decimal


# --- the arithmetic ---------------------------------------------------------------------------


def liquidation_price(
    side: str, amount: Decimal, cost: Decimal, held: Decimal, rate: Decimal
) -> Decimal:
    """The price at which what is left over the debt is only `rate` of the debt; 0 of none.

    A long position owes what was borrowed to buy it, a short one its amount.
    """
    if not amount:
        return _ZERO
    if side == "long":
        return over(times(minus(cost, held), 1 + rate), amount)
    return over(plus(cost, held), times(amount, 1 + rate))


def worth_and_debt(
    side: str, amount: Decimal, cost: Decimal, held: Decimal, last: Decimal
) -> tuple[Decimal, Decimal]:
    """What a position's assets and its debt are worth at the last price, in quote.

    Where it is liquidated, the first is by the pair's liquidation rate more than the second.
    """
    if side == "short":
        return plus(cost, held), times(amount, last)
    return times(amount, last), minus(cost, held)


def unrealized(side: str, amount: Decimal, cost: Decimal, last: Decimal) -> Decimal:
    """What closing it at the last price would bring, in quote, before fees."""
    worth = times(amount, last)
    return minus(cost, worth) if side == "short" else minus(worth, cost)


# --- positions --------------------------------------------------------------------------------


def position_of(db: sqlite3.Connection, account: int, rules: Rules) -> Position:
    """The account's position on this pair, of the amount 0 if there is none."""
    found = _positions(db, rules, "account = ? AND symbol = ?", account, rules.symbol)
    return found[0] if found else Position(account, rules, "long")


def positions_in(db: sqlite3.Connection, rules: Rules) -> list[Position]:
    """All positions of a pair, by account."""
    return _positions(db, rules, "symbol = ?", rules.symbol)


def trade(
    db: sqlite3.Connection,
    ledger: Ledger,
    order: Order,
    id_: int,
    price: Decimal,
    amount: Decimal,
    time: int,
    *,
    maker: bool,
) -> list[Fill]:
    """A margin order's part in one trade, and its position after it.

    One fill with the id `id_`, or two, the second with the next id: where the order turns the
    position around, the first closes it. `time` is in microseconds.
    """
    position = position_of(db, order.account, order.rules)
    fills = [
        fill(ledger, order, id_ + place, price, part, time, maker=maker, position=position)
        for place, part in enumerate(_parts(position, order, amount))
    ]
    if position.amount:
        db.execute("REPLACE INTO positions VALUES (?, ?, ?, ?, ?, ?, ?)", position_row(position))
    else:
        db.execute(
            "DELETE FROM positions WHERE account = ? AND symbol = ?",
            (order.account, order.rules.symbol),
        )
    return fills


def afford(books: Books, order: Order, takes: list[Take], *, rests: bool) -> None:
    """Raises Refusal unless the margin wallet can bear a new order, which holds nothing yet.

    It would make these trades at once; with `rests` the remainder stays, and holds its part.
    """
    if order.rules.liquidation_rate is None:
        raise Refusal(Reason.NO_MARGIN, f"{order.rules.symbol} is not traded on margin.")
    place = order.pays_from
    trial = Ledger(books.exchange, 0)
    trial.totals[place], trial.held[place] = books.ledger.total(place), books.ledger.hold_of(place)
    order = copy(order)
    position = position_of(books.db, order.account, order.rules)
    for price, amount in takes:
        for part in _parts(position, order, amount):
            opens = _opens(position, order)
            fill(trial, order, 0, price, part, 0, maker=False, position=position)
            if opens and position.held < own_part(position.cost):
                raise _too_little(books, order)
    if rests:
        keep_hold(trial, order)
    if trial.free(place) < 0:
        raise _too_little(books, order)


def reached(books: Books, rules: Rules, price: Decimal) -> list[Position]:
    """The positions that a last price liquidates."""
    if rules.liquidation_rate is None:
        return []
    return [position for position in positions_in(books.db, rules) if _is_reached(position, price)]


def liquidate_crossed(
    desk: Engine, rules: Rules, price: Decimal, accounts: Collection[int] | None = None
) -> bool:
    """Closes the positions that this price liquidates, at this price, as of the desk's time; with
    `accounts` only theirs. Returns whether there was any.
    """
    found = [
        position
        for position in reached(desk, rules, price)
        if accounts is None or position.account in accounts
    ]
    for position in found:
        liquidate(desk, position, price)
    return bool(found)


def liquidate(desk: Engine, position: Position, price: Decimal) -> None:
    """Closes a position at this price, as of the desk's time.

    The account's open margin orders of the pair are canceled first: they would open it anew.
    """
    for order in rows.open_of(desk.db, position.rules, position.account, "margin"):
        desk.end(order, "canceled")
    desk.liquidate(position, price)


def bounds(db: sqlite3.Connection, rules: Rules) -> tuple[Decimal | None, Decimal | None]:
    """The last prices of this pair at or below, and at or above which something is liquidated."""
    prices: dict[str, list[Decimal]] = {"long": [], "short": []}
    if rules.liquidation_rate is not None:
        for position in positions_in(db, rules):
            prices[position.side].append(_price_of(position))
    return max(prices["long"], default=None), min(prices["short"], default=None)


def _parts(position: Position, order: Order, amount: Decimal) -> list[Decimal]:
    """What of a trade closes the position, and what opens or adds to one."""
    if _opens(position, order) or amount <= position.amount:
        return [amount]
    return [position.amount, minus(amount, position.amount)]


def _opens(position: Position, order: Order) -> bool:
    return not position.amount or order.buys == (position.side == "long")


def _price_of(position: Position) -> Decimal:
    rate = Decimal(position.rules.liquidation_rate or 0)
    return liquidation_price(position.side, position.amount, position.cost, position.held, rate)


def _is_reached(position: Position, price: Decimal) -> bool:
    if position.side == "long":
        return price <= _price_of(position)
    return price >= _price_of(position)


def _positions(db: sqlite3.Connection, rules: Rules, where: str, *values: object) -> list[Position]:
    stored = db.execute(
        f"SELECT {_COLUMNS} FROM positions WHERE {where} ORDER BY account",  # noqa: S608
        values,
    ).fetchall()
    found = []
    for account, _, side, _, *numbers in stored:
        position = Position(account, rules, side)
        position.amount, position.cost, position.held = map(Decimal, numbers)
        found.append(position)
    return found


def _too_little(books: Books, order: Order) -> Refusal:
    quote = order.rules.quote
    return Refusal(
        Reason.NO_FUNDS,
        f"{books.ledger.free(order.pays_from):f} {quote} of the margin wallet are free,"
        " less than a third of the order and its fee.",
    )
