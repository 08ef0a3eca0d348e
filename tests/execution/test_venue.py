"""The protocol over the real client and DigiFinex's flows, without a network."""

from __future__ import annotations

from typing import Any

import pytest
from answering import LOST, PAIR, Answering, answering
from journalling import ACCOUNT, BUY, NEW
from scripted import Free

from exchcli.errors import NotSent, OnceAbsent, RateLimited, Rejected
from exchcli.exchanges.digifinex import DigiFinex
from exchcli.execution.intent import batch
from exchcli.execution.journal import Journal
from exchcli.execution.placement import Placement
from exchcli.execution.settling import Rules
from exchcli.execution.venue import Orders

RULES = Rules(window=5, settle_delay=4, patience=60)
NONE = {"code": 0, "data": []}

ID = "3fb0d98e51c18954f10d439a9cf57de0"


def rows(*ids: str) -> dict[str, Any]:
    return {
        "code": 0,
        "data": [
            {"order_id": one, "symbol": "BTC_USDT", "type": "buy", "price": "30000.00",
             "amount": "0.0100", "executed_amount": "0", "avg_price": "0", "status": "0",
             "created_date": 1_700_000_000, "finished_date": 0}
            for one in ids
        ],
    }  # fmt: skip


def placement(journal: Journal, client: Any, transport: Answering, *news: Any) -> Placement:
    def sleep(seconds: float) -> None:
        transport.now += int(seconds)

    venue = Orders(client, DigiFinex(), lambda: PAIR.key, news or (NEW,), sleep=sleep)
    return Placement(journal, Free(), venue, ACCOUNT, RULES)


def test_an_order_is_placed_and_its_api_key_is_not_in_the_journal(journal: Journal) -> None:
    answers = {"spot_order_current": [NONE], "spot_order_history": [NONE],
               "spot_order_new": [{"code": 0, "order_id": ID}]}  # fmt: skip
    with answering(**answers) as (client, transport):
        done = placement(journal, client, transport).run(BUY, "weekly")
    assert (done.ids, done.evidence) == ((ID,), "reply")
    (entry,) = journal.entries()
    assert PAIR.key not in repr(entry)
    assert entry.attempts[0].signed in (1_700_000_000, 1_699_999_999)


def test_an_order_whose_answer_was_lost_is_found_in_the_lists(journal: Journal) -> None:
    answers = {"spot_order_current": [rows("older"), rows("older", ID)],
               "spot_order_history": [NONE], "spot_order_new": [LOST]}  # fmt: skip
    with answering(**answers) as (client, transport):
        done = placement(journal, client, transport).run(BUY, "weekly")
        assert (done.ids, done.evidence) == ((ID,), "matched")
        assert transport.sent("/spot/order/new") == 1


def test_an_order_that_never_came_is_proven_absent(journal: Journal) -> None:
    answers = {"spot_order_current": [rows("older")], "spot_order_history": [NONE],
               "spot_order_new": [LOST]}  # fmt: skip
    with answering(**answers) as (client, transport):
        with pytest.raises(OnceAbsent):
            placement(journal, client, transport).run(BUY, "weekly")
        assert transport.sent("/spot/order/current") == 3


def test_a_batch_is_placed_in_one_call(journal: Journal) -> None:
    news = (NEW, NEW._replace(side="sell"))
    answers = {"spot_order_current": [NONE], "spot_order_history": [NONE]}
    with answering(**answers) as (client, transport):
        transport.answers["/spot/order/batch_new"] = [{"code": 0, "order_ids": [ID, ID[::-1]]}]
        done = placement(journal, client, transport, *news).run(batch(news), "many")
    assert done.ids == (ID, ID[::-1])


@pytest.mark.parametrize(
    ("answer", "kind", "state"),
    [
        ({"code": 20011}, Rejected, "rejected"),
        ({"code": 10005}, RateLimited, "rejected"),
        (NotSent("refused"), NotSent, "not_sent"),
    ],
)
def test_what_did_not_happen_is_written_down_as_that(
    journal: Journal, answer: Any, kind: type[Exception], state: str
) -> None:
    answers = {"spot_order_current": [NONE], "spot_order_history": [NONE],
               "spot_order_new": [answer]}  # fmt: skip
    with answering(**answers) as (client, transport), pytest.raises(kind):
        placement(journal, client, transport).run(BUY, "weekly")
    assert journal.entries()[0].state == state
