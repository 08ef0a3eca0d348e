"""Worlds in virtual time, as many as one likes, and what the judge found in them.

    python tests/torture/worlds.py [WORLDS [SEED]]

50,000 worlds without arguments, which takes two to three minutes. Every fourth has strangers in it,
who place orders that look the same, and every fourth keys that spend money at a book that changes.
It prints the runs by their exit codes, the kills, what the sent calls met, and what went wrong; a
seed makes its world again.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from worlds import SPENDING, Temper, World

WORLDS = 50_000
TEMPERS = (Temper(strangers=0.03, gaps=False), Temper(), SPENDING, Temper())


def torture(worlds: int, first: int) -> int:
    """Runs the worlds from this seed on; how many of them went wrong."""
    exits: Counter[int] = Counter()
    wrongs: Counter[str] = Counter()
    runs = orders = bad = 0
    started = time.monotonic()
    for seed in range(first, first + worlds):
        world = World(seed, TEMPERS[seed % len(TEMPERS)])
        world.live()
        runs += world.runs
        orders += sum(order.key is not None for order in world.book)
        exits.update(ended.exit for ended in world.ended)
        found = world.wrongs()
        wrongs.update(wrong.partition(":")[0] for wrong in found)
        bad += bool(found)
        for wrong in found:
            print(f"world {seed}: {wrong}", flush=True)
    told = sum(exits.values())
    print(f"{worlds} worlds from seed {first} in {time.monotonic() - started:.0f} s")
    print(f"{runs} runs, {runs - told} killed, {orders} orders")
    print("exit codes:", ", ".join(f"{code}: {count}" for code, count in sorted(exits.items())))
    for kind in ("duplicate", "false placed", "false absent", "false refusal", "stuck"):
        print(f"{kind}: {wrongs[kind]}")
    return bad


if __name__ == "__main__":
    reads = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    reads.add_argument("worlds", nargs="?", type=int, default=WORLDS, help=f"[{WORLDS}]")
    reads.add_argument("seed", nargs="?", type=int, default=0, help="of the first one [0]")
    given = reads.parse_args()
    sys.exit(1 if torture(given.worlds, given.seed) else 0)
