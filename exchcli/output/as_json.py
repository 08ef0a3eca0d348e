"""Records as JSON: money and times as text, keys in field order, None as null."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from exchcli.output.fields import names_of
from exchcli.output.text import as_text
from exchcli.records import is_record


def as_object(row: object, names: tuple[str, ...]) -> dict[str, object]:
    """The named fields of one record as what JSON can say."""
    return {name: _value(getattr(row, name)) for name in names}


def dumps(value: object, *, unicode: bool, indent: int | None = None) -> str:
    """JSON text that is safe to show: what is not printable is always a \\u escape."""
    text = json.dumps(value, ensure_ascii=not unicode, indent=indent)
    if text.isascii() and "\x7f" not in text:
        return text  # json escapes the other control characters itself
    return "".join(c if c.isprintable() or c == "\n" else _escape(c) for c in text)


def _value(value: object) -> object:
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, Decimal | datetime):
        return as_text(value)
    if is_record(value):
        return as_object(value, names_of(value))
    if isinstance(value, Sequence):
        return [_value(item) for item in value]
    raise TypeError(f"a {type(value).__name__} has no place in a record")


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else json.dumps(character)[1:-1]
