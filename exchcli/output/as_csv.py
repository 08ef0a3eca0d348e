"""Records as CSV (RFC 4180, but lines end in a bare newline)."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from exchcli.output.as_json import as_object, dumps
from exchcli.output.fields import names_of
from exchcli.output.text import as_text, printable
from exchcli.records import is_record


def as_csv(rows: Sequence[object], names: tuple[str, ...], *, for_terminal: bool) -> str:
    """A header, always, and a line a record. Null is an empty cell.

    A terminal gets text without control characters; a file or a pipe gets it as it is.
    """
    sink = _Lines()
    # With this line end the module quotes a lone \r too, which it does not do with "\n".
    writer = csv.writer(sink, lineterminator="\r\n")
    writer.writerow(names)
    for row in rows:
        cells = (_cell(getattr(row, name)) for name in names)
        writer.writerow([printable(cell) for cell in cells] if for_terminal else list(cells))
    return "".join(sink.lines)


class _Lines:
    """Takes what csv writes, one whole line at a time."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def write(self, line: str) -> None:
        self.lines.append(line.removesuffix("\r\n") + "\n")


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal | datetime | int | str):
        return as_text(value)
    if is_record(value):
        return dumps(as_object(value, names_of(value)), unicode=True)
    if isinstance(value, Sequence):
        return " ".join(_cell(item) for item in value)
    raise TypeError(f"a {type(value).__name__} has no place in a record")
