"""Values as text: the same in JSON, CSV and tables."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from exchcli.money import plain
from exchcli.times import iso


def as_text(value: Decimal | datetime | int | str) -> str:
    """One value as text, with every digit."""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return iso(value)
    return str(value)


def printable(text: str) -> str:
    """Text from outside made harmless for a terminal.

    Line ends and tabs become spaces; control characters, bidirectional overrides, lone
    surrogates and what else is not printable become escapes that can be seen, like \\x1b.
    """
    if text.isprintable():
        return text
    folded = text.replace("\r\n", " ").translate(_SPACES)
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in folded)


_SPACES = str.maketrans("\r\n\t", "   ")
