"""What became of a call that was sent and not answered in a way that can be trusted.

What holds, and why an answer here can be relied on:

1. A copy of the call is accepted until `signed + window` at the latest, by the exchange's own
   clock. That clock is asked anew each time, in whole seconds, so it has certainly come as far
   as it says. `not_after` has a slack for servers whose clocks differ.
2. What was accepted stands in a list `settle_delay` later. So no listing counts that began
   before `not_after + settle_delay`: neither as a proof of absence, nor to name an order as the
   only one.
3. An order that moves between two lists may be missed by a listing; not by two, of which the
   second begins `settle_delay` after the first has ended. The end of the first is written down,
   so that the next run may be the one that makes the second.
4. A candidate is what the exchange cannot tell from the order that was sent: not there before
   the first attempt, created while one of the attempts could be accepted, and no other
   intent's. Of one the order is known, of none its absence, of several nothing; and nothing
   where a list has something near it, which it may tell otherwise than it was sent.
5. While one intent is open, nothing that looks the same is sent for the account, under whatever
   profile: each order between its snapshot and its fence is its own, or a stranger's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from exchcli.errors import OutcomeUnknown
from exchcli.execution.intent import Item, likeness
from exchcli.execution.journal import Attempt, Entry, Journal
from exchcli.execution.venue import Row, Venue
from exchcli.records import Snapshot
from exchcli.times import from_epoch, iso

SLACK = 2  # seconds by which the clocks of an exchange's servers may differ
EARLY = 5  # seconds before its signature that an order may be dated; a stamp is never as much ahead
PATIENCE = 20.0  # seconds that one run waits in all
OLDEST = 30 * 86400  # seconds; behind that no list is known to reach


class Rules(NamedTuple):
    """How long a signed call can be accepted and takes to be listed, in seconds, and what to do
    when it is proven that it was not."""

    window: int
    settle_delay: int
    on_absent: Literal["stop", "resend"] = "stop"
    patience: float = PATIENCE

    def not_after(self, signed: int) -> int:
        """The second of the exchange behind which no copy of a call is accepted."""
        return signed + self.window + SLACK


class Verdict(NamedTuple):
    """What became of it: `ids` are what was placed, in the order of the items, or for
    `ambiguous` all that it may be."""

    state: Literal["placed", "absent", "ambiguous"]
    ids: tuple[str, ...] = ()


class Later(OutcomeUnknown):
    """It can be settled from `at` on, in the exchange's seconds, which is too long to wait."""

    def __init__(self, at: int) -> None:
        super().__init__(f"it can be settled from {iso(from_epoch(at))} on")
        self.at = at


class Untold(OutcomeUnknown):
    """No list of the exchange will ever tell it: a person has to look, and to decide."""


class Settling:
    """Settles intents, each under its own account. All waiting of a run counts together."""

    def __init__(self, journal: Journal, venue: Venue, rules: Rules) -> None:
        self._journal = journal
        self._venue = venue
        self._rules = rules
        self._waited = 0.0

    def decide(self, entry: Entry) -> Verdict:
        """What became of an intent of which something may have arrived.

        Raises Later, OutcomeUnknown, or whatever keeps the listings from being whole.
        """
        self._check_lists(entry)
        found: dict[str, Row] = {}
        looked = entry.looked
        if looked is None:
            _check_age(entry, self.wait_for_fence(entry))
            found |= self._candidates(entry)
            verdict = judged(entry, found, self._venue)
            if verdict is not None:
                return verdict
            looked = self._venue.exchange_time()
            if not found:  # a part of a batch has to be seen together with the rest
                self._journal.looked(entry.account, entry.key, looked, entry)
        # What was told is cut to whole seconds, and the listing may have ended in the next one.
        self._wait_until(looked + self._rules.settle_delay + 1 + SLACK)
        found |= self._candidates(entry)
        return judged(entry, found, self._venue, last=True) or Verdict("absent")

    def look_again(self, entry: Entry) -> Verdict:
        """Once more, before what was absent is sent again: a delay may have been longer than
        it should be."""
        self._check_lists(entry)
        _check_age(entry, self.wait_for_fence(entry))
        found = self._candidates(entry)
        return judged(entry, found, self._venue, last=True) or Verdict("absent")

    def look(self, entry: Entry) -> tuple[str, ...]:
        """The ids of all that is listed now and can be one of its items, whenever these were sent.
        None need not mean that nothing comes any more."""
        sent = entry._replace(
            attempts=tuple(
                one._replace(state="unknown") if one.state == "placed" else one
                for one in entry.attempts
            )
        )  # what a person has named may be named otherwise
        self._check_lists(sent)
        items = [item for attempt in sent.suspects for item in attempt.items]
        rows = self._candidates(sent)
        return tuple(
            name for name, row in rows.items() if any(self._venue.same(i, row) for i in items)
        )

    def wait_for_fence(self, entry: Entry) -> int:
        """Returns when nothing of it can be accepted any more, and what was is listed."""
        attempts = entry.suspects
        fence = max(attempt.not_after for attempt in attempts) + self._rules.settle_delay
        return self._wait_until(fence)

    def _wait_until(self, second: int) -> int:
        while (now := self._venue.exchange_time()) < second:
            left = float(second - now)  # seconds, not money
            if self._waited + left > self._rules.patience:
                raise Later(second)
            self._venue.sleep(left)
            self._waited += left
        return now

    def _candidates(self, entry: Entry) -> dict[str, Row]:
        """What is listed now and could be it, by id."""
        attempts, delay = entry.suspects, self._rules.settle_delay
        start = min(attempt.signed for attempt in attempts) - EARLY
        end = max(attempt.not_after for attempt in attempts) + delay
        rows = self._venue.sightings(entry.snapshot, start, end)
        fresh = {
            row.id: row
            for row in rows
            if not was_there(entry.snapshot, row.id) and _in_time(attempts, row, delay)
        }
        kind = type(attempts[-1].items[0]).__name__
        claimed = self._journal.claimed(entry.account, fresh, entry.key, kind)
        return {name: row for name, row in fresh.items() if name not in claimed}

    def _check_lists(self, entry: Entry) -> None:
        """The lists of another account would prove anything absent."""
        if not self._venue.lists:
            raise Untold("no list of the exchange tells of it")
        if any(attempt.signer != self._venue.signer() for attempt in entry.suspects):
            raise Untold(
                "it was sent with another API key, and the lists of this one may be another "
                "account's"
            )


def _check_age(entry: Entry, now: int) -> None:
    if now - max(attempt.not_after for attempt in entry.suspects) > OLDEST:
        raise Untold(f"it was sent more than {OLDEST // 86400} days ago, where no list need reach")


def judged(
    entry: Entry, found: Mapping[str, Row], venue: Venue, *, last: bool = False
) -> Verdict | None:
    """What these candidates tell; None when too few are found yet, or at the `last` none at all.

    Orders of a batch that look the same share their candidates; which of them is which does
    not matter.
    """
    groups = list(_groups(entry))
    ids: dict[int, str] = {}
    seen: list[str] = []
    every = [item for _, items in groups for item in items]
    enough = True
    for places, items in groups:
        fits = [name for name, row in found.items() if any(venue.same(i, row) for i in items)]
        seen += fits
        if len(fits) > len(places):
            return Verdict("ambiguous", tuple(fits))
        enough = enough and len(fits) == len(places)
        ids.update(zip(places, fits, strict=False))
    if enough and len(set(seen)) == len(seen):
        return Verdict("placed", tuple(ids[place] for place in sorted(ids)))
    # A part of what is all or nothing is more than can be explained, and so is something near it.
    seen += [name for name, row in found.items() if any(venue.near(i, row) for i in every)]
    return Verdict("ambiguous", tuple(dict.fromkeys(seen))) if seen and last else None


def _groups(entry: Entry) -> Iterable[tuple[list[int], list[Item]]]:
    """The places of items that look the same, and all that was sent for these, in any attempt:
    an amount that was worked out from the book differs."""
    attempts = entry.suspects
    groups: dict[str, tuple[list[int], list[Item]]] = {}
    for place, item in enumerate(attempts[-1].items):
        places, items = groups.setdefault(likeness(item), ([], []))
        places.append(place)
        items += [attempt.items[place] for attempt in attempts]
    return groups.values()


def was_there(before: Snapshot, order_id: str) -> bool:
    """Whether an id was there before."""
    if order_id in before.ids:
        return True
    return before.newest is not None and order_id.isdecimal() and int(order_id) <= before.newest


def _in_time(attempts: Sequence[Attempt], row: Row, delay: int) -> bool:
    """Whether it was created while one of the attempts could be; so it is where nobody knows."""
    if row.created is None or row.created.tzinfo is None:
        return True
    second = int(row.created.timestamp())
    return any(
        attempt.signed - EARLY <= second <= attempt.not_after + delay for attempt in attempts
    )
