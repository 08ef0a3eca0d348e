"""DigiFinex's private half, as far as it reads.

Numbers are JSON numbers, times epoch seconds; `{market}` in a path is spot or margin.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from exchcli.sandbox.accounts import ensure
from exchcli.sandbox.call import Call
from exchcli.sandbox.catalog import DFX
from exchcli.sandbox.digifinex import (
    NO_ENDPOINT,
    WRONG_METHOD,
    Query,
    Refused,
    endpoint_of,
    query_of,
    refusal,
)
from exchcli.sandbox.digifinex_signed import signed
from exchcli.sandbox.wire import Number, WireReply, json_reply

Endpoint = Callable[[Call, Query], object]


def reply(call: Call) -> WireReply:
    """The reply to a request whose path begins with /v3/ and is of no public endpoint."""
    try:
        endpoint = _PRIVATE.get(endpoint_of(call.request))
        if endpoint is None:
            raise Refused(NO_ENDPOINT)
        if call.request.method != "GET":
            raise Refused(WRONG_METHOD)
        ensure(call.store, DFX)
        with call.store.reading():
            call.floor.refresh()
            return json_reply(endpoint(signed(call), query_of(call.request)))
    except Refused as refused:
        return refusal(refused.code)


def spot_assets(call: Call, _query: Query) -> object:
    """#spot-account-assets -- `free` and `total` of every currency."""
    return {"code": 0, "list": _assets(call, "spot")}


_PRIVATE: dict[str, Endpoint] = {"/spot/assets": spot_assets}


def plain(value: Decimal) -> Number:
    """A decimal as a JSON number, without idle zeros."""
    text = format(value, "f")
    return Number(text.rstrip("0").rstrip(".") if "." in text else text)


def _assets(call: Call, wallet: str) -> list[dict[str, object]]:
    rows = call.store.select(
        "SELECT currency, total, held FROM balances WHERE account = ? AND wallet = ?"
        " ORDER BY currency",
        call.account,
        wallet,
    )
    return [
        {
            "currency": currency,
            "free": plain(Decimal(total) - Decimal(held)),
            "total": plain(Decimal(total)),
        }
        for currency, total, held in rows
    ]
