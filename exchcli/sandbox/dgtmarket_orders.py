"""Dgtmarket's private half, as far as it changes something: offers, and withdrawals.

The document shows no status for what comes into being: it is 201 here, as the framework
behind such paths answers. What is refused for a field is 400 under its name, an offer that
is over and cannot be canceled is 409.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

from exchcli.sandbox.call import Call
from exchcli.sandbox.catalog import DGT
from exchcli.sandbox.dgtmarket_fields import Fields
from exchcli.sandbox.dgtmarket_pages import wrong
from exchcli.sandbox.dgtmarket_signed import Refused, refused
from exchcli.sandbox.engine.desk import Desk, NewOrder, trading
from exchcli.sandbox.engine.reasons import Reason, Refusal
from exchcli.sandbox.marks import NO_WITHDRAWALS, SUSPENDED, marked
from exchcli.sandbox.wire import WireReply, json_reply

SIDES = {"BUY": "buy", "SELL": "sell"}

# Under which field a reason is told; the others are details of the whole request.
_FIELDS = {
    Reason.NO_SYMBOL: "pair",
    Reason.SUSPENDED: "pair",
    Reason.PRICE_PRECISION: "quotation",
    Reason.BAD_PRICE: "quotation",
    Reason.AMOUNT_PRECISION: "amount",
    Reason.BAD_AMOUNT: "amount",
    Reason.TOO_SMALL: "amount",
    Reason.VALUE_TOO_SMALL: "amount",
    Reason.NO_FUNDS: "amount",
    Reason.WITHDRAWAL_TOO_SMALL: "amount",
    Reason.NO_CURRENCY: "currency",
    Reason.NO_ADDRESS: "currency",
    Reason.WITHDRAWALS_CLOSED: "currency",
}


def place(call: Call) -> WireReply:
    """POST /private/offers/ -- pair, order_type, amount, quotation; activation_limit, any_price.

    With any_price the offer takes what it finds, and a quotation says nothing. An
    activation_limit of 0 is none.
    """
    fields = Fields(call)
    pair = fields.word("pair", {rules.symbol: None for rules in call.floor.rules(DGT)})
    side = fields.word("order_type", SIDES)
    amount = fields.quantity("amount")
    any_price = fields.flag("any_price")
    price = None if any_price else fields.quantity("quotation")
    stop = fields.optional("activation_limit")
    fields.check()
    if stop is not None and not _is_price(call, pair, stop):
        raise wrong("activation_limit", "It has more decimals than a price of this pair.")
    if marked(call.store, DGT, pair, SUSPENDED):
        raise wrong("pair", "Trading of this pair is suspended.")
    new = NewOrder(call.account, pair, SIDES[side], amount, price, stop=stop)
    with _desk(call) as desk:
        order = desk.place(new)
    return json_reply(
        {
            "any_price": any_price,
            "activation_limit": f"{stop or 0:.8f}",
            "order_type": side,
            "amount": f"{amount:.8f}",
            "pair": pair,
            "id": order.id,
            "quotation": f"{price or 0:.8f}",
        },
        201,
    )


def cancel(call: Call, number: int) -> WireReply:
    """DELETE /private/offers/:id/ -- 204 without a body."""
    with _desk(call) as desk:
        desk.cancel(call.account, str(number))
    return WireReply(204, {}, b"")


def withdraw(call: Call) -> int:
    """POST /private/transfer/ -- currency, amount; the id of a transfer to the address that is
    configured for this currency."""
    fields = Fields(call)
    currency = fields.word("currency", currencies(call))
    amount = fields.quantity("amount")
    fields.check()
    if marked(call.store, DGT, currency, NO_WITHDRAWALS):
        raise wrong("currency", "Withdrawals of this currency are closed.")
    with _desk(call) as desk:
        return desk.withdraw(call.account, currency, amount)


def currencies(call: Call) -> dict[str, None]:
    """All that the pairs are made of, by name."""
    both = {each for rules in call.floor.rules(DGT) for each in (rules.base, rules.quote)}
    return dict.fromkeys(sorted(both))


def _is_price(call: Call, pair: str, price: Decimal) -> bool:
    market = call.floor.market(DGT, pair)
    exponent = price.normalize().as_tuple().exponent
    assert market is not None
    assert isinstance(exponent, int)
    return -exponent <= market.rules.price_precision


@contextmanager
def _desk(call: Call) -> Iterator[Desk]:
    """The exchange at this moment; what it refuses becomes Refused."""
    try:
        with trading(call.store, call.floor, DGT, call.time) as desk:
            yield desk
    except Refusal as refusal:
        raise _told(refusal) from refusal


def _told(refusal: Refusal) -> Refused:
    if refusal.reason == Reason.NO_ORDER:
        return refused(404, "Not found.")
    if refusal.reason == Reason.NOT_CANCELABLE:
        return refused(409, refusal.detail)
    if refusal.reason in _FIELDS:
        return wrong(_FIELDS[refusal.reason], refusal.detail)
    return refused(400, refusal.detail)
