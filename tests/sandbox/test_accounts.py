"""The demo accounts: there from the first private request on, the same for the same seed."""

from __future__ import annotations

import sqlite3
import subprocess
import sys

import pytest

from exchcli.errors import StateError
from exchcli.sandbox.recording import load
from exchcli.sandbox.store import FILE, VERSION, Store

OLD_TABLES = ("sandbox", "recordings", "trades", "minutes")


def tables(path):
    db = sqlite3.connect(path)
    try:
        return {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type='table'")}
    finally:
        db.close()


def dump(store, exchange):
    return [
        store.select(sql, exchange)
        for sql in (
            "SELECT * FROM entries WHERE exchange = ?",
            "SELECT * FROM orders WHERE exchange = ?",
            "SELECT * FROM fills WHERE exchange = ?",
            "SELECT * FROM payments WHERE exchange = ?",
        )
    ]


@pytest.mark.parametrize("exchange", ["dgt", "dfx"])
def test_there_are_two_accounts_whose_secrets_are_obviously_fake(ask, exchange):
    accounts = ask.sandbox.accounts(exchange)
    assert len(accounts) == 2
    for each in accounts:
        assert len(each.key) == len(each.secret) == 40
        assert all(text.startswith("demo-") for text in each)
    assert len({text for each in accounts for text in each}) == 8


def test_no_key_of_one_exchange_is_a_key_of_the_other(ask):
    dgt, dfx = ({each.key for each in ask.sandbox.accounts(name)} for name in ("dgt", "dfx"))
    assert not dgt & dfx


def test_public_requests_make_no_accounts(ask):
    for target in ("/v3/ticker", "/api/public/ticker24/BTCPLN/"):
        ask(target)
    assert ask.sandbox.store.select("SELECT count(*) FROM accounts") == [(0,)]


@pytest.mark.parametrize("exchange", ["dgt", "dfx"])
def test_the_same_seed_and_opening_make_the_same_accounts_whenever_they_are_made(
    open_sandbox, exchange
):
    one, two = open_sandbox("one"), open_sandbox("two")
    other = "dfx" if exchange == "dgt" else "dgt"
    two.at(10**6).sandbox.accounts(other)
    assert one.sandbox.accounts(exchange) == two.sandbox.accounts(exchange)
    assert dump(one.sandbox.store, exchange) == dump(two.sandbox.store, exchange)


def test_another_seed_makes_other_keys_and_another_history(open_sandbox):
    one, two = open_sandbox("one", seed=1), open_sandbox("two", seed=2)
    assert one.sandbox.accounts("dfx") != two.sandbox.accounts("dfx")
    assert dump(one.sandbox.store, "dfx") != dump(two.sandbox.store, "dfx")


def test_a_store_opened_with_another_seed_has_the_history_of_its_own(open_sandbox):
    first = open_sandbox("one", seed=5)
    other = open_sandbox("one", seed=9)
    assert other.sandbox.accounts("dgt") == first.sandbox.accounts("dgt")
    lonely = open_sandbox("two", seed=5)
    assert lonely.sandbox.accounts("dgt") == first.sandbox.accounts("dgt")


def test_a_recording_that_was_loaded_first_does_not_change_the_history(open_sandbox, tmp_path):
    replayed, simulated = open_sandbox("one"), open_sandbox("two")
    # A pair in which nothing of it is open: that meets the recording.
    file = tmp_path / "xrp_usdt.csv"
    file.write_text("time,price,amount\n1600000000,1.5,2\n1600000100,1.6,3\n")
    load(replayed.sandbox, file)
    for each in (replayed, simulated):
        each.sandbox.accounts("dfx")
    assert dump(replayed.sandbox.store, "dfx") == dump(simulated.sandbox.store, "dfx")


def test_accounts_outlive_the_process(open_sandbox):
    first = open_sandbox("same")
    accounts = first.sandbox.accounts("dgt")
    first.sandbox.close()
    assert open_sandbox("same").sandbox.accounts("dgt") == accounts


def test_a_store_of_the_market_alone_is_given_accounts(ask, open_sandbox):
    ask.sandbox.close()
    path = ask.folder / FILE
    db = sqlite3.connect(path)
    for table in tables(path) - set(OLD_TABLES):
        db.execute(f"DROP TABLE {table}")
    db.execute("PRAGMA user_version = 1")
    db.commit()
    db.close()
    assert tables(path) == set(OLD_TABLES)

    again = open_sandbox(now=ask.now + 1000)
    assert again.sandbox.store.opened == ask.opened
    assert len(again.sandbox.accounts("dgt")) == 2
    assert again.sandbox.store.select("PRAGMA user_version") == [(VERSION,)]


def test_a_store_of_a_newer_exch_is_left_alone(ask):
    ask.sandbox.close()
    db = sqlite3.connect(ask.folder / FILE)
    db.execute(f"PRAGMA user_version = {VERSION + 1}")
    db.close()
    with pytest.raises(StateError, match="layout"):
        Store(ask.folder, ask.now)


def test_of_many_that_ask_first_one_makes_the_accounts(ask):
    code = (
        "import pathlib, sys\n"
        "from exchcli.sandbox.exchange import Sandbox\n"
        "sandbox = Sandbox(pathlib.Path(sys.argv[1]))\n"
        "print(sandbox.accounts('dfx')[0].key)\n"
        "print(sandbox.store.select('SELECT count(*) FROM orders'))\n"
        "sandbox.close()\n"
    )
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(ask.folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    answers = [each.communicate() for each in running]
    assert [errors for _, errors in answers] == [""] * 3
    assert len({output for output, _ in answers}) == 1


def test_a_key_can_be_put_into_every_state_and_back(signed):
    dgt = signed("dgt")
    for state in ("revoked", "expired", "no_permission", "ip_not_allowed"):
        dgt.sandbox.mark_key(dgt.account.key, state)
        assert dgt.reply("/api/private/wallets/").status in (401, 403)
    dgt.sandbox.mark_key(dgt.account.key, "active")
    assert dgt.reply("/api/private/wallets/").status == 200


@pytest.mark.parametrize(("key", "state"), [("demo-none", "revoked"), ("", "lost")])
def test_only_a_known_key_has_a_known_state(ask, key, state):
    ask.sandbox.accounts("dgt")
    with pytest.raises(ValueError, match=r"there is no key|is none of"):
        ask.sandbox.mark_key(key, state)
