"""What a table is drawn on: how wide it is, which signs and colours it can take.

Drawn by hand and not with rich, for two reasons: importing rich costs 30 to 50 ms, half as
much again as the whole command, and it crops a cell that is too wide, which here would be
the digits of an amount.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Literal, TextIO
from unicodedata import combining, east_asian_width

from exchcli.output.stream import encodable, encoding_of, is_terminal, takes_unicode
from exchcli.output.text import printable

# Named for what they mean. Only what is legible on a dark and on a light background.
Style = Literal["", "strong", "faint", "up", "down"]
_CODES = {"strong": "1", "faint": "2", "up": "32", "down": "31"}
Part = tuple[str, Style]

_USUAL_WIDTH = 80


class Screen:
    """A stream as something to draw on. `width` is asked of the terminal unless given."""

    def __init__(self, stream: TextIO | None, width: int | None = None) -> None:
        self.width = width or _width(stream)
        self._encoding = encoding_of(stream)
        self._coloured = (
            is_terminal(stream)
            and not os.environ.get("NO_COLOR")
            and os.environ.get("TERM") != "dumb"
        )
        fine = takes_unicode(stream)
        self.rule = "─" if fine else "-"
        self.nothing = "–" if fine else "-"
        self.ellipsis = "…" if fine else "~"
        self.dot = "·" if fine else "-"

    def paint(self, text: str, style: Style) -> str:
        if not style or not text or not self._coloured:
            return text
        return f"\x1b[{_CODES[style]}m{text}\x1b[0m"

    def safe(self, text: str) -> str:
        """Text from outside as it may be shown here."""
        return encodable(printable(text), self._encoding)

    def shortened(self, text: str, limit: int) -> str:
        """Text of at most `limit` columns, ending in an ellipsis when it was cut."""
        if columns(text) <= limit:
            return text
        while columns(text) > limit - 1:
            text = text[:-1]
        return text.rstrip() + self.ellipsis

    def flowing(self, parts: Sequence[Part], between: str) -> list[str]:
        """The parts one after the other, on as many lines as they need; none is cut."""
        lines: list[str] = []
        room = 0
        for text, style in parts:
            room -= columns(between + text)
            if lines and room >= 0:
                lines[-1] += self.paint(between, "faint") + self.paint(text, style)
            else:
                lines.append(self.paint(text, style))
                room = self.width - columns(text)
        return lines


def columns(text: str) -> int:
    """How many columns of a terminal the text takes."""
    if text.isascii():
        return len(text)
    return sum(_columns_of(character) for character in text)


def padded(text: str, width: int, *, right: bool = False) -> str:
    space = " " * (width - columns(text))
    return space + text if right else text + space


def _columns_of(character: str) -> int:
    if combining(character):
        return 0
    return 2 if east_asian_width(character) in "WF" else 1


def _width(stream: TextIO | None) -> int:
    asked = os.environ.get("COLUMNS", "")
    if asked.isascii() and asked.isdigit() and int(asked):
        return int(asked)
    try:
        # A terminal that does not know its size says 0.
        return os.get_terminal_size(stream.fileno()).columns if stream else _USUAL_WIDTH
    except (OSError, ValueError):
        return _USUAL_WIDTH
