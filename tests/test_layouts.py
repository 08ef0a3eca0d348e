"""A file that users keep has a number for its layout: whoever changes one changes the other."""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from exchcli.core.throttle_file import ThrottleFile
from exchcli.execution.journal_file import JournalFile
from exchcli.sandbox.limits import Limits
from exchcli.sandbox.store import Store

# What is in users' folders may have any of these layouts. One that has changed needs the next
# number, a way from each earlier layout to it, and its new line here.
KNOWN = {
    "sandbox": (5, "41d5f7160e45e12d"),
    "limits": (2, "d2c7436851a4251d"),
    "journal": (3, "e27e51627125970c"),
    "throttle": (0, "3f7f60ea63104621"),  # its number is in the file's name
}


def sandbox(folder: Path) -> Path:
    store = Store(folder, 1772600807)
    store.close()
    return store.path


def limits(folder: Path) -> Path:
    counted = Limits(folder / "limits")
    counted.wait("one", 10, 1)
    counted.close()
    return folder / "limits"


def journal(folder: Path) -> Path:
    file = JournalFile(folder)
    with file.writing():
        pass
    file.close()
    return file.path


def throttle(folder: Path) -> Path:
    file = ThrottleFile(folder, print)
    file.run(lambda db: None)
    file.close()
    return file.path


def fingerprint(path: Path) -> tuple[int, str]:
    """A file's number, and a digest of its tables and indexes without comments and spaces."""
    db = sqlite3.connect(path)
    (number,) = db.execute("PRAGMA user_version").fetchone()
    rows = db.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name")
    text = "\n".join(re.sub(r"--.*|\s", "", sql) for (sql,) in rows)
    db.close()
    return number, hashlib.sha256(text.encode()).hexdigest()[:16]


@pytest.mark.parametrize("make", [sandbox, limits, journal, throttle])
def test_a_layout_that_changes_gets_a_new_number(tmp_path: Path, make: Callable[[Path], Path]):
    assert fingerprint(make(tmp_path)) == KNOWN[make.__name__]
