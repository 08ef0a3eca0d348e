"""Dgtmarket's private half, as far as it reads, and the token endpoint.

Amounts are strings with eight decimals, times ISO 8601 with microseconds and no zone (here
UTC). Lists come newest first, in pages of `limit` rows from `offset` on.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from exchcli.sandbox.accounts import ensure
from exchcli.sandbox.call import Call
from exchcli.sandbox.catalog import DGT
from exchcli.sandbox.dgtmarket_signed import Refused, refused, signed
from exchcli.sandbox.wire import Malformed, WireReply, decoded, json_reply

Rows = Callable[[Call], object]
Row = Callable[[Call, int], object]


def reply(call: Call) -> WireReply:
    """The reply to a request whose path begins with /api/private/ or /api/public/token."""
    try:
        path = decoded(call.request.path)
    except Malformed:
        return _not_found()
    parts = path.removeprefix("/api/").removesuffix("/").split("/")
    try:
        match parts:
            case ["private", resource] if resource in _LISTS:
                return _read(call, _LISTS[resource])
    except Refused as refusal:
        return refusal.reply
    return _not_found()


def wallets(call: Call) -> object:
    """GET /private/wallets/ -- an array; `balance` is all there is, `blocked` a part of it."""
    rows = call.store.select(
        "SELECT b.currency, b.total, b.held, i.address, o.address FROM balances b"
        " LEFT JOIN addresses i ON i.account = b.account AND i.currency = b.currency"
        " AND i.kind = 'deposit'"
        " LEFT JOIN addresses o ON o.account = b.account AND o.currency = b.currency"
        " AND o.kind = 'withdrawal'"
        " WHERE b.account = ? AND b.wallet = 'spot' ORDER BY b.currency",
        call.account,
    )
    return [
        {
            "outgoing_address": outgoing,
            "currency": currency,
            "balance": eight(Decimal(total)),
            "incoming_address": incoming,
            "blocked": eight(Decimal(held)),
        }
        for currency, total, held, incoming, outgoing in rows
    ]


_LISTS: dict[str, Rows] = {"wallets": wallets}


def eight(value: Decimal) -> str:
    return f"{value:.8f}"


def _read(call: Call, endpoint: Rows) -> WireReply:
    ensure(call.store, DGT)
    with call.store.reading():
        call = signed(call)
        if call.request.method != "GET":
            raise refused(405, f'Method "{call.request.method}" not allowed.')
        return json_reply(endpoint(call))


def _not_found() -> WireReply:
    return json_reply({"detail": "Not found."}, 404)
