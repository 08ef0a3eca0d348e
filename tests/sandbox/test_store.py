"""The sandbox's file: made once and whole, read without being written to, never overwritten."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from exchcli.errors import StateError
from exchcli.sandbox.exchange import Sandbox
from exchcli.sandbox.recording import reset
from exchcli.sandbox.store import FILE, Store, _create
from exchcli.sandbox.wire import WireRequest


def files(folder):
    return sorted(each.name for each in folder.iterdir())


def test_the_folder_is_made_for_its_owner_only(ask):
    assert stat.S_IMODE(ask.folder.stat().st_mode) == 0o700


def test_no_file_can_be_read_by_others_whatever_the_umask(open_sandbox):
    before = os.umask(0)
    try:
        opened = open_sandbox("private")
        opened.reply("/v3/ticker")
        with opened.sandbox.store.writing() as db:
            db.execute("UPDATE sandbox SET seed = seed")
            db.execute("CREATE TABLE more (id INTEGER)")
    finally:
        os.umask(before)
    modes = {
        p.name: stat.S_IMODE(p.stat().st_mode) for p in opened.sandbox.store.path.parent.iterdir()
    }
    assert {f"{FILE}-wal", f"{FILE}-shm", f"{FILE}-limits-journal"} < modes.keys()
    assert set(modes.values()) == {0o600}


def test_closing_leaves_the_store_the_limits_and_no_drafts(ask):
    ask("/v3/ticker")
    ask.sandbox.close()
    assert files(ask.folder) == [FILE, f"{FILE}-limits", f"{FILE}-limits-journal"]


def test_the_same_folder_is_the_same_market(open_sandbox):
    first = open_sandbox("same")
    again = open_sandbox("same", now=first.now + 5000)
    assert first.at(5000).reply("/v3/ticker") == again.reply("/v3/ticker")
    assert again.sandbox.store.opened == first.opened


def test_same_seed_and_same_clock_give_the_same_bytes_in_another_folder(open_sandbox):
    one, two = open_sandbox("one"), open_sandbox("two")
    for seconds in (0, 11, 4000, 10**8):
        for target in ("/v3/ticker", "/v3/trades?symbol=eth_usdt", "/api/public/offers/LTCPLN/"):
            assert one.at(seconds).reply(target) == two.at(seconds).reply(target)


def test_another_seed_is_another_market(open_sandbox):
    one, two = open_sandbox("one", seed=1), open_sandbox("two", seed=2)
    assert one.at(4000).reply("/v3/ticker") != two.at(4000).reply("/v3/ticker")


def test_a_seed_given_at_creation_stays(open_sandbox):
    first = open_sandbox("seeded", seed=42)
    again = open_sandbox("seeded")
    assert first.at(900).reply("/v3/ticker") == again.at(900).reply("/v3/ticker")
    assert again.sandbox.store.seed == 42


def test_looking_at_a_ready_store_does_not_write_to_it(ask, open_sandbox):
    ask.sandbox.close()
    path = ask.folder / FILE
    before = path.stat().st_mtime_ns, path.read_bytes()
    again = open_sandbox()
    for target in ("/v3/ticker", "/v3/kline?symbol=btc_usdt&period=1", "/api/public/time/"):
        again.reply(target)
    assert not (
        path.with_name(f"{FILE}-wal").exists() and path.with_name(f"{FILE}-wal").stat().st_size
    )
    again.sandbox.close()
    assert (path.stat().st_mtime_ns, path.read_bytes()) == before


def test_of_many_that_create_at_once_all_see_one_market(tmp_path):
    code = (
        "import sys, pathlib, time\n"
        "from exchcli.sandbox.exchange import Sandbox\n"
        "from exchcli.sandbox.wire import WireRequest\n"
        "sandbox = Sandbox(pathlib.Path(sys.argv[1]), clock=lambda: int(sys.argv[2]) * 10**9,"
        " seed=None)\n"
        "print(sandbox.store.opened)\n"
        "sandbox.close()\n"
    )
    folder = tmp_path / "raced"
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(folder), str(1_700_000_000 + number)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(4)
    ]
    answers = [each.communicate() for each in running]
    assert [errors for _, errors in answers] == [""] * 4
    assert len({opened for opened, _ in answers}) == 1
    # SQLite may leave its -wal and -shm when two close at once; drafts would be ours.
    assert not [name for name in files(folder) if ".new" in name]


def test_the_slower_of_two_creators_leaves_the_first_store_in_place(tmp_path):
    for moment in (111, 222):
        _create(tmp_path / FILE, moment, seed=1)
    store = Store(tmp_path, 333)
    store.close()
    assert store.opened == 111
    assert files(tmp_path) == [FILE]


def test_a_file_system_without_hard_links_will_do(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    store = Store(tmp_path, 444)
    store.close()
    assert store.opened == 444
    assert files(tmp_path) == [FILE]


def test_threads_may_share_a_sandbox(ask):
    replies = []

    def look():
        replies.extend(ask.reply("/v3/ticker") for _ in range(5))

    threads = [threading.Thread(target=look) for _ in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(replies) == 30
    assert len({each.body for each in replies}) == 1


def test_closing_waits_for_the_request_of_another_thread(ask, open_sandbox):
    """A command that fails goes home while its other requests are still being answered."""
    ask.sandbox.accounts("dgt")
    refused = []
    wallets = WireRequest("GET", "/api/private/wallets/", "", {"access-key": "demo"}, b"")
    for _ in range(20):
        sandbox = open_sandbox().sandbox
        answered = threading.Event()

        def look(sandbox=sandbox, answered=answered):
            try:
                while True:
                    sandbox.handle(wallets)
                    answered.set()
            except StateError as error:
                refused.append(error.message)

        threads = [threading.Thread(target=look) for _ in range(3)]
        for each in threads:
            each.start()
        answered.wait(10)
        sandbox.close()
        for each in threads:
            each.join(10)
            assert not each.is_alive()
    assert refused == ["The sandbox is closed."] * 60


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"this is not a database, and long enough to be read as one" * 40,
        b"SQLite format 3\x00" + b"\xff" * 4096,
    ],
)
def test_a_damaged_file_is_named_and_left_alone(tmp_path, content):
    path = tmp_path / FILE
    path.write_bytes(content)
    with pytest.raises(StateError) as told:
        Sandbox(tmp_path)
    assert str(path) in told.value.message
    assert "exch sandbox reset" in told.value.hint
    assert path.read_bytes() == content


def test_a_file_cut_short_is_told_so(ask):
    ask.sandbox.close()
    path = ask.folder / FILE
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(StateError) as told:
        Sandbox(ask.folder)
    assert "damaged" in told.value.message
    assert "exch sandbox reset" in told.value.hint


@pytest.mark.parametrize("change", ["PRAGMA user_version = 99", "DELETE FROM sandbox"])
def test_a_store_of_another_layout_is_refused(ask, change):
    ask.sandbox.close()
    db = sqlite3.connect(ask.folder / FILE)
    with db:
        db.execute(change)
    db.close()
    with pytest.raises(StateError, match="damaged"):
        Sandbox(ask.folder)


def test_damage_found_while_answering_is_told_in_words(ask):
    ask.sandbox.store.close()
    with pytest.raises(StateError) as told:
        ask("/v3/ticker")
    assert str(ask.folder / FILE) in told.value.message


def test_an_unwritable_folder_is_named_with_the_way_out(tmp_path):
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    # Nothing stops root but a file system on which nobody can write.
    folder = Path("/proc/sandbox") if os.geteuid() == 0 else locked / "sandbox"
    with pytest.raises(StateError) as told:
        Sandbox(folder)
    assert str(folder) in told.value.message
    assert "EXCH_HOME" in told.value.hint


@pytest.mark.parametrize("taken", ["sandbox", f"sandbox/{FILE}"])
def test_a_path_that_is_something_else_is_named_with_the_way_out(tmp_path, taken):
    if taken == "sandbox":
        (tmp_path / taken).write_text("a file where the folder should be")
    else:
        (tmp_path / taken).mkdir(parents=True)
    with pytest.raises(StateError) as told:
        Sandbox(tmp_path / "sandbox")
    assert str(tmp_path / "sandbox" / FILE) in told.value.message
    assert "EXCH_HOME" in told.value.hint


def test_reset_removes_the_store_and_nothing_else(ask, open_sandbox):
    ask.sandbox.close()
    (ask.folder / "mine.txt").write_text("kept")
    (ask.folder / f"{FILE}.new-1-2").write_text("a draft that a crash left behind")
    reset(ask.folder)
    assert files(ask.folder) == ["mine.txt"]
    assert open_sandbox(now=ask.opened + 77).sandbox.store.opened == ask.opened + 77


def test_reset_of_nothing_is_no_error(tmp_path):
    reset(tmp_path / "never")


def test_a_transaction_that_fails_changes_nothing(ask):
    store = ask.sandbox.store

    def fail_half_way():
        with store.writing() as db:
            db.execute("UPDATE sandbox SET seed = 5")
            raise RuntimeError("half-way")

    with pytest.raises(RuntimeError, match="half-way"):
        fail_half_way()
    assert store.rows("SELECT seed FROM sandbox") == [(store.seed,)]


def test_a_full_or_broken_disk_is_a_state_error(ask):
    with pytest.raises(StateError, match="cannot be used"), ask.sandbox.store.writing():
        raise OSError(28, "No space left on device")


def test_a_failed_opening_leaves_no_connection_behind(tmp_path):
    """pytest turns an unclosed database into an error."""
    (tmp_path / FILE).write_bytes(b"x" * 5000)
    for _ in range(3):
        with pytest.raises(StateError):
            Store(tmp_path, 0)
