"""Servers that tests share, and servers of their own.

What accounts a sandbox is born with takes a tenth of a second to work out: it is done once
here, and copied.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from served import Served, served

from exchcli.sandbox.exchange import Sandbox

# As in the folder above: 2026-03-04T05:06:47Z.
OPENED = 1772600807


def _born(folder: Path, **clock: Any) -> Path:
    sandbox = Sandbox(folder, **clock)
    for exchange in ("dgt", "dfx"):
        sandbox.accounts(exchange)
    sandbox.close()
    return folder


@pytest.fixture(scope="session")
def born_then(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sandbox that opened at OPENED."""
    return _born(tmp_path_factory.mktemp("then"), clock=lambda: OPENED * 1_000_000_000)


@pytest.fixture(scope="session")
def born_now(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sandbox that opened just now."""
    return _born(tmp_path_factory.mktemp("now"))


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, born_now: Path) -> Iterator[Served]:
    """A server without limits, for tests that change nothing that another one asks for."""
    home = tmp_path_factory.mktemp("shared")
    copytree(born_now, home / "sandbox")
    with served(home, ["--no-limits"]) as server:
        yield server


@pytest.fixture
def serving(tmp_path: Path, born_then: Path, born_now: Path) -> Iterator[Callable[..., Served]]:
    """`serving("--clock", "...")` starts a server over the sandbox of this test."""
    home = tmp_path / "home"
    with ExitStack() as stack:

        def start(*arguments: str) -> Served:
            if "--seed" not in arguments:
                copytree(born_then if "--clock" in arguments else born_now, home / "sandbox")
            return stack.enter_context(served(home, arguments))

        yield start


@pytest.fixture
def folder(tmp_path: Path, born_then: Path) -> Path:
    """Where the sandbox of `ask` and `signed` is: it has its accounts already."""
    copytree(born_then, tmp_path / "sandbox")
    return tmp_path / "sandbox"
