"""A person's decision: what it settles, and what it cannot."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from journalling import ACCOUNT, BUY, NEW, NOW, sent
from scripted import RULES, SIGNED, Free, Scripted, listed, placement

from exchcli.errors import OnceAbsent, OnceConflict, OutcomeUnknown, UsageError
from exchcli.execution.endings import Done
from exchcli.execution.intent import Intent, Move, Withdrawal, batch
from exchcli.execution.journal import Entry, Journal
from exchcli.execution.resolving import in_order, resolve
from exchcli.records import NewOrder, Order, Transfer


def test_an_order_that_a_person_found_is_that_keys_for_good(journal: Journal) -> None:
    sent(journal, "weekly")
    entry = resolve(journal, Free(), ACCOUNT, "weekly", ["77"])
    assert (entry.state, entry.evidence, entry.ids) == ("placed", "manual", ("77",))
    venue = Scripted()
    assert placement(journal, venue).run(BUY, "weekly") == Done("weekly", ("77",), "manual", True)
    assert venue.done == []


def test_none_is_absent_and_sent_again_only_where_that_is_asked_for(journal: Journal) -> None:
    sent(journal, "weekly")
    assert resolve(journal, Free(), ACCOUNT, "weekly", []).state == "absent"
    with pytest.raises(OnceAbsent):
        placement(journal, Scripted()).run(BUY, "weekly")
    venue = Scripted([["78"]], [[]])
    venue.now = SIGNED + 100
    resend = RULES._replace(on_absent="resend")
    assert placement(journal, venue, resend).run(BUY, "weekly").ids == ("78",)


def test_who_says_none_too_early_does_not_get_it_twice(journal: Journal) -> None:
    """The order may still arrive; nothing that looks the same is sent before it cannot."""
    sent(journal, "weekly")
    resolve(journal, Free(), ACCOUNT, "weekly", [])
    venue = Scripted([["78"]])
    with pytest.raises(OutcomeUnknown, match="Nothing was sent"):
        placement(journal, venue).run(BUY, "another")
    assert venue.done == []
    venue.now = SIGNED + 71
    assert placement(journal, venue).run(BUY, "another").ids == ("78",)
    later = Scripted([["79"]])
    assert placement(journal, later).run(BUY, "third").ids == ("79",)  # it is not asked again


def test_an_earlier_attempt_that_came_late_is_given_to_a_key_that_was_refused_since(
    journal: Journal,
) -> None:
    sent(journal, "weekly")
    journal.settled(ACCOUNT, "weekly", "absent", NOW)
    sent(journal, "weekly")
    journal.settled(ACCOUNT, "weekly", "rejected", NOW)
    assert resolve(journal, Free(), ACCOUNT, "weekly", ["77"]).ids == ("77",)


def test_what_was_refused_alone_and_what_was_answered_is_not_for_a_person(
    journal: Journal,
) -> None:
    sent(journal, "refused")
    journal.settled(ACCOUNT, "refused", "rejected", NOW)
    sent(journal, "placed")
    journal.settled(ACCOUNT, "placed", "absent", NOW)
    sent(journal, "placed")
    journal.settled(ACCOUNT, "placed", "placed", NOW, ids=["77"], evidence="reply")
    for key in ("refused", "placed"):
        with pytest.raises(UsageError, match=f"What became of {key} is known"):
            resolve(journal, Free(), ACCOUNT, key, ["78"])


def test_an_order_of_another_key_is_not_given_away(journal: Journal) -> None:
    sent(journal, "a")
    journal.settled(ACCOUNT, "a", "placed", NOW, ids=["77"], evidence="reply")
    sent(journal, "b")
    with pytest.raises(OnceConflict, match="77 belongs to another key"):
        resolve(journal, Free(), ACCOUNT, "b", ["77"])


@pytest.mark.parametrize("state", ["placed", "rejected", "not_sent"])
def test_what_is_known_is_not_decided(journal: Journal, state: str) -> None:
    sent(journal, "weekly")
    journal.settled(ACCOUNT, "weekly", state, NOW, ids=["1"] if state == "placed" else [])  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="is known"):
        resolve(journal, Free(), ACCOUNT, "weekly", [])


def test_a_key_that_nobody_knows_is_told(journal: Journal) -> None:
    with pytest.raises(UsageError, match="has no weekly"):
        resolve(journal, Free(), ACCOUNT, "weekly", [])


def test_of_a_batch_every_order_is_named(journal: Journal) -> None:
    sent(journal, "many", batch([NEW, NEW]))
    with pytest.raises(UsageError, match="2 orders, not 1"):
        resolve(journal, Free(), ACCOUNT, "many", ["1", "1"])
    assert resolve(journal, Free(), ACCOUNT, "many", ["1", "2"]).ids == ("1", "2")


def test_a_decision_may_be_changed_by_another_one(journal: Journal) -> None:
    sent(journal, "weekly")
    assert resolve(journal, Free(), ACCOUNT, "weekly", ["77"]).ids == ("77",)
    assert resolve(journal, Free(), ACCOUNT, "weekly", ["78"]).ids == ("78",)
    entry = resolve(journal, Free(), ACCOUNT, "weekly", [])
    assert (entry.state, entry.ids) == ("absent", ())
    # What was sent may still arrive: that it was taken for placed has not changed that.
    assert [attempt.state for attempt in entry.suspects] == ["absent"]
    venue = Scripted([["79"]])
    with pytest.raises(OutcomeUnknown, match="Nothing was sent"):
        placement(journal, venue).run(BUY, "another")
    assert resolve(journal, Free(), ACCOUNT, "weekly", ["77"]).state == "placed"


MOVE = Move("USDT", Decimal(10), "spot", "margin")


def test_what_has_no_id_is_done_or_not(journal: Journal) -> None:
    sent(journal, "t", Intent("transfer", (MOVE,)))
    with pytest.raises(UsageError, match="A transfer has no id") as caught:
        resolve(journal, Free(), ACCOUNT, "t", ["77"])
    assert "--done" in (caught.value.hint or "")
    entry = resolve(journal, Free(), ACCOUNT, "t", [], done=True)
    assert (entry.state, entry.evidence, entry.ids) == ("placed", "manual", ())
    assert placement(journal, Scripted()).run(Intent("transfer", (MOVE,)), "t").replayed


def test_what_has_an_id_is_not_done_without_it(journal: Journal) -> None:
    sent(journal, "weekly")
    with pytest.raises(UsageError, match="Which one it is") as caught:
        resolve(journal, Free(), ACCOUNT, "weekly", [], done=True)
    assert "--order ID" in (caught.value.hint or "")


def order(order_id: str, **change: Any) -> Order:
    return listed(order_id).order._replace(**change)


def entry_of(journal: Journal, *news: NewOrder) -> Entry:
    sent(journal, "weekly", batch(news) if len(news) > 1 else Intent("buy", news))
    return journal.named("weekly")[0]


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (None, "shows no 77"),
        (order("77", symbol="ETH_USDT"), "77 is of ETH_USDT in the spot account, and weekly was"),
        (order("77", market="margin"), "in the margin account"),
        (order("77", side="sell"), "77 is a sell, and weekly was to buy 0.01 BTC_USDT at 30000"),
        (order("77", type="market", price=None), "77 is a market order"),
        (order("77", price=Decimal(1)), "77 is at 1"),
        (order("77", amount=Decimal(2)), "77 is of 2"),
        (order("77", amount=None), None),
        (order("77"), None),
    ],
)
def test_an_order_that_cannot_be_it_is_not_believed(
    journal: Journal, found: Order | None, why: str | None
) -> None:
    entry = entry_of(journal, NEW)
    there = {} if found is None else {"77": found}
    if why is None:
        assert in_order(entry, ["77"], there) == ("77",)
    else:
        with pytest.raises(UsageError, match=why):
            in_order(entry, ["77"], there)


def test_an_order_that_was_there_before_is_not_believed(journal: Journal) -> None:
    with pytest.raises(UsageError, match="was there before"):
        in_order(entry_of(journal, NEW), ["older"], {"older": order("older")})


def test_the_orders_of_a_batch_find_their_own_order(journal: Journal) -> None:
    entry = entry_of(journal, NEW, NEW._replace(amount=Decimal(2)), NEW)
    there = {
        "a": order("a", amount=Decimal(2)),
        "b": order("b"),
        "c": order("c"),
    }
    assert in_order(entry, ["a", "b", "c"], there) == ("b", "a", "c")


def test_a_withdrawal_is_known_by_what_it_is(journal: Journal) -> None:
    wanted = Withdrawal("BTC", Decimal(1), "an-address")
    sent(journal, "w", Intent("withdrawal", (wanted,)))
    (entry,) = journal.named("w")
    row = Transfer(
        "8", "withdrawal", "BTC", None, Decimal(1), None, "an-address", None, None, "pending", "1"
    )
    assert in_order(entry, ["8"], {"8": row}) == ("8",)
    with pytest.raises(UsageError, match="something else"):
        in_order(entry, ["8"], {"8": row._replace(currency="ETH")})
