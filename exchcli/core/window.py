"""How late a signed request may arrive: measured with reads that are stamped late on purpose.

Neither exchange documents it for certain, and whether an order that was sent can still be
accepted depends on it. What was measured is kept in the state folder, by exchange and URL.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

from exchcli import names
from exchcli.core.clock import Clock, Stamp
from exchcli.core.machine import SECOND
from exchcli.state import write_atomically

LONGEST = 120  # seconds; an exchange that takes this has no window that one could wait for
_VERSION = 1


class LateClock(Clock):
    """Stamps requests `late` seconds late, seen from the latest that the exchange's clock can
    show; and does not believe that a refusal is the clock's fault."""

    late: int | None = None

    def stamp(self) -> Stamp:
        right = super().stamp()
        if self.late is None:
            return right
        latest = -(-right.bounds.latest(right.when) // SECOND)
        return right._replace(seconds=latest - self.late)

    def corrected(self, *_refused: object) -> bool:
        return False


def measured(accepts: Callable[[int], tuple[bool, int]]) -> int | None:
    """The seconds after which a stamp is surely refused, rounded up; None beyond 120.

    `accepts` sends one read that is so many seconds late; it answers whether that was accepted,
    and the nanoseconds that it was on its way. A stamp's lateness is known to that time, which
    is added.
    """
    slowest = 0

    def accepted(late: int) -> bool:
        nonlocal slowest
        answer, took = accepts(late)
        slowest = max(slowest, took)
        return answer

    if accepted(LONGEST):
        return None
    taken, refused = 0, LONGEST
    while refused - taken > 1:
        middle = (taken + refused) // 2
        if accepted(middle):
            taken = middle
        else:
            refused = middle
    return refused + -(-slowest // SECOND)


def keep(state: Path, exchange: str, url: str, seconds: int) -> None:
    """Writes down what was measured. Raises StateError."""
    content = {"version": _VERSION, "url": url, "seconds": seconds, "measured": int(time.time())}
    write_atomically(_file(state, exchange, url), json.dumps(content).encode())


def kept(state: Path, exchange: str, url: str) -> int | None:
    """The window that was measured, in seconds; None if none was. Never raises."""
    data = names.read_plain_file(os.fspath(_file(state, exchange, url)), 4096)
    try:
        content = json.loads(data or b"")
        seconds = content["seconds"]
        known = (content["version"], content["url"]) == (_VERSION, url)
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return seconds if known and type(seconds) is int and 0 < seconds <= 2 * LONGEST else None


def _file(state: Path, exchange: str, url: str) -> Path:
    symbols = Path(names.cache_path(state, exchange, url, ".json"))
    return state / "window" / symbols.name
