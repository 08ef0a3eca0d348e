"""`--once`: a call that happens at most once, whatever fails on the way.

    lock -> the key's own past -> others that look the same -> guard -> snapshot
         -> sign -> ONE durable commit (sending) -> send -> ONE durable commit (the answer)

A key that was answered answers the same again, and sends nothing. One that may have been sent is
settled first (settling.py). What was refused, or not sent at all, did not happen: the same key
may be sent again. Whoever has no key goes the same way under a name of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from exchcli.core.sending import is_refusal
from exchcli.errors import (
    ExchError,
    Interrupted,
    OnceAbsent,
    OnceConflict,
    OutcomeUnknown,
    StateError,
)
from exchcli.execution import advice
from exchcli.execution import intent as intents
from exchcli.execution.endings import (
    Done,
    ambiguous,
    check_ids,
    check_not_repeated,
    other_parameters,
    why,
)
from exchcli.execution.intent import Account, Intent
from exchcli.execution.journal import Entry, IdTaken, Journal, Overtaken, Signed, may_be
from exchcli.execution.settling import Later, Rules, Settling, Untold, Verdict
from exchcli.execution.underway import Underway
from exchcli.execution.venue import Venue
from exchcli.records import Evidence, JournalState

MOST_SENDS = 3  # of one run that may send again


class Holds(Protocol):
    """A lock; see lock.py."""

    def held(self) -> AbstractContextManager[None]: ...

    def check(self) -> None:
        """Raises OnceConflict where it is no longer held."""


class Placement:
    """Sends intents of one account to one venue. `warn` is told what is wrong and no error."""

    def __init__(
        self,
        journal: Journal,
        lock: Holds,
        venue: Venue,
        account: Account,
        rules: Rules,
        *,
        guard: Callable[[], object] = lambda: None,
        warn: Callable[[str], None] = lambda _line: None,
        underway: Underway | None = None,
    ) -> None:
        """`guard` is asked right before something is sent, under the lock."""
        self._journal = journal
        self._lock = lock
        self._venue = venue
        self._account = account
        self._rules = rules
        self._guard = guard
        self._warn = warn
        self._underway = underway or Underway()
        self._settling = Settling(journal, venue, rules)

    def run(self, intent: Intent, key: str | None = None) -> Done:
        """Sends it, or answers what has become of it.

        Raises OutcomeUnknown when that is not known, OnceConflict for a key of something else
        or a lock that is held, OnceAbsent, OnceAmbiguous; StateError only when nothing was sent,
        and what the venue and the guard raise.
        """
        name = intents.handle() if key is None else intents.checked_key(key)
        with self._lock.held():
            entry = None if key is None else self._before(intent, name)
            if entry is not None:
                if entry.digest != intent.digest:
                    raise other_parameters(entry)
                done = self._past(entry)
                if done is not None:
                    return done
            # Once more costs nothing, if there is none.
            self._settle_others(intent, name, entry)
            for _ in range(MOST_SENDS):
                done = self._send(intent, name)
                if done is not None:
                    return done
            raise self._absent(name, intent, f"was sent {MOST_SENDS} times")

    def settle(self, key: str) -> Entry:
        """Finds out what became of an intent, without sending anything; as the journal has it
        then. Raises OutcomeUnknown when it cannot be told, or not yet."""
        with self._lock.held():
            entry = self._found(key)
            if entry.state in ("sending", "unknown"):
                self._decided(entry)
            return self._found(key)

    # --- the key's own past ------------------------------------------------------------------

    def _before(self, intent: Intent, name: str) -> Entry | None:
        """What is known of this key, under whatever profile it was sent for this account, which
        all that follows then goes by."""
        try:
            signer = self._venue.signer()
        except ExchError as error:  # what is begun is not made undone by a key that is lost
            entry = self._journal.find(self._account, name)
            if entry is None or not entry.is_begun:
                raise
            raise self._unknown(name, intent, error) from error
        other = self._journal.kin(self._account, name, signer)
        if other is not None:
            raise other_parameters(other)
        entry = self._journal.own(self._account, name, signer)
        if entry is not None:
            self._account = entry.account
        return entry

    def _past(self, entry: Entry) -> Done | None:
        """What a key that was used before answers; None when it may be sent (again)."""
        if entry.state == "placed":
            self._check_own(entry)
            return Done(entry.key, entry.ids, entry.evidence or "reply", replayed=True)
        if not entry.suspects:
            return None
        if entry.state in ("sending", "unknown"):
            verdict = self._decided(entry)
            return self._answered(entry, verdict, replayed=True)
        if entry.state == "ambiguous":  # each look might see less than the one before
            raise ambiguous(entry, entry.candidates)
        if not self._resends(entry):
            how = "was sent earlier"
            if entry.evidence == "manual":
                raise self._absent(entry.key, entry.intent, how, "not done, as was decided by hand")
            raise self._absent(entry.key, entry.intent, how)
        verdict = self._decided(entry, again=True)
        return self._answered(entry, verdict, replayed=True)

    def _answered(self, entry: Entry, verdict: Verdict, *, replayed: bool) -> Done | None:
        if verdict.state == "placed":
            return Done(entry.key, verdict.ids, "matched", replayed)
        if verdict.state == "ambiguous":
            raise ambiguous(entry, verdict.ids)
        if not self._resends(entry):
            raise self._absent(entry.key, entry.intent)
        return None

    def _resends(self, entry: Entry) -> bool:
        """Money that leaves is never sent again, whatever was asked for."""
        return entry.intent.are_orders and self._rules.on_absent == "resend"

    def _check_own(self, entry: Entry) -> None:
        """Raises OnceConflict where it was done with another API key that is another account's;
        a key in place of an older one of the same account shows what that has placed."""
        last = entry.attempts[-1]
        if last.signer == self._venue.signer():
            return
        try:
            shown = self._venue.shows(last.items, entry.ids)
        except ExchError as error:  # which is no reason to say that nothing was done
            raise self._unknown(entry.key, entry.intent, error) from error
        if shown:
            return
        told = f", as {', '.join(entry.ids)}" if entry.ids else ""
        raise OnceConflict(
            f"{entry.key} was used with another API key or account, and was done there{told}; the "
            "key of today does not show it.",
            "Nothing was sent. Give each account its own --profile, or take another --once KEY.",
            exchange=self._account.exchange,
        )

    def _decided(self, entry: Entry, *, again: bool = False) -> Verdict:
        """The verdict on an intent, written down; `again` on what was absent before. Whatever
        keeps it from being found leaves the intent unknown, and says so."""
        intent = entry.intent
        try:
            if again:
                # Since this was settled, others may have been sent: their orders are not its own.
                self._settle_others(intent, entry.key, entry)
                verdict = self._settling.look_again(entry)
            else:
                verdict = self._settling.decide(entry)
        except (ExchError, KeyboardInterrupt) as error:
            raise self._unknown(entry.key, intent, error) from error
        try:
            self._write(entry, verdict)
        except StateError as error:  # no less true: the next run finds it out again
            self._lost(entry.key, error)
        except (IdTaken, Overtaken) as error:
            raise self._unknown(entry.key, intent, error) from error
        return verdict

    def _write(self, entry: Entry, verdict: Verdict) -> None:
        found = verdict.state == "placed"
        reason = None if found or not verdict.ids else may_be(verdict.ids)
        self._journal.settled(
            entry.account, entry.key, verdict.state, self._venue.clock(),
            ids=verdict.ids if found else (), evidence="matched" if found else None, reason=reason,
            read=entry,
        )  # fmt: skip

    def _conclude(
        self,
        key: str,
        attempt: int,
        state: JournalState,
        *,
        ids: Sequence[str] = (),
        evidence: Evidence | None = None,
        reason: str | None = None,
    ) -> None:
        """Writes down what came of what was just sent, which is no less true when that fails.
        Raises IdTaken where it cannot be true."""
        try:
            self._journal.settled(
                self._account, key, state, self._venue.clock(),
                ids=ids, evidence=evidence, reason=reason, attempt=attempt,
            )  # fmt: skip
        except (StateError, Overtaken) as error:
            self._lost(key, error)

    def _lost(self, key: str, error: ExchError) -> None:
        self._warn(f"{error.message} The journal does not know what became of {key}.")

    # --- others --------------------------------------------------------------------------------

    def _settle_others(self, intent: Intent, name: str, entry: Entry | None) -> None:
        """Nothing is sent while an order that looks the same may still arrive, or the same as an
        earlier attempt of this `entry`: its own order could not be told from this one."""
        items = [*intent.items]
        items += [item for one in (entry.suspects if entry else ()) for item in one.items]
        alike = map(intents.likeness, items)
        signer = self._venue.signer()
        for other in self._journal.unsettled(self._account, alike, name, signer):
            try:
                if other.state == "absent":  # a person need not have waited for the fence
                    told = self._settling.wait_for_fence(other)
                    self._journal.looked(other.account, other.key, told, other)
                else:
                    # Unless this is on the disk, nothing is sent: another run would find the
                    # other still open, and take for its order what is sent now.
                    verdict = self._settling.decide(other)
                    self._write(other, verdict)
                    check_not_repeated(name, other, verdict)
            except OutcomeUnknown as error:
                raise OutcomeUnknown(
                    f"Nothing was sent now: what became of {other.key}, which looks the same, is "
                    f"not known yet ({why(error)}).",
                    self._hint(other.key, other.intent, error, again=False),
                    exchange=self._account.exchange,
                ) from error
            except KeyboardInterrupt:
                raise Interrupted("Interrupted; nothing was sent.") from None

    # --- sending -------------------------------------------------------------------------------

    def _send(self, intent: Intent, name: str) -> Done | None:
        """Sends it, once; None when it is proven that it did not arrive, and may be sent again."""
        self._guard()
        signer = self._venue.signer()
        entry = self._journal.own(self._account, name, signer)
        # What came since the first attempt may be that attempt's.
        snapshot = entry.snapshot if entry and entry.suspects else self._venue.snapshot()
        attempt = 0  # none is written down yet

        def committed(second: int) -> None:
            nonlocal attempt
            signed = Signed(second, self._rules.not_after(second), signer, self._venue.clock())
            if attempt:
                self._journal.signed_again(self._account, name, signed, attempt)
            else:
                attempt = self._journal.sending(
                    self._account, name, intent, snapshot, signed, entry
                )
            self._lock.check()
            self._underway.begin(name)

        try:
            try:
                ids = tuple(self._venue.send(committed))
                check_ids(intent, snapshot, ids)
                self._conclude(name, attempt, "placed", ids=ids, evidence="reply")
            except OutcomeUnknown as error:
                return self._after_unknown(intent, name, attempt, error)
            except Overtaken:  # what the journal has is another run's
                self._underway.nothing()
                raise
            except ExchError as error:
                self._underway.nothing()
                if attempt:
                    state: JournalState = "rejected" if is_refusal(error) else "not_sent"
                    self._conclude(name, attempt, state, reason=error.message)
                raise
        except KeyboardInterrupt as error:
            if not attempt:
                raise
            raise self._unknown(name, intent, error) from error
        self._underway.did(name, ids)
        return Done(name, ids, "reply", replayed=False)

    def _after_unknown(
        self, intent: Intent, name: str, attempt: int, error: OutcomeUnknown
    ) -> Done | None:
        """What became of it, where that can be found out at once. Else it stays unknown,
        whatever else goes wrong."""
        try:
            self._conclude(name, attempt, "unknown", reason=error.message)
            if isinstance(error.__cause__, KeyboardInterrupt):
                raise error  # who is in a hurry is let go
            self._venue.renew()
            entry = self._found(name)
            verdict = self._decided(entry)
        except Exception as unsettled:
            raise self._unknown(name, intent, error, unsettled) from unsettled
        if verdict.state == "placed":
            self._underway.did(name, verdict.ids)
        elif verdict.state == "absent":
            self._underway.nothing()
        return self._answered(entry, verdict, replayed=False)

    def _found(self, key: str) -> Entry:
        entry = self._journal.find(self._account, key)
        assert entry is not None
        return entry

    def _unknown(
        self, key: str, intent: Intent, error: BaseException, unsettled: BaseException | None = None
    ) -> OutcomeUnknown:
        """What is not known is said; where it moves money, in capital letters."""
        message = f"What became of {key} is not known: {why(error)}."
        if not intent.are_orders:
            message = (
                f"WHETHER THIS {intent.command.upper()} WAS DONE IS NOT KNOWN. DO NOT SEND IT "
                f"AGAIN BEFORE YOU HAVE LOOKED AT THE EXCHANGE. ({key}: {why(error)}.)"
            )
        hint = self._hint(key, intent, unsettled or error)
        return OutcomeUnknown(message, hint, exchange=self._account.exchange)

    def _hint(self, key: str, intent: Intent, error: BaseException, *, again: bool = True) -> str:
        """What to do about something unknown."""
        causes = (error, error.__cause__)
        if not self._venue.lists or any(isinstance(one, Untold) for one in causes):
            return advice.deciding(key, self._account.exchange, intent.items)
        later = next((one for one in causes if isinstance(one, Later)), None)
        when = "" if later is None else f" ({later.message})"
        return advice.finding_out(key, when, again=again)

    def _absent(
        self,
        key: str,
        intent: Intent,
        how: str = "was sent",
        proof: str = "provably not done",
    ) -> OnceAbsent:
        if key.startswith(intents.HANDLE):
            hint = "Run it again, if it is still wanted."
        elif intent.are_orders:
            hint = "With --on-absent resend, an order is sent again."
        else:
            hint = "It never is under this key: if it is still wanted, take another --once KEY."
        return OnceAbsent(
            f"{key} {how}, and {proof}; it was not sent again.",
            hint,
            exchange=self._account.exchange,
        )
