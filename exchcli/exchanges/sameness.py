"""Whether an order that an exchange lists can be the one that was sent."""

from __future__ import annotations

from decimal import Decimal

from exchcli.money import plain
from exchcli.records import NewOrder, Order, Sighting

# Exchanges that count in binary fractions tell 0.30000000000000004 for 0.3.
_NOISE = Decimal("1e-14")


def same_order(new: NewOrder, seen: Sighting) -> bool:
    """Pair, account, side, type, price and amount, and stop and post-only where they are told.

    Of an order at the market's price the money counts where it was sent, the amount elsewhere.
    When it was created, and whether anybody else claims it, is for others to judge.
    """
    order = seen.order
    if (order.symbol, order.market, order.side) != (new.symbol, new.market, new.side):
        return False
    if (order.type == "market") != (new.price is None):
        return False
    if order.post_only is not None and order.post_only != new.post_only:
        return False
    if new.price is not None and not same_number(new.price, order.price):
        return False
    if (new.stop is None) != (order.stop_price is None):
        return False
    if new.stop is not None and not same_number(new.stop, order.stop_price):
        return False
    if new.spend is not None and seen.spends:
        return any(same_number(new.spend, spend) for spend in seen.spends)
    return same_number(new.amount, order.amount)


def difference(new: NewOrder, order: Order) -> str | None:
    """In what an order is surely not the one that was meant, in words; None where it can be it.

    Less is told of a single order than of a listed one: an amount that was worked out from
    money to spend is not compared.
    """
    if (order.symbol, order.market) != (new.symbol, new.market):
        return f"of {order.symbol} in the {order.market} account"
    if order.side != new.side:
        return f"a {order.side}"
    if (order.type == "market") != (new.price is None):
        return f"a {order.type} order"
    if new.price is not None and not same_number(new.price, order.price):
        return f"at {'no price' if order.price is None else plain(order.price)}"
    if new.spend is None and order.amount is not None and not same_number(new.amount, order.amount):
        return f"of {plain(order.amount)}"
    return None


def same_number(ours: Decimal | None, theirs: Decimal | None) -> bool:
    """Whether both are there and alike but for the noise of binary fractions."""
    if ours is None or theirs is None:
        return False
    return abs(ours - theirs) <= abs(ours) * _NOISE
