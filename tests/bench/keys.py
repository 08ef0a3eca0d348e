"""What each source of a key adds to a signed command: `python tests/bench/keys.py [ROUNDS]`.

Whole processes in turn, with a real Secret Service and an exchange on loopback.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from dgt_keys import dgt_keys
from secret_service import secret_service

EXCH = str(Path(sys.executable).with_name("exch"))


def run(env: dict[str, str], *arguments: str, typed: str = "") -> float:
    """Milliseconds of one command."""
    started = time.perf_counter()
    subprocess.run(
        [EXCH, *arguments], env=env, input=typed, text=True, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, check=True,
    )  # fmt: skip
    return 1000 * (time.perf_counter() - started)


def main() -> None:
    reads = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    reads.add_argument("rounds", nargs="?", type=int, default=31, help="how often each is run [31]")
    rounds = reads.parse_args().rounds
    with (
        tempfile.TemporaryDirectory() as home,
        secret_service() as service,
        dgt_keys("fakekey") as (_, url),
    ):
        common = {
            "PATH": os.environ["PATH"],
            **service.env,
            "EXCH_HOME": home,
            "EXCH_DGT_URL": url,
        }
        run(common, "config", "set", "dgt.limits.private", "99999/60s")
        sources = {
            "environment": {"EXCH_DGT_KEY": "fakekey", "EXCH_DGT_SECRET": "fake-secret"},
            "file": {"EXCH_PROFILE": "file"},
            "keyring": {"EXCH_PROFILE": "keyring"},
        }
        envs = {name: {**common, **more} for name, more in sources.items()}
        for store in ("file", "keyring"):
            login = ("dgt", "auth", "login", "--store", store, "--key", "fakekey", "--secret-stdin")
            run(envs[store], *login, typed="fake-secret")
        took: dict[str, list[float]] = {name: [] for name in envs}
        for _ in range(rounds):
            for name, env in envs.items():
                took[name].append(run(env, "dgt", "balances", "--json"))
    base = statistics.median(took["environment"])
    print(f"exch dgt balances --json, medians of {rounds} rounds\n")
    for name, times in took.items():
        median = statistics.median(times)
        print(f"{name:12}{median:>7.1f} ms{min(times):>9.1f} fastest{median - base:>+9.1f} ms")


if __name__ == "__main__":
    main()
