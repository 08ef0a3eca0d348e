"""What is refused here, whatever the exchange would say: what the configuration forbids, and
what DigiFinex bans accounts for.

Nothing here asks anybody: prices, orders and counts are given. Cancels pass the halt switch, and
so does finding out what became of an earlier call: only what would move money is stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal, localcontext
from typing import NamedTuple

from exchcli.config import Guard
from exchcli.errors import GuardRefused
from exchcli.exchanges.indicators import AT_ONCE, TRIGGERS, indicators, trips
from exchcli.money import plain
from exchcli.records import Indicator, NewOrder, Order

MINUTE = 60.0  # seconds
WARN = Decimal("0.8")  # of the way to what an exchange acts on
_DIGITS = 250  # of a product of two numbers that were typed
_SHOWN = "`exch dfx account limits --indicators`"


class Valued(NamedTuple):
    """An order and what it is measured by: the quote currency of its pair, the price in the market
    of this moment, and of one at the market's price what it takes: the money, and the price of the
    last part of it. None is what is not known."""

    new: NewOrder
    quote: str
    market_price: Decimal | None
    worth: Decimal | None = None
    worst: Decimal | None = None


def check_halt(guard: Guard, exchange: str) -> None:
    """Raises GuardRefused while the switch is on."""
    if guard.halt:
        raise GuardRefused(
            f"{exchange}.guard.halt is on: nothing that moves money is sent.",
            f"`exch config set {exchange}.guard.halt false` turns it off.",
            exchange=exchange,
        )


def check_orders(guard: Guard, exchange: str, orders: Sequence[Valued], sent_lately: int) -> None:
    """Raises GuardRefused for orders that are too large or too far from the market, or too many.

    `sent_lately` is how many were sent in the last minute; see Journal.sent_lately.
    """
    check_halt(guard, exchange)
    for order in orders:
        _check_value(guard, exchange, order)
        _check_distance(guard, exchange, order)
    most = guard.max_orders_per_minute
    if most is not None and sent_lately + len(orders) > most:
        raise GuardRefused(
            f"{sent_lately} orders were sent in the last minute; with {len(orders)} more that is "
            f"beyond {exchange}.guard.max_orders_per_minute = {most}.",
            # No minute has room for more than the bound.
            "Wait a minute, or set another bound."
            if len(orders) <= most
            else "Place fewer at once, or set another bound.",
            exchange=exchange,
        )


def check_withdrawal(guard: Guard, exchange: str, address: str | None) -> None:
    """Raises GuardRefused where withdrawals are off, or may not go to this address. `address`
    is where the money will go, None where that is not known."""
    check_halt(guard, exchange)
    if not guard.withdrawals:
        raise GuardRefused(
            f"{exchange}.guard.withdrawals is off.",
            f"`exch config set {exchange}.guard.withdrawals true` turns them on.",
            exchange=exchange,
        )
    if guard.withdraw_addresses and address not in guard.withdraw_addresses:
        raise GuardRefused(
            f"{address or 'An address that is not known'} is not among "
            f"{exchange}.guard.withdraw_addresses.",
            "Add it there if it is yours.",
            exchange=exchange,
        )


def value_of(order: Valued) -> Decimal | None:
    """What an order is worth in quote currency; None where only the market would tell."""
    new = order.new
    if new.price is None:
        known = [worth for worth in (order.worth, new.spend) if worth is not None]
        return max(known, default=None)
    if new.amount is None:
        return None
    with localcontext() as context:
        context.prec = _DIGITS
        return new.amount * new.price


def _check_value(guard: Guard, exchange: str, order: Valued) -> None:
    most = guard.max_order_value.get(order.quote.upper())
    if most is None:
        return
    bound = f"{exchange}.guard.max_order_value.{order.quote.upper()} = {plain(most)}"
    value = value_of(order)
    if value is None:
        raise GuardRefused(
            f"The order book does not show what the order would take, so {bound} cannot be kept.",
            "Name a --price, or order less.",
            exchange=exchange,
        )
    if value > most:
        raise GuardRefused(
            f"The order is worth {plain(value)} {order.quote}, beyond {bound}.",
            "Place a smaller one, or set another bound.",
            exchange=exchange,
        )


def _check_distance(guard: Guard, exchange: str, order: Valued) -> None:
    """How far its price, the price that it waits for, and the last that it takes are from the
    market's."""
    most = guard.max_deviation_percent
    if most is None:
        return
    new, market = order.new, order.market_price
    bound = f"{exchange}.guard.max_deviation_percent = {plain(most)}"
    if market and new.price is None and order.worst is None:
        raise GuardRefused(
            f"The order book does not show what the order would take, so {bound} cannot be kept.",
            "Name a --price, or order less.",
            exchange=exchange,
        )
    prices = [price for price in (new.price, new.stop, order.worst) if price is not None]
    if not market:
        raise GuardRefused(
            f"The market has no price now, so {bound} cannot be kept.",
            "Try again when it has one.",
            exchange=exchange,
        )
    for price in prices:
        with localcontext() as context:
            context.prec = _DIGITS
            too_far = abs(price - market) * 100 > most * market
            percent = (abs(price - market) * 100 / market).quantize(Decimal("0.1"))
        if too_far:
            raise GuardRefused(
                f"{plain(price)} is {plain(percent)} % from the market's {plain(market)}, beyond "
                f"{bound}.",
                "Check the price, or set another bound.",
                exchange=exchange,
            )


# --- what DigiFinex bans for -----------------------------------------------------------------


def check_placing(
    recent: Iterable[Order],
    calls: Sequence[Sequence[NewOrder]],
    now: datetime,
    warn: Callable[[str], None] = lambda _line: None,
    fills: Callable[[NewOrder], bool] = lambda _new: False,
) -> None:
    """Raises GuardRefused if these calls with orders of one pair, sent one after the other, would
    trip an indicator of it; `recent` are its orders of the last 10 minutes. Those that are not
    filled at once, as `fills` tells, count as not filled.
    """
    symbol = calls[0][0].symbol
    there = [order for order in recent if order.symbol == symbol]
    amounts = [order.amount or Decimal(0) for order in there]
    usual = sum(amounts, Decimal(0)) / len(amounts) if amounts else None
    for news in calls:
        there += [_as_placed(new, usual, now, filled=fills(new)) for new in news]
        for row in indicators(there, now):
            # More orders can only lower the share of those that were cancelled.
            if row.indicator == "CR":
                continue
            if trips(row):
                error = _banned_for(row, "more orders that are not filled", "would be")
                error.hint = (
                    f"Wait some minutes, or place fewer at once; {_SHOWN} shows where it is."
                )
                raise error
            if row.orders > WARN * TRIGGERS[row.indicator][1] and WARN * row.value < row.threshold:
                warn(_nearly(row))


def _as_placed(new: NewOrder, usual: Decimal | None, now: datetime, *, filled: bool) -> Order:
    """An order as it will be listed; one that spends money is as large as is `usual`."""
    amount = usual if new.amount is None else new.amount
    return Order(
        "", new.symbol, new.market, new.side, "limit" if new.price is not None else "market",
        new.price, new.stop, amount, (amount or Decimal(0)) if filled else Decimal(0), None, None,
        "filled" if filled else "open", "", created=now,
    )  # fmt: skip


def check_cancel(
    recent: Iterable[Order],
    ids: Iterable[str],
    now: datetime,
    warn: Callable[[str], None] = lambda _line: None,
) -> None:
    """Raises GuardRefused if canceling these orders now would trip an indicator. Behind the
    first seconds of an order, a cancel does not count."""
    orders, wanted = list(recent), set(ids)
    after = [_canceled(order, now) if order.id in wanted else order for order in orders]
    before = {(row.symbol, row.indicator): row for row in indicators(orders, now)}
    for row in indicators(after, now):
        if row.indicator != "CR" or row == before.get((row.symbol, row.indicator)):
            continue
        if trips(row):
            error = _banned_for(row, "another cancel so soon after its order")
            error.hint = f"Cancel it when it is {AT_ONCE.seconds + 1} seconds old."
            raise error
        count, threshold = TRIGGERS["CR"][1], TRIGGERS["CR"][0]
        if row.orders > WARN * count and row.value > WARN * threshold:
            warn(_nearly(row))


def _canceled(order: Order, now: datetime) -> Order:
    if order.status != "open" or order.filled:
        return order
    return order._replace(status="canceled", updated=now)


def _banned_for(row: Indicator, what: str, verb: str = "is") -> GuardRefused:
    return GuardRefused(
        f"DigiFinex would ban this account from trading for {what} on {row.symbol}: its "
        f"{row.indicator} {verb} {plain(row.value)} over {row.orders} orders in 10 minutes.",
        f"Wait some minutes; {_SHOWN} shows them.",
        exchange="dfx",
    )


def _nearly(row: Indicator) -> str:
    return (
        f"{row.symbol} is near a ban from trading: {row.indicator} is {plain(row.value)} over "
        f"{row.orders} orders in 10 minutes ({_SHOWN})"
    )
