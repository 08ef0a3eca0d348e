"""DigiFinex's risk indicators, from the orders of the last 10 minutes ("API Trading Rules").

    FR  filled orders / orders                                < 0.01 with more than 99 orders
    FW  filled amount / ordered amount                        < 0.01 with more than 49 orders
    CR  orders cancelled unfilled within 5 s / orders         > 0.95 with more than 99 orders

Each is of one pair. Whoever trips one is banned from trading for 30 minutes, and for 24 hours
the third time within 3. Where the document leaves room, an order counts against the user: as
filled only when it is filled completely, as cancelled at once when it does not say when.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import ROUND_FLOOR, Decimal

from exchcli.records import Indicator, Order

PERIOD = timedelta(minutes=10)
AT_ONCE = timedelta(seconds=5)
_PLACES = Decimal("0.0001")

# The trigger value of each indicator, and the number of orders above which it counts.
TRIGGERS = {"FR": (Decimal("0.01"), 99), "FW": (Decimal("0.01"), 49), "CR": (Decimal("0.95"), 99)}


def indicators(orders: Iterable[Order], now: datetime) -> list[Indicator]:
    """Three rows for each pair that has orders in the 10 minutes up to `now`, by symbol.

    `now` is aware; orders without a time count as recent.
    """
    recent: dict[str, list[Order]] = {}
    for order in orders:
        if order.created is None or now - PERIOD < order.created <= now + PERIOD:
            recent.setdefault(order.symbol, []).append(order)
    return [row for symbol in sorted(recent) for row in _of_pair(symbol, recent[symbol])]


def trips(row: Indicator) -> bool:
    """Whether DigiFinex acts on this."""
    enough = row.orders > TRIGGERS[row.indicator][1]
    beyond = row.value > row.threshold if row.indicator == "CR" else row.value < row.threshold
    return enough and beyond


def _of_pair(symbol: str, orders: list[Order]) -> list[Indicator]:
    count = len(orders)
    ordered = sum((order.amount or Decimal(0) for order in orders), Decimal(0))
    filled = sum((order.filled for order in orders if order.amount), Decimal(0))
    values = {
        "FR": Decimal(sum(order.status == "filled" for order in orders)) / count,
        # Without a known amount nothing can be said against anybody.
        "FW": filled / ordered if ordered else Decimal(1),
        "CR": Decimal(sum(map(_cancelled_at_once, orders))) / count,
    }
    return [
        Indicator(symbol, name, _rounded(name, value), TRIGGERS[name][0], count)
        for name, value in values.items()
    ]


def _cancelled_at_once(order: Order) -> bool:
    if order.status != "canceled" or order.filled:
        return False
    if order.created is None or order.updated is None:
        return True
    return order.updated - order.created <= AT_ONCE


def _rounded(name: str, value: Decimal) -> Decimal:
    """Four decimals, never rounded out of the range that trips."""
    if name == "CR":
        return -((-value).quantize(_PLACES, ROUND_FLOOR))
    return value.quantize(_PLACES, ROUND_FLOOR)
