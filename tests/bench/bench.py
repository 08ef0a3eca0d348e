"""Whole processes side by side in one run, medians: `python tests/bench/bench.py [ROUNDS]`.

Bare Python and a five-line httpx script are the yardsticks; the budgets are ratios to them
in the same run, since times alone say more about the machine. A server on loopback answers
what is not in the sandbox. Exit code 1 if a budget is missed.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

SUPPORT = Path(__file__).parents[1] / "support"
EXCH = str(Path(sys.executable).with_name("exch"))
FIVE_LINES = """import httpx
reply = httpx.get("{url}/api/public/ticker24/BTCPLN/")
reply.raise_for_status()
ticker = reply.json()
print(ticker["last"])
"""


class Measured(NamedTuple):
    """What one command took: seconds of every round, and its peak memory in MiB."""

    seconds: list[float]
    memory: float

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


class Budget(NamedTuple):
    what: str
    against: str
    most: Callable[[float], float]
    told: str


BUDGETS = [
    Budget("exch dgt ticker --json", "five-line httpx.get", lambda base: base, "1.00x"),
    Budget("exch dgt balances --json", "exch dgt ticker --json", lambda b: 1.25 * b, "1.25x"),
    Budget("exch --sandbox dgt ticker --json", "exch dgt ticker --json", lambda b: b, "1.00x"),
    Budget("exch --version", "python -c pass", lambda base: 2 * base, "2x"),
    Budget("TAB (a symbol)", "python -c pass", lambda base: base + 0.080, "+80 ms"),
    Budget("exch --help", "python -c pass", lambda base: 7 * base, "7x"),
    Budget("exch dfx candles --help", "python -c pass", lambda base: 7 * base, "7x"),
]
MOST_MEMORY = 60  # MiB


def commands(url: str, script: Path) -> dict[str, list[str]]:
    script.write_text(FIVE_LINES.format(url=url))
    return {
        "python -c pass": [sys.executable, "-c", "pass"],
        "five-line httpx.get": [sys.executable, str(script)],
        "exch dgt ticker --json": [EXCH, "dgt", "ticker", "btcpln", "--json"],
        "exch dgt balances --json": [EXCH, "dgt", "balances", "--json"],
        "exch --sandbox dgt ticker --json": [
            EXCH, "--sandbox", "dgt", "ticker", "btcpln", "--json",
        ],
        "exch --sandbox dfx candles --json": [
            EXCH, "--sandbox", "dfx", "candles", "btc_usdt", "--period", "1m", "--limit", "500",
            "--json",
        ],
        "exch --sandbox dgt ticker (table)": [
            EXCH, "--sandbox", "dgt", "ticker", "btcpln", "-o", "table",
        ],
        "exch --version": [EXCH, "--version"],
        "TAB (a symbol)": [EXCH, "__complete", "symbols", "dfx", "btc"],
        "exch --help": [EXCH, "--help"],
        "exch dfx candles --help": [EXCH, "dfx", "candles", "--help"],
    }  # fmt: skip


def measure(named: dict[str, list[str]], rounds: int, env: dict[str, str]) -> dict[str, Measured]:
    """Every command once a round, in turn, after one round that is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in named}
    memory = dict.fromkeys(named, 0.0)
    for turn in range(rounds + 1):
        # Dgtmarket's sandbox would refuse the 61st request of a minute.
        counted = Path(env["EXCH_HOME"]) / "sandbox" / "sandbox.sqlite-limits"
        counted.unlink(missing_ok=True)
        for name, command in named.items():
            started = time.perf_counter()
            process = subprocess.Popen(
                command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            _, status, usage = os.wait4(process.pid, 0)
            took = time.perf_counter() - started
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                sys.exit(f"{name} failed with {process.returncode}: {' '.join(command)}")
            memory[name] = max(memory[name], usage.ru_maxrss / 1024)
            if turn:
                seconds[name].append(took)
    return {name: Measured(seconds[name], memory[name]) for name in named}


def report(measured: dict[str, Measured], rounds: int) -> bool:
    """Prints the figures; whether every budget was kept."""
    version = sys.version.split()[0]
    print(f"medians of {rounds} rounds, Python {version}, {os.cpu_count()} processors\n")
    print(f"{'command':36}{'median':>10}{'fastest':>10}{'memory':>10}")
    for name, one in measured.items():
        fastest = f"{1000 * min(one.seconds):.1f} ms"
        print(f"{name:36}{1000 * one.median:>7.1f} ms{fastest:>10}{one.memory:>6.0f} MiB")
    print(f"\n{'budget':36}{'against':36}{'ratio':>7}{'most':>8}")
    kept = True
    for budget in BUDGETS:
        base, took = measured[budget.against].median, measured[budget.what].median
        good = took <= budget.most(base)
        kept &= good
        verdict = "kept" if good else "MISSED"
        print(f"{budget.what:36}{budget.against:36}{took / base:>6.2f}x{budget.told:>8}  {verdict}")
    highest = max(one.memory for name, one in measured.items() if name.startswith("exch"))
    kept &= highest < MOST_MEMORY
    verdict = "kept" if highest < MOST_MEMORY else "MISSED"
    print(f"{'peak memory of any command':72}{highest:>4.0f} MiB{MOST_MEMORY:>4} MiB  {verdict}")
    return kept


def main() -> int:
    reads = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    reads.add_argument("rounds", nargs="?", type=int, default=31, help="how often each is run [31]")
    rounds = reads.parse_args().rounds
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        server = subprocess.Popen(
            [sys.executable, str(SUPPORT / "sandbox_server.py"), str(home / "server")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert server.stdout is not None
        url, key, secret = (server.stdout.readline().strip() for _ in range(3))
        env = {
            "PATH": os.environ["PATH"],
            "HOME": name,
            "EXCH_HOME": str(home / "exch"),
            "EXCH_DGT_URL": f"{url}/api",
            "EXCH_DFX_URL": f"{url}/v3",
            "EXCH_DGT_KEY": key,
            "EXCH_DGT_SECRET": secret,
        }
        try:
            for limit in ("dgt.limits.public", "dgt.limits.private", "dfx.limits.weight"):
                command = [EXCH, "config", "set", limit, "99999/60s"]
                subprocess.run(command, env=env, check=True, capture_output=True)
            subprocess.run([EXCH, "dfx", "symbols"], env=env, check=True, capture_output=True)
            measured = measure(commands(url, home / "five.py"), rounds, env)
        finally:
            server.communicate()
    return 0 if report(measured, rounds) else 1


if __name__ == "__main__":
    sys.exit(main())
