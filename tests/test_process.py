"""Whole processes: pipes that close, Ctrl-C, full disks, and what a start may load."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from loopback import loopback, reply, silence
from trading_server import BUY, KEYS, changing, exchange

EXCH = [sys.executable, "-m", "exchcli"]


def environment(home: Path, **more: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(home), "EXCH_HOME": str(home / "exch"), **more}


def spawn(arguments: Sequence[str], home: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*EXCH, *arguments], env=environment(home, **env), capture_output=True, text=True,
        timeout=60, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def test_a_reader_that_stops_early_is_no_error(tmp_path: Path) -> None:
    for command in ("--sandbox dfx candles btc_usdt -o csv --limit 200", "--help"):
        ran = subprocess.run(
            ["bash", "-c", f'set -o pipefail; "$0" -m exchcli {command} | head -1', sys.executable],
            env=environment(tmp_path), capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert (ran.returncode, ran.stderr) == (0, "")
        assert len(ran.stdout.splitlines()) == 1


def test_a_pipe_that_is_closed_before_anything_is_written_is_no_error(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    ran = subprocess.run(
        [*EXCH, "--sandbox", "dgt", "symbols"], env=environment(tmp_path), stdout=writing,
        stderr=subprocess.PIPE, text=True, timeout=60, check=False,
    )  # fmt: skip
    os.close(writing)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_no_stdout_at_all_is_told_and_never_a_traceback(tmp_path: Path) -> None:
    ran = subprocess.run(
        ["bash", "-c", '"$0" -m exchcli --sandbox dgt symbols -o csv >&-', sys.executable],
        env=environment(tmp_path), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ran.returncode == 12
    assert ran.stderr.startswith("exch: ")
    assert len(ran.stderr.splitlines()) == 1


def test_a_full_disk_under_stdout_is_exit_12(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(
            [*EXCH, "--sandbox", "dgt", "symbols", "-o", "csv"], env=environment(tmp_path),
            stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert ran.returncode == 12
    assert len(ran.stderr.splitlines()) == 1
    assert "Traceback" not in ran.stderr


def test_a_stderr_that_nobody_reads_is_no_reason_to_print_no_data(tmp_path: Path) -> None:
    for stderr in ("/dev/full", None):
        reading, writing = os.pipe()
        os.close(reading)
        with Path(stderr or "/dev/null").open("w") as file:
            ran = subprocess.run(
                [*EXCH, "-v", "--sandbox", "dgt", "time", "-o", "csv", "--fields", "exchange"],
                env=environment(tmp_path), stdout=subprocess.PIPE,
                stderr=file if stderr else writing, text=True, timeout=60, check=False,
            )  # fmt: skip
        os.close(writing)
        assert (ran.returncode, ran.stdout) == (0, "exchange\ndgt\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ctrl_c_and_its_like_are_130_and_one_line(tmp_path: Path, number: int) -> None:
    with loopback(silence) as server:
        process = subprocess.Popen(
            [*EXCH, "dgt", "time"], env=environment(tmp_path, EXCH_DGT_URL=server.url),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            # A test runner in the background hands on an ignored SIGINT.
            preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),
        )  # fmt: skip
        while not server.requests and process.poll() is None:
            server.stopped.wait(0.01)
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert json.loads(err)["error"] == {
        "kind": "interrupted",
        "message": "Interrupted; nothing was sent that changes anything.",
        "hint": None,
        "exchange": "dgt",
        "code": None,
        "retry": "fix",
        "exit": 130,
    }


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_whatever_ends_it_behind_the_first_byte_is_told_as_unknown(
    tmp_path: Path, number: int
) -> None:
    with exchange(silence) as server:
        process = subprocess.Popen(
            [*EXCH, *BUY["dfx"], "--yes", "--once", "k"],
            env=environment(tmp_path, EXCH_DFX_URL=server.url, **KEYS),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),
        )  # fmt: skip
        while not changing(server) and process.poll() is None:
            server.stopped.wait(0.01)
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (7, "")
    told = json.loads(err)["error"]
    assert "it was interrupted before the answer had come" in told["message"]
    assert "--once k" in told["hint"]


def test_what_is_told_to_outlive_its_terminal_does(tmp_path: Path) -> None:
    go_on = threading.Event()

    def late(connection: socket.socket, head: bytes) -> None:
        go_on.wait(30)
        reply('{"epoch": 1469386936}')(connection, head)

    with loopback(late) as server:
        process = subprocess.Popen(
            [*EXCH, "dgt", "time"], env=environment(tmp_path, EXCH_DGT_URL=server.url),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),  # as nohup does
        )  # fmt: skip
        while not server.requests and process.poll() is None:
            server.stopped.wait(0.01)
        process.send_signal(signal.SIGHUP)
        go_on.set()
        _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")


def test_a_state_folder_that_cannot_be_written_stops_the_sandbox_with_12(tmp_path: Path) -> None:
    (tmp_path / "exch").write_text("a file where a folder should be")
    ran = spawn(["--sandbox", "dgt", "ticker", "btcpln"], tmp_path)
    assert (ran.returncode, ran.stdout) == (12, "")
    error = json.loads(ran.stderr)["error"]
    assert error["kind"] == "state"
    assert str(tmp_path) in error["message"]
    assert error["hint"]


def test_without_a_home_reads_still_work(tmp_path: Path) -> None:
    with loopback(reply('{"epoch": 1469386936}')) as server:
        ran = subprocess.run(
            [*EXCH, "dgt", "time"], env={"EXCH_DGT_URL": server.url, "HOME": "/dev/null/home"},
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert ran.returncode == 0, ran.stderr


def modules_of(arguments: Sequence[str], home: Path, **env: str) -> set[str]:
    """Every module that a command imports."""
    code = (
        "import sys, os\n"
        "leave = os._exit\n"
        "def told(code):\n"
        "    sys.stderr.write('MODULES ' + ' '.join(sys.modules)); sys.stderr.flush()\n"
        "    leave(code)\n"
        "os._exit = told\n"
        "from exchcli.__main__ import main\n"
        f"sys.argv = ['exch', *{list(arguments)!r}]\n"
        "main()\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], env=environment(home, **env), capture_output=True,
        text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return set(ran.stderr.partition("MODULES ")[2].split())


def test_the_version_loads_nothing(tmp_path: Path) -> None:
    loaded = modules_of(["--version"], tmp_path)
    assert loaded & {"typer", "httpx", "rich", "json", "re", "decimal", "typing"} == set()


def test_help_loads_no_http_no_sandbox_and_no_tables(tmp_path: Path) -> None:
    for arguments in (["--help"], ["dgt", "--help"], ["dfx", "candles", "--help"]):
        loaded = modules_of(arguments, tmp_path)
        assert loaded & {"httpx", "rich", "sqlite3", "exchcli.sandbox.exchange"} == set(), arguments


def test_a_json_read_loads_only_its_own_exchange_and_no_tables(tmp_path: Path) -> None:
    with loopback(reply('{"epoch": 1469386936}')) as server:
        loaded = modules_of(["dgt", "time"], tmp_path, EXCH_DGT_URL=server.url)
    assert "httpx" in loaded
    assert (
        loaded
        & {
            "rich",
            "keyring",
            "exchcli.exchanges.digifinex",
            "exchcli.sandbox.exchange",
            "tomllib",
            "platformdirs",
        }
        == set()
    )


@pytest.mark.parametrize(
    "arguments",
    [["--sandbox", "dgt", "ticker", "btcpln"], ["--sandbox", "dfx", "trades", "btc_usdt"]],
    ids=" ".join,
)
def test_a_command_peaks_under_60_mib(tmp_path: Path, arguments: list[str]) -> None:
    code = (
        "import os, resource, sys\n"
        "child = os.spawnv(os.P_WAIT, sys.executable, [sys.executable, '-m', 'exchcli', "
        f"*{arguments!r}])\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, child)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], env=environment(tmp_path), capture_output=True, text=True,
        timeout=60, check=True,
    )  # fmt: skip
    kilobytes, status = ran.stdout.splitlines()[-1].split()
    assert status == "0"
    assert int(kilobytes) < 60 * 1024
