"""Orders that no journal knows, and those that came though they were given up."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from journalling import ACCOUNT, NEW, NOW, sent
from scripted import SIGNED, listed

from exchcli.execution.audit import LATEST, audit
from exchcli.execution.journal import Journal

START = datetime.fromtimestamp(SIGNED - 3600, UTC)


def test_what_the_journal_knows_is_not_odd(journal: Journal) -> None:
    sent(journal, "weekly")
    journal.settled(ACCOUNT, "weekly", "placed", NOW, ids=["77"], evidence="reply")
    assert audit(journal, ACCOUNT, [listed("77")], START) == []


def test_an_order_that_came_though_it_was_settled_as_absent_is_a_ghost(journal: Journal) -> None:
    sent(journal, "weekly")
    journal.settled(ACCOUNT, "weekly", "absent", NOW)
    late = listed("77", created=SIGNED + 67 + LATEST)
    (found,) = audit(journal, ACCOUNT, [late, listed("older")], START)[:1]
    assert (found.finding, found.order_id, found.key) == ("ghost", "77", "weekly")


def test_an_order_that_looks_like_none_that_was_sent_is_a_stranger(journal: Journal) -> None:
    sent(journal, "weekly")
    journal.settled(ACCOUNT, "weekly", "absent", NOW)
    rows = [
        listed("older"),
        listed("77", NEW._replace(amount=Decimal(9))),
        listed("78", created=SIGNED - 100),
    ]
    found = audit(journal, ACCOUNT, rows, START)
    assert [(one.finding, one.key) for one in found] == [("stranger", None)] * 3


def test_an_order_that_was_placed_and_is_not_listed_is_missing(journal: Journal) -> None:
    sent(journal, "weekly")
    journal.settled(ACCOUNT, "weekly", "placed", NOW, ids=["77"], evidence="reply")
    (found,) = audit(journal, ACCOUNT, [], START)
    assert (found.finding, found.order_id, found.key) == ("missing", "77", "weekly")
    assert audit(journal, ACCOUNT, [], datetime.fromtimestamp(SIGNED + 60, UTC)) == []


def test_other_exchanges_are_not_compared(journal: Journal) -> None:
    other = ACCOUNT._replace(url="https://sandbox.invalid/v3")
    sent(journal, "weekly", account=other)
    journal.settled(other, "weekly", "placed", NOW, ids=["77"], evidence="reply")
    assert [one.finding for one in audit(journal, ACCOUNT, [listed("77")], START)] == ["stranger"]
