"""Which orders can be the one that was sent, and when that can be told."""

from __future__ import annotations

from decimal import Decimal

import pytest
from journalling import ACCOUNT, BUY, NEW, sent, signed
from scripted import RULES, SIGNED, Scripted, listed

from exchcli.errors import OutcomeUnknown
from exchcli.execution.intent import Intent, batch
from exchcli.execution.journal import Entry, Journal
from exchcli.execution.settling import OLDEST, Later, Settling, Verdict
from exchcli.execution.venue import Row
from exchcli.records import NewOrder, Snapshot

LATER = SIGNED + 200
ABSENT = Verdict("absent")


def entry_of(journal: Journal, intent: Intent = BUY, before: Snapshot | None = None) -> Entry:
    """An intent whose answer was lost."""
    snapshot = before or Snapshot(None, ("older",), SIGNED)
    found = journal.find(ACCOUNT, "weekly")
    journal.sending(ACCOUNT, "weekly", intent, snapshot, signed(SIGNED), found)
    entry = journal.find(ACCOUNT, "weekly")
    assert entry is not None
    return entry


def decided(
    journal: Journal, *rows: Row, intent: Intent = BUY, before: Snapshot | None = None
) -> Verdict:
    """The verdict when this is all that is listed, long after the fence."""
    entry = entry_of(journal, intent, before)
    venue = Scripted(listings=[rows])
    venue.now = LATER
    return Settling(journal, venue, RULES).decide(entry)


def test_an_order_that_was_there_before_is_none(journal: Journal) -> None:
    assert decided(journal, listed("older")) == ABSENT


def test_where_ids_count_up_only_higher_ones_are_new(journal: Journal) -> None:
    before = Snapshot(100, (), SIGNED)
    rows = [listed(number, created=None) for number in ("99", "100", "101")]
    assert decided(journal, *rows, before=before) == Verdict("placed", ("101",))


def test_an_order_of_another_time_is_none(journal: Journal) -> None:
    last = SIGNED + 67 + RULES.settle_delay
    rows = [listed("early", created=SIGNED - 6), listed("late", created=last + 1)]
    assert decided(journal, *rows) == ABSENT
    journal.settled(ACCOUNT, "weekly", "not_sent", Scripted().clock())
    assert decided(journal, *rows, listed("mine", created=last)) == Verdict("placed", ("mine",))


def test_what_was_created_when_nobody_knows_can_be_it(journal: Journal) -> None:
    assert decided(journal, listed("77", created=None)) == Verdict("placed", ("77",))


@pytest.mark.parametrize(
    "other",
    [
        NEW._replace(amount=Decimal("0.02")),
        NEW._replace(price=Decimal(30001)),
        NEW._replace(side="sell"),
        NEW._replace(symbol="ETH_USDT"),
        NEW._replace(market="margin"),
    ],
)
def test_an_order_of_something_else_is_none(journal: Journal, other: NewOrder) -> None:
    assert decided(journal, listed("77", other)) == ABSENT


def test_an_order_of_another_key_is_none(journal: Journal) -> None:
    sent(journal, "other")
    journal.settled(ACCOUNT, "other", "placed", Scripted().clock(), ids=["77"], evidence="reply")
    assert decided(journal, listed("77")) == ABSENT


def test_several_that_can_be_it_are_several(journal: Journal) -> None:
    assert decided(journal, listed("77"), listed("78")) == Verdict("ambiguous", ("77", "78"))


def test_money_to_spend_is_found_by_what_it_bought_in_any_attempt(journal: Journal) -> None:
    """The amount was worked out from the book, and another one at the second attempt."""
    spend = NEW._replace(spend=Decimal(300))
    first, second = spend, spend._replace(amount=Decimal("0.011"))
    entry_of(journal, Intent("buy", (first,)))
    journal.settled(ACCOUNT, "weekly", "absent", Scripted().clock())
    seen = listed("77", NEW)
    assert decided(journal, seen, intent=Intent("buy", (second,))) == Verdict("placed", ("77",))


# --- a batch ---------------------------------------------------------------------------------

SELL = NEW._replace(side="sell", price=Decimal(40000))
BATCH = batch([NEW, SELL, NEW])


def test_a_batch_is_found_with_each_order_in_its_place(journal: Journal) -> None:
    rows = [listed("s", SELL), listed("a"), listed("b"), listed("older")]
    assert decided(journal, *rows, intent=BATCH) == Verdict("placed", ("a", "s", "b"))


def test_a_batch_of_which_nothing_is_there_is_absent(journal: Journal) -> None:
    assert decided(journal, intent=BATCH) == ABSENT


def test_a_part_of_a_batch_is_more_than_can_be_explained(journal: Journal) -> None:
    rows = [listed("a"), listed("s", SELL)]
    assert decided(journal, *rows, intent=BATCH) == Verdict("ambiguous", ("a", "s"))


def test_more_than_a_batch_is_several(journal: Journal) -> None:
    rows = [listed("a"), listed("b"), listed("c"), listed("s", SELL)]
    assert decided(journal, *rows, intent=BATCH).state == "ambiguous"


# --- when it can be told -----------------------------------------------------------------------


def test_nothing_is_listed_before_the_exchanges_own_clock_has_passed_the_fence(
    journal: Journal,
) -> None:
    entry = entry_of(journal)
    venue = Scripted(listings=[[listed("77")]])
    venue.now = SIGNED + 67 + 4 - 1  # a second before
    settling = Settling(journal, venue, RULES._replace(patience=0))
    with pytest.raises(Later) as caught:
        settling.decide(entry)
    assert caught.value.at == venue.now + 1
    assert venue.done == []
    venue.now += 1
    assert settling.decide(entry) == Verdict("placed", ("77",))


def test_a_clock_that_runs_otherwise_than_this_machines_is_asked_until_it_has_come_so_far(
    journal: Journal,
) -> None:
    class Slow(Scripted):
        def sleep(self, seconds: float) -> None:
            self.slept.append(seconds)
            self.now += max(1, int(seconds / 2))

    entry = entry_of(journal)
    venue = Slow(listings=[[listed("77")]])
    venue.now = SIGNED + 67
    assert Settling(journal, venue, RULES).decide(entry).state == "placed"
    assert venue.slept == [4, 2, 1]


def test_all_waiting_of_a_run_counts_together(journal: Journal) -> None:
    entry = entry_of(journal)
    venue = Scripted(listings=[[]])
    venue.now = SIGNED + 67 + 4 - 14  # and then 7 more between the listings
    with pytest.raises(Later):
        Settling(journal, venue, RULES._replace(patience=20)).decide(entry)
    assert venue.slept == [14]
    entry = entry_of_again(journal)
    assert entry.looked == venue.now


def entry_of_again(journal: Journal) -> Entry:
    entry = journal.find(ACCOUNT, "weekly")
    assert entry is not None
    return entry


def test_another_api_keys_lists_prove_nothing(journal: Journal) -> None:
    entry = entry_of(journal)
    venue = Scripted(listings=[[]])
    venue.now, venue.key = LATER, "another"
    with pytest.raises(OutcomeUnknown, match="another API key"):
        Settling(journal, venue, RULES).decide(entry)
    assert venue.done == []


def test_what_is_too_old_to_be_listed_is_for_a_person(journal: Journal) -> None:
    entry = entry_of(journal)
    venue = Scripted(listings=[[]])
    venue.now = SIGNED + 67 + OLDEST + 1
    with pytest.raises(OutcomeUnknown, match="30 days"):
        Settling(journal, venue, RULES).decide(entry)


def test_what_no_list_tells_of_is_not_waited_for(journal: Journal) -> None:
    entry = entry_of(journal)
    venue = Scripted()
    venue.lists = False
    with pytest.raises(OutcomeUnknown, match="no list"):
        Settling(journal, venue, RULES).decide(entry)
    assert venue.slept == []


def test_the_fence_is_that_of_the_attempt_that_can_come_last(journal: Journal) -> None:
    """Which need not be the last attempt: what stamps it can have been set back between them."""
    sent(journal, "weekly", attempt=signed(SIGNED + 500))
    journal.settled(ACCOUNT, "weekly", "absent", Scripted().clock())
    entry = entry_of(journal)
    assert [one.signed for one in entry.suspects] == [SIGNED + 500, SIGNED]
    venue = Scripted()
    venue.now = SIGNED + 100
    with pytest.raises(Later) as caught:
        Settling(journal, venue, RULES).decide(entry)
    assert caught.value.at == SIGNED + 500 + 67 + RULES.settle_delay
    assert venue.done == []
