"""How the measurement of the sandbox is started; what it measures has no place in tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "bench" / "sandbox.py"


@pytest.mark.parametrize(
    ("word", "code", "said"),
    [
        ("--help", 0, "usage: sandbox.py [-h] [orders]"),
        ("many", 2, "invalid int value: 'many'"),
        ("7", 2, "ORDERS is at least 8"),
    ],
)
def test_it_says_what_it_takes(word: str, code: int, said: str) -> None:
    ran = subprocess.run([sys.executable, SCRIPT, word], capture_output=True, text=True, timeout=30)
    assert ran.returncode == code
    assert said in ran.stdout + ran.stderr
    assert "Traceback" not in ran.stderr
