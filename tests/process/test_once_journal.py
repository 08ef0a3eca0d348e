"""What keeps the journal from being written, or read, and what becomes of an order then."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from exchcli.execution.journal_file import LAYOUTS

if TYPE_CHECKING:
    from conftest import Trader


def begun(trader: Trader) -> None:
    """An order of before, so that the journal is there; it is not counted."""
    size = trader.size
    trader.size += 3
    assert trader.buy("before").returncode == 0
    trader.size = size


def test_a_disk_that_is_full_before_the_order_is_sent_is_12_and_nothing_is_sent(
    trader: Trader,
) -> None:
    begun(trader)
    ran = trader.buy("full", full_after=0)
    assert (ran.returncode, ran.stdout) == (12, "")
    assert "journal" in ran.error()["message"]
    assert trader.orders() == []
    assert trader.buy("full").data()["replayed"] is False
    assert len(trader.orders()) == 1


def test_a_disk_that_is_full_after_the_answer_is_a_warning_and_the_order_is_printed(
    trader: Trader,
) -> None:
    begun(trader)
    ran = trader.buy("later", full_after=1)
    (order,) = trader.orders()
    assert ran.data()["id"] == order.id
    assert "journal" in ran.stderr
    again = trader.buy("later").data()
    assert (again["id"], again["evidence"]) == (order.id, "matched")
    assert len(trader.orders()) == 1


def test_a_disk_without_any_room_at_all_is_12(trader: Trader) -> None:
    begun(trader)
    import resource
    import subprocess

    ran = subprocess.run(
        trader.buying("none"), env=trader.env, capture_output=True, text=True, timeout=60,
        check=False, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)),
    )  # fmt: skip
    assert (ran.returncode, ran.stdout) == (12, "")
    assert trader.orders() == []


@pytest.mark.parametrize("what", ["journal", "folder"])
def test_what_may_only_be_read_is_12_and_nothing_is_sent(trader: Trader, what: str) -> None:
    begun(trader)
    paths = [trader.journal.parent] if what == "folder" else []
    paths += sorted(trader.journal.parent.glob("journal.sqlite*"))
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        ran = trader.buy("readonly", plain_root=True)
    finally:
        trader.journal.parent.chmod(0o700)
        for path in trader.journal.parent.glob("journal.sqlite*"):
            path.chmod(0o600)
    assert (ran.returncode, ran.stdout) == (12, "")
    assert ran.error()["hint"]
    assert trader.orders() == []
    assert trader.buy("readonly", plain_root=True).returncode == 0


def test_a_damaged_journal_is_moved_aside_and_nothing_is_sent_until_it_was_looked_at(
    trader: Trader,
) -> None:
    begun(trader)
    damaged = b"this is no database" * 400
    for beside in trader.journal.parent.glob("journal.sqlite-*"):
        beside.unlink()
    trader.journal.write_bytes(damaged)
    for _ in range(2):
        ran = trader.buy("damaged")
        assert (ran.returncode, ran.stdout) == (12, "")
        aside = trader.journal.with_name("journal.sqlite.damaged")
        assert str(aside) in ran.error()["message"]
        assert aside.read_bytes() == damaged
    assert trader.orders() == []
    aside.unlink()
    assert trader.buy("damaged").returncode == 0
    assert len(trader.orders()) == 1


def test_a_page_that_is_damaged_in_the_middle_is_found_before_anything_is_sent(
    trader: Trader,
) -> None:
    begun(trader)
    with closing(sqlite3.connect(trader.journal)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray(trader.journal.read_bytes())
    data[4096:] = b"\xa5" * (len(data) - 4096)
    trader.journal.write_bytes(data)
    ran = trader.buy("page")
    assert (ran.returncode, ran.stdout) == (12, "")
    assert trader.orders() == []


def test_a_journal_of_an_older_layout_is_brought_to_the_newest_and_keeps_its_keys(
    trader: Trader,
) -> None:
    first = trader.buy("old").data()
    _of_first_layout(trader.journal)
    again = trader.buy("old").data()
    assert again == first | {"replayed": True}
    with closing(sqlite3.connect(trader.journal)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (len(LAYOUTS),)
    assert len(trader.orders()) == 1


def _of_first_layout(journal: Path) -> None:
    """The same journal as the first exch with one would have written it."""
    newer = journal.with_name("newer.sqlite")
    with closing(sqlite3.connect(journal)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.move(journal, newer)
    with closing(sqlite3.connect(journal, isolation_level=None)) as db:
        for statement in LAYOUTS[0]:
            db.execute(statement)
        db.execute("PRAGMA user_version = 1")
        db.execute("ATTACH ? AS newer", (str(newer),))
        for table in ("intents", "attempts", "items"):
            names = ", ".join(row[1] for row in db.execute(f"PRAGMA main.table_info({table})"))
            db.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM newer.{table}")
    newer.unlink()
