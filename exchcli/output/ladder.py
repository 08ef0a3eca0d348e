"""An order book as a ladder: bids on the left, asks on the right, best first."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Context, Decimal, localcontext

from rich.text import Text

from exchcli.money import MAX_DIGITS, MAX_EXPONENT, plain
from exchcli.output.fields import names_of
from exchcli.output.grid import Column, grid, painted, width_of
from exchcli.output.levels import BookRow, book_rows
from exchcli.output.screen import Block, Screen
from exchcli.output.shape import Style
from exchcli.output.table import in_line, table
from exchcli.output.times import spelled
from exchcli.records import Book, Level

# Enough for the exact difference of any two numbers that a reply can have.
_EXACT = Context(prec=3 * (MAX_DIGITS + MAX_EXPONENT))
_FINEST = Decimal("0.0001")


def ladder(book: Book, fields: tuple[str, ...] | None, screen: Screen) -> list[Block]:
    """A heading, the two sides, the spread; where two sides do not fit, one level a row."""
    asked = fields or names_of(Book)
    bids = book.bids if "bids" in asked else ()
    asks = book.asks if "asks" in asked else ()
    blocks: list[Block] = []
    if heading := _heading(book, asked, screen):
        blocks.append(heading)
    if bids or asks:
        rungs = _rungs(bids, asks, asked)
        if width_of(rungs) <= screen.width:
            blocks.append(grid(rungs, screen))
        else:
            levels = list(book_rows([book._replace(bids=bids, asks=asks)]))
            blocks += table(levels, names_of(BookRow), screen)
    elif "bids" in asked or "asks" in asked:
        blocks.append(painted("none", "dim"))
    if bids and asks:
        blocks.append(_spread(bids[0].price, asks[0].price))
    return blocks


def _heading(book: Book, asked: Sequence[str], screen: Screen) -> Text:
    parts = []
    if "symbol" in asked:
        parts.append(painted(screen.safe(book.symbol), "bold"))
    if "time" in asked and book.time is not None:
        parts.append(painted(spelled(book.time), "dim"))
    return in_line(parts, screen)


def _rungs(bids: Sequence[Level], asks: Sequence[Level], asked: Sequence[str]) -> list[Column]:
    """Amount and bid, ask and amount: the prices of both sides meet in the middle."""
    depth = max(len(bids), len(asks))
    left = _side("Bid", "green", bids, depth) if "bids" in asked else []
    right = _side("Ask", "red", asks, depth) if "asks" in asked else []
    return [*reversed(left), *right]


def _side(name: str, style: Style, levels: Sequence[Level], depth: int) -> list[Column]:
    """Price and amount. The shorter of the two sides ends in empty cells."""
    missing = [""] * (depth - len(levels))
    prices = [plain(level.price) for level in levels] + missing
    amounts = [plain(level.amount) for level in levels] + missing
    return [
        Column("price", name, [painted(text, style) for text in prices], numeric=True),
        Column("amount", "Amount", [painted(text) for text in amounts], numeric=True),
    ]


def _spread(bid: Decimal, ask: Decimal) -> Text:
    with localcontext(_EXACT):
        spread = ask - bid
        middle = (ask + bid) / 2
        percent = 100 * spread / middle if middle else None
        text = plain(spread)
        if percent is not None:
            text += f" ({_rounded(percent)} %)"
    return painted("Spread ", "dim") + text


def _rounded(percent: Decimal) -> str:
    rounded = percent.quantize(_FINEST)
    return plain(rounded) if rounded or not percent else f"under {plain(_FINEST)}"
