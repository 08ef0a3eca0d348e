"""`exch sandbox serve` as a process of its own, and the orders that its store has."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import httpx

EXCH = str(Path(sys.executable).with_name("exch"))
MEDDLING = str(Path(__file__).with_name("meddling"))
NAMES = {"dgt": "DGT", "dfx": "DFX"}


class Placed(NamedTuple):
    """An order as the exchange's own store has it; `created` in epoch seconds."""

    id: str
    account: int
    symbol: str
    side: str
    price: Decimal | None
    amount: Decimal | None
    spend: Decimal | None
    status: str
    created: float


class Server:
    """A sandbox that is served. `home` is its own; `told` is the line that it begins with."""

    def __init__(self, process: subprocess.Popen[str], home: Path, told: dict[str, Any]) -> None:
        self.process = process
        self.told = told
        self.file = home / "sandbox" / "sandbox.sqlite"
        self.root = told["dgt"]["url"].removesuffix("/api")
        self._http = httpx.Client(trust_env=False, timeout=30)

    def environment(self, home: Path, account: int = 0) -> dict[str, str]:
        """What `exch` needs to trade here, in a home of its own."""
        env = {"PATH": os.environ["PATH"], "HOME": str(home), "EXCH_HOME": str(home)}
        for exchange, name in NAMES.items():
            pair = self.told[exchange]["accounts"][account]
            env[f"EXCH_{name}_URL"] = self.told[exchange]["url"]
            env[f"EXCH_{name}_KEY"] = pair["key"]
            env[f"EXCH_{name}_SECRET"] = pair["secret"]
        return env

    def asks(self, path: str, **fields: object) -> dict[str, Any]:
        """POST /sandbox/PATH with these fields, or GET without any; raises when refused."""
        url = f"{self.root}/sandbox/{path}"
        reply = self._http.post(url, json=fields) if fields else self._http.get(url)
        reply.raise_for_status()
        found: dict[str, Any] = reply.json()
        return found

    def faults(self, *faults: str, only: Sequence[str] = (), seed: int = 0) -> None:
        self.asks("faults", faults=list(faults), only=list(only), seed=seed)

    def fund(self, exchange: str, currency: str, amount: str, account: int = 0) -> None:
        self.asks("fund", exchange=exchange, currency=currency, amount=amount, account=account + 1)

    def orders(self, exchange: str) -> list[Placed]:
        return orders_of(self.file, exchange)

    def stop(self) -> int:
        """Ends it with SIGTERM; its exit code."""
        self._http.close()
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=30)
        return self.process.returncode


def orders_of(file: Path, exchange: str) -> list[Placed]:
    """Every order, the oldest first, read from the file and from nothing else."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=30)) as db:
        rows = db.execute(
            "SELECT code, account, symbol, side, price, amount, spend, status, created FROM orders"
            " WHERE exchange = ? ORDER BY id",
            (exchange,),
        ).fetchall()
    return [
        Placed(code, account, symbol, side, _number(price), _number(amount), _number(spend),
               status, created / 1e6)
        for code, account, symbol, side, price, amount, spend, status, created in rows
    ]  # fmt: skip


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


@contextmanager
def served(home: Path, *options: str) -> Iterator[Server]:
    """A server with its store in this home, from its first line to SIGTERM."""
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "EXCH_HOME": str(home)}
    process = subprocess.Popen(
        [EXCH, "sandbox", "serve", "--port", "0", "--json", *options],
        env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"exch sandbox serve ended with {process.wait(30)}")
    server = Server(process, home, json.loads(line))
    try:
        yield server
    finally:
        server.stop()


def meddled(**with_what: object) -> dict[str, str]:
    """The environment in which a child process is meddled with; see meddling/sitecustomize.py."""
    return {"PYTHONPATH": MEDDLING, "EXCH_MEDDLE": json.dumps(with_what)}
