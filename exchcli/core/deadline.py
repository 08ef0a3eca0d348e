"""One number of seconds for everything that a command asks of an exchange."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from exchcli.errors import NoAnswer


class Deadline:
    """Starts with the first request; every wait of the command gets what is left of it."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end: float | None = None
        self._lock = threading.Lock()
        self._pausing = 0
        self._paused_at = 0.0

    def remaining(self) -> float:
        """Seconds that are left; 0 or less when the time is up."""
        with self._lock:
            now = self._paused_at if self._pausing else time.monotonic()
            if self._end is None:
                self._end = now + self.seconds
            return self._end - now

    def left(self) -> float:
        """Seconds that are left, above 0. Raises NoAnswer when none are."""
        left = self.remaining()
        if left <= 0:
            raise self.passed()
        return left

    @contextmanager
    def paused(self) -> Iterator[None]:
        """What is waited for inside is not the exchange, and takes nothing of its time.

        Where several threads wait at once, the time that passes is counted once.
        """
        with self._lock:
            if not self._pausing:
                self._paused_at = time.monotonic()
            self._pausing += 1
        try:
            yield
        finally:
            with self._lock:
                self._pausing -= 1
                if not self._pausing and self._end is not None:
                    self._end += time.monotonic() - self._paused_at

    def passed(self) -> NoAnswer:
        return NoAnswer(f"no complete answer within {self.seconds:g} s")
