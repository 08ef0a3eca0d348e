"""Orders that happen exactly once, while everything goes wrong: `exch` itself, as processes.

    python tests/torture/orders.py [--seconds N] [--seed S] [--mutant NAME | --mutants]

A real `exch sandbox serve` with faults; ten homes with two accounts at both exchanges; on each,
runs of `order buy|sell|batch --once KEY --yes --json`, several at a time. They are killed with
-9 at random moments and just as they send, stopped and let go on, interrupted, run twice at the
same moment, given a wall clock that is set by seconds or by a day, and a disk that is full (a
limit to the size of files). Requests are lost before or after they are executed, answered late
or with nonsense, executed late, refused; new orders are late in lists, and another client of
the same accounts places orders meanwhile, some hundreds at once, so that pages shift. Then all
that is calm, every key is run until it is settled, and settled ones once more.

The judge is the exchange's own store: each key has amounts that no other has but its twin. It
demands no second order of a key, no exit 0 with an id that is not this key's order, and no exit
4, 6 or 10 while there is one. With --mutant the processes make that mistake of the protocol,
and then the judge has to find something: see tests/support/mutants.py. The same seed gives the
same keys, faults and blows, though not the same moments: those are the machine's.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from random import Random
from statistics import median
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

import httpx
from bare import Bare
from judging import Verdict, judged
from sandbox_process import Server, served
from storm import BROKEN, Lane, Storm
from wanted import OTHERS, Wishes

HOMES = 10
WINDOW, SETTLE_DELAY = 3, 1  # seconds
CALM = 40.0  # seconds at the end in which every key has to be settled; more if there are many
# Of each currency, in each account: more than all orders of the longest run can hold, so that none
# is refused for want of it.
FUNDS = "1000000000"
CONFIGURED = f"""
[dgt]
window = {WINDOW}
settle_delay = {SETTLE_DELAY}
limits = {{ public = "99999/60s", private = "99999/60s" }}

[dfx]
window = {WINDOW}
settle_delay = {SETTLE_DELAY}
limits = {{ weight = "99999/60s" }}
"""
# Each plan is followed for a while: faults, and which requests they befall. A request meets
# one fault at most, and a lag besides, which must be shorter than `settle_delay`.
ORDERS = (
    "lost-before=0.06", "drop-reply=0.15", "delay=0.04:2", "late=0.24:1", "error-500=0.05",
    "error-502=0.03", "error-500-after=0.1", "truncate=0.07", "stale=0.02", "lag=0.4:0.8",
    "html=0.03", "redirect=0.02",
)  # fmt: skip
PLANS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (ORDERS, ("POST",)),
    (("late=0.4:0.7", "late=0.2:1.6", "drop-reply=0.2", "late=0.1:5", "lag=0.5:0.9"), ("POST",)),
    (tuple(f"{each.split('=')[0]}=0.03" for each in ORDERS if "lag" not in each), ()),
    (("limited=0.1:1", "error-500-after=0.3", "late=0.4:1"), ("/private/offers/",)),
    ((), ()),
)
PLAN_SECONDS = 4


def main(arguments: Sequence[str] | None = None) -> int:
    reads = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    reads.add_argument("--seconds", type=float, default=120.0)
    reads.add_argument("--seed", type=int, default=1)
    reads.add_argument("--mutant")
    reads.add_argument("--mutants", action="store_true", help="each of them in turn, and caught")
    reads.add_argument("--verbose", action="store_true", help="a line for every run")
    asked = reads.parse_args(arguments)
    if asked.mutants:
        return all_mutants(asked.seconds, asked.seed)
    good = torture(asked.seconds, asked.seed, asked.mutant, asked.verbose).good
    print("passed" if good else "FAILED")
    return 0 if good else 1


def all_mutants(seconds: float, seed: int) -> int:
    from mutants import MUTANTS

    survived = []
    for name in MUTANTS:
        print(f"--- {name}", flush=True)
        if not any(torture(seconds, seed, name).verdict):
            survived.append(name)
    print(f"not caught: {', '.join(survived)}" if survived else "each of them caught")
    return 1 if survived else 0


class Found(NamedTuple):
    """What the judge found, and whether all else was as it should be too."""

    verdict: Verdict
    good: bool


def torture(seconds: float, seed: int, mutant: str | None = None, verbose: bool = False) -> Found:
    random = Random(seed)
    with tempfile.TemporaryDirectory(prefix="exch-torture-") as name:
        folder = Path(name)
        window = str(WINDOW)
        with served(folder / "server", "--no-limits", "--window", window) as server:
            storm = Storm(
                Wishes(folder, random), lanes(server, folder), random, mutant, verbose=verbose
            )
            faults = weather(server, storm, seconds, seed)
            orders = [(each, order) for each in ("dgt", "dfx") for order in server.orders(each)]
            verdict = judged(storm.keys, storm.runs, orders)
            return Found(verdict, report(storm, verdict, faults))


def lanes(server: Server, folder: Path) -> list[Lane]:
    """Homes with funds and a configuration, and a lane of each at both exchanges."""
    for account in (0, 1):
        for exchange, currency in (
            ("dgt", "BTC"), ("dgt", "PLN"), ("dfx", "USDT"), ("dfx", "BTC"), ("dfx", "ETH"),
            ("dfx", "LTC"),
        ):  # fmt: skip
            server.fund(exchange, currency, FUNDS, account)
    made = []
    for number in range(HOMES):
        home = folder / f"home-{number}"
        home.mkdir()
        (home / "config.toml").write_text(CONFIGURED)
        env = server.environment(home, number % 2)
        made += [Lane(exchange, env) for exchange in ("dgt", "dfx")]
    return made


def weather(server: Server, storm: Storm, seconds: float, seed: int) -> Counter[str]:
    """The storm and the calm after it; the faults that happened, by kind."""
    faults: Counter[str] = Counter()
    ended = threading.Event()
    other = threading.Thread(target=others, args=(server, ended, seconds))
    other.start()
    began, following = time.monotonic(), -1
    try:
        while (passed := time.monotonic() - began) < seconds:
            if (number := int(passed / PLAN_SECONDS)) != following:
                following = number
                plan, only = PLANS[number % len(PLANS)]
                faults += Counter(server.asks("faults")["happened"])
                server.faults(*plan, only=only, seed=seed + number)
            storm.turn()
            time.sleep(0.005)
        faults += Counter(server.asks("faults")["happened"])
        server.faults()
    finally:
        ended.set()
        other.join()
    calm_down(storm)
    return faults


def calm_down(storm: Storm) -> None:
    """Every key until it is settled, and settled ones once more."""
    storm.calm = True
    for again in (False, True):
        if again:
            storm.again()
        end = time.monotonic() + CALM + len(storm.keys) / 2
        while storm.busy() and time.monotonic() < end:
            storm.turn()
            time.sleep(0.005)


def others(server: Server, ended: threading.Event, seconds: float) -> None:
    """Another client of the same accounts: an order now and then, and hundreds at one time."""
    number = 0
    made = [
        (exchange, Bare(exchange, server.told[exchange]["url"], account))
        for exchange in ("dgt", "dfx")
        for account in server.told[exchange]["accounts"]
    ]
    bursts = [seconds * 0.3, seconds * 0.6]
    began = time.monotonic()
    while not ended.wait(0.3):
        burst = bool(bursts) and time.monotonic() - began > bursts[0]
        if burst:
            bursts.pop(0)
        for exchange, client in made:
            # DigiFinex's lists cannot tell more than a hundred of one second.
            for _ in range(1 if not burst else 300 if exchange == "dgt" else 120):
                number += 1
                # On a pair of its own at DigiFinex, which bans from a pair where nothing fills.
                symbol, price = ("BTCPLN", "90.00") if exchange == "dgt" else ("XRP_USDT", "0.10")
                amount = OTHERS + number % 5000 / Decimal(100)
                with suppress(httpx.HTTPError, KeyError, ValueError):
                    client.order(symbol, "buy", f"{amount:.2f}", price)
                if burst and ended.wait(0.03 if exchange == "dfx" else 0):
                    break
    for _, client in made:
        client.close()


def report(storm: Storm, verdict: Verdict, faults: Counter[str]) -> bool:
    runs = [ran for each in storm.runs.values() for ran in each]
    codes = Counter("killed" if ran.code < 0 else str(ran.code) for ran in runs)
    needed = sorted(_needed(storm, key.key) for key in storm.keys)
    placed = sum(any(ran.code == 0 for ran in storm.runs[key.key]) for key in storm.keys)
    unsettled = [key.key for key in storm.keys
                 if not any(ran.code in (0, 4, 8, 10) for ran in storm.runs[key.key])]  # fmt: skip
    broken = [f"{key}: {ran.code} {ran.err[-400:]}" for key, each in storm.runs.items()
              for ran in each if ran.code in BROKEN and not ran.began_to_fail()]  # fmt: skip
    firsts = (next((ran for ran in each if ran.code == 0), None) for each in storm.runs.values())
    asked = [ran.requests for ran in firsts if ran is not None]
    print(f"{len(runs)} runs of {len(storm.keys)} keys: {_listed(codes)}")
    print(f"kinds: {_listed(Counter(key.kind for key in storm.keys))}")
    print(f"blows: {_listed(storm.blows)}")
    print(f"faults: {_listed(faults)}")
    for name, wrong in verdict._asdict().items():
        print(f"{name.replace('_', ' ')}: {len(wrong)}")
        for line in wrong[:5]:
            print(f"    {line[:1000]}")
    print(f"unknown: {codes['7'] / max(1, len(runs)):.1%} of the runs, "
          f"{len(unsettled)} keys to the end {' '.join(unsettled[:10])}")  # fmt: skip
    if needed:
        print(f"runs to settle a key: median {median(needed):g}, "
              f"99 % {needed[int(len(needed) * 0.99)]}, most {needed[-1]}")  # fmt: skip
        print(f"requests: {sum(ran.requests for ran in runs) / max(1, placed):.1f} for an order "
              f"placed, median {median(asked or [0]):g} of the run that placed it")  # fmt: skip
    for line in (*broken[:5], *storm.stuck[:5]):
        print(f"    {line}")
    print(f"runs that ended as no run should: {len(broken)}; stuck: {len(storm.stuck)}")
    return not (any(verdict) or broken or storm.stuck or len(unsettled) > len(storm.keys) // 50)


def _needed(storm: Storm, key: str) -> int:
    """How many runs it took until one was settled."""
    runs = storm.runs[key]
    ends = (number for number, ran in enumerate(runs, 1) if ran.code in (0, 4, 10))
    return next(ends, len(runs))


def _listed(counted: Counter[str]) -> str:
    return ", ".join(f"{name} {number}" for name, number in counted.most_common()) or "none"


if __name__ == "__main__":
    sys.exit(main())
