"""What a run with a key, or without one, sends, answers and remembers."""

from __future__ import annotations

from contextlib import contextmanager
from decimal import Decimal

import pytest
from journalling import ACCOUNT, BUY, NEW, sent
from scripted import RULES, Scripted, listed, placement

from exchcli.errors import (
    BadReply,
    CredentialsError,
    ExchError,
    GuardRefused,
    Interrupted,
    NotSent,
    OnceAbsent,
    OnceAmbiguous,
    OnceConflict,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    StateError,
)
from exchcli.execution.endings import Done
from exchcli.execution.intent import Intent, batch
from exchcli.execution.journal import Journal

LOST = OutcomeUnknown("no complete answer within 30 s")
RESEND = RULES._replace(on_absent="resend")
HASTY = RULES._replace(patience=0)


def state(journal: Journal, key: str = "weekly") -> str | None:
    entry = journal.find(ACCOUNT, key)
    return None if entry is None else entry.state


def test_a_new_key_is_sent_and_told_with_its_reply(journal: Journal) -> None:
    venue = Scripted([["77"]])
    assert placement(journal, venue).run(BUY, "weekly") == Done("weekly", ("77",), "reply", False)
    assert venue.done == ["snapshot", "send"]
    assert state(journal) == "placed"


def test_the_same_key_answers_the_same_and_sends_nothing(journal: Journal) -> None:
    placement(journal, Scripted([["77"]])).run(BUY, "weekly")
    again = Scripted()
    assert placement(journal, again).run(BUY, "weekly") == Done("weekly", ("77",), "reply", True)
    assert again.done == []


def test_a_key_of_something_else_is_refused(journal: Journal) -> None:
    placement(journal, Scripted([["77"]])).run(BUY, "weekly")
    venue = Scripted([["78"]])
    for other in (Intent("buy", (NEW._replace(amount=Decimal(2)),)), batch([NEW]),
                  Intent("sell", (NEW._replace(side="sell"),))):  # fmt: skip
        with pytest.raises(OnceConflict, match="weekly stands for something else") as caught:
            placement(journal, venue).run(other, "weekly")
        assert caught.value.exit == 9
    assert venue.done == []


@pytest.mark.parametrize(
    ("error", "known"),
    [
        (Rejected("no money"), "rejected"),
        (RateLimited("banned"), "rejected"),
        (CredentialsError("unknown key"), "rejected"),
        (NotSent("refused"), "not_sent"),
        (Interrupted("Ctrl-C"), "not_sent"),
    ],
)
def test_what_did_not_happen_may_be_sent_again_with_the_same_key(
    journal: Journal, error: ExchError, known: str
) -> None:
    with pytest.raises(type(error)):
        placement(journal, Scripted([error])).run(BUY, "weekly")
    assert state(journal) == known
    venue = Scripted([["77"]])
    done = placement(journal, venue).run(BUY, "weekly")
    assert (done.ids, done.replayed) == (("77",), False)
    assert venue.done == ["snapshot", "send"]  # what is there by now was there before


def test_nothing_is_sent_when_it_is_not_known_what_there_was_before(journal: Journal) -> None:
    venue = Scripted([["77"]], before=BadReply("a list that changed each time"))
    with pytest.raises(BadReply):
        placement(journal, venue).run(BUY, "weekly")
    assert venue.done == ["snapshot"]
    assert state(journal) is None


def test_a_guard_is_asked_before_anything_is_sent_and_not_for_what_was_sent(
    journal: Journal,
) -> None:
    def guard() -> None:
        raise GuardRefused("halted")

    venue = Scripted([["77"]])
    with pytest.raises(GuardRefused):
        placement(journal, venue, guard=guard).run(BUY, "weekly")
    assert venue.done == []
    placement(journal, venue).run(BUY, "weekly")
    assert placement(journal, venue, guard=guard).run(BUY, "weekly").replayed


def test_without_a_key_everything_is_sent_and_written_down_under_a_name_of_its_own(
    journal: Journal,
) -> None:
    first = placement(journal, Scripted([["77"]])).run(BUY)
    second = placement(journal, Scripted([["78"]])).run(BUY)
    assert first.key.startswith("@")
    assert first.key != second.key
    assert [entry.state for entry in journal.entries()] == ["placed", "placed"]


# --- unknown ----------------------------------------------------------------------------------


def test_a_lost_answer_is_settled_at_once_where_the_fence_is_near(journal: Journal) -> None:
    venue = Scripted([LOST], [[listed("77"), listed("older")]])
    assert placement(journal, venue).run(BUY, "weekly") == Done("weekly", ("77",), "matched", False)
    assert venue.done == ["snapshot", "send", "renew", "list"]
    assert sum(venue.slept) == 5 + 2 + 4  # the window, its slack, and the time that lists take


def test_a_fence_that_is_far_is_not_waited_for_and_the_next_run_settles(
    journal: Journal,
) -> None:
    far = RULES._replace(window=30)
    venue = Scripted([LOST])
    with pytest.raises(OutcomeUnknown) as caught:
        placement(journal, venue, far).run(BUY, "weekly")
    assert venue.slept == []
    assert venue.done == ["snapshot", "send", "renew"]
    assert caught.value.exit == 7
    assert "no complete answer within 30 s" in caught.value.message
    assert "--once weekly" in (caught.value.hint or "")
    assert "from 2023-11-14T22:13:56Z on" in (caught.value.hint or "")
    assert state(journal) == "unknown"
    later = Scripted(listings=[[listed("77")]])
    later.now += 3600
    assert placement(journal, later, far).run(BUY, "weekly").ids == ("77",)
    assert later.slept == []


def test_absence_is_proven_by_two_listings_and_not_sent_again_unasked(journal: Journal) -> None:
    venue = Scripted([LOST], [[]])
    patient = RULES._replace(patience=30)
    with pytest.raises(OnceAbsent) as caught:
        placement(journal, venue, patient).run(BUY, "weekly")
    assert caught.value.exit == 10
    assert venue.done.count("list") == 2
    assert venue.slept[-1] == 4 + 1 + 2  # between the listings
    again = Scripted([["78"]])
    with pytest.raises(OnceAbsent):
        placement(journal, again).run(BUY, "weekly")
    assert again.done == []


def test_the_second_listing_may_be_the_next_runs(journal: Journal) -> None:
    venue = Scripted([LOST], [[]])
    with pytest.raises(OutcomeUnknown):
        placement(journal, venue, RULES._replace(patience=12)).run(BUY, "weekly")
    assert venue.done.count("list") == 1
    later = Scripted(listings=[[]])
    later.now = venue.now + 60
    with pytest.raises(OnceAbsent):
        placement(journal, later).run(BUY, "weekly")
    assert later.done == ["list"]


def test_an_order_that_is_seen_in_the_second_listing_only_is_found(journal: Journal) -> None:
    venue = Scripted([LOST], [[], [listed("77")]])
    patient = RULES._replace(patience=30)
    assert placement(journal, venue, patient).run(BUY, "weekly").ids == ("77",)


def test_what_is_absent_is_sent_again_where_that_was_asked_for(journal: Journal) -> None:
    venue = Scripted([LOST, ["78"]], [[]])
    patient = RESEND._replace(patience=30)
    done = placement(journal, venue, patient).run(BUY, "weekly")
    assert (done.ids, done.evidence, done.replayed) == (("78",), "reply", False)
    assert venue.done.count("snapshot") == 1  # what came since the first attempt may be its order


def test_it_is_not_sent_again_without_end(journal: Journal) -> None:
    venue = Scripted([LOST, LOST, LOST, ["78"]], [[]])
    with pytest.raises(OnceAbsent, match="3 times"):
        placement(journal, venue, RESEND._replace(patience=300)).run(BUY, "weekly")
    assert venue.done.count("send") == 3


def test_before_it_is_sent_again_a_ghost_is_looked_for(journal: Journal) -> None:
    sent(journal, "weekly")
    journal.settled(ACCOUNT, "weekly", "absent", Scripted().clock())
    venue = Scripted([["78"]], [[listed("77")]])
    venue.now += 200
    done = placement(journal, venue, RESEND).run(BUY, "weekly")
    assert done == Done("weekly", ("77",), "matched", True)
    assert venue.done == ["list"]


def test_several_candidates_are_for_a_person_to_tell_apart(journal: Journal) -> None:
    venue = Scripted([LOST], [[listed("77"), listed("78")]])
    with pytest.raises(OnceAmbiguous, match="could be weekly: 77, 78") as caught:
        placement(journal, venue).run(BUY, "weekly")
    assert caught.value.exit == 11
    again = Scripted(listings=[[listed("77")]])  # each look might see less than the one before
    with pytest.raises(OnceAmbiguous, match="could be weekly: 77, 78"):
        placement(journal, again).run(BUY, "weekly")
    assert again.done == []


@pytest.mark.parametrize(
    "error",
    [
        RateLimited("banned until later"),
        NotSent("refused"),
        BadReply("a list that changed each time"),
        CredentialsError("revoked"),
        KeyboardInterrupt(),
    ],
)
def test_whatever_goes_wrong_while_settling_leaves_it_unknown(
    journal: Journal, error: BaseException
) -> None:
    venue = Scripted([LOST], [error])
    with pytest.raises(OutcomeUnknown):
        placement(journal, venue).run(BUY, "weekly")
    assert state(journal) == "unknown"
    again = Scripted(listings=[error])
    again.now += 100
    with pytest.raises(OutcomeUnknown):
        placement(journal, again).run(BUY, "weekly")


def test_who_interrupts_after_sending_does_not_wait_for_the_fence(journal: Journal) -> None:
    lost = OutcomeUnknown("it was interrupted")
    lost.__cause__ = KeyboardInterrupt()
    venue = Scripted([lost])
    with pytest.raises(OutcomeUnknown):
        placement(journal, venue).run(BUY, "weekly")
    assert venue.done == ["snapshot", "send"]
    assert venue.slept == []


def test_who_has_no_key_and_sends_again_what_was_done_after_all_is_told_so_first(
    journal: Journal,
) -> None:
    with pytest.raises(OutcomeUnknown) as unknown:
        placement(journal, Scripted([LOST]), HASTY).run(BUY)
    (entry,) = journal.entries()
    assert f"exch journal resolve {entry.key}" in (unknown.value.hint or "")
    venue = Scripted([["78"], ["79"]], [[listed("77")]])
    venue.now += 100
    with pytest.raises(GuardRefused, match="and was done: 77") as caught:
        placement(journal, venue).run(BUY)
    assert caught.value.exit == 8
    assert "send" not in venue.done
    assert placement(journal, venue).run(BUY).ids == ("78",)  # it is told once


def test_another_key_is_another_order_whatever_became_of_the_first(journal: Journal) -> None:
    with pytest.raises(OutcomeUnknown):
        placement(journal, Scripted([LOST]), HASTY).run(BUY, "weekly")
    venue = Scripted([["78"]], [[listed("77")]])
    venue.now += 100
    assert placement(journal, venue).run(BUY, "next week").ids == ("78",)
    entry = journal.find(ACCOUNT, "weekly")
    assert entry is not None
    assert entry.ids == ("77",)


def test_an_open_order_like_an_earlier_attempt_is_settled_before_it_is_claimed(
    journal: Journal,
) -> None:
    """What is bought for money was 0.01 at the first attempt, and is 0.011 at the second."""
    spends = NEW._replace(spend=Decimal(300))
    first = Intent("buy", (spends,))
    second = Intent("buy", (spends._replace(amount=Decimal("0.011")),))
    resend = RULES._replace(on_absent="resend")
    with pytest.raises(OnceAbsent):
        placement(journal, Scripted([LOST])).run(first, "spends")
    venue = Scripted([Rejected("no")])
    venue.now += 100
    with pytest.raises(Rejected):
        placement(journal, venue, resend).run(second, "spends")
    other = Scripted([LOST], [[listed("77", NEW, None)]])
    with pytest.raises(OutcomeUnknown):  # it is on its way, and this run says no more
        placement(journal, other, HASTY).run(BUY, "other")
    venue = Scripted([["78"]], [[listed("77", NEW, None)]])
    venue.now += 200
    assert placement(journal, venue, resend).run(second, "spends").ids == ("78",)
    entry = journal.find(ACCOUNT, "other")
    assert entry is not None
    assert (entry.state, entry.ids) == ("placed", ("77",))


@pytest.mark.parametrize("ids", [[], ["77", "78"], ["77", "77"]])
def test_an_answer_with_the_wrong_number_of_ids_is_no_answer(
    journal: Journal, ids: list[str]
) -> None:
    venue = Scripted([ids])
    with pytest.raises(OutcomeUnknown):
        placement(journal, venue, HASTY).run(BUY if len(ids) != 2 or ids[0] != ids[1]
                                            else batch([NEW, NEW]), "weekly")  # fmt: skip
    assert state(journal) == "unknown"


def test_a_lock_that_is_held_sends_nothing(journal: Journal) -> None:
    class Held:
        @contextmanager
        def held(self):  # type: ignore[no-untyped-def]
            raise OnceConflict("Another run holds it.")
            yield

    venue = Scripted([["77"]])
    one = placement(journal, venue)
    one._lock = Held()
    with pytest.raises(OnceConflict):
        one.run(BUY, "weekly")
    assert venue.done == []


# --- the journal fails ------------------------------------------------------------------------


def failing(journal: Journal, monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    def fail(*_args: object, **_kwargs: object) -> None:
        raise StateError("The disk is full.")

    monkeypatch.setattr(journal, method, fail)


def test_a_full_disk_before_sending_is_12_and_nothing_is_sent(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(journal, monkeypatch, "sending")
    venue = Scripted([["77"]])
    with pytest.raises(StateError):
        placement(journal, venue).run(BUY, "weekly")
    assert venue.done == ["snapshot"]


def test_a_full_disk_after_the_answer_is_a_warning_and_the_order_is_told(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(journal, monkeypatch, "settled")
    warned: list[str] = []
    done = placement(journal, Scripted([["77"]]), warn=warned.append).run(BUY, "weekly")
    assert done.ids == ("77",)
    assert warned == ["The disk is full. The journal does not know what became of weekly."]
    monkeypatch.undo()
    later = Scripted(listings=[[listed("77")]])
    later.now += 100
    again = placement(journal, later).run(BUY, "weekly")
    assert (again.ids, again.evidence) == (("77",), "matched")


def test_a_full_disk_while_nothing_is_known_is_still_unknown(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    for method in ("settled", "looked"):
        failing(journal, monkeypatch, method)
    with pytest.raises(OutcomeUnknown):
        placement(journal, Scripted([LOST], [[]])).run(BUY, "weekly")
