"""Each rule of the protocol, broken: the worlds notice. What they would not notice, they would
not prove.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from mutants import journals_that_compare_nothing
from simulated_venue import Late, SimulatedVenue
from worlds import SPENDING, OneLock, Temper, World

from exchcli.errors import OutcomeUnknown, Rejected, StateError
from exchcli.execution import journal as journals
from exchcli.execution import settling
from exchcli.execution.journal import Entry, Journal
from exchcli.execution.placement import Placement
from exchcli.execution.settling import Settling, Verdict
from exchcli.records import Snapshot

WORLDS = 1500
SILENT = Temper(("lost", "dropped", "late", "killed"), good=0.2, reads=0, disk=0, twins=0)


def caught(
    temper: Temper,
    sign: str,
    venue: type[SimulatedVenue] = SimulatedVenue,
    *,
    times: tuple[int, int] | None = None,
) -> bool:
    """Whether the judge finds this wrong in any world; `times` are its window and its delay."""
    for seed in range(WORLDS):
        world = World(seed, temper)
        world.venue = venue
        world.window, world.delay = times or (world.window, world.delay)
        try:
            world.live()
        except (AssertionError, TypeError):  # it trips over the state that it has made
            continue
        if any(wrong.startswith(sign) for wrong in world.wrongs()):
            return True
    return False


def test_without_the_fence_an_order_comes_after_it_was_proven_absent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Settling, "_wait_until", lambda self, second: self._venue.exchange_time())
    assert caught(SILENT, "duplicate")
    assert caught(SILENT, "false absent")


def test_without_the_time_that_lists_take_an_order_is_not_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        Settling,
        "wait_for_fence",
        lambda self, entry: self._wait_until(max(a.not_after for a in entry.suspects)),
    )
    temper = SILENT._replace(answers=("late",), good=0.1, kills=0, resends=1)
    assert caught(temper, "duplicate", times=(2, 10))


def test_one_listing_misses_an_order_between_two_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    def decide(self: Settling, entry: Entry) -> Verdict:
        return self.look_again(entry)

    monkeypatch.setattr(Settling, "decide", decide)
    temper = SILENT._replace(answers=("dropped",), good=0.1, kills=0, resends=1)
    assert caught(temper, "duplicate", times=(2, 10))


def test_a_commit_after_sending_is_too_late_for_a_run_that_is_killed() -> None:
    class CommitsAfter(SimulatedVenue):
        def send(self, committed: Callable[[int], None]) -> Sequence[str]:
            signed: list[int] = []
            ids = super().send(signed.append)
            committed(signed[-1])
            return ids

    assert caught(Temper(("good", "killed"), good=0.5, reads=0, disk=0), "duplicate", CommitsAfter)


def test_the_first_candidate_may_be_another_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    def judged(entry: Entry, found: Any, venue: Any, *, last: bool = False) -> Verdict | None:
        need = len(entry.suspects[-1].items)
        items = entry.suspects[-1].items
        fits = [name for name, row in found.items() if venue.same(items[0], row)]
        return Verdict("placed", tuple(fits[:need])) if len(fits) >= need else None

    monkeypatch.setattr(settling, "judged", judged)
    temper = SILENT._replace(strangers=0.05, gaps=False)
    assert caught(temper, "false placed")


def test_a_500_is_no_refusal() -> None:
    class Believing(SimulatedVenue):
        def answer(self, fault: str, call: Late) -> Sequence[str]:
            try:
                return super().answer(fault, call)
            except OutcomeUnknown as error:
                if error.code == "500":
                    raise Rejected("HTTP 500") from error
                raise

    temper = Temper(("500",), good=0.3, reads=0, disk=0, twins=0)
    assert caught(temper, "duplicate", Believing)
    assert caught(temper, "false absent", Believing)


def test_what_was_not_answered_is_not_tried_again() -> None:
    class Retrying(SimulatedVenue):
        def send(self, committed: Callable[[int], None]) -> Sequence[str]:
            try:
                return super().send(committed)
            except OutcomeUnknown:
                return super().send(committed)

    assert caught(SILENT, "duplicate", Retrying)


def test_without_a_snapshot_an_older_order_is_taken() -> None:
    class Forgetful(SimulatedVenue):
        def snapshot(self) -> Snapshot:
            return super().snapshot()._replace(newest=None, ids=())

    assert caught(SILENT, "false placed", Forgetful)


def test_without_claims_two_keys_have_one_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journals, "_claimed", lambda *_a: set())
    assert caught(SILENT, "false placed")


def test_without_settling_the_others_first_one_key_takes_anothers_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Placement, "_settle_others", lambda *_a: None)
    assert caught(SILENT, "false placed")


def test_an_old_key_that_looks_again_would_take_the_order_of_a_newer_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Others are settled before something is sent, but not before an old key is looked for."""
    past = Placement._past

    def careless(self: Placement, entry: Entry) -> Any:
        settle = self._settle_others
        self._settle_others = lambda *_a: None  # type: ignore[method-assign]
        try:
            return past(self, entry)
        finally:
            self._settle_others = settle  # type: ignore[method-assign]

    monkeypatch.setattr(Placement, "_past", careless)
    assert caught(Temper(("lost", "killed"), good=0.1, kills=0.05, resends=1), "false placed")


def test_a_key_that_spends_would_take_the_order_of_a_key_that_wants_what_it_wanted_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Others that look like an earlier attempt are settled first, not only those like the last."""
    settle = Placement._settle_others
    monkeypatch.setattr(
        Placement,
        "_settle_others",
        lambda self, intent, name, _entry: settle(self, intent, name, None),
    )
    assert caught(SPENDING, "false placed")
    assert caught(SPENDING, "duplicate")


def test_what_is_known_of_the_others_has_to_be_on_the_disk_before_anything_is_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settled = Journal.settled

    def careless(*args: Any, **rest: Any) -> None:
        try:
            settled(*args, **rest)
        except StateError:
            pass

    monkeypatch.setattr(Journal, "settled", careless)
    temper = SILENT._replace(answers=("dropped", "lost"), disk=0.3, kills=0)
    assert caught(temper, "false placed", times=(30, 4))


def test_a_clock_that_was_set_shows_a_fence_that_has_not_passed() -> None:
    class Cached(SimulatedVenue):
        def exchange_time(self) -> int:
            world = self.world
            if not hasattr(world, "cached"):
                world.cached = world.wall_ahead  # type: ignore[attr-defined]
            super().exchange_time()
            return int(world.now + world.wall_ahead - world.cached)  # type: ignore[attr-defined]

    assert caught(SILENT, "duplicate", Cached)


TWINS = Temper(twins=0.2, kills=0, disk=0, reads=0)


@pytest.fixture
def no_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def held(self: OneLock) -> Iterator[None]:
        yield

    monkeypatch.setattr(OneLock, "held", held)
    monkeypatch.setattr(OneLock, "check", lambda self: None)


@pytest.mark.usefixtures("no_lock")
def test_without_the_lock_a_twin_sends_the_same_again(monkeypatch: pytest.MonkeyPatch) -> None:
    journals_that_compare_nothing(monkeypatch)
    assert caught(TWINS, "duplicate")


@pytest.mark.usefixtures("no_lock")
def test_without_the_lock_the_journal_still_keeps_twins_from_sending_it_twice() -> None:
    worlds = [world for seed in range(900) if len((world := World(seed, TWINS)).intents) == 1]
    assert len(worlds) > 200
    for world in worlds:
        world.live()
        assert [wrong for wrong in world.wrongs() if wrong.startswith("duplicate")] == []


def test_a_listing_that_is_cut_short_proves_nothing() -> None:
    """Were an incomplete listing taken for a whole one, orders would be sent again."""

    class Short(SimulatedVenue):
        def sightings(self, since: Snapshot, start: int, end: int) -> Sequence[Any]:
            return super().sightings(since, start, end)[:0]

    assert caught(SILENT, "duplicate", Short)
