"""The file that all processes of exch keep their limits in: SQLite, one transaction at a time.

Nothing in it is of lasting value, so it is not synced to the disk, and one that is damaged is
moved aside and made anew. Times are nanoseconds of the steady clock (see machine.py).
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from exchcli.errors import StateError
from exchcli.state import cannot, make_folder

if TYPE_CHECKING:
    import sqlite3

T = TypeVar("T")

# Another layout gets another name, so that two versions of exch never read each other's.
FILE = "throttle-1.sqlite"
PATIENCE = 5.0  # seconds; a transaction takes 0.05 ms, so whoever holds it longer has stopped
_PASSING = ("SQLITE_BUSY", "SQLITE_LOCKED")
_DAMAGE = ("SQLITE_NOTADB", "SQLITE_CORRUPT", "SQLITE_FORMAT", "SQLITE_ERROR")

_SCHEMA = (
    # `boot`, `steady` and `wall` are the last reading; `used` is the sum of the grants, and
    # `tickets` the number of the last one that was given out.
    "CREATE TABLE budgets (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, boot TEXT NOT NULL,"
    " steady INTEGER NOT NULL, wall INTEGER NOT NULL, used INTEGER NOT NULL,"
    " tickets INTEGER NOT NULL)",
    "CREATE TABLE grants (budget INTEGER NOT NULL, at INTEGER NOT NULL, weight INTEGER NOT NULL,"
    " PRIMARY KEY (budget, at)) WITHOUT ROWID",
    "CREATE TABLE tickets (budget INTEGER NOT NULL, number INTEGER NOT NULL,"
    " weight INTEGER NOT NULL, settling INTEGER NOT NULL, seen INTEGER NOT NULL,"
    " PRIMARY KEY (budget, number)) WITHOUT ROWID",
    # `left` is how long the ban had still to go at that reading.
    "CREATE TABLE bans (name TEXT PRIMARY KEY, left INTEGER NOT NULL, boot TEXT NOT NULL,"
    " steady INTEGER NOT NULL, wall INTEGER NOT NULL, why TEXT NOT NULL) WITHOUT ROWID",
)


class ThrottleFile:
    """FOLDER/throttle-1.sqlite, opened when it is first used. Threads take turns.

    `warn` is given one line when the file was damaged and had to be made anew.
    """

    def __init__(self, folder: Path, warn: Callable[[str], None]) -> None:
        self.path = folder / FILE
        self._warn = warn
        self._lock = threading.Lock()
        self._db: sqlite3.Connection | None = None
        self._inode = 0
        self._ended = False

    def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Does this in one transaction, alone on this machine; all of it happens, or nothing.

        It is done again when the file turns out to be damaged. Raises StateError when the
        file cannot be used.
        """
        import sqlite3

        with self._lock:
            if self._ended:
                raise StateError("The command has ended.")
            for _ in range(3):
                try:
                    return self._once(work)
                except (sqlite3.Error, OSError) as error:
                    self._close()
                    if not getattr(error, "sqlite_errorname", "").startswith(_DAMAGE):
                        raise self._unusable(error) from error
                    self._repair()
        raise self._unusable(OSError("it is damaged again and again"))

    def _once(self, work: Callable[[sqlite3.Connection], T]) -> T:
        db = self._opened()
        _patiently(db, "BEGIN IMMEDIATE")
        try:
            if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'bans'").fetchone():
                for statement in _SCHEMA:
                    db.execute(statement)
            result = work(db)
            _patiently(db, "COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
        return result

    def exists(self) -> bool:
        return self.path.exists()

    def close(self) -> None:
        """For good: a thread that is left behind does not open it again."""
        with self._lock:
            self._ended = True
            self._close()

    def _close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    def _opened(self) -> sqlite3.Connection:
        import sqlite3

        # A file that was removed or replaced under an open connection is shared with nobody.
        if self._db is not None and self._inode != _inode(self.path):
            self._close()
        if self._db is None:
            _make(self.path)
            self._inode = _inode(self.path)
            self._db = sqlite3.connect(
                self.path, timeout=0, isolation_level=None, check_same_thread=False
            )
            # A process that is killed leaves nothing half written; a power cut may, and then
            # no process is there that would care.
            _patiently(self._db, "PRAGMA synchronous = OFF")
            _patiently(self._db, "PRAGMA journal_mode = PERSIST")
        return self._db

    def _repair(self) -> None:
        try:
            self._move_aside()
        except OSError as error:
            raise self._unusable(error) from error

    def _move_aside(self) -> None:
        """Puts a damaged file out of the way, once for all processes that meet it."""
        import fcntl

        damaged = self.path.with_name(f"{FILE}.damaged")
        handle = os.open(
            self.path.with_name(f"{FILE}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
        )
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            if _inode(self.path) != self._inode:
                return  # another process has done it
            self.path.with_name(f"{FILE}-journal").unlink(missing_ok=True)
            self.path.replace(damaged)
        finally:
            os.close(handle)
        self._warn(f"the file of rate limits was damaged; a new one was made, the old is {damaged}")

    def _unusable(self, error: Exception) -> StateError:
        if isinstance(error, OSError) and error.errno:
            return cannot("use", self.path, error)
        return StateError(
            f"The file of rate limits {self.path} cannot be used: {error}.",
            "Make room there and the folder writable, or set EXCH_HOME to a folder of your own.",
        )


def _patiently(db: sqlite3.Connection, statement: str) -> None:
    """Runs a statement that other processes may be in the way of, for a moment.

    SQLite's own patience sleeps for tens of milliseconds, which is a hundred transactions.
    """
    import sqlite3

    end = time.monotonic() + PATIENCE
    while True:
        try:
            db.execute(statement)
            return
        except sqlite3.OperationalError as error:
            if (
                not getattr(error, "sqlite_errorname", "").startswith(_PASSING)
                or time.monotonic() > end
            ):
                raise
        time.sleep(random.uniform(0.000_05, 0.000_3))


def _make(path: Path) -> None:
    """An empty file for its owner alone, which SQLite would make readable by all."""
    make_folder(path.parent)
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        pass


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return 0
