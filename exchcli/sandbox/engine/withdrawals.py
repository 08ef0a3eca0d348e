"""Withdrawals: where they may go, what they cost, how many there may be."""

from __future__ import annotations

from decimal import Decimal

from exchcli.sandbox.catalog import DFX, DGT
from exchcli.sandbox.currencies import CHAINS, DGT_WITHDRAWALS, Chain
from exchcli.sandbox.engine import payments
from exchcli.sandbox.engine.money import Books, in_usdt, sensible
from exchcli.sandbox.engine.payments import DAY, MICRO, PENDING, Target
from exchcli.sandbox.engine.reasons import Reason, Refusal
from exchcli.sandbox.ledger import over, plus, times, up

# DigiFinex: "3 times a minute, 100 times a day". What a day's withdrawals may be worth in USDT
# is not documented, and our own choice. Dgtmarket's document knows no such limits.
A_MINUTE, A_DAY = 3, 100
WORTH_A_DAY = Decimal(20_000)
_MINUTE = 60 * MICRO


def withdraw(
    books: Books,
    account: int,
    currency: str,
    amount: Decimal,
    address: str | None = None,
    chain: str = "",
    tag: str = "",
    *,
    internal: bool = False,
) -> int:
    """Asks for a withdrawal from the spot wallet; returns its id.

    Dgtmarket sends to the one address configured there: `address` is that one or None.
    DigiFinex sends to addresses of its white list, each of one chain and with one tag; an
    `internal` withdrawal costs nothing and is with the account whose number is `address` at
    once. Raises Refusal.
    """
    payments.known(books, currency)
    amount = sensible(amount)
    if internal:
        return _hand_over(books, account, currency, amount, address)
    if books.exchange == DGT:
        target, least = _configured(books, account, currency, address)
    else:
        target, least = _listed(books, account, currency, amount, chain, address, tag)
    if amount < least:
        raise Refusal(
            Reason.WITHDRAWAL_TOO_SMALL, f"The least withdrawal of {currency} is {least:f}."
        )
    place, fee_place = (account, "spot", currency), (account, "spot", target.fee_currency)
    if target.fee_currency == currency:
        payments.afford(books, place, plus(amount, target.fee))
    else:
        payments.afford(books, place, amount)
        payments.afford(books, fee_place, target.fee)
    _within_limits(books, account, currency, amount)
    books.ledger.hold(place, amount)
    books.ledger.hold(fee_place, target.fee)
    due = books.time + PENDING
    return payments.write(books, account, "withdrawal", currency, amount, target, "pending", due)


def cancel_withdrawal(books: Books, account: int, number: int) -> int:
    """Gives back what a pending withdrawal holds; returns its id. Raises Refusal."""
    row = books.db.execute(
        f"{payments.SELECT} WHERE exchange = ? AND id = ? AND account = ? AND kind = 'withdrawal'",
        (books.exchange, number, account),
    ).fetchone()
    if row is None:
        raise Refusal(Reason.NO_WITHDRAWAL, f"There is no withdrawal {number}.")
    payment = payments.read(row)
    if payment.status != "pending":
        raise Refusal(
            Reason.NOT_CANCELABLE, f"The withdrawal {number} is {payment.status} already."
        )
    payments.release(books, payment)
    payments.set_state(books, payment, "canceled", books.time)
    return number


def _configured(
    books: Books, account: int, currency: str, address: str | None
) -> tuple[Target, Decimal]:
    """Dgtmarket's one address of this currency, and the least amount."""
    rows = _addresses(books, account, currency)
    if not rows or currency not in DGT_WITHDRAWALS:
        raise Refusal(Reason.NO_ADDRESS, f"There is no outgoing address of {currency} configured.")
    chain, there, tag = rows[0]
    if address not in (None, there):
        raise Refusal(Reason.NOT_WHITELISTED, f"{currency} goes to its configured address only.")
    terms = DGT_WITHDRAWALS[currency]
    return Target(chain, there, tag, Decimal(terms.fee), currency), Decimal(terms.least)


def _listed(
    books: Books,
    account: int,
    currency: str,
    amount: Decimal,
    chain: str,
    address: str | None,
    tag: str,
) -> tuple[Target, Decimal]:
    """An address of DigiFinex's white list with its chain's terms, and the least amount."""
    chains = [each for each in CHAINS if each.currency.upper() == currency]
    if not chains:
        raise Refusal(Reason.WITHDRAWALS_CLOSED, f"{currency} cannot be withdrawn.")
    terms = next((each for each in chains if each.chain == chain.upper()), None)
    if terms is None:
        names = " or ".join(each.chain for each in chains)
        needed = f"the chain {names}" if names else "no chain"
        raise Refusal(Reason.NO_CHAIN, f"A withdrawal of {currency} names {needed}.")
    if not address:
        raise Refusal(Reason.NO_ADDRESS, "A withdrawal needs an address.")
    rows = [row for row in _addresses(books, account, currency) if row[1] == address]
    if not rows:
        raise Refusal(
            Reason.NOT_WHITELISTED, f"{address} is not among the addresses for {currency}."
        )
    if (terms.chain, address, tag) not in rows:
        raise Refusal(Reason.NO_ADDRESS, "The address is known with another chain or tag.")
    fee = _fee(books, terms, amount)
    target = Target(terms.chain, address, tag, fee, terms.withdraw_fee_currency.upper())
    return target, Decimal(terms.min_withdraw_amount)


def _fee(books: Books, terms: Chain, amount: Decimal) -> Decimal:
    """A part of the amount, at its worth if the fee is in another currency, or the least fee."""
    currency, least = terms.currency.upper(), Decimal(terms.min_withdraw_fee)
    rate = Decimal(terms.withdraw_fee_rate)
    other = terms.withdraw_fee_currency.upper()
    if not rate:
        return least
    part = times(amount, rate)
    if other != currency:
        part = over(times(part, in_usdt(books, currency)), in_usdt(books, other))
    return max(least, up(part))


def _within_limits(books: Books, account: int, currency: str, amount: Decimal) -> None:
    if books.exchange != DFX:
        return
    rows = books.db.execute(
        "SELECT created, currency, amount, status FROM payments"
        " WHERE account = ? AND kind = 'withdrawal' ORDER BY id DESC LIMIT ?",
        (account, A_DAY),
    ).fetchall()
    today = [row for row in rows if row[0] > books.time - DAY]
    if len(today) >= A_DAY or sum(row[0] > books.time - _MINUTE for row in today) >= A_MINUTE:
        raise Refusal(
            Reason.TOO_FREQUENT, f"At most {A_MINUTE} withdrawals a minute, {A_DAY} a day."
        )
    worth = times(amount, in_usdt(books, currency))
    for _, other, much, status in today:
        if status != "canceled":
            worth = plus(worth, times(Decimal(much), in_usdt(books, other)))
    if worth > WORTH_A_DAY:
        raise Refusal(
            Reason.DAILY_LIMIT, f"Withdrawals of a day may be worth {WORTH_A_DAY:f} USDT."
        )


def _hand_over(
    books: Books, account: int, currency: str, amount: Decimal, number: str | None
) -> int:
    """An internal withdrawal: the other account has the money when this returns.

    Accounts are numbered 1, 2 ... as everywhere where people read or write them.
    """
    if not number:
        raise Refusal(Reason.NO_ADDRESS, "An internal withdrawal needs the account's number.")
    numbers = dict(
        books.db.execute(
            "SELECT account, CAST(number + 1 AS TEXT) FROM accounts"
            " WHERE exchange = ? AND number >= 0",
            (books.exchange,),
        )
    )
    own = numbers.pop(account)
    receiver = next((each for each, known in numbers.items() if known == number), None)
    if books.exchange != DFX or receiver is None:
        raise Refusal(Reason.NOT_WHITELISTED, f"There is no other account {number}.")
    place = account, "spot", currency
    payments.afford(books, place, amount)
    _within_limits(books, account, currency, amount)
    target = Target("", number, "", Decimal(0), currency)
    outside = books.ledger.house("outside", currency)
    books.ledger.move("withdrawal", place, outside, amount, books.time)
    sent = payments.write(books, account, "withdrawal", currency, amount, target, "done")
    payments.arrive(books, receiver, currency, amount, "", own, "")
    return sent


def _addresses(books: Books, account: int, currency: str) -> list[tuple[str, str, str]]:
    """Where the account may send: chain, address, tag."""
    return books.db.execute(
        "SELECT chain, address, tag FROM addresses"
        " WHERE account = ? AND kind = 'withdrawal' AND currency = ? ORDER BY chain",
        (account, currency),
    ).fetchall()
