"""--raw with what changes something: the reply to that, and to nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from running import Exch

DFX = ["dfx", "buy", "btc_usdt", "0.001", "--price", "9000", "--yes"]
DGT = ["dgt", "buy", "btcpln", "0.01", "--price", "2500", "--yes"]


def id_of(exch: Exch, *words: str) -> str:
    found: str = json.loads(exch(*words).out)["id"]
    return found


@pytest.mark.parametrize("words", [DFX, DGT], ids=["dfx", "dgt"])
def test_an_order_is_one_reply(still: Exch, words: list[str]) -> None:
    ran = still(*words, "--raw")
    assert ran.code == 0
    assert {"id", "order_id"} & json.loads(ran.out).keys()


def test_a_cancel_is_one_reply_for_each_call(still: Exch) -> None:
    first, second = (id_of(still, *DFX) for _ in range(2))
    ran = still("dfx", "cancel", first, second, "--raw", "--yes")
    assert json.loads(ran.out)["success"] == [first, second]


def test_canceling_all_does_not_print_what_was_open(still: Exch) -> None:
    id_of(still, *DFX)
    ran = still("dfx", "cancel", "--all", "--raw", "--yes")
    assert ran.code == 0
    assert json.loads(ran.out).keys() == {"code", "success", "error"}
    order_id = id_of(still, *DGT)
    assert order_id
    ran = still("dgt", "cancel", "--all", "--raw", "--yes")
    assert (ran.code, ran.out) == (0, "")  # 204, which has no content


def test_a_refusal_is_its_reply_alone(still: Exch) -> None:
    ran = still("dgt", "cancel", "99", "--raw", "--yes")
    assert ran.code == 4
    assert json.loads(ran.out) == {"detail": "Not found."}
    words = ["dfx", "transfer", "new", "usdt", "1", "--from", "margin", "--to", "otc"]
    ran = still(*words, "--raw", "--yes")
    assert (ran.code, json.loads(ran.out)["code"]) == (4, 20023)


def test_what_was_refused_stands_in_its_place_among_what_was_done(still: Exch) -> None:
    there = id_of(still, *DGT)
    ran = still("dgt", "cancel", there, "99", "--raw", "--yes")
    assert (ran.code, json.loads(ran.out)) == (4, {"detail": "Not found."})


def test_a_read_that_is_refused_before_is_not_printed_as_the_reply(
    still: Exch, tmp_path: Path
) -> None:
    """The funds are looked at first, with a key that the exchange does not know."""
    ran = still(*DGT, "--raw", EXCH_SANDBOX="0", EXCH_DGT_URL="http://127.0.0.1:9/api",
                EXCH_DGT_KEY="a-key-for-tests", EXCH_DGT_SECRET="not-a-real-secret")  # fmt: skip
    assert (ran.code, ran.out) == (6, "")


@pytest.mark.parametrize(
    "words",
    [
        DFX,
        DGT,
        ["dfx", "order", "batch", "btcusdt", "ORDERS", "--yes"],
        ["dfx", "transfer", "new", "usdt", "1", "--from", "spot", "--to", "margin", "--yes"],
        ["dgt", "withdraw", "new", "btc", "0.1", "--yes"],
        ["dfx", "margin", "close", "btcusdt", "--yes"],
    ],
    ids=lambda words: " ".join(words[:3]),
)
def test_a_key_has_no_reply_that_could_be_printed_again(
    still: Exch, tmp_path: Path, words: list[str]
) -> None:
    file = tmp_path / "orders.csv"
    file.write_text("side,amount,price\nbuy,0.001,9000\n")
    words = [word.replace("ORDERS", str(file)) for word in words]
    ran = still(*words, "--raw", "--once", "k")
    assert (ran.code, ran.out) == (2, "")
    assert json.loads(ran.err)["error"]["message"].startswith("--raw prints the exchange's reply")
    assert json.loads(still("journal", "list").out) == []
    assert still(*words, "--once", "k").code == 0
    dry = still(*words, "--raw", "--once", "k", "--dry-run")
    assert (dry.code, "method" in dry.out) == (0, True)
