"""Dgtmarket's private half: what it reads, and which endpoint answers what.

Amounts are strings with eight decimals, times ISO 8601 with microseconds and no zone (here
UTC). Lists come newest first, in pages of `limit` rows from `offset` on.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

from exchcli.sandbox import dgtmarket_orders as orders
from exchcli.sandbox import statement, tallies
from exchcli.sandbox.call import Call
from exchcli.sandbox.catalog import DGT
from exchcli.sandbox.dgtmarket import not_allowed
from exchcli.sandbox.dgtmarket_orders import SIDES
from exchcli.sandbox.dgtmarket_pages import Filters, Page, listed
from exchcli.sandbox.dgtmarket_signed import Refused, refused, signed
from exchcli.sandbox.dgtmarket_token import token
from exchcli.sandbox.engine.desk import advance
from exchcli.sandbox.ledger import times, up
from exchcli.sandbox.statement import FillRow, OrderRow, PaymentRow, Where
from exchcli.sandbox.tallies import Listed
from exchcli.sandbox.trading import FEES
from exchcli.sandbox.wire import Malformed, WireReply, decoded, json_reply

# REALIZED_CLOSED is the document's; its table of statuses is lost, and the other four are
# this project's own choice.
_STATUSES = {
    "ACTIVE": tallies.OPEN,
    "PARTIALLY_REALIZED": tallies.PART_FILLED,
    "REALIZED_CLOSED": tallies.FILLED,
    "CANCELED": tallies.CANCELED,
    "PARTIALLY_REALIZED_CANCELED": tallies.PART_CANCELED,
}
# The tables of types and statuses of transfers are lost as well: all are our own choice, and
# so are the fields of a transfer, of which the document shows none.
_TYPES = {"DEPOSIT": "deposit", "WITHDRAWAL": "withdrawal"}
_TRANSFER_STATUSES = {"PENDING": "pending", "REALIZED": "done", "CANCELED": "canceled"}
_TYPE_NAMES = {ours: theirs for theirs, ours in _TYPES.items()}
_TRANSFER_STATUS_NAMES = {ours: theirs for theirs, ours in _TRANSFER_STATUSES.items()}
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 -- times are told without a zone


def reply(call: Call) -> WireReply:
    """The reply to a request whose path begins with /api/private/ or /api/public/token."""
    try:
        parts = decoded(call.request.path).removeprefix("/api/").removesuffix("/").split("/")
        if parts == ["public", "token"]:
            return token(call)
        methods = _methods(parts)
        if methods:
            return _answer(signed(call), methods)
    except Malformed:
        pass
    except Refused as refusal:
        return refusal.reply
    return json_reply({"detail": "Not found."}, 404)


def _methods(parts: list[str]) -> dict[str, Callable[[Call], WireReply]]:
    """What can be done with the resource of a path, by method; nothing if there is none."""
    match parts:
        case ["private", "offers"]:
            return {"GET": _read(offers), "POST": orders.place}
        case ["private", "offers", number]:
            return {
                "GET": _read(lambda call: offer(call, _id(number))),
                "DELETE": lambda call: orders.cancel(call, _id(number)),
            }
        case ["private", "transfer"]:
            return {"POST": _withdraw}
        case ["private", resource] if resource in _LISTS:
            return {"GET": _read(_LISTS[resource])}
        case ["private", resource, number] if resource in _ROWS:
            one = _ROWS[resource]
            return {"GET": _read(lambda call: one(call, _id(number)))}
    return {}


def _answer(call: Call, methods: dict[str, Callable[[Call], WireReply]]) -> WireReply:
    endpoint = methods.get(call.request.method)
    return endpoint(call) if endpoint else not_allowed(call.request, *methods)


def wallets(call: Call) -> object:
    """GET /private/wallets/ -- an array; `balance` is all there is, `blocked` a part of it."""
    addresses = {
        (kind, currency): address
        for kind, currency, address in call.store.select(
            "SELECT kind, currency, address FROM addresses WHERE account = ?", call.account
        )
    }
    return [
        {
            "outgoing_address": addresses.get(("withdrawal", currency)),
            "currency": currency,
            "balance": _eight(total),
            "incoming_address": addresses.get(("deposit", currency)),
            "blocked": _eight(held),
        }
        for currency, total, held in statement.balances(call.store, call.account, "spot")
    ]


def offers(call: Call) -> object:
    """GET /private/offers/ -- a page; filters order_type, offer_status, pair, and date_start and
    date_end, which are compared with `created` and include it."""
    filters = Filters(call)
    side = filters.word("order_type", SIDES)
    status = filters.word("offer_status", _STATUSES)
    pair = filters.word("pair", _pairs(call))
    rows = Listed(
        call.store, "orders", call.account,
        name=pair, kind=side and SIDES[side], state=status and _STATUSES[status],
    )  # fmt: skip
    if (start := filters.moment("date_start")) is not None:
        rows.since(_first(call, "created >= ? ORDER BY created, id", start, 2**62))
    if (end := filters.moment("date_end")) is not None:
        rows.until(_first(call, "created <= ? ORDER BY created DESC, id DESC", end, -1))
    for exchange, first, last in call.store.unlisted:
        if exchange == DGT:
            rows.leave_out(first, last)
    page = filters.page()
    found = statement.orders(call.store, _these(rows, page))
    return listed(call, filters, page, rows.count(), _offers(call, found))


def offer(call: Call, number: int) -> object:
    """GET /private/offers/:id/ -- one of them."""
    where = Where("exchange = ? AND account = ? AND id = ?", DGT, call.account, number)
    return _only(_offers(call, statement.orders(call.store, where)))


def transactions(call: Call) -> object:
    """GET /private/transactions/ -- a page of one `pair`, BTCPLN unless it is told."""
    filters = Filters(call)
    pair = filters.word("pair", _pairs(call)) or "BTCPLN"
    rows = Listed(call.store, "fills", call.account, name=pair)
    page = filters.page()
    found = statement.fills(call.store, _these(rows, page, "f."))
    return listed(call, filters, page, rows.count(), [_transaction(row) for row in found])


def transaction(call: Call, number: int) -> object:
    """GET /private/transactions/:id/ -- one of them, of any pair."""
    where = Where("f.exchange = ? AND f.account = ? AND f.id = ?", DGT, call.account, number)
    return _only([_transaction(row) for row in statement.fills(call.store, where)])


def transfers(call: Call) -> object:
    """GET /private/transfers/ -- a page of deposits and withdrawals; filters currency,
    transfer_type, transfer_status."""
    filters = Filters(call)
    currency = filters.word("currency", orders.currencies(call))
    kind = filters.word("transfer_type", _TYPES)
    status = filters.word("transfer_status", _TRANSFER_STATUSES)
    rows = Listed(
        call.store, "payments", call.account,
        name=currency, kind=kind and _TYPES[kind], state=status and _TRANSFER_STATUSES[status],
    )  # fmt: skip
    page = filters.page()
    found = statement.payments(call.store, _these(rows, page))
    return listed(call, filters, page, rows.count(), [_transfer(row) for row in found])


def transfer(call: Call, number: int) -> object:
    """GET /private/transfers/:id/ -- one of them."""
    where = Where("account = ? AND id = ?", call.account, number)
    return _only([_transfer(row) for row in statement.payments(call.store, where)])


_LISTS: dict[str, Callable[[Call], object]] = {
    "wallets": wallets,
    "transactions": transactions,
    "transfers": transfers,
}
_ROWS: dict[str, Callable[[Call, int], object]] = {
    "transactions": transaction,
    "transfers": transfer,
}


def _read(endpoint: Callable[[Call], object]) -> Callable[[Call], WireReply]:
    """Answers from one state of the store, of this moment."""

    def answer(call: Call) -> WireReply:
        advance(call.store, call.floor, DGT, call.time)
        with call.store.reading():
            call.floor.refresh()
            return json_reply(endpoint(call))

    return answer


def _withdraw(call: Call) -> WireReply:
    """The document shows no reply to an order for a transfer: here it is the transfer, and 201."""
    number = orders.withdraw(call)
    return json_reply(transfer(call, number), 201)


def _offers(call: Call, rows: list[OrderRow]) -> list[dict[str, object]]:
    ids = statement.fills_of_orders(call.store, DGT, [row.id for row in rows])
    return [_offer(row, ids[row.id]) for row in rows]


def _offer(row: OrderRow, transactions: list[int]) -> dict[str, object]:
    return {
        "status": _status(row),
        "any_price": row.price is None,
        "updated": _written(row.updated),
        "activation_limit": _eight(row.stop or Decimal(0)),
        "order_type": row.side.upper(),
        "created": _written(row.created),
        "transactions": transactions,
        "filled_amount": _eight(row.filled),
        "commission": _percent(FEES[DGT][1]),
        "amount": _eight(row.amount or Decimal(0)),
        "pair": row.symbol,
        "blocked": _eight(_blocked(row)),
        "id": row.id,
        "quotation": _eight(row.price or Decimal(0)),
    }


def _status(row: OrderRow) -> str:
    if row.status == "open":
        return "PARTIALLY_REALIZED" if row.filled else "ACTIVE"
    if row.status == "canceled":
        return "PARTIALLY_REALIZED_CANCELED" if row.filled else "CANCELED"
    return "REALIZED_CLOSED"


def _blocked(row: OrderRow) -> Decimal:
    """What an open offer holds now; of one that is over, as in the sample, what it held for that
    which became of it: nothing, if it was canceled before it took anything."""
    if row.status == "open":
        return row.held
    if row.side == "sell":
        return row.filled
    return row.cost if row.price is None else up(times(row.filled, row.price))


def _transaction(row: FillRow) -> dict[str, object]:
    return {
        "date": _written(row.time),
        "transaction_type": row.side.upper(),
        "commission": _percent(row.fee_rate),
        "amount": _eight(row.amount),
        "pair": row.symbol,
        "id": row.id,
        "quotation": _eight(row.price),
    }


def _transfer(row: PaymentRow) -> dict[str, object]:
    return {
        "status": _TRANSFER_STATUS_NAMES[row.status],
        "updated": _written(row.updated),
        "created": _written(row.created),
        "transfer_type": _TYPE_NAMES[row.kind],
        "amount": _eight(row.amount),
        "fee": _eight(row.fee),
        "currency": row.currency,
        "address": row.address,
        "id": row.id,
    }


def _these(rows: Listed, page: Page, table: str = "") -> Where:
    """The condition of the rows of one page; `table` goes before its columns."""
    where = Where(f"{table}exchange = ?", DGT)
    ids = rows.page(*page)
    where.also(f"{table}id IN ({', '.join('?' * len(ids))})", *ids)
    return where


def _first(call: Call, condition: str, time: int, otherwise: int) -> int:
    """The id of the account's first order that meets a condition with a time."""
    rows = call.store.rows(
        f"SELECT id FROM orders WHERE account = ? AND wallet = 'spot' AND {condition} LIMIT 1",  # noqa: S608
        call.account,
        time,
    )
    return rows[0][0] if rows else otherwise


def _pairs(call: Call) -> dict[str, None]:
    return {rules.symbol: None for rules in call.floor.rules(DGT)}


def _id(text: str) -> int:
    """The number in a path; -1, which nobody has, for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else -1


def _only(rows: list[dict[str, object]]) -> object:
    if not rows:
        raise refused(404, "Not found.")
    return rows[0]


def _eight(value: Decimal) -> str:
    return f"{value:.8f}"


def _percent(rate: Decimal) -> str:
    return _eight(rate * 100)


def _written(time: int) -> str:
    return (_EPOCH + timedelta(microseconds=time)).isoformat(timespec="microseconds")
