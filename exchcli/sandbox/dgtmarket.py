"""Dgtmarket's wire protocol, as its document has it: paths, shapes, errors.

Numbers are strings with eight decimals. Errors are HTTP statuses with a `detail` (the
document shows none; this is the style of the framework behind such paths).
"""

from __future__ import annotations

from collections.abc import Callable

from exchcli.sandbox.book import Level
from exchcli.sandbox.catalog import DGT, Rules
from exchcli.sandbox.floor import Floor
from exchcli.sandbox.market import Market
from exchcli.sandbox.wire import Malformed, WireReply, WireRequest, decoded, fixed, json_reply

_OFFERS, _TRANSACTIONS = 30, 30


def reply(floor: Floor, now: int, request: WireRequest) -> WireReply:
    """The reply to a request whose path begins with /api/. `now` is in epoch seconds."""
    try:
        path = decoded(request.path)
    except Malformed:
        return _not_found()
    parts = path.removeprefix("/api/").removesuffix("/").split("/")
    match parts:
        case ["public", "time"]:
            return _allowed(request) or json_reply({"epoch": now})
        case ["public", resource, pair] if resource in _OF_A_PAIR and pair.isascii():
            market = floor.market(DGT, pair.upper())
            if market is not None:
                return _allowed(request) or json_reply(_OF_A_PAIR[resource](market, now))
    return _not_found()


def ticker24(market: Market, now: int) -> object:
    """GET /public/ticker24/:pair/ -- an object of six prices and volumes."""
    rules, ticker = market.rules, market.ticker(now)
    return {
        "ask": _price(rules, ticker.ask),
        "bid": _price(rules, ticker.bid),
        "high": _price(rules, ticker.high),
        "last": _price(rules, ticker.last),
        "low": _price(rules, ticker.low),
        "volume": _amount(rules, ticker.volume),
    }


def offers(market: Market, now: int) -> object:
    """GET /public/offers/:pair/ -- the best 30 of each side, best first."""
    book = market.book(now, _OFFERS)
    return {
        "asks": [_offer(market.rules, level) for level in book.asks],
        "bids": [_offer(market.rules, level) for level in book.bids],
    }


def transactions(market: Market, now: int) -> object:
    """GET /public/transactions/:pair/ -- an array of the last 30, newest first; date is text."""
    rules = market.rules
    return [
        {
            "amount": _amount(rules, each.amount),
            "date": str(each.time),
            "price": _price(rules, each.price),
            "tid": each.id,
        }
        for each in market.trades(now, _TRANSACTIONS)
    ]


_OF_A_PAIR: dict[str, Callable[[Market, int], object]] = {
    "ticker24": ticker24,
    "offers": offers,
    "transactions": transactions,
}


def _offer(rules: Rules, level: Level) -> dict[str, object]:
    return {
        "amount": _amount(rules, level.amount),
        "any_price": False,
        "quotation": _price(rules, level.price),
    }


def _price(rules: Rules, ticks: int) -> str:
    return fixed(ticks, rules.price_precision)


def _amount(rules: Rules, units: int) -> str:
    return fixed(units, rules.amount_precision)


def _allowed(request: WireRequest) -> WireReply | None:
    """None for GET, else the refusal."""
    return None if request.method == "GET" else not_allowed(request, "GET")


def not_allowed(request: WireRequest, *methods: str) -> WireReply:
    """The refusal of a method that is none of these."""
    refusal = json_reply({"detail": f'Method "{request.method}" not allowed.'}, 405)
    return refusal._replace(headers={**refusal.headers, "allow": ", ".join(methods)})


def _not_found() -> WireReply:
    return json_reply({"detail": "Not found."}, 404)
