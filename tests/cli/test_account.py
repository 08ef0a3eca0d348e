"""Commands about an account: arguments in; exact stdout, stderr and exit code out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from loopback import by_path, loopback, reply
from running import Exch, Ran

DGT_KEY = {"EXCH_DGT_KEY": "a-key-for-tests", "EXCH_DGT_SECRET": "not-a-real-secret"}
DFX_KEY = {"EXCH_DFX_KEY": "a-key-for-tests", "EXCH_DFX_SECRET": "not-a-real-secret"}
DGT_TIME = {"/public/time/": reply('{"epoch": 1469386936}')}
DFX_TIME = {"/time": reply('{"server_time": 1589873762, "code": 0}')}
WALLETS = (
    '[{"outgoing_address": null, "currency": "BTC", "balance": "0.33759934", '
    '"incoming_address": "1JKhwNU45UE2j1f4CaEQLSHnPbycKqCKzG", "blocked": "0.10000000"}]'
)
CLOCK = "2020-05-19T07:44:54Z"


def asked(server: Any) -> list[str]:
    """What a server was asked for, but for the time."""
    lines = [head.split(b"\r\n")[0].decode() for head in server.requests]
    return [line.split(" ")[1] for line in lines if "time" not in line.split("?")[0]]


def dgt(exch: Exch, body: str, path: str, *arguments: str, **options: Any) -> tuple[Ran, list[str]]:
    with loopback(by_path({**DGT_TIME, path: reply(body)})) as server:
        ran = exch("dgt", *arguments, EXCH_DGT_URL=server.url, **DGT_KEY, **options)
    return ran, asked(server)


def dfx(exch: Exch, body: str, path: str, *arguments: str, **options: Any) -> tuple[Ran, list[str]]:
    with loopback(by_path({**DFX_TIME, path: reply(body)})) as server:
        ran = exch("dfx", *arguments, EXCH_DFX_URL=server.url, **DFX_KEY, **options)
    return ran, asked(server)


@pytest.fixture
def sandboxed(exch: Exch) -> Exch:
    """`exch` whose sandbox stands still."""
    exch.env |= {"EXCH_SANDBOX": "1", "EXCH_SANDBOX_CLOCK": CLOCK}
    return exch


def rows(ran: Ran) -> Any:
    assert (ran.code, ran.err) == (0, "")
    return json.loads(ran.out)


def test_balances_into_a_pipe_are_an_array_with_every_digit(exch: Exch) -> None:
    ran, paths = dgt(exch, WALLETS, "/private/wallets/", "balances")
    assert ran == (
        0,
        '[{"currency": "BTC", "free": "0.23759934", "held": "0.10000000", '
        '"total": "0.33759934", "address": "1JKhwNU45UE2j1f4CaEQLSHnPbycKqCKzG", '
        '"withdraw_address": null}]\n',
        "",
    )
    assert paths == ["/private/wallets/"]


def test_raw_is_what_the_exchange_sent_and_not_its_time(exch: Exch) -> None:
    ran, _ = dgt(exch, WALLETS, "/private/wallets/", "balances", "--raw")
    assert ran == (0, WALLETS, "")


def test_a_request_carries_the_key_and_a_signature_and_never_the_secret(exch: Exch) -> None:
    with loopback(by_path({**DGT_TIME, "/private/wallets/": reply(WALLETS)})) as server:
        ran = exch("dgt", "balances", "-v", EXCH_DGT_URL=server.url, **DGT_KEY)
    (signed,) = [head.decode() for head in server.requests if b"/private/" in head]
    head = signed.lower()
    assert "access-key: a-key-for-tests\r\n" in head
    assert "access-sign: " in head
    assert "not-a-real-secret" not in "".join([*map(bytes.decode, server.requests), *ran[1:]])


@pytest.mark.parametrize("exchange", ["dgt", "dfx"])
def test_without_a_key_nothing_is_sent(exch: Exch, exchange: str) -> None:
    with loopback(reply("{}")) as server:
        env = {f"EXCH_{exchange.upper()}_URL": server.url}
        ran = exch(exchange, "balances", **env)
    assert (ran.code, ran.out) == (3, "")
    assert server.requests == []
    assert f"exch {exchange} auth login" in json.loads(ran.err)["error"]["hint"]


def test_the_margin_account_is_asked_with_margin_or_in_its_group(exch: Exch) -> None:
    assets = '{"code": 0, "list": [{"currency": "BTC", "free": 1.5, "total": 2}]}'
    for words in (["balances", "--margin"], ["margin", "balances"]):
        ran, paths = dfx(exch, assets, "/margin/assets", *words)
        assert paths == ["/margin/assets"]
        assert rows(ran)[0]["held"] == "0.5"


def test_what_dgtmarket_does_not_have_is_told_in_one_line(exch: Exch) -> None:
    for words in (["account", "ledger"], ["account", "deposits"], ["withdraw", "list"]):
        ran = exch("dgt", *words)
        assert (ran.code, ran.out) == (13, "")
        assert "Dgtmarket does not offer" in ran.err
    assert exch("dgt", "balances", "--margin").code == 2
    assert exch("dfx", "transfer", "list").code == 13
    assert exch("dfx", "account", "fill", "1").code == 13


def test_fills_take_a_symbol_in_any_spelling_and_a_time_ago(sandboxed: Exch) -> None:
    every = rows(sandboxed("dfx", "fills", "--start", "3d"))
    assert every
    for spelling in ("btcusdt", "BTC/USDT", "btc_usdt"):
        some = rows(sandboxed("dfx", "fills", spelling, "--start", "3d"))
        assert some == [row for row in every if row["symbol"] == "BTC_USDT"]
    assert rows(sandboxed("dfx", "account", "fills", "--start", "3d")) == every
    assert rows(sandboxed("dfx", "fills", "--start", "3d", "--limit", "2")) == every[:2]


def test_fills_of_dgtmarket_have_no_zone_and_can_be_looked_up_one_by_one(sandboxed: Exch) -> None:
    first, second, *_ = rows(sandboxed("dgt", "fills", "btcpln"))
    assert not first["time"].endswith("Z")
    ran = sandboxed("dgt", "account", "fill", first["id"])
    assert json.loads(ran.out) == first
    assert rows(sandboxed("dgt", "fills", "btcpln", "--offset", "1"))[0] == second


@pytest.mark.parametrize("margin", [[], ["--margin"]], ids=["spot", "margin"])
@pytest.mark.parametrize("words", [["fills"], ["orders", "--history"]], ids=" ".join)
def test_a_limit_alone_is_the_newest_ones_however_old_they_are(
    sandboxed: Exch, words: list[str], margin: list[str]
) -> None:
    every = rows(sandboxed("dfx", *words, *margin, "--all"))
    recent = rows(sandboxed("dfx", *words, *margin))
    most = len(recent) + 1
    assert 1 < most < len(every)
    assert rows(sandboxed("dfx", *words, *margin, "--limit", str(most))) == every[:most]
    assert rows(sandboxed("dfx", *words, *margin, "--limit", str(len(every) + 1))) == every


def test_a_terminal_is_told_how_far_back_was_looked_unless_it_said_so(sandboxed: Exch) -> None:
    three = "Only the last 3 days were looked at; --start goes further back."
    assert three in sandboxed("dfx", "fills", terminal=True).err
    assert three in sandboxed("dfx", "orders", "--history", terminal=True).err
    year = sandboxed("dfx", "fills", "--limit", "9999", terminal=True)
    assert "Only the last 365 days were looked at" in year.err
    end = sandboxed("dfx", "fills", "--end", "2d", terminal=True)
    assert "Only the 3 days before --end were looked at" in end.err
    for words in (["--limit", "2"], ["--start", "3d"], ["--all"]):
        assert "looked at" not in sandboxed("dfx", "fills", *words, terminal=True).err
    assert sandboxed("dfx", "fills").err == ""


def test_now_is_not_in_the_future(exch: Exch) -> None:
    exch.env["EXCH_SANDBOX"] = "1"
    assert exch("dfx", "fills", "--start", "0s").code == 0


@pytest.mark.parametrize(
    "words", [["fills"], ["orders", "--history"], ["account", "ledger"]], ids=" ".join
)
def test_one_second_is_a_stretch_of_time(sandboxed: Exch, words: list[str]) -> None:
    name = "created" if words[0] == "orders" else "time"
    every = rows(sandboxed("dfx", *words, "--start", "20d"))
    when = every[-1][name]
    second = rows(sandboxed("dfx", *words, "--start", when, "--end", when))
    assert second == [row for row in every if row[name] == when]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["dgt", "account", "fill", "1e3"], "'1e3' is no fill ID."),
        (["dgt", "account", "fill", "１２"], "is no fill ID."),
        (["dgt", "transfer", "show", "--", "-1"], "is no transfer ID."),
        (["dgt", "fills", "--offset", "3"], "--offset counts the fills of one pair."),
        (["dgt", "fills", "--limit", "0"], "--limit 0 asks for nothing."),
        (["dgt", "fills", "--limit", "ten"], "--limit 'ten' is not a whole number."),
        (["dgt", "fills", "--start", "tomorrow"], "'tomorrow' is not a time"),
        (["dfx", "fills", "--start", "1d", "--end", "2d"], "--start is later than --end."),
        (["dfx", "account", "ledger", "--margin", "--otc"], "--margin and --otc are two accounts."),
        (["dfx", "account", "deposits", "--from-id", "x"], "'x' is no deposit ID."),
        (["dfx", "withdraw", "list", "--from-id", "x"], "'x' is no withdrawal ID."),
        (["dfx", "withdraw", "list", "--order", "up"], "'up' is not one of"),
        (["dfx", "account", "deposit-address", "b-t-c"], "'b-t-c' is no currency."),
        (["dfx", "account", "deposit-address"], "CURRENCY is missing."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_arguments_are_told_before_anything_is_sent(
    exch: Exch, words: list[str], complaint: str
) -> None:
    with loopback(reply("{}")) as server:
        env = {"EXCH_DGT_URL": server.url, "EXCH_DFX_URL": server.url}
        ran = exch(*words, **env, **DGT_KEY, **DFX_KEY)
    assert (ran.code, ran.out) == (2, "")
    assert complaint in json.loads(ran.err)["error"]["message"]
    assert server.requests == []


def test_the_ledger_of_each_account_is_its_own(sandboxed: Exch) -> None:
    spot = rows(sandboxed("dfx", "account", "ledger", "usdt", "--limit", "3"))
    margin = rows(sandboxed("dfx", "account", "ledger", "usdt", "--limit", "3", "--margin"))
    assert {row["currency"] for row in [*spot, *margin]} == {"USDT"}
    assert spot != margin
    assert rows(sandboxed("dfx", "account", "ledger", "--otc")) is not None


def test_the_ledger_of_the_documents_sample_is_an_error_that_raw_can_look_at(exch: Exch) -> None:
    sample = '{"code": 0, "total": 0, "free": 0, "list": []}'
    ran, _ = dfx(exch, sample, "/spot/financelog", "account", "ledger")
    assert (ran.code, ran.out) == (6, "")
    assert "a list of assets" in ran.err
    ran, _ = dfx(exch, sample, "/spot/financelog", "account", "ledger", "--raw")
    assert ran == (0, sample, "")


def test_deposits_and_withdrawals_are_newest_first_unless_asked_otherwise(sandboxed: Exch) -> None:
    for words in (["account", "deposits"], ["withdraw", "list"]):
        down = rows(sandboxed("dfx", *words))
        assert rows(sandboxed("dfx", *words, "--order", "asc")) == down[::-1]
        assert rows(sandboxed("dfx", *words, "--limit", "1")) == down[:1]
        some = rows(sandboxed("dfx", *words, "ltc"))
        assert some == [row for row in down if row["currency"] == "LTC"]
        since = rows(sandboxed("dfx", *words, "--from-id", down[1]["id"]))
        assert since == down[1:]


def test_a_deposit_address_has_a_row_a_chain(sandboxed: Exch) -> None:
    ran = sandboxed("dfx", "account", "deposit-address", "USDT", "-o", "csv")
    assert ran.out.splitlines()[0] == "currency,address,memo,chain"
    assert [line.split(",")[3] for line in ran.out.splitlines()[1:]] == ["ERC20", "OMNI"]


def test_positions_are_of_all_pairs_or_of_one(sandboxed: Exch) -> None:
    every = rows(sandboxed("dfx", "margin", "positions"))
    assert every[0]["side"] in ("long", "short")
    assert rows(sandboxed("dfx", "margin", "positions", every[0]["symbol"].lower())) == every[:1]


def test_all_of_a_list_shows_a_bar_to_a_person_only_and_leaves_nothing_on_stdout(
    sandboxed: Exch,
) -> None:
    piped = sandboxed("dfx", "fills", "--all", "--json")
    watched = sandboxed("dfx", "fills", "--all", "--json", terminal=True)
    assert piped.err == ""
    assert json.loads(watched.out) == json.loads(piped.out)
    assert "reading" in watched.err
    once = sandboxed("dfx", "fills", "--start", "3d", "--json", terminal=True)
    assert once.err == ""
