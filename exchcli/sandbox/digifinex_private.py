"""DigiFinex's private half: which endpoint answers, and how it is asked.

Numbers are JSON numbers, times epoch seconds. The first word of some paths names a market,
spot or margin, and for the financial log also otc; a `market` parameter says nothing more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from exchcli.sandbox import digifinex_money as money
from exchcli.sandbox import digifinex_orders as orders
from exchcli.sandbox import digifinex_payments as payments
from exchcli.sandbox import digifinex_trading as trading
from exchcli.sandbox.call import Call
from exchcli.sandbox.catalog import DFX
from exchcli.sandbox.digifinex import Query, endpoint_of, query_of
from exchcli.sandbox.digifinex_codes import NO_ENDPOINT, TOO_OFTEN, WRONG_METHOD, Refused, refusal
from exchcli.sandbox.digifinex_signed import signed
from exchcli.sandbox.engine.desk import advance
from exchcli.sandbox.limits import DFX_WEIGHT
from exchcli.sandbox.wire import WireReply, json_reply

Endpoint = Callable[[Call, Query], object]
OfMarket = Callable[[Call, Query, str], object]

_READS: dict[str, Endpoint] = {
    "/spot/assets": money.spot_assets,
    "/margin/assets": money.margin_assets,
    "/margin/positions": money.margin_positions,
    "/deposit/address": money.deposit_address,
    "/deposit/history": money.deposit_history,
    "/withdraw/history": money.withdraw_history,
}
_READS_OF_MARKET: dict[str, OfMarket] = {
    "financelog": money.finance_log,
    "order": orders.order,
    "order/detail": orders.detail,
    "order/current": orders.current,
    "order/history": orders.history,
    "mytrades": orders.my_trades,
}
_WRITES: dict[str, Endpoint] = {
    "/transfer": payments.transfer,
    "/withdraw/new": payments.withdraw,
    "/withdraw/cancel": payments.cancel_withdrawal,
    "/margin/position/close": trading.close,
}
_WRITES_OF_MARKET: dict[str, OfMarket] = {
    "order/new": trading.new,
    "order/batch_new": trading.batch_new,
    "order/cancel": trading.cancel,
}


def reply(call: Call) -> WireReply:
    """The reply to a request whose path begins with /v3/ and is of no public endpoint."""
    try:
        path = endpoint_of(call.request)
        read = _endpoint(path, _READS, _READS_OF_MARKET)
        write = _endpoint(path, _WRITES, _WRITES_OF_MARKET)
        if read is None and write is None:
            raise _nobodys(call, NO_ENDPOINT)
        if call.request.method != ("GET" if read else "POST"):
            raise _nobodys(call, WRONG_METHOD)
        call = signed(call)
        query = query_of(call.request)
        if write:
            return json_reply(write(call, query))
        assert read is not None
        advance(call.store, call.floor, DFX, call.time)
        with call.store.reading():
            call.floor.refresh()
            return json_reply(read(call, query))
    except Refused as refused:
        return refusal(refused.code)


def _nobodys(call: Call, code: int) -> Refused:
    """Why a request is refused before anybody asks who signed it: it counts as a public one."""
    full = call.limits.wait("dfx:public", DFX_WEIGHT, call.asked, banning=True)
    return Refused(TOO_OFTEN if full else code)


def _endpoint(
    path: str, endpoints: Mapping[str, Endpoint], of_markets: Mapping[str, OfMarket]
) -> Endpoint | None:
    """The one of this path, if it is one of these."""
    if path in endpoints:
        return endpoints[path]
    market, _, rest = path.removeprefix("/").partition("/")
    found = of_markets.get(rest)
    markets = ("spot", "margin", "otc") if rest == "financelog" else ("spot", "margin")
    if found is None or market not in markets:
        return None
    of_market = found
    return lambda call, query: of_market(call, query, market)
