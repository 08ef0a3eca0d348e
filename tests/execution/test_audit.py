"""Orders that no journal knows, and those that came though they were given up."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from journalling import ACCOUNT, NEW, NOW, at, sent, signed
from scripted import SIGNED, listed

from exchcli.execution.audit import LATEST, audit
from exchcli.execution.intent import Closing, Intent, batch
from exchcli.execution.journal import Journal
from exchcli.records import JournalState, Sighting, Snapshot

D = Decimal
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


@pytest.mark.parametrize("state", ["sending", "unknown", "ambiguous"])
def test_an_order_of_what_is_not_settled_yet_is_no_ghost(
    journal: Journal, state: JournalState
) -> None:
    sent(journal, "given up")
    journal.settled(ACCOUNT, "given up", "absent", NOW)
    sent(journal, "wb#1", batch([NEW, NEW]))
    if state != "sending":
        journal.settled(ACCOUNT, "wb#1", state, NOW, reason="may be 77, 78")
    found = audit(journal, ACCOUNT, [listed("77"), listed("78")], START)
    assert [(one.finding, one.key) for one in found] == [("unsettled", "wb#1")] * 2


@pytest.mark.parametrize(
    ("change", "own"),
    [
        ({}, True),
        ({"amount": None}, True),  # the money of a buy is no amount
        ({"amount": D("0.4")}, False),
        ({"side": "buy"}, False),
        ({"type": "limit"}, False),
        ({"market": "spot"}, False),
        ({"symbol": "ETH_USDT"}, False),
        ({"created": START}, False),
        ({"created": None}, False),
    ],
)
def test_the_order_of_a_close_is_known_by_what_it_closed(
    journal: Journal, change: dict[str, Any], own: bool
) -> None:
    before = Snapshot(None, ("long 0.5 9000",), SIGNED)
    close = Intent("close", (Closing("BTC_USDT"),))
    journal.sending(ACCOUNT, "c", close, before, signed(when=at(0)))
    journal.settled(ACCOUNT, "c", "placed", at(1), evidence="reply")
    order = listed("77", NEW._replace(side="sell", amount=D("0.5"))).order
    order = order._replace(type="market", price=None, market="margin")
    found = audit(journal, ACCOUNT, [Sighting(order._replace(**change))], START)
    assert [one.finding for one in found] == ([] if own else ["stranger"])


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
