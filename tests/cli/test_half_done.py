"""What was done is told as done, whatever keeps the rest from being done or told."""

from __future__ import annotations

import json
import signal
import socket
from pathlib import Path
from typing import Any

import pytest
from loopback import Answer, reply
from running import Exch
from trading_server import BUY, exchange, run

from exchcli.cli import following
from exchcli.cli.doing import Keeping
from exchcli.cli.printing import STOPS, heed_signals
from exchcli.cli.session import Session
from exchcli.errors import (
    CredentialsError,
    ExchError,
    GuardRefused,
    Interrupted,
    NotSent,
    OnceAbsent,
    OnceAmbiguous,
    OnceConflict,
    RateLimited,
    Rejected,
    StateError,
    UsageError,
)


def interrupted(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_an_order_that_is_placed_is_printed_though_ctrl_c_came_while_it_was_read(
    exch: Exch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "_told", interrupted)
    for number, wait in enumerate(([], ["--wait"]), 1):
        order_id = f"{number:032}"
        with exchange(reply(f'{{"code": 0, "order_id": "{order_id}"}}')) as server:
            ran = run(exch, server, *BUY["dfx"], "--yes", *wait)
            assert ran.code == 0
            assert json.loads(ran.out)["id"] == order_id
            assert f"the order {order_id}" in ran.err


def test_ctrl_c_does_not_keep_what_was_done_from_being_printed(
    still: Exch, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = Session.show

    def show(self: Session, data: Any, record: Any = None) -> None:
        for number in STOPS:
            signal.raise_signal(number)
        shown(self, data, record)

    monkeypatch.setattr(Session, "show", show)
    ran = still("dgt", "buy", "btcpln", "0.05", "--price", "2570", "--yes")
    assert ran.code == 0
    assert json.loads(ran.out)["id"] == "17167"
    ran = still("dgt", "cancel", "17167", "--yes")
    assert (ran.code, json.loads(ran.out)) == (0, [{"id": "17167", "status": "canceled"}])
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def file_of(count: int, folder: Path) -> str:
    file = folder / "orders.csv"
    file.write_text("side,amount,price\n" + "buy,0.001,9000\n" * count)
    return str(file)


def then(second: Answer) -> Answer:
    """The ids of ten orders, and to the next call this."""
    calls: list[bytes] = []
    ids = [f"{number:032}" for number in range(1, 11)]

    def answer(connection: socket.socket, head: bytes) -> None:
        calls.append(head)
        first = reply(json.dumps({"code": 0, "order_ids": ids}))
        (first if len(calls) == 1 else second)(connection, head)

    return answer


LIMITED = reply('{"code": 10005}', "429 Too Many Requests")


def test_a_batch_that_is_half_placed_without_a_key_is_not_to_be_run_again(
    exch: Exch, tmp_path: Path
) -> None:
    with exchange(then(LIMITED)) as server:
        words = ["dfx", "order", "batch", "btc_usdt", file_of(25, tmp_path), "--yes"]
        ran = run(exch, server, *words)
    assert ran.code == 7
    assert len(json.loads(ran.out)) == 10
    told = json.loads(ran.err)["error"]
    assert told["message"].startswith(
        "Orders 11 to 20 of 25: DigiFinex refused: it was asked too often"
    )
    assert told["hint"] == (
        "Orders 1 to 10 are placed; orders 21 to 25 were not sent. Do not run the whole file "
        "again: place what is left of it, from order 11 on."
    )


def test_under_a_key_it_can_be(exch: Exch, tmp_path: Path) -> None:
    with exchange(then(LIMITED)) as server:
        words = ["dfx", "order", "batch", "btc_usdt", file_of(25, tmp_path), "--yes"]
        ran = run(exch, server, *words, "--once", "b")
    assert ran.code == 7
    told = json.loads(ran.err)["error"]
    assert told["hint"].endswith("Run the same again with --once b: what is placed stays as it is.")


def test_an_unknown_call_names_the_key_of_the_file(exch: Exch, tmp_path: Path) -> None:
    with exchange(then(reply("<html>"))) as server:
        words = ["dfx", "order", "batch", "btc_usdt", file_of(25, tmp_path), "--yes"]
        ran = run(exch, server, *words, "--once", "b")
    assert ran.code == 7
    told = json.loads(ran.err)["error"]
    assert "again with --once b," in told["hint"]
    assert "exch journal resolve b#2" in told["hint"]


@pytest.mark.parametrize(
    "kind",
    [
        UsageError, CredentialsError, Rejected, RateLimited, NotSent, GuardRefused, OnceConflict,
        OnceAbsent, OnceAmbiguous, StateError, Interrupted,
    ],
)  # fmt: skip
def test_whatever_stops_half_a_file_it_is_7_but_for_what_is_odd_about_a_key(
    still: Exch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type[ExchError]
) -> None:
    real, calls = Keeping.place_all, []

    def place_all(self: Keeping, *args: Any, **more: Any) -> Any:
        calls.append(args)
        if len(calls) % 2 == 0:
            raise kind("It stopped.", "Run it again.")
        return real(self, *args, **more)

    monkeypatch.setattr(Keeping, "place_all", place_all)
    words = ["dfx", "order", "batch", "btc_usdt", file_of(25, tmp_path), "--yes"]
    ran = still(*words)
    assert (ran.code, len(json.loads(ran.out))) == (7, 10)
    told = json.loads(ran.err)["error"]
    assert (told["message"], told["retry"]) == ("Orders 11 to 20 of 25: It stopped.", "never")
    assert told["hint"].startswith(
        "Orders 1 to 10 are placed; orders 21 to 25 were not sent. Do not run the whole file "
        "again: place what is left of it, from order 11 on"
    )
    ran = still(*words, "--once", "b")
    code = kind.exit if kind in (OnceConflict, OnceAmbiguous) else 7
    assert (ran.code, len(json.loads(ran.out))) == (code, 10)
    told = json.loads(ran.err)["error"]
    assert told["hint"].startswith("Orders 1 to 10 are placed; orders 21 to 25 were not sent.")
    again = "Run the same again with --once b"
    if kind is OnceAbsent:  # which the same again would only find once more
        again = "Run it again with --once b --on-absent resend"
    assert f"{again}: what is placed stays as it is." in told["hint"]


def test_signals_that_come_together_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """systemd and terminals that close send two: the second must not strike into the end."""
    clock = iter([10.0, 10.1, 10.9, 12.0])
    before = {number: signal.getsignal(number) for number in STOPS}
    monkeypatch.setattr("exchcli.cli.printing.time.monotonic", lambda: next(clock))
    try:
        heed_signals()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGHUP)
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
