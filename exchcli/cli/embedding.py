"""The sandbox as a command finds it: whose time it has, and how it is opened."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from exchcli.errors import UsageError
from exchcli.sandbox.clock import standing
from exchcli.times import from_epoch, iso, typed_time

if TYPE_CHECKING:
    from exchcli.sandbox.exchange import Sandbox

_SECOND = 1_000_000_000


def frozen(folder: Path) -> datetime | None:
    """When the sandbox's clock stands; None if it goes by real time.

    A server that keeps the clock comes before EXCH_SANDBOX_CLOCK: on one file there is one
    time. Raises UsageError.
    """
    kept = standing(folder)
    return stopped() if kept is None else from_epoch(kept.moment // _SECOND)


def stopped() -> datetime | None:
    """EXCH_SANDBOX_CLOCK stops the sandbox's clock, so that its market can be foretold."""
    text = os.environ.get("EXCH_SANDBOX_CLOCK")
    try:
        return typed_time(text, datetime.now(UTC)) if text else None
    except UsageError as error:
        raise UsageError(f"EXCH_SANDBOX_CLOCK: {error.message}", error.hint) from None


def whose_time(folder: Path) -> str:
    """By what the sandbox goes: "server", "EXCH_SANDBOX_CLOCK" or "real time"."""
    if standing(folder) is not None:
        return "server"
    return "real time" if stopped() is None else "EXCH_SANDBOX_CLOCK"


def opened(folder: Path) -> Sandbox:
    """The sandbox in this folder, on its clock. Raises UsageError and StateError."""
    from exchcli.sandbox.exchange import Sandbox

    moment = None if standing(folder) is not None else stopped()
    if moment is None:
        return Sandbox(folder)
    seconds = int(moment.timestamp())
    sandbox = Sandbox(folder, clock=lambda: seconds * _SECOND, pace=time.time_ns)
    if seconds < (come := max(sandbox.store.opened, sandbox.come())):
        sandbox.close()
        raise UsageError(
            f"EXCH_SANDBOX_CLOCK is before {iso(from_epoch(come))}, where this sandbox is.",
            "Set a later time, or start the sandbox over with `exch sandbox reset --yes`.",
        )
    return sandbox
