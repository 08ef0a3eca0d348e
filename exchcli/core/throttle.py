"""Keeps all processes of this machine together within an exchange's limits, and out of its bans.

Each budget is a sliding window over the calls that were granted, counted in one transaction
that also reads the clock. Who finds no room takes a ticket; the room for the tickets in front is
never given away, and they are let go first, so nobody starves. Whoever is killed with a ticket
is forgotten a few seconds later. A fifth of each budget is kept for cancels and for the reads
that settle what became of an order.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from exchcli.config import Limit
from exchcli.core.answer import again
from exchcli.core.budgets import Held, ban_at, budget_at, grant, until_free, weight_ahead
from exchcli.core.machine import SECOND, Reading, read
from exchcli.core.throttle_file import ThrottleFile
from exchcli.errors import RateLimited, StateError
from exchcli.times import iso

if TYPE_CHECKING:
    import sqlite3

RESERVE_PERCENT = 20
COURTESY = SECOND // 40  # how long those in front are let go first, who may be waking up
TICK = SECOND // 1000
POLL = 1.0  # seconds between looks of one that waits
SHORT_BAN = 15.0  # seconds; the end of a longer one is told instead of waited for
LONGEST_BAN = 86400  # seconds; the document knows no longer one


class Call(NamedTuple):
    """What the throttle has to know of one call.

    `budget` names a limit of the configuration; the one called "private" is per API key, the
    others are this machine's. `scopes` are those whose bans hold the call up: public or
    private, and trading for new orders.
    """

    budget: str
    scopes: tuple[str, ...]
    key: str | None = None
    weight: int = 1
    settling: bool = False


class Ban(NamedTuple):
    """How long an exchange does not listen after an error; in the call's own scope, or in this."""

    seconds: int
    scope: str | None = None


class Usage(NamedTuple):
    """One budget, or a scope that is banned. What is not known or not counted is None."""

    scope: str
    used: int | None
    limit: int | None
    window_seconds: int | None
    banned_until: datetime | None


class Wait(NamedTuple):
    """A call is not granted yet: for how long at least, and the room that there is for its kind
    in all; None when a ban holds it up."""

    nanoseconds: int
    room: int | None


class _Turn:
    """One call's place in the queue: its ticket (0 for none), and since when it lets those in
    front go first though there is room for all."""

    __slots__ = ("ticket", "yielding")

    def __init__(self) -> None:
        self.ticket = 0
        self.yielding: int | None = None

    def has_yielded(self, now: Reading) -> bool:
        if self.yielding is None:
            self.yielding = now.steady
        return now.steady - self.yielding >= COURTESY


class Notices(NamedTuple):
    """Where the throttle speaks: `waiting` gets the seconds that are left and the reason (0
    when the wait is over), `trace` what -v shows, `warn` what everybody has to know."""

    waiting: Callable[[float, str], None] = lambda _seconds, _why: None
    trace: Callable[[str], None] = lambda _line: None
    warn: Callable[[str], None] = lambda _line: None


class Throttle:
    """The limits of one exchange at one URL, which all processes with this folder share."""

    def __init__(
        self,
        folder: Path,
        exchange: str,
        title: str,
        url: str,
        limits: Mapping[str, Limit],
        *,
        patient: bool = True,
        notices: Notices = Notices(),  # noqa: B008 -- it cannot be changed
        clock: Callable[[], Reading] = read,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        """`patient` is False to fail instead of waiting. `sleep` is replaced by tests only."""
        self._exchange = exchange
        self._title = title
        self._where = f"{exchange} {url}"
        self._limits = limits
        self._patient = patient
        self._notices = notices
        self._clock = clock
        self._closed = threading.Event()
        # Not time.sleep: threads that wait are woken when the command ends.
        self._sleep = sleep or self._closed.wait
        self._file = ThrottleFile(folder, notices.warn)
        self._warned = False

    def reserve(self, call: Call) -> None:
        """Returns when the call may be made, and counts it.

        Raises RateLimited for a ban, or instead of waiting when it is not to wait. Without a
        usable file, a public call goes on uncounted, and any other raises StateError.
        """
        try:
            self._reserve(call)
        except StateError as error:
            if call.scopes != ("public",) or self._closed.is_set():
                raise
            if not self._warned:
                self._warned = True
                self._notices.trace(f"{error.message} Public reads go on without it.")

    def ban(self, call: Call, scope: str, seconds: int, why: str) -> datetime:
        """Nobody calls in this scope for so long: until the moment that is answered.

        A longer ban that holds already stays. Raises StateError.
        """
        name = self._name(scope, call.key)
        left = min(seconds, LONGEST_BAN) * SECOND

        def write(db: sqlite3.Connection) -> datetime:
            now = self._clock()
            if left > ban_at(db, name, now).left:
                db.execute(
                    "INSERT OR REPLACE INTO bans VALUES (?, ?, ?, ?, ?, ?)",
                    (name, left, *now, why),
                )
            return _moment(ban_at(db, name, now).ends)

        return self._file.run(write)

    def usage(self, key: str | None = None) -> list[Usage]:
        """Every budget, and every ban that holds; of a key's own only with the key.

        Raises StateError. Nothing is counted, and a file that is not there is not made.
        """
        if not self._file.exists():
            return [Usage(name, 0, *limit, None) for name, limit in self._limits.items()]

        def look(db: sqlite3.Connection) -> list[Usage]:
            now = self._clock()
            rows = []
            for name, limit in self._limits.items():
                used = None
                if name != "private" or key is not None:
                    _, used, _ = budget_at(db, self._name(name, key), limit, now)
                rows.append(Usage(name, used, *limit, self._until(db, name, key, now)))
            for scope in ("public", "private", "trading"):
                until = self._until(db, scope, key, now)
                if scope not in self._limits and until is not None:
                    rows.append(Usage(scope, None, None, None, until))
            return rows

        return self._file.run(look)

    def close(self) -> None:
        """Lets go of the file, and of every thread that still waits."""
        self._closed.set()
        self._file.close()

    def waits_for(self, until: datetime) -> bool:
        """Whether a call waits for a ban that ends then, instead of failing."""
        left = until.timestamp() - self._clock().wall / SECOND
        return self._patient and left <= SHORT_BAN + 1  # the moment is a rounded one

    def _reserve(self, call: Call) -> None:
        turn = _Turn()
        shown = False
        try:
            while True:
                wait = self._file.run(partial(self._look, call, turn))
                if wait is None:
                    turn.ticket = 0
                    return
                seconds = wait.nanoseconds / SECOND
                why = self._why(call, wait)
                if not self._patient:
                    raise self._limited(why, seconds)
                self._notices.waiting(seconds, why)
                shown = True
                self._sleep(min(POLL, max(TICK / SECOND, seconds)))
                if self._closed.is_set():
                    raise self._limited(why, seconds)
        finally:
            if shown:
                self._notices.waiting(0, "")
            if turn.ticket:
                self._give_back(call, turn.ticket)

    def _look(self, call: Call, turn: _Turn, db: sqlite3.Connection) -> Wait | None:
        """None when the call is granted and counted. Raises RateLimited for a ban."""
        now = self._clock()
        for scope in call.scopes:
            ban = ban_at(db, self._name(scope, call.key), now)
            if ban.left > SHORT_BAN * SECOND or (ban.left > 0 and not self._patient):
                raise self._banned(scope, ban)
            if ban.left > 0:
                return Wait(ban.left, None)
        limit = self._limits[call.budget]
        number, used, tickets = budget_at(db, self._name(call.budget, call.key), limit, now)
        room = limit.most if call.settling else limit.most - limit.most * RESERVE_PERCENT // 100
        weight = min(call.weight, room)
        ahead = weight_ahead(db, number, turn.ticket or tickets + 1, call.settling, now)
        excess = used + ahead + weight - room
        if excess <= 0 and (not ahead or not self._patient or turn.has_yielded(now)):
            grant(db, number, used, weight, turn.ticket, now)
            return None
        if self._patient:
            if not turn.ticket:
                turn.ticket = tickets + 1
                db.execute("UPDATE budgets SET tickets = ? WHERE id = ?", (turn.ticket, number))
            db.execute(
                "INSERT OR REPLACE INTO tickets VALUES (?, ?, ?, ?, ?)",
                (number, turn.ticket, weight, call.settling, now.steady),
            )
        return Wait(TICK if excess <= 0 else until_free(db, number, excess, limit, now), room)

    def _give_back(self, call: Call, ticket: int) -> None:
        """Leaves the queue, after Ctrl-C or an error, so that nobody waits for this one."""
        name = self._name(call.budget, call.key)
        statement = (
            "DELETE FROM tickets WHERE number = ?"
            " AND budget = (SELECT id FROM budgets WHERE name = ?)"
        )
        try:
            self._file.run(lambda db: db.execute(statement, (ticket, name)))
        except StateError:
            pass  # the lease ends anyway

    def _name(self, scope: str, key: str | None) -> str:
        """A budget's or a ban's name. Of the key, only a hash is ever written down."""
        if scope in ("private", "trading") and key is not None:
            return f"{self._where} {scope} {hashlib.sha256(key.encode()).hexdigest()[:16]}"
        return f"{self._where} {scope}"

    def _until(
        self, db: sqlite3.Connection, scope: str, key: str | None, now: Reading
    ) -> datetime | None:
        ban = ban_at(db, self._name(scope, key), now)
        return _moment(ban.ends) if ban.left > 0 else None

    def _why(self, call: Call, wait: Wait) -> str:
        if wait.room is None:
            return f"{self._title} has asked for a pause"
        limit = self._limits[call.budget]
        kept = limit.most - wait.room
        return (
            f"{self._title}'s limit of {limit.most} {_UNITS[call.budget]} in "
            f"{limit.window_seconds} s is used up"
            + (f" ({kept} of them are kept for cancels)" if kept else "")
        )

    def _limited(self, why: str, seconds: float) -> RateLimited:
        until = iso(_moment(self._clock().wall + int(seconds * SECOND)))
        return RateLimited(
            f"{why}, until {until}.",
            "Run it again then; without --no-wait, exch waits by itself.",
            exchange=self._exchange,
        )

    def _banned(self, scope: str, ban: Held) -> RateLimited:
        until = _moment(ban.ends)
        return RateLimited(
            f"{self._title} is not asked before {iso(until)} ({_SCOPES[scope]}): {ban.why}.",
            again(self._exchange, until),
            exchange=self._exchange,
        )


_UNITS = {"public": "public calls", "private": "private calls", "weight": "weights"}
_SCOPES = {"public": "public calls", "private": "signed calls", "trading": "new orders"}


def _moment(wall: int) -> datetime:
    """A time of day in nanoseconds, rounded up to a whole second."""
    return datetime.fromtimestamp(-(-wall // SECOND), UTC)
