"""Helper commands: a list of words and no shell, a deadline, and nothing they say is shown."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest
from hurry import within

from exchcli.core.credentials import command
from exchcli.core.credentials.command import output_of
from exchcli.errors import CredentialsError


def sh(script: str) -> bytes:
    return output_of(["/bin/sh", "-c", script], interactive=False)


def refusal(script: str) -> str:
    with pytest.raises(CredentialsError) as caught:
        sh(script)
    assert "canary" not in f"{caught.value.message} {caught.value.hint}"
    return caught.value.message


def test_what_it_prints_is_taken_whole() -> None:
    assert sh("echo fakekey; echo fake-secret") == b"fakekey\nfake-secret\n"


def test_no_shell_looks_at_the_words(tmp_path: Path) -> None:
    victim = tmp_path / "made"
    assert output_of(["/bin/echo", f"$(touch {victim})"], interactive=False).startswith(b"$(touch")
    assert not victim.exists()


def test_what_it_says_on_stderr_is_thrown_away(capfd: pytest.CaptureFixture[str]) -> None:
    assert (
        refusal("echo canary >&2; exit 3") == "The helper command /bin/sh failed with exit code 3."
    )
    assert capfd.readouterr() == ("", "")


def test_it_has_no_stdin_to_wait_for() -> None:
    assert sh("cat; echo done") == b"done\n"


def test_one_that_does_not_end_is_ended_with_its_children(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(command, "SECONDS", 0.3)
    child = tmp_path / "child"
    with within(20):
        message = refusal(f"sleep 1000 & echo $! > {child}; wait")
    assert message == "The helper command /bin/sh was not done within 0.3 s."
    end = time.monotonic() + 10
    while is_running(int(child.read_text())):
        assert time.monotonic() < end


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A child that nobody waits for stays listed when it has ended.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def test_a_child_that_keeps_the_pipe_open_is_not_waited_for() -> None:
    started = time.monotonic()
    assert sh("setsid sleep 5 & echo fakekey; echo fake-secret") == b"fakekey\nfake-secret\n"
    assert time.monotonic() - started < 4


def test_what_it_prints_at_its_very_end_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = subprocess.Popen.poll

    def when_it_has_ended(process: subprocess.Popen[bytes]) -> int | None:
        process.wait(10)  # as if it wrote and ended since nothing was there to be read
        return looked(process)

    monkeypatch.setattr(subprocess.Popen, "poll", when_it_has_ended)
    assert sh("sleep 0.2; echo fakekey; echo fake-secret") == b"fakekey\nfake-secret\n"


def test_endless_output_is_cut_off() -> None:
    assert refusal("yes canary") == "The helper command /bin/sh printed more than 64 KiB."


def test_one_that_dies_and_one_that_is_not_there() -> None:
    assert refusal("kill -9 $$") == "The helper command /bin/sh was ended by signal 9."
    with pytest.raises(CredentialsError) as caught:
        output_of(["/nonexistent/helper"], interactive=False)
    assert caught.value.message == (
        "The helper command /nonexistent/helper cannot be run: no such file or directory."
    )
