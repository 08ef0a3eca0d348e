"""DigiFinex's orders and trades of one account, on the spot or the margin market."""

from __future__ import annotations

from decimal import Decimal
from itertools import groupby
from operator import itemgetter

from exchcli.sandbox import statement
from exchcli.sandbox.call import Call
from exchcli.sandbox.catalog import DFX
from exchcli.sandbox.digifinex import Query, limit_of, market_of, window_of
from exchcli.sandbox.digifinex_codes import ILLEGAL, NO_ORDER, TOO_LONG, Refused
from exchcli.sandbox.ledger import UNIT, over, plus, rounded, shifted, times
from exchcli.sandbox.plain import plain
from exchcli.sandbox.statement import MICRO, FillRow, OrderRow, Where

DAY = 86400
_MOST_IDS = 20
_LOOKED_UP = 500  # orders at once, of however many are open
_USUAL_DAYS, _MOST_DAYS = 3, 30


def order(call: Call, query: Query, wallet: str) -> object:
    """#get-order-status -- up to 20 ids; those that there are, in the order of asking."""
    codes = list(dict.fromkeys(codes_of(query)))
    if len(codes) > _MOST_IDS:
        raise Refused(ILLEGAL)
    return {"code": 0, "data": _shown(call, _orders(call, wallet, codes))}


def detail(call: Call, query: Query, wallet: str) -> object:
    """#get-order-trades-details -- `detail` is an object if there is one trade, else a list."""
    codes = codes_of(query)
    if len(codes) != 1:
        raise Refused(ILLEGAL)
    (row,) = rows = _orders(call, wallet, codes)
    where = Where('f.exchange = ? AND f."order" = ?', DFX, row.id)
    trades = [
        {
            "tid": fill.id,
            "date": fill.time // MICRO,
            "executed_amount": plain(fill.amount),
            "executed_price": plain(fill.price),
        }
        for fill in reversed(statement.fills(call.store, where))
    ]
    return {
        "code": 0,
        "data": {**_shown(call, rows)[0], "detail": trades[0] if len(trades) == 1 else trades},
    }


def current(call: Call, query: Query, wallet: str) -> object:
    """#current-active-orders -- all that are open, newest first."""
    where = _where(call, query, wallet)
    where.also("status = 'open'")
    return {"code": 0, "data": _shown(call, statement.orders(call.store, where))}


def history(call: Call, query: Query, wallet: str) -> object:
    """#get-all-orders -- placed in a window, open or not; the newest `limit` (10, at most 100)."""
    where = _where(call, query, wallet)
    where.also("created >= ? AND created < ?", *window(call, query))
    rows = statement.orders(call.store, where, limit_of(query, 10, 100))
    return {"code": 0, "data": _shown(call, rows)}


def my_trades(call: Call, query: Query, wallet: str) -> object:
    """#customers-trades -- of a window; the newest `limit` (50, at most 500)."""
    where = Where("f.account = ? AND f.wallet = ?", call.account, wallet)
    if "symbol" in query:
        where.also("f.symbol = ?", market_of(call.floor, query).rules.symbol)
    where.also("f.time >= ? AND f.time < ?", *window(call, query))
    rows = statement.fills(call.store, where, limit_of(query, 50, 500))
    return {"code": 0, "list": [_trade(row) for row in rows]}


def window(call: Call, query: Query) -> tuple[int, int]:
    """start_time <= time <= end_time, in microseconds, the end excluded.

    Without start_time the 3 days before now, without end_time up to now; at most 30 days.
    """
    start, end = window_of(query, call.now - _USUAL_DAYS * DAY, call.now)
    if end - start > _MOST_DAYS * DAY:
        raise Refused(TOO_LONG)
    return start * MICRO, (end + 1) * MICRO


def codes_of(query: Query) -> list[str]:
    """The ids of `order_id`, in lower case. Raises Refused if one is empty."""
    codes = query.get("order_id", "").lower().split(",")
    if not all(codes):
        raise Refused(ILLEGAL)
    return codes


def _orders(call: Call, wallet: str, codes: list[str]) -> list[OrderRow]:
    """These orders in this order. Raises Refused if there is none of them."""
    places = ", ".join("?" * len(codes))
    where = Where("account = ? AND wallet = ?", call.account, wallet)
    where.also(f"exchange = ? AND code IN ({places})", DFX, *codes)
    found = {row.code: row for row in statement.orders(call.store, where)}
    if not found:
        raise Refused(NO_ORDER)
    return [found[code] for code in codes if code in found]


def _where(call: Call, query: Query, wallet: str) -> Where:
    where = Where("account = ? AND wallet = ?", call.account, wallet)
    if "symbol" in query:
        where.also("symbol = ?", market_of(call.floor, query).rules.symbol)
    statement.leave_out(call.store, DFX, where)
    return where


def _shown(call: Call, rows: list[OrderRow]) -> list[dict[str, object]]:
    """Orders as they are told, in their order."""
    averages = _averages(call, [row.id for row in rows if row.filled])
    return [_order(row, averages.get(row.id, Decimal(0))) for row in rows]


def _averages(call: Call, ids: list[int]) -> dict[int, Decimal]:
    """The average price of each of these orders, which have fills: of what these were worth
    exactly, as a fill's cost is rounded."""
    found: dict[int, Decimal] = {}
    for some in (ids[at : at + _LOOKED_UP] for at in range(0, len(ids), _LOOKED_UP)):
        places = ", ".join("?" * len(some))
        sql = (
            'SELECT "order", price, amount FROM fills'  # noqa: S608
            f' WHERE exchange = ? AND "order" IN ({places}) ORDER BY "order"'
        )
        rows = call.store.select(sql, DFX, *some)
        for id_, fills in groupby(rows, itemgetter(0)):
            found[id_] = _average([(price, amount) for _, price, amount in fills])
    return found


def _average(fills: list[tuple[str, str]]) -> Decimal:
    """Of price and amount, as the store keeps them; no less fine than the finest of the prices,
    so that it is never beyond them."""
    worth = amount = Decimal(0)
    finest = UNIT
    for price, filled in fills:
        worth = plus(worth, times(Decimal(price), Decimal(filled)))
        amount = plus(amount, Decimal(filled))
        finest = min(finest, shifted(Decimal(1), -len(price.partition(".")[2])))
    return rounded(over(worth, amount), finest)


def _order(row: OrderRow, average: Decimal) -> dict[str, object]:
    """What a market order spends is its cash_amount; then its amount, in base, is 0."""
    return {
        "symbol": row.symbol,
        "order_id": row.code,
        "created_date": row.created // MICRO,
        "finished_date": 0 if row.status == "open" else row.updated // MICRO,
        "price": plain(row.price or Decimal(0)),
        "amount": plain(row.amount or Decimal(0)),
        "cash_amount": plain(row.spend or Decimal(0)),
        "executed_amount": plain(row.filled),
        "avg_price": plain(average),
        "status": _status(row),
        "type": row.side if row.price is not None else f"{row.side}_market",
        "kind": row.wallet,
    }


def _status(row: OrderRow) -> int:
    if row.status == "open":
        return 1 if row.filled else 0
    if row.status == "canceled":
        return 4 if row.filled else 3
    return 2


def _trade(row: FillRow) -> dict[str, object]:
    return {
        "symbol": row.symbol,
        "order_id": row.code,
        "id": row.id,
        "price": plain(row.price),
        "amount": plain(row.amount),
        "fee": plain(row.fee),
        "fee_currency": row.fee_currency,
        "timestamp": row.time // MICRO,
        "side": row.side if row.limit else f"{row.side}_market",
        "is_maker": row.maker,
    }
