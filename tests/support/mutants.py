"""Mistakes that a protocol of orders can make, put into `exch` by name; each has to be caught.

They are applied in the processes of tests/torture/orders.py and tests/process/test_once_kill.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from exchcli.core.client import Client
from exchcli.errors import BadReply, NoAnswer, OutcomeUnknown, Rejected
from exchcli.execution import journal as journals
from exchcli.execution import settling
from exchcli.execution.journal import Journal
from exchcli.execution.lock import Lock
from exchcli.execution.placement import Placement
from exchcli.execution.settling import Settling, Verdict
from exchcli.execution.venue import Orders


def no_fence() -> None:
    """Lists are looked at at once, while a late copy can still be accepted."""
    Settling._wait_until = lambda self, second: self._venue.exchange_time()  # type: ignore[method-assign]


def commit_after_send() -> None:
    """What is sent is written down when the answer has come, or not."""
    send_once = Client.send_once

    def sent(self: Client, flow: Any, committed: Any = lambda _s: None, **more: Any) -> Any:
        signed: list[int] = []
        try:
            return send_once(self, flow, signed.append, **more)
        finally:
            if signed:
                committed(signed[-1])

    Client.send_once = sent  # type: ignore[method-assign]


def first_candidate() -> None:
    """The first order that looks right is the key's, whoever else has it, whenever it came."""

    def candidates(self: Settling, entry: Any) -> dict[str, Any]:
        attempts = entry.suspects
        start = min(attempt.signed for attempt in attempts) - 600
        end = max(attempt.not_after for attempt in attempts) + 600
        before = entry.snapshot._replace(newest=None, ids=())
        return {row.id: row for row in self._venue.sightings(before, start, end)}

    def first(entry: Any, found: Any, venue: Any, *, last: bool = False) -> Verdict | None:
        ids = []
        for item in entry.attempts[-1].items:
            fits = [name for name, row in found.items() if venue.same(item, row)]
            ids += fits[:1]
        return Verdict("placed", tuple(ids)) if len(ids) == len(entry.attempts[-1].items) else None

    Settling._candidates = candidates  # type: ignore[method-assign]
    settling.judged = first
    journals._claimed = lambda *_a: set()


def error_500_refused() -> None:
    """A 500 is read as the exchange's refusal."""

    def refused(error: OutcomeUnknown) -> bool:
        return isinstance(error.__cause__, BadReply) and "HTTP 5" in error.message

    _instead(lambda self, send, error: _raise(Rejected(error.message)) if refused(error) else None)


def timeout_retried() -> None:
    """An order that got no answer is sent again."""

    def silent(error: OutcomeUnknown) -> bool:
        cause = error.__cause__
        return isinstance(cause, NoAnswer) and "HTTP" not in cause.message

    _instead(lambda self, send, error: send() if silent(error) else None)


def no_lock() -> None:
    """Two runs of one key do not wait for each other."""

    @contextmanager
    def held(self: Lock) -> Iterator[None]:
        yield

    Lock.held = held  # type: ignore[method-assign]
    Lock.check = lambda self: None  # type: ignore[method-assign]
    journals_that_compare_nothing()


def journals_that_compare_nothing(patch: pytest.MonkeyPatch | None = None) -> None:
    """What is about to be sent is written down whatever another run has written meanwhile."""
    sending = Journal.sending

    def blind(self: Journal, account: Any, key: str, *rest: Any) -> int:
        intent, snapshot, signed, *_ = rest
        found = self.own(account, key, signed.signer)
        return sending(self, account, key, intent, snapshot, signed, found)

    put = setattr if patch is None else patch.setattr
    put(Journal, "sending", blind)
    put(journals, "_may_be_sent", lambda _row: True)


def absent_unseen() -> None:
    """What was not answered did not happen."""
    Placement._after_unknown = lambda self, intent, name, attempt, error: _raise(  # type: ignore[method-assign]
        Rejected(error.message)
    )
    Settling.decide = lambda self, entry: Verdict("absent")  # type: ignore[method-assign]


def _instead(heal: Callable[[Any, Callable[[], Any], OutcomeUnknown], Any]) -> None:
    """`heal` may give another result than an unknown outcome."""
    send = Orders.send

    def sent(self: Orders, committed: Any) -> Any:
        try:
            return send(self, committed)
        except OutcomeUnknown as error:
            healed = heal(self, lambda: send(self, committed), error)
            if healed is None:
                raise
            return healed

    Orders.send = sent  # type: ignore[method-assign]


def _raise(error: Exception) -> Any:
    raise error


MUTANTS = {
    "no-fence": no_fence,
    "commit-after-send": commit_after_send,
    "first-candidate": first_candidate,
    "500-refused": error_500_refused,
    "timeout-retried": timeout_retried,
    "no-lock": no_lock,
    "absent-unseen": absent_unseen,
}


def apply(name: str) -> None:
    MUTANTS[name]()
