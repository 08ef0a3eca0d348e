"""Where two runs go on at once though there is a lock, or an answer is another one's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from journalling import ACCOUNT, BEFORE, BUY, NEW, NOW, sent, signed
from scripted import RULES, SIGNED, Scripted, listed, placement

from exchcli.errors import OnceConflict, OutcomeUnknown, StateError
from exchcli.execution.intent import Intent, Withdrawal, batch
from exchcli.execution.journal import IdTaken, Journal, Overtaken
from exchcli.execution.journal_file import FILE
from exchcli.execution.lock import Lock
from exchcli.execution.placement import Placement
from exchcli.records import JournalState, Snapshot

HASTY = RULES._replace(patience=0)
OTHER = Intent("buy", (NEW._replace(amount=Decimal(5)),))


def state(journal: Journal, key: str = "weekly") -> str | None:
    entry = journal.find(ACCOUNT, key)
    return None if entry is None else entry.state


# --- another run --------------------------------------------------------------------------------


def test_what_was_new_and_is_there_by_now_is_not_sent(journal: Journal) -> None:
    sent(journal, "weekly")
    with pytest.raises(Overtaken, match="Another run") as caught:
        journal.sending(ACCOUNT, "weekly", BUY, BEFORE, signed())
    assert caught.value.exit == 9


@pytest.mark.parametrize("how", ["sending", "unknown", "placed", "ambiguous"])
def test_what_is_open_or_done_is_not_sent_though_it_was_read_as_that(
    journal: Journal, how: JournalState
) -> None:
    sent(journal, "weekly")
    if how != "sending":
        journal.settled(ACCOUNT, "weekly", how, NOW)
    read = journal.find(ACCOUNT, "weekly")
    with pytest.raises(Overtaken):
        journal.sending(ACCOUNT, "weekly", BUY, BEFORE, signed(), read)


def test_what_has_changed_since_it_was_read_is_not_sent(journal: Journal) -> None:
    sent(journal, "weekly")
    journal.settled(ACCOUNT, "weekly", "not_sent", NOW)
    read = journal.find(ACCOUNT, "weekly")
    sent(journal, "weekly")
    journal.settled(ACCOUNT, "weekly", "not_sent", NOW)
    with pytest.raises(Overtaken):
        journal.sending(ACCOUNT, "weekly", BUY, BEFORE, signed(), read)
    journal.sending(ACCOUNT, "weekly", BUY, BEFORE, signed(), journal.find(ACCOUNT, "weekly"))


def test_what_another_run_has_settled_meanwhile_is_not_signed_anew(journal: Journal) -> None:
    sent(journal, "weekly")
    journal.settled(ACCOUNT, "weekly", "absent", NOW)
    with pytest.raises(Overtaken):
        journal.signed_again(ACCOUNT, "weekly", signed(SIGNED + 5), 1)


class Meanwhile(Scripted):
    """Something happens between the snapshot and the commit."""

    def __init__(self, happens: Callable[[], object]) -> None:
        super().__init__([["77"]])
        self._happens = happens

    def send(self, committed: Callable[[int], None]) -> Sequence[str]:
        self._happens()
        return super().send(committed)


def test_a_run_that_was_overtaken_sends_nothing_and_leaves_the_other_s_row(
    journal: Journal,
) -> None:
    venue = Meanwhile(lambda: sent(journal, "weekly", attempt=signed(signer="another")))
    with pytest.raises(Overtaken):
        placement(journal, venue).run(BUY, "weekly")
    assert venue.done == ["snapshot"]
    assert state(journal) == "sending"


def test_a_lock_that_was_removed_is_noticed_before_anything_is_sent(
    journal: Journal, tmp_path: Path
) -> None:
    lock = Lock(tmp_path, ACCOUNT, 0)
    venue = Meanwhile(lock.path.unlink)
    with pytest.raises(OnceConflict, match="was removed"):
        Placement(journal, lock, venue, ACCOUNT, RULES).run(BUY, "weekly")
    assert venue.done == ["snapshot"]
    assert state(journal) == "not_sent"


def test_a_journal_that_was_removed_is_noticed_before_anything_is_sent(
    journal: Journal, tmp_path: Path
) -> None:
    venue = Meanwhile((tmp_path / "state" / FILE).unlink)
    with pytest.raises(StateError, match="removed or replaced"):
        placement(journal, venue).run(BUY, "weekly")
    assert venue.done == ["snapshot"]


# --- another one's answer -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "told"),
    [
        (Snapshot(None, ("older", "77"), SIGNED), "77"),
        (Snapshot(100, (), SIGNED), "100"),
        (Snapshot(100, (), SIGNED), "7"),
    ],
)
def test_an_id_that_was_there_before_is_no_answer(
    journal: Journal, before: Snapshot, told: str
) -> None:
    with pytest.raises(OutcomeUnknown, match="there before"):
        placement(journal, Scripted([[told]], before=before), HASTY).run(BUY, "weekly")
    assert state(journal) == "unknown"


def test_an_id_that_another_order_has_is_no_answer_and_the_lists_tell(journal: Journal) -> None:
    placement(journal, Scripted([["77"]])).run(OTHER, "other")
    with pytest.raises(OutcomeUnknown, match="another key's"):
        placement(journal, Scripted([["77"]]), HASTY).run(BUY, "weekly")
    assert (state(journal), state(journal, "other")) == ("unknown", "placed")
    later = Scripted(listings=[[listed("77"), listed("78")]])
    later.now += 100
    done = placement(journal, later).run(BUY, "weekly")
    assert (done.ids, done.evidence) == (("78",), "matched")


def test_no_two_intents_have_one_id_whatever_is_believed(journal: Journal) -> None:
    withdrawal = Intent("withdrawal", (Withdrawal("BTC", Decimal(1)),))
    for key, intent in (("a", BUY), ("b", OTHER), ("c", withdrawal), ("d", withdrawal)):
        sent(journal, key, intent)
    journal.settled(ACCOUNT, "a", "placed", NOW, ids=["77"], evidence="reply")
    with pytest.raises(IdTaken):
        journal.settled(ACCOUNT, "b", "placed", NOW, ids=["77"], evidence="matched")
    assert state(journal, "b") == "sending"
    journal.settled(ACCOUNT, "c", "placed", NOW, ids=["77"], evidence="reply")  # of other ids
    with pytest.raises(IdTaken):
        journal.settled(ACCOUNT, "d", "placed", NOW, ids=["77"], evidence="reply")
    journal.settled(ACCOUNT, "a", "placed", NOW, ids=["77"], evidence="manual")


# --- one key for two kinds of things ------------------------------------------------------------


def test_a_batch_and_what_is_none_do_not_share_a_key(journal: Journal) -> None:
    placement(journal, Scripted([["77"]])).run(BUY, "d1")
    placement(journal, Scripted([["81", "82"]])).run(batch([NEW, NEW]), "d2#3")
    venue = Scripted([["78"]])
    for intent, key in ((batch([NEW]), "d1#1"), (BUY, "d2")):
        with pytest.raises(OnceConflict, match="stands for something else") as caught:
            placement(journal, venue).run(intent, key)
        assert caught.value.exit == 9
    assert venue.done == []
    placement(journal, venue).run(BUY, "d")
