"""Cells, the columns they stand in, and the table that rich draws of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from rich.table import Table
from rich.text import Text

from exchcli.output.screen import Screen
from exchcli.output.shape import Kind, Style, kind_of, sign_of, style_of
from exchcli.output.text import as_text
from exchcli.output.times import spelled

GAP = 2


def painted(text: str, style: Style = "") -> Text:
    """The style ends with the text: what pads it to the width of a column stays plain."""
    return Text().append(text, style)


def cell(row: Any, name: str, screen: Screen, time: Callable[[datetime], str] = spelled) -> Text:
    """One value as a person reads it, its sign and colour telling good news from bad."""
    value = getattr(row, name)
    if value is None:
        return painted(screen.nothing, "dim")
    text = _worded(value, kind_of(row, name), screen, time)
    return painted(sign_of(name, value) + text, style_of(row, name, value))


def _worded(value: Any, kind: Kind, screen: Screen, time: Callable[[datetime], str]) -> str:
    if kind == "number":
        return as_text(value)
    if kind == "time":
        return time(value)
    if kind == "flag":
        return "yes" if value else "no"
    if kind == "records":
        return str(len(value))
    if kind == "list":
        return screen.safe(", ".join(value)) or screen.nothing
    return screen.safe(str(value))


class Column:
    """One column of a table. Numbers stand with their decimal points under each other."""

    def __init__(
        self, name: str, title: str, cells: Sequence[Text], *, numeric: bool = False
    ) -> None:
        if numeric:
            _put_on_the_point(cells, len(title))
        self.name = name
        self.title = Text(title, justify="right" if numeric else "left")
        self.cells = cells
        lines = [self.title, *(line for text in cells for line in text.split())]
        self.width = max(line.cell_len for line in lines)


def _put_on_the_point(numbers: Sequence[Text], width: int) -> None:
    """Pads the numbers to the same width, of which there is at least `width`."""
    halves = [number.plain.partition(".") for number in numbers]
    after = max(len(point + rest) for _, point, rest in halves)
    before = max(width - after, *(len(whole) for whole, _, _ in halves))
    for number, (whole, point, rest) in zip(numbers, halves, strict=True):
        number.pad_left(before - len(whole))
        number.pad_right(after - len(point + rest))


def width_of(columns: Sequence[Column]) -> int:
    """How wide the table of these columns is."""
    return sum(column.width for column in columns) + GAP * (len(columns) - 1)


def grid(columns: Sequence[Column], screen: Screen) -> Table:
    """A head, a thin rule and the rows, exactly as wide as `width_of` says."""
    space = (0, GAP - 1, 0, 0)  # the last column of the gap belongs to the box
    table = Table(
        box=screen.box, border_style="dim", show_edge=False, pad_edge=False, padding=space
    )
    for column in columns:
        table.add_column(column.title, no_wrap=True)
    for row in zip(*(column.cells for column in columns), strict=True):
        table.add_row(*row)
    return table
