"""journal: what was written down, found out, decided; and what the journal does not know."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from running import Exch, Ran

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
