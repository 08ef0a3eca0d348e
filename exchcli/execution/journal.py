"""What was meant, sent and answered: every call that changes something, in all its states.

    sending     written down, and may be on its way
    placed      done; `evidence` says how that is known
    rejected    refused by the exchange        \\  nothing happened, and the
    not_sent    no byte of it was written      /   same key may be sent again
    unknown     sent, and not answered in a way that can be trusted
    absent      sent, and proven not to have been done
    ambiguous   sent, and several orders could be it
    prepared    written down, and not sent yet: no state that outlives a run

An intent has attempts, and each attempt its items: one order, or those of a batch. All that is
answered here was on the disk before.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from exchcli.core.machine import SECOND, Reading, elapsed, same_boot
from exchcli.errors import StateError
from exchcli.execution.intent import Account, Cancelling, Intent, Item, likeness, read, written
from exchcli.execution.journal_file import JournalFile
from exchcli.execution.lock import Lock
from exchcli.records import Evidence, JournalEntry, JournalState, Snapshot

OPEN: tuple[JournalState, ...] = ("sending", "unknown")
# Attempts that may have reached the exchange, whatever is known of them.
SUSPECT: tuple[JournalState, ...] = (*OPEN, "absent", "ambiguous")
_MAY_BE = "may be "
_LOOKED_THROUGH = 2000  # attempts, to count those of the last minute


class Attempt(NamedTuple):
    """One time that an intent was sent. `signed` and `not_after`, behind which no copy of it can
    be accepted, are in the exchange's seconds; `signer` tells API keys apart."""

    number: int
    state: JournalState
    signed: int
    not_after: int
    signer: str
    at: Reading
    items: tuple[Item, ...]
    ids: tuple[str | None, ...]


class Entry(NamedTuple):
    """One intent as the journal has it."""

    id: int
    account: Account
    key: str
    command: str
    params: str
    digest: str
    state: JournalState
    evidence: Evidence | None
    reason: str | None
    snapshot: Snapshot
    looked: int | None
    created: int  # epoch seconds of this machine
    updated: int
    attempts: tuple[Attempt, ...]

    @property
    def intent(self) -> Intent:
        """What was meant, as it was last sent."""
        return Intent(self.command, self.attempts[-1].items)

    @property
    def candidates(self) -> tuple[str, ...]:
        """What it may be, while that is for a person to tell."""
        if self.state != "ambiguous" or not (self.reason or "").startswith(_MAY_BE):
            return ()
        return tuple((self.reason or "").removeprefix(_MAY_BE).split(", "))

    @property
    def suspects(self) -> tuple[Attempt, ...]:
        """The attempts that may have reached the exchange."""
        return tuple(attempt for attempt in self.attempts if attempt.state in SUSPECT)

    @property
    def ids(self) -> tuple[str, ...]:
        """What was placed, in the order of the items."""
        found = [order_id for attempt in self.attempts for order_id in attempt.ids]
        return tuple(order_id for order_id in found if order_id is not None)

    def record(self) -> JournalEntry:
        named = [item.id for item in self.intent.items if isinstance(item, Cancelling)]
        return JournalEntry(
            self.key, self.account.exchange, self.account.profile, self.command, self.state,
            ",".join(self.ids or named) or None, self.evidence, len(self.attempts),
            datetime.fromtimestamp(self.created, UTC), datetime.fromtimestamp(self.updated, UTC),
            self.candidates or None,
        )  # fmt: skip


def may_be(ids: Iterable[str]) -> str:
    """The reason of what is ambiguous, from which `candidates` are read again."""
    return _MAY_BE + ", ".join(ids)


class Signed(NamedTuple):
    """What is written down of an attempt before it is sent."""

    signed: int
    not_after: int
    signer: str
    at: Reading


class Journal:
    """The journal of this machine. Every method raises StateError where it cannot be used."""

    def __init__(self, folder: Path, file: JournalFile | None = None) -> None:
        self._folder = folder
        self._file = file or JournalFile(folder)

    def close(self) -> None:
        self._file.close()

    def find(self, account: Account, key: str) -> Entry | None:
        with self._file.reading() as db:
            rows = db.execute(f"{_SELECT} WHERE {_OWN}", (*account, key))
            return next(iter(_entries(db, rows)), None)

    def named(self, key: str) -> list[Entry]:
        """The intents of this key, of all accounts. Nothing is made where there is no journal."""
        return self._listed("WHERE key = ?", (key,))

    def parts(self, key: str) -> list[Entry]:
        """The intents of a batch with this key, one for each of its calls, of all accounts."""
        return self._listed("WHERE substr(key, 1, length(?1) + 1) = ?1 || '#' ORDER BY id", (key,))

    def entries(self, limit: int | None = None) -> list[Entry]:
        """All intents, newest first."""
        return self._listed("ORDER BY id DESC LIMIT ?", (-1 if limit is None else limit,))

    def unsettled(self, account: Account, alike: Iterable[str], but: str | None) -> list[Entry]:
        """The intents of this account, other than that of the key `but`, with an item of one of
        these likenesses, of which something may still arrive: sent and not settled; or settled
        by a person who need not have waited for the fence.
        """
        wanted = tuple(dict.fromkeys(alike))
        with self._file.reading() as db:
            rows = db.execute(
                f"{_SELECT} WHERE exchange = ? AND url = ? AND profile = ? AND key IS NOT ?"
                " AND (state IN ('sending', 'unknown')"
                " OR (state = 'absent' AND evidence = 'manual' AND looked IS NULL))"
                " AND id IN (SELECT intent FROM items WHERE likeness IN"
                f" ({_marks(wanted)})) ORDER BY id",
                (*account, but, *wanted),
            )
            return _entries(db, rows)

    def claimed(self, account: Account, ids: Iterable[str], but: str, kind: str) -> set[str]:
        """Those of these ids that other intents have, of the same kind of item; of all profiles,
        since the ids of an exchange are its own."""
        wanted = tuple(ids)
        found: set[str] = set()
        with self._file.reading() as db:
            for start in range(0, len(wanted), 500):
                part = wanted[start : start + 500]
                rows = db.execute(
                    "SELECT order_id FROM items JOIN intents ON intents.id = items.intent"
                    f" WHERE order_id IN ({_marks(part)}) AND exchange = ? AND url = ?"
                    " AND NOT (profile = ? AND key = ?) AND likeness GLOB ? || ' *'",
                    (*part, account.exchange, account.url, account.profile, but, kind),
                )
                found |= {order_id for (order_id,) in rows}
        return found

    def known(self, account: Account) -> dict[str, str]:
        """Every order id that an intent has, and the key of that intent."""
        with self._file.reading() as db:
            rows = db.execute(
                "SELECT order_id, key FROM items JOIN intents ON intents.id = items.intent"
                " WHERE order_id IS NOT NULL AND exchange = ? AND url = ?"
                " AND likeness GLOB 'NewOrder *'",
                account[:2],
            )
            return dict(rows.fetchall())

    def sending(
        self, account: Account, key: str, intent: Intent, snapshot: Snapshot, signed: Signed
    ) -> None:
        """Writes down an attempt that is about to be sent, and its intent if that is new.

        The snapshot of an intent stays that of its first attempt that may have arrived.
        """
        with self._file.writing() as db:
            now = signed.at.wall // SECOND
            row = db.execute(f"SELECT id FROM intents WHERE {_OWN}", (*account, key)).fetchone()
            if row is None:
                number = db.execute(
                    "INSERT INTO intents (exchange, url, profile, key, command, params, digest,"
                    " state, snapshot, created, updated) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (*account, key, intent.command, intent.params, intent.digest, "sending",
                     _packed(snapshot), now, now),
                ).lastrowid  # fmt: skip
            else:
                (number,) = row
                db.execute(
                    "UPDATE intents SET state = 'sending', evidence = NULL, reason = NULL,"
                    " looked = NULL, snapshot = ?, updated = ? WHERE id = ?",
                    (_packed(snapshot), now, number),
                )
            (attempt,) = db.execute(
                "SELECT COUNT(*) + 1 FROM attempts WHERE intent = ?", (number,)
            ).fetchone()
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

    def signed_again(self, account: Account, key: str, signed: Signed) -> None:
        """The attempt that is about to be sent was signed anew. Of both signatures the earlier
        beginning and the later end count."""
        with self._file.writing() as db:
            db.execute(
                "UPDATE attempts SET signed = MIN(signed, ?), not_after = MAX(not_after, ?)"
                f" WHERE id = {_LAST}",
                (signed.signed, signed.not_after, *account, key),
            )

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
    ) -> None:
        """Writes down what became of an intent, and with it of its attempts that were open."""
        with self._file.writing() as db:
            (intent,) = db.execute(
                f"SELECT id FROM intents WHERE {_OWN}", (*account, key)
            ).fetchone()
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
            (last,) = db.execute(
                "SELECT MAX(number) FROM attempts WHERE intent = ?", (intent,)
            ).fetchone()
            db.executemany(
                "INSERT INTO items SELECT intent, attempt, number, likeness, content, ? FROM items"
                " WHERE intent = ? AND attempt = ? AND number = ?"
                " ON CONFLICT DO UPDATE SET order_id = excluded.order_id",
                [(order_id, intent, last, place) for place, order_id in enumerate(ids)],
            )

    def looked(self, account: Account, key: str, told: int) -> None:
        """A whole listing behind the fence ended at this second of the exchange, and held
        nothing; or, for what a person has settled, the fence was seen to pass."""
        with self._file.writing() as db:
            db.execute(f"UPDATE intents SET looked = ? WHERE {_OWN}", (told, *account, key))

    def sent_lately(self, account: Account, seconds: float, now: Reading) -> int:
        """How many orders were sent in the last so many seconds, whatever came of them."""
        with self._file.reading() as db:
            rows = db.execute(
                "SELECT attempts.boot, attempts.steady, attempts.wall, (SELECT COUNT(*) FROM items"
                " WHERE items.intent = attempts.intent AND items.attempt = attempts.number"
                " AND items.likeness GLOB 'NewOrder *')"
                " FROM attempts JOIN intents ON intents.id = attempts.intent"
                " WHERE exchange = ? AND url = ? AND profile = ?"
                " ORDER BY attempts.id DESC LIMIT ?",
                (*account, _LOOKED_THROUGH),
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
            found = _entries(db, db.execute(f"{_SELECT} {clause}", tuple(values)))
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
_SELECT = (
    "SELECT id, exchange, url, profile, key, command, params, digest, state, evidence, reason,"
    " snapshot, looked, created, updated FROM intents"
)
_LAST = (
    "(SELECT MAX(attempts.id) FROM attempts JOIN intents ON intents.id = attempts.intent"
    f" WHERE {_OWN})"
)


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def _packed(snapshot: Snapshot) -> str:
    return json.dumps(snapshot, separators=(",", ":"))


def _entries(db: sqlite3.Connection, rows: sqlite3.Cursor) -> list[Entry]:
    found = []
    for number, exchange, url, profile, *fields in rows.fetchall():
        key, command, params, digest, state, evidence, reason, snapshot, *seconds = fields
        looked, created, updated = seconds
        newest, ids, taken = json.loads(snapshot)
        found.append(
            Entry(
                number,
                Account(exchange, url, profile),
                key,
                command,
                params,
                digest,
                state,
                evidence,
                reason,
                Snapshot(newest, tuple(ids), taken),
                looked,
                created,
                updated,
                tuple(_attempts(db, number)),
            )
        )
    return found


def _attempts(db: sqlite3.Connection, intent: int) -> list[Attempt]:
    items: dict[int, list[tuple[Item, str | None]]] = {}
    for attempt, content, order_id in db.execute(
        "SELECT attempt, content, order_id FROM items WHERE intent = ? ORDER BY attempt, number",
        (intent,),
    ):
        items.setdefault(attempt, []).append((_item(content), order_id))
    rows = db.execute(
        "SELECT number, state, signed, not_after, signer, boot, steady, wall FROM attempts"
        " WHERE intent = ? ORDER BY number",
        (intent,),
    )
    found = []
    for number, state, signed, not_after, signer, *at in rows:
        own, ids = zip(*items[number], strict=True) if number in items else ((), ())
        found.append(Attempt(number, state, signed, not_after, signer, Reading(*at), own, ids))
    return found


def _item(content: str) -> Item:
    try:
        return read(content)
    except ValueError as error:
        raise StateError(
            f"The journal holds what this exch cannot read: {error}.", "Update exch."
        ) from error
