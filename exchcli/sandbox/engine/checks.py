"""What a new order must be like before anything is done with it."""

from __future__ import annotations

from decimal import Context, Decimal
from functools import lru_cache
from typing import NamedTuple

from exchcli.sandbox.catalog import Rules
from exchcli.sandbox.engine.reasons import Reason, Refusal
from exchcli.sandbox.ledger import UNIT, times

# More than anybody has; ticks and units stay well within 64 bits.
_MOST_TICKS, _MOST_UNITS = 10**17, 10**16
_WIDE = Context(prec=60)
_UNIT_PLACES = -int(UNIT.as_tuple().exponent)


class NewOrder(NamedTuple):
    """An order that somebody wants to place.

    A limit order has `amount` (base) and `price`; a market order has no price, and of `amount`
    and `spend` (quote, a buy only) exactly one. With a `stop` it waits for that price.
    `symbol` is in upper case, `side` "buy" or "sell", `wallet` "spot" or "margin".
    """

    account: int
    symbol: str
    side: str
    amount: Decimal | None = None
    price: Decimal | None = None
    spend: Decimal | None = None
    stop: Decimal | None = None
    post_only: bool = False
    wallet: str = "spot"


def check(new: NewOrder, rules: Rules) -> NewOrder:
    """The same order, its numbers as fine as the pair's. Raises Refusal."""
    if not rules.api:
        raise Refusal(Reason.NO_API_TRADING, f"{rules.symbol} cannot be traded by API.")
    if new.wallet == "margin" and rules.liquidation_rate is None:
        raise Refusal(Reason.NO_MARGIN, f"{rules.symbol} cannot be traded on margin.")
    if (new.amount is None) == (new.spend is None) or (new.spend and new.side != "buy"):
        raise Refusal(Reason.BAD_AMOUNT, "An order has an amount, or a buy what it spends.")
    if new.spend is not None and (new.price is not None or new.stop is not None):
        raise Refusal(Reason.BAD_PRICE, "Only a market order without a stop spends.")
    if new.stop is not None and new.wallet == "margin":
        raise Refusal(Reason.BAD_PRICE, "There are no stops on margin.")
    if new.post_only and new.price is None:
        raise Refusal(Reason.BAD_PRICE, "A post-only order has a price.")
    checked = new._replace(
        price=_fine(new.price, rules.price_precision, _MOST_TICKS, "price"),
        stop=_fine(new.stop, rules.price_precision, _MOST_TICKS, "price"),
        amount=_fine(new.amount, rules.amount_precision, _MOST_UNITS, "amount"),
        spend=_fine(new.spend, _UNIT_PLACES, _MOST_UNITS, "amount"),
    )
    if checked.amount is not None and checked.amount < Decimal(rules.min_amount):
        raise Refusal(
            Reason.TOO_SMALL, f"{rules.min_amount} {rules.base} is the least for {rules.symbol}."
        )
    if checked.spend is not None:
        check_value(checked.spend, rules)
    elif checked.amount is not None and (price := checked.price or checked.stop) is not None:
        check_value(times(price, checked.amount), rules)
    return checked


def check_value(value: Decimal, rules: Rules) -> None:
    """Raises Refusal for an order that is worth less than the pair's least value in quote."""
    if value < Decimal(rules.min_value):
        raise Refusal(
            Reason.VALUE_TOO_SMALL,
            f"An order for {rules.symbol} is worth at least {rules.min_value} {rules.quote}.",
        )


def _fine(number: Decimal | None, places: int, most: int, what: str) -> Decimal | None:
    if number is None:
        return None
    bad, too_fine = (
        (Reason.BAD_PRICE, Reason.PRICE_PRECISION)
        if what == "price"
        else (Reason.BAD_AMOUNT, Reason.AMOUNT_PRECISION)
    )
    # The size first: whoever writes 1E+999999 must not get that many digits computed.
    if not number.is_finite() or number <= 0 or number.adjusted() > 18:
        raise Refusal(bad, f"This is no {what} that an order can have.")
    finest, largest = _limits(places, most)
    exact = number.quantize(finest, context=_WIDE)
    if exact != number:
        raise Refusal(too_fine, f"The {what} has more than {places} decimals.")
    if exact > largest:
        raise Refusal(bad, f"This is no {what} that an order can have.")
    return exact


@lru_cache
def _limits(places: int, most: int) -> tuple[Decimal, Decimal]:
    finest = Decimal(1).scaleb(-places)
    return finest, most * finest
