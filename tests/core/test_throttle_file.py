"""The throttle's file: damaged, removed, unusable, or held up by a process that stopped."""

from __future__ import annotations

import sqlite3

import pytest
from throttling import PRIVATE, PUBLIC, Machine

from exchcli.core import throttle_file
from exchcli.core.throttle_file import FILE
from exchcli.errors import StateError


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\0" * 300])
def test_a_damaged_file_is_moved_aside_and_made_anew(machine: Machine, content: bytes) -> None:
    machine.folder.mkdir(mode=0o700)
    (machine.folder / FILE).write_bytes(content)
    assert sum(machine.granted(PUBLIC) for _ in range(20)) == 8
    assert len(machine.warned) == 1
    assert "damaged" in machine.warned[0]
    assert (machine.folder / f"{FILE}.damaged").read_bytes() == content


def test_damage_within_the_file_is_repaired_too(machine: Machine) -> None:
    for _ in range(8):
        assert machine.granted(PUBLIC)
    with (machine.folder / FILE).open("r+b") as file:
        file.seek(4096)
        file.write(b"\xee" * 5 * 4096)
    assert machine.granted(PUBLIC)
    assert len(machine.warned) == 1


def test_tables_of_something_else_are_no_throttle(machine: Machine) -> None:
    machine.folder.mkdir(mode=0o700)
    with sqlite3.connect(machine.folder / FILE) as db:
        db.execute("CREATE TABLE bans (what TEXT)")
    db.close()
    assert machine.granted(PUBLIC)
    assert len(machine.warned) == 1


def test_a_file_that_is_removed_under_an_open_process_is_shared_again(machine: Machine) -> None:
    one = machine.throttle()
    one.reserve(PUBLIC)
    for file in machine.folder.iterdir():
        file.unlink()
    one.reserve(PUBLIC)
    one.close()
    assert machine.throttle().usage()[0].used == 1


def test_without_a_usable_file_public_calls_go_on_and_signed_ones_do_not(machine: Machine) -> None:
    machine.folder.write_text("a file where a folder should be")
    one = machine.throttle()
    one.reserve(PUBLIC)
    one.reserve(PUBLIC)
    assert len(machine.traced) == 1
    assert machine.traced[0].endswith("Public reads go on without it.")
    with pytest.raises(StateError) as caught:
        one.reserve(PRIVATE)
    assert caught.value.exit == 12
    assert str(machine.folder) in caught.value.message
    one.close()


def test_a_process_that_stopped_in_a_transaction_holds_nobody_up_for_ever(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.granted(PUBLIC)
    monkeypatch.setattr(throttle_file, "PATIENCE", 0.05)
    stopped = sqlite3.connect(machine.folder / FILE, isolation_level=None)
    stopped.execute("BEGIN IMMEDIATE")
    one = machine.throttle()
    with pytest.raises(StateError, match="database is locked"):
        one.reserve(PRIVATE)
    stopped.close()
    one.reserve(PRIVATE)
    one.close()
