"""What tests of commands may use."""

from __future__ import annotations

from pathlib import Path
from shutil import copytree

import pytest
from running import Exch

CLOCK = "2020-05-19T07:44:54Z"


@pytest.fixture(scope="session")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose sandbox has both demo accounts: making their histories takes a while."""
    home = tmp_path_factory.mktemp("opened") / "home"
    exch = Exch(home, EXCH_SANDBOX="1", EXCH_SANDBOX_CLOCK=CLOCK)
    for exchange in ("dgt", "dfx"):
        assert exch(exchange, "balances").code == 0
    assert exch("dfx", "symbols").code == 0
    return home


@pytest.fixture
def still(exch: Exch, opened: Path) -> Exch:
    """`exch` with a sandbox of its own that stands still, opened a moment ago."""
    copytree(opened / "sandbox", exch.home / "sandbox")
    copytree(opened / "state" / "symbols", exch.home / "state" / "symbols")
    exch.env |= {"EXCH_SANDBOX": "1", "EXCH_SANDBOX_CLOCK": CLOCK}
    return exch
