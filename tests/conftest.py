"""What every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings
from running import Exch

# A slow machine is no failure; and CI repeats itself, so that a red run can be looked into.
settings.register_profile("exch", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("exch")


@pytest.fixture
def exch(tmp_path: Path) -> Exch:
    """`exch` with an empty home of its own."""
    return Exch(tmp_path / "home")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a configuration file would be; there is none yet."""
    return tmp_path / "config.toml"
