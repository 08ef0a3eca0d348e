"""A sandbox whose clock the test holds, and short ways to ask it."""

from __future__ import annotations

import hmac
import json
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from exchcli.sandbox.exchange import Sandbox
from exchcli.sandbox.limits import NoLimits
from exchcli.sandbox.wire import WireReply, WireRequest

# Not on the edge of a minute, an hour or a week: 2026-03-04 05:06:47 UTC.
OPENED = 1772600807


class Asked:
    """A sandbox and its clock: `now` is in epoch seconds and may be set."""

    def __init__(self, folder: Path, seed: int | None = None, now: int = OPENED) -> None:
        self.now = now
        self.opened = now
        self.folder = folder
        self.sandbox = Sandbox(folder, clock=lambda: self.now * 1_000_000_000 + 5, seed=seed)

    def reply(self, target: str, method: str = "GET", body: bytes = b"") -> WireReply:
        path, _, query = target.partition("?")
        return self.sandbox.handle(WireRequest(method, path, query, {}, body))

    def __call__(self, target: str, method: str = "GET", body: bytes = b"") -> Any:
        """The JSON of the reply; numbers with a point are Decimals."""
        return json.loads(self.reply(target, method, body).body, parse_float=Decimal)

    def unlimited(self) -> Asked:
        """The same sandbox without limits, bans and rules of conduct."""
        self.sandbox.limits.close()
        self.sandbox.limits, self.sandbox.limited = NoLimits(), False
        return self

    def at(self, seconds: int) -> Asked:
        """The same sandbox, so many seconds after its opening."""
        self.now = self.opened + seconds
        return self


class Signed:
    """Asks in the name of an account, signing as the documents say, in a few lines of its own.

    Headers given by name replace those that are right; None leaves one out.
    """

    def __init__(self, asked: Asked, exchange: str, account: int = 0) -> None:
        self.asked = asked
        self.sandbox = asked.sandbox
        self.exchange = exchange
        self.account = asked.sandbox.accounts(exchange)[account]

    def reply(
        self, target: str, method: str = "GET", body: bytes = b"", **headers: str | None
    ) -> WireReply:
        path, _, query = target.partition("?")
        timestamp = headers.get("access_timestamp", str(self.asked.now)) or ""
        message = {
            "dgt": f"{timestamp}{method}{target}".encode() + body,
            "dfx": query.encode() + (b"&" if query and body else b"") + body,
        }[self.exchange]
        sent: dict[str, str | None] = {
            "host": "sandbox.invalid",
            "access-key": self.account.key,
            "access-timestamp": timestamp,
            "access-sign": hmac.new(self.account.secret.encode(), message, "sha256").hexdigest(),
        }
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        kept = {name: value for name, value in sent.items() if value is not None}
        return self.sandbox.handle(WireRequest(method, path, query, kept, body))

    def __call__(self, target: str, method: str = "GET", body: bytes = b"", **headers: Any) -> Any:
        """The JSON of the reply; numbers with a point are Decimals."""
        return json.loads(self.reply(target, method, body, **headers).body, parse_float=Decimal)


@pytest.fixture
def sign_in() -> type[Signed]:
    """For an account of a sandbox that the test has opened."""
    return Signed


@pytest.fixture(scope="session")
def make_asked() -> Iterator[Any]:
    """Makes sandboxes without limits, and accounts of theirs, for tests that share them."""
    made: list[Asked] = []

    def make(folder: Path) -> tuple[Asked, Any]:
        made.append(Asked(folder / "sandbox").unlimited())
        return made[-1], lambda exchange, account=0, of=made[-1]: Signed(of, exchange, account)

    yield make
    for asked in made:
        asked.sandbox.close()


@pytest.fixture(scope="session")
def dgt(always: Asked) -> Signed:
    """The first demo account of Dgtmarket, for reading."""
    return Signed(always, "dgt")


@pytest.fixture(scope="session")
def other_dgt(always: Asked) -> Signed:
    """The second one, which has funds and no history."""
    return Signed(always, "dgt", 1)


@pytest.fixture(scope="session")
def other_dfx(always: Asked) -> Signed:
    return Signed(always, "dfx", 1)


@pytest.fixture(scope="session")
def dfx(always: Asked) -> Signed:
    """The first demo account of DigiFinex, for reading."""
    return Signed(always, "dfx")


@pytest.fixture
def signed(ask: Asked) -> Any:
    """Accounts of a new sandbox: `signed("dgt")`, `signed("dfx", 1)`; or of another one."""
    return lambda exchange, account=0, of=ask: Signed(of, exchange, account)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a sandbox at its opening whose accounts are there already."""
    asked = Asked(tmp_path_factory.mktemp("prepared") / "sandbox")
    for exchange in ("dgt", "dfx"):
        asked.sandbox.accounts(exchange)
    asked.sandbox.close()
    return asked.sandbox.store.path


@pytest.fixture
def trader(prepared: Path, tmp_path: Path) -> Iterator[Any]:
    """Accounts of a new sandbox, like `signed`, but sooner there."""
    folder = tmp_path / "sandbox"
    folder.mkdir()
    shutil.copy(prepared, folder)
    asked = Asked(folder)
    yield lambda exchange, account=0: Signed(asked, exchange, account)
    asked.sandbox.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the sandbox of `ask` and `signed` is made."""
    return tmp_path / "sandbox"


@pytest.fixture
def ask(folder: Path) -> Iterator[Asked]:
    """A new sandbox at the moment of its opening."""
    asked = Asked(folder)
    yield asked
    asked.sandbox.close()


@pytest.fixture(scope="session")
def always(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """One sandbox for tests that only read, at moments of their own."""
    asked = Asked(tmp_path_factory.mktemp("always") / "sandbox").unlimited()
    yield asked
    asked.sandbox.close()


@pytest.fixture(scope="session")
def always_new(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """For property tests that write: one sandbox, whose folder is of the session."""
    asked = Asked(tmp_path_factory.mktemp("always_new") / "sandbox").unlimited()
    yield lambda: asked.at(0)
    asked.sandbox.close()


@pytest.fixture
def open_sandbox(tmp_path: Path) -> Iterator[Any]:
    """Opens sandboxes by folder, seed and moment, and closes them after the test."""
    opened: list[Asked] = []

    def make(folder: str = "sandbox", seed: int | None = None, now: int = OPENED) -> Asked:
        opened.append(Asked(tmp_path / folder, seed, now))
        return opened[-1]

    yield make
    for asked in opened:
        asked.sandbox.close()
