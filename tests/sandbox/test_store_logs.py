"""SQLite's logs beside the store: none is ever played into a store that is not its own; and what
is told when another process keeps the store to itself."""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import threading
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest

from exchcli.errors import StateError
from exchcli.sandbox.limits import Limits
from exchcli.sandbox.recording import reset
from exchcli.sandbox.store import FILE, Store

WAL, SHM = f"{FILE}-wal", f"{FILE}-shm"


@pytest.fixture
def killed(tmp_path):
    """What a process that was killed leaves: a store and its log, which has not been played."""
    store = Store(tmp_path / "alive", 111)
    with store.writing() as db:
        db.execute("CREATE TABLE of_the_old_one (id INTEGER)")
        db.execute("UPDATE sandbox SET seed = 999")
    shutil.copytree(tmp_path / "alive", tmp_path / "killed")
    store.close()
    assert (tmp_path / "killed" / WAL).stat().st_size > 0
    return tmp_path / "killed"


def whole(folder):
    """The store in the folder is in order; when it was opened, and its seed."""
    with closing(sqlite3.connect(folder / FILE)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return db.execute("SELECT opened, seed FROM sandbox").fetchone()


def test_a_store_that_was_killed_is_read_with_its_log(killed):
    assert whole(killed) == (111, 999)


@pytest.mark.parametrize("left", [(WAL,), (WAL, SHM)])
def test_logs_without_a_store_are_not_played_into_the_next_one(killed, left):
    (killed / FILE).unlink()
    for name in {WAL, SHM} - set(left):
        (killed / name).unlink()
    store = Store(killed, 222, seed=7)
    assert (store.opened, store.stored_seed) == (222, 7)
    store.close()
    assert whole(killed) == (222, 7)


class Killed(BaseException):
    pass


@pytest.mark.parametrize("most", range(4))
def test_wherever_a_reset_is_interrupted_no_log_is_left_without_its_store(
    killed, monkeypatch, most
):
    removed = []
    unlink = Path.unlink

    def until_killed(self, **named):
        if len(removed) == most:
            raise Killed
        removed.append(self.name)
        unlink(self, **named)

    with monkeypatch.context() as patched, suppress(Killed):
        patched.setattr(Path, "unlink", until_killed)
        reset(killed)
    there = {name for name in (FILE, WAL, SHM) if (killed / name).exists()}
    assert len(there) == 3 - most
    assert FILE in there or not there


def test_who_is_slower_to_create_does_not_touch_the_log_of_the_faster_one(killed, tmp_path):
    folder = tmp_path / "raced"
    folder.mkdir()
    handle = os.open(folder, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    slower = threading.Thread(target=lambda: Store(folder, 333).close())
    slower.start()
    while not list(folder.glob(f"{FILE}.new-*")):
        time.sleep(0.001)
    for name in (FILE, WAL, SHM):
        shutil.copy(killed / name, folder)
    os.close(handle)
    slower.join(20)
    assert not slower.is_alive()
    assert whole(folder) == (111, 999)


@pytest.fixture
def writer(tmp_path):
    """Another process's connection that is in the middle of writing."""
    opened = []

    def write(path):
        opened.append(sqlite3.connect(path, isolation_level=None))
        opened[-1].execute("BEGIN IMMEDIATE")

    yield write
    for each in opened:
        each.close()


def test_that_another_process_writes_for_too_long_is_told_so(tmp_path, writer):
    store = Store(tmp_path, 111)
    store._db.execute("PRAGMA busy_timeout = 1")
    writer(store.path)
    with pytest.raises(StateError) as told, store.writing():
        pass
    store.close()
    assert told.value.message.startswith("Another process is writing to the sandbox in ")
    assert "locked" not in told.value.message
    assert told.value.hint.startswith("Try again")


def test_the_same_is_told_of_the_limits(tmp_path, writer):
    limits = Limits(tmp_path / "limits")
    limits.wait("here", 1, 10**18)
    limits._database().execute("PRAGMA busy_timeout = 1")
    writer(tmp_path / "limits")
    with pytest.raises(StateError, match=r"^Another process is writing to the sandbox's limits"):
        limits.wait("here", 1, 10**18)
    limits.close()
