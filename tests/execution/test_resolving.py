"""A person's decision: what it settles, and what it cannot."""

from __future__ import annotations

import pytest
from journalling import ACCOUNT, BUY, NEW, NOW, sent
from scripted import RULES, SIGNED, Free, Scripted, placement

from exchcli.errors import OnceAbsent, OnceConflict, OutcomeUnknown, UsageError
from exchcli.execution.intent import batch
from exchcli.execution.journal import Journal
from exchcli.execution.placement import Done
from exchcli.execution.resolving import resolve


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
