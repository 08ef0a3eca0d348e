"""Eight processes hammer one throttle, some are killed, and a judge counts what was granted.

    python tests/torture/throttle.py [SECONDS]

Each process writes down the moment at which each of its calls was granted, and sees a wall
clock that jumps at every look. The judge reads only those moments. It demands that no window
ever holds more than the limit, that (after the first burst, which is for whoever comes first)
nobody got less than half of what another got, and that the processes that were killed with -9,
in a transaction or with a ticket in hand, left nothing stuck. Without arguments it takes a
minute.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from exchcli.config import Limit
from exchcli.core.machine import SECOND, Reading, read
from exchcli.core.throttle import Call, Throttle

if TYPE_CHECKING:
    from multiprocessing.synchronize import Barrier

PROCESSES = 8
LIMIT = Limit(50, 1)  # of which 40 are for calls that settle nothing
ORDINARY = 40
CALL = Call("public", ("public",))


class Verdict(NamedTuple):
    """What the judge found."""

    granted: int
    most_in_a_window: int
    shares: list[int]
    killed: int
    longest_pause: float  # seconds in which nobody was granted anything

    @property
    def good(self) -> bool:
        return (
            self.most_in_a_window <= ORDINARY
            and min(self.shares) * 2 >= max(self.shares)
            and self.longest_pause < 2 * (LIMIT.window_seconds + 0.5) + 4
        )


def jumping() -> Reading:
    """The machine's clocks, with a wall clock that jumps."""
    reading = read()
    return reading._replace(wall=reading.wall + random.choice((0, 3, -60, 86400)) * SECOND)


def hammer(folder: Path, name: str, end: float, start: Barrier | None = None) -> None:
    """Calls as fast as it may until the end, and writes each grant's moment to a file."""
    if start is not None:
        start.wait(30)
    throttle = Throttle(
        folder, "dgt", "Dgtmarket", "https://hammered.invalid", {"public": LIMIT}, clock=jumping
    )
    with (folder / f"{name}.grants").open("a") as file:
        while time.monotonic() < end:
            throttle.reserve(CALL)
            file.write(f"{read().steady}\n")
            file.flush()
    throttle.close()


def torture(folder: Path, seconds: float) -> Verdict:
    """Runs the processes for so long; what the judge found."""
    spawning = multiprocessing.get_context("spawn")
    start = spawning.Barrier(PROCESSES + 1)
    end = time.monotonic() + seconds + 2  # the processes take so long to start
    steady = [
        spawning.Process(target=hammer, args=(folder, f"steady-{number}", end, start))
        for number in range(PROCESSES)
    ]
    for process in steady:
        process.start()
    start.wait(30)
    killed = 0
    while time.monotonic() < end - 1:
        victim = spawning.Process(target=hammer, args=(folder, f"victim-{killed}", end + 60))
        victim.start()
        victim.join(random.uniform(0.5, 1.5))
        victim.kill()
        victim.join()
        killed += 1
    for process in steady:
        process.join(30)
        assert process.exitcode == 0, "a process is stuck or failed"
    return judged(folder, killed)


def judged(folder: Path, killed: int) -> Verdict:
    grants = {
        file.name: [int(line) for line in file.read_text().split("\n")[:-1]]
        for file in folder.glob("*.grants")
    }
    moments = sorted(moment for each in grants.values() for moment in each)
    most, first = 0, 0
    for last, moment in enumerate(moments):
        while moments[first] <= moment - LIMIT.window_seconds * SECOND:
            first += 1
        most = max(most, last - first + 1)
    pauses = [after - before for before, after in pairwise(moments)]
    burst = moments[0] + (LIMIT.window_seconds * SECOND)
    shares = sorted(
        sum(moment > burst for moment in each)
        for name, each in grants.items()
        if name.startswith("steady")
    )
    return Verdict(len(moments), most, shares, killed, max(pauses) / SECOND)


def main() -> int:
    reads = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    reads.add_argument("seconds", nargs="?", type=float, default=60, help="in all [60]")
    seconds = reads.parse_args().seconds
    with tempfile.TemporaryDirectory() as name:
        verdict = torture(Path(name), seconds)
    print(f"{verdict.granted} calls granted in {seconds:g} s, {verdict.killed} processes killed")
    print(f"most in any {LIMIT.window_seconds} s: {verdict.most_in_a_window} of {ORDINARY}")
    print(f"shares of the {PROCESSES} that lived: {verdict.shares}")
    print(f"longest time without a grant: {verdict.longest_pause:.2f} s")
    print("passed" if verdict.good else "FAILED")
    return 0 if verdict.good else 1


if __name__ == "__main__":
    sys.exit(main())
