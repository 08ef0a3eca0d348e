"""What the exchange has and the journal does not: late ghosts, and orders that nobody knows.

A ghost is an order that looks like one that was settled as not placed, and came all the same: an
exchange that took longer than it should, or a decision that was wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal

from exchcli.exchanges.sameness import same_order
from exchcli.execution.intent import Account
from exchcli.execution.journal import Entry, Journal
from exchcli.execution.settling import EARLY
from exchcli.records import Finding, NewOrder, Sighting

# How long after its fence a ghost may have come, in seconds.
LATEST = 3600


def audit(
    journal: Journal, account: Account, seen: Iterable[Sighting], start: datetime
) -> list[Finding]:
    """What is odd about these orders, which are all that were created since `start`.

    Orders that a person placed at the exchange, or another program, are strangers: whether they
    should be there is for the user to know.
    """
    known = journal.known(account)
    entries = [entry for entry in journal.entries() if entry.account[:2] == account[:2]]
    orders = list(seen)
    found = [_finding(row, entries) for row in orders if row.id not in known]
    listed = {row.id for row in orders}
    for entry in entries:
        if entry.state == "placed" and entry.created >= start.timestamp():
            found += [
                Finding("missing", order_id, item.symbol, entry.key, None)
                for item, order_id in _placed(entry)
                if order_id not in listed
            ]
    return found


def _finding(row: Sighting, entries: Sequence[Entry]) -> Finding:
    key = next((entry.key for entry in entries if _looks_like(entry, row)), None)
    kind: Literal["ghost", "stranger"] = "stranger" if key is None else "ghost"
    return Finding(kind, row.id, row.order.symbol, key, row.created)


def _looks_like(entry: Entry, row: Sighting) -> bool:
    """Whether it can be an attempt that is taken not to have arrived."""
    if entry.state == "placed" or row.id in entry.snapshot.ids:
        return False
    newest = entry.snapshot.newest
    if newest is not None and row.id.isdecimal() and int(row.id) <= newest:
        return False
    return any(
        isinstance(item, NewOrder) and same_order(item, row)
        for attempt in entry.attempts
        if row.created is None
        or row.created.tzinfo is None
        or attempt.signed - EARLY <= row.created.timestamp() <= attempt.not_after + LATEST
        for item in attempt.items
    )


def _placed(entry: Entry) -> list[tuple[NewOrder, str]]:
    return [
        (item, order_id)
        for attempt in entry.attempts
        for item, order_id in zip(attempt.items, attempt.ids, strict=True)
        if isinstance(item, NewOrder) and order_id is not None
    ]
