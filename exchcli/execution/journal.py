"""What was meant, sent and answered: every call that changes something, in all its states, which
entry.py lists.

An intent has attempts, and each attempt its items: one order, or those of a batch. All that is
answered here was on the disk before. Nobody is believed to be the only one who writes: what was
read is compared again in the transaction that goes by it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from exchcli.core.machine import SECOND, Reading, elapsed, same_boot
from exchcli.errors import OnceConflict, OutcomeUnknown
from exchcli.execution.entry import OPEN, SELECT, SUSPECT, Attempt, Entry, entries, may_be
from exchcli.execution.intent import Account, Intent, likeness, written
from exchcli.execution.journal_file import JournalFile
from exchcli.execution.lock import Lock
from exchcli.records import Evidence, JournalState, Snapshot

__all__ = [
    "OPEN", "SUSPECT", "Attempt", "Entry", "IdTaken", "Journal", "Overtaken", "Signed", "may_be",
]  # fmt: skip

_LOOKED_THROUGH = 2000  # attempts, to count those of the last minute
_CANCELS = ("cancel", "withdraw cancel")
# States in which nothing was done, and nothing can arrive any more.
_OVER = ("prepared", "rejected", "not_sent", "absent")
# What has ids that are an order's or a withdrawal's own.
_WITH_IDS = ("NewOrder", "Withdrawal")


class Signed(NamedTuple):
    """What is written down of an attempt before it is sent."""

    signed: int
    not_after: int
    signer: str
    at: Reading


class Overtaken(OnceConflict):
    """Another run has written down something else meanwhile; what is there is not ours."""

    def __init__(self, key: str) -> None:
        super().__init__(
            f"Another run is at work on {key}, though there should be one at a time.",
            "Nothing was sent now. Was a file of the state folder removed or put back? Run it "
            "again when no other run goes on.",
        )


class IdTaken(OutcomeUnknown):
    """An id that was told is another order's."""


class Journal:
    """The journal of this machine. Every method raises StateError where it cannot be used."""

    def __init__(self, folder: Path, file: JournalFile | None = None) -> None:
        self._folder = folder
        self._file = file or JournalFile(folder)

    def close(self) -> None:
        self._file.close()

    def find(self, account: Account, key: str) -> Entry | None:
        with self._file.reading() as db:
            return _found(db, account, key)

    def own(self, account: Account, key: str, signer: str) -> Entry | None:
        """The intent of this key that is this account's, under whatever name of a profile: its
        own, or one that was signed with the same API key. Of several, one that may have happened.
        """
        with self._file.reading() as db:
            return _own(db, account, key, signer)

    def kin(self, account: Account, key: str, signer: str) -> Entry | None:
        """An intent of this account that has this key and is the other kind of thing: a call of a
        batch, whose key goes on behind a #, or what is none.
        """
        plain, is_batch, _ = key.partition("#")
        wanted = "key = ?" if is_batch else "key > ? || '#' AND key < ? || '$'"
        with self._file.reading() as db:
            rows = db.execute(
                f"{SELECT} WHERE {wanted} AND {_SAME}",
                (*([plain] if is_batch else [key, key]), *account, signer),
            )
            return next(iter(entries(db, rows)), None)

    def named(self, key: str) -> list[Entry]:
        """The intents of this key, of all accounts. Nothing is made where there is no journal."""
        return self._listed("WHERE key = ?", (key,))

    def parts(self, key: str) -> list[Entry]:
        """The intents of a batch with this key, one for each of its calls, of all accounts."""
        return self._listed("WHERE substr(key, 1, length(?1) + 1) = ?1 || '#' ORDER BY id", (key,))

    def entries(self, limit: int | None = None) -> list[Entry]:
        """All intents, newest first."""
        return self._listed("ORDER BY id DESC LIMIT ?", (-1 if limit is None else limit,))

    def unsettled(
        self, account: Account, alike: Iterable[str], but: str | None, signer: str = ""
    ) -> list[Entry]:
        """The intents of this profile, or that were signed with the same API key, other than that
        of the key `but`, with an item of one of these likenesses, of which something may still
        arrive: sent and not settled; or settled by a person who need not have waited for the
        fence.
        """
        wanted = tuple(dict.fromkeys(alike))
        with self._file.reading() as db:
            rows = db.execute(
                f"{SELECT} WHERE {_SAME} AND NOT (profile = ? AND key IS ?)"
                " AND (state IN ('sending', 'unknown')"
                " OR (state = 'absent' AND evidence = 'manual' AND looked IS NULL))"
                " AND EXISTS (SELECT 1 FROM items WHERE intent = intents.id AND likeness IN"
                f" ({_marks(wanted)})) ORDER BY id",
                (*account, signer, account.profile, but, *wanted),
            )
            return entries(db, rows)

    def claimed(self, account: Account, ids: Iterable[str], but: str, kind: str) -> set[str]:
        """Those of these ids that other intents have, of the same kind of item; of all profiles,
        since the ids of an exchange are its own."""
        with self._file.reading() as db:
            return _claimed(db, account, ids, but, kind)

    def known(self, account: Account) -> dict[str, str]:
        """Every order id that an intent has, and the key of that intent."""
        with self._file.reading() as db:
            rows = db.execute(
                "SELECT order_id, key FROM items JOIN intents ON intents.id = items.intent"
                " WHERE order_id IS NOT NULL AND exchange = ? AND url = ?"
                f" AND {_OF_ORDERS}",
                account[:2],
            )
            return dict(rows.fetchall())

    def sending(
        self,
        account: Account,
        key: str,
        intent: Intent,
        snapshot: Snapshot,
        signed: Signed,
        read: Entry | None = None,
    ) -> int:
        """Writes down an attempt that is about to be sent, and its intent if that is new; the
        number of the attempt.

        The snapshot of an intent stays that of its first attempt that may have arrived. Raises
        Overtaken when the intent is no longer as it was `read`, or was read while it was open:
        what would be sent may have been sent.
        """
        with self._file.writing() as db:
            now = signed.at.wall // SECOND
            row = _own(db, account, key, signed.signer)
            if row != read or not _may_be_sent(row):
                raise Overtaken(key)
            if row is None:
                number = db.execute(
                    "INSERT INTO intents (exchange, url, profile, key, command, params, digest,"
                    " state, snapshot, created, updated) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (*account, key, intent.command, intent.params, intent.digest, "sending",
                     _packed(snapshot), now, now),
                ).lastrowid  # fmt: skip
            else:
                number = row.id
                db.execute(
                    "UPDATE intents SET state = 'sending', evidence = NULL, reason = NULL,"
                    " looked = NULL, snapshot = ?, updated = ? WHERE id = ?",
                    (_packed(snapshot), now, number),
                )
            attempt = 1 if row is None else len(row.attempts) + 1
            db.execute(
                "INSERT INTO attempts (intent, number, state, signed, not_after, signer, boot,"
                " steady, wall) VALUES (?, ?, 'sending', ?, ?, ?, ?, ?, ?)",
                (number, attempt, signed.signed, signed.not_after, signed.signer, *signed.at),
            )
            db.executemany(
                "INSERT INTO items VALUES (?, ?, ?, ?, ?, NULL)",
                [
                    (number, attempt, place, likeness(item), written(item))
                    for place, item in enumerate(intent.items)
                ],
            )
            return attempt

    def signed_again(self, account: Account, key: str, signed: Signed, attempt: int) -> None:
        """This attempt, which is about to be sent, was signed anew. Of both signatures the earlier
        beginning and the later end count. Raises Overtaken when it is no longer open."""
        with self._file.writing() as db:
            changed = db.execute(
                "UPDATE attempts SET signed = MIN(signed, ?), not_after = MAX(not_after, ?)"
                " WHERE state = 'sending' AND number = ?"
                f" AND intent = (SELECT id FROM intents WHERE {_OWN})",
                (signed.signed, signed.not_after, attempt, *account, key),
            )
            if changed.rowcount != 1:
                raise Overtaken(key)

    def settled(
        self,
        account: Account,
        key: str,
        state: JournalState,
        now: Reading,
        *,
        ids: Sequence[str] = (),
        evidence: Evidence | None = None,
        reason: str | None = None,
        read: Entry | None = None,
        attempt: int | None = None,
    ) -> None:
        """Writes down what became of an intent, and with it of its attempts that were open.

        Leaves it as it was and raises IdTaken for an id that another intent has, and Overtaken
        where what it tells of is not all that there is: the attempts of the intent as it was
        `read`, or up to this `attempt`.
        """
        with self._file.writing() as db:
            there = _found(db, account, key)
            if there is None or (read is not None and there.attempts != read.attempts):
                raise Overtaken(key)
            if attempt is not None and len(there.attempts) != attempt:
                raise Overtaken(key)
            intent, last = there.id, len(there.attempts)
            kind = type(there.intent.items[0]).__name__
            taken = _claimed(db, account, ids, key, kind) if kind in _WITH_IDS else ()
            if taken:
                raise IdTaken(f"{', '.join(sorted(taken))} was told, which is another key's")
            db.execute(
                "UPDATE intents SET state = ?, evidence = ?, reason = ?, updated = ?,"
                " looked = CASE WHEN ? = 'unknown' THEN looked END WHERE id = ?",
                (state, evidence, reason, now.wall // SECOND, state, intent),
            )
            # One that was placed is settled again only where a person had decided wrongly.
            db.execute(
                "UPDATE attempts SET state = ? WHERE intent = ?"
                " AND state IN ('sending', 'unknown', 'ambiguous', 'placed')",
                (state, intent),
            )
            db.execute("UPDATE items SET order_id = NULL WHERE intent = ?", (intent,))
            db.executemany(
                "INSERT INTO items SELECT intent, attempt, number, likeness, content, ? FROM items"
                " WHERE intent = ? AND attempt = ? AND number = ?"
                " ON CONFLICT DO UPDATE SET order_id = excluded.order_id",
                [(order_id, intent, last, place) for place, order_id in enumerate(ids)],
            )

    def looked(self, account: Account, key: str, told: int, read: Entry | None = None) -> None:
        """A whole listing behind the fence ended at this second of the exchange, and held
        nothing; or, for what a person has settled, the fence was seen to pass. Raises Overtaken
        where that is said of other attempts than those of the intent as it was `read`."""
        with self._file.writing() as db:
            there = _found(db, account, key)
            if read is not None and (there is None or there.attempts != read.attempts):
                raise Overtaken(key)
            db.execute(f"UPDATE intents SET looked = ? WHERE {_OWN}", (told, *account, key))

    def sent_lately(self, account: Account, seconds: float, now: Reading, signer: str = "") -> int:
        """How many orders this profile, or this API key under any, sent in the last so many
        seconds, whatever came of them."""
        if not self._file.exists():
            return 0
        with self._file.reading() as db:
            rows = db.execute(
                "SELECT attempts.boot, attempts.steady, attempts.wall, (SELECT COUNT(*) FROM items"
                " WHERE items.intent = attempts.intent AND items.attempt = attempts.number"
                " AND items.likeness GLOB 'NewOrder *')"
                " FROM attempts JOIN intents ON intents.id = attempts.intent"
                f" WHERE {_SAME} ORDER BY attempts.id DESC LIMIT ?",
                (*account, signer, _LOOKED_THROUGH),
            )
            found = 0
            for *at, count in rows:
                then = Reading(*at)
                if elapsed(then, now) < seconds * SECOND:
                    found += count
                elif same_boot(then, now):  # all that is left is older still
                    break
            return found

    def _listed(self, clause: str, values: Sequence[object]) -> list[Entry]:
        """Intents to look at. What is being sent by nobody is not known to have been sent."""
        if not self._file.exists():
            return []
        with self._file.reading() as db:
            found = entries(db, db.execute(f"{SELECT} {clause}", tuple(values)))
        sending = {entry.account for entry in found if entry.state == "sending"}
        left = {one for one in sending if not Lock(self._folder, one, 0).is_held()}
        return [
            entry._replace(state="unknown")
            if entry.state == "sending" and entry.account in left
            else entry
            for entry in found
        ]


# The statements are put together of these and of question marks, never of values.
_OWN = "exchange = ? AND url = ? AND profile = ? AND key = ?"
# Of one profile, or sent with one API key. Cancels have no signer. The plus keeps SQLite from
# going through all that an exchange has, where a key or a state finds it.
_SAME = (
    "+exchange = ? AND url = ? AND (profile = ? OR EXISTS"
    " (SELECT 1 FROM attempts WHERE intent = intents.id AND signer = ? AND signer != ''))"
)


# Items whose ids, where they have any, are an order's: the endpoints that `api` calls too.
_OF_ORDERS = "(likeness GLOB 'NewOrder *' OR likeness GLOB 'Calling *')"


def _found(db: sqlite3.Connection, account: Account, key: str) -> Entry | None:
    rows = db.execute(f"{SELECT} WHERE {_OWN}", (*account, key))
    return next(iter(entries(db, rows)), None)


def _own(db: sqlite3.Connection, account: Account, key: str, signer: str) -> Entry | None:
    rows = db.execute(f"{SELECT} WHERE key = ? AND {_SAME}", (key, *account, signer))

    def order(entry: Entry) -> tuple[bool, bool, int]:
        return not entry.is_begun, entry.account != account, entry.id

    return min(entries(db, rows), key=order, default=None)


def _may_be_sent(entry: Entry | None) -> bool:
    """Whether nothing of it is known to be open, or done; a cancel may be repeated whatever
    became of it."""
    if entry is None or entry.command in _CANCELS:
        return True
    return entry.state in _OVER


def _claimed(
    db: sqlite3.Connection, account: Account, ids: Iterable[str], but: str, kind: str
) -> set[str]:
    wanted = tuple(ids)
    found: set[str] = set()
    alike = _OF_ORDERS if kind == "NewOrder" else f"likeness GLOB '{kind} *'"
    for start in range(0, len(wanted), 500):
        part = wanted[start : start + 500]
        rows = db.execute(
            "SELECT order_id FROM items JOIN intents ON intents.id = items.intent"
            f" WHERE order_id IN ({_marks(part)}) AND exchange = ? AND url = ?"
            f" AND NOT (profile = ? AND key = ?) AND {alike}",
            (*part, account.exchange, account.url, account.profile, but),
        )
        found |= {order_id for (order_id,) in rows}
    return found


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def _packed(snapshot: Snapshot) -> str:
    return json.dumps(snapshot, separators=(",", ":"))
