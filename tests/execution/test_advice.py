"""What a person is told of an intent, and the next step that works."""

from __future__ import annotations

from decimal import Decimal

import pytest
from answering import LOST, PAIR, answering
from journalling import ACCOUNT, BUY, NEW, sent
from scripted import SIGNED, Free, Scripted, listed, placement

from exchcli.errors import OnceAbsent, OnceAmbiguous, OnceConflict, OutcomeUnknown
from exchcli.exchanges.digifinex import DigiFinex
from exchcli.execution.advice import ambiguity, deciding, finding_out, spoken
from exchcli.execution.intent import Cancelling, Closing, Intent, Item, Move, Withdrawal, batch
from exchcli.execution.journal import Journal
from exchcli.execution.others import Moves
from exchcli.execution.placement import Placement
from exchcli.execution.settling import Rules

D = Decimal
MOVE = Move("USDT", D("10.0"), "margin", "spot")


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (NEW, "buy 0.01 BTC_USDT at 30000"),
        (NEW._replace(amount=None, price=None, spend=D(9)),
         "buy BTC_USDT for 9 at the market's price"),
        (NEW._replace(stop=D(5), post_only=True, market="margin"),
         "buy 0.01 BTC_USDT at 30000 with the stop 5 post-only on margin"),
        (Withdrawal("USDT", D("2.50"), "an-address", "ERC20", "7", True),
         "withdraw 2.5 USDT to the user an-address on ERC20 with the memo 7"),
        (MOVE, "move 10 USDT from margin to spot"),
        (Closing("BTC_USDT"), "close the position on BTC_USDT"),
        (Cancelling("77", "spot"), "cancel 77"),
    ],
)  # fmt: skip
def test_an_intent_is_told_in_words(item: Item, words: str) -> None:
    assert spoken(Intent("x", (item,))) == words


def test_of_a_batch_some_orders_are_told() -> None:
    told = spoken(Intent("batch 1/2 of ab12", (NEW,) * 5))
    one = "buy 0.01 BTC_USDT at 30000"
    assert told == f"batch 1/2 of ab12 ({one}, {one}, {one} and 2 more)"


def test_a_key_of_something_else_tells_that_in_words(journal: Journal) -> None:
    placement(journal, Scripted([["77"]])).run(BUY, "weekly")
    other = Intent("buy", (NEW._replace(amount=D(2)),))
    with pytest.raises(OnceConflict, match=r"else: buy 0.01 BTC_USDT at 30000\.$"):
        placement(journal, Scripted()).run(other, "weekly")


def test_a_part_of_a_batch_is_repeated_by_the_file_s_key() -> None:
    assert "Run the same file again with --once wb," in finding_out("wb#1")
    assert "`exch journal resolve wb#1`" in finding_out("wb#1")


def test_what_looks_the_same_is_not_repeated_by_the_command_that_waits_for_it(
    journal: Journal,
) -> None:
    sent(journal, "wb#1")
    venue = Scripted([["9"]])
    with pytest.raises(OutcomeUnknown, match="which looks the same") as caught:
        placement(journal, venue, Rules(60, 4)).run(BUY, "mine")
    assert (caught.value.hint or "").startswith("`exch journal resolve wb#1` finds out")
    assert "--once" not in (caught.value.hint or "")


def test_an_unknown_transfer_names_the_way_to_look_and_to_decide(journal: Journal) -> None:
    with answering(transfer=[LOST]) as (client, _):
        venue = Moves(client, DigiFinex(), lambda: PAIR.key, MOVE)
        rules = Rules(window=5, settle_delay=4)
        there = Placement(journal, Free(), venue, ACCOUNT, rules)
        for do in (lambda: there.run(Intent("transfer", (MOVE,)), "t"), lambda: there.settle("t")):
            with pytest.raises(OutcomeUnknown) as caught:
                do()
            assert caught.value.hint == (
                "`exch dfx account ledger USDT` shows whether 10 USDT went from margin to spot. "
                "Then `exch journal resolve t --done`, or --none."
            )


def test_a_transfer_between_other_accounts_is_looked_for_where_it_came_from() -> None:
    told = deciding("t", "dfx", [MOVE._replace(target="otc")])
    assert told.startswith("`exch dfx account ledger USDT --margin` shows")


def test_a_close_is_decided_by_its_position() -> None:
    told = deciding("c", "dfx", [Closing("BTC_USDT")])
    assert "margin positions BTC_USDT" in told
    assert "resolve c --done`" in told
    assert "another one than before" in ambiguity("c", [Closing("BTC_USDT")], ["x", "y"])


def test_an_absent_withdrawal_is_not_told_to_be_sent_again(journal: Journal) -> None:
    intent = Intent("withdrawal", (Withdrawal("BTC", D(1)),))
    sent(journal, "w", intent)
    venue = Scripted()
    venue.now = SIGNED + 100
    with pytest.raises(OnceAbsent) as caught:
        placement(journal, venue).run(intent, "w")
    assert "on-absent" not in (caught.value.hint or "")
    assert "another --once KEY" in (caught.value.hint or "")


def test_an_ambiguous_batch_tells_all_that_it_may_be_and_how_to_name_them(
    journal: Journal,
) -> None:
    many = batch([NEW, NEW])
    sent(journal, "wb#1", many)
    venue = Scripted(listings=[[listed("77"), listed("78"), listed("79")]])
    venue.now = SIGNED + 100
    for _ in range(2):  # when it is found out, and whenever it is asked for again
        with pytest.raises(OnceAmbiguous) as caught:
            placement(journal, venue).run(many, "wb#1")
        assert caught.value.message == "Several orders could be the 2 of wb#1: 77, 78, 79."
        assert "`exch journal resolve wb#1 --order ID,ID,...`" in (caught.value.hint or "")
    (entry,) = journal.named("wb#1")
    assert entry.candidates == ("77", "78", "79")


def test_a_part_of_what_is_all_or_nothing_is_told_as_that(journal: Journal) -> None:
    assert ambiguity("wb#1", [NEW, NEW], ["77"]) == (
        "wb#1 is 2 orders, all or none, and 1 of them were seen: 77."
    )


def test_what_is_not_ambiguous_has_no_candidates(journal: Journal) -> None:
    sent(journal, "weekly")
    (entry,) = journal.named("weekly")
    assert entry.candidates == ()
