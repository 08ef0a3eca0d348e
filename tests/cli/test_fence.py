"""How long a lost order is waited for: the configured window, or the one that was measured."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from running import Exch

from exchcli.core import window
from exchcli.execution.settling import SLACK
from exchcli.sandbox.wire import SANDBOX_URLS


def fence(exch: Exch) -> int:
    """Seconds from the signature of an order until no copy of it can be accepted."""
    done = exch("--sandbox", "dgt", "buy", "btcpln", "0.01", "--price", "2500", "--yes")
    assert done.code == 0, done.err
    with closing(sqlite3.connect(exch.home / "state" / "journal.sqlite")) as db:
        ((seconds,),) = db.execute("SELECT not_after - signed FROM attempts")
    return int(seconds) - SLACK


def test_the_fence_is_the_configured_window_until_one_was_measured(exch: Exch) -> None:
    exch("config", "set", "dgt.window", "42")
    assert fence(exch) == 42


@pytest.mark.parametrize("measured", [12, 90])
def test_a_measured_window_counts_whether_it_is_shorter_or_longer(
    exch: Exch, measured: int
) -> None:
    window.keep(exch.home / "state", "dgt", SANDBOX_URLS["dgt"], measured)
    assert fence(exch) == measured
