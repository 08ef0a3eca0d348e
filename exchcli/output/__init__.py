"""Data on stdout, errors on stderr: as a table, JSON, ndjson or CSV.

Each format is imported when it is used: a script that reads JSON does not wait for tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TextIO, cast

from exchcli.errors import UsageError
from exchcli.output.fields import FORMATS, Format, check_fields, names_of, row_type
from exchcli.output.problem import show_error
from exchcli.output.stream import flush, hush, is_terminal, takes_unicode, write, write_raw
from exchcli.output.text import printable
from exchcli.records import is_record

__all__ = [
    "FORMATS",
    "Format",
    "check_fields",
    "flush",
    "hush",
    "names_of",
    "printable",
    "resolve_format",
    "show",
    "show_error",
    "write",
    "write_raw",
]


def resolve_format(asked: str, stdout: TextIO | None) -> Format:
    """The format that `--output` means here: `auto` is a table on a terminal, else JSON.

    Raises UsageError for a word that is none of them.
    """
    if asked == "auto":
        return "table" if is_terminal(stdout) else "json"
    for format in FORMATS:
        if asked == format:
            return format
    raise UsageError(
        f"There is no output format {asked!r}.",
        f"Choose auto, {', '.join(FORMATS[:-1])} or {FORMATS[-1]}.",
    )


def show(
    data: object | Sequence[object],
    record: type,
    *,
    format: Format,
    fields: tuple[str, ...] | None,
    stdout: TextIO | None,
    width: int | None = None,
) -> None:
    """Writes one record, or a sequence of records, to stdout.

    `record` is their class, `fields` what `check_fields` made of `--fields`. `width` is for
    a table; without it the terminal is asked. Raises StateError when stdout cannot be
    written, and leaves BrokenPipeError to the caller.
    """
    single = is_record(data)
    rows: Sequence[Any] = [data] if single else cast("Sequence[Any]", data)
    if format == "table":
        from exchcli.output.draw import draw
        from exchcli.output.screen import Screen

        screen = Screen(stdout, width)
        text = draw(rows, record, single=single, fields=fields, screen=screen)
    else:
        text = _for_scripts(rows, record, single, format, fields, stdout)
    write(stdout, text)


def _for_scripts(
    rows: Sequence[Any],
    record: type,
    single: bool,
    format: Format,
    fields: tuple[str, ...] | None,
    stdout: TextIO | None,
) -> str:
    of_row = row_type(record, format)
    if of_row is not record:
        from exchcli.output.levels import book_rows

        rows = list(book_rows(rows))
    names = fields or names_of(of_row)
    if format == "csv":
        from exchcli.output.as_csv import as_csv

        return as_csv(rows, names, for_terminal=is_terminal(stdout))
    from exchcli.output.as_json import as_object, dumps

    unicode = takes_unicode(stdout)
    if format == "ndjson":
        return "".join(dumps(as_object(row, names), unicode=unicode) + "\n" for row in rows)
    objects = [as_object(row, names) for row in rows]
    indent = 2 if is_terminal(stdout) else None
    return dumps(objects[0] if single else objects, unicode=unicode, indent=indent) + "\n"
