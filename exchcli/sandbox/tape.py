"""A tape: all prints of one market, read as single prints, as bars, and as candles.

A market's own tape knows its past in cells of fixed length, each with the bar it amounts to,
and can open any cell into its prints. Everything here follows from that, so ticker, trades
and candles of one moment cannot disagree. A simulated market's tape is computed (`simulated`),
a recorded one's is read (`recorded`). The trades of users are laid over it (`overlaid`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from itertools import groupby

from exchcli.sandbox.bars import Bar, Block, Candle, Print, bar_of, merged


class Tape(ABC):
    """`listed` is when the market began, in epoch seconds."""

    listed: int

    @abstractmethod
    def latest(self, now: int, count: int) -> list[Print]:
        """The newest prints up to and including `now`, newest first."""

    @abstractmethod
    def between(self, start: int, end: int) -> list[Print]:
        """The prints of start <= time < end, oldest first."""

    @abstractmethod
    def bar(self, start: int, end: int) -> Bar | None:
        """What was printed in start <= time < end amounts to; None if nothing was."""

    @abstractmethod
    def traded(self, period: int, first: int, last: int, now: int) -> dict[int, Candle]:
        """The candles in which there were trades, by their opening time."""

    def candles(self, period: int, first: int, last: int, now: int) -> list[Candle]:
        """The candles that open at first, first + period ... last, as they stand at `now`.

        `first` and `last` are on the period's grid, and `last` is not after `now`.
        """
        found = self.traded(period, first, last, now)
        candles: list[Candle] = []
        for start in range(first, last + 1, period):
            if start in found:
                candles.append(found[start])
                continue
            if candles:
                close = candles[-1].close
            elif before := self.latest(start - 1, 1):
                close = before[0].price
            else:
                continue
            candles.append(Candle(start, close, close, close, close, 0))
        return candles


class OwnTape(Tape):
    """The tape of a market that nobody trades on; `cell` is the length of a cell in seconds."""

    cell: int

    @abstractmethod
    def blocks(self, start: int, end: int) -> list[Block]:
        """All that was printed in start <= time < end, both on the grid of cells, in order.

        A block never reaches over the edge of a cell; without prints there is none.
        """

    @abstractmethod
    def prints(self, block: Block) -> list[Print]:
        """A block's prints, oldest first."""

    @abstractmethod
    def free_id(self, time: int) -> int:
        """From here on users' prints of this second are numbered."""

    def between(self, start: int, end: int) -> list[Print]:
        if start >= end:
            return []
        cell = self.cell
        return [
            each
            for block in self.blocks(start // cell * cell, -(-end // cell) * cell)
            if block.start < end and start < block.end
            for each in self.prints(block)
            if start <= each.time < end
        ]

    def bar(self, start: int, end: int) -> Bar | None:
        first, last = -(-start // self.cell) * self.cell, end // self.cell * self.cell
        if first >= last:
            return bar_of(self.between(start, end))
        return merged(
            [
                bar_of(self.between(start, first)),
                *(block.bar for block in self.blocks(first, last)),
                bar_of(self.between(last, end)),
            ]
        )

    def first_time(self, start: int, end: int) -> int:
        """When the first print of start <= time < end was; there is one."""
        at, span = start // self.cell * self.cell, self.cell
        while at < end:
            for block in self.blocks(at, at + span):
                for each in self.prints(block):
                    if start <= each.time < end:
                        return each.time
            at, span = at + span, 4 * span
        raise ValueError("nothing was printed")

    def traded(self, period: int, first: int, last: int, now: int) -> dict[int, Candle]:
        end = min(last + period, now + 1)
        bars: list[tuple[int, Bar | None]]
        if period < self.cell:
            by_period = groupby(self.between(first, end), lambda each: each.time // period * period)
            bars = [(start, bar_of(list(group))) for start, group in by_period]
        else:
            edge = end // self.cell * self.cell
            pieces = [(block.start, block.bar) for block in self.blocks(first, edge)]
            if running := bar_of(self.between(edge, end)):
                pieces.append((edge, running))
            grouped = groupby(pieces, lambda piece: piece[0] // period * period)
            bars = [(start, merged(bar for _, bar in group)) for start, group in grouped]
        return {start: Candle(start, *bar[:5]) for start, bar in bars if bar}
