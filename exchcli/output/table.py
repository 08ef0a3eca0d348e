"""Tables for people: a card for one record, columns for several, a ladder for a book.

The digits of a number are never cut or wrapped. What does not fit is left out as a whole
column, and named; and where even the important columns do not fit, every record is a card.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from textwrap import wrap
from typing import Any

from exchcli.output.card import card, cell_text
from exchcli.output.fields import names_of
from exchcli.output.grid import Column, grid, on_the_point, total_width
from exchcli.output.ladder import ladder
from exchcli.output.levels import BookRow
from exchcli.output.screen import Part, Screen
from exchcli.output.shape import (
    MAY_BE_SHORTENED,
    SPEAKS_FOR_ITSELF,
    kinds,
    least_important,
    record_inside,
    sign_of,
    style_of,
    title,
)
from exchcli.output.text import as_text
from exchcli.output.times import Times, spelled
from exchcli.records import Book

# From so many rows on, what is the same in all of them is said once, above.
_LONG = 3
_SHORTENED = 12


def draw(
    rows: Sequence[Any],
    record: type,
    *,
    single: bool,
    fields: tuple[str, ...] | None,
    screen: Screen,
) -> str:
    """The lines of a table of one record (`single`) or of several, each ended by a newline."""
    if record is Book:
        lines = _stacked([_book(book, fields, screen) for book in rows])
    elif single:
        lines = _card(rows[0], record, fields, screen)
    else:
        lines = _table(rows, record, fields, screen)
    return "".join(line + "\n" for line in lines or [screen.paint("none", "faint")])


def _card(row: Any, record: type, fields: tuple[str, ...] | None, screen: Screen) -> list[str]:
    """A card, and under it a table for each field that holds records."""
    names = _present([row], record, fields)
    inner = [name for name in names if kinds(record)[name] == "records"]
    lines = card(row, record, [name for name in names if name not in inner], screen)
    for name in inner:
        rows = _table(getattr(row, name) or (), record_inside(record, name), None, screen)
        lines += ["", screen.paint(title(name), "strong"), *(rows or [screen.nothing])]
    return lines


def _present(rows: Sequence[Any], record: type, fields: tuple[str, ...] | None) -> tuple[str, ...]:
    """The fields that were asked for, else those of which any record has a value."""
    if fields is not None:
        return fields
    names = names_of(record)
    return tuple(name for name in names if any(getattr(row, name) is not None for row in rows))


def _book(book: Book, fields: tuple[str, ...] | None, screen: Screen) -> list[str]:
    def narrow(levels: Sequence[BookRow]) -> list[str]:
        return _table(levels, BookRow, names_of(BookRow), screen)

    return ladder(book, fields, screen, narrow)


def _table(
    rows: Sequence[Any], record: type, fields: tuple[str, ...] | None, screen: Screen
) -> list[str]:
    if not rows:
        return []
    long = len(rows) >= _LONG and fields is None
    present = _present(rows, record, fields)
    alike = _alike(rows, record, present) if long else []
    names = [name for name in present if name not in alike]
    times = Times(_moments(rows, record, names), may_share_day=long)
    every = [_column(rows, record, name, times, screen) for name in names]
    shown = _fitting(every, record if fields is None else None, screen)
    if shown is None:
        return _stacked(
            [card(row, record, _present([row], record, fields), screen) for row in rows]
        )
    lines = _caption(rows[0], record, alike, times, screen)
    lines += grid(shown, screen)
    return lines + _not_shown(every, shown, screen)


def _stacked(blocks: Sequence[list[str]]) -> list[str]:
    return [line for block in blocks for line in ("", *block)][1:]


def _alike(rows: Sequence[Any], record: type, names: Sequence[str]) -> list[str]:
    """The columns that say the same in every row. Numbers and sides always stay."""
    alike = [
        name
        for name in names
        if kinds(record)[name] in ("text", "time", "flag")
        and name != "side"
        and all(getattr(row, name) == getattr(rows[0], name) for row in rows)
    ]
    return alike if len(names) - len(alike) >= 3 else []


def _moments(rows: Sequence[Any], record: type, names: Sequence[str]) -> list[datetime]:
    of_time = [name for name in names if kinds(record)[name] == "time"]
    moments = (getattr(row, name) for row in rows for name in of_time)
    return [moment for moment in moments if moment is not None]


def _column(rows: Sequence[Any], record: type, name: str, times: Times, screen: Screen) -> Column:
    kind = kinds(record)[name]
    values = [getattr(row, name) for row in rows]
    heading = title(name)
    if kind == "number":
        given = ["" if v is None else sign_of(name, v) + as_text(v) for v in values]
        texts = on_the_point(given, screen.nothing)
    elif kind == "time":
        heading += times.title_suffix
        texts = [screen.nothing if v is None else times.text(v) for v in values]
    else:
        texts = [cell_text(v, kind, screen) for v in values]
    cells: list[Part] = [
        (text, "faint" if value is None else style_of(row, name, value))
        for row, value, text in zip(rows, values, texts, strict=True)
    ]
    return Column(name, heading, cells, right=kind in ("number", "records"))


def _fitting(every: list[Column], record: type | None, screen: Screen) -> list[Column] | None:
    """The columns that fit, None when too few do. Without a record none may be left out."""
    if total_width(every) <= screen.width:
        return every
    shown = [_shortened(column, screen) for column in every]
    for group in least_important(record) if record else ():
        if total_width(shown) <= screen.width:
            break
        shown = [column for column in shown if column.name not in group]
    kept = [column.name for column in shown]
    whole = [column for column in every if column.name in kept]
    return next((some for some in (whole, shown) if total_width(some) <= screen.width), None)


def _shortened(column: Column, screen: Screen) -> Column:
    if column.name not in MAY_BE_SHORTENED:
        return column
    cells = [(screen.shortened(text, _SHORTENED), style) for text, style in column.cells]
    return Column(column.name, column.title, cells)


def _caption(
    row: Any, record: type, alike: Sequence[str], times: Times, screen: Screen
) -> list[str]:
    parts: list[Part] = []
    for name in alike:
        value = getattr(row, name)
        kind = kinds(record)[name]
        text = spelled(value) if kind == "time" else cell_text(value, kind, screen)
        if name in SPEAKS_FOR_ITSELF:
            parts.append((text, "faint" if kind == "time" else "strong"))
        else:
            parts.append((f"{title(name)} {text}", "faint"))
    if times.day:
        parts.append((times.day.isoformat(), "faint"))
    return [*screen.flowing(parts, f" {screen.dot} "), ""] if parts else []


def _not_shown(every: Sequence[Column], shown: Sequence[Column], screen: Screen) -> list[str]:
    kept = {column.name for column in shown}
    missing = ", ".join(column.name for column in every if column.name not in kept)
    if not missing:
        return []
    note = f"Too narrow for {missing}: see them with --fields or -o json."
    lines = wrap(note, screen.width, break_long_words=False, break_on_hyphens=False)
    return ["", *(screen.paint(line, "faint") for line in lines)]
