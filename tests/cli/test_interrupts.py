"""Ctrl-C at any line behind the answer: what was done is printed, or said to be unknown."""

from __future__ import annotations

import itertools
import json
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from loopback import Answer, Loopback, reply
from running import Exch, Ran
from trading_server import BUY, exchange, run

import exchcli
from exchcli.cli import app
from exchcli.cli.printing import STOPS
from exchcli.cli.session import Session
from exchcli.core.client import Client
from exchcli.execution.lock import Lock

HERE = Path(exchcli.__file__).parent
# A line that is traced may stand between taking a lock and its `with`, which no signal does: so
# only where there are none.
TRIED = tuple(str(HERE / folder) for folder in ("cli", "execution"))
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


class Line:
    """Raises KeyboardInterrupt at the n-th line of exch behind the answer to what was sent."""

    def __init__(self, number: int) -> None:
        self.left = number
        self.sent = self.answered = False

    def __call__(self, frame: FrameType, event: str, _value: object) -> Any:
        code = frame.f_code
        if not code.co_filename.startswith(str(HERE)):
            return None
        if event == "call":
            self.sent = self.sent or code.co_name == "committed"
            self.answered = self.answered or (self.sent and code.co_name == "checked")
        if not code.co_filename.startswith(TRIED) or code.co_name == "credentials":
            return None
        if event == "line" and self.answered and self.left:
            self.left -= 1
            if not self.left:
                raise KeyboardInterrupt
        return self


def interrupted(exch: Exch, server: Loopback, number: int, *words: str) -> tuple[Ran, bool]:
    """What becomes of a command that is interrupted there, and whether it lasted so long."""
    line, before = Line(number), sys.gettrace()
    handlers = {stop: signal.getsignal(stop) for stop in STOPS}
    sys.settrace(line)
    try:
        ran = run(exch, server, *words)
    finally:
        sys.settrace(before)
        for stop, handler in handlers.items():  # a line that puts one back may be the one
            signal.signal(stop, handler)
    return ran, not line.left


@contextmanager
def placing(count: int) -> Iterator[Loopback]:
    """Each call that places gets new ids."""
    left = (f"{number:032}" for number in itertools.count(1))

    def answer(connection: Any, head: bytes) -> None:
        ids = [next(left) for _ in range(count)]
        told = {"order_id": ids[0]} if count == 1 else {"order_ids": ids}
        reply(json.dumps({"code": 0} | told))(connection, head)

    with exchange(answer) as server:
        yield server


def sweep(exch: Exch, server: Loopback, spread: int, *words: str) -> set[int]:
    """The exit codes when every so many lines are tried."""
    codes = set()
    number, more = 1, True
    while more:
        shutil.rmtree(exch.home / "state", ignore_errors=True)
        ran, more = interrupted(exch, server, number, *words)
        assert ran.code in (0, 7), f"line {number}: {ran}"
        assert ran.code == 7 or json.loads(ran.out), f"line {number}: {ran}"
        if ran.code == 7:
            none = "nothing was sent" in ran.err.lower()  # of those that follow what is placed
            assert not none or "Orders 1 to 10 are placed" in ran.err
        codes.add(ran.code)
        number += spread
    return codes


def test_an_order_is_printed_or_unknown_wherever_it_is_interrupted(exch: Exch) -> None:
    with placing(1) as server:
        assert sweep(exch, server, 11, *BUY["dfx"], "--yes") == {0, 7}


def test_a_batch_is_printed_or_unknown_wherever_it_is_interrupted(
    exch: Exch, tmp_path: Path
) -> None:
    file = tmp_path / "orders.csv"
    file.write_text("side,amount,price\n" + "buy,0.001,9000\n" * 20)
    with placing(10) as server:
        words = ["dfx", "order", "batch", "btc_usdt", str(file), "--yes"]
        assert sweep(exch, server, 149, *words) == {0, 7}


def test_a_cancel_is_printed_or_unknown_wherever_it_is_interrupted(exch: Exch) -> None:
    with exchange(reply("", "204 No Content")) as server:
        assert sweep(exch, server, 11, "dgt", "cancel", "17167", "--yes") == {0, 7}


def stopped(*_values: object, **_named: object) -> Any:
    raise KeyboardInterrupt


def test_right_behind_the_answer_it_is_7_and_names_the_order(
    exch: Exch, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Lock.held

    @contextmanager
    def let_go(self: Lock) -> Iterator[None]:
        with held(self):
            yield
        raise KeyboardInterrupt

    monkeypatch.setattr(Lock, "held", let_go)
    with exchange(reply('{"id": 17167}')) as server:
        ran = run(exch, server, *BUY["dgt"], "--yes", "--once", "k")
    assert ran.code == 7
    told = json.loads(ran.err)["error"]
    assert "k was done (17167)" in told["message"]
    assert "exch journal show k" in told["hint"]


def test_a_second_ctrl_c_while_the_first_is_told_changes_nothing(
    exch: Exch, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell = app._tell
    calls: list[object] = []

    def twice(*values: Any) -> int:
        calls.append(values)
        return tell(*values) if len(calls) > 1 else stopped()

    monkeypatch.setattr(app, "_tell", twice)
    with exchange(reply("<html>")) as server:
        assert run(exch, server, *BUY["dgt"], "--yes").code == 7


def test_what_was_printed_is_done_whatever_comes_then(
    exch: Exch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Session, "close", stopped)
    with exchange(reply('{"id": 17167}')) as server:
        ran = run(exch, server, *BUY["dgt"], "--yes")
    assert (ran.code, json.loads(ran.out)["id"]) == (0, "17167")


@pytest.mark.parametrize("answer", [reply('{"detail": "no"}', "400 Bad Request")])
def test_what_was_refused_before_ctrl_c_is_no_doubt(
    exch: Exch, monkeypatch: pytest.MonkeyPatch, answer: Answer
) -> None:
    monkeypatch.setattr(Session, "close", stopped)
    with exchange(answer) as server:
        assert run(exch, server, *BUY["dgt"], "--yes").code == 130


def test_before_anything_is_sent_it_is_130(exch: Exch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Client, "send_once", stopped)
    with exchange(reply('{"id": 17167}')) as server:
        assert run(exch, server, *BUY["dgt"], "--yes").code == 130


def test_a_call_of_any_endpoint_is_done_when_it_was_answered(
    exch: Exch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exchcli.cli.api.anyway", stopped)
    with exchange(reply('{"id": 17167}')) as server:
        ran = run(exch, server, "dgt", "api", "POST", "/private/offers/", "--yes")
    assert ran.code == 7
    assert "was done (17167)" in json.loads(ran.err)["error"]["message"]


def test_a_bug_behind_the_first_byte_is_7_too(exch: Exch, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_values: object, **_named: object) -> Any:
        raise RuntimeError("what no test has thought of")

    monkeypatch.setattr("exchcli.cli.placing.look", broken)
    with exchange(reply('{"id": 17167}')) as server:
        ran = run(exch, server, *BUY["dgt"], "--yes", "--once", "k")
    assert ran.code == 7
    assert "k was done (17167). It was a bug in exch" in json.loads(ran.err)["error"]["message"]
