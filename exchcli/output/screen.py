"""What a table is drawn on: how wide it is, which signs and colours it can take."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from io import StringIO
from typing import TextIO

from rich.box import SIMPLE_HEAD, Box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from exchcli.output.stream import encodable, encoding_of, is_terminal, takes_unicode
from exchcli.output.text import printable

# Never a str: of that rich would interpret markup, emoji names and numbers.
Block = Text | Table

_USUAL_WIDTH = 80
_BLANK_ENDS = re.compile(r"(?: |\x1b\[\d+m +\x1b\[0m)+$", re.MULTILINE)


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
        self.box = SIMPLE_HEAD if fine else Box(str(SIMPLE_HEAD).replace("─", "-"), ascii=True)
        self.nothing = "–" if fine else "-"
        self.ellipsis = "…" if fine else "~"
        self.dot = "·" if fine else "-"

    def safe(self, text: str) -> str:
        """Text from outside as it may be shown here."""
        return encodable(printable(text), self._encoding)

    def render(self, blocks: Iterable[Block]) -> str:
        """The blocks below each other, with an empty line between them."""
        drawn = StringIO()
        console = Console(
            file=drawn,
            # Rich would cut what is too wide; what fits was decided before.
            width=sys.maxsize,
            force_terminal=False,
            color_system="standard" if self._coloured else None,
        )
        for number, block in enumerate(blocks):
            if number:
                console.line()
            console.print(block, soft_wrap=True)
        return _BLANK_ENDS.sub("", drawn.getvalue())


def _width(stream: TextIO | None) -> int:
    asked = os.environ.get("COLUMNS", "")
    if asked.isascii() and asked.isdigit() and len(asked) < 6 and int(asked):
        return int(asked)
    try:
        # A terminal that does not know its size says 0.
        columns = os.get_terminal_size(stream.fileno()).columns if stream else 0
        return columns or _USUAL_WIDTH
    except (OSError, ValueError):
        return _USUAL_WIDTH
