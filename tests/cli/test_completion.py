"""TAB in real shells: bash and zsh at a terminal, fish by what it says it would offer."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from shells import COMPLETIONS, Fish, Terminal, start

from exchcli.cli.shells import SHELLS
from exchcli.cli.tree import Branch, Root, means_something
from exchcli.names import names_file
from exchcli.records import Symbol
from exchcli.state import SymbolCache

LIVE, SANDBOX = "https://openapi.digifinex.com/v3", "https://sandbox.invalid/v3"
LISTED = {LIVE: ("BTC_USDT", "BTC_USDC", "ETH_USDT"), SANDBOX: ("TRX_USDT",)}


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's home with cached symbols, and an `exch` that keeps count of its starts."""
    home = tmp_path_factory.mktemp("home")
    for url, symbols in LISTED.items():
        cache = SymbolCache(home / "state", "dfx", url)
        cache.write([Symbol(name, name[:3], name[4:]) for name in symbols])
    (home / "trades.csv").touch()
    exch = home / "bin" / "exch"
    exch.parent.mkdir()
    started = home / "started"
    started.touch()
    exch.write_text(
        f"#!/bin/sh\necho \"$*\" >>'{started}'\nexec '{sys.executable}' -m exchcli \"$@\"\n"
    )
    exch.chmod(0o755)
    return home


def environment(home: Path) -> dict[str, str]:
    return {
        "PATH": f"{home / 'bin'}:{os.environ['PATH']}", "HOME": str(home),
        "EXCH_HOME": str(home), "TERM": "xterm", "LANG": "C.UTF-8",
    }  # fmt: skip


def need(shell: str) -> None:
    if shutil.which(shell) is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{shell} is not installed, and CI=true demands it")
        pytest.skip(f"{shell} is not installed")


@pytest.fixture(scope="session", params=list(SHELLS))
def shell(request: pytest.FixtureRequest, home: Path) -> Iterator[Terminal | Fish]:
    need(request.param)
    running = start(request.param, home, environment(home))
    yield running
    running.close()


def walk(command: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every group and command, and what is typed to get there."""
    yield f"exch {path}", command
    if isinstance(command, Branch):
        for name in command.names():
            yield from walk(command.make(name), f"{path}{name} ")


TREE = list(walk(Root()))


def test_tab_offers_every_command_of_every_group(shell: Terminal | Fish) -> None:
    for line, command in TREE:
        if isinstance(command, Branch):
            assert shell.offers(line) == set(command.names()), line


def test_tab_offers_every_option_of_every_command_and_no_other(shell: Terminal | Fish) -> None:
    for line, command in TREE:
        params = [
            p for p in command.params if p not in command.common or means_something(command, p)
        ]
        flags = {flag for param in params for flag in param.opts if flag.startswith("--")}
        options = flags - {param.name for param in command.params} | {"--help"}
        assert shell.offers(f"{line}--") == options, line


@pytest.mark.parametrize(
    "line",
    [
        "exch q", "exch dgt candl", "exch ticker", "exch nothing ", "exch dgt nothing b",
        "exch dgt ticker --nothing", "exch -o x", "exch --output=x", "exch dgt symbols --source",
        "exch dfx candles btc_usdt --period 7", "exch dgt ticker xyz", "exch dgt ticker bt/c",
        "exch dfx book btc/us/d", "exch dfx book btc_usdt eth", "exch --profile d",
        "exch dgt ticker -- --js", "exch sandbox load nowh",
        "exch dgt ticker btc~", "exch dgt ticker btc/pln/",
    ],
)  # fmt: skip
def test_a_wrong_beginning_is_offered_nothing(shell: Terminal | Fish, line: str) -> None:
    if line != "exch nothing " or not is_zsh(shell):  # zsh then offers options, as it always does
        assert shell.offers(line) == set()


def is_zsh(shell: Terminal | Fish) -> bool:
    return isinstance(shell, Terminal) and shell.shell == "zsh"


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("exch -o json --timeout 5 dgt tick", "ticker"),
        ("exch --output=json dgt tick", "ticker"),
        ("exch -ojson dgt tick", "ticker"),
        ("exch -vo json dgt tick", "ticker"),
        ("exch --json dgt --profile dfx market tick", "ticker"),
        ("exch -- dgt -- tick", "ticker"),
        ("exch dgtmarket tick", "ticker"),
        ("exch digifinex --raw margin curr", "currencies"),
        ("exch dgt ticker -o js", "json"),
        ("exch --output=js", "json"),
        ("exch dgt ticker --output ", "auto table json ndjson csv"),
        ("exch dfx candles btc_usdt --period 1", "1m 15m 1h 12h 1d 1w"),
        ("exch dfx candles --limit 5 btc_usdt --period=4", "4h"),
        ("exch dfx symbols --source m", "markets margin"),
        ("exch sandbox load tr", "trades.csv"),
        ("exch sandbox load --symbol ltc", "ltcpln ltcbtc"),
        ("exch config set dfx.u", "dfx.url"),
        ("exch journal resolve k --exchange ", "dgt dfx"),
        ("exch journal audit ", "dgt dfx"),
        ("exch journal audit dgt df", "dfx"),
        ("exch sandbox fund usdt 1 --exchange d", "dgt dfx"),
        ("exch sandbox fund usdt 1 --account ", "1 2"),
        ("exch sandbox serve --fault error-500", "error-500=0.1 error-500-after=0.1"),
        ("exch dfx withdraw new usdt 1 --chain ", "ERC20 OMNI"),
        ("exch journal list --s", "--sandbox"),
        ("exch journal show --p", ""),
        ("exch sandbox serve --sa", ""),
        ("exch journal resolve --sa", "--sandbox"),
        ("exch dgt time --fields ", "exchange time offset_seconds"),
    ],
)
def test_tab_offers(shell: Terminal | Fish, line: str, offered: str) -> None:
    assert shell.offers(line) == set(offered.split())


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("exch dgt ticker ", "btcpln ltcpln ltcbtc"),
        ("exch dgt market book LTC", "LTCPLN LTCBTC"),
        ("exch dgt ticker btcpln ltc/b", "ltc/btc"),
        ("exch dfx ticker ", "btc_usdt btc_usdc eth_usdt"),
        ("exch dfx ticker BTC-US", "BTC-USDT BTC-USDC"),
        ("exch dfx trades ethu", "ethusdt"),
        ("exch dfx trades -o json --limit 5 eth", "eth_usdt"),
        ("exch dfx book -- eth", "eth_usdt"),
        ("exch dfx currencies ", "btc usdt usdc eth"),
        ("exch dfx margin currencies --json US", "USDT USDC"),
        ("exch dfx cancel --all --symbol eth", "eth_usdt"),
        ("exch --sandbox dfx book ", "trx_usdt"),
        ("exch dfx --sandbox currencies t", "trx"),
        ("exch dfx book --sandbox t", "trx_usdt"),
    ],
)
def test_tab_offers_names_as_they_are_typed(
    shell: Terminal | Fish, line: str, offered: str
) -> None:
    assert shell.offers(line) == set(offered.split())


@pytest.mark.parametrize(
    ("line", "after"),
    [
        ("exch dg", "exch dgt "),
        ("exch dgt tick", "exch dgt ticker "),
        ("exch --output=js", "exch --output=json "),
        ("exch dfx ticker eth", "exch dfx ticker eth_usdt "),
        ("exch dfx ticker ETH/", "exch dfx ticker ETH/USDT "),
        ("exch dfx ticker eth:u", "exch dfx ticker eth:usdt "),
        ("exch dfx ticker eth-usdt", "exch dfx ticker eth-usdt "),
        ("exch dfx ticker btc/u", "exch dfx ticker btc/usd"),
        ("exch dgt ticker --fields=symbol,la", "exch dgt ticker --fields=symbol,last"),
        ("exch sandbox load ./tr", "exch sandbox load ./trades.csv "),
    ],
)
@pytest.mark.parametrize("shell", ["bash", "zsh"], indirect=True)
def test_tab_types_the_rest(shell: Terminal, line: str, after: str) -> None:
    assert shell.after_tab(line).removesuffix(",") == after


def test_fields_can_follow_a_comma_once_each(shell: Terminal | Fish) -> None:
    offered = shell.offers("exch dfx margin currencies --fields level,")
    assert {name.rpartition(",")[2] for name in offered} == {"currency", "range", "loan_fee"}


def test_only_names_of_symbols_and_currencies_start_a_process(
    shell: Terminal | Fish, home: Path
) -> None:
    started = home / "started"
    before = started.read_text()
    for line in ("exch ", "exch dgt ", "exch dfx candles --", "exch --output=", "exch config set "):
        assert shell.offers(line)
    assert started.read_text() == before
    shell.offers("exch --sandbox dfx book t")
    assert started.read_text() == f"{before}__complete symbols dfx --sandbox t\n"


def test_words_behind_the_cursor_do_not_count(home: Path) -> None:
    need("bash")
    bash = Terminal("bash", home, environment(home))
    left = "\x1b[D"
    assert bash.offers(f"exch dgt tic ker json{left * 9}") == {"ticker"}
    assert bash.offers(f"exch dgt ticnever{left * 5}") == {"ticker"}
    bash.close()


@pytest.mark.parametrize("name", ["$(touch x)", "`touch x`", "a;touch x", "BTC_$(touch x)", "-_x"])
def test_a_hostile_name_in_the_cache_never_reaches_the_shell(
    shell: Terminal | Fish, home: Path, name: str
) -> None:
    file = SymbolCache(home / "state", "dfx", LIVE).names_file
    good = file.read_bytes()
    file.write_bytes(names_file(LIVE, []) + f"{name}\n".encode())
    try:
        assert shell.offers("exch dfx ticker b") == set()
        assert shell.offers("exch dfx ticker -- ") == set()
        assert shell.offers("exch dfx currencies b") == set()
    finally:
        file.write_bytes(good)
    assert not (home / "x").exists()


@pytest.mark.parametrize("shell", ["zsh", "fish"], indirect=True)
def test_zsh_and_fish_tell_what_each_command_and_option_is_for(shell: Terminal | Fish) -> None:
    for line in ("exch ", "exch dgt ", "exch dfx margin "):
        assert shell.described(line) == dict(dict(TREE)[line].summaries())
    options = shell.described("exch dfx candles --")
    assert options["--period"] == "The length of one candle."
    assert options["--output"].endswith("(auto: a table on a terminal, else JSON).")
    assert options["--timeout"] == "Give up after this long in all [30]."


@pytest.mark.parametrize("name", SHELLS)
def test_the_script_is_valid_and_the_file_in_completions_is_current(name: str, home: Path) -> None:
    file = COMPLETIONS / SHELLS[name]
    printed = subprocess.run(
        [sys.executable, "-m", "exchcli", "completion", name], capture_output=True, check=True
    )
    assert file.read_bytes() == printed.stdout, (
        f"not current; run: exch completion {name} > completions/{file.name}"
    )
    assert printed.stderr == b""
    need(name)
    checked = subprocess.run([name, "-n", str(file)], capture_output=True, check=True)
    assert checked.stdout + checked.stderr == b""


AFTER_INSTALLING = {
    "bash": ["bash", "-i", "-c", "complete -p exch"],
    "zsh": ["zsh", "-i", "-c", "print $_comps[exch]"],
    "fish": ["fish", "-c", "complete -C 'exch dg'"],
}
SAID = {
    "bash": "complete -F _exch exch\n",
    "zsh": "_exch\n",
    "fish": "dgt\tThe exchange Dgtmarket.\n",
}


@pytest.mark.parametrize("name", SHELLS)
def test_what_exch_says_about_installing_installs_it(name: str, home: Path, tmp_path: Path) -> None:
    need(name)
    env = environment(home) | {"HOME": str(tmp_path)}
    told = subprocess.run(
        ["exch", "completion", "--help"], env=env, capture_output=True, text=True, check=True
    )
    # Of the two ways for bash, one needs the package bash-completion.
    title = "bash, without it" if name == "bash" else name
    part = next(p for p in told.stdout.split("\n\n") if p.strip().startswith(title))
    for line in part.strip().split("\n")[1:]:
        subprocess.run(["sh", "-c", line], env=env, check=True)
    said = subprocess.run(
        AFTER_INSTALLING[name], env=env, capture_output=True, text=True, check=True
    )
    assert said.stdout == SAID[name]


def test_what_exch_says_about_installing_fits_a_terminal(home: Path) -> None:
    told = subprocess.run(
        ["exch", "completion", "--help"],
        env=environment(home), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert max(map(len, told.stdout.splitlines())) <= 80


def test_the_list_of_commands_names_completion_in_one_line(home: Path) -> None:
    shown = dict(Root().summaries())["completion"]
    assert shown == "Completion by TAB, for bash, zsh and fish."


def test_exch_completion_alone_tells_how_to_install_it(home: Path) -> None:
    need("bash")
    bash = Terminal("bash", home, environment(home))
    assert "exch completion zsh > ~/.zfunc/_exch" in bash.type(
        "exch completion\r", until="exch.fish"
    )
    bash.close()
