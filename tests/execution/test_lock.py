"""One run at a time for an account, by a lock that ends with its process."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from journalling import ACCOUNT

from exchcli.errors import OnceConflict, StateError
from exchcli.execution.lock import Lock

HOLDER = """
import sys
from pathlib import Path
from exchcli.execution.intent import Account
from exchcli.execution.lock import Lock

with Lock(Path(sys.argv[1]), Account(*sys.argv[2:]), 0).held():
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_process(state: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lock until its input ends, or it is ended itself."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(state), *ACCOUNT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def test_another_run_is_waited_for_no_longer_than_told(tmp_path: Path) -> None:
    with another_process(tmp_path) as process:
        with (
            pytest.raises(OnceConflict, match="Another run") as caught,
            Lock(tmp_path, ACCOUNT, 0.12).held(),
        ):
            raise AssertionError("both hold it")
        assert caught.value.exit == 9
        process.send_signal(signal.SIGSTOP)  # who is stopped still holds it
        with pytest.raises(OnceConflict), Lock(tmp_path, ACCOUNT, 0).held():
            raise AssertionError("both hold it")


def test_the_lock_of_a_run_that_was_killed_is_free(tmp_path: Path) -> None:
    lock = Lock(tmp_path, ACCOUNT, 0)
    with another_process(tmp_path) as process:
        assert lock.is_held()
        process.kill()
        process.wait()
        assert not lock.is_held()
        with lock.held():
            assert lock.is_held()


def test_a_run_goes_on_when_the_other_has_ended(tmp_path: Path) -> None:
    with another_process(tmp_path) as process:

        def ends(_seconds: float) -> None:
            process.kill()
            process.wait()

        with Lock(tmp_path, ACCOUNT, 30, sleep=ends).held():
            pass


def test_profiles_wait_for_each_other_since_they_may_be_one_account(tmp_path: Path) -> None:
    with Lock(tmp_path, ACCOUNT, 0).held():
        other = Lock(tmp_path, ACCOUNT._replace(profile="other"), 0)
        with pytest.raises(OnceConflict), other.held():
            raise AssertionError("both hold it")
        with Lock(tmp_path, ACCOUNT._replace(url="https://other.invalid"), 0).held():
            pass
        with Lock(tmp_path, ACCOUNT._replace(exchange="dgt"), 0).held():
            pass


def test_a_file_that_is_removed_before_it_is_locked_is_no_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = Lock(tmp_path, ACCOUNT, 1, sleep=lambda _seconds: None)
    opened = lock._opened
    removed: list[Path] = []

    def removed_at_first() -> int:
        handle = opened()
        if not removed:
            lock.path.unlink()
            removed.append(lock.path)
        return handle

    monkeypatch.setattr(lock, "_opened", removed_at_first)
    with lock.held():
        assert removed
        assert Lock(tmp_path, ACCOUNT, 0).is_held()


def test_a_lock_whose_file_is_removed_while_it_is_held_is_no_longer_held(tmp_path: Path) -> None:
    lock = Lock(tmp_path, ACCOUNT, 0)
    with lock.held():
        lock.check()
        lock.path.unlink()
        with pytest.raises(OnceConflict, match="was removed"):
            lock.check()
        with Lock(tmp_path, ACCOUNT, 0).held(), pytest.raises(OnceConflict, match="was removed"):
            lock.check()
    with pytest.raises(OnceConflict):
        lock.check()


def test_where_there_can_be_no_lock_nothing_is_done() -> None:
    with pytest.raises(StateError), Lock(Path("/proc/exch"), ACCOUNT, 0).held():
        raise AssertionError("held")


def test_looking_at_a_lock_makes_none(tmp_path: Path) -> None:
    assert not Lock(tmp_path / "state", ACCOUNT, 0).is_held()
    assert not (tmp_path / "state").exists()
