"""A key that was begun: no trouble on the way to its answer says that nothing was done."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from dgt_private import OFFER
from loopback import Answer, Loopback, reply
from running import Exch, Ran
from trading_server import BUY, changing, exchange, run

ID = "3fb0d98e51c18954f10d439a9cf57de0"
PLACED = {"dgt": reply('{"id": 17167}'), "dfx": reply(f'{{"code": 0, "order_id": "{ID}"}}')}
LOST = reply("<html>")
FAILING = {
    "limited": reply('{"code": 10005}', "429 Too Many Requests"),
    "broken": reply("<html>", "502 Bad Gateway"),
    "refused": reply('{"code": 10007, "detail": "no"}', "403 Forbidden"),
}


def error(ran: Ran) -> Any:
    return json.loads(ran.err.splitlines()[-1])["error"]


@contextmanager
def unreadable(answer: Answer, at: Loopback) -> Iterator[None]:
    """Inside, nothing that is asked is answered well, but the time."""
    answers = at.answers

    def failing(connection: socket.socket, head: bytes) -> None:
        if head.split()[1].rstrip(b"/").endswith(b"/time"):
            answers[0](connection, head)
        else:
            answer(connection, head)

    at.answers = [failing]
    try:
        yield
    finally:
        at.answers = answers


@pytest.mark.parametrize("answer", FAILING.values(), ids=FAILING)
@pytest.mark.parametrize("name", ["dgt", "dfx"])
def test_a_key_that_was_placed_is_answered_without_the_market(
    exch: Exch, name: str, answer: Answer
) -> None:
    words = [*BUY[name], "--yes", "--once", "k"]
    with exchange(PLACED[name]) as server:
        placed = run(exch, server, *words)
        assert placed.code == 0
        for file in (exch.home / "state" / "symbols").glob("*"):
            file.unlink()
        with unreadable(answer, server):
            ran = run(exch, server, *words)
        assert (ran.code, changing(server)) == (0, 1)
    assert json.loads(ran.out)["replayed"] is True
    assert json.loads(ran.out)["id"] == json.loads(placed.out)["id"]


@pytest.mark.parametrize("answer", FAILING.values(), ids=FAILING)
@pytest.mark.parametrize("more", [[], ["--on-absent", "resend"]], ids=["stop", "resend"])
@pytest.mark.parametrize("name", ["dgt", "dfx"])
def test_a_key_that_is_unknown_is_7_whatever_cannot_be_asked(
    exch: Exch, name: str, answer: Answer, more: list[str]
) -> None:
    words = [*BUY[name], "--yes", "--once", "k", *more]
    with exchange(LOST) as server:
        assert run(exch, server, *words).code == 7
        for file in (exch.home / "state" / "symbols").glob("*"):
            file.unlink()
        with unreadable(answer, server):
            ran = run(exch, server, *words)
        assert (ran.code, changing(server)) == (7, 1)
    assert "--once k" in error(ran)["hint"]


def test_a_key_that_was_placed_is_not_undone_by_other_words_that_cannot_be_read(
    exch: Exch,
) -> None:
    """With --round nobody knows what is meant before the exchange has told the decimals."""
    words = ["dfx", "buy", "btc_usdt", "0.05001", "--price", "9000", "--round", "--yes"]
    with exchange(PLACED["dfx"]) as server:
        assert run(exch, server, *words, "--once", "k").code == 0
        for file in (exch.home / "state" / "symbols").glob("*"):
            file.unlink()
        with unreadable(FAILING["broken"], server):
            ran = run(exch, server, *words, "--once", "k")
            fresh = run(exch, server, *words, "--once", "new")
    assert (ran.code, error(ran)["kind"]) == (7, "unknown")
    assert "k was sent before" in error(ran)["message"]
    assert fresh.code == 6


def test_a_file_that_was_placed_is_answered_without_the_market(exch: Exch, tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text("side,amount,price\nbuy,0.0010,9000.0\nbuy,0.002,9500\n")
    words = ["dfx", "order", "batch", "btc/usdt", str(file), "--yes", "--once", "b"]
    ids = json.dumps({"code": 0, "order_ids": [ID, ID[::-1]]})
    with exchange(reply(ids)) as server:
        assert run(exch, server, *words).code == 0
        for cached in (exch.home / "state" / "symbols").glob("*"):
            cached.unlink()
        with unreadable(FAILING["broken"], server):
            ran = run(exch, server, *words)
            assert [row["id"] for row in json.loads(ran.out)] == [ID, ID[::-1]]
            assert (ran.code, changing(server)) == (0, 1)
            file.write_text("side,amount,price\nbuy,0.0011,9000\n")
            other = run(exch, server, *words)
    assert other.code == 7
    assert "b#1 was sent before" in error(other)["message"]


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({}, None),
        ({"order_type": "SELL"}, "a sell"),
        ({"quotation": "2571"}, "at 2571"),
        ({"amount": "0.5"}, "of 0.5"),
        ({"pair": "LTCPLN"}, "of LTCPLN"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_another_order_under_the_id_that_was_placed_is_not_answered_as_this_keys(
    exch: Exch, other: dict[str, str], words: str | None
) -> None:
    """An exchange that was started over gives an id away twice."""
    shown = OFFER | {"id": 17167, "amount": "0.05", "quotation": "2570"} | other
    with exchange(PLACED["dgt"]) as server:
        assert run(exch, server, *BUY["dgt"], "--yes", "--once", "k").code == 0
        with unreadable(reply(json.dumps(shown)), server):
            ran = run(exch, server, *BUY["dgt"], "--yes", "--once", "k")
        assert changing(server) == 1
    if words is None:
        assert (ran.code, json.loads(ran.out)["id"]) == (0, "17167")
    else:
        assert (ran.code, ran.out) == (7, "")
        assert f"now shows an order {words}" in error(ran)["message"]
        assert "use another key" in error(ran)["hint"]


def test_an_order_that_a_person_named_all_the_same_is_answered(exch: Exch) -> None:
    other = OFFER | {"id": 17169, "quotation": "2571"}
    with exchange(LOST) as server:
        assert run(exch, server, *BUY["dgt"], "--yes", "--once", "k").code == 7
        with unreadable(reply(json.dumps(other)), server):
            named = ("journal", "resolve", "k", "--order", "17169")
            assert run(exch, server, *named).code == 2
            assert run(exch, server, *named, "--yes").code == 0
            ran = run(exch, server, *BUY["dgt"], "--yes", "--once", "k")
        assert changing(server) == 1
    record = json.loads(ran.out)
    assert (ran.code, record["id"], record["evidence"]) == (0, "17169", "manual")


def test_a_batch_and_an_order_do_not_share_a_key(exch: Exch, tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text("side,amount,price\nbuy,0.001,9000\n")
    words = ["dfx", "order", "batch", "btc_usdt", str(file), "--yes", "--once"]
    with exchange(PLACED["dfx"]) as server:
        assert run(exch, server, *BUY["dfx"], "--yes", "--once", "d1").code == 0
        ran = run(exch, server, *words, "d1")
        assert (ran.code, changing(server)) == (9, 1)
        assert "d1 stands for something else" in error(ran)["message"]


def test_one_key_under_three_profiles_is_one_order(exch: Exch) -> None:
    with exchange(PLACED["dgt"]) as server:
        ids = []
        for profile in ("default", "zz", "yy"):
            ran = run(exch, server, *BUY["dgt"], "--yes", "--once", "k", EXCH_PROFILE=profile)
            assert ran.code == 0
            ids.append(json.loads(ran.out)["id"])
        assert (ids, changing(server)) == (["17167"] * 3, 1)


def test_a_withdrawal_that_is_unknown_is_not_sent_again_under_another_profile(exch: Exch) -> None:
    words = ["dgt", "withdraw", "new", "btc", "1", "--yes"]
    with exchange(LOST) as server:
        assert run(exch, server, *words, "--once", "w").code == 7
        for key in ([], ["--once", "w"], ["--once", "v"]):
            assert run(exch, server, *words, *key, EXCH_PROFILE="zz").code == 7
        assert changing(server) == 1


def test_a_withdrawal_without_an_id_is_looked_for_and_not_done(exch: Exch) -> None:
    with exchange(reply('{"status": "PENDING"}', "201 Created")) as server:
        ran = run(exch, server, "dgt", "withdraw", "new", "btc", "1", "--yes")
    assert (ran.code, error(ran)["kind"]) == (7, "unknown")


def test_a_reply_with_another_order_s_id_is_unknown(exch: Exch) -> None:
    with exchange(PLACED["dgt"]) as server:
        assert run(exch, server, *BUY["dgt"], "--yes", "--once", "a").code == 0
        sell = ["dgt", "sell", "btcpln", "0.05", "--price", "2600", "--yes", "--once", "b"]
        ran = run(exch, server, *sell)
    assert ran.code == 7
    assert "another key's" in error(ran)["message"]
