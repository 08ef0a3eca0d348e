"""journal: what was written down, found out, decided; and what the journal does not know."""

from __future__ import annotations

import json
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from journalling import signed
from running import Exch, Ran

from exchcli.core.machine import read
from exchcli.execution.intent import Account, Intent
from exchcli.execution.journal import Journal
from exchcli.records import NewOrder, Snapshot

BUY = ["dgt", "buy", "btcpln", "0.05", "--price", "2570", "--yes"]


def done(ran: Ran) -> Any:
    assert (ran.code, ran.err) == (0, "")
    return json.loads(ran.out)


def error(ran: Ran) -> Any:
    assert ran.out == ""
    return json.loads(ran.err)["error"]


def test_an_entry_has_the_keys_of_the_contract(still: Exch) -> None:
    placed = done(still(*BUY, "--once", "k"))
    entry = done(still("journal", "show", "k"))
    assert list(entry) == [
        "key",
        "exchange",
        "profile",
        "command",
        "state",
        "order_id",
        "evidence",
        "attempts",
        "created",
        "updated",
        "candidates",
        "url",
    ]
    assert list(entry.values())[:8] == [
        "k",
        "dgt",
        "default",
        "buy",
        "placed",
        placed["id"],
        "reply",
        1,
    ]
    assert entry["created"].endswith("Z")
    assert entry["url"].startswith("https://sandbox.invalid/api#")


def test_everything_is_listed_newest_first_with_or_without_a_key(still: Exch) -> None:
    placed = done(still(*BUY))
    done(still(*BUY, "--once", "k"))
    done(still("dgt", "cancel", placed["id"], "--yes"))
    every = done(still("journal", "list"))
    assert [row["command"] for row in every] == ["cancel", "buy", "buy"]
    assert [row["key"][0] for row in every] == ["@", "k", "@"]
    assert done(still("journal", "list", "--limit", "1")) == every[:1]
    name = every[2]["key"]
    assert done(still("journal", "show", name))["order_id"] == placed["id"]
    assert every[0]["order_id"] == placed["id"]  # a cancel has the order that it was to cancel


def test_an_empty_journal_is_an_empty_list_and_makes_no_file(still: Exch) -> None:
    assert done(still("journal", "list")) == []
    assert not (still.home / "state" / "journal.sqlite").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["show", "nope"], "The journal has no nope."),
        (["resolve", "nope"], "The journal has no nope."),
        (
            ["resolve", "k", "--order", "1", "--none"],
            "--order, --done and --none exclude each other.",
        ),
        (["resolve", "k", "--done"], "What became of k is known: placed."),
        (["resolve", "k", "--order", "1"], "What became of k is known: placed."),
        (["resolve", "k", "--exchange", "dfx"], "That key is none of dfx's."),
        (["resolve", "k", "--exchange", "nyse"], "'nyse' is no exchange."),
        (["audit", "nyse"], "'nyse' is no exchange."),
        (["list", "--limit", "x"], "--limit 'x' is not a whole number."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_is_a_usage_error(still: Exch, words: list[str], message: str) -> None:
    done(still(*BUY, "--once", "k"))
    ran = still("journal", *words)
    assert (ran.code, error(ran)["message"]) == (2, message)


def test_resolving_what_is_known_tells_it(still: Exch) -> None:
    done(still(*BUY, "--once", "k"))
    assert done(still("journal", "resolve", "k"))["state"] == "placed"


def test_a_key_of_both_exchanges_is_shown_for_both_and_named_to_be_resolved(still: Exch) -> None:
    done(still(*BUY, "--once", "k"))
    done(still("dfx", "buy", "btc_usdt", "0.001", "--price", "9000", "--yes", "--once", "k"))
    both = done(still("journal", "show", "k"))
    assert {entry["exchange"] for entry in both} == {"dgt", "dfx"}
    assert "Several accounts have this key" in error(still("journal", "resolve", "k"))["message"]
    one = done(still("journal", "resolve", "k", "--exchange", "dfx"))
    assert (one["exchange"], one["state"]) == ("dfx", "placed")


def test_a_key_of_the_sandbox_is_told_from_that_of_the_exchange(still: Exch) -> None:
    done(still(*BUY, "--once", "k"))
    assert still("sandbox", "reset", "--yes").code == 0
    later = {"EXCH_SANDBOX_CLOCK": "2020-05-20T07:44:54Z"}
    done(still(*BUY, "--once", "k", **later))
    assert len(done(still("journal", "show", "k", **later))) == 2
    assert done(still("journal", "resolve", "k", **later))["state"] == "placed"  # that of now


def test_a_batch_is_shown_with_all_its_calls(still: Exch, tmp_path: Path) -> None:
    file = tmp_path / "orders.json"
    rows = [{"side": "buy", "amount": "0.001", "price": str(9000 + n)} for n in range(12)]
    file.write_text(json.dumps(rows))
    placed = done(still("dfx", "order", "batch", "btcusdt", str(file), "--yes", "--once", "wb"))
    first, second = done(still("journal", "show", "wb"))
    assert (first["key"], second["key"]) == ("wb#1", "wb#2")
    assert first["order_id"].split(",") == [order["id"] for order in placed[:10]]
    ran = still("journal", "resolve", "wb")
    assert (ran.code, error(ran)["message"]) == (2, "That is a batch of 2 calls: wb#1, wb#2.")
    assert done(still("journal", "resolve", "wb#2")) == second


def test_an_audit_finds_strangers_and_not_what_the_journal_knows(still: Exch) -> None:
    mine = done(still(*BUY, "--once", "k"))["id"]
    findings = done(still("journal", "audit", "dgt", "--start", "20d"))
    assert {finding["finding"] for finding in findings} == {"stranger"}
    assert "17166" in {finding["order_id"] for finding in findings}
    assert mine not in {finding["order_id"] for finding in findings}
    assert list(findings[0]) == ["finding", "order_id", "symbol", "key", "created"]
    both = done(still("journal", "audit", "dgt", "dfx", "--start", "20d"))
    assert len(both) > len(findings)


def test_an_audit_looks_at_the_accounts_that_the_journal_has(still: Exch) -> None:
    assert done(still("journal", "audit")) == []
    done(still(*BUY, "--once", "k"))
    symbols = {f["symbol"] for f in done(still("journal", "audit", "--start", "20d"))}
    assert symbols <= {"BTCPLN", "LTCPLN", "LTCBTC"}
    assert symbols


def test_the_order_of_a_close_is_no_stranger(still: Exch) -> None:
    def strangers() -> set[str]:
        return {found["order_id"] for found in done(still("journal", "audit", "dfx"))}

    before = strangers()
    done(still("dfx", "margin", "close", "btcusdt", "--yes", "--once", "c"))
    newest = done(still("dfx", "order", "list", "--history", "--margin"))[0]
    assert newest["type"] == "market"
    assert strangers() == before


def test_orders_of_a_sandbox_that_was_started_over_are_not_those_of_the_new_one(
    still: Exch,
) -> None:
    first = done(still(*BUY, "--once", "k"))
    assert still("sandbox", "reset", "--yes").code == 0
    later = {"EXCH_SANDBOX_CLOCK": "2020-05-20T07:44:54Z"}
    second = done(still(*BUY, "--once", "k", **later))
    assert second["replayed"] is False
    assert first["created"] != second["created"]


def test_a_damaged_journal_is_12_and_nothing_is_sent(still: Exch) -> None:
    done(still(*BUY, "--once", "k"))
    before = len(done(still("dgt", "orders")))
    (still.home / "state" / "journal.sqlite").write_bytes(b"not a database, but long enough " * 99)
    ran = still(*BUY, "--once", "k")
    assert (ran.code, error(ran)["kind"]) == (12, "state")
    assert still(*BUY).code == 12
    assert len(done(still("dgt", "orders"))) == before


REAL = Account("dgt", "https://dgtmarket.com/api", "default")


@pytest.fixture
def both(still: Exch) -> Exch:
    """The key k of the sandbox, and another k, unsettled, that was sent to the exchange itself."""
    done(still(*BUY, "--once", "k"))
    with closing(Journal(still.home / "state")) as journal:
        intent = Intent("buy", (NewOrder("BTCPLN", "buy", Decimal(1), Decimal(9)),))
        for key in ("k", "real"):
            journal.sending(REAL, key, intent, Snapshot(1, (), 1), signed(when=read()))
    return still


def test_with_sandbox_only_its_entries_are_shown(both: Exch) -> None:
    (mine,) = done(both("journal", "list"))
    assert done(both("journal", "show", "k")) == mine
    every = done(both("journal", "list", "--json", EXCH_SANDBOX=""))
    assert [entry["url"] for entry in every] == [REAL.url, REAL.url, mine["url"]]
    assert done(both("--sandbox", "journal", "list", EXCH_SANDBOX="")) == [mine]
    assert len(done(both("journal", "show", "k", EXCH_SANDBOX=""))) == 2
    assert done(both("journal", "list", "--limit", "1")) == [mine]
    (row,) = [row for row in done(both("doctor")) if row["name"] == "journal"]
    assert (row["status"], row["what"][:8]) == ("ok", "1 calls,")
    assert "what became of real, k is not known" in both("doctor", EXCH_SANDBOX="").out


def test_with_sandbox_nothing_is_decided_about_the_exchange(both: Exch) -> None:
    for words in (["--none"], ["--order", "1", "--yes"], []):
        ran = both("journal", "resolve", "real", *words)
        assert (ran.code, error(ran)["message"]) == (2, "The sandbox has no real in the journal.")
        assert "without --sandbox" in error(ran)["hint"]
    assert still_open(both, "real")
    assert both("journal", "show", "real").code == 2
    assert done(both("journal", "resolve", "k"))["state"] == "placed"  # that of the sandbox


def test_a_profile_that_is_named_is_the_one_that_is_decided_about(both: Exch) -> None:
    ran = both("journal", "resolve", "real", "--none", "--profile", "other", EXCH_SANDBOX="")
    assert (ran.code, error(ran)["message"]) == (2, "That key is none of the profile other.")
    assert still_open(both, "real")


def still_open(exch: Exch, key: str) -> bool:
    (entry,) = [e for e in done(exch("journal", "list", EXCH_SANDBOX="")) if e["key"] == key]
    return bool(entry["state"] == "unknown")


def test_an_audit_with_sandbox_asks_the_sandbox_alone(both: Exch) -> None:
    # Of the exchange itself it would be exit code 6 or 3: there is no key, and no network.
    assert both("journal", "audit", "--start", "20d").code == 0


def test_a_table_tells_what_an_order_of_many_is_in_a_few_words(still: Exch, tmp_path: Path) -> None:
    file = tmp_path / "orders.json"
    rows = [{"side": "buy", "amount": "0.001", "price": str(9000 + n)} for n in range(12)]
    file.write_text(json.dumps(rows))
    placed = done(still("dfx", "order", "batch", "btcusdt", str(file), "--yes", "--once", "wb"))
    done(still("dfx", "cancel", placed[0]["id"], "--yes"))
    table = still("journal", "list", "-o", "table").out
    rows = [line for line in table.splitlines() if line.startswith(("@", "wb#"))]
    assert [placed[0]["id"] in row for row in rows] == [True, False, False]
    assert ["10 ids" in row for row in rows] == [False, False, True]
    assert max(map(len, table.splitlines())) <= 80
    assert "Created" in table
    assert "order_id" not in table  # which would be named as left out
    wide = still("journal", "list", "-o", "table", COLUMNS="200").out
    assert f"{placed[0]['id']} and 9 more" in wide
    assert f"{placed[10]['id']} and 1 more" in wide
    assert placed[1]["id"] not in wide
    ids = [row["order_id"].count(",") for row in done(still("journal", "list"))]
    assert ids == [0, 1, 9]
    assert still("journal", "list", "-o", "csv").out.count(placed[1]["id"]) == 1
    card = still("journal", "show", "wb#1", "-o", "table").out
    assert all(order["id"] in card for order in placed[:10])
