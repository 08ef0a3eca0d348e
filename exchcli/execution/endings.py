"""How a run of `--once` can end, and what it says then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from exchcli.errors import ExchError, GuardRefused, OnceAmbiguous, OnceConflict, OutcomeUnknown
from exchcli.execution import advice
from exchcli.execution import intent as intents
from exchcli.execution.entry import Entry
from exchcli.execution.intent import Intent
from exchcli.execution.settling import Verdict, was_there
from exchcli.records import Evidence, Snapshot


class Done(NamedTuple):
    """It happened. `key` is that of `--once`, or the name that the journal gave it; `ids` are
    the orders', and empty where the exchange tells none."""

    key: str
    ids: tuple[str, ...]
    evidence: Evidence
    replayed: bool


def ambiguous(entry: Entry, ids: Sequence[str]) -> OnceAmbiguous:
    """Any of these could be it: a person has to look, and to decide."""
    items, exchange = entry.intent.items, entry.account.exchange
    return OnceAmbiguous(
        advice.ambiguity(entry.key, items, ids),
        advice.deciding(entry.key, exchange, items),
        exchange=exchange,
    )


def check_not_repeated(name: str, other: Entry, verdict: Verdict) -> None:
    """Who has no key and runs the same again most likely believes that it failed."""
    keyless = name.startswith(intents.HANDLE) and other.key.startswith(intents.HANDLE)
    if keyless and verdict.state == "placed":
        raise GuardRefused(
            f"The same was sent before without an answer, as {other.key}, and was done: "
            f"{', '.join(verdict.ids)}. Nothing was sent now.",
            "Run it again if you want another one; --once KEY makes it safe to repeat.",
            exchange=other.account.exchange,
        )


def check_ids(intent: Intent, before: Snapshot, ids: Sequence[str]) -> None:
    """Raises OutcomeUnknown for what cannot be the ids of what was just sent: an answer to
    something else, or of somebody else."""
    if not intent.tells_ids:
        return
    if len(ids) != len(intent.items) or len(set(ids)) != len(ids):
        raise OutcomeUnknown(f"{len(set(ids))} ids came for {len(intent.items)} items")
    old = [order_id for order_id in ids if was_there(before, order_id)]
    if old:
        raise OutcomeUnknown(f"{', '.join(old)} was told, which was there before")


def why(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "it was interrupted"
    if isinstance(error, ExchError):
        return error.message.removesuffix(".")
    return f"{type(error).__name__}: {error}"


def other_parameters(entry: Entry) -> OnceConflict:
    return OnceConflict(
        f"The key {entry.key} stands for something else: {advice.spoken(entry.intent)}.",
        "Nothing was sent. Take another key, or give the same arguments again.",
        exchange=entry.account.exchange,
    )
