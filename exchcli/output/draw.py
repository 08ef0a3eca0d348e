"""Records for people: a card for one, a table for several, a ladder for a book."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from exchcli.output.card import card
from exchcli.output.grid import painted
from exchcli.output.ladder import ladder
from exchcli.output.screen import Block, Screen
from exchcli.output.shape import kind_of, title
from exchcli.output.table import present, table
from exchcli.records import Book


def draw(
    rows: Sequence[Any],
    record: type,
    *,
    single: bool,
    fields: tuple[str, ...] | None,
    screen: Screen,
) -> str:
    """One record (`single`) or several as the lines of a card, a table or ladders."""
    if not rows:
        blocks: list[Block] = [painted("none", "dim")]
    elif record is Book:
        blocks = [block for book in rows for block in ladder(book, fields, screen)]
    elif single:
        blocks = _with_tables(rows[0], fields, screen)
    else:
        blocks = table(rows, fields, screen)
    return screen.render(blocks)


def _with_tables(row: Any, fields: tuple[str, ...] | None, screen: Screen) -> list[Block]:
    """A card, and under it a table for each field that holds records."""
    names = present([row], fields)
    inner = [name for name in names if kind_of(row, name) == "records" and getattr(row, name)]
    outer = [name for name in names if name not in inner]
    blocks: list[Block] = [card(row, outer, screen)] if outer else []
    for name in inner:
        blocks += table(getattr(row, name), None, screen, heading=title(name))
    return blocks
