"""An intent and its attempts, as the journal has them, and reading them from its tables.

sending     written down, and may be on its way
placed      done; `evidence` says how that is known
rejected    refused by the exchange        \\  nothing happened, and the
not_sent    no byte of it was written      /   same key may be sent again
unknown     sent, and not answered in a way that can be trusted
absent      sent, and proven not to have been done
ambiguous   sent, and several orders could be it
prepared    written down, and not sent yet: no state that outlives a run
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple, get_args

from exchcli.core.machine import Reading
from exchcli.errors import StateError
from exchcli.execution.intent import Account, Cancelling, Intent, Item, read
from exchcli.records import Evidence, JournalEntry, JournalState, Snapshot

OPEN: tuple[JournalState, ...] = ("sending", "unknown")
# Attempts that may have reached the exchange, whatever is known of them.
SUSPECT: tuple[JournalState, ...] = (*OPEN, "absent", "ambiguous")
_STATES = get_args(JournalState)
_MAY_BE = "may be "


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
    def is_begun(self) -> bool:
        """Whether it was done, or anything of it may have arrived."""
        return self.state == "placed" or bool(self.suspects)

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
            self.candidates or None, self.account.url,
        )  # fmt: skip


def may_be(ids: Iterable[str]) -> str:
    """The reason of what is ambiguous, from which `candidates` are read again."""
    return _MAY_BE + ", ".join(ids)


SELECT = (
    "SELECT id, exchange, url, profile, key, command, params, digest, state, evidence, reason,"
    " snapshot, looked, created, updated FROM intents"
)


def entries(db: sqlite3.Connection, rows: sqlite3.Cursor) -> list[Entry]:
    """The intents of these rows. Raises StateError for what no exch can have written."""
    return [_entry(db, row) for row in rows.fetchall()]


def _entry(db: sqlite3.Connection, row: tuple[Any, ...]) -> Entry:
    number, exchange, url, profile, key, command, params, digest, state, *more = row
    evidence, reason, snapshot, looked, created, updated = more
    attempts = tuple(_attempts(db, number))
    try:
        newest, ids, taken = json.loads(snapshot)
        before = Snapshot(newest, tuple(ids), taken)
    except (ValueError, TypeError) as error:
        raise _damaged(key) from error
    if state not in _STATES or not attempts or not all(attempt.items for attempt in attempts):
        raise _damaged(key)
    return Entry(
        number,
        Account(exchange, url, profile),
        key,
        command,
        params,
        digest,
        state,
        evidence,
        reason,
        before,
        looked,
        created,
        updated,
        attempts,
    )


def _damaged(key: str) -> StateError:
    return StateError(
        f"The journal is damaged: a part of what it had of {key} is missing.",
        "Look at the orders at the exchange (`order list --history`), and put back a copy of the "
        "journal. Without one, move the file away: nothing then knows what its keys have sent.",
    )


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
