"""Time that passes when it is told to: importing this begins it, for a process and its forks.

To be imported before anything keeps a function of `time` of its own.
"""

from __future__ import annotations

import datetime
import threading
import time
from typing import Any

SECOND = 1_000_000_000


class Virtual:
    """`ns` is the wall clock in nanoseconds since the epoch. The steady one goes as fast."""

    def __init__(self) -> None:
        self.ns = time.time_ns()

    def begin(self) -> None:
        """Puts this clock in the place of the machine's. Whoever sleeps lets time pass."""
        time.time_ns = lambda: self.ns
        time.time = lambda: self.ns / SECOND
        time.monotonic_ns = lambda: self.ns
        time.monotonic = lambda: self.ns / SECOND
        time.clock_gettime_ns = lambda _clock: self.ns
        time.sleep = self.sleep
        threading.Event = self._event()  # type: ignore[misc,assignment]
        moment = datetime.datetime

        class Either(type):
            def __instancecheck__(cls, value: object) -> bool:
                return isinstance(value, moment)

        class Told(moment, metaclass=Either):
            @classmethod
            def now(cls, tz: Any = None) -> Any:
                return moment.fromtimestamp(time.time(), tz)

        datetime.datetime = Told  # type: ignore[misc]

    def _event(self) -> type[threading.Event]:
        passes = self.sleep

        class Event(threading.Event):
            """Whoever waits for one for a while lets time pass, since nobody else is there."""

            def wait(self, timeout: float | None = None) -> bool:
                if timeout is None:
                    return super().wait()
                if not self.is_set():
                    passes(timeout)
                return self.is_set()

        return Event

    def sleep(self, seconds: float) -> None:
        self.ns += int(seconds * SECOND)


CLOCK = Virtual()
CLOCK.begin()
