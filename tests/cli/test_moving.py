"""transfer new, withdraw new and cancel, margin close: money that moves once or not at all."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from running import Exch, Ran

from exchcli.cli import moving

D = Decimal


def done(ran: Ran) -> Any:
    assert (ran.code, ran.err) == (0, "")
    return json.loads(ran.out)


def error(ran: Ran) -> Any:
    assert ran.out == ""
    return json.loads(ran.err)["error"]


def free(exch: Exch, currency: str, *words: str) -> Decimal:
    rows = done(exch("dfx", "balances", *words))
    return sum((D(row["free"]) for row in rows if row["currency"] == currency), D(0))


def test_a_transfer_moves_money_once_under_its_key(still: Exch) -> None:
    spot, margin = free(still, "USDT"), free(still, "USDT", "--margin")
    words = ["dfx", "transfer", "new", "usdt", "10.5", "--from", "spot", "--to", "margin"]
    first = done(still(*words, "--yes", "--once", "t"))
    assert first == {
        "id": None,
        "kind": "transfer",
        "currency": "USDT",
        "chain": None,
        "amount": "10.5",
        "fee": None,
        "address": None,
        "memo": None,
        "hash": None,
        "status": "completed",
        "exchange_status": None,
        "created": None,
        "updated": None,
        "once": "t",
        "replayed": False,
        "evidence": "reply",
    }
    assert done(still(*words, "--yes", "--once", "t")) == {**first, "replayed": True}
    assert free(still, "USDT") == spot - D("10.5")
    assert free(still, "USDT", "--margin") == margin + D("10.5")


def test_a_transfer_is_asked_about_with_the_name_of_the_exchange(still: Exch) -> None:
    words = ["dfx", "transfer", "new", "usdt", "1", "--from", "spot", "--to", "margin"]
    ran = still(*words, terminal=True, typed="n\n")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("Move 1 USDT from spot to margin on DigiFinex? [y/N]")


def test_the_accounts_of_a_transfer_are_named_in_any_case(still: Exch) -> None:
    words = ["dfx", "transfer", "new", "usdt", "1", "--dry-run"]
    plain = done(still(*words, "--from", "spot", "--to", "margin"))
    assert done(still(*words, "--from", "SPOT", "--to", "Margin")) == plain


def test_a_transfer_that_cannot_be_is_told(still: Exch) -> None:
    words = ["dfx", "transfer", "new", "usdt"]
    ran = still(*words, "99999999", "--from", "spot", "--to", "margin", "--yes")
    assert ran.code == 2
    assert "99999999 USDT are more than the" in error(ran)["message"]
    ran = still(*words, "1", "--from", "spot", "--to", "spot", "--yes")
    assert ran.code == 2
    ran = still(*words, "1", "--from", "margin", "--to", "otc", "--yes")
    assert (ran.code, error(ran)["code"]) == (4, "20023")
    assert "by way of the spot account" in error(ran)["hint"]
    assert still(*words, "1", "--from", "spot", "--to", "margin").code == 2


def test_a_withdrawal_of_dgtmarket_goes_to_the_address_that_is_shown_first(still: Exch) -> None:
    words = ["dgt", "withdraw", "new", "btc", "0.1"]
    ran = still(*words, terminal=True, typed="n\n")
    assert ran.code == 2
    lines = ran.err.splitlines()
    address = next(
        row["withdraw_address"]
        for row in done(still("dgt", "balances"))
        if row["currency"] == "BTC"
    )
    assert lines[0] == f"On Dgtmarket: withdraw 0.1 BTC to {address}"
    assert f"Withdraw 0.1 BTC to {address}? It cannot be called back. [y/N]" in ran.err
    withdrawn = done(still(*words, "--yes", "--once", "w"))
    assert (withdrawn["kind"], withdrawn["address"], withdrawn["status"]) == (
        "withdrawal",
        address,
        "pending",
    )
    assert (withdrawn["once"], withdrawn["replayed"]) == ("w", False)
    assert done(still(*words, "--yes", "--once", "w")) == {**withdrawn, "replayed": True}
    rows = done(still("dgt", "transfer", "list", "btc"))
    assert [row["id"] for row in rows if row["amount"] == "0.10000000"] == [withdrawn["id"]]


def test_a_withdrawal_of_digifinex_can_be_canceled(still: Exch) -> None:
    own = done(still("dfx", "withdraw", "list", "usdt"))[0]
    words = [
        "dfx",
        "withdraw",
        "new",
        "usdt",
        "20",
        "--address",
        own["address"],
        "--chain",
        "ERC20",
    ]
    withdrawn = done(still(*words, "--yes"))
    assert (withdrawn["currency"], withdrawn["address"]) == ("USDT", own["address"])
    canceled = done(still("dfx", "withdraw", "cancel", withdrawn["id"], "--yes"))
    assert canceled == {"id": withdrawn["id"], "status": "rejected"}
    listed = done(still("dfx", "withdraw", "list", "usdt", "--from-id", withdrawn["id"]))[0]
    assert {name: listed[name] for name in canceled} == canceled  # one word for one thing
    ran = still("dfx", "withdraw", "cancel", withdrawn["id"], "--yes", terminal=True)
    assert ran.err.startswith(
        f"exch: the withdrawal {withdrawn['id']} is canceled; "
        "DigiFinex's word for that is rejected."
    )
    assert done(still("dfx", "withdraw", "cancel", withdrawn["id"], "--yes")) == canceled
    assert still("dfx", "withdraw", "cancel", "999999", "--yes").code == 4


def test_one_whose_cancel_is_not_in_the_list_yet_is_canceled(
    still: Exch, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = done(still("dfx", "withdraw", "list", "usdt"))[0]
    words = ["usdt", "20", "--address", own["address"], "--chain", "ERC20", "--yes"]
    withdrawn = done(still("dfx", "withdraw", "new", *words))
    monkeypatch.setattr(moving, "_listed", lambda *_: None)
    assert done(still("dfx", "withdraw", "cancel", withdrawn["id"], "--yes")) == {
        "id": withdrawn["id"],
        "status": "canceled",
    }


@pytest.mark.parametrize(
    ("words", "fee", "recall"),
    [
        (
            "xrp 30 --address ADDRESS",
            "fee at a rate of 0.02, paid in ETH, at least 0.006 ETH",
            "It can be canceled only while it is pending.",
        ),
        (
            "btc 0.1 --address ADDRESS",
            "fee 0.0005 BTC",
            "It can be canceled only while it is pending.",
        ),
        (
            "btc 0.001 --address 202 --internal",  # less than what may leave the exchange
            "no fee is told for what goes to another user of DigiFinex",
            "It cannot be called back.",
        ),
        (
            "usdt 20 --address ADDRESS",
            "its fee depends on the chain",
            "It can be canceled only while it is pending.",
        ),
    ],
    ids=["in another currency", "fixed", "internal", "several chains"],
)
def test_a_fee_is_told_as_the_exchange_says_it(
    still: Exch, words: str, fee: str, recall: str
) -> None:
    ran = still("dfx", "withdraw", "new", *words.split(), terminal=True, typed="n\n")
    assert ran.code == 2
    assert ran.err.splitlines()[1] == f"  {fee}"
    assert f"? {recall} [y/N]" in ran.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("dfx withdraw new usdt 20", "DigiFinex has to be told where the money is to go."),
        ("dfx withdraw new usdt 0 --address x", "AMOUNT is 0."),
        ("dfx withdraw new usdt 1e3 --address x", "AMOUNT '1e3' is not a plain decimal"),
        ("dfx withdraw new usdt 0.000000001 --address x", "has more than 8 decimals."),
        ("dfx withdraw new usdt 0.00000001 --address x --chain ERC20", "below the smallest"),
        ("dfx withdraw new usdt 99999999 --address x --chain ERC20", "are more than the"),
        ("dgt withdraw new btc 1 --address x", "has no option --address."),
        ("dgt withdraw new eur 1", "Dgtmarket has no wallet of EUR."),
        ("dfx withdraw cancel x", "'x' is no withdrawal ID."),
    ],
    ids=lambda value: value[:40],
)
def test_what_cannot_be_is_told_before_anything_is_sent(
    still: Exch, words: str, message: str
) -> None:
    ran = still(*words.split(), "--yes")
    assert ran.code == 2
    assert message in error(ran)["message"]
    assert done(still("journal", "list")) == []


def test_dry_runs_send_nothing(still: Exch) -> None:
    for words, path in (
        ("dfx transfer new usdt 1 --from spot --to otc", "/v3/transfer"),
        ("dfx withdraw new usdt 20 --address x", "/v3/withdraw/new"),
        ("dfx withdraw cancel 7", "/v3/withdraw/cancel"),
        ("dfx margin close btc_usdt", "/v3/margin/position/close"),
        ("dgt withdraw new btc 0.1", "/api/private/transfer/"),
    ):
        unsent = done(still(*words.split(), "--dry-run"))
        assert (unsent["method"], unsent["url"]) == ("POST", f"https://sandbox.invalid{path}")
    assert not (still.home / "state" / "journal.sqlite").exists()


def test_a_position_is_closed_and_what_is_left_is_printed(still: Exch) -> None:
    (position,) = done(still("dfx", "margin", "positions", "btc_usdt"))
    ran = still("dfx", "margin", "close", "btcusdt", terminal=True, typed="n\n")
    assert ran.code == 2
    assert "Close the position on BTC_USDT of DigiFinex at the market's price? [y/N]" in ran.err
    assert ran.err.startswith(f"{position['side']} {position['amount']} BTC_USDT, entered at ")
    assert done(still("dfx", "margin", "close", "btcusdt", "--yes")) == []
    ran = still("dfx", "margin", "close", "btcusdt", "--yes")
    assert (ran.code, error(ran)["kind"]) == (4, "rejected")
