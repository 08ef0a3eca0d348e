"""What takes no lock and no fence: written down before it is sent, and what came of it after."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from exchcli.core.client import Client
from exchcli.core.machine import read
from exchcli.core.request import Flow
from exchcli.core.sending import is_refusal
from exchcli.errors import ExchError, OutcomeUnknown, StateError
from exchcli.exchanges.base import Exchange
from exchcli.execution import advice
from exchcli.execution.intent import Account, Calling, Intent, handle
from exchcli.execution.journal import Journal, Signed
from exchcli.execution.underway import Underway
from exchcli.records import Evidence, JournalState, Snapshot

T = TypeVar("T")
Ids = Callable[[T], Sequence[str]]


class Calls:
    """Calls of one account, each under a name that the journal has for it."""

    def __init__(
        self,
        journal: Journal,
        account: Account,
        client: Client,
        exchange: Exchange,
        warn: Callable[[str], None] = lambda _line: None,
        underway: Underway | None = None,
    ) -> None:
        self.account = account
        self.client = client
        self.exchange = exchange
        self._journal = journal
        self._warn = warn
        self._underway = underway or Underway()

    def send(
        self, name: str, intent: Intent, flow: Callable[[], Flow[T]], *, settling: bool = True
    ) -> T:
        """Sends it once, and raises what client.send_once does."""
        attempt = 0

        def committed(second: int) -> None:
            nonlocal attempt
            signed = Signed(second, second, "", read())  # nothing has to wait for its fence
            if attempt:
                self._journal.signed_again(self.account, name, signed, attempt)
            else:
                none, before = Snapshot(None, (), second), self._journal.find(self.account, name)
                attempt = self._journal.sending(self.account, name, intent, none, signed, before)
            self._underway.begin(name)

        return self.client.send_once(flow(), committed, settling=settling)

    def conclude(
        self,
        name: str,
        state: JournalState,
        reason: str | None = None,
        *,
        ids: Sequence[str] = (),
        evidence: Evidence | None = None,
    ) -> None:
        """Writes down what came of it; what was done stays done where that cannot be written."""
        if state == "placed":
            self._underway.did(name, tuple(ids))
        elif state != "unknown":
            self._underway.nothing()
        try:
            if self._journal.find(self.account, name) is not None:
                self._journal.settled(
                    self.account, name, state, read(), ids=ids, evidence=evidence, reason=reason
                )
        except StateError as error:
            self._warn(f"{error.message} The journal does not know what came of {name}.")


class AnyCalls(Calls):
    """Calls of any endpoint, of which nothing is known but their answer."""

    def once(self, calling: Calling, flow: Callable[[], Flow[T]], orders: int, ids: Ids[T]) -> T:
        """Sends it; the answer, in which `ids` finds those of so many `orders`.

        What is unknown is for a person to look at, and to tell the journal.
        """
        name, intent = handle(), Intent("api", (calling,) * max(orders, 1))
        try:
            answer = self.send(name, intent, flow, settling=False)
        except OutcomeUnknown as error:
            self.conclude(name, "unknown", error.message)
            error.hint = advice.deciding(name, self.account.exchange, intent.items)
            raise
        except ExchError as error:
            self.conclude(name, "rejected" if is_refusal(error) else "not_sent", error.message)
            raise
        found = ids(answer) if orders else []
        told = found if len(set(found)) == len(intent.items) else []
        self.conclude(name, "placed", ids=told, evidence="reply")
        return answer
