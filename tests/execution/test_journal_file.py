"""The journal's file: made whole, migrated, and never replaced when it is damaged."""

from __future__ import annotations

import gc
import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from journalling import ACCOUNT, BEFORE, BUY, NEW, NOW, sent, signed

from exchcli.errors import StateError
from exchcli.execution import journal_file
from exchcli.execution.intent import likeness, written
from exchcli.execution.journal import Journal
from exchcli.execution.journal_file import FILE, LAYOUTS, JournalFile


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file of the journal of the fixture."""
    return tmp_path / "state" / FILE


def test_looking_makes_nothing(journal: Journal, path: Path) -> None:
    assert journal.entries() == []
    assert journal.named("weekly") == []
    assert not path.parent.exists()


def test_the_file_is_its_owners_alone_and_every_commit_is_on_the_disk(
    journal: Journal, path: Path
) -> None:
    sent(journal, "weekly")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    file = JournalFile(path.parent)
    with file.reading() as db:
        assert db.execute("PRAGMA synchronous").fetchone() == (2,)
    file.close()
    assert list(path.parent.glob(".*.tmp")) == []


def test_two_processes_that_begin_at_once_have_one_journal(tmp_path: Path) -> None:
    one, other = Journal(tmp_path), Journal(tmp_path)
    sent(one, "a")
    sent(other, "b")
    assert [entry.key for entry in one.entries()] == ["b", "a"]
    one.close()
    other.close()


def test_a_transaction_writes_alone_from_its_beginning(tmp_path: Path) -> None:
    """What it reads is still so when it writes."""
    one, other = JournalFile(tmp_path), JournalFile(tmp_path)
    with other.reading() as db:
        db.execute("PRAGMA busy_timeout = 0")
    with one.writing():
        with pytest.raises(StateError, match="locked"), other.writing():
            raise AssertionError("both write")
    with other.writing():
        pass
    one.close()
    other.close()


@pytest.mark.parametrize("how", ["removed", "replaced"])
def test_what_is_written_to_a_file_that_is_no_longer_there_is_not_written(
    journal: Journal, path: Path, how: str
) -> None:
    sent(journal, "weekly")
    if how == "removed":
        path.rename(path.with_name("taken away"))
    else:
        path.with_name("copy").write_bytes(path.read_bytes())
        path.with_name("copy").rename(path)
    with pytest.raises(StateError, match="removed or replaced") as caught:
        sent(journal, "next")
    assert caught.value.exit == 12


def damaged(path: Path, how: str) -> bytes:
    data = path.read_bytes()
    data = {
        "noise": os.urandom(len(data)),
        "empty": b"",
        "a broken page": data[:4096] + b"\xff" * (len(data) - 4096),
        "another database": other_database(path.parent),
    }[how]
    path.write_bytes(data)
    return data


def other_database(folder: Path) -> bytes:
    with closing(sqlite3.connect(folder / "other")) as db:
        db.execute("CREATE TABLE things (name TEXT)")
    return (folder / "other").read_bytes()


@pytest.mark.parametrize("how", ["noise", "empty", "a broken page", "another database"])
def test_a_damaged_file_is_moved_aside_and_nothing_is_written_until_a_person_has_looked(
    journal: Journal, path: Path, how: str
) -> None:
    sent(journal, "weekly")
    journal.close()
    data = damaged(path, how)
    aside = path.with_name(f"{FILE}.damaged")
    for _ in range(2):  # also when it is run again
        again = Journal(path.parent)
        with pytest.raises(StateError, match="what was sent before is not known") as caught:
            again.find(ACCOUNT, "weekly")
        again.close()
        assert caught.value.exit == 12
        assert str(aside) in caught.value.message
        assert "Nothing more is sent until you have looked" in (caught.value.hint or "")
        assert not path.exists()
        assert aside.read_bytes() == data
    with pytest.raises(StateError):  # nor does a listing pretend that there is nothing
        Journal(path.parent).entries()
    aside.rename(path.parent / "looked-at")
    new = Journal(path.parent)
    sent(new, "weekly")
    new.close()


def test_an_earlier_damaged_file_is_not_overwritten_by_a_later_one(
    journal: Journal, path: Path
) -> None:
    sent(journal, "weekly")
    journal.close()
    path.with_name(f"{FILE}.damaged").write_bytes(b"the first")
    path.write_bytes(b"the second, which is no database either")
    again = Journal(path.parent)
    with pytest.raises(StateError):
        again.find(ACCOUNT, "weekly")
    assert path.with_name(f"{FILE}.damaged").read_bytes() == b"the first"
    assert path.with_name(f"{FILE}.damaged-2").read_bytes().startswith(b"the second")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_transaction_that_is_left_when_the_file_is_closed_is_no_damage(
    journal: Journal, path: Path
) -> None:
    """As Ctrl-C leaves one that comes between the end of a block and what ends the transaction."""
    sent(journal, "weekly")
    journal.close()
    file = JournalFile(path.parent)
    left = file.writing()
    left.__enter__().execute("UPDATE intents SET state = 'unknown'")
    file.close()
    del left
    gc.collect()
    assert not list(path.parent.glob("*damaged*"))
    entry = journal.find(ACCOUNT, "weekly")
    assert entry is not None
    assert entry.state == "sending"


@pytest.mark.parametrize("target", ["on-a-disk-that-is-not-mounted", FILE], ids=["gone", "a loop"])
def test_a_link_to_a_journal_that_is_not_there_is_never_taken_for_none(
    journal: Journal, path: Path, target: str
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)
    for use in (
        lambda: journal.find(ACCOUNT, "weekly"),
        lambda: sent(journal, "weekly"),
        journal.entries,
    ):
        with pytest.raises(StateError, match="is a link to nothing"):
            use()
    assert path.readlink() == Path(target)


def test_a_linked_journal_is_used_where_it_is(tmp_path: Path) -> None:
    real = Journal(tmp_path / "disk")
    sent(real, "weekly")
    real.close()
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / FILE).symlink_to(tmp_path / "disk" / FILE)
    linked = Journal(tmp_path / "state")
    assert linked.find(ACCOUNT, "weekly") is not None
    linked.close()


def test_the_log_of_a_journal_that_is_gone_is_not_read_into_a_new_one(
    journal: Journal, path: Path
) -> None:
    sent(journal, "weekly")  # still open, and so its log is there
    path.unlink()
    again = Journal(path.parent)
    with pytest.raises(StateError, match="damaged"):
        again.find(ACCOUNT, "weekly")
    assert not path.with_name(f"{FILE}-wal").exists()
    again.close()


@pytest.mark.parametrize("version", range(1, len(LAYOUTS)))
def test_an_older_layout_is_brought_up_to_date_with_all_that_is_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: int
) -> None:
    with monkeypatch.context() as older:
        older.setattr(journal_file, "LAYOUTS", LAYOUTS[:version])
        old = JournalFile(tmp_path)
        with old.writing() as db:
            db.execute(
                "INSERT INTO intents (exchange, url, profile, key, command, params, digest, state,"
                " snapshot, created, updated) VALUES (?, ?, ?, 'weekly', 'buy', ?, ?, 'unknown',"
                " '[null,[],1]', 1, 1)",
                (*ACCOUNT, BUY.params, BUY.digest),
            )
            db.execute("INSERT INTO attempts VALUES (1, 1, 1, 'unknown', 7, 9, 'key', 'b', 1, 1)")
            db.execute(
                "INSERT INTO items VALUES (1, 1, 0, ?, ?, NULL)", (likeness(NEW), written(NEW))
            )
        old.close()
    journal = Journal(tmp_path)
    entry = journal.find(ACCOUNT, "weekly")
    assert entry is not None
    assert (entry.digest, entry.looked) == (BUY.digest, None)
    assert [(one.not_after, one.items) for one in entry.attempts] == [(9, (NEW,))]
    journal.looked(ACCOUNT, "weekly", 5)
    journal.close()


def test_a_newer_layout_is_left_alone(journal: Journal, path: Path) -> None:
    sent(journal, "weekly")
    journal.close()
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {len(LAYOUTS) + 1}")
    newer = Journal(path.parent)
    with pytest.raises(StateError, match="newer exch"):
        newer.find(ACCOUNT, "weekly")
    newer.close()
    assert path.exists()


def test_a_disk_that_is_full_is_told_before_anything_is_written(
    journal: Journal, path: Path
) -> None:
    sent(journal, "weekly")
    with journal._file.reading() as db:
        (pages,) = db.execute("PRAGMA page_count").fetchone()
        db.execute(f"PRAGMA max_page_count = {pages}")

    def fill() -> None:
        for number in range(200):
            journal.sending(ACCOUNT, f"key {number}", BUY, BEFORE, signed())

    with pytest.raises(StateError, match="full") as caught:
        fill()
    assert "Free some space" in (caught.value.hint or "")
    assert path.exists()
    assert len(journal.entries()) < 201


def test_a_folder_that_cannot_be_written_to_is_told() -> None:
    journal = Journal(Path("/proc/exch"))
    with pytest.raises(StateError) as caught:
        journal.find(ACCOUNT, "weekly")
    assert caught.value.exit == 12


def test_a_file_that_may_only_be_read_is_told_and_not_taken_for_damaged(
    journal: Journal, path: Path
) -> None:
    sent(journal, "weekly")
    with journal._file.reading() as db:
        db.execute("PRAGMA query_only = ON")
    with pytest.raises(StateError, match="readonly") as caught:
        journal.settled(ACCOUNT, "weekly", "unknown", NOW)
    assert "writable" in (caught.value.hint or "")
    assert path.exists()


def test_a_transaction_that_fails_leaves_nothing_of_it(journal: Journal) -> None:
    sent(journal, "weekly")

    def interrupted() -> None:
        with journal._file.writing() as db:
            db.execute("DELETE FROM intents")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert journal.find(ACCOUNT, "weekly") is not None
