"""DigiFinex's private half, as far as it reads: which endpoint answers, and how it is asked.

Numbers are JSON numbers, times epoch seconds. The first word of some paths names a market,
spot or margin, and for the financial log also otc; a `market` parameter says nothing more.
"""

from __future__ import annotations

from collections.abc import Callable

from exchcli.sandbox import digifinex_money as money
from exchcli.sandbox import digifinex_orders as orders
from exchcli.sandbox.accounts import ensure
from exchcli.sandbox.call import Call
from exchcli.sandbox.catalog import DFX
from exchcli.sandbox.digifinex import Query, endpoint_of, query_of
from exchcli.sandbox.digifinex_codes import NO_ENDPOINT, WRONG_METHOD, Refused, refusal
from exchcli.sandbox.digifinex_signed import signed
from exchcli.sandbox.wire import WireReply, json_reply

Endpoint = Callable[[Call, Query], object]
OfMarket = Callable[[Call, Query, str], object]

_PRIVATE: dict[str, Endpoint] = {
    "/spot/assets": money.spot_assets,
    "/margin/assets": money.margin_assets,
    "/margin/positions": money.margin_positions,
    "/deposit/address": money.deposit_address,
    "/deposit/history": money.deposit_history,
    "/withdraw/history": money.withdraw_history,
}
_OF_MARKET: dict[str, OfMarket] = {
    "financelog": money.finance_log,
    "order": orders.order,
    "order/detail": orders.detail,
    "order/current": orders.current,
    "order/history": orders.history,
    "mytrades": orders.my_trades,
}


def reply(call: Call) -> WireReply:
    """The reply to a request whose path begins with /v3/ and is of no public endpoint."""
    try:
        endpoint = _endpoint(endpoint_of(call.request))
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


def _endpoint(path: str) -> Endpoint | None:
    if path in _PRIVATE:
        return _PRIVATE[path]
    market, _, rest = path.removeprefix("/").partition("/")
    found = _OF_MARKET.get(rest)
    markets = ("spot", "margin", "otc") if rest == "financelog" else ("spot", "margin")
    if found is None or market not in markets:
        return None
    of_market = found
    return lambda call, query: of_market(call, query, market)
