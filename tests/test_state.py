"""Files on this machine: where they live, how they are written, and the list of symbols."""

from __future__ import annotations

import json
import os
import pwd
import stat
import subprocess
import sys
import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

import platformdirs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from platformdirs.macos import MacOS

from exchcli import names
from exchcli.errors import StateError
from exchcli.names import symbol_names
from exchcli.records import Symbol
from exchcli.state import SymbolCache, make_folder, places, write_atomically

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


def permissions(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# --- places -----------------------------------------------------------------------------------


def test_exch_home_holds_everything(tmp_path: Path) -> None:
    here = places({"EXCH_HOME": str(tmp_path), "XDG_STATE_HOME": "/elsewhere"})
    assert here.config_file == tmp_path / "config.toml"
    assert here.state == tmp_path / "state"
    assert here.sandbox == tmp_path / "sandbox"


def test_looking_makes_nothing(tmp_path: Path) -> None:
    places({"EXCH_HOME": str(tmp_path / "new")})
    places({"HOME": str(tmp_path)})
    assert list(tmp_path.iterdir()) == []


def test_a_relative_exch_home_is_made_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert places({"EXCH_HOME": "mine"}).state == tmp_path / "mine" / "state"


def test_a_tilde_in_exch_home_is_the_home_folder() -> None:
    env = {"EXCH_HOME": "~/trading", "HOME": "/home/ann"}
    assert places(env).config_file == Path("/home/ann/trading/config.toml")
    assert places({**env, "EXCH_HOME": "~"}).state == Path("/home/ann/state")


def test_an_empty_exch_home_is_none_at_all() -> None:
    env = {"HOME": "/home/ann"}
    assert places({**env, "EXCH_HOME": ""}) == places(env)


def test_without_exch_home_each_has_its_usual_folder() -> None:
    here = places({"HOME": "/home/ann"})
    assert here.config_file == Path("/home/ann/.config/exch/config.toml")
    assert here.state == Path("/home/ann/.local/state/exch")
    assert here.sandbox == Path("/home/ann/.local/share/exch/sandbox")


@pytest.mark.parametrize(
    "env",
    [
        {"HOME": "/home/ann"},
        {"HOME": "/home/ann", "XDG_CONFIG_HOME": "/c", "XDG_STATE_HOME": "/s"},
        {"HOME": "/home/ann", "XDG_DATA_HOME": "/d", "XDG_CONFIG_HOME": ""},
        {},
    ],
)
def test_the_usual_folders_are_those_of_platformdirs(env: dict[str, str]) -> None:
    code = """if 1:
        from platformdirs import PlatformDirs
        own = PlatformDirs("exch", appauthor=False)
        print(own.user_config_dir, own.user_state_dir, own.user_data_dir)
    """
    said = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, check=True)
    config, state, data = map(Path, said.stdout.decode().split())
    assert places(env) == (config / "config.toml", state, data / "sandbox")


@pytest.mark.parametrize("home", [None, "", "relative", "~"])
def test_an_odd_home_gives_the_one_that_the_system_has_on_record(home: str | None) -> None:
    recorded = Path(pwd.getpwuid(os.getuid()).pw_dir)
    here = places({} if home is None else {"HOME": home, "XDG_STATE_HOME": "relative"})
    assert here.state == recorded / ".local/state/exch"


def test_a_machine_without_any_home_does_not_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", nobody)
    here = places({})
    assert here.state.is_absolute()
    assert not here.config_file.exists()


def test_a_deleted_current_folder_does_not_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert places({"EXCH_HOME": "mine"}).state.is_absolute()


def test_macos_keeps_the_state_apart_from_the_configuration(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(platformdirs, "PlatformDirs", MacOS)
    monkeypatch.setattr(sys, "platform", "darwin")
    here = places({"HOME": "/Users/ann"})
    assert here.state.name == "state"
    assert len({here.config_file.parent, here.state, here.sandbox}) == 3


# --- writing ----------------------------------------------------------------------------------


def test_a_written_file_and_its_new_folders_are_for_their_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "a" / "b" / "file"
    write_atomically(file, b"content")
    assert file.read_bytes() == b"content"
    assert permissions(file) == 0o600
    assert permissions(file.parent) == permissions(tmp_path / "a") == 0o700


def test_the_mode_is_as_asked_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        write_atomically(tmp_path / "file", b"", mode=0o644)
    finally:
        os.umask(before)
    assert permissions(tmp_path / "file") == 0o644


def test_a_write_replaces_the_old_file_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    write_atomically(tmp_path / "file", b"old and longer")
    write_atomically(tmp_path / "file", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_bytes() == b"new"


def test_a_failed_write_leaves_the_old_content_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_atomically(tmp_path / "file", b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StateError) as failed:
        write_atomically(tmp_path / "file", b"new")
    assert failed.value.message == f"Cannot write {tmp_path / 'file'}: No space left on device."
    assert (failed.value.hint or "").startswith("Free some space")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_bytes() == b"old"


def test_a_file_in_place_of_a_folder_is_told_with_the_next_step(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("in the way")
    with pytest.raises(StateError) as failed:
        write_atomically(tmp_path / "state" / "file", b"")
    assert str(tmp_path / "state") in failed.value.message
    assert "Move away the file" in (failed.value.hint or "")
    assert "EXCH_HOME" in (failed.value.hint or "")


def test_a_folder_in_place_of_the_file_is_told_with_the_next_step(tmp_path: Path) -> None:
    (tmp_path / "file").mkdir()
    with pytest.raises(StateError) as failed:
        write_atomically(tmp_path / "file", b"")
    assert "Move away the folder" in (failed.value.hint or "")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("folder", ["/proc/exch", "/dev/null/exch", "/dev/full/exch"])
def test_where_no_folder_can_be_made_it_is_a_state_error(folder: str) -> None:
    with pytest.raises(StateError, match=folder):
        make_folder(Path(folder))


def test_a_folder_that_exists_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir(mode=0o755)
    make_folder(tmp_path / "shared")
    assert permissions(tmp_path / "shared") == 0o755


# --- the list of symbols ----------------------------------------------------------------------


@pytest.fixture
def cache(tmp_path: Path) -> SymbolCache:
    return SymbolCache(tmp_path, "dgt", LIVE)


def test_what_was_written_is_read_again(cache: SymbolCache) -> None:
    cache.write([BTCPLN, LTCBTC])
    assert cache.read() == [BTCPLN, LTCBTC]


def test_there_is_no_list_before_the_first_write(cache: SymbolCache, tmp_path: Path) -> None:
    assert cache.read() is None
    assert cache.age() is None
    assert symbol_names(tmp_path, "dgt", LIVE) == []
    assert list(tmp_path.iterdir()) == []


amounts = st.none() | st.decimals(
    min_value=0, max_value=10**30, allow_nan=False, allow_infinity=False, places=12
)


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


def test_age_is_counted_from_the_write(cache: SymbolCache) -> None:
    cache.write([BTCPLN])
    assert 0 <= (cache.age() or 0) < 60
    written = cache.file.stat().st_mtime
    os.utime(cache.file, (written - 7200, written - 7200))
    assert 7200 <= (cache.age() or 0) < 7260


def test_a_list_from_the_future_has_no_age(cache: SymbolCache) -> None:
    cache.write([BTCPLN])
    os.utime(cache.file, (4102444800, 4102444800))
    assert cache.age() is None


def test_a_cache_that_cannot_be_written_is_a_state_error(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("in the way")
    cache = SymbolCache(tmp_path / "state", "dgt", LIVE)
    with pytest.raises(StateError, match="state"):
        cache.write([BTCPLN])
    assert cache.read() is None
    assert cache.age() is None


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
