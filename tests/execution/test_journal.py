"""What the journal remembers, and what it answers about it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest
from journalling import ACCOUNT, BEFORE, BUY, NEW, NOW, at, sent, signed

from exchcli.core.machine import SECOND
from exchcli.errors import StateError
from exchcli.execution.intent import Calling, Intent, Withdrawal, likeness
from exchcli.execution.journal import Journal, Overtaken
from exchcli.execution.journal_file import FILE
from exchcli.execution.lock import Lock

ALIKE = [likeness(NEW)]


def test_an_intent_is_found_again_with_all_that_was_written_down(journal: Journal) -> None:
    sent(journal, "weekly", BUY)
    entry = journal.find(ACCOUNT, "weekly")
    assert entry is not None
    assert (entry.state, entry.digest, entry.snapshot) == ("sending", BUY.digest, BEFORE)
    (attempt,) = entry.attempts
    assert (attempt.signed, attempt.not_after) == (1_700_000_000, 1_700_000_067)
    assert (attempt.items, attempt.ids, attempt.at) == ((NEW,), (None,), NOW)


def test_what_was_placed_has_its_order_and_how_that_is_known(journal: Journal) -> None:
    sent(journal, "weekly")
    journal.settled(ACCOUNT, "weekly", "placed", at(5), ids=["77"], evidence="matched")
    entry = journal.find(ACCOUNT, "weekly")
    assert entry is not None
    record = entry.record()
    assert (record.state, record.order_id, record.evidence) == ("placed", "77", "matched")
    assert (record.attempts, record.created.timestamp()) == (1, 1_700_000_000)
    assert record.updated.timestamp() == 1_700_000_005
    assert entry.attempts[0].state == "placed"


@pytest.mark.parametrize(
    "harm",
    [
        "DELETE FROM attempts",
        "DELETE FROM items",
        "UPDATE intents SET snapshot = 'gone'",
        "UPDATE intents SET snapshot = '[]'",
        "UPDATE intents SET state = 'bogus'",
    ],
)
def test_an_intent_of_which_a_part_is_missing_is_told_and_never_sent(
    journal: Journal, tmp_path: Path, harm: str
) -> None:
    sent(journal, "weekly")
    journal.settled(ACCOUNT, "weekly", "rejected", NOW)
    with closing(sqlite3.connect(tmp_path / "state" / FILE)) as db:
        db.execute(harm)
        db.commit()
    for use in (
        lambda: journal.find(ACCOUNT, "weekly"),
        journal.entries,
        lambda: sent(journal, "weekly"),
    ):
        with pytest.raises(StateError, match="a part of what it had of weekly is missing"):
            use()


@pytest.mark.parametrize("state", ["sending", "unknown", "ambiguous", "placed"])
def test_only_what_surely_did_not_happen_may_be_sent_again(
    journal: Journal, tmp_path: Path, state: str
) -> None:
    sent(journal, "weekly")
    with closing(sqlite3.connect(tmp_path / "state" / FILE)) as db:
        db.execute("UPDATE intents SET state = ?", (state,))
        db.execute("UPDATE attempts SET state = ?", (state,))
        db.commit()
    with pytest.raises(Overtaken, match="Another run is at work on weekly"):
        sent(journal, "weekly")


def test_the_orders_of_a_batch_keep_their_places(journal: Journal) -> None:
    sent(journal, "many", Intent("batch", (NEW, NEW._replace(side="sell"), NEW)))
    journal.settled(ACCOUNT, "many", "placed", NOW, ids=["3", "1", "2"], evidence="reply")
    entry = journal.find(ACCOUNT, "many")
    assert entry is not None
    assert entry.ids == ("3", "1", "2")


def test_a_key_is_another_one_for_each_profile_and_url(journal: Journal) -> None:
    sent(journal, "weekly")
    other = ACCOUNT._replace(profile="other")
    assert journal.find(other, "weekly") is None
    sent(journal, "weekly", account=other, attempt=signed(signer="another"))
    assert {entry.account for entry in journal.named("weekly")} == {ACCOUNT, other}


def test_a_new_attempt_keeps_what_is_known_of_the_ones_before(journal: Journal) -> None:
    sent(journal, "weekly")
    journal.settled(ACCOUNT, "weekly", "absent", NOW)
    sent(journal, "weekly", attempt=signed(1_700_000_500))
    entry = journal.find(ACCOUNT, "weekly")
    assert entry is not None
    assert [one.state for one in entry.attempts] == ["absent", "sending"]
    assert len(entry.suspects) == 2
    journal.settled(ACCOUNT, "weekly", "rejected", NOW, reason="no money")
    entry = journal.find(ACCOUNT, "weekly")
    assert entry is not None
    assert [one.state for one in entry.attempts] == ["absent", "rejected"]
    assert [one.signed for one in entry.suspects] == [1_700_000_000]


def test_a_listing_of_before_proves_nothing_of_a_new_attempt(journal: Journal) -> None:
    sent(journal, "weekly")
    journal.looked(ACCOUNT, "weekly", 1_700_000_100)
    journal.settled(ACCOUNT, "weekly", "absent", NOW, evidence="manual")
    journal.looked(ACCOUNT, "weekly", 1_700_000_200)
    sent(journal, "weekly", attempt=signed(1_700_000_500))
    entry = journal.find(ACCOUNT, "weekly")
    assert entry is not None
    assert (entry.state, entry.looked) == ("sending", None)


def test_of_two_signatures_the_earlier_beginning_and_the_later_end_count(
    journal: Journal,
) -> None:
    sent(journal, "weekly")
    journal.signed_again(ACCOUNT, "weekly", signed(1_700_000_003), 1)
    entry = journal.find(ACCOUNT, "weekly")
    assert entry is not None
    (attempt,) = entry.attempts
    assert (attempt.signed, attempt.not_after) == (1_700_000_000, 1_700_000_070)


def test_others_that_look_the_same_are_known_while_they_are_open(journal: Journal) -> None:
    sent(journal, "open")
    sent(journal, "other amount", Intent("buy", (NEW._replace(amount=Decimal(9)),)))
    sent(journal, "in a batch", Intent("batch", (NEW._replace(side="sell"), NEW)))
    sent(journal, "other account", account=ACCOUNT._replace(profile="other"))
    sent(journal, "settled")
    journal.settled(ACCOUNT, "settled", "placed", NOW, ids=["1"], evidence="reply")
    found = journal.unsettled(ACCOUNT, ALIKE, "mine")
    assert [entry.key for entry in found] == ["open", "in a batch"]
    assert [entry.key for entry in journal.unsettled(ACCOUNT, ALIKE, "open")] == ["in a batch"]


def test_what_cannot_be_told_apart_looks_the_same_though_its_parameters_differ(
    journal: Journal,
) -> None:
    sent(journal, "post-only", Intent("buy", (NEW._replace(post_only=True),)))
    assert len(journal.unsettled(ACCOUNT, ALIKE, "mine")) == 1


def test_a_persons_none_is_open_until_its_fence_was_seen_to_pass(journal: Journal) -> None:
    sent(journal, "weekly")
    journal.looked(ACCOUNT, "weekly", 1_700_000_100)
    journal.settled(ACCOUNT, "weekly", "absent", NOW, evidence="manual")
    assert len(journal.unsettled(ACCOUNT, ALIKE, "mine")) == 1
    journal.looked(ACCOUNT, "weekly", 1_700_000_200)
    assert journal.unsettled(ACCOUNT, ALIKE, "mine") == []


def test_ids_are_claimed_by_all_profiles_and_by_kind(journal: Journal) -> None:
    other = ACCOUNT._replace(profile="other")
    sent(journal, "a", account=other)
    journal.settled(other, "a", "placed", NOW, ids=["17"], evidence="reply")
    sent(journal, "b", Intent("withdraw", (Withdrawal("BTC", Decimal(1)),)))
    journal.settled(ACCOUNT, "b", "placed", NOW, ids=["18"], evidence="reply")
    assert journal.claimed(ACCOUNT, ["17", "18", "19"], "mine", "NewOrder") == {"17"}
    assert journal.claimed(ACCOUNT, ["17", "18", "19"], "mine", "Withdrawal") == {"18"}
    assert journal.claimed(other, ["17"], "a", "NewOrder") == set()
    elsewhere = ACCOUNT._replace(url="https://sandbox.invalid/v3")
    assert journal.claimed(elsewhere, ["17"], "mine", "NewOrder") == set()
    assert journal.known(ACCOUNT) == {"17": "a"}


def test_an_order_that_api_placed_is_no_other_keys(journal: Journal) -> None:
    sent(journal, "@api", Intent("api", (Calling("POST", "/spot/order/new", "amount=1"),)))
    journal.settled(ACCOUNT, "@api", "placed", NOW, ids=["17"], evidence="reply")
    assert journal.claimed(ACCOUNT, ["17"], "mine", "NewOrder") == {"17"}
    assert journal.claimed(ACCOUNT, ["17"], "mine", "Withdrawal") == set()
    assert journal.known(ACCOUNT) == {"17": "@api"}


def test_more_ids_than_a_statement_takes_are_looked_up_in_parts(journal: Journal) -> None:
    sent(journal, "a")
    journal.settled(ACCOUNT, "a", "placed", NOW, ids=["1234"], evidence="reply")
    wanted = [str(number) for number in range(1500)]
    assert journal.claimed(ACCOUNT, wanted, "mine", "NewOrder") == {"1234"}


def test_orders_of_the_last_minute_are_counted_whatever_the_wall_clock_does(
    journal: Journal,
) -> None:
    sent(journal, "a", attempt=signed(when=at(-61)))
    sent(journal, "b", Intent("batch", (NEW, NEW)), attempt=signed(when=at(-59)))
    set_back = at(-30)._replace(wall=at(-30).wall - 3600 * SECOND)
    sent(journal, "c", attempt=signed(when=set_back))
    sent(journal, "d", Intent("withdraw", (Withdrawal("BTC", Decimal(1)),)))
    sent(journal, "e", account=ACCOUNT._replace(profile="other"))
    assert journal.sent_lately(ACCOUNT, 60, NOW) == 3
    assert journal.sent_lately(ACCOUNT, 60, NOW, "key") == 4  # that of the other profile too


def test_intents_are_listed_newest_first(journal: Journal) -> None:
    for key in ("a", "b", "c"):
        sent(journal, key)
    assert [entry.key for entry in journal.entries()] == ["c", "b", "a"]
    assert [entry.key for entry in journal.entries(2)] == ["c", "b"]


def test_what_a_run_was_sending_when_it_was_killed_is_unknown(
    journal: Journal, tmp_path: Path
) -> None:
    sent(journal, "weekly")
    assert [entry.state for entry in journal.entries()] == ["unknown"]
    with Lock(tmp_path / "state", ACCOUNT, 0).held():
        assert [entry.state for entry in journal.named("weekly")] == ["sending"]
