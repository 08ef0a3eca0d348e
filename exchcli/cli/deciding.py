"""A person's decision about a key: what the exchange shows is looked at before it is believed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from exchcli.cli.doing import Keeping, lock_of
from exchcli.cli.lists import counted_id
from exchcli.cli.order import typed_id
from exchcli.errors import ExchError, Rejected, UsageError
from exchcli.execution.advice import has_no_id
from exchcli.execution.intent import Withdrawal
from exchcli.execution.resolving import check, in_order, resolve
from exchcli.execution.settling import Untold
from exchcli.records import NewOrder, Order, Transfer

if TYPE_CHECKING:
    from exchcli.cli.session import Session
    from exchcli.execution.journal import Entry

_ANYWAY = "--yes writes it down all the same."


class StartedOver(UsageError):
    """Nothing can be asked about it, and nothing of it is left: its sandbox was started over."""


def decide(
    here: Session,
    entry: Entry,
    ids: Sequence[str],
    done: bool,
    yes: bool,
    there: Callable[[], Session],
) -> Entry:
    """Writes the decision down. What it says is looked at in a session of its account, `there`;
    with `yes`, what speaks against it is only said.
    """
    check(entry, ids, done=done)
    try:
        if ids:
            ids = in_order(entry, ids, _found(there(), entry, ids))
        elif not done:
            _check_none(there, entry)
    except ExchError as error:
        if not yes:
            raise _unbelieved(error) from None
        here.say(f"exch: {error.message} It is written down all the same.")
    lock = lock_of(here, entry.account)
    return resolve(here.journal(), lock, entry.account, entry.key, ids, done=done)


def typed_ids(entry: Entry, words: Sequence[str]) -> list[str]:
    """What --order was given: ids, each with an option of its own or with commas between them."""
    name = entry.account.exchange
    ids = [text.strip() for word in words for text in word.split(",")]
    if isinstance(entry.intent.items[0], Withdrawal):
        return [counted_id(text, "withdrawal") for text in ids]
    return [typed_id(name, text) for text in ids]


def _unbelieved(error: ExchError) -> ExchError:
    error.hint = f"{error.hint} {_ANYWAY}" if error.hint else f"Look again; {_ANYWAY}"
    return error


def _check_none(there: Callable[[], Session], entry: Entry) -> None:
    """Raises UsageError where the exchange lists what can be it, and whatever keeps it from being
    asked. What has no id is believed, as no list tells of it.
    """
    if has_no_id(entry.intent.items[0]):
        return
    try:
        ids = Keeping(there()).candidates(entry)
    except StartedOver:
        return
    except Untold as error:
        raise UsageError(f"That cannot be looked at: {error.message}.") from None
    if ids:
        raise UsageError(
            f"The exchange lists what can be {entry.key}: {', '.join(ids)}.",
            f"`exch journal resolve {entry.key} --order ID` says that it is it.",
        )


def _found(there: Session, entry: Entry, ids: Sequence[str]) -> dict[str, Order | Transfer]:
    """What the exchange shows of these ids."""
    item = entry.intent.items[0]
    if isinstance(item, Withdrawal):
        first = min(map(int, ids)) - 1
        rows = there.ask(there.exchange.withdrawals_since(first), quietly=True)
        return {row.id: row for row in rows if row.id is not None and row.id in ids}
    if not isinstance(item, NewOrder):
        raise UsageError("It has no id.", "Write --done or --none.")
    found: dict[str, Order | Transfer] = {}
    for order_id in ids:
        try:
            found[order_id] = there.ask(there.exchange.order(order_id, item.market), quietly=True)
        except Rejected:  # that it is not there has no code of its own
            continue
    return found
