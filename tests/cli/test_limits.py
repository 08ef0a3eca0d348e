"""Limits and bans on the command line: waiting, not waiting, and what account limits shows."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from loopback import loopback, reply, with_time
from running import Exch

from exchcli.cli.waiting import Countdown
from exchcli.core.throttle_file import FILE

TIME = reply('{"epoch": 1469386936}')
TINY = '[dgt.limits]\npublic = "2/3600s"\n'


def limited(exch: Exch, text: str = TINY) -> None:
    exch.home.mkdir(parents=True)
    (exch.home / "config.toml").write_text(text)


def test_no_wait_fails_at_once_with_the_time(exch: Exch) -> None:
    limited(exch)
    with loopback(TIME) as server:
        env = {"EXCH_DGT_URL": server.url}
        assert [exch("dgt", "time", **env).code for _ in range(2)] == [0, 0]
        ran = exch("dgt", "time", "--no-wait", **env)
        before = exch("--no-wait", "dgt", "time", terminal=True, **env)
    error = json.loads(ran.err)["error"]
    assert (ran.code, ran.out) == (5, "")
    assert (error["kind"], error["retry"], error["exchange"]) == ("rate_limited", "after", "dgt")
    assert re.fullmatch(
        r"Dgtmarket's limit of 2 public calls in 3600 s is used up, until \S+Z\.", error["message"]
    )
    assert before.code == 5
    assert before.err.startswith("exch: Dgtmarket's limit of 2 public calls")
    assert len(server.requests) == 2


def test_a_ban_of_one_command_is_known_to_the_next_and_to_account_limits(exch: Exch) -> None:
    banned = reply("", "429 Too Many Requests", "Retry-After: 300\r\n")
    with loopback(banned) as server:
        env = {"EXCH_DGT_URL": server.url}
        first = exch("dgt", "time", **env)
        second = exch("dgt", "ticker", "btcpln", **env)
        shown = exch("dgt", "account", "limits", **env)
    assert (first.code, second.code, len(server.requests)) == (5, 5, 1)
    public, private = json.loads(shown.out)
    hint = f"Run it again after {public['banned_until']}; `exch dgt account limits` shows it."
    assert [json.loads(each.err)["error"]["hint"] for each in (first, second)] == [hint, hint]
    assert "Dgtmarket is not asked before" in second.err
    assert public | {"banned_until": "T"} == {
        "exchange": "dgt",
        "scope": "public",
        "used": 1,
        "limit": 60,
        "window_seconds": 60,
        "banned_until": "T",
    }
    assert public["banned_until"].endswith("Z")
    assert (private["used"], private["limit"], private["banned_until"]) == (None, 100, None)


def test_the_end_of_a_short_ban_is_waited_for_by_the_command_that_met_it(exch: Exch) -> None:
    banned = reply("", "429 Too Many Requests", "Retry-After: 1\r\n")
    with loopback(banned, TIME) as server:
        ran = exch("dgt", "time", "-v", EXCH_DGT_URL=server.url)
    assert (ran.code, len(server.requests)) == (0, 2)
    assert re.search(
        r"exch: waiting 1 s \(Ctrl-C stops\): Dgtmarket has asked for a pause", ran.err
    )


def test_a_short_ban_is_not_waited_for_with_no_wait_or_for_ever(exch: Exch) -> None:
    banned = reply("", "429 Too Many Requests", "Retry-After: 1\r\n")
    with loopback(banned) as server:
        at_once = exch("dgt", "time", "--no-wait", EXCH_DGT_URL=server.url)
        assert (at_once.code, len(server.requests)) == (5, 1)
        patient = exch("dgt", "time", EXCH_DGT_URL=server.url)
        assert (patient.code, len(server.requests)) == (5, 4)
    for ran in (at_once, patient):
        assert "Run it again after 2" in json.loads(ran.err)["error"]["hint"]


def test_a_short_ban_of_what_changes_something_is_no_reason_to_send_it_again(exch: Exch) -> None:
    banned = reply("", "429 Too Many Requests", "Retry-After: 1\r\n")
    key = {"EXCH_DGT_KEY": "fakekey", "EXCH_DGT_SECRET": "fake-secret"}
    with loopback(with_time(banned)) as server:
        command = ["dgt", "api", "POST", "/private/offers/", "-f", "pair=BTCPLN", "--yes"]
        ran = exch(*command, EXCH_DGT_URL=server.url, **key)
    sent = [head for head in server.requests if head.startswith(b"POST")]
    assert (ran.code, len(sent)) == (5, 1)


@pytest.mark.parametrize("code", [20018, 20020])
def test_a_ban_from_trading_says_when_it_is_asked_again_and_so_does_account_limits(
    exch: Exch, code: int
) -> None:
    key = {"EXCH_DFX_KEY": "fakekey", "EXCH_DFX_SECRET": "fake-secret"}
    with loopback(with_time(reply(f'{{"code": {code}}}'))) as server:
        command = ["dfx", "api", "POST", "/spot/order/new", "-f", "symbol=btc_usdt", "--yes"]
        ran = exch(*command, EXCH_DFX_URL=server.url, **key)
        shown = exch("dfx", "account", "limits", EXCH_DFX_URL=server.url, **key)
    (until,) = [row["banned_until"] for row in json.loads(shown.out) if row["scope"] == "trading"]
    error = json.loads(ran.err)["error"]
    assert (ran.code, error["code"]) == (5, str(code))
    assert error["hint"] == f"Run it again after {until}; `exch dfx account limits` shows it."


def test_account_limits_counts_every_command_of_the_sandbox_apart(exch: Exch) -> None:
    for _ in range(3):
        assert exch("--sandbox", "dfx", "ping").code == 0
    assert json.loads(exch("--sandbox", "dfx", "account", "limits").out) == [
        {
            "exchange": "dfx",
            "scope": "weight",
            "used": 3,
            "limit": 1200,
            "window_seconds": 60,
            "banned_until": None,
        }
    ]
    assert json.loads(exch("dfx", "account", "limits").out)[0]["used"] == 0


def test_private_calls_are_counted_by_key(exch: Exch) -> None:
    assert exch("--sandbox", "dgt", "balances").code == 0
    rows = json.loads(exch("--sandbox", "dgt", "account", "limits").out)
    assert [(row["scope"], row["used"]) for row in rows] == [("public", 1), ("private", 1)]


def test_only_digifinex_has_indicators(exch: Exch) -> None:
    ran = exch("--sandbox", "dfx", "account", "limits", "--indicators", "-o", "csv")
    assert (ran.code, ran.out.splitlines()[0]) == (0, "symbol,indicator,value,threshold,orders")
    assert exch("--sandbox", "dgt", "account", "limits", "--indicators").code == 2


def test_on_a_terminal_the_limits_of_digifinex_name_the_indicators(exch: Exch) -> None:
    command = ["--sandbox", "dfx", "account", "limits"]
    assert (
        "--indicators shows the FR, FW and CR of each pair\n" in exch(*command, terminal=True).err
    )
    assert exch(*command).err == ""
    dgt = exch("--sandbox", "dgt", "account", "limits", terminal=True)
    assert "indicators" not in dgt.out + dgt.err


def test_without_a_state_folder_public_reads_go_on_and_say_so_with_v(exch: Exch) -> None:
    exch.home.mkdir()
    (exch.home / "state").write_text("a file where a folder should be")
    with loopback(TIME) as server:
        env = {"EXCH_DGT_URL": server.url}
        assert exch("dgt", "time", **env).err == ""
        told = exch("dgt", "time", "-v", **env)
        key = {"EXCH_DGT_KEY": "fakekey", "EXCH_DGT_SECRET": "fake-secret"}
        signed = exch("dgt", "balances", **env, **key)
    assert told.code == 0
    assert "Public reads go on without it." in told.err
    assert signed.code == 12
    assert json.loads(signed.err)["error"]["kind"] == "state"


def test_a_damaged_file_of_limits_is_told_and_replaced(exch: Exch) -> None:
    (exch.home / "state").mkdir(parents=True)
    (exch.home / "state" / FILE).write_bytes(b"no database at all" * 50)
    with loopback(TIME) as server:
        ran = exch("dgt", "time", EXCH_DGT_URL=server.url)
        again = exch("dgt", "time", EXCH_DGT_URL=server.url)
    assert ran.code == 0
    assert ran.err == (
        "exch: the file of rate limits was damaged; a new one was made, the old is "
        f"{exch.home / 'state' / FILE}.damaged\n"
    )
    assert again.err == ""


def test_ctrl_c_ends_a_wait_at_once_and_leaves_the_queue(tmp_path: Path) -> None:
    exch = Exch(tmp_path / "home", PATH=os.environ["PATH"])
    limited(exch, '[dfx.limits]\nweight = "4/3600s"\n')
    with loopback(reply('{"code": 0, "data": []}')) as server:
        env = {**exch.env, "EXCH_DFX_URL": server.url}
        # More parts than there is room for: some threads wait, and the main one for them.
        command = ["dfx", "candles", "btc_usdt", "--period", "1m", "--start", "3d", "-v"]
        process = subprocess.Popen(
            [sys.executable, "-m", "exchcli", *command], env=env, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert process.stderr is not None
        lines = []
        while not lines or "waiting" not in lines[-1]:
            lines.append(process.stderr.readline())
            assert lines[-1], "it ended without waiting"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=10)
    assert process.returncode == 130
    assert "Interrupted; nothing was sent that changes anything." in err
    assert len(server.requests) <= 4  # Ctrl-C may be faster than those that had room
    assert re.fullmatch(
        r"exch: waiting 3[0-9]+ s \(Ctrl-C stops\): "
        r"DigiFinex's limit of 4 weights in 3600 s is used up\n",
        lines[-1],
    )


def test_the_offset_of_a_clock_is_right_after_a_wait_for_the_limit(exch: Exch) -> None:
    limited(exch, '[dgt.limits]\npublic = "2/2s"\n')
    offsets, waits = [], 0
    for _ in range(4):
        ran = exch("--sandbox", "dgt", "time", "-v")
        waits += "waiting" in ran.err
        offsets.append(abs(float(json.loads(ran.out)["offset_seconds"])))
    assert waits
    assert max(offsets) <= 0.6


def test_a_ping_takes_as_long_as_the_exchange_does_however_long_the_wait(exch: Exch) -> None:
    limited(exch, '[dfx.limits]\nweight = "2/2s"\n')
    ran = [exch("--sandbox", "dfx", "ping", "-v") for _ in range(3)]
    assert "waiting" in "".join(each.err for each in ran)
    assert max(json.loads(each.out)["milliseconds"] for each in ran) < 500


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def screen(text: str) -> list[str]:
    """What stands on the line after each return of the carriage."""
    return [part.rstrip() for part in text.split("\r")]


def test_at_a_terminal_one_line_counts_down_and_then_goes_away() -> None:
    stderr = Terminal()
    countdown = Countdown(stderr, verbose=False)
    for seconds in (12.2, 11.2, 9.4):
        countdown(seconds, "The limit is used up")
    countdown(0, "")
    assert screen(stderr.getvalue()) == [
        "",
        "exch: waiting 12 s (Ctrl-C stops): The limit is used up",
        "exch: waiting 11 s (Ctrl-C stops): The limit is used up",
        "exch: waiting 9 s (Ctrl-C stops): The limit is used up",
        "",
        "",
    ]
    assert "\n" not in stderr.getvalue()


def test_a_wait_of_an_instant_is_not_worth_a_word() -> None:
    stderr = Terminal()
    countdown = Countdown(stderr, verbose=True)
    countdown(0.3, "The limit is used up")
    countdown(0, "")
    assert stderr.getvalue() == ""


@pytest.mark.parametrize("verbose", [True, False])
def test_elsewhere_one_plain_line_is_written_with_v_and_none_without(verbose: bool) -> None:
    stderr = io.StringIO()
    countdown = Countdown(stderr, verbose)
    for seconds in (12.2, 11.2, 9.4):
        countdown(seconds, "The limit is used up")
    countdown(0, "")
    line = "exch: waiting 12 s (Ctrl-C stops): The limit is used up\n"
    assert stderr.getvalue() == (line if verbose else "")


def test_a_line_is_never_wider_than_the_terminal_and_never_moves_the_cursor() -> None:
    stderr = Terminal()
    Countdown(stderr, verbose=False)(10, "long " * 50 + "\x1b[2J")
    assert max(map(len, screen(stderr.getvalue()))) < 80
    assert "waiting 10 s (Ctrl-C stops)" in stderr.getvalue()
    assert "\x1b" not in stderr.getvalue()


def test_nobody_to_tell_is_no_error() -> None:
    closed = Terminal()
    countdown = Countdown(closed, verbose=True)
    closed.close()
    countdown(10, "The limit is used up")
    countdown(0, "")
    Countdown(None, verbose=True)(10, "The limit is used up")
