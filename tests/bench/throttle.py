"""What one reservation of the throttle takes: `python tests/bench/throttle.py [SECONDS]`.

Alone, with eight processes that do nothing else, and with eight that pause as commands do. The
first reservation of a process, which opens the file, is measured apart. Exit code 1 if the
median with eight processes is not under a millisecond.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import sys
import tempfile
import time
from pathlib import Path

from exchcli.config import Limit
from exchcli.core.throttle import Call, Throttle

LIMITS = {"public": Limit(999_999, 60)}
CALL = Call("public", ("public",))
MOST = 0.001  # seconds


def reserve(folder: Path, end: float, pause: float, figures: multiprocessing.Queue[str]) -> None:
    """Reserves until the end, and answers first, median, 99th percentile and count."""
    throttle = Throttle(folder, "dgt", "Dgtmarket", "https://measured.invalid", LIMITS)
    taken = []
    while time.monotonic() < end:
        started = time.perf_counter()
        throttle.reserve(CALL)
        taken.append(time.perf_counter() - started)
        if pause:
            time.sleep(pause)
    throttle.close()
    first, *others = taken
    others.sort()
    spread = (first, statistics.median(others), others[int(len(others) * 0.99)], len(taken))
    figures.put(" ".join(map(str, spread)))


def measured(processes: int, seconds: float, pause: float = 0) -> float:
    """Prints one line; the median of the process that was slowest."""
    spawning = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        figures = spawning.Queue()
        end = time.monotonic() + seconds + 0.5
        running = [
            spawning.Process(target=reserve, args=(Path(folder), end, pause, figures))
            for _ in range(processes)
        ]
        for process in running:
            process.start()
        spreads = [[float(part) for part in figures.get().split()] for _ in running]
        for process in running:
            process.join()
    first, median, late, _ = (max(column) for column in zip(*spreads, strict=True))
    count = int(sum(spread[3] for spread in spreads))
    what = f"{processes} process{'es' if processes > 1 else ''}"
    what += f", {1000 * pause:g} ms apart" if pause else ", hammering"
    print(
        f"{what:32}first {1000 * first:6.2f} ms   median {1000 * median:6.3f} ms   "
        f"99 % {1000 * late:7.3f} ms   {count} reservations"
    )
    return median


def main() -> int:
    reads = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    reads.add_argument("seconds", nargs="?", type=float, default=3, help="for each part [3]")
    seconds = reads.parse_args().seconds
    measured(1, seconds)
    slowest = max(measured(8, seconds), measured(8, seconds, pause=0.01))
    print(f"under {1000 * MOST:g} ms with 8 processes: {'kept' if slowest < MOST else 'MISSED'}")
    return 0 if slowest < MOST else 1


if __name__ == "__main__":
    sys.exit(main())
