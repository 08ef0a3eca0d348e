"""What an order would cost and get at the order book of this moment. Nothing here asks anybody."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal, localcontext
from typing import NamedTuple

from exchcli.cli.checking import EXACT, Rules, short, up_to
from exchcli.errors import UsageError
from exchcli.money import plain
from exchcli.records import Book, Fill, Level, NewOrder


class Taking(NamedTuple):
    """What an order at the market's price would take: `amount` in base, `cost` in quote."""

    amount: Decimal
    cost: Decimal
    worst: Decimal  # the price of its last part


def other_side(new: NewOrder, book: Book) -> tuple[Level, ...]:
    """The levels that the order would trade with, best first."""
    return book.asks if new.side == "buy" else book.bids


def best_price(new: NewOrder, book: Book) -> Decimal | None:
    """The best price of those that the order would trade with."""
    levels = other_side(new, book)
    return levels[0].price if levels else None


def taking(levels: Sequence[Level], amount: Decimal) -> Taking | None:
    """What an amount takes; None where the book that was shown does not hold so much."""
    left, cost = amount, Decimal(0)
    with localcontext(EXACT):
        for level in levels:
            part = min(left, level.amount)
            cost += part * level.price
            left -= part
            if not left:
                return Taking(amount, cost, level.price)
    return None


def amount_for(levels: Sequence[Level], spend: Decimal, rules: Rules) -> Taking:
    """The largest amount that this money buys, as fine as the pair allows.

    Raises UsageError where the book does not hold so much, or nothing at all.
    """
    left, amount = spend, Decimal(0)
    with localcontext(EXACT):
        for level in levels:
            part = min(left / level.price, level.amount)
            amount += part
            left -= part * level.price
            if part < level.amount or left <= 0:
                break
        else:
            shown = short(spend - left)
            raise UsageError(
                f"The order book shows no more than {shown} {rules.symbol.quote} worth of "
                f"{rules.symbol.base} for sale.",
                f"Spend less than {shown}, or place an order with a --price.",
            )
        amount = up_to(amount, rules.amount_places, ROUND_FLOOR)
    found = taking(levels, amount) if amount > 0 else None
    if found is None:
        raise UsageError(
            f"{plain(spend)} {rules.symbol.quote} buy no {rules.symbol.base} at this price.",
            "Spend more.",
        )
    return found


def distance(price: Decimal, market: Decimal) -> Decimal:
    """How far a price is above the market's, in percent; below it is negative."""
    with localcontext(EXACT):
        return ((price - market) * 100 / market).quantize(Decimal("0.01"))


def fee_percent(fills: Sequence[Fill], base: str) -> Decimal | None:
    """What the newest trade paid in percent, where it says so; None otherwise."""
    for fill in fills:
        if fill.fee_percent is not None:
            return fill.fee_percent
        if fill.fee is None or not fill.price or not fill.amount:
            continue
        with localcontext(EXACT):
            of = fill.amount if fill.fee_currency == base else fill.amount * fill.price
            return (fill.fee * 100 / of).quantize(Decimal("0.0001")).normalize()
    return None
