"""Several records as a table.

The digits of a number are never cut or wrapped. Of many ids the first is shown, and how many more
there are, or only how many. What does not fit is left out as a whole column, and named; and where
even the important columns do not fit, every record is a card.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from textwrap import fill
from typing import Any

from rich.text import Text

from exchcli.output.card import card
from exchcli.output.fields import names_of
from exchcli.output.grid import Column, cell, grid, painted, width_of
from exchcli.output.screen import Block, Screen
from exchcli.output.shape import (
    MAY_BE_COUNTED,
    MAY_BE_FOLDED,
    MAY_BE_SHORTENED,
    SPEAKS_FOR_ITSELF,
    kind_of,
    least_important,
    title,
)
from exchcli.output.times import Times

# From so many rows on, what is the same in all of them is said once, above.
_LONG = 3
_SHORTENED = 12
_MORE = re.compile(r"\S+ and (\d+) more")


def table(
    rows: Sequence[Any],
    fields: tuple[str, ...] | None,
    screen: Screen,
    heading: str | None = None,
) -> list[Block]:
    """What is drawn of the records, of which there is at least one: a caption, a table, a note.

    A short list that does not fit is drawn like a long one, and a single record as a card.
    """
    long = fields is None and len(rows) >= _LONG
    blocks, whole = _drawn(rows, fields, screen, heading, long=long)
    if whole or long or fields:
        return blocks
    if len(rows) == 1:
        parts = [painted(heading, "bold")] if heading else []
        return [*parts, card(rows[0], present(rows, fields), screen)]
    return _drawn(rows, fields, screen, heading, long=True)[0]


def _drawn(
    rows: Sequence[Any],
    fields: tuple[str, ...] | None,
    screen: Screen,
    heading: str | None,
    *,
    long: bool,
) -> tuple[list[Block], bool]:
    """The blocks, and whether every column is in them."""
    names = present(rows, fields)
    alike = _alike(rows, names) if long else []
    names = tuple(name for name in names if name not in alike)
    times = Times(_moments(rows, names), may_share_day=long)
    every = [_column(rows, name, times, screen) for name in names]
    shown = _fitting(every, None if fields else type(rows[0]), screen)
    parts = [painted(heading, "bold")] if heading else []
    if shown is None:
        return [*parts, *(card(row, present([row], fields), screen) for row in rows)], False
    parts += _said_once(rows[0], alike, times, screen)
    caption, note = in_line(parts, screen), _not_shown(every, shown, screen)
    return [block for block in (caption, grid(shown, screen), note) if block], not note


def present(rows: Sequence[Any], fields: tuple[str, ...] | None) -> tuple[str, ...]:
    """The fields that were asked for, else those of which any record has a value."""
    known = (n for n in names_of(rows[0]) if any(getattr(row, n) is not None for row in rows))
    return fields or tuple(known)


def in_line(parts: Sequence[Text], screen: Screen) -> Text:
    """The parts one after the other, on as many lines as they need; none is broken."""
    between = painted(f" {screen.dot} ", "dim")
    lines: list[Text] = []
    for part in parts:
        longer = between.join([*lines[-1:], part])
        if longer.cell_len <= screen.width:
            lines[-1:] = [longer]
        else:
            lines.append(part)
    return Text("\n").join(lines)


def _alike(rows: Sequence[Any], names: Sequence[str]) -> list[str]:
    """The columns that say the same in every row. Numbers and sides always stay."""
    alike = [
        name
        for name in names
        if kind_of(rows[0], name) in ("text", "time", "flag", "list")
        and name != "side"
        and all(getattr(row, name) == getattr(rows[0], name) for row in rows)
    ]
    return alike if len(names) - len(alike) >= 3 else []


def _moments(rows: Sequence[Any], names: Sequence[str]) -> list[datetime]:
    values = (getattr(row, name) for row in rows for name in names)
    return [value for value in values if isinstance(value, datetime)]


def _column(rows: Sequence[Any], name: str, times: Times, screen: Screen) -> Column:
    kind = kind_of(rows[0], name)
    heading = title(name) + (times.title_suffix if kind == "time" else "")
    cells = [cell(row, name, screen, times.text) for row in rows]
    if name in MAY_BE_COUNTED:
        cells = [_counted(text) for text in cells]
    return Column(name, heading, cells, numeric=kind in ("number", "records"))


def _counted(ids: Text) -> Text:
    """`17194 and 9 more` of ten ids."""
    first, *more = ids.plain.split(",")
    return painted(f"{first} and {len(more)} more") if more else ids


def _number_of(counted: re.Match[str]) -> str:
    return f"{int(counted[1]) + 1} ids"


def _fitting(every: list[Column], record: type | None, screen: Screen) -> list[Column] | None:
    """The columns that fit, None when too few do. Without a record none may be left out."""
    every = _folded(every, screen)
    if width_of(every) <= screen.width:
        return every
    short = [_shortened(column, screen) for column in every]
    for groups in least_important(record, [c.name for c in every]) if record else [[]]:
        shown = short
        for group in groups:
            if width_of(shown) <= screen.width:
                break
            shown = [column for column in shown if column.name not in group]
        kept = [column.name for column in shown]
        whole = [column for column in every if column.name in kept]
        for some in (whole, shown):
            if width_of(some) <= screen.width:
                return some
    return None


def fold(text: str, width: int) -> str:
    """The text on lines of this width; a word that is longer stays whole."""
    return fill(text, width, break_long_words=False, break_on_hyphens=False)


def _folded(every: Sequence[Column], screen: Screen) -> list[Column]:
    """The columns, in which sentences take as many lines as the width asks for."""
    room = screen.width - width_of(every)
    folded = []
    for column in every:
        if column.name in MAY_BE_FOLDED and room < 0:
            width = max(_SHORTENED, column.width + room)
            texts = [fold(text.plain, width) for text in column.cells]
            column = Column(column.name, column.title.plain, [painted(text) for text in texts])
        folded.append(column)
    return folded


def _shortened(column: Column, screen: Screen) -> Column:
    if column.name in MAY_BE_COUNTED:
        cells = [painted(_MORE.sub(_number_of, text.plain)) for text in column.cells]
        return Column(column.name, column.title.plain, cells)
    if column.name not in MAY_BE_SHORTENED:
        return column
    cells = [text.copy() for text in column.cells]
    for text in cells:
        if text.cell_len > _SHORTENED:
            text.truncate(_SHORTENED - 1, overflow="crop")
            text.rstrip()
            text.append(screen.ellipsis)
    return Column(column.name, column.title.plain, cells)


def _said_once(row: Any, alike: Sequence[str], times: Times, screen: Screen) -> list[Text]:
    parts = []
    for name in alike:
        text = cell(row, name, screen).plain
        if name in SPEAKS_FOR_ITSELF:
            parts.append(painted(text, "dim" if name == "time" else "bold"))
        else:
            parts.append(painted(f"{title(name)} {text}", "dim"))
    if times.day:
        parts.append(painted(times.day.isoformat(), "dim"))
    return parts


def _not_shown(every: Sequence[Column], shown: Sequence[Column], screen: Screen) -> Text:
    kept = {column.name for column in shown}
    missing = ", ".join(column.name for column in every if column.name not in kept)
    if not missing:
        return Text()
    note = f"Too narrow for {missing}: --fields or -o json shows all."
    return painted(fold(note, screen.width), "dim")
