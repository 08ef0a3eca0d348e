"""DigiFinex's transfers between an account's wallets, and its withdrawals."""

from __future__ import annotations

from decimal import Decimal

from exchcli.sandbox.call import Call
from exchcli.sandbox.catalog import DFX
from exchcli.sandbox.digifinex import Query, whole_of
from exchcli.sandbox.digifinex_codes import (
    BAD_AMOUNT,
    BAD_WALLETS,
    ILLEGAL,
    NO_ADDRESS,
    NO_CURRENCY,
    NO_FUNDS,
    NO_WITHDRAWAL,
    NOT_CANCELABLE,
    NOT_TRANSFERABLE,
    NOT_WHITELISTED,
    TOO_FREQUENT,
    TOO_MUCH,
    TRANSFERS_TODAY,
    WITHDRAWAL_LIMIT,
    WITHDRAWALS_CLOSED,
    WITHDRAWN_TODAY,
    Refused,
)
from exchcli.sandbox.digifinex_codes import NO_TRANSFERS as BARRED
from exchcli.sandbox.digifinex_codes import NO_WITHDRAWALS as RESTRICTED
from exchcli.sandbox.digifinex_money import currency_of
from exchcli.sandbox.digifinex_trading import desk_of
from exchcli.sandbox.engine.reasons import Reason
from exchcli.sandbox.marks import NO_TRANSFERS, NO_WITHDRAWALS, marked
from exchcli.sandbox.wire import Malformed, quantity

_WALLETS = {"1": "spot", "2": "margin", "3": "otc"}
_INTERNAL = {"normal": False, "internal": True}

_OF_TRANSFERS = {
    Reason.NO_CURRENCY: NO_CURRENCY,
    Reason.AMOUNT_PRECISION: BAD_AMOUNT,
    Reason.BAD_AMOUNT: BAD_AMOUNT,
    Reason.BAD_WALLETS: BAD_WALLETS,
    Reason.NOT_TRANSFERABLE: NOT_TRANSFERABLE,
    Reason.NO_FUNDS: TOO_MUCH,
    Reason.DAILY_LIMIT: TRANSFERS_TODAY,
}
_OF_WITHDRAWALS = {
    Reason.NO_CURRENCY: NO_CURRENCY,
    Reason.AMOUNT_PRECISION: BAD_AMOUNT,
    Reason.BAD_AMOUNT: BAD_AMOUNT,
    Reason.NO_FUNDS: NO_FUNDS,
    Reason.WITHDRAWALS_CLOSED: WITHDRAWALS_CLOSED,
    Reason.WITHDRAWAL_TOO_SMALL: WITHDRAWAL_LIMIT,
    Reason.NO_ADDRESS: NO_ADDRESS,
    Reason.NO_CHAIN: NO_ADDRESS,
    Reason.NOT_WHITELISTED: NOT_WHITELISTED,
    Reason.TOO_FREQUENT: TOO_FREQUENT,
    Reason.DAILY_LIMIT: WITHDRAWN_TODAY,
    Reason.NO_WITHDRAWAL: NO_WITHDRAWAL,
    Reason.NOT_CANCELABLE: NOT_CANCELABLE,
}


def transfer(call: Call, query: Query) -> object:
    """#transfer-assets-among-accounts -- currency_mark, num, and from and to: 1 spot, 2 margin,
    3 otc."""
    currency = currency_of(call, _needed(query, "currency_mark"))
    source, target = _needed(query, "from"), _needed(query, "to")
    amount = _amount(_needed(query, "num"))
    if not {source, target} <= _WALLETS.keys():
        raise Refused(BAD_WALLETS)
    if marked(call.store, DFX, call.account, NO_TRANSFERS):
        raise Refused(BARRED)
    if marked(call.store, DFX, currency, NO_TRANSFERS):
        raise Refused(NOT_TRANSFERABLE)
    with desk_of(call, _OF_TRANSFERS) as desk:
        desk.transfer(call.account, currency, amount, _WALLETS[source], _WALLETS[target])
    return {"code": 0}


def withdraw(call: Call, query: Query) -> object:
    """#request-withdrawal -- currency, address, amount; type normal or internal, chain, memo.
    Success is 200."""
    currency = currency_of(call, _needed(query, "currency"))
    kind = query.get("type", "normal")
    if kind not in _INTERNAL:
        raise Refused(ILLEGAL)
    amount, address = _amount(_needed(query, "amount")), _needed(query, "address")
    if marked(call.store, DFX, call.account, NO_WITHDRAWALS):
        raise Refused(RESTRICTED)
    if marked(call.store, DFX, currency, NO_WITHDRAWALS):
        raise Refused(WITHDRAWALS_CLOSED)
    chain, memo = query.get("chain", ""), query.get("memo", "")
    with desk_of(call, _OF_WITHDRAWALS) as desk:
        number = desk.withdraw(
            call.account, currency, amount, address, chain, memo, internal=_INTERNAL[kind]
        )
    return {"code": 200, "withdraw_id": number}


def cancel_withdrawal(call: Call, query: Query) -> object:
    """#cancel-withdrawal -- withdraw_id. Success is 200."""
    _needed(query, "withdraw_id")
    number = whole_of(query, "withdraw_id", 0)
    with desk_of(call, _OF_WITHDRAWALS) as desk:
        desk.cancel_withdrawal(call.account, number)
    return {"code": 200, "withdraw_id": number}


def _needed(query: Query, name: str) -> str:
    if not query.get(name):
        raise Refused(ILLEGAL)
    return query[name]


def _amount(text: str) -> Decimal:
    try:
        return quantity(text)
    except Malformed:
        raise Refused(BAD_AMOUNT) from None
