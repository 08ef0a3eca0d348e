"""What an exchange would refuse, found before anything is sent: too many decimals, too small an
order, money that is not there.

Nothing here asks anybody. Every refusal is a UsageError that names what would do.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal, localcontext
from typing import NamedTuple

from exchcli.errors import UsageError
from exchcli.money import MAX_DIGITS, plain, short
from exchcli.records import Balance, NewOrder, Side, Symbol

# As many digits as may be typed, twice, for their product.
EXACT = Context(prec=2 * MAX_DIGITS + 10)


class Rules(NamedTuple):
    """What a pair asks of its orders. `decimals` holds where it does not say how many."""

    symbol: Symbol
    decimals: int

    @property
    def price_places(self) -> int:
        told = self.symbol.price_precision
        return self.decimals if told is None else told

    @property
    def amount_places(self) -> int:
        told = self.symbol.amount_precision
        return self.decimals if told is None else told


def fitting(new: NewOrder, rules: Rules, *, rounded: bool) -> NewOrder:
    """The order with no more decimals than its pair takes.

    With `rounded` amounts and money go down, a price never gets worse (down for a buy, up for a
    sell), and a stop goes to the nearest. Without it, too many are a UsageError.
    """
    name = rules.symbol.symbol
    better = ROUND_FLOOR if new.side == "buy" else ROUND_CEILING
    places, amounts = rules.price_places, rules.amount_places
    return new._replace(
        amount=_fit("amount", new.amount, amounts, ROUND_FLOOR, name, rounded),
        price=_fit("price", new.price, places, better, name, rounded),
        spend=_fit("money to spend", new.spend, rules.decimals, ROUND_FLOOR, name, rounded),
        stop=_fit("stop price", new.stop, places, ROUND_HALF_EVEN, name, rounded),
    )


def check_minimums(new: NewOrder, rules: Rules) -> None:
    """Raises UsageError for an order that is below what the pair takes."""
    pair = rules.symbol
    for what, number in (("amount", new.amount), ("price", new.price), ("stop price", new.stop)):
        if number is not None and number <= 0:
            raise UsageError(f"The {what} is 0.", "Write one above 0.")
    if new.spend is not None and new.spend <= 0:
        raise UsageError("The money to spend is 0.", "Write an amount above 0.")
    least, value = pair.min_amount, pair.min_value
    if least and new.amount is not None and new.amount < least:
        raise UsageError(
            f"{plain(new.amount)} {pair.base} is below the smallest order of {pair.symbol}.",
            f"Order at least {plain(least)} {pair.base}.",
        )
    worth = worth_of(new)
    if value and worth is not None and worth < value:
        raise UsageError(
            f"The order is worth {short(worth)} {pair.quote}, and {pair.symbol} takes none below "
            f"{plain(value)}.",
            _enough(new, value, rules),
        )


def check_types(new: NewOrder, rules: Rules) -> None:
    """Raises UsageError where the pair says that it takes no orders of this kind."""
    kind = "MARKET" if new.price is None else "LIMIT"
    types = rules.symbol.order_types
    if types is not None and kind not in types:
        raise UsageError(
            f"{rules.symbol.symbol} takes no {kind.lower()} orders.",
            f"It takes {', '.join(types).lower()}.",
        )


def worth_of(new: NewOrder) -> Decimal | None:
    """What an order is worth in quote currency, where it says so itself."""
    if new.spend is not None:
        return new.spend
    if new.price is None or new.amount is None:
        return None
    return EXACT.multiply(new.price, new.amount)


def check_funds(
    news: Sequence[NewOrder], pair: Symbol, balances: Sequence[Balance], worst: Decimal | None
) -> None:
    """Raises UsageError where the orders need more than is free, fees not counted.

    `worst` is the price that a buy at the market's price has to pay at the very least.
    """
    needs: dict[Side, Decimal] = {"buy": Decimal(0), "sell": Decimal(0)}
    for new in news:
        if new.side == "sell":
            needs["sell"] = EXACT.add(needs["sell"], new.amount or Decimal(0))
            continue
        needed = worth_of(new)
        if needed is None and worst is not None and new.amount is not None:
            needed = EXACT.multiply(worst, new.amount)
        needs["buy"] = EXACT.add(needs["buy"], needed or Decimal(0))
    for side, currency in (("buy", pair.quote), ("sell", pair.base)):
        needed = needs[side]  # type: ignore[index]
        free = sum((b.free for b in balances if b.currency == currency), Decimal(0))
        if needed > free:
            raise UsageError(
                f"This needs {short(needed)} {currency}, and {plain(free)} {currency} are free.",
                "Order less, or cancel orders that hold some: `balances` shows what there is.",
            )


def up_to(number: Decimal, places: int, rounding: str) -> Decimal:
    """The number with so many decimals and no zeros at its end."""
    with localcontext(EXACT):
        whole = number.scaleb(places).to_integral_value(rounding).scaleb(-places)
        return Decimal(short(whole))


def _fit(
    what: str, number: Decimal | None, places: int, rounding: str, pair: str, rounded: bool
) -> Decimal | None:
    if number is None:
        return None
    fit = up_to(number, places, rounding)
    if fit == number:
        return fit
    if not rounded:
        low, high = up_to(number, places, ROUND_FLOOR), up_to(number, places, ROUND_CEILING)
        nearest = f"{plain(low)} or {plain(high)}, or use --round" if low > 0 else plain(high)
        raise UsageError(
            f"The {what} {plain(number)} has more decimals than {pair} takes: {places}.",
            f"Write {nearest}.",
        )
    if fit <= 0:
        raise UsageError(
            f"The {what} {plain(number)}, rounded to {places} decimals, is 0.", "Write more."
        )
    return fit


def _enough(new: NewOrder, value: Decimal, rules: Rules) -> str:
    """What would be worth enough."""
    pair = rules.symbol
    if new.price is None or new.amount is None:
        return f"Spend at least {plain(value)} {pair.quote}."
    with localcontext(EXACT):
        amount = up_to(value / new.price, rules.amount_places, ROUND_CEILING)
    return f"At this price, order at least {plain(amount)} {pair.base}."
