"""A key of `--once` that was used with one API key, and is used again with another."""

from __future__ import annotations

import pytest
from answering import LOST, PAIR, answering
from journalling import BUY, NEW, sent
from scripted import Scripted, placement

from exchcli.errors import OnceConflict, OutcomeUnknown
from exchcli.exchanges.digifinex import DigiFinex
from exchcli.execution.intent import Withdrawal
from exchcli.execution.journal import Journal
from exchcli.execution.others import Withdrawals
from exchcli.execution.venue import Orders


def another_key(*shown: str) -> Scripted:
    venue = Scripted()
    venue.key, venue.shown = "another", set(shown)
    return venue


def test_an_order_of_another_account_is_not_answered_as_this_one_s(journal: Journal) -> None:
    placement(journal, Scripted([["77"]])).run(BUY, "weekly")
    venue = another_key()
    with pytest.raises(OnceConflict, match=r"another API key or account.*, as 77") as caught:
        placement(journal, venue).run(BUY, "weekly")
    assert "--profile" in (caught.value.hint or "")
    assert venue.done == ["show"]


def test_a_key_that_was_rotated_answers_what_the_one_before_it_placed(journal: Journal) -> None:
    placement(journal, Scripted([["77"]])).run(BUY, "weekly")
    done = placement(journal, another_key("77")).run(BUY, "weekly")
    assert (done.ids, done.replayed) == (("77",), True)


def test_the_same_key_need_not_ask(journal: Journal) -> None:
    placement(journal, Scripted([["77"]])).run(BUY, "weekly")
    venue = Scripted()
    placement(journal, venue).run(BUY, "weekly")
    assert venue.done == []


def test_what_another_key_sent_without_an_answer_is_for_a_person_to_look_for(
    journal: Journal,
) -> None:
    sent(journal, "weekly")
    with pytest.raises(OutcomeUnknown, match="with another API key") as caught:
        placement(journal, another_key()).run(BUY, "weekly")
    assert "order list --history" in (caught.value.hint or "")
    assert "exch journal resolve weekly --order ID" in (caught.value.hint or "")


def order(symbol: str = "btc_usdt", amount: str = "0.01") -> dict[str, object]:
    data = {"order_id": "77", "symbol": symbol, "type": "buy", "price": "30000", "amount": amount,
            "executed_amount": "0", "avg_price": "0", "status": 0, "created_date": 1,
            "finished_date": 0, "detail": []}  # fmt: skip
    return {"code": 0, "data": data}


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        (order(), True),
        (order(amount="0.02"), False),  # an account that counts its ids for itself
        (order("eth_usdt"), False),
        ({"code": 20013}, False),
    ],
)
def test_an_account_shows_an_order_that_is_there_and_looks_like_it(
    answer: dict[str, object], shown: bool
) -> None:
    with answering(spot_order_detail=[answer]) as (client, _):
        venue = Orders(client, DigiFinex(), lambda: PAIR.key, [NEW])
        assert venue.shows([NEW], ["77"]) is shown


def test_an_account_that_cannot_be_asked_says_nothing() -> None:
    with answering(spot_order_detail=[LOST]) as (client, _):
        with pytest.raises(type(LOST)):
            Orders(client, DigiFinex(), lambda: PAIR.key, [NEW]).shows([NEW], ["77"])


def test_a_withdrawal_is_looked_for_in_the_list_of_withdrawals() -> None:
    wanted = Withdrawal("BTC", NEW.amount or 0, "bc1-fake")  # type: ignore[arg-type]
    row = {"id": 8, "currency": "BTC", "hash": "", "chain": "", "amount": "0.01", "memo": "",
           "fee": "0", "address": "bc1-fake", "state": 3, "created_date": "2023-11-14 22:13:21",
           "finished_date": ""}  # fmt: skip
    with answering(withdraw_history=[{"code": 200, "data": [row]}]) as (client, _):
        venue = Withdrawals(client, DigiFinex(), lambda: PAIR.key, wanted)
        assert venue.shows([wanted], ["8"])
        assert not venue.shows([wanted], ["7"])
        assert not venue.shows([wanted], [])
