"""The candle tree: every candle of a simulated market, each found without the others.

Weeks are read off smooth noise of several wavelengths, which wanders like a price and
returns in the long run. Each candle is divided into the candles of the next shorter period
so that it is exactly what they amount to: the first opens where it opened, each opens
where the one before closed, one touches its high, one its low, and the volumes add up.
So a candle costs one path from its week down, and all periods agree by construction.

Prices are in a unit of their own, SHAPE being the middle; a market scales them to its ticks.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from exchcli.sandbox.noise import SPAN, Noise

SHAPE = 1 << 40
# From the longest period to the shortest that the tree holds; each divides the one before,
# and all stand on the epoch's grid.
PERIODS = (604800, 86400, 43200, 14400, 3600, 1800, 900)
CELL = PERIODS[-1]

# How far each wavelength (1, 2, 4 ... weeks) moves the price, in thousandths of SHAPE.
# Together they stay well below 1000, so that a price never comes near zero.
_WAVES = (50, 60, 70, 80, 90, 100, 100)
_WAVE, _WEEK, _SPLIT = range(3)


class Node(NamedTuple):
    """One candle of the tree; prices of SHAPE, volume in units."""

    open: int
    high: int
    low: int
    close: int
    volume: int

    @property
    def quote(self) -> int:
        """The volume in quote currency, at the mean of the four prices.

        So the average stays a quarter of the way off the high and the low, if there is any,
        and trades can be found that make it.
        """
        return self.volume * sum(self[:4]) // 4


class Tree:
    """The candles of one market; `weekly` is a usual week's volume in units."""

    def __init__(self, noise: Noise, weekly: int) -> None:
        self._noise = noise
        self._weekly = weekly
        self._crests: dict[tuple[int, int], int] = {}

    def nodes(self, level: int, first: int, last: int) -> list[Node]:
        """The candles first .. last - 1 of PERIODS[level], counted from the epoch."""
        if level == 0:
            knots = [self._knot(index) for index in range(first, last + 1)]
            return [self._week(first + i, *pair) for i, pair in enumerate(pairwise(knots))]
        fan = PERIODS[level - 1] // PERIODS[level]
        above = range(first // fan, -(-last // fan))
        found: list[Node] = []
        for index, parent in zip(
            above, self.nodes(level - 1, above.start, above.stop), strict=True
        ):
            rolls = self._noise.draw(4 * fan, _SPLIT, level, index)
            found += divide(parent, (1,) * fan, rolls)
        skip = first - above.start * fan
        return found[skip : skip + last - first]

    def price(self, time: int) -> int:
        """The price at which the cell that begins at `time` opens."""
        cell = time // CELL
        return self.nodes(len(PERIODS) - 1, cell, cell + 1)[0].open

    def _week(self, index: int, start: int, end: int) -> Node:
        up, down, busy = self._noise.draw(3, _WEEK, index)
        reach = SHAPE // 100
        return Node(
            start,
            max(start, end) + reach + 3 * reach * up // SPAN,
            min(start, end) - reach - 3 * reach * down // SPAN,
            end,
            self._weekly * (SPAN * 6 // 10 + busy) // SPAN,
        )

    def _knot(self, index: int) -> int:
        """The price at the very beginning of a week."""
        price = SHAPE
        for octave, height in enumerate(_WAVES):
            length = 1 << octave
            left, into = divmod(index, length)
            here, there = self._crest(octave, left), self._crest(octave, left + 1)
            level = (here * (length - into) + there * into) * 2 - SPAN * length
            price += SHAPE * height * level // (1000 * SPAN * length)
        return price

    def _crest(self, octave: int, index: int) -> int:
        """One draw of a wave; neighbouring weeks ask for the same ones."""
        if (octave, index) not in self._crests:
            self._crests[octave, index] = self._noise.draw(1, _WAVE, octave, index)[0]
        return self._crests[octave, index]


def divide(parent: Node, shares: Sequence[int], rolls: Sequence[int]) -> list[Node]:
    """A candle as len(shares) shorter ones that amount to it exactly, volume by share.

    `rolls` are four draws for each part. All prices stay within the parent's.
    """
    parts = len(shares)
    opening, high, low, closing, volume = parent
    spread = high - low
    knots = [opening]
    for i in range(1, parts):
        straight = opening + (closing - opening) * i // parts
        swing = 2 * rolls[i] - SPAN
        room = high - straight if swing > 0 else straight - low
        knots.append(straight + room * swing * 2 // (3 * SPAN))
    knots.append(closing)
    tops = [max(pair) for pair in pairwise(knots)]
    bottoms = [min(pair) for pair in pairwise(knots)]
    # The part that stands highest already is the one that touches the high: the shortest wick.
    highest, lowest = tops.index(max(tops)), bottoms.index(min(bottoms))
    wick = spread // (parts + 2)
    for i in range(parts):
        tops[i] = min(high, tops[i] + wick * rolls[parts + i] // SPAN)
        bottoms[i] = max(low, bottoms[i] - wick * rolls[2 * parts + i] // SPAN)
    tops[highest], bottoms[lowest] = high, low
    volumes = split_volume(
        volume, [s * (SPAN // 2 + roll) for s, roll in zip(shares, rolls[3 * parts :], strict=True)]
    )
    return [Node(*each) for each in zip(knots, tops, bottoms, knots[1:], volumes, strict=False)]


def split_volume(volume: int, weights: Sequence[int]) -> list[int]:
    """`volume` in parts by weight, which add up to it; the last takes what rounding left."""
    total = sum(weights)
    parts = [volume * weight // total for weight in weights]
    parts[-1] += volume - sum(parts)
    return parts
