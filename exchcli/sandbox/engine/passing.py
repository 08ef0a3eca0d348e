"""What the market did since it was last looked at: to resting orders, to stops, to positions.

Time passes in whole seconds, once for each, before anything else is done at a moment; what
comes of it depends on nothing but the tapes. A print that went through a resting order's
price, or was at it and taken from its side, gives the order up to the print's amount, at the
order's own price. At the end, orders that the simulated book has come to trade with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge
from typing import TYPE_CHECKING, NamedTuple

from exchcli.sandbox.bars import Print
from exchcli.sandbox.engine import payments, rows
from exchcli.sandbox.engine.pit import Pit, Run
from exchcli.sandbox.tape import OwnTape

if TYPE_CHECKING:
    from exchcli.sandbox.engine.core import Engine

MICRO = 1_000_000
# Stretches whose candles are looked at before any print is: nobody reached, none is opened.
_STRIDES = (604800, 86400, 14400, 900, 60)


class Reach(NamedTuple):
    """From where on prices mean something to somebody: at or below `under`, at or above `over`."""

    under: int
    over: int

    def reached(self, low: int, high: int) -> bool:
        return low <= self.under or high >= self.over


class Event(NamedTuple):
    """A print that reaches somebody. Events come in the order of their times."""

    time: int
    symbol: str
    id: int
    print: Print


def pass_time(desk: Engine, until: int) -> None:
    """From the second up to which time has passed already to `until`, in epoch seconds."""
    start = desk.advanced + 1
    pits = {rules.symbol: desk.pit(rules.symbol) for rules in desk.floor.rules(desk.exchange)}
    watched = {symbol: _reach(desk, pit) for symbol, pit in pits.items()}
    events = [_events(symbol, pits[symbol], watched, start, until + 1) for symbol in pits]
    for event in merge(*events):
        _move_to(desk, event.time)
        pit = desk.pit(event.symbol)
        _give(desk, pit, event.print)
        desk.after_trade(pit, Run(event.print.price, event.print.price))
        watched[event.symbol] = _reach(desk, pit)
    _move_to(desk, until)
    for symbol, reach in watched.items():
        if reach is not None:
            uncross(desk, desk.pit(symbol))


def _move_to(desk: Engine, second: int) -> None:
    """Payments have times of their own, between those of prints."""
    payments.advance(desk, second * MICRO)
    desk.time = second * MICRO


def _reach(desk: Engine, pit: Pit) -> Reach | None:
    """Of one pair; None if nothing there waits for a price."""
    under: list[int] = []
    over: list[int] = []
    for stands, found in (("buy", under), ("fall", under), ("sell", over), ("rise", over)):
        place = rows.first_place(desk.db, pit.rules, stands)
        if place is not None:
            found.append(abs(place))
    low, high = desk.liquidation_bounds(pit)
    under += [] if low is None else [low]
    over += [] if high is None else [high]
    if not under and not over:
        return None
    return Reach(max(under, default=-1), min(over, default=rows.NOWHERE))


def _events(
    symbol: str, pit: Pit, watched: dict[str, Reach | None], start: int, end: int
) -> Iterator[Event]:
    """The prints of start <= time < end that reach somebody as things stand by then."""
    tape, at = pit.market.own, start
    while at < end and (reach := watched[symbol]) is not None:
        if stride := _quiet(tape, at, end, reach):
            at += stride
            continue
        stop = min(end, at // tape.cell * tape.cell + tape.cell)
        for each in tape.between(at, stop):
            reach = watched[symbol]
            if reach is not None and reach.reached(each.price, each.price):
                yield Event(each.time, symbol, each.id, each)
        at = stop


def _quiet(tape: OwnTape, at: int, end: int, reach: Reach) -> int:
    """The longest stretch from `at` on that reaches nobody, in seconds; 0 if a look is needed."""
    for stride in _STRIDES:
        if at % stride == 0 and at + stride <= end and stride >= tape.cell:
            candle = tape.traded(stride, at, at, at + stride - 1).get(at)
            if candle is None or not reach.reached(candle.low, candle.high):
                return stride
    return 0


def _give(desk: Engine, pit: Pit, each: Print) -> None:
    """What a print gives to the orders whose price it went through, by price, then rank."""
    rest = each.amount
    sides = (
        ("buy", -each.price - 1 if each.buy else -each.price),
        ("sell", each.price if each.buy else each.price - 1),
    )
    for stands, bound in sides:
        for place, maker in rows.standing_up_to(desk.db, pit.rules, stands, bound):
            units = min(rest, pit.rest(maker))
            desk.give(pit, maker, abs(place), units)
            rest -= units
            if not rest:
                return


def uncross(desk: Engine, pit: Pit) -> None:
    """Lets resting orders trade with what the simulated book has brought to their price."""
    for stands, other, sign in (("buy", "sell", 1), ("sell", "buy", -1)):
        run = None
        while (level := pit.best(other)) is not None:
            bound = -sign * level.price
            found = next(rows.standing_up_to(desk.db, pit.rules, stands, bound), None)
            if found is None:
                break
            place, maker = found
            ticks, units = abs(place), min(level.amount, pit.rest(maker))
            desk.give(pit, maker, ticks, units)
            pit.eat(other, level.price, units)
            pit.print(stands == "sell", ticks, units)
            run = desk.printed(pit, run, ticks)
        if run is not None:
            desk.after_trade(pit, run)
