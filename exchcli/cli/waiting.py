"""One line about a wait: a countdown for a person at a terminal, a plain line for -v elsewhere."""

from __future__ import annotations

import os
import threading
import time
from typing import TextIO

from exchcli.output import printable

SHORTEST = 0.5  # seconds; nothing is said of a shorter wait


class Countdown:
    """Called with the seconds that are left and the reason, again and again, and with 0 when
    the wait is over. Several threads may wait at once: what is told is the longest wait.
    """

    def __init__(self, stderr: TextIO | None, verbose: bool) -> None:
        self._stderr = stderr
        self._terminal = stderr is not None and stderr.isatty()
        self._verbose = verbose
        self._lock = threading.Lock()
        self._ends: dict[int, float] = {}
        self._told = ""

    def __call__(self, seconds: float, why: str) -> None:
        with self._lock:
            now = time.monotonic()
            if seconds > 0:
                self._ends[threading.get_ident()] = now + seconds
            else:
                self._ends.pop(threading.get_ident(), None)
            if not self._ends:
                self._clear()
                return
            left = max(self._ends.values()) - now
            if self._told or left >= SHORTEST:
                self._tell(f"exch: waiting {max(1, round(left))} s (Ctrl-C stops): {why}")

    def _tell(self, line: str) -> None:
        if self._terminal:  # what does not fit is the end of the reason, never the seconds
            wide = printable(line)[: self._width() - 1]
            self._write("\r" + wide.ljust(len(self._told)))
            self._told = wide
        elif self._verbose and not self._told:
            self._told = printable(line)
            self._write(self._told + "\n")

    def _clear(self) -> None:
        if self._terminal and self._told:
            self._write("\r" + " " * len(self._told) + "\r")
        self._told = ""

    def _width(self) -> int:
        assert self._stderr is not None
        try:
            return os.get_terminal_size(self._stderr.fileno()).columns or 80
        except (OSError, ValueError):
            return 80

    def _write(self, text: str) -> None:
        if self._stderr is not None:
            try:
                self._stderr.write(text)
                self._stderr.flush()
            except (OSError, ValueError):
                self._stderr = None  # nobody looks any more
                self._terminal = False
