"""Money for the demo accounts: a deposit that is there at once."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from exchcli.errors import UsageError
from exchcli.money import typed_decimal
from exchcli.sandbox.ledger import minus

if TYPE_CHECKING:
    from exchcli.sandbox.exchange import Sandbox


class Funded(NamedTuple):
    """A deposit, and what the account has of the currency after it, in its spot wallet."""

    exchange: str
    account: int
    currency: str
    amount: Decimal
    free: Decimal
    total: Decimal
    deposit_id: int


def fund(sandbox: Sandbox, exchange: str, number: int, currency: str, amount: str) -> Funded:
    """Deposits `amount` into demo account 1 or 2 of "dgt" or "dfx". Raises UsageError."""
    from exchcli.sandbox.accounts import ensure
    from exchcli.sandbox.catalog import DFX, DGT
    from exchcli.sandbox.engine.desk import trading
    from exchcli.sandbox.engine.reasons import Reason, Refusal
    from exchcli.sandbox.limits import SECOND

    if exchange not in (DGT, DFX):
        raise UsageError(f"{exchange!r} is no exchange.", "Write dgt or dfx.")
    if number not in (1, 2):
        raise UsageError("There are two demo accounts.", "Write 1 or 2.")
    decimal, name = typed_decimal(amount, "AMOUNT"), currency.strip().upper()
    with sandbox.lock:
        ensure(sandbox.store, exchange)
        ((account,),) = sandbox.store.rows(
            "SELECT account FROM accounts WHERE exchange = ? AND number = ?", exchange, number - 1
        )
        time = sandbox.now() * SECOND
        try:
            with trading(sandbox.store, sandbox.floor, exchange, time) as desk:
                deposit = desk.fund(account, name, decimal)
        except Refusal as refusal:
            unknown = refusal.reason is Reason.NO_CURRENCY
            there = f"It has {listed(sandbox, exchange)}." if unknown else None
            raise UsageError(refusal.detail, there) from None
        ((total, held),) = sandbox.store.select(
            "SELECT total, held FROM balances"
            " WHERE account = ? AND wallet = 'spot' AND currency = ?",
            account,
            name,
        )
    total, held = Decimal(total), Decimal(held)
    return Funded(exchange, number, name, decimal, minus(total, held), total, deposit)


def currencies(sandbox: Sandbox, exchange: str) -> list[str]:
    """What can be held on an exchange: the currencies of its pairs."""
    rules = sandbox.floor.rules(exchange)
    return sorted({name for each in rules for name in (each.base, each.quote)})


def listed(sandbox: Sandbox, exchange: str) -> str:
    """The same in a sentence."""
    return ", ".join(currencies(sandbox, exchange))
