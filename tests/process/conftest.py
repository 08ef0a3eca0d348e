"""A sandbox that is served, and homes from which whole processes trade there."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sandbox_process import EXCH, Placed, Server, meddled, served

WINDOW, SETTLE_DELAY = 2, 1
_SIZES = count(1)


class Ran(subprocess.CompletedProcess[str]):
    """An ended process, with what it printed read."""

    def data(self) -> Any:
        assert self.returncode == 0, self.stderr
        return json.loads(self.stdout)

    def error(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.stderr.splitlines()[-1])["error"]
        assert found["exit"] == self.returncode
        return found


class Trader:
    """A home at a server. Each buys an amount of its own, by which its orders are known."""

    def __init__(self, server: Server, home: Path, exchange: str = "dgt") -> None:
        self.server = server
        self.home = home
        self.exchange = exchange
        self.size = Decimal(1_000_000 + next(_SIZES)).scaleb(-8 if exchange == "dgt" else -4)
        self.env = server.environment(home)
        home.mkdir()
        (home / "config.toml").write_text(
            "".join(
                f"[{name}]\nwindow = {WINDOW}\nsettle_delay = {SETTLE_DELAY}\n"
                for name in ("dgt", "dfx")
            )
        )

    @property
    def journal(self) -> Path:
        return self.home / "state" / "journal.sqlite"

    def buying(self, key: str, *more: str) -> list[str]:
        pair, price = ("BTCPLN", "1000") if self.exchange == "dgt" else ("BTC_USDT", "100")
        return [EXCH, self.exchange, "order", "buy", pair, str(self.size), "--price", price,
                "--once", key, "--yes", "--json", *more]  # fmt: skip

    def begin(self, key: str, *more: str, **meddling: object) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.buying(key, *more), env=self.env | meddled(**meddling), text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def buy(self, key: str, *more: str, **meddling: object) -> Ran:
        return ended(self.begin(key, *more, **meddling))

    def orders(self) -> list[Placed]:
        return [each for each in self.server.orders(self.exchange) if each.amount == self.size]


def ended(process: subprocess.Popen[str]) -> Ran:
    out, err = process.communicate(timeout=60)
    return Ran(process.args, process.returncode, out, err)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("server")
    with served(home, "--no-limits", "--window", str(WINDOW)) as running:
        running.fund("dgt", "PLN", "1000000")
        running.fund("dfx", "USDT", "1000000")
        yield running


@pytest.fixture
def trader(server: Server, tmp_path: Path) -> Iterator[Trader]:
    yield Trader(server, tmp_path / "home")
    server.faults()


@pytest.fixture(params=["dgt", "dfx"])
def anywhere(server: Server, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Trader]:
    """A trader at each of both exchanges."""
    yield Trader(server, tmp_path / "home", request.param)
    server.faults()
