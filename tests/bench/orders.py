"""What it costs that an order happens once: `python tests/bench/orders.py [ROUNDS]`.

An order through `exch sandbox serve` over loopback, with the journal and `--once`, against the
same order by a bare httpx script that signs it itself and keeps nothing: whole processes, in
turn, medians of one run. Then the durable commits of one order, and a batch file of 1,000
orders: seconds, requests, connections, commits. Exit code 1 if a budget is missed.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from sandbox_process import EXCH, Server, meddled, served

MOST = 1.5
COMMITS = 2
BATCH = 1000
SCRIPT = """import hmac, json, sys, time
import httpx
url, key, secret, amount = sys.argv[1:]
offer = {"pair": "BTCPLN", "amount": amount, "quotation": "1000.00", "order_type": "BUY"}
body, stamp = json.dumps(offer), str(int(time.time()))
message = f"{stamp}POST/api/private/offers/{body}".encode()
headers = {
    "content-type": "application/json",
    "access-key": key,
    "access-timestamp": stamp,
    "access-sign": hmac.digest(secret.encode(), message, "sha256").hex(),
}
reply = httpx.post(url + "/private/offers/", content=body, headers=headers)
reply.raise_for_status()
print(reply.json()["id"])
"""


def took(argv: Sequence[str], env: Mapping[str, str]) -> float:
    began = time.perf_counter()
    ran = subprocess.run(argv, env=dict(env), capture_output=True, text=True, check=False)
    if ran.returncode:
        sys.exit(f"{' '.join(argv)} failed with {ran.returncode}: {ran.stderr}")
    return time.perf_counter() - began


def single(server: Server, folder: Path, env: Mapping[str, str], rounds: int) -> bool:
    script = folder / "bare.py"
    script.write_text(SCRIPT)
    pair = server.told["dgt"]["accounts"][0]
    seconds: dict[str, list[float]] = {"bare httpx script": [], "exch order --once": []}
    for turn in range(rounds + 2):  # the first two fill the caches
        bare = [sys.executable, str(script), server.told["dgt"]["url"], pair["key"],
                pair["secret"], f"0.03{turn:06}"]  # fmt: skip
        once = [EXCH, "dgt", "order", "buy", "BTCPLN", f"0.04{turn:06}", "--price", "1000.00",
                "--once", f"bench-{turn}", "--yes", "--json"]  # fmt: skip
        for name, argv in zip(seconds, (bare, once), strict=True):
            one = took(argv, env)
            if turn > 1:
                seconds[name].append(one)
    medians = {name: statistics.median(each) for name, each in seconds.items()}
    for name, median in medians.items():
        print(f"{name:24}{1000 * median:8.1f} ms, fastest {1000 * min(seconds[name]):.1f}")
    ratio = medians["exch order --once"] / medians["bare httpx script"]
    print(f"{'ratio':24}{ratio:8.2f}x, budget {MOST}x  {'kept' if ratio < MOST else 'MISSED'}")
    return ratio < MOST


def commits(folder: Path, env: Mapping[str, str]) -> bool:
    counted = folder / "one"
    argv = [EXCH, "dgt", "order", "buy", "BTCPLN", "0.05", "--price", "1000.00", "--once", "one",
            "--yes", "--json"]  # fmt: skip
    took(argv, {**env, **meddled(counted=str(counted))})
    found = Counter(counted.read_text().split())
    good = found["commit"] == COMMITS
    print(f"{'durable commits':24}{found['commit']:8}, budget {COMMITS}  "
          f"{'kept' if good else 'MISSED'}; connections {found['connection']}")  # fmt: skip
    return good


def batch(folder: Path, env: Mapping[str, str]) -> bool:
    """Every order takes what the market offers: DigiFinex bans who places and never fills."""
    file, counted = folder / "batch.json", folder / "many"
    rows = [{"side": "buy", "amount": f"{0.001 + number % 9 / 10000:.4f}", "price": "15000.00"}
            for number in range(BATCH)]  # fmt: skip
    file.write_text(json.dumps(rows))
    began = time.perf_counter()
    ran = subprocess.run(
        [EXCH, "dfx", "order", "batch", "BTC_USDT", str(file), "--once", "many", "--yes",
         "-o", "ndjson", "-v"],
        env={**env, **meddled(counted=str(counted))}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    seconds = time.perf_counter() - began
    placed = len(ran.stdout.splitlines())
    asked = Counter(line.split()[0] for line in ran.stderr.splitlines()
                    if line.startswith(("GET ", "POST ")))  # fmt: skip
    found = Counter(counted.read_text().split())
    print(
        f"{'a batch of ' + str(BATCH):24}{seconds:8.2f} s, {placed} placed, exit {ran.returncode}"
    )
    print(f"{'':24}{asked['POST']:8} calls that place, {asked['GET']} that read, "
          f"{found['connection']} connections, {found['commit']} durable commits")  # fmt: skip
    if ran.returncode:
        print(ran.stderr[-500:])
    return ran.returncode == 0 and placed == BATCH


def main() -> int:
    reads = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    reads.add_argument("rounds", nargs="?", type=int, default=31, help="how often each is run [31]")
    rounds = reads.parse_args().rounds
    with tempfile.TemporaryDirectory(prefix="exch-bench-") as name:
        folder = Path(name)
        with served(folder / "server", "--no-limits") as server:
            server.fund("dgt", "PLN", "1000000")
            server.fund("dfx", "USDT", "1000000")
            home = folder / "home"
            home.mkdir()
            (home / "config.toml").write_text(
                '[dgt]\nlimits = { public = "99999/60s", private = "99999/60s" }\n'
                '[dfx]\nlimits = { weight = "99999/60s" }\n'
            )
            env = server.environment(home)
            good = [single(server, folder, env, rounds), commits(folder, env), batch(folder, env)]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
