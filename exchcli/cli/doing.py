"""From a command to `execution`: whose journal, which lock, what is checked right before a call."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from typing import TYPE_CHECKING, TypeVar

from exchcli.cli.guarding import Recent
from exchcli.core.machine import read
from exchcli.core.window import kept
from exchcli.errors import (
    CredentialsError,
    ExchError,
    NoAnswer,
    OnceAbsent,
    OnceAmbiguous,
    OnceConflict,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    UsageError,
)
from exchcli.execution import advice
from exchcli.execution.calls import AnyCalls, Calls
from exchcli.execution.endings import Done
from exchcli.execution.intent import Account, Calling, Closing, Intent, Item, Move, Withdrawal
from exchcli.execution.journal import Entry
from exchcli.execution.lock import Lock
from exchcli.execution.others import Cancels, Closings, Moves, Withdrawals
from exchcli.execution.placement import Placement
from exchcli.execution.settling import Rules, Settling
from exchcli.execution.venue import Orders, Venue, signer_of
from exchcli.records import Book, Cancelled, Market, NewOrder

if TYPE_CHECKING:
    from exchcli.cli.session import Session
    from exchcli.cli.trading_options import OnAbsentPolicy
    from exchcli.core.client import Client
    from exchcli.core.reply import Reply
    from exchcli.core.request import Flow
    from exchcli.exchanges.base import Exchange

# What the journal calls what is no order; an order is a buy or a sell.
COMMANDS = {Withdrawal: "withdrawal", Move: "transfer", Closing: "close"}

NOTHING_DONE = ("rejected", "not_sent", "prepared")
# Whose exit codes promise that there is nothing.
_NOTHING_HAPPENED = (CredentialsError, Rejected, RateLimited, NoAnswer)

Checks = Callable[[], object]
C = TypeVar("C", bound=Calls)


def nothing_to_check() -> None:
    """The checks of what has none."""


def _printable(here: Session, key: str | None) -> str | None:
    """The key. Raises UsageError with --raw: what it answers later has no reply to print."""
    if key is not None and here.settings.raw:
        raise UsageError(
            "--raw prints the exchange's reply, and a key that was used is answered without one.",
            "Leave out --raw: the record is the same on every run, but for `replayed`.",
        )
    return key


class Keeping:
    """What the commands of one session have done, and do, under a key or without one."""

    def __init__(
        self, here: Session, key: str | None = None, on_absent: OnAbsentPolicy = "stop"
    ) -> None:
        self._here = here
        self._key = _printable(here, key)
        self._on_absent = on_absent
        self.account = account_of(here)
        self.journal = here.journal()
        self._recent = Recent(here, self)

    def under(self, key: str | None) -> Keeping:
        """The same for another key of the same command, with what it knows by now."""
        other = copy(self)
        other._key = _printable(self._here, key)
        return other

    def is_settled(self, intent: Intent) -> bool:
        """Whether nothing can be sent under this key: so there is nothing to ask about.

        What becomes of it then is for the execution to say, which looks again under the lock.
        """
        entry = self.entry()
        if entry is None or entry.state in NOTHING_DONE:
            return False
        if entry.digest != intent.digest or entry.state == "placed":
            return True
        return self._on_absent == "stop"

    def is_answered(self, intent: Intent) -> bool:
        """Whether it is settled, and stands for this."""
        entry = self.entry()
        return entry is not None and entry.digest == intent.digest and self.is_settled(intent)

    def is_begun(self) -> bool:
        """Whether this key stands for something that was, or is just being, sent."""
        entry = self.entry()
        return entry is not None and entry.state not in NOTHING_DONE

    def entry(self) -> Entry | None:
        """What the journal has of this key, under whichever profile this account used it."""
        if self._key is None:
            return None
        signer = self._signer()
        if signer is None:  # that it is begun is to be known all the same
            return self.journal.find(self.account, self._key)
        return self.journal.own(self.account, self._key, signer)

    def sent_lately(self, seconds: float) -> int:
        """How many orders this account sent from here in the last so many seconds."""
        return self.journal.sent_lately(self.account, seconds, read(), self._signer() or "")

    def _signer(self) -> str | None:
        """What tells today's API key from others; None where none can be had."""
        try:
            return signer_of(self._here.credentials().key)
        except ExchError:
            return None

    @contextmanager
    def asking(self, batch: str | None = None) -> Iterator[None]:
        """Inside, what is asked before anything can be sent fails as it does, unless the key, or
        that of the `batch`, was begun by another run: what became of that is not told by a list
        that cannot be had.
        """
        try:
            yield
        except (OutcomeUnknown, OnceConflict, OnceAmbiguous, OnceAbsent):
            raise
        except ExchError as error:
            harmless = not isinstance(error, _NOTHING_HAPPENED)
            for entry in self._entries(batch):
                if entry.suspects or (entry.is_begun and not harmless):
                    raise OutcomeUnknown(
                        f"{entry.key} was sent before, and what became of it could not be told: "
                        f"{error.message}",
                        advice.finding_out(entry.key),
                        exchange=self.account.exchange,
                    ) from error
            raise

    def _entries(self, batch: str | None) -> Iterator[Entry]:
        """The intents of this key, or of the calls of a batch with that one."""
        one = self if batch is None else self.under(f"{batch}#1")
        number = 1
        while (entry := one.entry()) is not None:
            yield entry
            if batch is None:
                return
            number += 1
            one = self.under(f"{batch}#{number}")

    def place(self, new: NewOrder, *, checks: Checks = nothing_to_check) -> Done:
        """Places one order."""
        return self.place_all(intent_of(new), checks=checks)

    def place_all(self, intent: Intent, *, checks: Checks = nothing_to_check) -> Done:
        """Places the orders of one call, all or none."""
        news = [item for item in intent.items if isinstance(item, NewOrder)]
        venue = Orders(*self._parts(), news)
        if self._here.exchange.name == "dfx":
            venue.snapshot = lambda: self._recent.snapshot(news)  # type: ignore[method-assign]
        return self._run(venue, intent, checks)

    def check_placing(self, calls: Sequence[Sequence[NewOrder]], book: Callable[[], Book]) -> None:
        """Raises GuardRefused where calls of orders, sent one after the other, would get the
        account banned, by the `book` of now.
        """
        if self._here.exchange.name == "dfx":
            self._recent.check_placing(calls, book)

    def withdraw(self, wanted: Withdrawal, *, checks: Checks = nothing_to_check) -> Done:
        return self._run(Withdrawals(*self._parts(), wanted), intent_of(wanted), checks)

    def move(self, wanted: Move, *, checks: Checks = nothing_to_check) -> Done:
        return self._run(Moves(*self._parts(), wanted), intent_of(wanted), checks)

    def close(self, wanted: Closing, *, checks: Checks = nothing_to_check) -> Done:
        return self._run(Closings(*self._parts(), wanted), intent_of(wanted), checks)

    def cancel(self, ids: Sequence[str], market: Market) -> list[Cancelled]:
        """What became of up to `most_cancels` orders."""
        cancels = self._calls(Cancels)
        with self._only_what(cancels, "send"):
            if self._here.exchange.name == "dfx":
                self._recent.check_cancel(ids, market)
            return cancels.orders(ids, market)

    def cancel_withdrawal(self, withdrawal_id: str) -> Cancelled:
        cancels = self._calls(Cancels)
        with self._only_what(cancels, "send"):
            return cancels.withdrawal(withdrawal_id)

    def call(
        self,
        calling: Calling,
        flow: Callable[[], Flow[Reply]],
        orders: int,
        ids: Callable[[Reply], Sequence[str]],
    ) -> None:
        """Calls any endpoint; `ids` finds those of so many `orders` in its reply."""
        with self._here.telling():
            self._calls(AnyCalls).once(calling, flow, orders, ids)

    def settle(self, entry: Entry) -> Entry:
        """Finds out what became of an intent of this account, and sends nothing."""
        venue = self._venue(entry)
        with self._here.telling():
            return self._placement(venue, nothing_to_check).settle(entry.key)

    def candidates(self, entry: Entry) -> tuple[str, ...]:
        """What the exchange lists now that an intent of this account can be."""
        with self._here.telling():
            return Settling(self.journal, self._venue(entry), self.rules()).look(entry)

    def _venue(self, entry: Entry) -> Venue:
        """What tells of an intent. Raises UsageError where nothing does."""
        items = entry.attempts[-1].items
        first = items[0]
        if isinstance(first, NewOrder):
            news = [item for item in items if isinstance(item, NewOrder)]
            return Orders(*self._parts(), news)
        if isinstance(first, Withdrawal):
            return Withdrawals(*self._parts(), first)
        if isinstance(first, Move):
            return Moves(*self._parts(), first)
        if isinstance(first, Closing):
            return Closings(*self._parts(), first)
        if isinstance(first, Calling):
            raise UsageError(
                f"No list tells what came of {first.method} {first.path}.",
                advice.deciding(entry.key, entry.account.exchange, items),
            )
        raise UsageError(
            "What became of a cancel, its order tells.",
            f"Cancel it again, which is safe, or see `order show {first.id}`.",
        )

    def lock(self) -> Lock:
        """The lock of this account, waited for as long as --timeout says."""
        return lock_of(self._here, self.account)

    def _run(self, venue: Venue, intent: Intent, checks: Checks) -> Done:
        with self._only_what(venue, "send"):
            return self._placement(venue, checks).run(intent, self._key)

    @contextmanager
    def _only_what(self, there: object, sends: str) -> Iterator[None]:
        """Inside, the reply to what this method of `there` sends is the one that --raw prints,
        not those to all that is asked before and behind it; of a refusal likewise.
        """
        replies, send = self._here.replies, getattr(there, sends)
        start = len(replies)
        told: list[bytes] = []
        refused: ExchError | None = None

        def watched(*values: object, **named: object) -> object:
            nonlocal refused
            before = len(replies)
            try:
                result = send(*values, **named)
            except ExchError as error:
                refused = error
                raise
            told[:] = replies[before:][-1:]
            return result

        setattr(there, sends, watched)
        with self._here.telling():
            try:
                yield
            except ExchError as error:
                if error is not refused:
                    error.reply = None
                elif start and error.reply is not None:  # printed with what was done before
                    told[:], error.reply = [error.reply], None
                raise
            finally:
                replies[start:] = told

    def _parts(self) -> tuple[Client, Exchange, Callable[[], str]]:
        here = self._here
        return here.connected(), here.exchange, lambda: here.credentials().key

    def _calls(self, kind: type[C]) -> C:
        here = self._here
        return kind(
            self.journal,
            self.account,
            here.connected(),
            here.exchange,
            self._warn,
            here.settings.underway,
        )

    def _placement(self, venue: Venue, checks: Checks) -> Placement:
        return Placement(
            self.journal,
            self.lock(),
            venue,
            self.account,
            self.rules(),
            guard=checks,
            warn=self._warn,
            underway=self._here.settings.underway,
        )

    def _warn(self, line: str) -> None:
        self._here.say(f"exch: {line}")

    def rules(self) -> Rules:
        """The fence: as `doctor` has measured it, which may be longer than it is said to be."""
        here = self._here
        config = here.config.exchange(here.exchange.name)
        measured = kept(here.places.state, here.exchange.name, here.url)
        window = config.window if measured is None else measured
        return Rules(window, config.settle_delay, self._on_absent)


def intent_of(item: Item) -> Intent:
    """One thing to do, as the journal has it."""
    name = item.side if isinstance(item, NewOrder) else COMMANDS[type(item)]
    return Intent(name, (item,))


def lock_of(here: Session, account: Account) -> Lock:
    """The lock of an account, waited for as long as --timeout says."""
    return Lock(here.places.state, account, float(here.settings.seconds))  # seconds, not money


def is_of_sandbox(account: Account) -> bool:
    """Whether it is, or was, one of the sandbox of this machine."""
    from exchcli.sandbox.wire import SANDBOX_URLS

    return account.url.partition("#")[0] == SANDBOX_URLS[account.exchange]


def meant_by(here: Session, entries: Sequence[Entry]) -> list[Entry]:
    """Those of the sandbox where --sandbox was said, else all."""
    return [entry for entry in entries if not here.sandboxed or is_of_sandbox(entry.account)]


def account_of(here: Session) -> Account:
    """Whose orders these are. A sandbox that was started over is another one."""
    name = here.exchange.name
    profile = here.settings.named_profile() or here.config.exchange(name).profile
    url = here.url
    if here.sandboxed:
        url = f"{url}#{here.embedded().store.opened}"
    return Account(name, url, profile)
