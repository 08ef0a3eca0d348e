"""Money that comes and goes: deposits, transfers between wallets, and the clock of payments.

A withdrawal (see `withdrawals`) holds its amount and its fee. For PENDING it can be canceled,
for CONFIRMING it is on its way, then it is done and the money is gone. Deposits go the same
way; Dgtmarket knows no state between pending and done. Nothing moves but in advance(), which
the passing of time calls.
"""

from __future__ import annotations

from decimal import Decimal
from functools import reduce
from hashlib import shake_128
from typing import Any, NamedTuple

from exchcli.sandbox.catalog import DFX, DGT
from exchcli.sandbox.currencies import CHAINS, MARGIN_CURRENCIES
from exchcli.sandbox.engine.money import Books, in_usdt, sensible
from exchcli.sandbox.engine.reasons import Reason, Refusal
from exchcli.sandbox.ledger import Place, minus, plus, text, times
from exchcli.sandbox.story import address as invented

MICRO = 1_000_000
DAY = 86400 * MICRO
# How long a payment is in each state, in microseconds: short enough to be watched.
PENDING = 60 * MICRO
CONFIRMING = 120 * MICRO
# From which wallet to which: "transfers between margin account and OTC account is currently
# not available".
# What a day's transfers may be worth in USDT: there is such a limit, its height is our choice.
TRANSFERRED_A_DAY = Decimal(1_000_000)
_WAYS = {("spot", "margin"), ("margin", "spot"), ("spot", "otc"), ("otc", "spot")}
_ZERO = Decimal(0)


class Target(NamedTuple):
    """Where a payment goes, or arrives, and what that costs."""

    chain: str
    address: str
    tag: str
    fee: Decimal
    fee_currency: str


class Payment(NamedTuple):
    """What moving it on needs of a row of `payments`; `due` is in microseconds."""

    id: int
    account: int
    kind: str
    currency: str
    amount: Decimal
    fee: Decimal
    fee_currency: str
    status: str
    due: int


def fund(books: Books, account: int, currency: str, amount: Decimal) -> int:
    """A deposit that is there at once; returns its id.

    Raises Refusal for a currency that the exchange does not have, or an amount that is none.
    """
    known(books, currency)
    amount = sensible(amount)
    row = books.db.execute(
        "SELECT chain, address, tag FROM addresses"
        " WHERE account = ? AND kind = 'deposit' AND currency = ? ORDER BY chain",
        (account, currency),
    ).fetchone()
    whose = f"demo-{account}"
    chain, address, tag = row or ("", invented(books.exchange, whose, currency, ""), "")
    return arrive(books, account, currency, amount, chain, address, tag)


def transfer(
    books: Books, account: int, currency: str, amount: Decimal, source: str, target: str
) -> int:
    """Between the wallets spot, margin and otc of one account; returns the transfer's id.

    Raises Refusal.
    """
    known(books, currency)
    amount = sensible(amount)
    if books.exchange != DFX or (source, target) not in _WAYS:
        raise Refusal(Reason.BAD_WALLETS, f"Nothing goes from {source} to {target}.")
    if target == "margin" and currency not in MARGIN_CURRENCIES:
        raise Refusal(
            Reason.NOT_TRANSFERABLE,
            f"The margin wallet takes {', '.join(MARGIN_CURRENCIES)}, and no {currency}.",
        )
    place = account, source, currency
    afford(books, place, amount)
    _within_the_day(books, account, currency, amount)
    books.ledger.move("transfer", place, (account, target, currency), amount, books.time)
    number = _next(books, "transfers")
    books.db.execute(
        "INSERT INTO transfers VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (books.exchange, number, account, currency, text(amount), source, target, books.time),
    )
    return number


def advance(books: Books, until: int) -> None:
    """Moves on every payment whose time has come by `until`, one after another, as of its time."""
    while row := books.db.execute(
        f"{SELECT} WHERE exchange = ? AND due <= ? ORDER BY due, id LIMIT 1",
        (books.exchange, until),
    ).fetchone():
        payment = read(row)
        if payment.status == "pending" and books.exchange != DGT:
            set_state(books, payment, "confirming", payment.due, payment.due + CONFIRMING)
        else:
            _finish(books, payment)
            set_state(books, payment, "done", payment.due)


# --- the rows ---------------------------------------------------------------------------------

SELECT = "SELECT id, account, kind, currency, amount, fee, fee_currency, status, due FROM payments"


def read(row: tuple[Any, ...]) -> Payment:
    """A row of SELECT."""
    number, account, kind, currency, amount, fee, fee_currency, status, due = row
    return Payment(
        number, account, kind, currency, Decimal(amount), Decimal(fee),
        fee_currency or currency, status, due,
    )  # fmt: skip


def arrive(
    books: Books, account: int, currency: str, amount: Decimal, chain: str, address: str, tag: str
) -> int:
    """A deposit that is done; `address` is where it arrived, or the account it is from."""
    outside = books.ledger.house("outside", currency)
    books.ledger.move("deposit", outside, (account, "spot", currency), amount, books.time)
    target = Target(chain, address, tag, _ZERO, currency)
    return write(books, account, "deposit", currency, amount, target, "done")


def write(
    books: Books,
    account: int,
    kind: str,
    currency: str,
    amount: Decimal,
    target: Target,
    status: str,
    due: int | None = None,
) -> int:
    """A new row of `payments`; returns its id."""
    number = _next(books, "payments")
    (seed,) = books.db.execute("SELECT seed FROM sandbox").fetchone()
    digest = shake_128(f"{seed}:{books.exchange}:hash:{number}".encode()).hexdigest(32)
    other = "" if target.fee_currency == currency else target.fee_currency
    books.db.execute(
        "INSERT INTO payments (exchange, id, account, kind, currency, chain, amount, fee, address,"
        " tag, hash, status, created, updated, fee_currency, due)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            books.exchange, number, account, kind, currency, target.chain, text(amount),
            text(target.fee), target.address, target.tag, digest, status, books.time, books.time,
            other, due,
        ),
    )  # fmt: skip
    return number


def set_state(
    books: Books, payment: Payment, status: str, time: int, due: int | None = None
) -> None:
    """As of `time`; `due` is when the clock moves it on, None if it is over."""
    books.db.execute(
        "UPDATE payments SET status = ?, updated = ?, due = ? WHERE exchange = ? AND id = ?",
        (status, time, due, books.exchange, payment.id),
    )


def _finish(books: Books, payment: Payment) -> None:
    """The money goes, or arrives."""
    ledger, time = books.ledger, payment.due
    place = payment.account, "spot", payment.currency
    outside = ledger.house("outside", payment.currency)
    if payment.kind == "deposit":
        ledger.move("deposit", outside, place, payment.amount, time)
        return
    release(books, payment)
    deed = ledger.move("withdrawal", place, outside, payment.amount, time)
    if payment.fee:
        source = payment.account, "spot", payment.fee_currency
        fees = ledger.house("fees", payment.fee_currency)
        ledger.move("fee", source, fees, payment.fee, time, deed)


def release(books: Books, payment: Payment) -> None:
    """Gives back what a withdrawal holds."""
    books.ledger.hold((payment.account, "spot", payment.currency), minus(_ZERO, payment.amount))
    books.ledger.hold((payment.account, "spot", payment.fee_currency), minus(_ZERO, payment.fee))


def _next(books: Books, table: str) -> int:
    """The number of the next payment or transfer."""
    row = books.db.execute(
        f"SELECT id FROM {table} WHERE exchange = ? ORDER BY id DESC LIMIT 1",  # noqa: S608
        (books.exchange,),
    ).fetchone()
    return int(row[0]) + 1 if row else 1


def known(books: Books, currency: str) -> None:
    """Raises Refusal unless the exchange has it, in upper case."""
    known = {each for rules in books.floor.rules(books.exchange) for each in rules[2:4]}
    if books.exchange == DFX:
        known |= {each.currency.upper() for each in CHAINS}
    if currency not in known:
        raise Refusal(Reason.NO_CURRENCY, f"There is no currency {currency}.")


def _within_the_day(books: Books, account: int, currency: str, amount: Decimal) -> None:
    """Raises Refusal for a transfer beyond the daily limit."""
    rows = books.db.execute(
        "SELECT currency, amount FROM transfers WHERE account = ? AND time > ?",
        (account, books.time - DAY),
    ).fetchall()
    amounts = {currency: amount}
    for other, much in rows:
        amounts[other] = plus(amounts.get(other, _ZERO), Decimal(much))
    worth = reduce(plus, (times(each, in_usdt(books, name)) for name, each in amounts.items()))
    if worth > TRANSFERRED_A_DAY:
        raise Refusal(
            Reason.DAILY_LIMIT, f"Transfers of a day may be worth {TRANSFERRED_A_DAY:f} USDT."
        )


def afford(books: Books, place: Place, amount: Decimal) -> None:
    """Raises Refusal unless so much is free."""
    if (free := books.ledger.free(place)) < amount:
        _, wallet, currency = place
        raise Refusal(
            Reason.NO_FUNDS, f"{free:f} {currency} of the {wallet} wallet are free, not {amount:f}."
        )
