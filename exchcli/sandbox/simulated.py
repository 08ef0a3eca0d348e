"""The tape of a simulated market: a pure function of the seed, the opening and the time.

Three stretches follow each other: the candle tree up to a day before the opening, the
opening day with its chosen figures, and the tree again. On both sides the tree is scaled
so that it meets the opening day at its price. Nothing is stored, so a market that nobody
looked at for a year costs nothing, and whoever looks, however often, sees the same one.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate

from exchcli.sandbox.bars import Bar, Block, Candle, Print
from exchcli.sandbox.catalog import Simulation
from exchcli.sandbox.noise import SPAN, Noise
from exchcli.sandbox.opening import DAY, QUIET, opening_day, pieces
from exchcli.sandbox.prints import FEWEST, prints_of
from exchcli.sandbox.tape import OwnTape
from exchcli.sandbox.tree import CELL, PERIODS, Node, Tree

# Ids after the opening leave room for so many trades a second, those simulated first: as many
# as users could make while the clock stands still for an hour.
IDS_A_SECOND = 10_000_000
_SIMULATED_IDS = 1000
_REMEMBERED = 8
_LISTED_FOR = 520 * PERIODS[0]
_COUNT, _PRINTS = 32, 33


class Simulated(OwnTape):
    """One pair of the catalog, opened at `opened` (epoch seconds)."""

    cell = CELL

    def __init__(self, simulation: Simulation, noise: Noise, opened: int) -> None:
        rules, opening, self._pace = simulation
        self._rules, self._opening = rules, opening
        self._noise, self._opened = noise, opened
        self._tree = Tree(noise, rules.units(opening.volume) * PERIODS[0] // DAY)
        self.listed = (opened - _LISTED_FOR) // PERIODS[0] * PERIODS[0]
        # The opening stretch covers whole cells: the day, and what its edges cut off.
        self._day = opened - DAY + 1
        self._start = self._day // CELL * CELL
        self._end = -(-(opened + QUIET) // CELL) * CELL
        self._cells: dict[int, list[Print]] = {}

    def blocks(self, start: int, end: int) -> list[Block]:
        inside: list[Block] = []
        if start < self._end and self._start < end:
            starts = [block.start for block in self._stretch]
            inside = self._stretch[bisect_left(starts, start) : bisect_left(starts, end)]
        before = self._from_tree(start, min(end, self._start))
        return before + inside + self._from_tree(max(start, self._end), end)

    def prints(self, block: Block) -> list[Print]:
        count = self._count(block)
        rolls = self._noise.draw(3 * count, _PRINTS, block.start)
        if self._day <= block.start <= self._opened:
            newest = self._opening_ids[block.start]
            return prints_of(block, rolls, lambda _: range(newest - count + 1, newest + 1))
        return prints_of(block, rolls, self._numbered)

    def between(self, start: int, end: int) -> list[Print]:
        if end - start > CELL:
            return super().between(start, end)
        cells = range(start // CELL * CELL, end, CELL)
        return [each for cell in cells for each in self._cell(cell) if start <= each.time < end]

    def latest(self, now: int, count: int) -> list[Print]:
        found: list[Print] = []
        cell = now // CELL * CELL
        while len(found) < count and cell >= self.listed:
            found += [each for each in reversed(self._cell(cell)) if each.time <= now]
            cell -= CELL
        return found[:count]

    def traded(self, period: int, first: int, last: int, now: int) -> dict[int, Candle]:
        if period not in PERIODS:
            return super().traded(period, first, last, now)
        # Whole candles come straight from the tree; the opening stretch and the running
        # period are put together from their blocks.
        stop = last + period
        joined = self._start // period * period
        parted = -(-self._end // period) * period
        running = max(parted, (now + 1) // period * period)
        found: dict[int, Candle] = {}
        for start, end in ((joined, parted), (running, stop)):
            start, end = max(start, first), min(end, stop)
            if start < end:
                found.update(super().traded(period, start, end - period, now))
        for start, end in ((first, min(joined, stop)), (max(parted, first), min(running, stop))):
            found.update(self._whole(period, start, end))
        return found

    def free_id(self, time: int) -> int:
        return self._numbered([time])[0] + _SIMULATED_IDS

    def _cell(self, start: int) -> list[Print]:
        """The prints of one cell. The last few are remembered: many ask for the same."""
        if start not in self._cells:
            if len(self._cells) >= _REMEMBERED:
                self._cells.clear()
            blocks = self.blocks(start, start + CELL)
            self._cells[start] = [each for block in blocks for each in self.prints(block)]
        return self._cells[start]

    def _whole(self, period: int, start: int, end: int) -> dict[int, Candle]:
        if start >= end:
            return {}
        nodes = self._tree.nodes(PERIODS.index(period), start // period, end // period)
        times = range(start, end, period)
        return {
            time: Candle(time, *self._scaled(node, time))
            for time, node in zip(times, nodes, strict=True)
        }

    def _from_tree(self, start: int, end: int) -> list[Block]:
        if start >= end:
            return []
        nodes = self._tree.nodes(len(PERIODS) - 1, start // CELL, end // CELL)
        scaled = [self._scaled(node, start) for node in nodes]
        return [
            Block(start + i * CELL, start + (i + 1) * CELL, Bar(*node, node.quote))
            for i, node in enumerate(scaled)
        ]

    def _scaled(self, node: Node, time: int) -> Node:
        """A node of the tree in ticks; all of one side of the opening by the same measure."""
        ticks, shape = self._before if time < self._start else self._after
        return Node(
            node.open * ticks // shape,
            node.high * ticks // shape,
            node.low * ticks // shape,
            node.close * ticks // shape,
            node.volume,
        )

    @cached_property
    def _before(self) -> tuple[int, int]:
        return self._rules.ticks(self._opening.open), self._tree.price(self._start)

    @cached_property
    def _after(self) -> tuple[int, int]:
        return self._rules.ticks(self._opening.last), self._tree.price(self._end)

    @cached_property
    def _stretch(self) -> list[Block]:
        day = opening_day(self._rules, self._opening, self._opened, self._noise)
        before = self._around(self._rules.ticks(self._opening.open), self._start, self._day)
        after = self._around(self._rules.ticks(self._opening.last), self._opened + QUIET, self._end)
        return before + day + after

    def _around(self, price: int, start: int, end: int) -> list[Block]:
        """A block that begins and ends at `price`, or none where there is no room for one."""
        found = []
        for left, right in pieces(start, end) if start < end else ():
            volume = self._tree.nodes(len(PERIODS) - 1, left // CELL, left // CELL + 1)[0].volume
            node = Node(
                price,
                price + price // 1000 + 1,
                price - price // 1000 - 1,
                price,
                volume * (right - left) // CELL,
            )
            found.append(Block(left, right, Bar(*node, node.quote)))
        return found

    def _numbered(self, times: Sequence[int]) -> list[int]:
        """Ids by time: what is printed later has the greater one, whatever came between."""
        since = self._opening.newest_id - self._opened * IDS_A_SECOND
        ids: list[int] = []
        for time in times:
            first = since + time * IDS_A_SECOND
            ids.append(max(first, ids[-1] + 1) if ids else first)
        return ids

    def _count(self, block: Block) -> int:
        """How many prints a block has."""
        if block.end - block.start == 1:
            return 1
        usual = self._pace.trades * (block.end - block.start)
        (roll,) = self._noise.draw(1, _COUNT, block.start)
        return max(FEWEST, usual * (SPAN * 3 + roll * 2) // (CELL * SPAN * 4))

    @cached_property
    def _opening_ids(self) -> dict[int, int]:
        """The newest id of each block of the opening day, which are counted without gaps."""
        day = [block for block in self._stretch if self._day <= block.start <= self._opened]
        counts = accumulate((self._count(block) for block in reversed(day)), initial=0)
        newest = self._opening.newest_id
        return {
            block.start: newest - count for block, count in zip(reversed(day), counts, strict=False)
        }
