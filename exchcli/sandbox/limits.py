"""How often one may ask: a sliding window, counted in a file that all processes share.

Each request is one row, and a row is forgotten when the window has passed it, so the count
is exact at every moment. The file is apart from the store: it is written at every request,
never waits for the disk, and is worth nothing after a day.

Dgtmarket refuses what is too much and forgets it. DigiFinex bans whoever exceeds its weight:
a ban is a row of its own, and nothing else is looked at while it lasts.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from exchcli.errors import StateError
from exchcli.sandbox.store import busy, private
from exchcli.sandbox.wire import WireReply, json_reply

SECOND = 1_000_000_000
WINDOW, DAY = 60 * SECOND, 86400 * SECOND
# Requests a minute: Dgtmarket's of one client and of one account. DigiFinex's sum of weights.
DGT_PUBLIC, DGT_PRIVATE, DFX_WEIGHT = 60, 100, 1200

# How long a ban lasts: up to the third within 24 hours, up to the sixth, and above.
_BANS = ((3, 120 * SECOND), (6, 600 * SECOND))
_LONGEST = 1800 * SECOND

VERSION = 2
_SCHEMA = """
CREATE TABLE IF NOT EXISTS asked (
    scope  TEXT NOT NULL,
    time   INTEGER NOT NULL,        -- nanoseconds since the epoch
    weight INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS asked_when ON asked (scope, time, weight);
CREATE TABLE IF NOT EXISTS bans (
    scope  TEXT NOT NULL,
    begun  INTEGER NOT NULL,        -- as above
    ends   INTEGER NOT NULL,
    PRIMARY KEY (scope, begun)
) WITHOUT ROWID;
"""


def too_many(seconds: int) -> WireReply:
    """Dgtmarket's refusal; DigiFinex has a code of its own."""
    reply = json_reply({"detail": f"Too many requests; there is room in {seconds} s."}, 429)
    return reply._replace(headers={**reply.headers, "retry-after": str(seconds)})


class Limits:
    """The counts of one sandbox. The file is opened when something is first counted."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._opened: sqlite3.Connection | None = None

    def wait(
        self, scope: str, most: int, now: int, weight: int = 1, *, banning: bool = False
    ) -> int:
        """Counts a request of `weight`, or says for how many seconds there is no room for it.

        0 means counted. `now` is in nanoseconds; requests that are refused do not count. With
        `banning` one for which there is no room begins a ban.
        """
        try:
            return self._wait(scope, most, now, weight, banning)
        except (sqlite3.Error, OSError) as error:
            if getattr(error, "sqlite_errorname", "").startswith("SQLITE_BUSY"):
                raise busy(f"the sandbox's limits in {self._path}") from error
            raise StateError(
                f"The sandbox's limits in {self._path} cannot be counted: {error}.",
                "Make room there and its folder writable, or start over with `exch sandbox reset`.",
            ) from error

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()

    def _wait(self, scope: str, most: int, now: int, weight: int, banning: bool) -> int:
        db = self._database()
        db.execute("BEGIN IMMEDIATE")
        try:
            seconds = self._banned(db, scope, now) if banning else 0
            if not seconds:
                seconds = self._count(db, scope, most, now, weight)
                if seconds and banning:
                    seconds = self._ban(db, scope, now)
        except BaseException:
            db.execute("ROLLBACK")
            raise
        db.execute("COMMIT")
        return seconds

    def _count(self, db: sqlite3.Connection, scope: str, most: int, now: int, weight: int) -> int:
        # Also those of a clock that has been set back since.
        db.execute(
            "DELETE FROM asked WHERE scope = ? AND (time <= ? OR time > ?)",
            (scope, now - WINDOW, now),
        )
        (used,) = db.execute(
            "SELECT coalesce(sum(weight), 0) FROM asked WHERE scope = ?", (scope,)
        ).fetchone()
        if used + weight > most:
            return self._room(db, scope, used + weight - most, now)
        db.execute("INSERT INTO asked VALUES (?, ?, ?)", (scope, now, weight))
        return 0

    def _room(self, db: sqlite3.Connection, scope: str, excess: int, now: int) -> int:
        """Whole seconds until the oldest rows that weigh `excess` have left the window."""
        for time, weight in db.execute(
            "SELECT time, weight FROM asked WHERE scope = ? ORDER BY time", (scope,)
        ):
            excess -= weight
            if excess <= 0:
                return _whole(time + WINDOW - now)
        return WINDOW // SECOND

    def _banned(self, db: sqlite3.Connection, scope: str, now: int) -> int:
        """Whole seconds that a ban has still to go."""
        (ends,) = db.execute(
            "SELECT coalesce(max(ends), 0) FROM bans WHERE scope = ? AND begun <= ?", (scope, now)
        ).fetchone()
        return _whole(ends - now) if ends > now else 0

    def _ban(self, db: sqlite3.Connection, scope: str, now: int) -> int:
        """Begins a ban, longer the more there were within 24 hours; returns its whole seconds."""
        db.execute(
            "DELETE FROM bans WHERE scope = ? AND (begun <= ? OR begun > ?)",
            (scope, now - DAY, now),
        )
        (before,) = db.execute("SELECT count(*) FROM bans WHERE scope = ?", (scope,)).fetchone()
        length = next((length for most, length in _BANS if before < most), _LONGEST)
        db.execute("INSERT INTO bans VALUES (?, ?, ?)", (scope, now, now + length))
        return _whole(length)

    def _database(self) -> sqlite3.Connection:
        if self._opened is None:
            private(self._path)
            db = sqlite3.connect(
                self._path, timeout=10, isolation_level=None, check_same_thread=False
            )
            try:
                # A rollback journal of fixed place: a killed process leaves the file whole.
                db.execute("PRAGMA journal_mode = PERSIST")
                db.execute("PRAGMA synchronous = OFF")
                if db.execute("PRAGMA user_version").fetchone()[0] < VERSION:
                    db.executescript(
                        f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;"
                    )
            except BaseException:
                db.close()
                raise
            self._opened = db
        return self._opened


class NoLimits(Limits):
    """For measurements and for tests that ask hundreds of times a second: nothing is counted."""

    def __init__(self) -> None:
        super().__init__(Path())

    def wait(
        self, scope: str, most: int, now: int, weight: int = 1, *, banning: bool = False
    ) -> int:
        return 0


def _whole(nanoseconds: int) -> int:
    """Seconds, rounded up."""
    return -(-nanoseconds // SECOND)
