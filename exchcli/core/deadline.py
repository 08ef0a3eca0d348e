"""One number of seconds for everything that a command asks of an exchange."""

from __future__ import annotations

import time

from exchcli.errors import NoAnswer


class Deadline:
    """Starts with the first request; every wait of the command gets what is left of it."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end: float | None = None

    def remaining(self) -> float:
        """Seconds that are left; 0 or less when the time is up."""
        now = time.monotonic()
        if self._end is None:
            self._end = now + self.seconds
        return self._end - now

    def left(self) -> float:
        """Seconds that are left, above 0. Raises NoAnswer when none are."""
        left = self.remaining()
        if left <= 0:
            raise self.passed()
        return left

    def passed(self) -> NoAnswer:
        return NoAnswer(f"no complete answer within {self.seconds:g} s")
