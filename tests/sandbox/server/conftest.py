"""Servers that tests share, and servers of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from served import Served, served


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server without limits, for tests that change nothing that another one asks for."""
    with served(tmp_path_factory.mktemp("shared"), ["--no-limits"]) as server:
        yield server


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """`serving("--clock", "...")` starts a server over the sandbox of this test."""
    with ExitStack() as stack:
        yield lambda *arguments: stack.enter_context(served(tmp_path / "home", arguments))
