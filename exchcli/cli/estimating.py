"""What an order would cost and get at the order book of this moment. Nothing here asks anybody."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal, localcontext
from typing import NamedTuple

from exchcli.cli.checking import EXACT, Rules, up_to
from exchcli.errors import UsageError
from exchcli.money import plain, short
from exchcli.records import Book, Fill, Level, NewOrder, Side

# As many levels as each exchange shows.
LEVELS = {"dgt": 30, "dfx": 150}


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


def takes(new: NewOrder, book: Book) -> bool:
    """Whether its price is one that somebody already offers."""
    best = best_price(new, book)
    if best is None or new.price is None:
        return new.price is None
    return new.price >= best if new.side == "buy" else new.price <= best


def waits_for_stop(new: NewOrder, book: Book) -> bool:
    """Whether the price that makes it active is not there yet."""
    best = best_price(new, book)
    if new.stop is None or best is None:
        return new.stop is not None
    return new.stop > best if new.side == "buy" else new.stop < best


def estimate(new: NewOrder, book: Book) -> Taking | None:
    """What an order at the market's price comes to; None where the book does not hold so much.

    The book in which one with a stop will trade is not there yet: it is taken to get all of it at
    that price.
    """
    if new.stop is not None and waits_for_stop(new, book):
        with localcontext(EXACT):
            amount = (new.spend or Decimal(0)) / new.stop if new.amount is None else new.amount
            return Taking(amount, amount * new.stop, new.stop)
    levels = other_side(new, book)
    if new.amount is not None:
        return taking(levels, new.amount)
    return spending(levels, new.spend or Decimal(0))


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


def spending(levels: Sequence[Level], spend: Decimal) -> Taking | None:
    """What this money buys, to the last digit; None where the book does not hold so much."""
    left, amount = spend, Decimal(0)
    with localcontext(EXACT):
        for level in levels:
            part = min(left / level.price, level.amount)
            amount += part
            left -= part * level.price
            if part < level.amount or left <= 0:
                return Taking(amount, spend, level.price)
    return None


def amount_for(new: NewOrder, book: Book, rules: Rules) -> Taking:
    """The largest amount that the money of this order buys, as fine as the pair allows.

    Raises UsageError where the book does not hold so much, or nothing at all.
    """
    spend, found = new.spend or Decimal(0), estimate(new._replace(amount=None), book)
    if found is None:
        with localcontext(EXACT):
            there = sum((level.price * level.amount for level in other_side(new, book)), Decimal(0))
        shown = short(there)
        raise UsageError(
            f"The order book shows no more than {shown} {rules.symbol.quote} worth of "
            f"{rules.symbol.base} for sale.",
            f"Spend less than {shown}, or place an order with a --price.",
        )
    amount = up_to(found.amount, rules.amount_places, ROUND_FLOOR)
    found = estimate(new._replace(amount=amount), book) if amount > 0 else None
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


class Fee(NamedTuple):
    """What a trade of before paid: `percent` of its amount or value in `currency`, None where
    that is not told; `maker` likewise."""

    percent: Decimal
    currency: str | None
    maker: bool | None


def last_fee(fills: Sequence[Fill], side: Side, maker: bool | None, base: str) -> Fee | None:
    """What the newest trade paid: of those that are known, the most like one of this side that
    makes, takes, or may do either (None).
    """
    found: Fee | None = None
    nearest = -1
    for fill in fills:
        percent = _percent(fill, base)
        alike = 2 * (maker is None or fill.maker == maker) + (fill.side == side)
        if percent is not None and alike > nearest:
            # What a buy pays in is not what a sell does.
            currency = fill.fee_currency if fill.side == side else None
            found, nearest = Fee(percent, currency, fill.maker), alike
    return found


def _percent(fill: Fill, base: str) -> Decimal | None:
    if fill.fee_percent is not None:
        return fill.fee_percent
    if fill.fee is None or not fill.price or not fill.amount:
        return None
    with localcontext(EXACT):
        of = fill.amount if fill.fee_currency == base else fill.amount * fill.price
        return (fill.fee * 100 / of).quantize(Decimal("0.0001")).normalize()
