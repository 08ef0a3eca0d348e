"""How a simulated market opens: the day before it, made to the documents' figures.

The samples give one moment: last, high, low, volume of 24 hours. Here is a day that ends
in exactly that. It is made of the same blocks as any other day, so that the ticker of the
first moment is computed like all later ones; only its totals were chosen, not drawn.
"""

from __future__ import annotations

from itertools import pairwise

from exchcli.sandbox.bars import Bar, Block
from exchcli.sandbox.catalog import Opening, Rules
from exchcli.sandbox.noise import SPAN, Noise
from exchcli.sandbox.prints import settle
from exchcli.sandbox.tree import CELL, Node, divide

DAY = 86400
# For so long after the opening nothing is traded: the first looks show the opening figures.
QUIET = 10
# Pieces of a cell shorter than this stay without trades.
_SHORTEST = 60
_SPREAD = 16


def opening_day(rules: Rules, opening: Opening, opened: int, noise: Noise) -> list[Block]:
    """The blocks of the 24 hours up to and including `opened`, oldest first.

    Nothing is in the first QUIET seconds of them: the ticker's window leaves those behind
    while the market is quiet, and must lose no trade.
    """
    tail = [
        _single(opened - ago, rules.ticks(price), rules.units(amount))
        for ago, price, amount in opening.tail
    ]
    volume = rules.units(opening.volume) - sum(block.bar.volume for block in tail)
    quote = None
    if opening.quote is not None:
        in_tail = sum(block.bar.quote for block in tail)
        quote = _product(opening.quote, rules) - in_tail
    day = Node(
        rules.ticks(opening.open),
        rules.ticks(opening.high),
        rules.ticks(opening.low),
        tail[0].bar.open if tail else rules.ticks(opening.last),
        volume,
    )
    end = tail[0].start - _SHORTEST if tail else opened + 1
    spans = pieces(opened - DAY + 1 + QUIET, end)
    nodes = _halved(day, spans, noise, 0, _bend(day, quote))
    return [*_blocks(spans, nodes, quote), *tail]


def pieces(start: int, end: int) -> list[tuple[int, int]]:
    """start <= time < end, cut at the edges of cells, without those that are too short."""
    edges = [start, *range((start // CELL + 1) * CELL, end, CELL), end]
    return [(left, right) for left, right in pairwise(edges) if right - left >= _SHORTEST]


def _halved(
    node: Node, spans: list[tuple[int, int]], noise: Noise, path: int, bend: int | None = None
) -> list[Node]:
    """A candle over all spans as one candle for each; `path` numbers the halves like a heap.

    `bend` replaces the draw that says where the middle is.
    """
    if len(spans) == 1:
        return [node]
    middle = len(spans) // 2
    early, late = spans[:middle], spans[middle:]
    shares = [sum(end - start for start, end in part) for part in (early, late)]
    rolls = list(noise.draw(8, _SPREAD, path))
    if bend is not None:
        rolls[1] = bend
    left, right = divide(node, shares, rolls)
    path = 2 * path + 1
    return _halved(left, early, noise, path) + _halved(right, late, noise, path + 1)


def _bend(day: Node, quote: int | None) -> int | None:
    """The draw for the middle of the day that brings its average price near quote / volume."""
    if quote is None:
        return None
    straight = (day.open + day.close) // 2
    # A path over open, middle, close has the average (open + 2 * middle + close) / 4.
    off = 2 * (quote // day.volume - straight)
    return max(0, min(SPAN - 1, SPAN // 2 + off * 3 * SPAN // (2 * (day.high - day.low))))


def _blocks(spans: list[tuple[int, int]], nodes: list[Node], quote: int | None) -> list[Block]:
    """The nodes as blocks; if `quote` is given, with volumes moved until it comes out."""
    if quote is not None:
        volumes = [node.volume for node in nodes]
        settle(volumes, [sum(node[:4]) for node in nodes], 4 * quote, [v // 4 for v in volumes])
        nodes = [node._replace(volume=volume) for node, volume in zip(nodes, volumes, strict=True)]
    quotes = [node.quote for node in nodes]
    if quote is not None:
        # What is missing now is less than a hair of any block's average price.
        quotes[len(quotes) // 2] += quote - sum(quotes)
    return [
        Block(*span, Bar(*node, in_quote))
        for span, node, in_quote in zip(spans, nodes, quotes, strict=True)
    ]


def _single(time: int, price: int, amount: int) -> Block:
    return Block(time, time + 1, Bar(price, price, price, price, amount, price * amount))


def _product(quote: str, rules: Rules) -> int:
    """A quote volume in ticks times units."""
    whole, _, fraction = quote.partition(".")
    return int(whole + fraction.ljust(rules.price_precision + rules.amount_precision, "0"))
