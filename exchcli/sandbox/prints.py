"""How a block becomes prints: trades that amount to its bar exactly, to the last digit.

The bar is known first, because a ticker needs a day of bars and only the minutes at its
edges as trades. So the prints must keep the bar's promises: first price, last price, both
extremes, the sum of the amounts, and the sum of price times amount.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from exchcli.sandbox.bars import Bar, Block, Print
from exchcli.sandbox.noise import SPAN
from exchcli.sandbox.tree import split_volume

# The fewest prints that can keep all promises: open, high, low, and two at the end that are
# one tick apart.
FEWEST = 5


def prints_of(block: Block, rolls: Sequence[int]) -> list[Print]:
    """The prints of a block, oldest first; three `rolls` for each.

    They are numbered 0, 1, 2 ... within each second: their ids are given by the market.
    """
    count = len(rolls) // 3
    prices = _path(block.bar, rolls[:count])
    amounts = _amounts(block.bar, prices, rolls[count : 2 * count])
    length = block.end - block.start
    times = [
        block.start + (i * SPAN + roll) * length // (count * SPAN)
        for i, roll in enumerate(rolls[2 * count :])
    ]
    sides = _sides(prices, rolls[0] % 2 == 0)
    return list(map(Print._make, zip(times, _ranks(times), sides, prices, amounts, strict=True)))


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
        if distance and abs(missing) >= abs(distance):
            moved = min(amounts[giver] - least[giver], missing // distance)
            amounts[giver] -= moved
            amounts[taker] += moved
            missing -= moved * distance
    return missing


def _lean(amounts: list[int], prices: Sequence[int], want: int, least: Sequence[int]) -> int:
    """Weigh all amounts by their price, more on the wanted side of the average and less on
    the other, at most to a quarter; returns what is missing then. No single one stands out.
    """
    free = [amount - low for amount, low in zip(amounts, least, strict=True)]
    total = sum(free)
    average = sum(price * amount for price, amount in zip(prices, free, strict=True))
    off = [price * total - average for price in prices]
    swing = sum(amount * distance * distance for amount, distance in zip(free, off, strict=True))
    missing = want - sum(price * amount for price, amount in zip(prices, amounts, strict=True))
    if not missing or not swing:
        return missing
    pull = missing * total
    most = swing * 3 // (4 * max(map(abs, off)))
    pull = max(-most, min(most, pull))
    for i, (amount, distance) in enumerate(zip(free, off, strict=True)):
        amounts[i] += amount * distance * pull // swing
    # Rounding took up to one unit from each.
    amounts[-1] += total + sum(least) - sum(amounts)
    return want - sum(price * amount for price, amount in zip(prices, amounts, strict=True))


def _path(bar: Bar, rolls: Sequence[int]) -> list[int]:
    """A random walk from open to close that touches high and low, and ends a tick apart."""
    count = len(rolls)
    if bar.high == bar.low:
        return [bar.open] * count
    walk = list(accumulate(roll - SPAN // 2 for roll in rolls))
    swing = (max(walk) - min(walk) + 1) * 2
    spread = bar.high - bar.low
    path = []
    for i, wander in enumerate(walk):
        straight = bar.open + (bar.close - bar.open) * i // (count - 1)
        bent = straight + spread * (wander - walk[-1] * i // (count - 1)) // swing
        path.append(min(bar.high, max(bar.low, bent)))
    path[0], path[-1] = bar.open, bar.close
    path[-2] = bar.close + 1 if bar.close < bar.high else bar.close - 1
    middle = range(1, count - 2)
    top = max(middle, key=path.__getitem__)
    bottom = min((i for i in middle if i != top), key=path.__getitem__)
    path[top], path[bottom] = bar.high, bar.low
    return path


def _amounts(bar: Bar, prices: Sequence[int], rolls: Sequence[int]) -> list[int]:
    if bar.high == bar.low:
        return split_volume(bar.volume, [roll + 1 for roll in rolls])
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


def _ranks(times: Sequence[int]) -> list[int]:
    """The place of each time among its equals."""
    ranks: list[int] = []
    for i, time in enumerate(times):
        ranks.append(ranks[-1] + 1 if i and times[i - 1] == time else 0)
    return ranks
