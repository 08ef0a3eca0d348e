"""Orders as they could have been: planned along what the simulated market really printed.

Every plan leans on a real print, so a fill has a price of its minute's candle and no more
than the amount that was traded; and what was not filled could not have been: its price was
not reached before it was canceled, or until the market opened.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from exchcli.sandbox.bars import Candle, Print
from exchcli.sandbox.catalog import Rules
from exchcli.sandbox.ledger import down, times
from exchcli.sandbox.market import Market
from exchcli.sandbox.noise import SPAN, Noise

MICRO = 1_000_000
_CELL = 900


class Trade(NamedTuple):
    """A planned fill; `time` in microseconds."""

    time: int
    price: Decimal
    amount: Decimal
    maker: bool


class Plan(NamedTuple):
    """An order's whole life: how it was placed, its fills, and how it ended, if it did."""

    rules: Rules
    side: str
    created: int
    trades: list[Trade]
    amount: Decimal | None
    price: Decimal | None
    ends: str = "filled"
    ended: int = 0
    spend: Decimal | None = None
    stop: Decimal | None = None
    post_only: bool = False
    wallet: str = "spot"


class Planner:
    """Plans orders of one market; `value` is always about what an order is worth in quote."""

    def __init__(self, market: Market, noise: Noise, opened: int) -> None:
        self.rules = market.rules
        self._market = market
        self._noise = noise
        self._opened = opened
        self._draws = 0
        # Smaller prints are not worth an order.
        self._least = 4 * self.rules.units(self.rules.min_amount)

    def taker(self, time: int, side: str, value: Decimal) -> Plan:
        """A limit order that takes what is there, at up to three prices of one minute."""
        first, *later = self._sizeable(time)
        minute = [first, *(each for each in later if each.time // 60 == first.time // 60)][:3]
        minute.sort(key=lambda each: each.price, reverse=side == "sell")
        moment = self._moment(first.time)
        trades = []
        for each, units in zip(minute, self._parts(value, minute), strict=True):
            trades.append(self._trade(moment, each.price, units, maker=False))
        worst = trades[-1].price
        slip = self._ticks(self._roll() % 20)
        price = worst + slip if side == "buy" else max(worst - slip, self._ticks(1))
        return self._filled(side, moment - self._roll() % 900, trades, price)

    def market(self, time: int, side: str, value: Decimal) -> Plan:
        """A market order: a buyer names the quote to spend on DigiFinex, else the amount."""
        plan = self.taker(time, side, value)._replace(price=None)
        if side == "sell" or self.rules.exchange != "dfx":
            return plan
        spent = sum((down(times(each.price, each.amount)) for each in plan.trades), Decimal(0))
        return plan._replace(amount=None, spend=spent)

    def maker(self, time: int, side: str, value: Decimal, *, post_only: bool = False) -> Plan:
        """A limit order that the market came to: filled at its own price, in one or more parts."""
        before, first, _ = self._reached(time, side)
        moment = self._moment(first.time)
        trades = self._at_one_price(moment, first, value)
        created = self._between(before, moment)
        plan = self._filled(side, created, trades, self._ticks(first.price))
        return plan._replace(post_only=post_only)

    def partly(self, time: int, side: str, value: Decimal) -> Plan:
        """The same, but canceled before the rest was filled."""
        plan = self.maker(time, side, value)
        _, _, after = self._reached(time, side)
        last = plan.trades[-1].time
        # The rest must be gone before the market goes on from here.
        ended = max(last + 1, min(last + 90 * MICRO, after.time * MICRO))
        return self._more(plan, value)._replace(ends="canceled", ended=ended)

    def untouched(self, time: int, side: str, value: Decimal) -> Plan:
        """Placed too far from the market, and canceled without a fill after some minutes."""
        prints = self._prints(time)
        moment = self._moment(prints[0].time)
        prices = [each.price for each in prints]
        percent = 98 - self._roll() % 8
        price = min(prices) * percent // 100 if side == "buy" else max(prices) * 100 // percent
        ended = moment + (20 + self._roll() % 600) * MICRO
        return self._resting(side, moment, price, value)._replace(ends="canceled", ended=ended)

    def resting(self, time: int, side: str, value: Decimal, percent: int) -> Plan:
        """Open since `time`: `percent` of the lowest price since then, or above the highest."""
        candles = self._candles(time)
        if side == "buy":
            price = min(each.low for each in candles) * percent // 100
        else:
            price = max(each.high for each in candles) * 100 // percent
        return self._resting(side, self._moment(time), price, value)

    def extreme(self, time: int, side: str, value: Decimal) -> Plan:
        """Open and partly filled: at the best price that the market has offered since `time`."""
        buys = side == "buy"
        # The last of equals: had a later print been as good, it would have filled more.
        cell = min(
            reversed(self._candles(time)[1:]), key=lambda each: each.low if buys else -each.high
        )
        prints = self._cell(cell.time)
        best = cell.low if buys else cell.high
        place = max(i for i, each in enumerate(prints) if each.price == best)
        before = prints[place - 1] if place else prints[0]._replace(time=cell.time - 1)
        moment = self._moment(prints[place].time)
        trades = self._at_one_price(moment, prints[place], value)
        plan = self._filled(side, self._between(before, moment), trades, self._ticks(best))
        return self._more(plan, value)._replace(ends="open")

    def _filled(self, side: str, created: int, trades: list[Trade], price: Decimal) -> Plan:
        amount = sum((each.amount for each in trades), Decimal(0))
        return Plan(self.rules, side, created, trades, amount, price, ended=trades[-1].time)

    def _more(self, plan: Plan, value: Decimal) -> Plan:
        """The same order of a larger amount than was filled."""
        assert plan.amount is not None
        assert plan.price is not None
        rest = self._units(value, int(plan.price.scaleb(self.rules.price_precision)))
        return plan._replace(
            amount=plan.amount + self._amount(1 + rest * (1 + self._roll() % 4) // 2)
        )

    def _resting(self, side: str, moment: int, price: int, value: Decimal) -> Plan:
        units = max(1, self._units(value, price))
        return Plan(
            self.rules, side, moment, [], self._amount(units), self._ticks(price), ends="open"
        )

    def _reached(self, time: int, side: str) -> tuple[Print, Print, Print]:
        """The next print at which the market came to a price, with those around it."""
        prints = self._prints(time)
        while True:
            for before, here, after in zip(prints, prints[1:], prints[2:], strict=False):
                came = here.price < before.price if side == "buy" else here.price > before.price
                if came and here.amount >= self._least:
                    return before, here, after
            time += 2 * _CELL
            prints = prints[-2:] + self._prints(time)

    def _at_one_price(self, moment: int, first: Print, value: Decimal) -> list[Trade]:
        count = 1 + self._roll() % 4
        room = first._replace(amount=max(1, first.amount // count))
        parts = self._parts(value, [room] * count)
        return [
            self._trade(moment + part * 211, first.price, units, maker=True)
            for part, units in enumerate(parts)
        ]

    def _parts(self, value: Decimal, prints: list[Print]) -> list[int]:
        """What of each print was ours, in units: together worth about `value`."""
        wanted = self._units(value, prints[0].price)
        weights = [SPAN + self._roll() for _ in prints]
        return [
            max(1, min(each.amount, wanted * weight // sum(weights)))
            for each, weight in zip(prints, weights, strict=True)
        ]

    def _units(self, value: Decimal, price: int) -> int:
        precision = self.rules.price_precision + self.rules.amount_precision
        return int(value.scaleb(precision) / price)

    def _trade(self, time: int, price: int, units: int, *, maker: bool) -> Trade:
        return Trade(time, self._ticks(price), self._amount(units), maker)

    def _between(self, before: Print, moment: int) -> int:
        """A moment after the print before, in microseconds."""
        start = before.time * MICRO
        return start + 1 + (moment - start) * self._roll() // (SPAN + 1)

    def _moment(self, time: int) -> int:
        """Somewhere within this second."""
        return time * MICRO + 20_000 + self._roll() * 10

    def _sizeable(self, time: int) -> list[Print]:
        """At least one print that is worth an order, from `time` on."""
        while not (found := [each for each in self._prints(time) if each.amount >= self._least]):
            time += 2 * _CELL
        return found

    def _prints(self, time: int) -> list[Print]:
        """The prints of the half hour from `time` on."""
        return self._cell(time) + self._cell(time + _CELL)

    def _candles(self, time: int) -> list[Candle]:
        """The quarters of an hour from the one of `time` up to the opening."""
        first = time // _CELL * _CELL
        return self._market.candles(_CELL, first, self._opened, self._opened, 10_000)

    def _cell(self, time: int) -> list[Print]:
        return self._market.between(time, time + _CELL)

    def _ticks(self, price: int) -> Decimal:
        return Decimal(price).scaleb(-self.rules.price_precision)

    def _amount(self, units: int) -> Decimal:
        return Decimal(units).scaleb(-self.rules.amount_precision)

    def _roll(self) -> int:
        self._draws += 1
        return self._noise.draw(1, self._draws)[0]
