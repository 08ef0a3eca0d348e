"""How often one may ask: a sliding window, counted in a file that all processes share.

Each request is one row, and a row is forgotten when the window has passed it, so the count
is exact at every moment. The file is apart from the store: it is written at every request,
never waits for the disk, and is worth nothing after a minute.

A ban (two, ten or thirty minutes) is to be a row of its own here, that `wait` looks at first.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from exchcli.errors import StateError
from exchcli.sandbox.store import private
from exchcli.sandbox.wire import WireReply, json_reply

SECOND = 1_000_000_000
WINDOW = 60 * SECOND
# Requests a minute: Dgtmarket's of one client and of one key. DigiFinex's sum of weights.
DGT_PUBLIC, DGT_PRIVATE, DFX_WEIGHT = 60, 100, 1200

_SCHEMA = """
CREATE TABLE IF NOT EXISTS asked (
    scope  TEXT NOT NULL,
    time   INTEGER NOT NULL,        -- nanoseconds since the epoch
    weight INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS asked_when ON asked (scope, time, weight);
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

    def wait(self, scope: str, most: int, now: int, weight: int = 1) -> int:
        """Counts a request of `weight`, or says for how many seconds there is no room for it.

        0 means counted. `now` is in nanoseconds; requests that are refused do not count.
        """
        try:
            return self._wait(scope, most, now, weight)
        except (sqlite3.Error, OSError) as error:
            raise StateError(
                f"The sandbox's limits in {self._path} cannot be counted: {error}.",
                "Make room there and its folder writable, or start over with `exch sandbox reset`.",
            ) from error

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()

    def _wait(self, scope: str, most: int, now: int, weight: int) -> int:
        db = self._database()
        db.execute("BEGIN IMMEDIATE")
        try:
            # Also those of a clock that has been set back since.
            db.execute(
                "DELETE FROM asked WHERE scope = ? AND (time <= ? OR time > ?)",
                (scope, now - WINDOW, now),
            )
            (used,) = db.execute(
                "SELECT coalesce(sum(weight), 0) FROM asked WHERE scope = ?", (scope,)
            ).fetchone()
            seconds = 0
            if used + weight <= most:
                db.execute("INSERT INTO asked VALUES (?, ?, ?)", (scope, now, weight))
            else:
                seconds = self._room(db, scope, used + weight - most, now)
        except BaseException:
            db.execute("ROLLBACK")
            raise
        db.execute("COMMIT")
        return seconds

    def _room(self, db: sqlite3.Connection, scope: str, excess: int, now: int) -> int:
        """Whole seconds until the oldest rows that weigh `excess` have left the window."""
        for time, weight in db.execute(
            "SELECT time, weight FROM asked WHERE scope = ? ORDER BY time", (scope,)
        ):
            excess -= weight
            if excess <= 0:
                return int(-(-(time + WINDOW - now) // SECOND))
        return WINDOW // SECOND

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
                if not db.execute("PRAGMA user_version").fetchone()[0]:
                    db.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = 1; COMMIT;")
            except BaseException:
                db.close()
                raise
            self._opened = db
        return self._opened
