"""One record as a card: a name and a value on every line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.text import Text

from exchcli.output.grid import GAP, cell, painted
from exchcli.output.screen import Screen
from exchcli.output.shape import title


def card(row: Any, names: Sequence[str], screen: Screen) -> Text:
    """The named fields of one record, a line each; a value that does not fit stands below."""
    indent = max(len(title(name)) for name in names) + GAP
    lines = []
    for name in names:
        label, value = painted(title(name), "dim"), cell(row, name, screen)
        if indent + value.cell_len <= screen.width:
            label.pad_right(indent - len(label))
        else:
            label.append("\n")
        lines.append(label + value)
    return Text("\n").join(lines)
