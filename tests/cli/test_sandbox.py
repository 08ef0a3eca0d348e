"""`exch sandbox status` and `fund`: what there is, and more money."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from typing import Any

import pytest
from running import Exch

from exchcli.sandbox.server.faults import KINDS


def status(exch: Exch) -> Any:
    return json.loads(exch("sandbox", "status", "--json").out)


def funds(exch: Exch, exchange: str, account: int, currency: str) -> Decimal:
    """What an account has in its spot wallet, by the sandbox's own word."""
    (total,) = (
        row["total"]
        for row in status(exch)["funds"]
        if (row["exchange"], row["account"]) == (exchange, account)
        and (row["wallet"], row["currency"]) == ("spot", currency)
    )
    return Decimal(total)


def test_status_of_no_sandbox_makes_none(exch: Exch) -> None:
    ran = exch("sandbox", "status", "--json")
    told = json.loads(ran.out)
    assert ran.code == 0
    assert told["size"] == 0
    assert told["opened"] is None
    assert "no sandbox yet" in ran.err
    assert not exch.home.exists()


def test_status_tells_where_it_is_what_time_it_has_and_who_owns_what(exch: Exch) -> None:
    exch("--sandbox", "dgt", "time", EXCH_SANDBOX_CLOCK="2026-03-04T05:06:47Z")
    clock = {"EXCH_SANDBOX_CLOCK": "2026-03-04T05:08:00Z"}
    told = json.loads(exch("sandbox", "status", "--json", **clock).out)
    assert list(told) == [
        *("path", "size", "opened", "time", "clock", "seed", "open_orders", "recordings"),
        *("accounts", "funds", "withdrawal_addresses"),
    ]
    assert told["path"] == str(exch.home / "sandbox" / "sandbox.sqlite")
    assert told["size"] > 100_000
    assert told["opened"] == "2026-03-04T05:06:47Z"
    assert told["time"] == "2026-03-04T05:08:00Z"
    assert told["clock"] == "EXCH_SANDBOX_CLOCK"
    assert told["seed"] == 20200519
    assert told["open_orders"] > 0
    assert told["recordings"] == []
    assert [(row["exchange"], row["account"]) for row in told["accounts"]] == [
        *(("dgt", 1), ("dgt", 2), ("dfx", 1), ("dfx", 2)),
    ]
    assert all(row["key"] and row["secret"] and row["password"] for row in told["accounts"])
    for row in told["funds"]:
        assert Decimal(row["free"]) + Decimal(row["held"]) == Decimal(row["total"])


def test_the_keys_that_status_shows_are_the_ones_that_sign(exch: Exch) -> None:
    exch("--sandbox", "dgt", "balances")
    first = status(exch)["accounts"][0]
    shown = exch("--sandbox", "dgt", "auth", "status", "--json")
    assert first["key"][:4] in shown.out


def test_the_addresses_that_status_shows_are_those_that_a_withdrawal_may_go_to(exch: Exch) -> None:
    exch("--sandbox", "dfx", "balances")
    rows = status(exch)["withdrawal_addresses"]
    assert {(row["exchange"], row["account"]) for row in rows} == {
        *(("dgt", 1), ("dgt", 2), ("dfx", 1), ("dfx", 2)),
    }
    (eos,) = (row for row in rows if (row["account"], row["currency"]) == (1, "EOS"))
    assert (eos["chain"], bool(eos["memo"])) == (None, True)
    words = ["dfx", "withdraw", "new", "usdt", "100", "--yes", "--json"]
    (there,) = (row for row in rows if (row["account"], row["chain"]) == (1, "ERC20"))
    sent = exch("--sandbox", *words, "--address", there["address"], "--chain", "ERC20")
    assert sent.code == 0, sent.err
    elsewhere = exch("--sandbox", *words, "--address", "elsewhere", "--chain", "ERC20")
    assert elsewhere.code != 0


def test_status_on_a_terminal_is_a_card_with_tables(exch: Exch) -> None:
    exch("--sandbox", "dgt", "time")
    ran = exch("sandbox", "status", terminal=True)
    assert ran.code == 0
    assert "Open orders" in ran.out
    assert "demo-dgt-key-1-" in ran.out
    lines = [line for line in ran.out.splitlines() if str(exch.home) not in line]
    assert all(len(line) <= 80 for line in lines)


def test_status_names_recordings(exch: Exch) -> None:
    exch.home.mkdir()
    trades = exch.home / "eth_usdt.csv"
    trades.write_text("time,price,amount\n2023-02-02T00:00:00Z,1666.8,26.062\n")
    assert exch("sandbox", "load", str(trades)).code == 0
    assert status(exch)["recordings"] == ["ETH_USDT"]


def test_fund_deposits_into_the_account_that_is_named(exch: Exch) -> None:
    exch("--sandbox", "dfx", "time")
    before = [funds(exch, "dfx", account, "USDT") for account in (1, 2)]
    ran = exch("sandbox", "fund", "usdt", "1500.25", "--account", "2", "--json")
    told = json.loads(ran.out)
    assert ran.code == 0
    assert (told["exchange"], told["account"], told["currency"]) == ("dfx", 2, "USDT")
    assert Decimal(told["total"]) == before[1] + Decimal("1500.25")
    assert [funds(exch, "dfx", account, "USDT") for account in (1, 2)] == [
        before[0],
        before[1] + Decimal("1500.25"),
    ]


def test_a_funding_is_a_deposit_in_the_history(exch: Exch) -> None:
    told = json.loads(exch("sandbox", "fund", "pln", "77.5", "--json").out)
    deposits = json.loads(exch("--sandbox", "dgt", "transfer", "list", "--json").out)
    (found,) = (row for row in deposits if row["id"] == str(told["deposit_id"]))
    assert found["kind"] == "deposit"
    assert Decimal(found["amount"]) == Decimal("77.5")


def test_fund_finds_the_only_exchange_that_has_the_currency(exch: Exch) -> None:
    assert json.loads(exch("sandbox", "fund", "PLN", "1", "--json").out)["exchange"] == "dgt"
    assert json.loads(exch("sandbox", "fund", "trx", "1", "--json").out)["exchange"] == "dfx"
    both = exch("sandbox", "fund", "btc", "1")
    assert both.code == 2
    assert "--exchange" in both.err
    named = exch("sandbox", "fund", "btc", "1", "--exchange", "dfx", "--json")
    assert json.loads(named.out)["exchange"] == "dfx"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["DOGE", "1"], "No exchange has DOGE"),
        (["xyz", "1"], "BTC, LTC, PLN"),
        (["xyz", "1"], "TRX, USDT, XRP"),
        (["DOGE", "1", "--exchange", "dgt"], "DOGE"),
        (["PLN", "0"], "positive"),
        (["PLN", "1e3"], "1e3"),
        (["PLN", "0.000000001"], "0.00000001"),
        (["PLN", "1", "--account", "3"], "two demo accounts"),
        (["PLN", "1", "--exchange", "kraken"], "kraken"),
    ],
)
def test_what_cannot_be_funded_is_told_and_changes_nothing(
    exch: Exch, arguments: list[str], said: str
) -> None:
    ran = exch("sandbox", "fund", *arguments, "-o", "table")
    assert ran.code == 2
    assert said in ran.err
    assert not exch.home.exists() or funds(exch, "dgt", 2, "PLN") == 25000


def test_fund_shows_the_fields_that_are_asked_for(exch: Exch) -> None:
    ran = exch("sandbox", "fund", "pln", "1", "--fields", "currency,amount", "-o", "csv")
    assert list(csv.reader(io.StringIO(ran.out))) == [["currency", "amount"], ["PLN", "1"]]


def test_the_help_of_serve_names_every_fault(exch: Exch) -> None:
    text = "".join(exch("sandbox", "serve", "--help").out.split())
    assert f"Thenames:{','.join(KINDS)}." in text
