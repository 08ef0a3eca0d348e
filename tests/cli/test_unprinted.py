"""What was done is exit 0 though stdout cannot take it, and is told on stderr instead."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from loopback import reply
from running import Exch, Ran
from trading_server import BUY, KEYS, changing, exchange

PLACED = "exch: it was done, but not all of it was printed. "


def into(exch: Exch, redirection: str, *words: str, **env: str) -> Ran:
    """Runs `exch WORDS redirection` as a process of its own."""
    ran = subprocess.run(
        ["bash", "-c", f'"$0" -m exchcli "$@" {redirection}', sys.executable, *words],
        env={"PATH": os.environ["PATH"], **exch.env, **env}, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    return Ran(ran.returncode, ran.stdout, ran.stderr)


FULL, CLOSED = ">/dev/full", ">&-"


@pytest.mark.parametrize(
    ("redirection", "why"),
    [
        (FULL, "The output cannot be written: No space left on device. "),
        (CLOSED, "The output cannot be written: it is closed. "),
    ],
)
@pytest.mark.parametrize("raw", [[], ["--raw"]], ids=["", "raw"])
def test_an_order_that_was_placed_is_told_on_stderr(
    still: Exch, redirection: str, why: str, raw: list[str]
) -> None:
    ran = into(still, redirection, *BUY["dgt"], "--yes", *raw)
    assert ran == (0, "", f"{PLACED}{why}Done: 17167 (open).\n")
    assert "17167" in [row["id"] for row in json.loads(still("dgt", "orders").out)]


def test_a_reader_that_has_left_is_no_reason_to_say_nothing(still: Exch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    ran = subprocess.run(
        [sys.executable, "-m", "exchcli", *BUY["dgt"], "--yes"],
        env={"PATH": os.environ["PATH"], **still.env}, stdout=writing, stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL, text=True, timeout=60, check=False,
    )  # fmt: skip
    os.close(writing)
    told = f"{PLACED}Its reader has left. Done: 17167 (open).\n"
    assert (ran.returncode, ran.stderr) == (0, told)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("dgt cancel ORDER --yes", "17167 (canceled)"),
        ("dfx order batch btcusdt FILE --yes", "(open), "),
        ("dfx transfer new usdt 1 --from spot --to margin --yes", "transfer 1 USDT (completed)"),
        ("dgt withdraw new btc 0.1 --yes", "(pending)"),
        ("dfx margin close btc_usdt --yes", "Nothing is left of it."),
        ("dfx api POST /transfer -f currency_mark=USDT -f num=1 -f from=1 -f to=2 --yes", "code"),
    ],
    ids=lambda value: value[:16],
)
def test_whatever_was_done_is_not_told_as_12(
    still: Exch, tmp_path: Path, words: str, told: str
) -> None:
    if "ORDER" in words:
        placed = json.loads(still(*BUY["dgt"], "--yes").out)
        words = words.replace("ORDER", placed["id"])
    file = tmp_path / "orders.csv"
    file.write_text("side,amount,price\n" + "buy,0.001,9000\n" * 2)
    ran = into(still, FULL, *words.replace("FILE", str(file)).split())
    assert ran.code == 0, ran
    assert ran.err.startswith(PLACED)
    assert told in ran.err


def test_what_only_reads_is_12_as_before(still: Exch) -> None:
    for words in (["dgt", "balances"], [*BUY["dgt"], "--dry-run"], ["dgt", "api", "/public/time/"]):
        ran = into(still, FULL, *words)
        assert (ran.code, json.loads(ran.err)["error"]["kind"]) == (12, "state")


@pytest.mark.parametrize("redirection", [FULL, CLOSED, "| true"])
def test_with_raw_an_unknown_outcome_stays_unknown(exch: Exch, redirection: str) -> None:
    with exchange(reply('{"code": 50000, "msg": "what?"}')) as server:
        env = {"EXCH_DGT_URL": server.url, "EXCH_DFX_URL": server.url, **KEYS}
        ran = into(
            exch, f"{redirection}; exit ${{PIPESTATUS[0]}}", *BUY["dfx"], "--yes", "--raw", **env
        )
        assert changing(server) == 1
    assert ran.code == 7
