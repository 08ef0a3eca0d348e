"""The cached list of symbols: never trusted, never mixed, and quick to read for TAB."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchcli import names
from exchcli.errors import StateError
from exchcli.names import symbol_names
from exchcli.records import Symbol
from exchcli.state import SymbolCache

LIVE = "https://dgtmarket.com/api"
BTCPLN = Symbol(
    "BTCPLN",
    base="BTC",
    quote="PLN",
    price_precision=2,
    amount_precision=8,
    min_amount=Decimal("0.00000001"),
    min_value=Decimal("10.00"),
    status="TRADING",
    order_types=("LIMIT", "MARKET"),
    api_trading=True,
)
LTCBTC = Symbol("LTCBTC", base="LTC", quote="BTC")


# --- the list of symbols ----------------------------------------------------------------------


@pytest.fixture
def cache(tmp_path: Path) -> SymbolCache:
    return SymbolCache(tmp_path, "dgt", LIVE)


def test_what_was_written_is_read_again(cache: SymbolCache) -> None:
    cache.write([BTCPLN, LTCBTC])
    assert cache.read() == [BTCPLN, LTCBTC]


def test_there_is_no_list_before_the_first_write(cache: SymbolCache, tmp_path: Path) -> None:
    assert cache.read() is None
    assert symbol_names(tmp_path, "dgt", LIVE) == []
    assert list(tmp_path.iterdir()) == []


amounts = st.none() | st.decimals(
    min_value=0, max_value=10**30, allow_nan=False, allow_infinity=False, places=12
)


@settings(deadline=None)  # it writes files
@given(
    words=st.lists(st.text("ABCDEFGH_0123456789", min_size=1, max_size=12), max_size=5),
    amount=amounts,
    value=amounts,
    precision=st.none() | st.integers(0, 20),
    flag=st.none() | st.booleans(),
)
def test_every_symbol_survives_the_cache(
    tmp_path_factory: pytest.TempPathFactory,
    words: list[str],
    amount: Decimal | None,
    value: Decimal | None,
    precision: int | None,
    flag: bool | None,
) -> None:
    state = tmp_path_factory.mktemp("state")
    symbols = [
        Symbol(
            word, word, word, precision, precision, amount, value, None, tuple(words), flag, flag
        )
        for word in words
    ]
    SymbolCache(state, "dfx", LIVE).write(symbols)
    read = SymbolCache(state, "dfx", LIVE).read()
    assert read == symbols
    # Equal is not enough: 10.00 and 10 are equal, and show different digits.
    assert [str(symbol.min_amount) for symbol in read or []] == [str(amount)] * len(words)
    assert symbol_names(state, "dfx", LIVE) == words


@pytest.mark.parametrize(
    ("exchange", "url"),
    [
        ("dfx", LIVE),
        ("dgt", "http://127.0.0.1:8080/api"),
        ("dgt", "http://127.0.0.1:8081/api"),
        ("dgt", "https://dgtmarket.com/other"),
        ("dgt", "sandbox:dgt"),
    ],
)
def test_exchanges_loopback_and_sandbox_do_not_mix(
    cache: SymbolCache, tmp_path: Path, exchange: str, url: str
) -> None:
    cache.write([BTCPLN])
    other = SymbolCache(tmp_path, exchange, url)
    assert other.read() is None
    assert symbol_names(tmp_path, exchange, url) == []
    other.write([LTCBTC])
    assert other.read() == [LTCBTC]
    assert symbol_names(tmp_path, exchange, url) == ["LTCBTC"]


def test_a_file_says_by_its_name_whose_it_is(cache: SymbolCache, tmp_path: Path) -> None:
    assert cache.file == tmp_path / "symbols" / "dgt-dgtmarket.com.json"
    odd = SymbolCache(tmp_path, "dgt", "https://../../etc/\n" + "x" * 500)
    assert odd.file.parent == cache.file.parent
    odd.write([BTCPLN])
    assert odd.read() == [BTCPLN]


def rewritten(cache: SymbolCache, **changes: Any) -> None:
    content = json.loads(cache.file.read_text())
    cache.file.write_text(json.dumps(content | changes))


ROW = ["BTCPLN", "BTC", "PLN", 2, 8, "0.1", None, None, None, None, None, None, None]


@pytest.mark.parametrize(
    "content",
    [
        *[b"", b"{", b"null", b"[]", b"{}", b'"text"', b"\xff\xfe", b"[" * 100_000, b"NaN"],
        json.dumps({"version": 1, "url": LIVE, "symbols": [ROW]}).encode(),
    ],
)
def test_a_corrupt_list_is_absent_and_can_be_written_again(
    cache: SymbolCache, content: bytes
) -> None:
    cache.write([BTCPLN])
    cache.file.write_bytes(content)
    assert cache.read() is None
    cache.write([LTCBTC])
    assert cache.read() == [LTCBTC]


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 0},
        {"url": "https://elsewhere.com"},
        {"fields": ["symbol"]},
        {"symbols": None},
        {"symbols": {"BTCPLN": ROW}},
        {"symbols": ["BTCPLN"]},
        {"symbols": [ROW[:-1]]},
        *[
            {"symbols": [[*ROW[:at], value, *ROW[at + 1 :]]]}
            for at, value in [
                *[(0, None), (0, 5), (0, "BTC\x1b[2J"), (0, "BTC\nPLN"), (1, ["BTC"])],
                *[(3, "2"), (3, 2.0), (3, True), (3, -1), (3, 10**9)],
                *[(5, 0.1), (5, "NaN"), (5, "1e999"), (5, "１"), (5, True)],
                *[(8, "LIMIT"), (8, [1]), (8, {}), (9, "yes"), (9, 1), (12, 7)],
            ]
        ],
    ],
)
def test_an_older_or_strange_list_is_absent(cache: SymbolCache, changes: dict[str, Any]) -> None:
    cache.write([BTCPLN])
    rewritten(cache, symbols=[ROW])
    assert cache.read() is not None
    rewritten(cache, **changes)
    assert cache.read() is None


def replace_by_link(file: Path) -> None:
    file.rename(file.with_suffix(".real"))
    file.symlink_to(file.with_suffix(".real"))


def replace_by_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def replace_by_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def blow_up(file: Path) -> None:
    with file.open("ab") as opened:
        opened.truncate(names.MAX_BYTES + 1)


@pytest.mark.parametrize(
    "spoil", [replace_by_link, replace_by_folder, replace_by_pipe, blow_up, Path.unlink]
)
def test_links_pipes_and_huge_files_are_absent(
    cache: SymbolCache, tmp_path: Path, spoil: Any
) -> None:
    cache.write([BTCPLN])
    spoil(cache.file)
    spoil(cache.names_file)
    assert cache.read() is None
    assert symbol_names(tmp_path, "dgt", LIVE) == []


def test_a_write_replaces_a_link_and_does_not_follow_it(cache: SymbolCache, tmp_path: Path) -> None:
    cache.write([BTCPLN])
    treasure = tmp_path / "treasure"
    treasure.write_text("kept")
    cache.file.unlink()
    cache.file.symlink_to(treasure)
    cache.write([BTCPLN])
    assert treasure.read_text() == "kept"
    assert cache.read() == [BTCPLN]


def test_a_cache_that_cannot_be_written_is_a_state_error(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("in the way")
    cache = SymbolCache(tmp_path / "state", "dgt", LIVE)
    with pytest.raises(StateError, match="state"):
        cache.write([BTCPLN])
    assert cache.read() is None


def test_many_writers_at_once_never_show_half_a_list(cache: SymbolCache, tmp_path: Path) -> None:
    lists = [[BTCPLN] * 300, [LTCBTC] * 200]
    cache.write(lists[0])

    def write(symbols: list[Symbol]) -> None:
        for _ in range(20):
            cache.write(symbols)

    threads = [threading.Thread(target=write, args=(symbols,)) for symbols in lists * 2]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert cache.read() in lists
        assert symbol_names(tmp_path, "dgt", LIVE) in (["BTCPLN"] * 300, ["LTCBTC"] * 200)
    assert len(list(cache.file.parent.iterdir())) == 2


# --- the names for TAB ------------------------------------------------------------------------


def test_names_that_a_shell_could_run_are_never_offered(cache: SymbolCache, tmp_path: Path) -> None:
    odd = ["$(reboot)", "A B", "`ls`", "", "x" * 65, "A\nB", "A;B", "'"]
    cache.write([BTCPLN, *(Symbol(name, "X", "Y") for name in odd)])
    assert symbol_names(tmp_path, "dgt", LIVE) == ["BTCPLN"]


@pytest.mark.parametrize(
    "line", [b"$(reboot)\n", b"A B\n", b"\n", b"\x1b[2J\n", b"\xff\n", b"x" * 65 + b"\n"]
)
def test_a_list_of_names_with_a_strange_line_is_absent(
    cache: SymbolCache, tmp_path: Path, line: bytes
) -> None:
    cache.write([BTCPLN])
    with cache.names_file.open("ab") as file:
        file.write(line)
    assert symbol_names(tmp_path, "dgt", LIVE) == []


def test_tab_imports_nothing_that_takes_time() -> None:
    code = """if 1:
        import sys
        before = set(sys.modules)
        from exchcli.names import folders, symbol_names
        symbol_names(folders({"EXCH_HOME": "/nonexistent"})[1], "dgt", "https://dgtmarket.com/api")
        symbol_names(folders({"HOME": "/nonexistent"})[1], "dgt", "https://dgtmarket.com/api")
        print(*sorted(set(sys.modules) - before))
    """
    said = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, check=True)
    assert set(said.stdout.decode().split()) - {"__future__"} == {"exchcli", "exchcli.names"}
