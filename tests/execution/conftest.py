"""What the tests of the execution share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from exchcli.execution.journal import Journal


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal(tmp_path / "state")
    yield journal
    journal.close()
