"""DigiFinex's orders, cancels and closing of positions: what changes something on its markets.

Numbers may be told as text, ids in any case. Suspended pairs and barred accounts are those of
marks.py; whoever may place no orders by the trading rules may still cancel them and close a
position.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal

from exchcli.sandbox.call import Call
from exchcli.sandbox.catalog import DFX
from exchcli.sandbox.digifinex import Query, market_of
from exchcli.sandbox.digifinex_codes import (
    ABNORMAL,
    AMOUNT_PRECISION,
    BAD_TYPE,
    BANNED,
    BANNED_FOR_LONG,
    ILLEGAL,
    NO_API_TRADING,
    NO_FUNDS,
    NO_ORDER,
    NO_POSITION,
    NO_SYMBOL,
    NOT_CANCELABLE,
    PRICE_PRECISION,
    SUSPENDED,
    TOO_SMALL,
    VALUE_TOO_SMALL,
    Refused,
)
from exchcli.sandbox.digifinex_orders import codes_of
from exchcli.sandbox.engine import conduct
from exchcli.sandbox.engine.desk import Desk, NewOrder, trading
from exchcli.sandbox.engine.reasons import Reason, Refusal
from exchcli.sandbox.marks import ABNORMAL as OUT_OF_ORDER
from exchcli.sandbox.marks import SUSPENDED as HALTED
from exchcli.sandbox.marks import marked
from exchcli.sandbox.wire import Malformed, parsed, quantity

_TYPES = {
    "buy": ("buy", False),
    "sell": ("sell", False),
    "buy_market": ("buy", True),
    "sell_market": ("sell", True),
}
_FLAGS = {"0": False, "1": True}
_MOST_IN_A_BATCH = 10
_MOST_CANCELED = 1000  # in one request; the document knows no bound

_CODES = {
    Reason.NO_SYMBOL: NO_SYMBOL,
    Reason.SUSPENDED: SUSPENDED,
    Reason.NO_API_TRADING: NO_API_TRADING,
    Reason.NO_MARGIN: NO_SYMBOL,
    Reason.PRICE_PRECISION: PRICE_PRECISION,
    Reason.AMOUNT_PRECISION: AMOUNT_PRECISION,
    Reason.TOO_SMALL: TOO_SMALL,
    Reason.VALUE_TOO_SMALL: VALUE_TOO_SMALL,
    Reason.NO_FUNDS: NO_FUNDS,
    Reason.NO_ORDER: NO_ORDER,
    Reason.NOT_CANCELABLE: NOT_CANCELABLE,
    Reason.NO_POSITION: NO_POSITION,
    Reason.BANNED: BANNED,
    Reason.BANNED_FOR_LONG: BANNED_FOR_LONG,
}


def new(call: Call, query: Query, wallet: str) -> object:
    """#create-new-order -- symbol, type, amount; price of limit orders; post_only 0 or 1.

    The amount of buy_market is in quote, that of all others in base currency.
    """
    symbol = _tradable(call, query)
    order = _order(call, query, symbol, wallet)
    with desk_of(call, _CODES) as desk:
        _check_conduct(call, desk)
        placed = desk.place(order)
    return {"code": 0, "order_id": placed.code}


def batch_new(call: Call, query: Query, wallet: str) -> object:
    """#create-multiple-order -- symbol, and `list`: JSON of 1 to 10 orders, all or none of which
    are placed. A `symbol` within them says nothing new, a `market` nothing at all."""
    symbol = _tradable(call, query)
    try:
        given = parsed(query.get("list", "").encode())
    except Malformed:
        raise Refused(ILLEGAL) from None
    if not isinstance(given, list) or not 1 <= len(given) <= _MOST_IN_A_BATCH:
        raise Refused(ILLEGAL)
    orders = [_order(call, item, symbol, wallet) for item in given]
    with desk_of(call, _CODES) as desk:
        _check_conduct(call, desk)
        placed = desk.place_all(orders)
    return {"code": 0, "order_ids": [each.code for each in placed]}


def cancel(call: Call, query: Query, wallet: str) -> object:
    """#cancel-order -- ids, separated by commas; each is in `success` or in `error`."""
    codes = list(dict.fromkeys(codes_of(query)))
    if len(codes) > _MOST_CANCELED:
        raise Refused(ILLEGAL)
    success, error = [], []
    with desk_of(call, _CODES) as desk:
        for code in codes:
            try:
                desk.cancel(call.account, code, wallet)
                success.append(code)
            except Refusal:
                error.append(code)
    return {"code": 0, "success": success, "error": error}


def close(call: Call, query: Query) -> object:
    """#close-positions -- the whole position of a `symbol`, at the market's prices."""
    symbol = _tradable(call, query)
    with desk_of(call, _CODES) as desk:
        desk.close_position(call.account, symbol)
    return {"code": 0}


@contextmanager
def desk_of(call: Call, codes: Mapping[Reason, int]) -> Iterator[Desk]:
    """The exchange at this moment; what it refuses becomes Refused, with one of these codes."""
    if marked(call.store, DFX, call.account, OUT_OF_ORDER):
        raise Refused(ABNORMAL)
    try:
        with trading(call.store, call.floor, DFX, call.time) as desk:
            desk.conduct.watching = call.watched
            yield desk
    except Refusal as refusal:
        raise Refused(codes.get(refusal.reason, ILLEGAL)) from refusal


def _tradable(call: Call, query: Query) -> str:
    symbol = market_of(call.floor, query).rules.symbol
    if marked(call.store, DFX, symbol, HALTED):
        raise Refused(SUSPENDED)
    return symbol


def _check_conduct(call: Call, desk: Desk) -> None:
    if call.watched:
        conduct.check(desk.db, call.account, desk.time)


def _order(call: Call, given: object, symbol: str, wallet: str) -> NewOrder:
    """What a request or one item of a batch asks for."""
    if not isinstance(given, Mapping):
        raise Refused(ILLEGAL)
    named = given.get("symbol", symbol)
    if not isinstance(named, str) or named.upper() != symbol:
        raise Refused(ILLEGAL)
    kind = given.get("type")
    if not isinstance(kind, str) or kind not in _TYPES:
        raise Refused(BAD_TYPE)
    side, at_market = _TYPES[kind]
    post_only = _flag(given.get("post_only", "0"))
    amount = _number(given.get("amount"))
    order = NewOrder(call.account, symbol, side, wallet=wallet)
    if not at_market:
        price = _number(given.get("price"))
        return order._replace(amount=amount, price=price, post_only=post_only)
    if post_only:  # it would take nothing, and nothing else is what it is for
        raise Refused(ILLEGAL)
    return order._replace(spend=amount) if side == "buy" else order._replace(amount=amount)


def _number(value: object) -> Decimal:
    try:
        return quantity(value)
    except Malformed:
        raise Refused(ILLEGAL) from None


def _flag(value: object) -> bool:
    if not isinstance(value, str) or value not in _FLAGS:
        raise Refused(ILLEGAL)
    return _FLAGS[value]
