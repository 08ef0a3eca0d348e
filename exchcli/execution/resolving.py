"""A person's decision about what became of an intent: it is this order, or there is none."""

from __future__ import annotations

from collections.abc import Sequence

from exchcli.core.machine import read
from exchcli.errors import OnceConflict, UsageError
from exchcli.execution.intent import Account
from exchcli.execution.journal import OPEN, Entry, Journal
from exchcli.execution.placement import Holds


def resolve(journal: Journal, lock: Holds, account: Account, key: str, ids: Sequence[str]) -> Entry:
    """Writes down that an intent is these orders, or with no ids that it is none; the intent as
    it is then. `lock` is that of its account.

    Nothing is asked of the exchange, and who says that there is none need not have waited:
    before something that looks the same is sent, the fence is waited for all the same.
    Raises UsageError for what is no decision, OnceConflict for an order of another intent or
    when a run is at work.
    """
    with lock.held():
        entry = journal.find(account, key)
        if entry is None:
            raise UsageError(
                f"The journal has no {key} of {account.exchange}.",
                "`exch journal list` shows what it has.",
            )
        _check(entry, ids)
        taken = journal.claimed(account, ids, key, type(entry.attempts[-1].items[0]).__name__)
        if taken:
            raise OnceConflict(
                f"{', '.join(sorted(taken))} belongs to another key.",
                "`exch journal list` shows which.",
            )
        if ids:
            journal.settled(account, key, "placed", read(), ids=ids, evidence="manual")
        else:
            journal.settled(account, key, "absent", read(), evidence="manual")
        settled = journal.find(account, key)
        assert settled is not None
        return settled


def _check(entry: Entry, ids: Sequence[str]) -> None:
    if entry.state not in (*OPEN, "ambiguous", "absent"):
        raise UsageError(
            f"What became of {entry.key} is known: {entry.state.replace('_', ' ')}.",
            "Only what is unknown, ambiguous or absent can be decided.",
        )
    count = len(entry.attempts[-1].items)
    if ids and len(set(ids)) != count:
        raise UsageError(
            f"{entry.key} is {count} order{'s' if count > 1 else ''}, not {len(set(ids))}.",
            "Name each with --order ID, in the order of the batch.",
        )
