"""What an exchange's clock says now, from what it has said before.

`/time` tells whole seconds, so a sample bounds the offset between both clocks instead of
telling it: asked at t0 and answered s at t1, it lies between s - t1 and s + 1 - t0. Up to three
samples are intersected, and requests are stamped with the lower bound. So a stamp is never
ahead of the exchange, and late by little more than the way there and the second that was cut
off. The bounds are of the steady clock (see machine.py): setting the wall clock moves nothing.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from exchcli import names
from exchcli.core.machine import SECOND, Reading, read, same_boot
from exchcli.errors import StateError
from exchcli.state import write_atomically

SAMPLES = 3
GOOD = 2 * SECOND  # bounds this far apart need no further sample
KEPT = 3600 * SECOND
STEPPED = SECOND // 2  # both clocks apart by more than this: one of them was set
# Nanoseconds that two clocks may drift apart in a second: 250 ppm, five times a usual quartz.
DRIFT = 250_000
_VERSION = 1

# One sample: the steady clock before and after, and what the exchange said between, in seconds.
Sample = tuple[int, int, int]


class Bounds(NamedTuple):
    """How far the exchange's clock is ahead of the steady one, in nanoseconds; as of `at`."""

    lower: int
    upper: int
    at: Reading

    def with_sample(self, sample: Sample) -> Bounds:
        """The bounds that both allow; where they exclude each other, all that either allows.

        That happens where several servers answer, whose clocks differ.
        """
        other = bounds_of(sample, self.at)
        lower, upper = max(self.lower, other.lower), min(self.upper, other.upper)
        if lower > upper:
            lower, upper = min(self.lower, other.lower), max(self.upper, other.upper)
        return Bounds(lower, upper, self.at)

    def earliest(self, now: Reading) -> int:
        """The time that the exchange's clock has reached for certain, in nanoseconds."""
        return now.steady + self.lower - self._drift(now)

    def latest(self, now: Reading) -> int:
        """The time that it has certainly not passed, in nanoseconds."""
        return now.steady + self.upper + self._drift(now)

    def _drift(self, now: Reading) -> int:
        return (now.steady - self.at.steady) * DRIFT // SECOND


def bounds_of(sample: Sample, at: Reading) -> Bounds:
    before, told, after = sample
    return Bounds(told * SECOND - after, (told + 1) * SECOND - before, at)


class Stamp(NamedTuple):
    """The seconds that a request is stamped with, and what they were worked out from."""

    seconds: int
    bounds: Bounds
    when: Reading


class Clock:
    """The clock of one exchange at one URL. `fetch` takes one sample. Threads take turns.

    Without a folder nothing is cached.
    """

    def __init__(
        self,
        state: Path | None,
        exchange: str,
        url: str,
        *,
        clock: Callable[[], Reading] = read,
        trace: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self._url = url
        self._clock = clock
        self._trace = trace
        self._bounds: Bounds | None = None
        self._lock = threading.Lock()
        self._file: Path | None = None
        if state is not None:
            symbols = Path(names.cache_path(state, exchange, url, ".json"))
            self._file = state / "clock" / symbols.name

    def prepare(self, fetch: Callable[[], Sample]) -> None:
        """Makes sure that `stamp` has bounds: of this command, of the cache, or fetched."""
        with self._lock:
            self._bounds = self._bounds or self._cached()
            if self._bounds is None:
                self._renew(fetch)

    def known(self) -> int | None:
        """The seconds that the exchange's clock most likely shows; None where it was not asked."""
        with self._lock:
            bounds = self._bounds = self._bounds or self._cached()
        if bounds is None:
            return None
        now = self._clock()
        return (bounds.earliest(now) + bounds.latest(now)) // (2 * SECOND)

    def stamp(self) -> Stamp:
        """The exchange's time, for a request that is sent now."""
        bounds, now = self._bounds, self._clock()
        assert bounds is not None, "the bounds are fetched before anything is stamped"
        return Stamp(bounds.earliest(now) // SECOND, bounds, now)

    def corrected(self, refused: Stamp, fetch: Callable[[], Sample]) -> bool:
        """Fetches the bounds anew; whether the refused stamp was wrong by them."""
        with self._lock:
            if self._bounds is refused.bounds:  # else another thread has done it
                self._renew(fetch)
            assert self._bounds is not None
            earliest = self._bounds.earliest(refused.when) // SECOND - 1
            latest = self._bounds.latest(refused.when) // SECOND + 1
            return not earliest <= refused.seconds <= latest

    def measured(self, fetch: Callable[[], Sample]) -> Bounds:
        """Fresh bounds; they take the place of the cached ones."""
        with self._lock:
            return self._renew(fetch)

    def _renew(self, fetch: Callable[[], Sample]) -> Bounds:
        bounds = bounds_of(fetch(), self._clock())
        for _ in range(SAMPLES - 1):
            if bounds.upper - bounds.lower <= GOOD:
                break
            bounds = bounds.with_sample(fetch())
        self._bounds = bounds
        self._keep(bounds)
        return bounds

    def now(self) -> Reading:
        return self._clock()

    def _cached(self) -> Bounds | None:
        """The bounds of another command, if they still hold. Never raises."""
        data = None if self._file is None else names.read_plain_file(os.fspath(self._file), 4096)
        if data is None:
            return None
        try:
            kept = json.loads(data)
            if (kept["version"], kept["url"]) != (_VERSION, self._url):
                return None
            numbers = [kept[name] for name in ("lower", "upper", "steady", "wall")]
            if any(type(number) is not int for number in numbers):
                return None
            lower, upper, steady, wall = numbers
            bounds = Bounds(lower, upper, Reading(kept["boot"], steady, wall))
        except (ValueError, TypeError, KeyError, RecursionError):
            return None
        return bounds if _holds(bounds, self._clock()) else None

    def _keep(self, bounds: Bounds) -> None:
        if self._file is None:
            return
        content = {"version": _VERSION, "url": self._url, "lower": bounds.lower,
                   "upper": bounds.upper, **bounds.at._asdict()}  # fmt: skip
        try:
            write_atomically(self._file, json.dumps(content).encode())
        except StateError as error:
            self._trace(f"{error.message} The exchange's time is asked for again next time.")


def _holds(bounds: Bounds, now: Reading) -> bool:
    """Whether both clocks have run on evenly since, and not for too long."""
    then = bounds.at
    if not same_boot(then, now) or bounds.lower > bounds.upper:
        return False
    steady, wall = now.steady - then.steady, now.wall - then.wall
    return steady <= KEPT and abs(wall - steady) <= STEPPED
