"""The command tree: what stands where, and that it is built from the right module."""

from __future__ import annotations

import json

import pytest
from running import Exch

from exchcli.cli.tree import EVERYDAY, EXCHANGE_GROUPS, group_of


def test_what_stands_directly_on_an_exchange_is_where_the_tree_looks_for_it() -> None:
    modules = dict.fromkeys([*EXCHANGE_GROUPS.values(), *EVERYDAY.values()])
    declared = {
        spec.everyday: module
        for module in modules
        for spec in group_of(module).specs.values()
        if spec.everyday
    }
    market = EXCHANGE_GROUPS["market"]
    assert {name: at for name, at in declared.items() if at != market} == EVERYDAY


def test_an_everyday_command_is_called_by_the_name_that_was_typed(exch: Exch) -> None:
    assert exch("dgt", "orders", "--help").out.startswith("Usage: exch dgt orders [OPTIONS]")
    assert exch("dgt", "order", "list", "--help").out.startswith("Usage: exch dgt order list ")
    for exchange in ("dgt", "dfx"):
        listed = exch(exchange, "--help").out
        for name in ("balances", "fills", "orders", "api", "account", "order"):
            assert f"\n  {name} " in listed


def test_a_command_without_its_exchange_says_so(exch: Exch) -> None:
    for name in ("orders", "balances", "api", "ledger", "withdraw"):
        error = json.loads(exch(name).err)["error"]
        assert error["message"] == f"{name!r} is a command of an exchange."


def test_a_command_with_nothing_behind_it_says_what_is_missing(exch: Exch) -> None:
    for words in (["buy"], ["order", "sell"], ["withdraw", "new"]):
        ran = exch("dgt", *words)
        error = json.loads(ran.err)["error"]
        assert (ran.code, ran.out, error["kind"]) == (2, "", "usage")
        assert f"exch dgt {' '.join(words)}" in error["hint"]


@pytest.mark.parametrize(
    ("words", "title"),
    [
        ("dgt buy btcpln 1 --price 5 --post-only", "DigiFinex"),
        ("dgt orders --margin", "DigiFinex"),
        ("dfx orders --offset 2", "Dgtmarket"),
        ("dfx buy btcusdt 1 --price 5 --stop 4", "Dgtmarket"),
    ],
)
def test_an_option_of_the_other_exchange_says_whose_it_is(
    exch: Exch, words: str, title: str
) -> None:
    ran = exch(*words.split())
    assert ran.code == 2
    assert json.loads(ran.err)["error"]["hint"].startswith(f"Only {title} has it.")


def test_a_wait_of_no_seconds_says_what_it_takes(exch: Exch) -> None:
    order = ["dgt", "buy", "btcpln", "1", "--price", "5"]
    for word in ("abc", "5s", "-x-"):
        error = json.loads(exch(*order, f"--wait={word}").err)["error"]
        assert error["message"] == f"--wait '{word}' is no number of seconds."
        assert "--wait 120" in error["hint"]
    for word in ("abc", "5s"):
        error = json.loads(exch(*order, "--wait", word).err)["error"]
        assert "--wait takes a plain number of seconds" in error["message"]


def test_what_is_missing_is_told_before_anybody_is_to_be_asked(exch: Exch) -> None:
    for words, message in (
        (["dgt", "buy", "btcpln"], "It does not say at what price."),
        (["dgt", "sell", "btcpln", "--price", "5"], "It does not say how much."),
        (["dfx", "buy", "btcusdt", "x", "--price", "5"], "AMOUNT 'x' is not"),
        (["dgt", "buy", "btcpln", "1", "--price", "5"], "This asks before it does anything"),
    ):
        ran = exch(*words)
        assert ran.code == 2
        assert message in json.loads(ran.err)["error"]["message"]
