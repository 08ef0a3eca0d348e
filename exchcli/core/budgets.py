"""What the throttle asks of its file: budgets, the grants and tickets of each, and bans.

Every function works inside one transaction, at one reading of the clocks, which was taken
inside it. Times are nanoseconds of the steady clock; see throttle_file.py for the tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from exchcli.config import Limit
from exchcli.core.machine import SECOND, Reading, elapsed, same_boot

if TYPE_CHECKING:
    import sqlite3

GUARD = SECOND // 2  # a call may reach the exchange this much later than it was granted
LEASE = 3 * SECOND  # a ticket that nobody has come back for is one of a dead process


def budget_at(
    db: sqlite3.Connection, name: str, limit: Limit, now: Reading
) -> tuple[int, int, int]:
    """A budget's id, what of it is used at this moment, and its last ticket's number."""
    row = db.execute(
        "SELECT id, used, tickets, boot, steady, wall FROM budgets WHERE name = ?", (name,)
    ).fetchone()
    if row is None:
        made = db.execute("INSERT INTO budgets VALUES (NULL, ?, ?, ?, ?, 0, 0)", (name, *now))
        assert made.lastrowid is not None
        return made.lastrowid, 0, 0
    number, used, tickets = row[:3]
    then = Reading(*row[3:])
    if not same_boot(then, now):
        _after_boot(db, number, then, now)
    expired = now.steady - limit.window_seconds * SECOND - GUARD
    (gone,) = db.execute(
        "SELECT sum(weight) FROM grants WHERE budget = ? AND at <= ?", (number, expired)
    ).fetchone()
    if gone is not None:
        db.execute("DELETE FROM grants WHERE budget = ? AND at <= ?", (number, expired))
        used -= gone
    db.execute(
        "UPDATE budgets SET boot = ?, steady = ?, wall = ?, used = ? WHERE id = ?",
        (*now, used, number),
    )
    return number, used, tickets


def _after_boot(db: sqlite3.Connection, number: int, then: Reading, now: Reading) -> None:
    """Puts what was granted before the boot on the new steady clock; its tickets are dead."""
    shift = now.steady - elapsed(then, now) - then.steady
    rows = db.execute("SELECT at, weight FROM grants WHERE budget = ?", (number,)).fetchall()
    db.execute("DELETE FROM grants WHERE budget = ?", (number,))
    db.executemany(
        "INSERT INTO grants VALUES (?, ?, ?)", [(number, at + shift, w) for at, w in rows]
    )
    db.execute("DELETE FROM tickets WHERE budget = ?", (number,))


def weight_ahead(
    db: sqlite3.Connection, number: int, ticket: int, settling: bool, now: Reading
) -> int:
    """The weight of the living tickets in front; cancels and ordinary calls queue apart."""
    db.execute("DELETE FROM tickets WHERE budget = ? AND seen < ?", (number, now.steady - LEASE))
    (weight,) = db.execute(
        "SELECT coalesce(sum(weight), 0) FROM tickets"
        " WHERE budget = ? AND number < ? AND settling = ?",
        (number, ticket, settling),
    ).fetchone()
    return int(weight)


def grant(
    db: sqlite3.Connection, number: int, used: int, weight: int, ticket: int, now: Reading
) -> None:
    # Two grants within one tick of the clock are told apart by a nanosecond.
    db.execute(
        "INSERT INTO grants SELECT ?, max(?, 1 + coalesce(max(at), 0)), ? FROM grants"
        " WHERE budget = ?",
        (number, now.steady, weight, number),
    )
    db.execute("UPDATE budgets SET used = ? WHERE id = ?", (used + weight, number))
    if ticket:
        db.execute("DELETE FROM tickets WHERE budget = ? AND number = ?", (number, ticket))


def until_free(db: sqlite3.Connection, number: int, excess: int, limit: Limit, now: Reading) -> int:
    """Nanoseconds until grants of this weight have left the window."""
    held = limit.window_seconds * SECOND + GUARD
    grants = db.execute("SELECT at, weight FROM grants WHERE budget = ? ORDER BY at", (number,))
    for at, weight in grants:
        excess -= weight
        if excess <= 0:
            return max(1, int(at) + held - now.steady)
    return held


class Held(NamedTuple):
    """A ban: the nanoseconds that it has still to go (0 or less: none), when it ends by the
    wall clock, and its reason."""

    left: int
    ends: int
    why: str


def ban_at(db: sqlite3.Connection, name: str, now: Reading) -> Held:
    """The ban of this name. Its end is the same whenever it is looked up, unless the wall clock
    was set meanwhile: what both clocks drift apart by is no reason to tell another second.
    """
    row = db.execute(
        "SELECT left, why, boot, steady, wall FROM bans WHERE name = ?", (name,)
    ).fetchone()
    if row is None:
        return Held(0, now.wall, "")
    left, why, then = row[0], row[1], Reading(*row[2:])
    passed = elapsed(then, now)
    was_set = round((now.wall - then.wall - passed) / SECOND) * SECOND
    return Held(left - passed, then.wall + left + was_set, why)
