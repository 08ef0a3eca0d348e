"""What a torture is judged by: the exchange's own store, and what each run said."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from sandbox_process import Placed
from wanted import Wanted

NONE = (4, 6, 10)  # there is no order of this key
NOT_THIS_RUN = (2, 3, 5, 8, 9, 12, 13, 130)  # this run has sent nothing
TOLERANCE = 0.05  # seconds between an exit and our seeing it


class Ran(NamedTuple):
    """One run of a key, from its start to its end in epoch seconds. `code` is negative for a
    run that a signal ended."""

    began: float
    ended: float
    code: int
    out: str
    err: str
    requests: int

    def began_to_fail(self) -> bool:
        """Whether Python itself was interrupted, before exch began."""
        return self.code == 1 and '"kind": "bug"' not in self.err

    def ids(self) -> list[str]:
        """What it says was placed."""
        told = json.loads(self.out)
        rows = told if isinstance(told, list) else [told]
        return [str(row["id"]) for row in rows]


class Verdict(NamedTuple):
    """Each text tells one wrong thing, with the runs that led to it."""

    duplicates: list[str]
    false_placed: list[str]
    false_absent: list[str]


def judged(
    keys: Sequence[Wanted], runs: Mapping[str, Sequence[Ran]], orders: Iterable[tuple[str, Placed]]
) -> Verdict:
    """`orders` are all that the exchanges have, each with its exchange."""
    found: dict[tuple[str, Decimal], list[Placed]] = defaultdict(list)
    by_id: dict[tuple[str, str], Placed] = {}
    for exchange, order in orders:
        by_id[exchange, order.id] = order
        size = order.spend if order.spend is not None else order.amount
        if size is not None:
            found[exchange, size].append(order)
    groups: dict[tuple[str, Decimal], list[Wanted]] = defaultdict(list)
    for key in keys:
        groups[key.exchange, key.sizes[0]].append(key)
    verdict = Verdict([], [], [])
    claimed: Counter[tuple[str, str]] = Counter()
    for key in keys:
        _check_placed(key, runs[key.key], by_id, claimed, verdict.false_placed)
    for (exchange, _), group in groups.items():
        mine = [found[exchange, size] for size in group[0].sizes]
        told = "; ".join(f"{key.key}: {history(runs[key.key])}" for key in group)
        if any(len(each) > len(group) for each in mine):
            verdict.duplicates.append(f"{[len(each) for each in mine]} orders: {told}")
        if len({len(each) for each in mine}) > 1:
            verdict.duplicates.append(f"half a batch, {[len(each) for each in mine]}: {told}")
        if len(group) == 1:
            _check_absent(group[0], runs[group[0].key], mine[0], verdict.false_absent)
        else:
            placed = sum(any(ran.code == 0 for ran in runs[key.key]) for key in group)
            settled = all(final(runs[key.key]) in (0, *NONE) for key in group)
            if settled and len(mine[0]) > placed:
                verdict.false_absent.append(f"{len(mine[0])} orders, {placed} placed: {told}")
    return verdict


def final(runs: Sequence[Ran]) -> int | None:
    return runs[-1].code if runs else None


def history(runs: Sequence[Ran]) -> str:
    """The runs of a key in a line: when each began and ended, and its code."""
    if not runs:
        return "never run"
    start = runs[0].began
    return " ".join(f"[{ran.began - start:.1f}-{ran.ended - start:.1f}]={ran.code}" for ran in runs)


def _check_placed(
    key: Wanted,
    runs: Sequence[Ran],
    by_id: Mapping[tuple[str, str], Placed],
    claimed: Counter[tuple[str, str]],
    wrong: list[str],
) -> None:
    ids: set[tuple[str, ...]] = {tuple(ran.ids()) for ran in runs if ran.code == 0}
    if len(ids) > 1:
        wrong.append(f"{key.key} told different ids, {sorted(ids)}: {history(runs)}")
    for each in ids:
        orders = [by_id.get((key.exchange, order_id)) for order_id in each]
        sizes = [None if order is None else order.spend or order.amount for order in orders]
        if sizes != list(key.sizes):
            wrong.append(f"{key.key} told {each}, which have {sizes}: {history(runs)}")
        for order_id in each:
            claimed[key.exchange, order_id] += 1
            if claimed[key.exchange, order_id] > 1:
                wrong.append(f"{key.key} told {order_id}, which another key told: {history(runs)}")


def _check_absent(
    key: Wanted, runs: Sequence[Ran], orders: Sequence[Placed], wrong: list[str]
) -> None:
    """A run that said there is none must have been right, until the next one began."""
    if not orders:
        return
    created = min(order.created for order in orders)
    may_have_sent = False
    for ran in runs:
        said_none = ran.code in NONE or (ran.code in NOT_THIS_RUN and not may_have_sent)
        if ran.code not in NONE and ran.code not in NOT_THIS_RUN:
            may_have_sent = True
        if not said_none:
            continue
        twins = [other for other in runs if other is not ran
                 and other.began <= ran.ended and other.ended >= ran.began]  # fmt: skip
        following = min((other.began for other in runs if other.began > ran.ended), default=None)
        # While a twin runs, only what was there before both is for certain.
        until = ran.began if twins else following
        if until is None or created < until - (TOLERANCE if twins else 0):
            wrong.append(f"{key.key} ended {ran.code}, and there is an order: {history(runs)}"
                         f" created {created - runs[0].began:.1f} {ran.err[-300:]}")  # fmt: skip
            return
