"""`exch __complete`: the names that TAB asks for, from the cache, fast and in silence."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from exchcli.cli.offers import FIXED, SANDBOX_URLS, URLS, offers
from exchcli.config import load
from exchcli.exchanges.dgtmarket import PAIRS
from exchcli.names import names_file
from exchcli.sandbox.wire import SANDBOX_URLS as SANDBOX
from exchcli.state import SymbolCache, places

LIVE = "https://openapi.digifinex.com/v3"
RUN = "from exchcli.__main__ import main; main()"


def listed(home: Path, url: str, *symbols: str) -> None:
    file = SymbolCache(home / "state", "dfx", url).names_file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(names_file(url, symbols))


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    listed(tmp_path, LIVE, "BTC_USDT", "BTCUP_USDT", "USDT_BTC")
    return {"EXCH_HOME": str(tmp_path)}


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("", "btc_usdt btcup_usdt usdt_btc"),
        ("b", "btc_usdt btcup_usdt"),
        ("BTC", "BTC_USDT BTCUP_USDT"),
        ("Btc_", "Btc_USDT"),
        ("btc/", "btc/usdt"),
        ("btc-us", "btc-usdt"),
        ("BTC:U", "BTC:USDT"),
        ("btcu", "btcusdt btcup_usdt"),
        ("btcusdt", "btcusdt"),
        ("btcup", "btcup_usdt"),
        ("bt/", ""),
        ("btc/usdt/", ""),
        ("_", ""),
        ("btc usdt", ""),
        ("ｂｔｃ", ""),
    ],
)
def test_a_symbol_is_continued_as_it_was_begun(
    env: dict[str, str], typed: str, offered: str
) -> None:
    assert offers(["symbols", "dfx", typed], env) == offered.split()


def test_currencies_are_those_of_the_pairs(env: dict[str, str]) -> None:
    assert offers(["currencies", "dfx", ""], env) == ["btc", "btcup", "usdt"]
    assert offers(["currencies", "dfx", "U"], env) == ["USDT"]
    assert offers(["currencies", "dgt"], env) == ["btc", "ltc", "pln"]


def test_dgtmarket_needs_no_cache() -> None:
    assert offers(["symbols", "dgt", "ltc"], {"EXCH_HOME": "/nonexistent"}) == ["ltcpln", "ltcbtc"]
    assert tuple(base + separator + quote for base, separator, quote in FIXED["dgt"]) == PAIRS


@pytest.mark.parametrize("name", ["A_B_C", "BTC", "_USDT", "BTC_", "币_USDT", "A.B_C", "-x_y"])
def test_a_name_that_exch_would_not_take_is_not_offered(tmp_path: Path, name: str) -> None:
    listed(tmp_path, LIVE, name, "ETH_USDT")
    assert offers(["symbols", "dfx", ""], {"EXCH_HOME": str(tmp_path)}) == ["eth_usdt"]


def test_the_sandbox_has_a_list_of_its_own(env: dict[str, str], tmp_path: Path) -> None:
    listed(tmp_path, SANDBOX["dfx"], "TRX_USDT")
    assert offers(["symbols", "dfx", "--sandbox", ""], env) == ["trx_usdt"]
    assert offers(["symbols", "dfx", "", "--sandbox"], env) == ["trx_usdt"]
    assert offers(["symbols", "dfx", ""], env | {"EXCH_SANDBOX": "Yes"}) == ["trx_usdt"]
    assert "btc_usdt" in offers(["symbols", "dfx", ""], env | {"EXCH_SANDBOX": "0"})
    assert offers(["symbols", "sandbox", "t"], env) == ["trx_usdt"]
    assert offers(["symbols", "sandbox", "btc"], env) == ["btcpln"]


@pytest.mark.parametrize(
    ("variable", "file"),
    [
        (None, ""),
        (None, "[dfx]\nwindow = 5\n"),
        ("https://other.example/v3", ""),
        ("HTTPS://Other.Example:8443/V3/", ""),
        ("http://127.0.0.1:8000", ""),
        (None, "[dfx]\nurl = 'https://file.example/v3/'\n"),
        (None, "\ufeffdfx.url = 'https://FILE.example'\n"),
        (None, "[dgt]\nurl = 'https://file.example/v3/'\n"),
        ("https://env.example/v3", "[dfx]\nurl = 'https://file.example/v3/'\n"),
        ("", "[dfx]\nurl = 'https://file.example/v3/'\n"),
    ],
)
@pytest.mark.parametrize("linked", [False, True], ids=["a file", "a link"])
def test_the_list_is_that_of_the_url_that_a_command_would_ask(
    tmp_path: Path, variable: str | None, file: str, linked: bool
) -> None:
    env = {"EXCH_HOME": str(tmp_path)}
    if variable is not None:
        env["EXCH_DFX_URL"] = variable
    config = tmp_path / ("elsewhere.toml" if linked else "config.toml")
    config.write_text(file)
    if linked:
        (tmp_path / "config.toml").symlink_to(config)
    listed(tmp_path, load(places(env).config_file, env).dfx.url, "RIGHT_ONE")
    assert offers(["symbols", "dfx", ""], env) == ["right_one"]


def test_the_urls_are_those_of_the_configuration_and_of_the_sandbox() -> None:
    assert URLS["dfx"] == load(Path("/dev/null/config.toml"), {}).dfx.url
    assert SANDBOX_URLS["dfx"] == SANDBOX["dfx"]


@pytest.mark.parametrize(
    "arguments",
    [[], ["symbols"], ["symbols", "other", ""], ["what", "dfx", ""], ["symbols", "dfx", "\udcff"],
     ["symbols", "dfx", ""], ["symbols", "dfx", "b", "more"], ["--sandbox"]],
)  # fmt: skip
@pytest.mark.parametrize("broken", ["url = ", "url = 5", "dfx = 'url'", "\0url", None])
def test_whatever_is_wrong_nothing_is_said(
    tmp_path: Path, arguments: list[str], broken: str | None
) -> None:
    if broken is None:
        os.mkfifo(tmp_path / "config.toml")
    else:
        (tmp_path / "config.toml").write_text(broken)
    assert offers(arguments, {"EXCH_HOME": str(tmp_path)}) == []


def complete(*arguments: str, env: dict[str, str]) -> tuple[int, str, str]:
    ran = subprocess.run(
        [sys.executable, *arguments], env=env, capture_output=True, text=True, check=False
    )
    return ran.returncode, ran.stdout, ran.stderr


def test_the_process_answers_one_name_a_line_and_always_succeeds(env: dict[str, str]) -> None:
    start = ["-m", "exchcli", "__complete"]
    assert complete(*start, "symbols", "dfx", "usdt", env=env) == (0, "usdt_btc\n", "")
    assert complete(*start, "symbols", "dfx", "no", env=env) == (0, "", "")
    assert complete(*start, env=env) == (0, "", "")
    assert complete(*start, "symbols", "dfx", "", env={"HOME": "relative"}) == (0, "", "")


def test_it_succeeds_even_when_nobody_reads_it(env: dict[str, str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "exchcli", "__complete", "symbols", "dgt", ""]
    ran = subprocess.run(command, env=env, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (ran.returncode, ran.stderr) == (0, b"")


def modules(env: dict[str, str], *arguments: str) -> set[str]:
    """What Python imports to run this."""
    _, _, told = complete("-X", "importtime", "-c", *arguments, env=env)
    return {line.rpartition("|")[2].strip() for line in told.splitlines()[1:]}


def test_it_imports_next_to_nothing(env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[dfx]\nwindow = 5\n")
    asked = modules(env, RUN, "__complete", "symbols", "dfx", "btc")
    assert asked - modules(env, "pass") <= {
        "__future__", "gc", "exchcli", "exchcli.__main__", "exchcli.cli", "exchcli.cli.offers",
        "exchcli.names",
    }  # fmt: skip
