"""Columns of text side by side: aligned, and as wide as they have to be."""

from __future__ import annotations

from collections.abc import Sequence

from exchcli.output.screen import Part, Screen, Style, columns, padded

GAP = "  "


class Column:
    """One column of a table, and how wide it is."""

    def __init__(
        self, name: str, title: str, cells: Sequence[Part], *, right: bool = False
    ) -> None:
        self.name = name
        self.title = title
        self.cells = cells
        self.right = right
        self.width = max(columns(text) for text in (title, *(text for text, _ in cells)))


def total_width(shown: Sequence[Column]) -> int:
    return sum(column.width for column in shown) + len(GAP) * (len(shown) - 1)


def on_the_point(numbers: Sequence[str], nothing: str) -> list[str]:
    """Numbers padded so that their decimal points stand under each other.

    An empty one becomes `nothing`, in the column of the ones.
    """
    halves = [(number or nothing).partition(".") for number in numbers]
    before = max((len(whole) for whole, _, _ in halves), default=0)
    after = max((len(point + rest) for _, point, rest in halves), default=0)
    return [whole.rjust(before) + (point + rest).ljust(after) for whole, point, rest in halves]


def grid(shown: Sequence[Column], screen: Screen) -> list[str]:
    """A head, a thin rule and the rows."""
    widths = [column.width for column in shown]
    head: list[Part] = [(column.title, "strong") for column in shown]
    rights = [column.right for column in shown]
    lines = [_line(head, widths, rights, screen)]
    lines.append(screen.paint(screen.rule * total_width(shown), "faint"))
    for row in zip(*(column.cells for column in shown), strict=True):
        lines.append(_line(row, widths, rights, screen))
    return lines


def _line(
    cells: Sequence[Part], widths: Sequence[int], rights: Sequence[bool], screen: Screen
) -> str:
    pieces = []
    for (text, style), width, right in zip(cells, widths, rights, strict=True):
        pieces.append(_painted(padded(text, width, right=right), style, screen))
    return GAP.join(pieces).rstrip()


def _painted(text: str, style: Style, screen: Screen) -> str:
    # The spaces around it stay outside, so that the end of a line can be stripped.
    core = text.strip(" ")
    if not style or not core:
        return text
    start = text.index(core)
    return text[:start] + screen.paint(core, style) + text[start + len(core) :]
