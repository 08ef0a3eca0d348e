"""The order book of a simulated moment.

Resting orders stand on a lattice of prices that does not move: as the market moves, it
uncovers and covers levels, and amounts change in groups, each at its own beat. So two looks
within a second or two see the same book, and two looks a minute apart a similar one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from exchcli.sandbox.bars import Print
from exchcli.sandbox.noise import SPAN, Noise

# The best prices change every so many seconds even without trades; amounts more slowly.
_TOUCH_BEAT, _AMOUNT_BEAT = 2, 16
_GROUP = 16
_TOUCH, _PLACE, _AMOUNT = 64, 65, 66


class Level(NamedTuple):
    """One price, in ticks, and what rests there, in units."""

    price: int
    amount: int


class Book(NamedTuple):
    """Both sides, best first. The best bid is below the best ask, the last price between them."""

    bids: list[Level]
    asks: list[Level]


class Depth(NamedTuple):
    """What a market's book is like: the spread in ticks at the price `at`, the usual distance
    of two levels in ticks, the usual amount of one in units."""

    spread: int
    at: int
    step: int
    size: int


def touch(noise: Noise, depth: Depth, last: Print, now: int) -> tuple[Level, Level]:
    """The best bid and ask. The last price was the ask if it was bought, else the bid, or near."""
    wide, near, below, above = noise.draw(4, _TOUCH, now // _TOUCH_BEAT)
    spread = max(1, depth.spread * last.price * (3 * SPAN // 4 + wide // 2) // (depth.at * SPAN))
    part = spread * near // (4 * SPAN)
    if last.buy:
        part = spread - part
    bid = max(1, last.price - part)
    ask = bid + spread
    return Level(bid, _amount(depth, below)), Level(ask, _amount(depth, above))


def book(noise: Noise, depth: Depth, best: tuple[Level, Level], now: int, levels: int) -> Book:
    """The book around the best bid and ask, with at most so many levels a side.

    The bids end above zero, so that a price of few ticks has fewer of them.
    """
    bid, ask = best
    bids, asks = [bid], [ask]
    step = depth.step
    for level in _lattice(noise, depth, now, ask.price // step + 1, 1):
        if len(asks) >= levels:
            break
        asks.append(level)
    for level in _lattice(noise, depth, now, bid.price // step - 1, -1):
        if len(bids) >= levels or level.price < 1:
            break
        bids.append(level)
    return Book(bids[:levels], asks[:levels])


def _lattice(noise: Noise, depth: Depth, now: int, place: int, way: int) -> Iterator[Level]:
    """The levels from one place of the lattice on, up (1) or down (-1), until below zero."""
    group = None
    while place >= 0:
        if place // _GROUP != group:
            group = place // _GROUP
            places = noise.draw(_GROUP + 1, _PLACE, group)
            beat = (now + places[-1]) // _AMOUNT_BEAT
            amounts = noise.draw(_GROUP, _AMOUNT, group, beat)
        into = place % _GROUP
        price = place * depth.step + depth.step * places[into] // SPAN
        yield Level(price, _amount(depth, amounts[into]))
        place += way


def _amount(depth: Depth, roll: int) -> int:
    """Mostly small, sometimes several times the usual."""
    return max(1, depth.size * (roll * roll // SPAN * 2 + SPAN // 16) // SPAN)
