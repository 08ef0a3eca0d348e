"""config.toml: what is taken, and what is refused with which words."""

from __future__ import annotations

import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from configuring import CONTRACT, refusal

from exchcli.config import Limit, Profile, load

# --- what is taken ----------------------------------------------------------------------------


def test_without_a_file_everything_has_its_default(file: Path) -> None:
    config = load(file, {})
    assert config.output == "auto"
    assert config.sandbox is False
    assert config.dgt.url == "https://dgtmarket.com/api"
    assert config.dfx.url == "https://openapi.digifinex.com/v3"
    assert config.dfx.stream_url == "wss://openapi.digifinex.com/ws/v1/"
    assert config.dgt.stream_url is None
    assert (config.dgt.window, config.dfx.window) == (30, 65)
    assert (config.dgt.settle_delay, config.dfx.settle_delay) == (10, 10)
    assert config.dgt.limits == {"public": Limit(60, 60), "private": Limit(100, 60)}
    assert config.dfx.limits == {"weight": Limit(1200, 60)}
    assert config.dgt.profile == "default"
    assert config.dgt.profiles == {}


def test_without_a_file_the_guard_lets_everything_pass(file: Path) -> None:
    guard = load(file, {}).dfx.guard
    assert guard.halt is False
    assert guard.max_order_value == {}
    assert guard.max_deviation_percent is None
    assert guard.max_orders_per_minute is None
    assert guard.withdrawals is True
    assert guard.withdraw_addresses == ()


def test_the_example_of_the_contract_is_read(file: Path) -> None:
    file.write_text(CONTRACT)
    config = load(file, {})
    assert config.exchange("dgt") is config.dgt
    assert config.dgt.guard.max_order_value == {"PLN": Decimal(5000)}
    assert config.dgt.guard.max_deviation_percent == Decimal(5)
    assert config.dgt.guard.max_orders_per_minute == 10
    assert config.dgt.profiles == {"default": Profile(store="keyring")}
    assert config.dfx == load(file.with_name("none"), {}).dfx


def test_an_empty_file_and_a_byte_order_mark_are_no_errors(file: Path) -> None:
    file.write_bytes(b"")
    assert load(file, {}).output == "auto"
    file.write_bytes(b'\xef\xbb\xbfoutput = "csv"\r\n')
    assert load(file, {}).output == "csv"


def test_one_limit_can_be_set_without_the_others(file: Path) -> None:
    file.write_text('[dgt.limits]\nprivate = "5/1s"\n')
    assert load(file, {}).dgt.limits == {"public": Limit(60, 60), "private": Limit(5, 1)}


def test_profiles_tell_where_the_keys_are(file: Path) -> None:
    file.write_text(
        '[dfx.profiles.a]\nstore = "file"\npath = "~/keys"\n'
        '[dfx.profiles.b-2]\nstore = "command"\nargv = ["pass", "show", "dfx"]\n'
    )
    profiles = load(file, {}).dfx.profiles
    assert profiles["a"] == Profile("file", path=Path.home() / "keys")
    assert profiles["b-2"] == Profile("command", argv=("pass", "show", "dfx"))


def test_currencies_of_the_guard_are_in_upper_case(file: Path) -> None:
    file.write_text('[dgt.guard]\nmax_order_value = { pln = "1" }\n')
    assert load(file, {}).dgt.guard.max_order_value == {"PLN": Decimal(1)}


# --- what is refused --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "key", "hint"),
    [
        ("outptu = 'json'", "outptu", "output"),
        ("[dgt.guard]\nhalted = true", "dgt.guard.halted", "dgt.guard.halt"),
        ("[guard]\nhalt = true", "guard", "config show"),
        ("[dgt]\nhalt = true", "dgt.halt", "dgt.guard.halt"),
        ("[dgt]\nstream_url = 'wss://a.b/'", "dgt.stream_url", "dfx.stream_url"),
        ("[dgt.limits]\nweight = '1/1s'", "dgt.limits.weight", "dfx.limits.weight"),
        ("[dgt.profiles.a]\nstroe = 'file'", "dgt.profiles.a.stroe", "dgt.profiles.a.store"),
        ("[dgt.profiles.'a b']\nstore = 'file'", "dgt.profiles.a b", "dgt.profiles.NAME"),
        ("[dgt.guard.max_order_value]\n'P-N' = '1'", "dgt.guard.max_order_value.P-N", "NAME"),
        ('"\\u001b[2J" = 1', "'\\x1b[2J'", "show"),
        ("'*' = 1", "*", "show"),
        ("secret = 'hunter2'", "secret", "show"),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest_known_one(
    file: Path, text: str, key: str, hint: str
) -> None:
    file.write_text(text)
    refused = refusal(file)
    assert f"Unknown key {key}" in refused.message
    assert str(file) in refused.message
    assert hint in (refused.hint or "")
    assert "hunter2" not in f"{refused.message}{refused.hint}"


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        *[("output", v, "one of auto, table") for v in ("'xml'", "1", "['json']", "'JSON'")],
        *[("dgt.window", v, "from 1 to 3600") for v in ("0", "-1", "3601", "'30'", "30.0", "true")],
        *[("dfx.settle_delay", v, "from 0 to 3600") for v in ("-1", "9999", "1979-05-27")],
        *[("dgt.guard.halt", v, "true or false") for v in ("1", "'true'", "'no'")],
        *[("dgt.guard.withdrawals", v, "true or false") for v in ("0", "[]")],
        *[("dgt.guard.max_orders_per_minute", v, "whole number") for v in ("0", "1.5", "'1'")],
        *[
            ("dgt.guard.max_deviation_percent", v, "in quotes")
            for v in ("5", "5.0", "nan", "'NaN'", "'1e3'", "'-5'", "'５'", "''", "'5%'")
        ],
        *[("dgt.guard.max_order_value.PLN", v, "in quotes") for v in ("5000", "'5_000'", "{}")],
        *[("dgt.guard.max_order_value", v, "a table") for v in ("'5000'", "[]", "5000")],
        *[("dgt.guard.withdraw_addresses", v, "list of texts") for v in ("'a'", "[1]", "['']")],
        *[
            ("dgt.limits.public", v, '"60/60s"')
            for v in ("60", "'60'", "'60/60'", "'0/60s'", "'60/0s'", "'-1/60s'", "'6０/60s'")
        ],
        *[("dgt.limits", v, "a table") for v in ("'60/60s'", "[['a']]")],
        *[("dgt", v, "a table") for v in ("1", "[{}]")],
        *[("dgt.profile", v, "name of a profile") for v in ("''", "'a b'", "'../x'", "1")],
        *[("dgt.profile", f"'{'x' * 65}'", "name of a profile")],
        *[("dgt.profiles.a", "'keyring'", "a table")],
        *[("dgt.profiles.a.store", v, "keyring, file, command") for v in ("'vault'", "true")],
        *[
            ("dgt.profiles.a.path", v, "path of a file")
            for v in ("'x/y'", "''", "1", "'/a\\u0007'")
        ],
        *[("dgt.profiles.a.argv", v, "list") for v in ("[]", "'pass'", "['a', 1]", "['']")],
    ],
)
def test_a_wrong_value_is_refused_with_its_key_its_file_and_what_it_must_be(
    file: Path, key: str, value: str, says: str
) -> None:
    file.write_text(f"{key} = {value.replace(chr(39), chr(34))}\n")
    refused = refusal(file)
    assert refused.message.startswith(f"{key} in {file} must ")
    assert says in refused.message


def test_a_huge_number_is_refused(file: Path) -> None:
    file.write_text(f"[dgt]\nwindow = {'9' * 10_000}\n")
    refusal(file)


def test_one_currency_twice_is_refused(file: Path) -> None:
    file.write_text('[dgt.guard]\nmax_order_value = { PLN = "1", pln = "2" }\n')
    assert "twice" in refusal(file).message


@pytest.mark.parametrize(("store", "needs"), [("file", "path"), ("command", "argv")])
def test_a_store_needs_what_it_is_made_of(file: Path, store: str, needs: str) -> None:
    file.write_text(f'[dgt.profiles.a]\nstore = "{store}"\n')
    refused = refusal(file)
    assert f"needs dgt.profiles.a.{needs}" in refused.message
    assert f"exch config set dgt.profiles.a.{needs}" in (refused.hint or "")


@pytest.mark.parametrize(
    "text", ["output = ", "output = json", "[dgt", 'output = "a', "x = 1\nx = 2", '\x00 = "a"']
)
def test_a_syntax_error_names_the_file_and_the_line(file: Path, text: str) -> None:
    file.write_text(f"\n\n{text}\n")
    message = refusal(file).message
    assert f"{file} is not valid TOML" in message
    assert "line" in message or "end of document" in message


def test_deep_nesting_is_refused(file: Path) -> None:
    file.write_text("output = " + "[" * 100_000)
    refusal(file)


def test_another_encoding_is_refused_with_the_line(file: Path) -> None:
    file.write_bytes('# one\n# two\noutput = "zażółć"\n'.encode("iso-8859-2"))
    assert "line 3 is not UTF-8" in refusal(file).message


def place_folder(file: Path) -> None:
    file.mkdir()


def place_pipe(file: Path) -> None:
    os.mkfifo(file)


def place_link_to_nothing(file: Path) -> None:
    file.symlink_to(file.with_name("nothing"))


def place_link_to_itself(file: Path) -> None:
    file.symlink_to(file)


def place_huge_file(file: Path) -> None:
    file.write_bytes(b"#" * (1024 * 1024 + 1))


def place_unreadable_file(file: Path) -> None:
    file.symlink_to("/proc/self/mem")


@pytest.mark.parametrize(
    "place",
    [
        place_folder,
        place_pipe,
        place_link_to_nothing,
        place_link_to_itself,
        place_huge_file,
        place_unreadable_file,
    ],
)
def test_what_cannot_be_read_is_a_broken_configuration_and_not_an_absent_one(
    file: Path, place: Any
) -> None:
    place(file)
    assert str(file) in refusal(file).message


def test_a_folder_that_is_a_file_has_no_configuration(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    assert load(tmp_path / "home" / "config.toml", {}).output == "auto"


# --- the price --------------------------------------------------------------------------------


def imported(code: str) -> set[str]:
    said = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys\n{code}\nprint(*sys.modules)"],
        capture_output=True,
        check=True,
    )
    return set(said.stdout.decode().split())


def test_without_a_file_no_toml_is_imported(file: Path) -> None:
    code = f"""if 1:
        from pathlib import Path
        from exchcli.config import load
        load(Path({str(file)!r}), {{"EXCH_DGT_URL": "http://127.0.0.1:1/api"}})
    """
    late = {"tomllib", "tomli_w", "difflib", "platformdirs", "tempfile", "json"}
    assert not late & imported(code)


def test_config_cannot_be_changed(file: Path) -> None:
    config = load(file, {})
    for part, name in ((config, "output"), (config.dgt, "url"), (config.dgt.guard, "halt")):
        with pytest.raises(AttributeError):
            setattr(part, name, None)
