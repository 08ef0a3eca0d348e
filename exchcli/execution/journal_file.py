"""The journal's file: SQLite with a write-ahead log, every commit on the disk when it returns.

It holds what keeps an order from being placed twice. So a file that is damaged is never written
to and never replaced: it is moved aside, and nothing is sent until a person has looked at it.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from exchcli.errors import StateError
from exchcli.state import cannot, make_folder

FILE = "journal.sqlite"
PATIENCE = 10.0  # seconds, for processes that write at the same time
_DAMAGE = ("SQLITE_NOTADB", "SQLITE_CORRUPT", "SQLITE_FORMAT")
_BESIDE = ("", "-wal", "-shm")

# Each step makes the next layout of the one before it; a new file goes through all of them.
LAYOUTS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE intents (id INTEGER PRIMARY KEY, exchange TEXT NOT NULL, url TEXT NOT NULL,"
        " profile TEXT NOT NULL, key TEXT NOT NULL, command TEXT NOT NULL, params TEXT NOT NULL,"
        " digest TEXT NOT NULL, state TEXT NOT NULL, evidence TEXT, reason TEXT,"
        " snapshot TEXT NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL,"
        " UNIQUE (exchange, url, profile, key))",
        "CREATE INDEX intents_by_state ON intents (state)",
        # `boot`, `steady` and `wall` tell when it was sent; see core/machine.py.
        "CREATE TABLE attempts (id INTEGER PRIMARY KEY, intent INTEGER NOT NULL,"
        " number INTEGER NOT NULL, state TEXT NOT NULL, signed INTEGER NOT NULL,"
        " not_after INTEGER NOT NULL, signer TEXT NOT NULL, boot TEXT NOT NULL,"
        " steady INTEGER NOT NULL, wall INTEGER NOT NULL, UNIQUE (intent, number))",
        "CREATE TABLE items (intent INTEGER NOT NULL, attempt INTEGER NOT NULL,"
        " number INTEGER NOT NULL, likeness TEXT NOT NULL, content TEXT NOT NULL, order_id TEXT,"
        " PRIMARY KEY (intent, attempt, number)) WITHOUT ROWID",
        "CREATE INDEX items_by_likeness ON items (likeness)",
        "CREATE INDEX items_by_order ON items (order_id)",
    ),
    # When a whole listing behind the fence first showed nothing, in the exchange's seconds.
    ("ALTER TABLE intents ADD COLUMN looked INTEGER",),
    # Keys are looked for in all profiles.
    ("CREATE INDEX intents_by_key ON intents (key)",),
)


class JournalFile:
    """FOLDER/journal.sqlite, opened when it is first used. Every error is a StateError."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self._db: sqlite3.Connection | None = None
        self._inode = (0, 0)

    def exists(self) -> bool:
        return self._is_there() or self._aside() is not None

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        try:
            yield self._opened()
        except (sqlite3.Error, OSError) as error:
            raise self._unusable(error) from error

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction; on the disk, and where the next run looks for it, when this ends
        without an error."""
        with self.reading() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                # Closed meanwhile where Ctrl-C came between two lines: then nothing was written.
                with suppress(sqlite3.ProgrammingError):
                    if db.in_transaction:
                        db.execute("ROLLBACK")
                raise
            self._check_there()

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    def _opened(self) -> sqlite3.Connection:
        if self._db is None:
            if not self._is_there():
                self._clear_away()
                self._check_none_aside()
                self._make()
            self._inode = _inode(self.path)
            self._db = _connected(self.path)
            self._migrate(self._db)
        return self._db

    def _is_there(self) -> bool:
        """Whether there is a journal. Behind a link to nothing there is one, somewhere."""
        if self.path.exists():
            return True
        if os.path.lexists(self.path):
            raise StateError(
                f"The journal {self.path} is a link to nothing.",
                "Bring back what it points to, perhaps a disk that is not mounted: it knows what "
                "was sent before. Nothing is sent without it.",
            )
        return False

    def _check_there(self) -> None:
        """What is written to a file that was removed or replaced is read by nobody."""
        try:
            there = _inode(self.path) == self._inode
        except OSError:
            there = False
        if not there:
            raise StateError(
                f"The journal {self.path} was removed or replaced while it was in use.",
                "Put it back if you can, or look at the orders at the exchange (`order list "
                "--history`); then run it again.",
            )

    def _make(self) -> None:
        """A new file, put in its place whole: one that is empty or halfway was damaged."""
        make_folder(self.path.parent)
        beside = self.path.with_name(f".{FILE}.{os.getpid()}.{os.urandom(4).hex()}.tmp")
        try:
            os.close(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
            with closing(_connected(beside)) as db:
                db.execute("PRAGMA journal_mode = WAL")
                _lay_out(db)
            with self._alone():
                if not os.path.lexists(self.path):  # else another process was faster
                    beside.rename(self.path)
            _sync_folder(self.path.parent)
        finally:
            for ending in _BESIDE:
                beside.with_name(beside.name + ending).unlink(missing_ok=True)

    def _migrate(self, db: sqlite3.Connection) -> None:
        version = _version(db)
        if version > len(LAYOUTS):
            raise StateError(
                f"The journal {self.path} was written by a newer exch.",
                "Update exch; an older one could send again what the newer has sent.",
            )
        if version == 0:
            raise sqlite3.DatabaseError("it is empty, or the file of something else")
        if version < len(LAYOUTS):
            _lay_out(db)

    def _clear_away(self) -> None:
        """The log of a file that is gone would be read into the next one."""
        left = [self.path.with_name(FILE + ending) for ending in _BESIDE[1:]]
        if any(map(os.path.lexists, left)):
            self._move(self._free_name())

    def _check_none_aside(self) -> None:
        aside = self._aside()
        if aside is not None:
            raise StateError(
                f"The journal was damaged, and is now {aside}: what was sent before is not known.",
                "Nothing more is sent until you have looked at the orders at the exchange (`order "
                "list --history`) and renamed or removed that file: then exch begins a new one.",
            )

    def _aside(self) -> Path | None:
        try:
            return next(iter(sorted(self.path.parent.glob(f"{FILE}.damaged*"))), None)
        except OSError:
            return None

    def _unusable(self, error: Exception) -> StateError:
        name = getattr(error, "sqlite_errorname", None)
        # Without a name it is this module's word, or a wrong use, which says nothing of the file.
        said = type(error) is sqlite3.DatabaseError and name is None
        if isinstance(error, sqlite3.DatabaseError) and (
            said or (name or "").startswith(_DAMAGE) or "no such table" in str(error)
        ):
            return self._damaged(error)
        if isinstance(error, OSError):
            return cannot("use", self.path, error)
        steps = {
            "SQLITE_FULL": "Free some space on that disk",
            "SQLITE_READONLY": "Make that folder writable for yourself",
            "SQLITE_BUSY": "Run it again when other processes have let go of it",
        }
        step = next((steps[known] for known in steps if (name or "").startswith(known)), None)
        return StateError(
            f"The journal {self.path} cannot be used: {error}.",
            f"{step or 'Check that folder and its disk'}, or set EXCH_HOME to a folder of your "
            "own. Without a journal nothing is sent.",
        )

    def _damaged(self, error: Exception) -> StateError:
        """Moves the file out of the way, once for all processes that meet it."""
        self.close()
        try:
            with self._alone():
                if self.path.exists() and _inode(self.path) == self._inode:
                    self._move(self._free_name())
            self._check_none_aside()
        except OSError as failed:
            return cannot("move aside the damaged journal", self.path, failed)
        except StateError as told:
            return told
        return StateError(f"The journal {self.path} cannot be read: {error}.", "Run it again.")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One process at a time puts a file in this place, or takes it away."""
        handle = os.open(
            self.path.with_name(f"{FILE}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
        )
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _move(self, aside: Path) -> None:
        """The file first: without it nothing is sent, and with half of it something could be."""
        for ending in _BESIDE:
            part = self.path.with_name(FILE + ending)
            if os.path.lexists(part):
                part.rename(aside.with_name(aside.name + ending))

    def _free_name(self) -> Path:
        number = 1
        while True:
            aside = self.path.with_name(f"{FILE}.damaged" + (f"-{number}" if number > 1 else ""))
            if not any(os.path.lexists(aside.with_name(aside.name + end)) for end in _BESIDE):
                return aside
            number += 1


def _inode(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino


def _connected(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)
    try:
        db.execute("PRAGMA synchronous = FULL")
    except BaseException:
        db.close()
        raise
    return db


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _lay_out(db: sqlite3.Connection) -> None:
    """Brings a file to the newest layout, or leaves it as it is."""
    db.execute("BEGIN IMMEDIATE")
    try:
        for statement in (s for layout in LAYOUTS[_version(db) :] for s in layout):
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {len(LAYOUTS)}")
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
