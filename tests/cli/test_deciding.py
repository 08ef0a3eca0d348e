"""journal resolve --order, --done and --none: what a person says is looked at first."""

from __future__ import annotations

import json
import socket
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from journalling import signed
from running import Exch, Ran

from exchcli.core.machine import read
from exchcli.execution.intent import Intent, Item, Move, Withdrawal
from exchcli.execution.journal import Journal
from exchcli.execution.venue import signer_of
from exchcli.records import NewOrder, Snapshot

D = Decimal
BUY = {
    "dgt": ["dgt", "buy", "btcpln", "0.05", "--price", "2570", "--yes"],
    "dfx": ["dfx", "buy", "btc_usdt", "0.05", "--price", "9000", "--yes"],
}
NEW = {
    "dgt": NewOrder("BTCPLN", "buy", D("0.05"), D(2570)),
    "dfx": NewOrder("BTC_USDT", "buy", D("0.05"), D(9000)),
}
Unknown = Callable[..., None]


def done(ran: Ran) -> Any:
    assert (ran.code, ran.err) == (0, "")
    return json.loads(ran.out)


def error(ran: Ran) -> Any:
    assert ran.out == ""
    return json.loads(ran.err)["error"]


@pytest.fixture
def unknown(still: Exch) -> Unknown:
    """Writes down something that was sent and not answered."""

    def write(name: str, key: str, command: str, *items: Item) -> None:
        done(still(*BUY[name], "--once", f"for the account of {key}"))
        with closing(Journal(still.home / "state")) as journal:
            placed = journal.entries(1)[0]
            intent, before = Intent(command, items), Snapshot(None, (), 1)
            now = signed(when=read(), signer=placed.attempts[0].signer)
            journal.sending(placed.account, key, intent, before, now)

    return write


@pytest.mark.parametrize("name", ["dgt", "dfx"])
def test_an_order_is_looked_at_before_it_is_believed(
    still: Exch, unknown: Unknown, name: str
) -> None:
    good = done(still(*BUY[name]))["id"]
    other = done(still(*[word.replace("0.05", "0.04") for word in BUY[name]]))["id"]
    unknown(name, "k", "buy", NEW[name])
    for wrong, why in (("99", "shows no 99"), (other, "was to buy 0.05")):
        ran = still("journal", "resolve", "k", "--order", wrong)
        assert ran.code == 2
        assert why in error(ran)["message"]
        assert "--yes writes it down all the same" in error(ran)["hint"]
        assert done(still("journal", "show", "k"))["state"] == "unknown"
    ran = still("journal", "resolve", "k", "--order", good)
    assert ran.code == 9  # it was placed by another command
    assert "belongs to another key" in error(ran)["message"]


def test_who_knows_better_says_so_and_may_think_again(still: Exch, unknown: Unknown) -> None:
    unknown("dfx", "k", "buy", NEW["dfx"])
    ran = still("journal", "resolve", "k", "--order", "99", "--yes")
    assert (ran.code, json.loads(ran.out)["order_id"]) == (0, "99")
    why = "The exchange shows no 99 to this API key. It is written down all the same."
    assert ran.err == f"exch: {why}\n"
    assert done(still("journal", "resolve", "k", "--none"))["state"] == "absent"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--order", "a b"], "'a b' is no order ID."),
        (["--order", "77,"], "'' is no order ID."),
        (["--order", "77,78"], "k is 1 order, not 2."),
        (["--done"], "Which one it is has to be told."),
        (["--done", "--none"], "--order, --done and --none exclude each other."),
    ],
)
def test_what_is_no_decision_is_a_usage_error(
    still: Exch, unknown: Unknown, words: list[str], message: str
) -> None:
    unknown("dfx", "k", "buy", NEW["dfx"])
    ran = still("journal", "resolve", "k", *words)
    assert (ran.code, error(ran)["message"]) == (2, message)


def test_a_transfer_is_looked_for_in_the_ledger_and_decided(still: Exch, unknown: Unknown) -> None:
    unknown("dfx", "t", "transfer", Move("USDT", D(10), "spot", "margin"))
    way = (
        "`exch dfx account ledger USDT` shows whether 10 USDT went from spot to margin. Then "
        "`exch journal resolve t --done`, or --none."
    )
    words = ["dfx", "transfer", "new", "usdt", "10", "--from", "spot", "--to", "margin", "--yes"]
    for told in (("journal", "resolve", "t"), (*words, "--once", "t")):
        ran = still(*told)
        assert (ran.code, error(ran)["hint"]) == (7, way)
    rows = done(still("doctor", "--exchange", "dfx"))
    assert [row["hint"] for row in rows if row["name"] == "journal"] == [way]
    assert done(still("journal", "resolve", "t", "--done"))["state"] == "placed"
    assert done(still(*words, "--once", "t"))["kind"] == "transfer"


def test_a_withdrawal_is_looked_for_by_its_id(still: Exch, unknown: Unknown) -> None:
    row = done(still("dfx", "withdraw", "list"))[0]
    unknown("dfx", "w", "withdrawal", Withdrawal(row["currency"], D(row["amount"])))
    assert still("journal", "resolve", "w", "--order", "1").code == 2
    resolved = done(still("journal", "resolve", "w", "--order", row["id"]))
    assert (resolved["state"], resolved["order_id"]) == ("placed", row["id"])


def test_an_ambiguous_one_tells_what_it_may_be(still: Exch, unknown: Unknown) -> None:
    unknown("dfx", "k", "buy", NEW["dfx"])
    with closing(Journal(still.home / "state")) as journal:
        account = journal.named("k")[0].account
        journal.settled(account, "k", "ambiguous", read(), reason="may be aa, bb")
    assert done(still("journal", "show", "k"))["candidates"] == ["aa", "bb"]
    ran = still("journal", "resolve", "k")
    assert (ran.code, error(ran)["message"]) == (11, "Several orders could be k: aa, bb.")
    assert "exch journal resolve k --order ID" in error(ran)["hint"]


@pytest.mark.parametrize("name", ["dgt", "dfx"])
def test_that_there_is_none_is_not_believed_while_one_is_listed(still: Exch, name: str) -> None:
    placed = done(still(*BUY[name], "--once", "k"))["id"]
    forget(still, "k")
    ran = still("journal", "resolve", "k", "--none")
    assert (ran.code, error(ran)["message"]) == (
        2, f"The exchange lists what can be k: {placed}."
    )  # fmt: skip
    assert "--order ID` says that it is it. --yes writes it down" in error(ran)["hint"]
    assert done(still("journal", "show", "k"))["state"] == "unknown"
    ran = still("journal", "resolve", "k", "--none", "--yes")
    assert (ran.code, json.loads(ran.out)["state"]) == (0, "absent")
    assert ran.err.endswith("It is written down all the same.\n")


def test_a_right_decision_is_not_undone_without_a_look(still: Exch, unknown: Unknown) -> None:
    placed = done(still(*BUY["dfx"], "--once", "k"))["id"]
    forget(still, "k")
    done(still("journal", "resolve", "k", "--order", placed))
    ran = still("journal", "resolve", "k", "--none")
    assert (ran.code, placed in error(ran)["message"]) == (2, True)
    assert done(still("journal", "show", "k"))["state"] == "placed"


def test_a_withdrawal_that_is_listed_is_not_taken_for_none(still: Exch, unknown: Unknown) -> None:
    row = done(still("dfx", "withdraw", "list"))[0]
    unknown("dfx", "w", "withdrawal", Withdrawal(row["currency"], D(row["amount"])))
    with closing(Journal(still.home / "state")) as journal:
        (entry,) = journal.named("w")
    created = int(datetime.fromisoformat(row["created"]).replace(tzinfo=UTC).timestamp())
    change(still, "UPDATE attempts SET signed = ?, not_after = ? WHERE intent = ?",
           created, created + 60, entry.id)  # fmt: skip
    change(still, "UPDATE intents SET snapshot = '[0, [], 1]' WHERE id = ?", entry.id)
    ran = still("journal", "resolve", "w", "--none")
    assert (ran.code, row["id"] in error(ran)["message"]) == (2, True)
    assert done(still("journal", "resolve", "w", "--order", row["id"]))["state"] == "placed"


def test_what_cannot_be_asked_is_not_believed_either(still: Exch, unknown: Unknown) -> None:
    unknown("dfx", "k", "buy", NEW["dfx"])
    with closing(Journal(still.home / "state")) as journal:
        (entry,) = journal.named("k")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    change(still, "UPDATE intents SET url = ? WHERE id = ?", url, entry.id)
    keys = {"EXCH_DFX_KEY": "a-key-for-tests", "EXCH_DFX_SECRET": "not-a-real-secret"}
    env = {"EXCH_SANDBOX": "", "EXCH_DFX_URL": url, **keys}
    change(still, "UPDATE attempts SET signer = ? WHERE intent = ?",
           signer_of("a-key-for-tests"), entry.id)  # fmt: skip
    words = ["journal", "resolve", "k", "--none", "--timeout", "1"]
    ran = still(*words, **env)
    assert (ran.code, "--yes writes it down all the same." in error(ran)["hint"]) == (6, True)
    ran = still(*words, **{**env, "EXCH_DFX_KEY": "another-key"})
    assert (ran.code, "another API key" in error(ran)["message"]) == (2, True)
    assert still(*words, **{**env, "EXCH_DFX_URL": "https://127.0.0.1:9"}).code == 2
    assert json.loads(still(*words, "--yes", **env).out)["state"] == "absent"


def test_of_a_sandbox_that_was_started_over_there_is_none(still: Exch) -> None:
    done(still(*BUY["dfx"], "--once", "k"))
    forget(still, "k")
    assert still("sandbox", "reset", "--yes").code == 0
    later = {"EXCH_SANDBOX_CLOCK": "2020-05-20T07:44:54Z"}
    assert done(still("journal", "resolve", "k", "--none", **later))["state"] == "absent"


def change(exch: Exch, statement: str, *values: object) -> None:
    """Makes the journal say something else than what happened."""
    with closing(sqlite3.connect(exch.home / "state" / "journal.sqlite")) as db, db:
        db.execute(statement, values)


def forget(exch: Exch, key: str) -> None:
    """Makes it unknown what became of a key."""
    one = "WHERE intent = (SELECT id FROM intents WHERE key = ?)"
    change(exch, f"UPDATE items SET order_id = NULL {one}", key)
    change(exch, f"UPDATE attempts SET state = 'unknown' {one}", key)
    change(exch, "UPDATE intents SET state = 'unknown', evidence = NULL WHERE key = ?", key)
