"""What an account has: its orders, fills, payments and entries, as both wire adapters read them.

Conditions are SQL of this package, values always parameters. Everything comes newest first.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

from exchcli.sandbox.store import Store


class OrderRow(NamedTuple):
    """See the columns of `orders`; decimals that are absent are None."""

    id: int
    code: str
    wallet: str
    symbol: str
    side: str
    price: Decimal | None
    stop: Decimal | None
    amount: Decimal | None
    spend: Decimal | None
    status: str
    filled: Decimal
    cost: Decimal
    held: Decimal
    created: int
    updated: int


class FillRow(NamedTuple):
    """A fill with what its order says: `code`, `symbol`, `side`, and whether it has a price."""

    id: int
    code: str
    symbol: str
    side: str
    limit: bool
    price: Decimal
    amount: Decimal
    fee: Decimal
    fee_currency: str
    fee_rate: Decimal
    maker: bool
    time: int


class PaymentRow(NamedTuple):
    id: int
    kind: str
    currency: str
    chain: str
    amount: Decimal
    fee: Decimal
    address: str
    tag: str
    hash: str
    status: str
    created: int
    updated: int


class EntryRow(NamedTuple):
    currency: str
    kind: str
    amount: Decimal
    balance: Decimal
    time: int


class PositionRow(NamedTuple):
    symbol: str
    side: str
    leverage: Decimal
    amount: Decimal
    cost: Decimal
    held: Decimal


class Where:
    """Conditions that all have to hold, with their values."""

    def __init__(self, condition: str, *values: object) -> None:
        self._conditions = [condition]
        self._values = list(values)

    def also(self, condition: str, *values: object) -> None:
        self._conditions.append(condition)
        self._values += values

    @property
    def sql(self) -> str:
        return " AND ".join(self._conditions)

    @property
    def values(self) -> tuple[object, ...]:
        return tuple(self._values)


def leave_out(store: Store, exchange: str, where: Where) -> None:
    """Adds the condition of every list of orders: without those that it does not show yet."""
    for name, first, last in store.unlisted:
        if name == exchange:
            where.also("id NOT BETWEEN ? AND ?", first, last)


MICRO = 1_000_000  # of a second
ALL = -1  # SQLite's word for no limit

_ORDERS = (
    "SELECT id, code, wallet, symbol, side, price, stop, amount, spend, status, filled, cost, held,"
    " created, updated FROM orders"
)
_FILLS = (
    "SELECT f.id, o.code, f.symbol, o.side, o.price IS NOT NULL, f.price, f.amount, f.fee,"
    " f.fee_currency, f.fee_rate, f.maker, f.time"
    ' FROM fills f JOIN orders o ON o.exchange = f.exchange AND o.id = f."order"'
)
_PAYMENTS = (
    "SELECT id, kind, currency, chain, amount, fee, address, tag, hash, status, created, updated"
    " FROM payments"
)
# The condition is that of the index.
_ENTRIES = (
    "SELECT currency, kind, amount, balance, time, id FROM entries"
    " WHERE wallet IN ('spot', 'margin', 'otc') AND account = ? AND wallet = ? AND currency = ?"
    " AND time >= ? AND time < ?"
)
_CURRENCIES = "SELECT currency FROM balances WHERE account = ? AND wallet = ?"
_TOGETHER = 50  # SELECTs in one statement, of which SQLite takes 500


def orders(store: Store, where: Where, limit: int = ALL) -> list[OrderRow]:
    """Conditions are over the columns of `orders`."""
    sql = f"{_ORDERS} WHERE {where.sql} ORDER BY created DESC, id DESC"
    rows = _first(store, sql, where, limit)
    return [
        OrderRow._make(
            (*row[:5], *map(_decimal, row[5:9]), row[9], *map(Decimal, row[10:13]), *row[13:])
        )
        for row in rows
    ]


def fills(store: Store, where: Where, limit: int = ALL) -> list[FillRow]:
    """Conditions are over the columns of `fills f` and `orders o`."""
    sql = f"{_FILLS} WHERE {where.sql} ORDER BY f.time DESC, f.id DESC"
    rows = _first(store, sql, where, limit)
    return [
        FillRow._make((
            *row[:4], bool(row[4]), *map(Decimal, row[5:8]), row[8], Decimal(row[9]),
            bool(row[10]), row[11],
        ))
        for row in rows
    ]  # fmt: skip


def payments(
    store: Store, where: Where, limit: int = ALL, *, oldest: bool = False
) -> list[PaymentRow]:
    """Conditions are over the columns of `payments`."""
    order = "ASC" if oldest else "DESC"
    sql = f"{_PAYMENTS} WHERE {where.sql} ORDER BY id {order}"
    rows = _first(store, sql, where, limit)
    return [PaymentRow(*row[:4], *map(Decimal, row[4:6]), *row[6:]) for row in rows]


def entries(
    store: Store,
    account: int,
    wallet: str,
    limit: int,
    *,
    currency: str | None = None,
    first: int = 0,
    end: int = 2**62,
) -> list[EntryRow]:
    """The newest entries of a wallet, of the times from `first` to before `end` (microseconds).

    Of all currencies if none is told: SQLite merges those of each, and reads as many as it gives.
    """
    rows: list[tuple[Any, ...]] = []
    told = [(currency,)] if currency else store.select(_CURRENCIES, account, wallet)
    for start in range(0, len(told), _TOGETHER):
        some = told[start : start + _TOGETHER]
        sql = " UNION ALL ".join([_ENTRIES] * len(some))
        values = [value for (one,) in some for value in (account, wallet, one, first, end)]
        rows += store.select(f"{sql} ORDER BY time DESC, id DESC LIMIT ?", *values, limit)
    if len(told) > _TOGETHER:
        rows = sorted(rows, key=lambda row: row[4:], reverse=True)[:limit]
    return [EntryRow(row[0], row[1], Decimal(row[2]), Decimal(row[3]), row[4]) for row in rows]


def positions(store: Store, account: int) -> list[PositionRow]:
    rows = store.select(
        "SELECT symbol, side, leverage, amount, cost, held FROM positions"
        " WHERE account = ? ORDER BY symbol",
        account,
    )
    return [PositionRow(row[0], row[1], *map(Decimal, row[2:])) for row in rows]


def balances(store: Store, account: int, wallet: str) -> list[tuple[str, Decimal, Decimal]]:
    """Currency, total, and what is held of it; by currency."""
    rows = store.select(
        "SELECT currency, total, held FROM balances WHERE account = ? AND wallet = ?"
        " ORDER BY currency",
        account,
        wallet,
    )
    return [(currency, Decimal(total), Decimal(held)) for currency, total, held in rows]


def fills_of_orders(store: Store, exchange: str, ids: list[int]) -> dict[int, list[int]]:
    """The ids of the fills of each of these orders, oldest first."""
    found: dict[int, list[int]] = {id_: [] for id_ in ids}
    places = ", ".join("?" * len(ids))
    rows = store.select(
        f'SELECT "order", id FROM fills WHERE exchange = ? AND "order" IN ({places}) ORDER BY id',  # noqa: S608
        exchange,
        *ids,
    )
    for order, fill in rows:
        found[order].append(fill)
    return found


def _first(store: Store, sql: str, where: Where, limit: int) -> list[tuple[Any, ...]]:
    return store.select(f"{sql} LIMIT ?", *where.values, limit)


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
