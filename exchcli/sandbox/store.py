"""The sandbox's one file: SQLite, made once and whole, opened without being written to.

A new store is built beside its place and then linked into it: whoever looks sees either no
store or a complete one, and of two processes that build at once one wins. SQLite plays a log that
lies beside a store into it, whosever it was: so none is left when one is removed or put in place.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from exchcli.errors import StateError
from exchcli.sandbox.catalog import SIMULATIONS, Rules
from exchcli.sandbox.clock import CLOCK, discard

FILE = "sandbox.sqlite"
# 1 had the market only, 2 has accounts as well, with 3 users trade, with 4 their trades are kept as
# bars too, and with 5 everything that is listed is found in an index, or counted beforehand.
VERSION = 5
DEFAULT_SEED = 20200519

# What SQLite keeps beside a store.
_LOGS = ("-wal", "-shm", "-journal")

# SQLite's names of errors after which the file is no use; all others may pass.
_DAMAGE = ("SQLITE_NOTADB", "SQLITE_CORRUPT", "SQLITE_ERROR", "SQLITE_FORMAT")

_SCHEMA = """
CREATE TABLE sandbox (
    opened INTEGER NOT NULL,        -- epoch seconds: the moment whose figures are the documents'
    seed   INTEGER NOT NULL
);

-- A market whose recording replaces its simulation. Prices are in 10 ** -price_precision,
-- amounts in 10 ** -amount_precision, times in epoch seconds, shifted already.
CREATE TABLE recordings (
    market           INTEGER PRIMARY KEY,
    exchange         TEXT NOT NULL,
    symbol           TEXT NOT NULL,
    base             TEXT NOT NULL,
    quote            TEXT NOT NULL,
    price_precision  INTEGER NOT NULL,
    amount_precision INTEGER NOT NULL,
    UNIQUE (exchange, symbol)
);

CREATE TABLE trades (
    market INTEGER NOT NULL REFERENCES recordings ON DELETE CASCADE,
    time   INTEGER NOT NULL,
    seq    INTEGER NOT NULL,        -- the order of trades, also within one second
    id     INTEGER NOT NULL,
    buy    INTEGER NOT NULL,        -- the taker's side: 1 buy, 0 sell
    price  INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (market, time, seq)
) WITHOUT ROWID;

-- What the trades of each minute amount to. Volumes are text: they may exceed 64 bits.
CREATE TABLE minutes (
    market INTEGER NOT NULL REFERENCES recordings ON DELETE CASCADE,
    time   INTEGER NOT NULL,
    open   INTEGER NOT NULL,
    high   INTEGER NOT NULL,
    low    INTEGER NOT NULL,
    close  INTEGER NOT NULL,
    volume TEXT NOT NULL,
    quote  TEXT NOT NULL,
    PRIMARY KEY (market, time)
) WITHOUT ROWID;
"""


class Store:
    """The open store. Every sqlite3 error on the way becomes a StateError that names the file."""

    def __init__(self, folder: Path, now: int, seed: int | None = None) -> None:
        """Opens folder/sandbox.sqlite; makes it with `now` (epoch seconds) and `seed` if absent."""
        self.path = folder / FILE
        with self._telling():
            if not self.path.exists():
                _create(self.path, now, DEFAULT_SEED if seed is None else seed)
            self._db = _connect(self.path)
            self._kept: dict[str, Any] = {}
            self._kept_version = -1
            try:
                self.opened, self.stored_seed = self._check()
            except BaseException:
                self._db.close()
                raise
        self.seed = self.stored_seed if seed is None else seed
        # Orders that lists do not show yet, as (exchange, first id, last id): a fault on demand.
        self.unlisted: list[tuple[str, int, int]] = []

    def rows(self, sql: str, *values: object) -> list[tuple[int, ...]]:
        """The rows of a query over whole numbers."""
        return self.select(sql, *values)

    def select(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """The rows of any query."""
        with self._telling():
            return self._db.execute(sql, values).fetchall()

    def close(self) -> None:
        self._db.close()

    def version(self) -> int:
        """A number that changes when another process has changed the store."""
        return self.rows("PRAGMA data_version")[0][0]

    def recordings(self) -> list[tuple[int, Rules]]:
        """The recorded markets, in the order of their first loading."""
        with self._telling():
            rows = self._db.execute(
                "SELECT market, exchange, symbol, base, quote, price_precision, amount_precision"
                " FROM recordings ORDER BY market"
            ).fetchall()
        return [(market, _rules(*rest)) for market, *rest in rows]

    @contextmanager
    def reading(self) -> Iterator[None]:
        """One state of the store for several queries, whatever others write meanwhile."""
        with self._telling():
            self._db.execute("BEGIN")
        try:
            yield
        finally:
            with self._telling():
                if self._db.in_transaction:
                    self._db.execute("COMMIT")

    def kept(self, name: str) -> Any:
        """What was kept under this name, if nobody has written to the store since; else None."""
        version = self.version()
        if version != self._kept_version:
            self._kept.clear()
            self._kept_version = version
        return self._kept.get(name)

    def keep(self, name: str, thing: object) -> None:
        """Remembers something that was read from the store, until somebody else writes to it.

        Within writing(keeping=True), so that it holds what that transaction makes of it.
        """
        self._kept[name] = thing

    @contextmanager
    def writing(self, *, keeping: bool = False) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it happens, or, after any exception, nothing.

        With `keeping` it brings what is kept up to date itself; otherwise that is forgotten.
        """
        with self._telling():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                if not keeping:
                    self._kept.clear()
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                self._kept.clear()
                # A full disk may have ended the transaction already.
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def _check(self) -> tuple[int, int]:
        """When the market opened, and its seed."""
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if not 1 <= version <= VERSION:
            raise _unreadable(self.path, f"its layout is {version}, and this exch knows {VERSION}")
        row = self._db.execute("SELECT opened, seed FROM sandbox").fetchone()
        if row is None or not all(isinstance(value, int) for value in row):
            raise _unreadable(self.path, "it does not say when it was opened")
        if version < VERSION:
            from exchcli.sandbox.migration import migrate

            migrate(self._db)
            self._db.execute("ANALYZE sqlite_master")  # reads the new figures of the indexes
        opened, seed = row
        return opened, seed

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Failures of SQLite and of the file system, in words."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            name = getattr(error, "sqlite_errorname", "")
            if name.startswith(_DAMAGE):
                raise _unreadable(self.path, str(error)) from error
            if name.startswith("SQLITE_BUSY"):
                raise busy(f"the sandbox in {self.path}") from error
            raise _unusable(self.path, str(error)) from error


def private(path: Path) -> None:
    """Makes a file that only its owner may read, if it is not there yet, whatever the umask.

    SQLite gives the files beside it, those of its log, the same mode.
    """
    os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))


def reset(folder: Path) -> None:
    """Removes the sandbox's files, so that the next use starts a new market at its opening.

    Raises StateError if they cannot be removed; that there are none is no error.
    """
    try:
        if not folder.exists():
            return
        with _alone(folder):
            # The store last: whatever is interrupted leaves no log without its store.
            for path in sorted(folder.glob(f"{FILE}*"), key=lambda path: path.name == FILE):
                if path.name != CLOCK:
                    path.unlink(missing_ok=True)
        discard(folder)  # unless a server lives, which goes on with the next sandbox
    except OSError as error:
        raise _unusable(folder / FILE, str(error)) from error


def _rules(
    exchange: str, symbol: str, base: str, quote: str, price_precision: int, amount_precision: int
) -> Rules:
    """A recorded pair's rules: those of the catalog if it is there, as fine as the recording."""
    if (exchange, symbol) in SIMULATIONS:
        known = SIMULATIONS[exchange, symbol].rules
        return known._replace(price_precision=price_precision, amount_precision=amount_precision)
    least = "1" if not amount_precision else f"0.{1:0{amount_precision}d}"
    value = "2" if "USD" in quote else "0.0002"
    return Rules(exchange, symbol, base, quote, price_precision, amount_precision, least, value)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Nobody else puts a store into its place or removes it meanwhile."""
    import fcntl

    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # a file system without locks: then one is made as before
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def busy(what: str) -> StateError:
    """What is told after 10 seconds of waiting for another process."""
    return StateError(
        f"Another process is writing to {what}, and has not finished.",
        "Try again; if that does not help, end the process that keeps it.",
    )


def _unusable(path: Path, why: str) -> StateError:
    return StateError(
        f"The sandbox in {path} cannot be used: {why}.",
        "See to that folder, or set EXCH_HOME to a folder of your own.",
    )


def _unreadable(path: Path, why: str) -> StateError:
    return StateError(
        f"The sandbox in {path} is damaged: {why}.",
        "Start it over with `exch sandbox reset --yes`, or set EXCH_HOME to another folder.",
    )


def _connect(path: Path) -> sqlite3.Connection:
    """An existing store. Callers take turns (one lock), so it may move between threads."""
    uri = f"{path.absolute().as_uri()}?mode=rw"
    db = sqlite3.connect(uri, uri=True, timeout=10, isolation_level=None, check_same_thread=False)
    try:
        # What was answered must outlive a power cut: every commit is synced.
        db.execute("PRAGMA synchronous = FULL")
        # Orders are small and many: the log goes into the file every 8 MB, not every 2.
        db.execute("PRAGMA wal_autocheckpoint = 4000")
        db.execute("PRAGMA cache_size = -16000")
        db.execute("PRAGMA foreign_keys = ON")
    except BaseException:
        db.close()
        raise
    return db


def _create(path: Path, now: int, seed: int) -> None:
    from exchcli.sandbox.schema import ACCOUNTS, CONDUCT, MARKETS, PAYMENTS_DUE, STATISTICS
    from exchcli.sandbox.tallies import layout

    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left in path.parent.glob(f"{FILE}.new-*"):  # by a process that was killed over it
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > 60:
                left.unlink()
    draft = path.with_name(f"{FILE}.new-{os.getpid()}-{time.monotonic_ns()}")
    private(draft)
    db = sqlite3.connect(draft, isolation_level=None)
    try:
        # Nobody sees the draft: a crash while it is made leaves no store, so one sync at the
        # end, with the change to WAL, is enough. Each costs 5 to 20 ms on a usual disk. An
        # order changes a few bytes in each of some twenty pages: small ones are written faster.
        db.execute("PRAGMA page_size = 2048")
        db.execute("PRAGMA journal_mode = MEMORY")
        db.execute("PRAGMA synchronous = OFF")
        db.executescript(
            f"BEGIN; {_SCHEMA} {ACCOUNTS} {PAYMENTS_DUE} {MARKETS} {CONDUCT} {layout()}"
            f" {STATISTICS} PRAGMA user_version = {VERSION};"
        )
        db.execute("INSERT INTO sandbox VALUES (?, ?)", (now, seed))
        db.execute("COMMIT")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA journal_mode = WAL")
        db.close()
        _publish(draft, path)
    finally:
        db.close()
        draft.unlink(missing_ok=True)


def _publish(draft: Path, path: Path) -> None:
    """Puts a finished store in its place, unless another process was faster."""
    with _alone(path.parent):
        if path.exists():
            return
        for log in _LOGS:  # of a store that was removed without them
            path.with_name(f"{FILE}{log}").unlink(missing_ok=True)
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        except OSError:
            draft.rename(path)  # No hard links here; renaming is as whole.
