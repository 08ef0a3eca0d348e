"""One record as a card: a name and a value on every line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from exchcli.output.grid import GAP
from exchcli.output.screen import Screen, columns
from exchcli.output.shape import Kind, kinds, sign_of, style_of, title
from exchcli.output.text import as_text
from exchcli.output.times import spelled


def card(row: Any, record: type, names: Sequence[str], screen: Screen) -> list[str]:
    """The named fields of one record, a line each; a value that does not fit stands below."""
    indent = max((columns(title(name)) for name in names), default=0) + len(GAP)
    lines: list[str] = []
    for name in names:
        value = getattr(row, name)
        text = sign_of(name, value) + cell_text(value, kinds(record)[name], screen)
        label = screen.paint(title(name), "faint")
        painted = screen.paint(text, "faint" if value is None else style_of(row, name, value))
        if indent + columns(text) <= screen.width:
            lines.append(label + " " * (indent - columns(title(name))) + painted)
        else:
            lines += [label, (GAP if len(GAP) + columns(text) <= screen.width else "") + painted]
    return lines


def cell_text(value: Any, kind: Kind, screen: Screen) -> str:
    """One value as a person reads it: a time in full, a list of records as their number."""
    if value is None:
        return screen.nothing
    if kind == "flag":
        return "yes" if value else "no"
    if kind == "time":
        return spelled(value)
    if kind == "records":
        return str(len(value))
    if kind == "list":
        return screen.safe(", ".join(value)) or screen.nothing
    return as_text(value) if kind == "number" else screen.safe(str(value))
