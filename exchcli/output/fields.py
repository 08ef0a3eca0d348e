"""Which fields a record has, and which of them `--fields` asks for."""

from __future__ import annotations

from typing import Any, Literal

from exchcli.errors import UsageError
from exchcli.records import Book

Format = Literal["table", "json", "ndjson", "csv"]
FORMATS: tuple[Format, ...] = ("table", "json", "ndjson", "csv")


def names_of(record: Any) -> tuple[str, ...]:
    """The fields of a record, or of the class of one, in the order of columns and keys."""
    names: tuple[str, ...] = record._fields
    return names


def row_type(record: type, format: Format) -> type:
    """The record that one row of this format is: a book's rows are its levels."""
    if record is not Book or format not in ("csv", "ndjson"):
        return record
    from exchcli.output.levels import BookRow

    return BookRow


def check_fields(fields: str | None, record: type, format: Format) -> tuple[str, ...] | None:
    """The names of `--fields a,b` in the order asked; None when nothing was asked.

    Raises UsageError for an empty, repeated or unknown name, and lists those that there are.
    """
    if fields is None:
        return None
    record = row_type(record, format)
    known = names_of(record)
    asked = tuple(name.strip() for name in fields.split(","))
    listed = f"The fields are: {', '.join(known)}."
    if "" in asked:
        raise UsageError("--fields has an empty name.", listed)
    for position, name in enumerate(asked):
        if name not in known:
            raise UsageError(
                f"--fields: {_spoken(record)} has no field {name!r}.",
                _did_you_mean(name, known) + listed,
            )
        if name in asked[:position]:
            raise UsageError(f"--fields names {name!r} twice.", listed)
    return asked


def _spoken(record: type) -> str:
    """ServerTime -> server time."""
    name = record.__name__
    return "".join(f" {c.lower()}" if c.isupper() else c for c in name).strip()


def _did_you_mean(name: str, known: tuple[str, ...]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name.lower(), known, n=1)
    return f"Did you mean {near[0]}? " if near else ""
