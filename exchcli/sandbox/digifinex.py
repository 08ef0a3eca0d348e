"""DigiFinex's v3 wire protocol, public half, as its document has it: paths, shapes, codes.

Numbers are JSON numbers, times epoch seconds. An error is HTTP 200 with a `code` of the
document's table; success is code 0, and 200 where the document says so. Symbols are taken
in any case; market data answers them in lower case, the symbol lists in upper case.
"""

from __future__ import annotations

from collections.abc import Callable

from exchcli.sandbox.book import Level
from exchcli.sandbox.catalog import DFX, Rules
from exchcli.sandbox.currencies import (
    CHAINS,
    FUNDING_TIME,
    MARGIN_CURRENCIES,
    MARGIN_FEE,
    Chain,
)
from exchcli.sandbox.digifinex_codes import (
    BAD_TIMES,
    ILLEGAL,
    NO_CURRENCY,
    NO_SYMBOL,
    WRONG_METHOD,
    Refused,
    refusal,
)
from exchcli.sandbox.floor import Floor
from exchcli.sandbox.market import Market
from exchcli.sandbox.wire import (
    Malformed,
    Number,
    WireReply,
    WireRequest,
    decoded,
    json_reply,
    number,
    parameters,
)

PERIODS = {
    "1": 60,
    "5": 300,
    "15": 900,
    "30": 1800,
    "60": 3600,
    "240": 14400,
    "720": 43200,
    "1D": 86400,
    "1W": 604800,
}
_CANDLES, _USUAL_CANDLES = 500, 200
_LATEST = 10**11 - 1
# How far the clock may be ahead of who asks for all from now on, in seconds.
_AHEAD = 5

Query = dict[str, str]


def is_public(request: WireRequest) -> bool:
    """Whether the path is one of a public endpoint."""
    return endpoint_of(request) in _PUBLIC


def reply(floor: Floor, now: int, request: WireRequest) -> WireReply:
    """The reply to a request of a public endpoint. `now` is in epoch seconds."""
    try:
        if request.method != "GET":
            raise Refused(WRONG_METHOD)
        return json_reply(_PUBLIC[endpoint_of(request)](floor, now, query_of(request)))
    except Refused as refused:
        return refusal(refused.code)


def endpoint_of(request: WireRequest) -> str:
    """The path behind /v3, decoded; empty if it cannot be. Outside of /v3 it has no slash first."""
    try:
        path = decoded(request.path)
    except Malformed:
        return ""
    return path.removeprefix("/v3") if path.startswith("/v3/") else path.removeprefix("/")


def ping(_floor: Floor, _now: int, _query: Query) -> object:
    """GET /ping: no parameters."""
    return {"msg": "pong", "code": 0}


def server_time(_floor: Floor, now: int, _query: Query) -> object:
    """GET /time: whole seconds."""
    return {"server_time": now, "code": 0}


def markets(floor: Floor, now: int, _query: Query) -> object:
    """GET /markets: min_amount is in quote, min_volume in base currency."""
    data = [
        {
            "volume_precision": rules.amount_precision,
            "price_precision": rules.price_precision,
            "market": rules.symbol.lower(),
            "min_amount": Number(rules.min_value),
            "min_volume": Number(rules.min_amount),
        }
        for rules in floor.rules(DFX)
    ]
    return {"data": data, "date": now, "code": 0}


def ticker(floor: Floor, now: int, query: Query) -> object:
    """GET /ticker: of one `symbol`, or of all; vol is in base currency, base_vol in quote."""
    if "symbol" in query:
        asked = [market_of(floor, query)]
    else:
        asked = [market_of(floor, {"symbol": rules.symbol}) for rules in floor.rules(DFX)]
    return {"ticker": [_ticker(market, now) for market in asked], "date": now, "code": 0}


def order_book(floor: Floor, now: int, query: Query) -> object:
    """GET /order_book: bids best first, asks best last, as in the document's sample."""
    market, limit = market_of(floor, query), limit_of(query, 10, 150)
    book = market.book(now, limit)
    return {
        "bids": [_level(market.rules, level) for level in book.bids],
        "asks": [_level(market.rules, level) for level in reversed(book.asks)],
        "date": now,
        "code": 0,
    }


def trades(floor: Floor, now: int, query: Query) -> object:
    """GET /trades: newest first; `type` is the taker's side."""
    market, limit = market_of(floor, query), limit_of(query, 100, 500)
    rules = market.rules
    data = [
        {
            "date": each.time,
            "id": each.id,
            "amount": number(each.amount, rules.amount_precision),
            "type": "buy" if each.buy else "sell",
            "price": number(each.price, rules.price_precision),
        }
        for each in market.trades(now, limit)
    ]
    return {"data": data, "date": now, "code": 0}


def kline(floor: Floor, now: int, query: Query) -> object:
    """GET /kline: rows of time, volume, close, high, low, open; oldest first.

    Without start_time the 200 periods before end_time, without end_time up to now; of more
    than 500 the first 500.
    """
    market = market_of(floor, query)
    period = PERIODS.get(query.get("period", ""))
    if period is None:
        raise Refused(ILLEGAL)
    usual = whole_of(query, "end_time", market.moment(now)) - _USUAL_CANDLES * period + 1
    start, end = window_of(query, usual, market.moment(now))
    rules = market.rules
    price, amount = rules.price_precision, rules.amount_precision
    data = [
        [
            each.time,
            number(each.volume, amount),
            *(number(ticks, price) for ticks in (each.close, each.high, each.low, each.open)),
        ]
        for each in market.candles(period, start, end, now, _CANDLES)
    ]
    return {"data": data, "code": 0}


def spot_symbols(floor: Floor, _now: int, _query: Query) -> object:
    """GET /spot/symbols: minimum_amount is in base, minimum_value in quote currency."""
    return {"code": 0, "symbol_list": [_symbol(rules) for rules in floor.rules(DFX)]}


def trades_symbols(floor: Floor, _now: int, _query: Query) -> object:
    """GET /trades/symbols: is_allow is the text "1" where orders by API are allowed."""
    rows = [_symbol(rules, is_allow="1" if rules.api else "0") for rules in floor.rules(DFX)]
    return {"code": 0, "symbol_list": rows}


def margin_symbols(floor: Floor, _now: int, _query: Query) -> object:
    """GET /margin/symbols: the pairs with a liquidation rate."""
    rows = [
        _symbol(rules, liquidation_rate=Number(rules.liquidation_rate))
        for rules in floor.rules(DFX)
        if rules.liquidation_rate is not None
    ]
    return {"code": 0, "symbol_list": rows}


def margin_currencies(_floor: Floor, _now: int, _query: Query) -> object:
    """GET /margin/currencies: loan_fees is a rate."""
    level, limits, fee = MARGIN_FEE
    fees = [
        {"currency_mark": currency, "level": level, "range": limits, "loan_fees": Number(fee)}
        for currency in MARGIN_CURRENCIES
    ]
    return {
        "code": 0,
        "funding_time": FUNDING_TIME,
        "currencys": list(MARGIN_CURRENCIES),
        "margin_fees": fees,
    }


def currencies(floor: Floor, _now: int, query: Query) -> object:
    """GET /currencies: one row for each chain, of one `currency` or of all. Success is 200.

    Those that only a recording brought here have no chain on which they could come or go.
    """
    rows = dict.fromkeys(CHAINS, 1)
    known = {chain.currency for chain in CHAINS}
    for rules in floor.rules(DFX):
        for currency in (rules.base.lower(), rules.quote.lower()):
            if currency not in known:
                known.add(currency)
                rows[Chain(currency, "", "0.01", "0.02", currency, "0.006", "0")] = 0
    if "currency" in query:
        asked = query["currency"].lower()
        rows = {chain: status for chain, status in rows.items() if chain.currency == asked}
        if not rows:
            raise Refused(NO_CURRENCY)
    return {"code": 200, "data": [_chain(chain, status) for chain, status in rows.items()]}


def instruments(_floor: Floor, _now: int, _query: Query) -> object:
    """GET /swap/v2/public/instruments, which clients ask for: no swaps here."""
    return {"code": 0, "data": []}


_PUBLIC: dict[str, Callable[[Floor, int, Query], object]] = {
    "/ping": ping,
    "/time": server_time,
    "/markets": markets,
    "/ticker": ticker,
    "/order_book": order_book,
    "/trades": trades,
    "/kline": kline,
    "/spot/symbols": spot_symbols,
    "/trades/symbols": trades_symbols,
    "/margin/symbols": margin_symbols,
    "/margin/currencies": margin_currencies,
    "/currencies": currencies,
    "swap/v2/public/instruments": instruments,
}


def query_of(request: WireRequest) -> Query:
    """All parameters; of those in both the query string goes before the body, as documented."""
    try:
        return parameters(request.body.decode("ascii")) | parameters(request.query)
    except (Malformed, UnicodeDecodeError) as error:
        raise Refused(ILLEGAL) from error


def market_of(floor: Floor, query: Query) -> Market:
    if "symbol" not in query:
        raise Refused(ILLEGAL)
    symbol = query["symbol"]
    market = floor.market(DFX, symbol.upper()) if symbol.isascii() else None
    if market is None:
        raise Refused(NO_SYMBOL)
    return market


def limit_of(query: Query, usual: int, most: int) -> int:
    limit = whole_of(query, "limit", usual)
    if not 1 <= limit <= most:
        raise Refused(ILLEGAL)
    return limit


def window_of(query: Query, start: int, now: int) -> tuple[int, int]:
    """start_time, or else `start`, and end_time, which has to be after it, or else `now`.

    Without end_time nothing is wrong with a start just now, or a little later by another clock:
    there is nothing yet.
    """
    start, end = whole_of(query, "start_time", start), whole_of(query, "end_time", now)
    if end <= start and ("end_time" in query or start > now + _AHEAD):
        raise Refused(BAD_TIMES)
    return start, end


def whole_of(query: Query, name: str, usual: int) -> int:
    """A parameter of digits only, within the range of times."""
    text = query.get(name)
    if text is None:
        return usual
    if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= _LATEST):
        raise Refused(ILLEGAL)
    return int(text)


def _ticker(market: Market, now: int) -> dict[str, object]:
    rules, day = market.rules, market.ticker(now)
    price, amount = rules.price_precision, rules.amount_precision
    return {
        "vol": number(day.volume, amount),
        "change": number(_hundredths(day.last - day.open, day.open), 2),
        "base_vol": number(day.quote, price + amount),
        "sell": number(day.ask, price),
        "last": number(day.last, price),
        "symbol": rules.symbol.lower(),
        "low": number(day.low, price),
        "buy": number(day.bid, price),
        "high": number(day.high, price),
    }


def _hundredths(part: int, whole: int) -> int:
    """part / whole in hundredths of a percent, halves away from zero."""
    size = (abs(part) * 20000 + whole) // (2 * whole)
    return -size if part < 0 else size


def _level(rules: Rules, level: Level) -> list[Number]:
    return [
        number(level.price, rules.price_precision),
        number(level.amount, rules.amount_precision),
    ]


def _symbol(rules: Rules, **more: object) -> dict[str, object]:
    return {
        "status": "TRADING",
        "symbol": rules.symbol,
        "quote_asset": rules.quote,
        "base_asset": rules.base,
        "amount_precision": rules.amount_precision,
        "price_precision": rules.price_precision,
        "minimum_amount": Number(rules.min_amount),
        "minimum_value": Number(rules.min_value),
        "zone": "MAIN",
        **more,
        "order_types": ["LIMIT", "MARKET"],
    }


def _chain(chain: Chain, status: int) -> dict[str, object]:
    return {
        "currency": chain.currency,
        "chain": chain.chain,
        "min_deposit_amount": Number(chain.min_deposit_amount),
        "min_withdraw_amount": Number(chain.min_withdraw_amount),
        "deposit_status": status,
        "withdraw_status": status,
        "withdraw_fee_currency": chain.withdraw_fee_currency,
        "min_withdraw_fee": Number(chain.min_withdraw_fee),
        "withdraw_fee_rate": Number(chain.withdraw_fee_rate),
    }
