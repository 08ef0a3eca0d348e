"""This machine's clocks: one that runs evenly since it was started, and one that people set.

What separate processes have to agree on is told by the steady one, so a wall clock that is set
forwards or back changes nothing. It only counts within one boot; across boots the wall clock
has to do.
"""

from __future__ import annotations

import time
from typing import NamedTuple

SECOND = 1_000_000_000  # nanoseconds, which is what both clocks are read in

_boot: str | None = None


class Reading(NamedTuple):
    """Both clocks at one moment. `boot` is empty where the system gives its boots no name."""

    boot: str
    steady: int
    wall: int


class Span(NamedTuple):
    """One request on its way: the clocks just before it was sent, and when its reply had come."""

    sent: Reading
    received: Reading

    @property
    def nanoseconds(self) -> int:
        return self.received.steady - self.sent.steady


def read() -> Reading:
    """Both clocks now. On Linux the steady one also counts the time that the machine slept."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        steady = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    else:
        steady = time.monotonic_ns()
    return Reading(_boot_id(), steady, time.time_ns())


def same_boot(then: Reading, now: Reading) -> bool:
    """Whether the steady clock can tell how far apart two readings are."""
    return then.boot == now.boot and then.steady <= now.steady


def elapsed(then: Reading, now: Reading) -> int:
    """Nanoseconds from one reading to a later one; never negative."""
    if same_boot(then, now):
        return now.steady - then.steady
    return max(0, now.wall - then.wall)


def _boot_id() -> str:
    global _boot
    if _boot is None:
        try:
            with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:  # noqa: PTH123
                _boot = file.read(64).strip()
        except (OSError, ValueError):
            _boot = ""
    return _boot
