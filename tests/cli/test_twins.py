"""Two processes with one key at the same moment: one places, the other answers the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from running import Exch

EXCH = str(Path(sys.executable).with_name("exch"))


@pytest.mark.parametrize(
    "words",
    [
        ["dgt", "buy", "btcpln", "0.01", "--price", "2500"],
        ["dgt", "buy", "btcpln", "--spend", "12500", "--market"],  # the book has it once
        ["dfx", "sell", "btc_usdt", "2", "--price", "9900"],
    ],
    ids=["an order", "most of the book", "most of the coins"],
)
def test_twins_place_one_order(still: Exch, words: list[str]) -> None:
    env = {"PATH": os.environ["PATH"], **still.env}
    twins = [
        subprocess.Popen(
            [EXCH, *words, "--yes", "--once", "twin", "--json"],
            env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    answers = [twin.communicate(timeout=60) for twin in twins]
    assert [(twin.returncode, err) for twin, (_, err) in zip(twins, answers, strict=True)] == [
        (0, ""),
        (0, ""),
    ]
    first, second = (json.loads(out) for out, _ in answers)
    assert first["id"] == second["id"]
    assert {first["replayed"], second["replayed"]} == {True, False}
