"""What every test may use."""

from __future__ import annotations

from pathlib import Path

import pytest
from running import Exch


@pytest.fixture
def exch(tmp_path: Path) -> Exch:
    """`exch` with an empty home of its own."""
    return Exch(tmp_path / "home")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a configuration file would be; there is none yet."""
    return tmp_path / "config.toml"
