"""How a block becomes prints: trades that amount to its bar exactly, to the last digit.

The bar is known first, because a ticker needs a day of bars and only the minutes at its
edges as trades. So the prints must keep the bar's promises: first price, last price, both
extremes, the sum of the amounts, and the sum of price times amount.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from operator import mul, sub

from exchcli.sandbox.bars import Bar, Block, Print
from exchcli.sandbox.noise import SPAN
from exchcli.sandbox.tree import split_volume

# The fewest prints that can keep all promises: open, high, low, and two at the end that are
# one tick apart.
FEWEST = 5


def prints_of(
    block: Block, rolls: Sequence[int], number: Callable[[Sequence[int]], Iterable[int]]
) -> list[Print]:
    """The prints of a block, oldest first; three `rolls` for each. `number` makes ids of times."""
    count = len(rolls) // 3
    prices = _path(block.bar, rolls[:count])
    amounts = _amounts(block.bar, prices, rolls[count : 2 * count])
    length, slots = block.end - block.start, count * SPAN
    times = [
        block.start + (i * SPAN + roll) * length // slots
        for i, roll in enumerate(rolls[2 * count :])
    ]
    sides = _sides(prices, rolls[0] % 2 == 0)
    return list(map(Print, times, number(times), sides, prices, amounts))


def settle(amounts: list[int], prices: Sequence[int], want: int, least: Sequence[int]) -> int:
    """Move amount between prices until the sum of price * amount is as near as whole moves get.

    Changes `amounts`, whose sum stays, and takes none below its `least`. Returns what is still
    missing, which is less than the distance between the highest and the lowest price as long
    as `want` can be reached at all.
    """
    missing = _lean(amounts, prices, want, least)
    order = sorted(range(len(prices)), key=prices.__getitem__, reverse=missing < 0)
    taker = order.pop()
    for giver in order:
        distance = prices[taker] - prices[giver]
        if not distance or abs(missing) < abs(distance):
            break
        moved = min(amounts[giver] - least[giver], missing // distance)
        amounts[giver] -= moved
        amounts[taker] += moved
        missing -= moved * distance
    return missing


def _lean(amounts: list[int], prices: Sequence[int], want: int, least: Sequence[int]) -> int:
    """Weigh all amounts by their price, more on the wanted side of the average and less on
    the other, at most to a quarter; returns what is missing then. No single one stands out.
    """
    missing = want - _worth(prices, amounts)
    free = list(map(sub, amounts, least))
    total, average = sum(free), _worth(prices, free)
    off = [price * total - average for price in prices]
    # Moving `pull / swing` of amount * distance changes the sum by `pull / total`.
    weights = list(map(mul, free, off))
    swing = sum(map(mul, weights, off))
    if not missing or not swing:
        return missing
    most = swing * 3 // (4 * max(-min(off), max(off)))
    pull = max(-most, min(most, missing * total))
    amounts[:] = [
        amount + weight * pull // swing for amount, weight in zip(amounts, weights, strict=True)
    ]
    # Rounding took up to one unit from each.
    amounts[-1] += total + sum(least) - sum(amounts)
    return want - _worth(prices, amounts)


def _worth(prices: Sequence[int], amounts: Sequence[int]) -> int:
    return sum(map(mul, prices, amounts))


def _path(bar: Bar, rolls: Sequence[int]) -> list[int]:
    """A random walk from open to close that touches high and low, and ends a tick apart."""
    opening, high, low, close = bar[:4]
    if high == low:
        return [opening] * len(rolls)
    walk = list(accumulate(rolls))
    steps, drift = len(rolls) - 1, close - opening
    # Less the straight line from its first to its last point, the walk begins and ends at 0.
    home = [point - walk[0] - (walk[-1] - walk[0]) * i // steps for i, point in enumerate(walk)]
    reach = (max(home) - min(home) + 1) * 2
    spread = high - low
    path = [
        opening + drift * i // steps + spread * wander // reach for i, wander in enumerate(home)
    ]
    path = [low if price < low else high if price > high else price for price in path]
    path[0], path[-1] = opening, close
    path[-2] = close + 1 if close < high else close - 1
    middle = range(1, steps - 1)
    top = max(middle, key=path.__getitem__)
    bottom = min((i for i in middle if i != top), key=path.__getitem__)
    path[top], path[bottom] = high, low
    return path


def _amounts(bar: Bar, prices: Sequence[int], rolls: Sequence[int]) -> list[int]:
    if len(prices) == 1:
        return [bar.volume]
    # The two at the end keep enough aside to make up any difference that whole moves leave.
    keep = [1] * (len(prices) - 2) + [bar.high - bar.low + 1] * 2
    weights = [roll * roll + SPAN * SPAN // 8 for roll in rolls]
    free = split_volume(bar.volume - sum(keep), weights)
    amounts = [kept + extra for kept, extra in zip(keep, free, strict=True)]
    missing = settle(amounts, prices, bar.quote, keep) * (prices[-1] - prices[-2])
    amounts[-1] += missing
    amounts[-2] -= missing
    return amounts


def _sides(prices: Sequence[int], buy: bool) -> list[bool]:
    """Up was bought, down was sold, and the same price is the same side again."""
    sides = []
    before = prices[0]
    for price in prices:
        if price != before:
            buy = price > before
        sides.append(buy)
        before = price
    return sides
