"""Withdrawals, transfers and closes are sent at most once; a cancel is repeated until known."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from answering import LOST, PAIR, Answering, answering
from journalling import ACCOUNT, sent
from scripted import Free

from exchcli.core.client import Client
from exchcli.errors import NotSent, OnceAbsent, OnceAmbiguous, OutcomeUnknown, Rejected, StateError
from exchcli.exchanges.digifinex import DigiFinex
from exchcli.execution.intent import Closing, Intent, Move, Withdrawal
from exchcli.execution.journal import Journal
from exchcli.execution.others import Cancels, Closings, Moves, Withdrawals, same_withdrawal
from exchcli.execution.placement import Placement
from exchcli.execution.settling import Rules
from exchcli.execution.venue import Venue
from exchcli.records import Cancelled, Transfer

COINS = Withdrawal("BTC", Decimal("0.5"), "bc1-fake")
WITHDRAW = Intent("withdraw", (COINS,))
RULES = Rules(window=5, settle_delay=4, patience=60)


def key() -> str:
    return PAIR.key


def run(
    journal: Journal, venue: Any, transport: Answering, intent: Intent, name: str | None = "k",
    rules: Rules = RULES,
) -> Any:  # fmt: skip
    """Sends it, while time passes only in sleep."""
    venue._sleep = lambda seconds: setattr(transport, "now", transport.now + int(seconds))
    there: Venue = venue
    return Placement(journal, Free(), there, ACCOUNT, rules).run(intent, name)


def row(number: int, amount: str = "0.5", address: str = "bc1-fake") -> dict[str, object]:
    return {
        "id": number, "currency": "BTC", "hash": "", "chain": "", "amount": amount, "memo": "",
        "fee": "0.001", "address": address, "state": 1, "created_date": "2023-11-14 22:13:21",
        "finished_date": "",
    }  # fmt: skip


def rows(*numbers: int) -> dict[str, object]:
    return {"code": 200, "data": [row(number) for number in numbers]}


def test_a_withdrawal_is_told_with_its_id(journal: Journal) -> None:
    good = {"code": 200, "withdraw_id": 9}
    with answering(withdraw_history=[rows(7)], withdraw_new=[good]) as (client, transport):
        venue = Withdrawals(client, DigiFinex(), key, COINS)
        assert run(journal, venue, transport, WITHDRAW).ids == ("9",)
        assert run(journal, venue, transport, WITHDRAW).replayed
        assert transport.sent("/withdraw/new") == 1


def test_a_withdrawal_without_an_answer_is_looked_for_behind_the_ids_that_there_were(
    journal: Journal,
) -> None:
    with answering(withdraw_history=[rows(7), rows(8, 7)], withdraw_new=[LOST]) as (client, there):
        done = run(journal, Withdrawals(client, DigiFinex(), key, COINS), there, WITHDRAW)
    assert (done.ids, done.evidence) == (("8",), "matched")
    assert there.sent("/withdraw/new") == 1


def test_a_withdrawal_is_never_sent_again_not_even_where_that_is_asked_for(
    journal: Journal,
) -> None:
    resend = RULES._replace(on_absent="resend")
    with answering(withdraw_history=[rows(7)], withdraw_new=[LOST]) as (client, there):
        venue = Withdrawals(client, DigiFinex(), key, COINS)
        for _ in range(3):
            with pytest.raises(OnceAbsent):
                run(journal, venue, there, WITHDRAW, rules=resend)
    assert there.sent("/withdraw/new") == 1


def test_an_unknown_withdrawal_says_so_in_capital_letters(journal: Journal) -> None:
    with answering(withdraw_history=[rows(7)], withdraw_new=[LOST]) as (client, there):
        venue = Withdrawals(client, DigiFinex(), key, COINS)
        with pytest.raises(OutcomeUnknown) as caught:
            run(journal, venue, there, WITHDRAW, rules=RULES._replace(patience=0))
        assert "WHETHER THIS WITHDRAW WAS DONE IS NOT KNOWN. DO NOT SEND IT AGAIN" in str(
            caught.value
        )
        with pytest.raises(OutcomeUnknown, match="Nothing was sent now"):  # nor a like one
            run(journal, venue, there, WITHDRAW, None, rules=RULES._replace(patience=0))
    assert there.sent("/withdraw/new") == 1


def test_withdrawals_that_look_the_same_are_for_a_person_to_tell_apart(journal: Journal) -> None:
    with answering(withdraw_history=[rows(7), rows(9, 8, 7)], withdraw_new=[LOST]) as (client, it):
        with pytest.raises(OnceAmbiguous):
            run(journal, Withdrawals(client, DigiFinex(), key, COINS), it, WITHDRAW)


@pytest.mark.parametrize(
    "told",
    [
        {"address": "bc1-****"},
        {"address": "somebody-elses"},
        {"amount": "0.4"},
        {"amount": "0.6", "address": "bc1-****"},
    ],
    ids=str,
)
def test_a_new_withdrawal_that_is_told_otherwise_is_no_proof_that_it_was_not_done(
    journal: Journal, told: dict[str, str]
) -> None:
    listed = {"code": 200, "data": [row(8) | told, row(7)]}
    with answering(withdraw_history=[rows(7), listed], withdraw_new=[LOST]) as (client, it):
        venue = Withdrawals(client, DigiFinex(), key, COINS)
        for _ in range(2):
            with pytest.raises(OnceAmbiguous, match="8 could be k, but is not told as"):
                run(journal, venue, it, WITHDRAW)
    assert it.sent("/withdraw/new") == 1


def test_a_withdrawal_of_another_currency_is_none_of_it(journal: Journal) -> None:
    listed = {"code": 200, "data": [row(8) | {"currency": "ETH"}, row(7)]}
    with answering(withdraw_history=[rows(7), listed], withdraw_new=[LOST]) as (client, it):
        with pytest.raises(OnceAbsent):
            run(journal, Withdrawals(client, DigiFinex(), key, COINS), it, WITHDRAW)


@pytest.mark.parametrize(
    "told", [{"address": "BC1-Fake"}, {"amount": "0.50000000000000004"}], ids=str
)
def test_a_withdrawal_is_found_in_other_letters_and_with_the_noise_of_binary_fractions(
    journal: Journal, told: dict[str, str]
) -> None:
    listed = {"code": 200, "data": [row(8) | told, row(7)]}
    with answering(withdraw_history=[rows(7), listed], withdraw_new=[LOST]) as (client, it):
        venue = Withdrawals(client, DigiFinex(), key, COINS)
        assert run(journal, venue, it, WITHDRAW).ids == ("8",)


def test_the_id_of_an_order_is_no_claim_on_a_withdrawal(journal: Journal) -> None:
    sent(journal, "an order")
    journal.settled(ACCOUNT, "an order", "placed", _now(), ids=["8"], evidence="reply")
    with answering(withdraw_history=[rows(7), rows(8, 7)], withdraw_new=[LOST]) as (client, it):
        venue = Withdrawals(client, DigiFinex(), key, COINS)
        assert run(journal, venue, it, WITHDRAW).ids == ("8",)


def _now() -> Any:
    from exchcli.core.machine import read

    return read()


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({}, True),
        ({"amount": Decimal("0.499")}, True),  # what arrives, without the fee
        ({"amount": Decimal("0.4")}, False),
        ({"currency": "ETH"}, False),
        ({"address": "bc1-other"}, False),
        ({"address": None}, True),
    ],
)
def test_a_withdrawal_is_known_by_its_currency_amount_and_address(
    change: dict[str, Any], same: bool
) -> None:
    one = Transfer(
        "8", "withdrawal", "BTC", None, Decimal("0.5"), Decimal("0.001"), "bc1-fake", None, None,
        "pending", "1",
    )  # fmt: skip
    assert same_withdrawal(COINS, one._replace(**change)) is same


# --- transfers and closes ----------------------------------------------------------------------


def test_a_transfer_without_an_answer_is_for_a_person_to_settle(journal: Journal) -> None:
    wanted = Move("USDT", Decimal(10), "spot", "margin")
    intent = Intent("transfer", (wanted,))
    with answering(transfer=[LOST, {"code": 0}]) as (client, there):
        venue = Moves(client, DigiFinex(), key, wanted)
        for name in ("k", "k", None):
            with pytest.raises(OutcomeUnknown, match=r"NOT KNOWN|Nothing was sent") as caught:
                run(journal, venue, there, intent, name)
            assert "exch journal resolve k" in (caught.value.hint or "")
        assert there.sent("/transfer") == 1


def test_a_transfer_that_is_done_is_done_once(journal: Journal) -> None:
    wanted = Move("USDT", Decimal(10), "spot", "margin")
    with answering(transfer=[{"code": 0}]) as (client, there):
        venue = Moves(client, DigiFinex(), key, wanted)
        for replayed in (False, True):
            done = run(journal, venue, there, Intent("transfer", (wanted,)))
            assert (done.ids, done.replayed) == ((), replayed)
        assert there.sent("/transfer") == 1


def positions(*amounts: str) -> dict[str, object]:
    return {
        "code": 0,
        "positions": [
            {"symbol": "BTC_USDT", "leverage_ratio": "3", "side": "long", "amount": amount,
             "entry_price": "100", "unrealized_pnl": "0", "liquidation_price": "70",
             "liquidation_rate": "0.1"}
            for amount in amounts
        ],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("after", "known"),
    [(positions(), None), (positions("2"), OnceAbsent), (positions("1"), OnceAmbiguous)],
)
def test_a_close_without_an_answer_is_decided_by_the_position(
    journal: Journal, after: dict[str, object], known: type[Exception] | None
) -> None:
    wanted = Closing("BTC_USDT")
    intent = Intent("close", (wanted,))
    answers = {"margin_positions": [positions("2"), after], "margin_position_close": [LOST]}
    with answering(**answers) as (client, there):
        venue = Closings(client, DigiFinex(), key, wanted)
        if known is None:
            assert run(journal, venue, there, intent).evidence == "matched"
        else:
            with pytest.raises(known):
                run(journal, venue, there, intent)
        assert there.sent("/margin/position/close") == 1


# --- cancels -----------------------------------------------------------------------------------


def state_of(status: int) -> dict[str, object]:
    data = {"order_id": "a", "symbol": "BTC_USDT", "type": "buy", "price": "1", "amount": "1",
            "executed_amount": "0", "avg_price": "0", "status": status, "created_date": 1,
            "finished_date": 0, "detail": []}  # fmt: skip
    return {"code": 0, "data": data}


DONE = {"code": 0, "success": ["a"], "error": []}


def canceled(journal: Journal, client: Client) -> list[Cancelled]:
    return Cancels(journal, ACCOUNT, client, DigiFinex()).orders(["a"], "spot")


def test_a_cancel_is_written_down_like_everything_else(journal: Journal) -> None:
    with answering(spot_order_cancel=[DONE]) as (client, _):
        assert canceled(journal, client) == [Cancelled("a", "canceled")]
    (entry,) = journal.entries()
    assert (entry.command, entry.state) == ("cancel", "placed")


def test_a_cancel_without_an_answer_is_decided_by_the_order(journal: Journal) -> None:
    answers = {"spot_order_cancel": [LOST], "spot_order_detail": [state_of(3)]}
    with answering(**answers) as (client, there):
        assert canceled(journal, client) == [Cancelled("a", "canceled")]
        assert there.sent("/spot/order/cancel") == 1


def test_a_cancel_is_sent_again_while_the_order_is_open(journal: Journal) -> None:
    answers = {"spot_order_cancel": [LOST, DONE], "spot_order_detail": [state_of(0)]}
    with answering(**answers) as (client, there):
        assert canceled(journal, client) == [Cancelled("a", "canceled")]
        assert there.sent("/spot/order/cancel") == 2


def test_a_refusal_of_the_second_cancel_may_be_because_of_the_first(journal: Journal) -> None:
    answers = {"spot_order_cancel": [LOST, {"code": 20013}],
               "spot_order_detail": [state_of(0), state_of(4)]}  # fmt: skip
    with answering(**answers) as (client, _):
        assert canceled(journal, client) == [Cancelled("a", "partially_canceled")]


def test_a_refusal_of_the_first_is_one(journal: Journal) -> None:
    with answering(spot_order_cancel=[{"code": 20013}]) as (client, _):
        with pytest.raises(Rejected):
            canceled(journal, client)
    assert journal.entries()[0].state == "rejected"


def test_a_cancel_of_which_nothing_can_be_found_out_is_unknown_and_safe_to_repeat(
    journal: Journal,
) -> None:
    answers = {"spot_order_cancel": [LOST], "spot_order_detail": [LOST]}
    with answering(**answers) as (client, there):
        with pytest.raises(OutcomeUnknown) as caught:
            canceled(journal, client)
        assert there.sent("/spot/order/cancel") == 3
    assert "safe to repeat" in (caught.value.hint or "")
    assert journal.entries()[0].state == "unknown"


def test_a_cancel_that_was_not_sent_is_not_repeated(journal: Journal) -> None:
    with answering(spot_order_cancel=[NotSent("refused")]) as (client, _):
        with pytest.raises(NotSent):
            canceled(journal, client)


def test_a_cancel_is_not_sent_where_it_cannot_be_written_down(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object) -> None:
        raise StateError("The disk is full.")

    monkeypatch.setattr(journal, "sending", full)
    with answering(spot_order_cancel=[DONE]) as (client, there):
        with pytest.raises(StateError):
            canceled(journal, client)
        assert there.asked == []


def test_a_withdrawal_that_was_canceled_without_an_answer_is_decided_by_its_state(
    journal: Journal,
) -> None:
    gone = {"code": 200, "data": [{**row(8), "state": 4}]}
    with answering(withdraw_cancel=[LOST], withdraw_history=[gone]) as (client, there):
        cancels = Cancels(journal, ACCOUNT, client, DigiFinex())
        assert cancels.withdrawal("8") == Cancelled("8", "canceled")
        assert there.sent("/withdraw/cancel") == 1
