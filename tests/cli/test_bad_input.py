"""What a user can get wrong: one clear line that names the next step, and the right code."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from listing_dfx import dfx
from loopback import loopback, reply
from running import Exch

from exchcli.cli.tree import Root


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["dgt", "ticker", "btcpnl"],
            "exch: Dgtmarket has no symbol 'btcpnl'. Did you mean BTCPLN or LTCPLN? "
            "`exch dgt symbols` lists all.",
        ),
        (
            ["dgt", "ticker", "doge"],
            "exch: Dgtmarket has no symbol 'doge'. Did you mean BTCPLN, LTCPLN or LTCBTC? "
            "`exch dgt symbols` lists all.",
        ),
        (
            ["dgt", "ticker", "../../etc"],
            "exch: '../../etc' is no symbol. Write base and quote, like btcpln or BTC/PLN; "
            "`exch dgt symbols` lists them.",
        ),
        (
            ["dgt", "book", "btcpln", "--limit", "１２"],
            "exch: --limit '１２' is not a whole number. Write digits, like 20.",
        ),
        (
            ["dgt", "book", "btcpln", "--limit", "31"],
            "exch: Dgtmarket gives 1 to 30 levels at a time, not 31. Ask for --limit 1 to 30.",
        ),
        (
            ["dgt", "book"],
            "exch: SYMBOL is missing. Usage: exch dgt book [OPTIONS] SYMBOL. "
            "`exch dgt book --help` shows how it is used.",
        ),
        (
            ["dfx", "transfer", "new", "usdt", "1", "--from", "spot"],
            "exch: --to <spot|margin|otc> is missing. Usage: exch dfx transfer new [OPTIONS] "
            "CURRENCY AMOUNT. `exch dfx transfer new --help` shows how it is used.",
        ),
        (
            ["dfx", "order", "batch", "btc_usdt", "-", "--round"],
            "exch: `exch dfx order batch` has no option --round. Those that have it: buy, sell. "
            "`exch dfx order batch --help` shows how it is used.",
        ),
        (
            ["dfx", "order", "batch", "btc_usdt", "-", "--wait"],
            "exch: `exch dfx order batch` has no option --wait. Those that have it: buy, sell. "
            "`exch dfx order batch --help` shows how it is used.",
        ),
        (
            ["dgt", "tiker", "btcpln"],
            "exch: There is no command 'tiker' in `exch dgt`. Did you mean ticker or time? "
            "`exch dgt --help` lists them all.",
        ),
        (
            ["dtg"],
            "exch: There is no command 'dtg' in `exch`. Did you mean dgt? "
            "`exch --help` lists them all.",
        ),
        (
            ["ticker", "btcpln"],
            "exch: 'ticker' is a command of an exchange. "
            "Name the exchange first: `exch dgt ticker` or `exch dfx ticker`.",
        ),
        (
            ["dgt", "ticker", "--jsno"],
            "exch: `exch dgt ticker` has no option --jsno. Did you mean --json or --sandbox? "
            "`exch dgt ticker --help` shows how it is used.",
        ),
        (
            ["dfx", "candles", "btc_usdt", "--period", "2h"],
            "exch: Invalid value for '--period': '2h' is not one of "
            "'1m', '5m', '15m', '30m', '1h', '4h', '12h', '1d', '1w'. "
            "`exch dfx candles --help` shows how it is used.",
        ),
        (
            ["dgt", "ticker", "--fields", "symbol,lats"],
            "exch: --fields: ticker has no field 'lats'. Did you mean last? "
            "The fields are: symbol, last, bid,"
            " ask, high, low, volume, quote_volume, change_percent, time.",
        ),
        (
            ["dgt", "ticker", "-o", "xml"],
            "exch: Invalid value for '-o' / '--output': 'xml' is not one of "
            "'auto', 'table', 'json', 'ndjson', 'csv'. `exch dgt ticker --help` "
            "shows how it is used.",
        ),
    ],
)
def test_a_mistake_is_told_in_one_line_with_the_next_step(
    exch: Exch, arguments: list[str], message: str
) -> None:
    ran = exch(*arguments, terminal=True)
    assert ran == (2, "", f"{message}\n")


@pytest.mark.parametrize("number", ["1e5", "NaN", "１２", "1_000", "-1", "+5", "", "1.5", " 1"])
def test_a_bad_limit_is_refused_however_it_is_bad(exch: Exch, number: str) -> None:
    ran = exch("dgt", "book", "btcpln", f"--limit={number}", terminal=True)
    assert ran.code == 2
    assert "is not a whole number" in ran.err


@pytest.mark.parametrize("seconds", ["1e5", "NaN", "１２", "1_000", "-1", "0", "", "86401", "inf"])
def test_a_bad_timeout_is_refused_however_it_is_bad(exch: Exch, seconds: str) -> None:
    ran = exch("dgt", "ticker", f"--timeout={seconds}", terminal=True)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("exch: --timeout")


@pytest.mark.parametrize("time", ["yesterday", "1e9", "-5", "2h30", "１２", "1589874294000", ""])
def test_a_bad_time_is_refused_with_the_forms_that_work(exch: Exch, time: str) -> None:
    ran = exch("dfx", "candles", "btc_usdt", f"--start={time}", terminal=True)
    assert (ran.code, ran.out) == (2, "")
    assert "--start" in ran.err or "time" in ran.err


@pytest.mark.parametrize(
    ("arguments", "what", "where"),
    [
        (["dgt", "candles", "btcpln"], "candles", "dgt"),
        (["dgt", "market", "ping"], "market ping", "dgt market"),
        (["dgtmarket", "currencies"], "currencies", "dgt"),
        (["dgt", "margin"], "margin", "dgt"),
        (["dgt", "margin", "symbols"], "margin", "dgt"),
        (["dgt", "withdraw", "cancel", "1"], "withdraw cancel", "dgt withdraw"),
        (["dgt", "transfer", "new", "btc", "1"], "transfer new", "dgt transfer"),
        (["dgt", "order", "batch", "btcpln", "-"], "order batch", "dgt order"),
    ],
)
def test_what_an_exchange_does_not_have_says_so_in_one_line(
    exch: Exch, arguments: list[str], what: str, where: str
) -> None:
    assert exch(*arguments, terminal=True) == (
        13,
        "",
        f"exch: Dgtmarket does not offer `{what}`. `exch {where} --help` lists what it offers.\n",
    )


def test_an_option_of_the_other_exchange_is_no_option_here(exch: Exch) -> None:
    ran = exch("dgt", "symbols", "--source", "spot", terminal=True)
    assert ran.code == 2
    assert ran.err.startswith("exch: `exch dgt symbols` has no option --source.")


@pytest.mark.parametrize(
    ("answer", "code"),
    [('{"code": 10005, "msg": []}', 5), ('{"code": 10002, "msg": {"a": 1}}', 3)],
)
def test_an_odd_message_does_not_hide_a_refusal(exch: Exch, answer: str, code: int) -> None:
    with loopback(reply(answer)) as server:
        assert exch("dfx", "ping", **dfx(server)).code == code
    assert len(server.requests) == 1


def test_a_message_of_any_length_is_one_bounded_line(exch: Exch) -> None:
    long = reply(json.dumps({"code": 10004, "msg": "x\n" * 100_000}))
    with loopback(long) as server:
        ran = exch("dfx", "ping", terminal=True, **dfx(server))
    assert ran.code == 4
    assert ran.err.count("\n") == 1
    assert len(ran.err) < 2000


def test_no_network_is_told_with_the_next_step(exch: Exch) -> None:
    url = "http://127.0.0.1:1/api"
    ran = exch("dgt", "ticker", "btcpln", terminal=True, EXCH_DGT_URL=url)
    assert ran == (
        6,
        "",
        "exch: Dgtmarket was not reached: connection refused. "
        "Check the network (exch -v shows the address), then run it again.\n",
    )


def test_plain_http_is_for_loopback_only(exch: Exch) -> None:
    ran = exch("dgt", "ticker", "btcpln", terminal=True, EXCH_DGT_URL="http://10.0.0.1/api")
    assert (ran.code, ran.out) == (2, "")
    assert "EXCH_DGT_URL" in ran.err


def test_a_reply_that_is_not_as_documented_is_exit_6_but_raw_still_shows_it(exch: Exch) -> None:
    odd = '{"last": "a lot"}'
    with loopback(reply(odd)) as server:
        env = {"EXCH_DGT_URL": f"{server.url}/api"}
        ran = exch("dgt", "ticker", "btcpln", terminal=True, **env)
        assert (ran.code, ran.out) == (6, "")
        assert "last is not a number: 'a lot'" in ran.err
        assert exch("dgt", "ticker", "btcpln", "--raw", **env) == (0, odd, "")


def test_errors_are_json_for_a_script_and_words_for_a_person(exch: Exch) -> None:
    expected = {
        "error": {
            "kind": "usage",
            "message": "Dgtmarket has no symbol 'doge'.",
            "hint": "Did you mean BTCPLN, LTCPLN or LTCBTC? `exch dgt symbols` lists all.",
            "exchange": "dgt",
            "code": None,
            "retry": "fix",
            "exit": 2,
        }
    }
    for arguments in (
        ["dgt", "ticker", "doge"],
        ["dgt", "ticker", "doge", "--json"],
        ["--json", "dgt", "ticker", "doge"],
        ["dgt", "-o", "ndjson", "ticker", "doge"],
    ):
        ran = exch(*arguments)
        assert (ran.code, ran.out) == (2, "")
        assert json.loads(ran.err) == expected
    assert exch("dgt", "ticker", "doge", "-o", "csv").err.startswith("exch: Dgtmarket has no")
    assert exch("dgt", "ticker", "doge", "-o", "table").err.startswith("exch: Dgtmarket has no")


def test_usage_errors_are_json_too_even_before_the_option_is_reached(exch: Exch) -> None:
    ran = exch("dgt", "nonsense", "--json", terminal=True)
    assert json.loads(ran.err)["error"]["kind"] == "usage"
    ran = exch("dgt", "time", "-o", "xml", "--json", terminal=True)
    assert json.loads(ran.err)["error"]["exchange"] == "dgt"
    assert json.loads(exch("dgt", "time", "-o", "xml").err)["error"]["exit"] == 2
    ran = exch("--nonsense", "dgt", "ticker", "-ojson", terminal=True)
    assert json.loads(ran.err)["error"]["exit"] == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["dfx", "book", "btcusdt", "--limit"],
            "exch: Option '--limit' requires an argument. `exch dfx book --help` shows how it is "
            "used.",
        ),
        (
            ["dgt", "book", "btcpln", "ltcpln"],
            "exch: There is no place for (ltcpln). `exch dgt book --help` shows how it is used.",
        ),
        (
            ["config", "set", "dgt.window", "-1"],
            "exch: `exch config set` has no option -1. Put `--` before a value that begins with "
            "a minus. `exch config set --help` shows how it is used.",
        ),
        (
            ["config", "set", "dgt.guard.max_order_value", "5"],
            "exch: dgt.guard.max_order_value is a table, not a value. "
            "Name one key of it, as in dgt.guard.max_order_value.NAME.",
        ),
        (
            ["DFX", "ticker"],
            "exch: There is no command 'DFX' in `exch`. Did you mean dfx? "
            "`exch --help` lists them all.",
        ),
        (
            ["dfx", "candles", "btc_usdt", "--start", "2030-01-01"],
            "exch: --start is in the future. Give a time that has been, like 3d.",
        ),
    ],
)
def test_what_typer_says_is_said_in_exchs_words(
    exch: Exch, arguments: list[str], message: str
) -> None:
    ran = exch(*arguments, terminal=True)
    assert ran == (2, "", f"{message}\n")


@pytest.mark.parametrize("extra", [[], ["--margin"]])
def test_an_unknown_currency_is_a_usage_error_however_it_is_asked_for(
    exch: Exch, extra: list[str]
) -> None:
    ran = exch("--sandbox", "dfx", "currencies", "zzz", *extra, terminal=True)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        "exch: DigiFinex has no currency 'ZZZ' here. `exch dfx currencies` lists them all.\n"
    )


def test_the_sandboxes_clock_cannot_stand_before_its_opening(exch: Exch) -> None:
    assert exch("--sandbox", "dgt", "time", EXCH_SANDBOX_CLOCK="2026-01-01T00:00:00Z").code == 0
    ran = exch("--sandbox", "dgt", "time", terminal=True, EXCH_SANDBOX_CLOCK="2025-12-31T23:59:59Z")
    assert ran == (
        2,
        "",
        "exch: EXCH_SANDBOX_CLOCK is before 2026-01-01T00:00:00Z, where this sandbox is. "
        "Set a later time, or start the sandbox over with `exch sandbox reset --yes`.\n",
    )
    wrong = exch("--sandbox", "dgt", "time", terminal=True, EXCH_SANDBOX_CLOCK="noon")
    assert wrong.code == 2
    assert wrong.err.startswith("exch: EXCH_SANDBOX_CLOCK: ")


def test_certificates_that_are_not_there_are_told_with_their_variable(exch: Exch) -> None:
    ran = exch("dgt", "time", terminal=True, SSL_CERT_FILE="/nonexistent.pem")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("exch: TLS cannot be set up: ")
    assert "Check SSL_CERT_FILE, SSL_CERT_DIR and SSLKEYLOGFILE" in ran.err


def test_where_the_configuration_is_is_told_even_if_it_is_broken(exch: Exch) -> None:
    exch.home.mkdir()
    (exch.home / "config.toml").write_text("= broken")
    ran = exch("config", "path", "--fields", "config", "--json")
    assert ran == (0, f'{{"config": "{exch.home / "config.toml"}"}}\n', "")


def test_every_command_that_a_message_names_is_there() -> None:
    package = Path(__file__).parents[2] / "exchcli"
    named = {
        tuple(words.split())
        for file in package.rglob("*.py")
        for words in re.findall(r"`exch ((?:[a-z][a-z-]* ?)+)", file.read_text())
    }
    assert named
    for path in named:
        node: Any = Root()
        for word in path:
            if not hasattr(node, "make"):
                break  # an argument
            node = node.make(word)
            assert node is not None, f"`exch {' '.join(path)}` is no command"


@pytest.mark.parametrize("name", ["", "no such !", "\x1b[31m", "x" * 65])
@pytest.mark.parametrize("command", [["time"], ["balances"], ["auth", "status"]])
def test_what_can_be_no_profile_is_refused_by_every_command(
    exch: Exch, command: list[str], name: str
) -> None:
    ran = exch("--sandbox", "--profile", name, "dgt", *command, terminal=True)
    assert ran == (
        2,
        "",
        "exch: --profile must be the name of a profile: up to 64 letters, digits, - or _. "
        "Correct it.\n",
    )


@pytest.mark.parametrize("path", ["", "/"])
def test_an_empty_path_is_no_endpoint(exch: Exch, path: str) -> None:
    ran = exch("--sandbox", "dgt", "api", path, terminal=True)
    assert ran == (2, "", "exch: The path is empty. Write it like /spot/assets.\n")
