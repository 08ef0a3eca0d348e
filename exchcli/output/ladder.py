"""An order book as a ladder: bids on the left, asks on the right, best first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Context, Decimal, localcontext

from exchcli.money import MAX_DIGITS, MAX_EXPONENT, plain
from exchcli.output.fields import names_of
from exchcli.output.grid import Column, grid, on_the_point, total_width
from exchcli.output.levels import BookRow, book_rows
from exchcli.output.screen import Part, Screen, Style
from exchcli.output.times import spelled
from exchcli.records import Book, Level

# Enough for the exact difference of any two numbers that a reply can have.
_EXACT = Context(prec=3 * (MAX_DIGITS + MAX_EXPONENT))
_FINEST = Decimal("0.0001")


def ladder(
    book: Book,
    fields: tuple[str, ...] | None,
    screen: Screen,
    narrow: Callable[[Sequence[BookRow]], list[str]],
) -> list[str]:
    """The book's lines. `narrow` draws its levels one a row where two sides do not fit."""
    asked = fields or names_of(Book)
    sides = [side for side in ("bids", "asks") if side in asked]
    book = book._replace(
        bids=book.bids if "bids" in sides else (),
        asks=book.asks if "asks" in sides else (),
    )
    blocks = [_heading(book, asked, screen)]
    if book.bids or book.asks:
        shown = _rungs(book, sides)
        fits = total_width(shown) <= screen.width
        blocks.append(grid(shown, screen) if fits else narrow(list(book_rows([book]))))
    elif sides:
        blocks.append([screen.paint("none", "faint")])
    if book.bids and book.asks:
        blocks.append([_spread(book.bids[0].price, book.asks[0].price, screen)])
    return [line for block in blocks if block for line in ("", *block)][1:]


def _rungs(book: Book, sides: Sequence[str]) -> list[Column]:
    """Amount and bid, ask and amount: the prices of both sides meet in the middle."""
    depth = max(len(book.bids), len(book.asks))
    rungs: list[Column] = []
    if "bids" in sides:
        rungs += reversed(_side("Bid", "up", book.bids, depth))
    if "asks" in sides:
        rungs += _side("Ask", "down", book.asks, depth)
    return rungs


def _side(name: str, style: Style, levels: Sequence[Level], depth: int) -> list[Column]:
    """Price and amount. The shorter of the two sides ends in empty cells."""
    missing = [""] * (depth - len(levels))
    prices = on_the_point([plain(level.price) for level in levels] + missing, "")
    amounts = on_the_point([plain(level.amount) for level in levels] + missing, "")
    return [
        Column("price", name, [(text, style) for text in prices], right=True),
        Column("amount", "Amount", [(text, "") for text in amounts], right=True),
    ]


def _heading(book: Book, asked: Sequence[str], screen: Screen) -> list[str]:
    parts: list[Part] = []
    if "symbol" in asked:
        parts.append((screen.safe(book.symbol), "strong"))
    if "time" in asked and book.time is not None:
        parts.append((spelled(book.time), "faint"))
    return screen.flowing(parts, f" {screen.dot} ")


def _spread(bid: Decimal, ask: Decimal, screen: Screen) -> str:
    with localcontext(_EXACT):
        spread = ask - bid
        middle = (ask + bid) / 2
        percent = 100 * spread / middle if middle else None
        text = plain(spread)
        if percent is not None:
            text += f" ({_rounded(percent)} %)"
    return screen.paint("Spread ", "faint") + text


def _rounded(percent: Decimal) -> str:
    rounded = percent.quantize(_FINEST)
    return plain(rounded) if rounded or not percent else f"under {plain(_FINEST)}"
