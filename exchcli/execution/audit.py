"""What the exchange has and the journal does not: late ghosts, and orders that nobody knows.

A ghost is an order that looks like one that was settled as not placed, and came all the same: an
exchange that took longer than it should, or a decision that was wrong. An unsettled one looks like
one of which nobody knows yet. The close of a position places an order that is told by no id; it
is known by what it closed, and when.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Literal

from exchcli.core.machine import SECOND
from exchcli.exchanges.sameness import same_order
from exchcli.execution.intent import Account, Closing
from exchcli.execution.journal import OPEN, Entry, Journal
from exchcli.execution.settling import EARLY, was_there
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
    found = [
        _finding(row, entries)
        for row in orders
        if row.id not in known and not any(_closed(entry, row) for entry in entries)
    ]
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
    alike = [entry for entry in entries if _looks_like(entry, row)]
    open_ones = [entry for entry in alike if entry.state in (*OPEN, "ambiguous")]
    kind: Literal["ghost", "unsettled", "stranger"] = "ghost" if alike else "stranger"
    if open_ones:
        kind, alike = "unsettled", open_ones
    key = alike[0].key if alike else None
    return Finding(kind, row.id, row.order.symbol, key, row.created)


def _looks_like(entry: Entry, row: Sighting) -> bool:
    """Whether it can be an attempt that is not known to have arrived."""
    if entry.state == "placed" or was_there(entry.snapshot, row.id):
        return False
    return any(
        isinstance(item, NewOrder) and same_order(item, row)
        for attempt in entry.attempts
        if row.created is None
        or row.created.tzinfo is None
        or attempt.signed - EARLY <= row.created.timestamp() <= attempt.not_after + LATEST
        for item in attempt.items
    )


def _closed(entry: Entry, row: Sighting) -> bool:
    """Whether it can be the order of a close: at the market's price, against the position that
    there was, while the close was on its way."""
    order, created = row.order, row.created
    item, attempt = entry.intent.items[0], entry.attempts[-1]
    if not isinstance(item, Closing) or entry.state != "placed" or created is None:
        return False
    if (order.symbol, order.market, order.type) != (item.symbol, "margin", "market"):
        return False
    end = attempt.not_after
    if entry.evidence == "reply":  # then it was there when the answer came
        end = attempt.signed + entry.updated - attempt.at.wall // SECOND + EARLY
    if not attempt.signed - EARLY <= created.timestamp() <= end:
        return False
    # The snapshot of a close is what the position was: long 0.5 9000
    return any(
        order.side == ("sell" if side == "long" else "buy")
        and order.amount in (None, Decimal(amount))
        for side, amount, *_ in map(str.split, entry.snapshot.ids)
    )


def _placed(entry: Entry) -> list[tuple[NewOrder, str]]:
    return [
        (item, order_id)
        for attempt in entry.attempts
        for item, order_id in zip(attempt.items, attempt.ids, strict=True)
        if isinstance(item, NewOrder) and order_id is not None
    ]
