"""What the tests of the core share."""

from __future__ import annotations

from pathlib import Path

import pytest
from throttling import Machine


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "state")
