"""A person's decision about what became of an intent: it is this order, or there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from exchcli.core.machine import read
from exchcli.errors import OnceConflict, UsageError
from exchcli.exchanges.sameness import difference
from exchcli.execution import advice
from exchcli.execution.intent import Account, Item, Withdrawal
from exchcli.execution.journal import OPEN, Entry, Journal
from exchcli.execution.others import same_withdrawal
from exchcli.execution.placement import Holds
from exchcli.execution.settling import was_there
from exchcli.records import JournalState, NewOrder, Order, Transfer


def resolve(
    journal: Journal,
    lock: Holds,
    account: Account,
    key: str,
    ids: Sequence[str],
    *,
    done: bool = False,
) -> Entry:
    """Writes down that an intent is these orders; that it was `done`, which has no id; or with
    neither that it was not. The intent as it is then. `lock` is that of its account.

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
        check(entry, ids, done=done)
        taken = journal.claimed(account, ids, key, type(entry.intent.items[0]).__name__)
        if taken:
            raise OnceConflict(
                f"{', '.join(sorted(taken))} belongs to another key.",
                "`exch journal list` shows which.",
            )
        state: JournalState = "placed" if ids or done else "absent"
        journal.settled(account, key, state, read(), ids=ids, evidence="manual")
        settled = journal.find(account, key)
        assert settled is not None
        return settled


def check(entry: Entry, ids: Sequence[str], *, done: bool) -> None:
    """Raises UsageError for what cannot be decided, or not so."""
    # An earlier attempt may have arrived late, though the last one was refused.
    open_ = entry.state in (*OPEN, "ambiguous") or (entry.state != "placed" and entry.suspects)
    if not open_ and entry.evidence != "manual":
        raise UsageError(
            f"What became of {entry.key} is known: {entry.state.replace('_', ' ')}.",
            "Only what is unknown, ambiguous or absent can be decided, or was decided before.",
        )
    items = entry.intent.items
    if ids and advice.has_no_id(items[0]):
        raise UsageError(
            f"A {entry.command} has no id to name it by.",
            "Write --done where it was done, --none where it was not.",
        )
    if done and not advice.has_no_id(items[0]):
        raise UsageError(
            f"Which {'orders' if len(items) > 1 else 'one'} it is has to be told.",
            advice.deciding(entry.key, entry.account.exchange, items),
        )
    if ids and len(set(ids)) != len(items):
        raise UsageError(
            f"{entry.key} is {len(items)} order{'s' if len(items) > 1 else ''}, not "
            f"{len(set(ids))}.",
            "Name each, like --order ID,ID.",
        )


def in_order(
    entry: Entry, ids: Sequence[str], found: Mapping[str, Order | Transfer]
) -> tuple[str, ...]:
    """These ids in the order of the intent's items, which `found` at the exchange can be.

    Raises UsageError that says why one cannot be it.
    """
    left = list(ids)
    for order_id in ids:
        if order_id not in found:
            raise UsageError(f"The exchange shows no {order_id} to this API key.")
        if was_there(entry.snapshot, order_id):
            raise UsageError(f"{order_id} was there before {entry.key} was sent.")
    ordered = []
    for item in entry.intent.items:
        wrong = {order_id: _difference(item, found[order_id]) for order_id in left}
        fitting = next((order_id for order_id in left if wrong[order_id] is None), None)
        if fitting is None:
            raise UsageError(
                f"{left[0]} is {wrong[left[0]]}, and {entry.key} was to "
                f"{advice.spoken(entry.intent)}."
            )
        left.remove(fitting)
        ordered.append(fitting)
    return tuple(ordered)


def _difference(item: Item, row: Order | Transfer) -> str | None:
    if isinstance(item, NewOrder) and isinstance(row, Order):
        return difference(item, row)
    if isinstance(item, Withdrawal) and isinstance(row, Transfer) and same_withdrawal(item, row):
        return None
    return "something else"
