"""What Dgtmarket's private replies say, as records.

Times are written without a zone, and the document names none: they stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import TypeVar
from urllib.parse import parse_qsl, urlsplit

from exchcli.core.reply import Reply
from exchcli.core.request import Value
from exchcli.errors import Unreadable
from exchcli.exchanges.listing import Page
from exchcli.records import (
    Balance,
    Fill,
    Order,
    OrderStatus,
    Side,
    Transfer,
    TransferKind,
    TransferStatus,
)

T = TypeVar("T")

# "Offer statuses": the table is lost, and the examples only have the first of these. The others
# are the names that exch's own sandbox gives them.
STATUSES: dict[str, OrderStatus] = {
    "REALIZED_CLOSED": "filled",
    "ACTIVE": "open",
    "PARTIALLY_REALIZED": "partially_filled",
    "CANCELED": "canceled",
    "PARTIALLY_REALIZED_CANCELED": "partially_canceled",
}
# "Transfer types" and "Transfer statuses" are lost altogether: these are the sandbox's own names.
KINDS: dict[str, TransferKind] = {"DEPOSIT": "deposit", "WITHDRAWAL": "withdrawal"}
TRANSFER_STATUSES: dict[str, TransferStatus] = {
    "PENDING": "pending",
    "REALIZED": "completed",
    "CANCELED": "canceled",
}


def page_of(reply: Reply, read: Callable[[Reply], T]) -> Page[T]:
    """One page. Of its `next` link only the query is used: the path and the host are ours."""
    following: dict[str, Value] | None = None
    if link := reply.get("next"):
        following = dict(parse_qsl(urlsplit(link.text()).query))
    return Page(reply["count"].integer(), [read(row) for row in reply["results"]], following)


def _side(row: Reply) -> Side:
    side = row.text().lower()
    if side == "buy":
        return "buy"
    if side == "sell":
        return "sell"
    raise Unreadable(f"{row.path} is neither BUY nor SELL: {row.text()!r}")


def _text(row: Reply, *names: str) -> str | None:
    """The first of these fields that is told."""
    return next((found.text() for name in names if (found := row.get(name)) is not None), None)


def _time(row: Reply, *names: str) -> datetime | None:
    return next((found.stated() for name in names if (found := row.get(name)) is not None), None)


def balance_of(row: Reply) -> Balance:
    total, held = row["balance"].decimal(), row["blocked"].decimal()
    return Balance(
        currency=row["currency"].text().upper(),
        free=max(total - held, Decimal(0)),
        held=held,
        total=total,
        address=_text(row, "incoming_address"),
        withdraw_address=_text(row, "outgoing_address"),
    )


def order_of(row: Reply) -> Order:
    """`blocked` and `commission` have no place in the record: --raw shows them."""
    order_id, symbol, side = row["id"].text(), row["pair"].text().upper(), _side(row["order_type"])
    at_any_price = row["any_price"].flag()
    stop = row["activation_limit"].decimal()
    filled = row["filled_amount"].decimal()
    status = row["status"].text()
    return Order(
        id=order_id,
        symbol=symbol,
        market="spot",
        side=side,
        type="market" if at_any_price else "limit",
        price=None if at_any_price else row["quotation"].decimal(),
        stop_price=stop or None,
        amount=row["amount"].decimal(),
        filled=filled,
        average_price=None,  # neither is told, and the price of a fill may be better
        cost=None if filled else Decimal(0),
        status=STATUSES.get(status, "unknown"),
        exchange_status=status,
        created=_time(row, "created"),
        updated=_time(row, "updated"),
        fills=tuple(
            Fill(fill_id.text(), order_id, symbol, "spot", side, None, None)
            for fill_id in row["transactions"]
        ),
    )


def fill_of(row: Reply) -> Fill:
    return Fill(
        id=row["id"].text(),
        order_id=None,
        symbol=row["pair"].text().upper(),
        market="spot",
        side=_side(row["transaction_type"]),
        price=row["quotation"].decimal(),
        amount=row["amount"].decimal(),
        fee_percent=row["commission"].decimal(),
        time=row["date"].stated(),
    )


def transfer_of(row: Reply) -> Transfer:
    """The document shows no transfer: what it does not promise may be missing, or be named
    after the filter that goes by it.
    """
    kind = _text(row, "transfer_type", "type") or ""
    status = _text(row, "status", "transfer_status")
    fee = row.get("fee") or row.get("commission")
    return Transfer(
        id=row["id"].text(),
        kind=KINDS.get(kind.upper(), "transfer"),
        currency=row["currency"].text().upper(),
        chain=None,
        amount=row["amount"].decimal(),
        fee=None if fee is None else fee.decimal(),
        address=_text(row, "address", "outgoing_address"),
        memo=None,
        hash=_text(row, "hash", "txid"),
        status=TRANSFER_STATUSES.get((status or "").upper(), "unknown"),
        exchange_status=status,
        created=_time(row, "created", "date"),
        updated=_time(row, "updated"),
    )
