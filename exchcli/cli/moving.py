"""Money that moves: between accounts, out of them, and out of a position.

None of it is ever sent a second time: neither exchange takes an id of ours, and money that went
twice cannot be called back.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from exchcli.cli.checking import up_to
from exchcli.cli.confirm import check_answerable, confirm, watched
from exchcli.cli.doing import Keeping, intent_of
from exchcli.cli.guarding import check_halted, check_withdrawal_guard
from exchcli.cli.market import ask_about_currency
from exchcli.cli.trading_options import once_key
from exchcli.errors import ExchError, OutcomeUnknown, Rejected, UsageError
from exchcli.execution.endings import Done
from exchcli.execution.intent import Closing, Move, Withdrawal
from exchcli.money import plain, short, typed_decimal
from exchcli.records import (
    Balance,
    Currency,
    Market,
    Moved,
    Position,
    Transfer,
    TransferStatus,
    Unsent,
)

if TYPE_CHECKING:
    from exchcli.cli.session import Session
    from exchcli.core.request import Flow

PLACES = 8  # decimals of an amount of money, on both exchanges


class Asked(NamedTuple):
    """The options that all of these commands have."""

    once: str | None
    dry_run: bool
    yes: bool


def move(here: Session, wanted: Move, asked: Asked) -> None:
    """Moves money from one of the account's own wallets to another."""
    key = _begin(here, asked)
    if wanted.source == wanted.target:
        raise UsageError("--from and --to are the same account.", "Name two of them.")
    flow = here.exchange.transfer_new(*wanted)
    if asked.dry_run:
        _show_unsent(here, flow)
        return
    flow.close()
    keeping = Keeping(here, key)

    def check() -> None:
        check_halted(here)
        if wanted.source == "otc":  # its balances are not told
            return
        market: Market = "margin" if wanted.source == "margin" else "spot"
        balances = here.ask(here.exchange.balances(market), quietly=True)
        _check_free(balances, wanted.currency, wanted.amount)

    if not keeping.is_settled(intent_of(wanted)):
        if not asked.yes:  # before the question; under the lock it is checked anyway
            check()
        what = f"{short(wanted.amount)} {wanted.currency}"
        title = here.exchange.title
        confirm(f"Move {what} from {wanted.source} to {wanted.target} on {title}?", asked.yes)
    done = keeping.move(wanted, checks=check)
    moved = Transfer(
        id=None,
        kind="transfer",
        currency=wanted.currency,
        chain=None,
        amount=wanted.amount,
        fee=None,
        address=None,
        memo=None,
        hash=None,
        status="completed",
        exchange_status=None,
    )
    here.show_done(_known(moved, key, done))


def withdraw(here: Session, wanted: Withdrawal, asked: Asked) -> None:
    """Orders a withdrawal, and prints it."""
    key = _begin(here, asked)
    flow = here.exchange.withdraw(*wanted)
    if asked.dry_run:
        _show_unsent(here, flow)
        return
    flow.close()
    keeping = Keeping(here, key)

    def check() -> str:
        balances = here.ask(here.exchange.balances(), quietly=True)
        target = _target(here, wanted, balances)
        check_withdrawal_guard(here, target.address)
        _check_free(balances, wanted.currency, wanted.amount)
        return target.words

    if not keeping.is_settled(intent_of(wanted)):
        fee = _fee(here, wanted)
        if watched() or not asked.yes:
            what, words = f"{short(wanted.amount)} {wanted.currency}", check()
            here.say(f"On {here.exchange.title}: withdraw {what} to {words}")
            here.say(f"  {fee}")
            confirm(f"Withdraw {what} to {words}? {_recall(here, wanted)}", asked.yes)
    done = keeping.withdraw(wanted, checks=check)
    ordered = _withdrawn(here, wanted, done.ids[0] if done.ids else None)
    here.show_done(_known(ordered, key, done))


def cancel_withdrawal(here: Session, withdrawal_id: str, asked: Asked) -> None:
    """Cancels a withdrawal that is not on its way yet."""
    _begin(here, asked)
    flow = here.exchange.cancel_withdrawal(withdrawal_id)
    if asked.dry_run:
        _show_unsent(here, flow)
        return
    flow.close()
    confirm(f"Cancel the withdrawal {withdrawal_id} on {here.exchange.title}?", asked.yes)
    canceled = Keeping(here).cancel_withdrawal(withdrawal_id)
    status = _listed(here, withdrawal_id)
    if status in ("canceled", "rejected"):  # any other is of before: its lists may be late
        canceled = canceled._replace(status=status)
    if status == "rejected" and watched():
        title = here.exchange.title
        here.say(f"exch: the withdrawal {withdrawal_id} is canceled; {title}'s word for that is "
                 "rejected.")  # fmt: skip
    here.show_done(canceled)


def _listed(here: Session, withdrawal_id: str) -> TransferStatus | None:
    """What the exchange's list says of a withdrawal, so that both tell the same."""
    try:
        row = _row(here, None, withdrawal_id)
    except ExchError as error:
        here.trace(f"The withdrawal was not told: {error.message}")
        return None
    except KeyboardInterrupt:
        return None
    return row and row.status


def _row(here: Session, currency: str | None, withdrawal_id: str) -> Transfer | None:
    rows = here.ask(here.exchange.withdrawals(currency, 100), quietly=True)
    return next((row for row in rows if row.id == withdrawal_id), None)


def close_position(here: Session, symbol: str, asked: Asked) -> None:
    """Closes a position at the market's price, and prints what is left of it."""
    key = _begin(here, asked)
    flow = here.exchange.close_position(symbol)
    if asked.dry_run:
        _show_unsent(here, flow)
        return
    flow.close()
    keeping = Keeping(here, key)
    if not keeping.is_settled(intent_of(Closing(symbol))):
        there = _position(here, symbol)
        if not there:
            raise Rejected(
                f"There is no position on {symbol}.",
                "`exch dfx margin positions` lists those that there are.",
                exchange=here.exchange.name,
            )
        for one in there if watched() else ():
            here.say(
                f"{one.side} {short(one.amount)} {symbol}, entered at {short(one.entry_price)}, "
                f"profit {short(one.unrealized_pnl)}"
            )
        title = here.exchange.title
        confirm(f"Close the position on {symbol} of {title} at the market's price?", asked.yes)
    keeping.close(Closing(symbol), checks=lambda: check_halted(here))
    try:
        left = _position(here, symbol)
    except KeyboardInterrupt:
        raise _closed(symbol, "it was interrupted") from None
    except ExchError as error:
        raise _closed(symbol, error.message.removesuffix(".")) from error
    here.show_done(left)


def _closed(symbol: str, why: str) -> OutcomeUnknown:
    return OutcomeUnknown(
        f"The close of {symbol} was accepted; what is left of it was not told: {why}.",
        f"Do not close it again before you have looked: `exch dfx margin positions {symbol}`.",
        exchange="dfx",
    )


def typed_money(text: str, what: str = "AMOUNT") -> Decimal:
    """An amount of a currency above 0, no finer than an exchange counts."""
    amount = typed_decimal(text, what)
    if amount <= 0:
        raise UsageError(f"{what} is 0.", "Write one above 0.")
    if up_to(amount, PLACES, ROUND_FLOOR) != amount:
        raise UsageError(f"{what} {plain(amount)} has more than {PLACES} decimals.", "Write fewer.")
    return up_to(amount, PLACES, ROUND_FLOOR)


def _begin(here: Session, asked: Asked) -> str | None:
    key = once_key(asked.once, "stop")
    if asked.dry_run:
        here.settings.returns = Unsent
    else:
        check_answerable(asked.yes)
    here.begin()
    return key


def _show_unsent(here: Session, flow: Flow[Any]) -> None:
    from exchcli.cli.dryrun import show_unsent

    show_unsent(here, [flow])


def _check_free(balances: Sequence[Balance], currency: str, amount: Decimal) -> None:
    free = sum((one.free for one in balances if one.currency == currency), Decimal(0))
    if amount > free:
        raise UsageError(
            f"{short(amount)} {currency} are more than the {plain(free)} that are free.",
            "Take less: `balances` shows what there is.",
        )


class Target(NamedTuple):
    """Where the money goes: the address, and all that is told of it."""

    address: str
    words: str


def _target(here: Session, wanted: Withdrawal, balances: Sequence[Balance]) -> Target:
    if wanted.address is not None:
        kind = "user " if wanted.internal else ""
        memo = f", memo {wanted.memo}" if wanted.memo else ""
        chain = f" on {wanted.chain}" if wanted.chain else ""
        return Target(wanted.address, f"{kind}{wanted.address}{chain}{memo}")
    own = [one.withdraw_address for one in balances if one.currency == wanted.currency]
    if not own and balances:
        raise UsageError(
            f"{here.exchange.title} has no wallet of {wanted.currency}.",
            f"It has {', '.join(sorted({one.currency for one in balances}))}.",
            exchange=here.exchange.name,
        )
    if not own or not own[0]:
        raise UsageError(
            f"{here.exchange.title} has no address for withdrawals of {wanted.currency}.",
            "Set one in the account's settings there; `balances` shows it as withdraw_address.",
            exchange=here.exchange.name,
        )
    return Target(own[0], own[0])


def _fee(here: Session, wanted: Withdrawal) -> str:
    """What it costs, where the exchange tells that. Raises UsageError below its minimum."""
    if here.exchange.name == "dgt":
        return "its fee is not known: Dgtmarket does not tell it"
    if wanted.internal:
        return f"no fee is told for what goes to another user of {here.exchange.title}"
    flow = here.exchange.currencies(wanted.currency)
    rows = ask_about_currency(here, wanted.currency, flow)
    ours = [row for row in rows if wanted.chain in (None, row.chain)]
    rule: Currency | None = ours[0] if len(ours) == 1 else None
    if rule is None:
        return "its fee depends on the chain"
    if not rule.withdraw:
        raise UsageError(
            f"Withdrawals of {wanted.currency} are closed.",
            "`exch dfx currencies` shows which are open.",
        )
    if rule.min_withdraw and wanted.amount < rule.min_withdraw:
        raise UsageError(
            f"{short(wanted.amount)} {wanted.currency} is below the smallest withdrawal.",
            f"Withdraw at least {short(rule.min_withdraw)}.",
        )
    return _fee_words(rule)


def _fee_words(rule: Currency) -> str:
    """The fee as the exchange says it: whether its rate is a part or a percentage, and at what
    price it is taken in another currency, is not for us to guess.
    """
    currency = rule.withdraw_fee_currency or rule.currency
    least = None if rule.min_withdraw_fee is None else f"{short(rule.min_withdraw_fee)} {currency}"
    if not rule.withdraw_fee_rate:
        return "its fee is not known" if least is None else f"fee {least}"
    rate = f"at a rate of {short(rule.withdraw_fee_rate)}, paid in {currency}"
    return f"fee {rate}" if least is None else f"fee {rate}, at least {least}"


def _recall(here: Session, wanted: Withdrawal) -> str:
    """Whether it can be undone."""
    if here.exchange.name == "dfx" and not wanted.internal:
        return "It can be canceled only while it is pending."
    return "It cannot be called back."


def _withdrawn(here: Session, wanted: Withdrawal, withdrawal_id: str | None) -> Transfer:
    """The withdrawal as the exchange tells it now; where it does not, as it was asked for."""
    try:
        if withdrawal_id is not None and here.exchange.name == "dgt":
            return here.ask(here.exchange.transfer(withdrawal_id), quietly=True)
        if withdrawal_id is not None and (row := _row(here, wanted.currency, withdrawal_id)):
            return row
    except ExchError as error:
        here.trace(f"The withdrawal was not told: {error.message}")
    except KeyboardInterrupt:
        here.say("exch: interrupted; the withdrawal is ordered.")
    return Transfer(
        id=withdrawal_id,
        kind="withdrawal",
        currency=wanted.currency,
        chain=wanted.chain,
        amount=wanted.amount,
        fee=None,
        address=wanted.address,
        memo=wanted.memo,
        hash=None,
        status="unknown",
        exchange_status=None,
    )


def _known(transfer: Transfer, key: str | None, done: Done) -> Moved:
    return Moved(*transfer, once=key, replayed=done.replayed, evidence=done.evidence)


def _position(here: Session, symbol: str) -> list[Position]:
    return here.ask(here.exchange.positions(symbol), quietly=True)
