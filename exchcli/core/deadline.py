"""One number of seconds for everything that a command asks of an exchange."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from exchcli.errors import NoAnswer


class Deadline:
    """Every wait for the exchange gets what is left; waiting for one's turn takes nothing of it."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._lock = threading.Lock()
        self._spent = 0.0
        self._since = 0.0
        self._asking = 0

    def remaining(self) -> float:
        """Seconds that are left; 0 or less when the time is up."""
        with self._lock:
            running = time.monotonic() - self._since if self._asking else 0.0
            return self.seconds - self._spent - running

    def renew(self) -> None:
        """Begins anew, for what has to be found out after an order was sent."""
        with self._lock:
            self._spent = 0.0
            self._since = time.monotonic()

    def left(self) -> float:
        """Seconds that are left, above 0. Raises NoAnswer when none are."""
        left = self.remaining()
        if left <= 0:
            raise self.passed()
        return left

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Time passes inside. Of several threads that ask at once, it is counted once; one that
        waits for its turn meanwhile does not stop it.
        """
        with self._lock:
            if not self._asking:
                self._since = time.monotonic()
            self._asking += 1
        try:
            yield
        finally:
            with self._lock:
                self._asking -= 1
                if not self._asking:
                    self._spent += time.monotonic() - self._since

    def passed(self) -> NoAnswer:
        return NoAnswer(f"no complete answer within {self.seconds:g} s")
