"""`--once` killed at every step, under every fault of the sandbox; see support/killing.py."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

KILLING = str(Path(__file__).parents[1] / "support" / "killing.py")
# A fault under which each mistake does harm to a single key.
CAUGHT = {
    "no-fence": "late=1:0.8",
    "commit-after-send": "none",
    "500-refused": "error-500-after=1",
    "timeout-retried": "drop-reply=1",
    "absent-unseen": "drop-reply=1",
}


def begun(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, KILLING, *arguments],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def told(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    found: dict[str, Any] = json.loads(out)
    return found


@pytest.fixture(scope="module")
def both() -> Iterator[dict[str, subprocess.Popen[str]]]:
    """Both exchanges at once, since most machines have two processors."""
    running = {exchange: begun(exchange) for exchange in ("dgt", "dfx")}
    yield running
    for process in running.values():
        process.kill()
        process.communicate()


@pytest.mark.parametrize("exchange", ["dgt", "dfx"])
def test_killed_at_any_step_under_any_fault_an_order_happens_once(
    both: dict[str, subprocess.Popen[str]], exchange: str
) -> None:
    found = told(both[exchange])
    assert found["wrong"] == []
    assert found["kills"] > 300
    assert all(codes["-9"] >= 6 for codes in found["faults"].values()), found["faults"]


@pytest.mark.parametrize("mutant", CAUGHT)
def test_a_mistake_of_the_protocol_is_found_by_killing_it(mutant: str) -> None:
    found = told(begun("dgt", CAUGHT[mutant], "--mutant", mutant))
    assert found["wrong"], f"{found['worlds']} worlds, and nothing was found"
