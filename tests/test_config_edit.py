"""`exch config show`, `set` and `unset`: what they say, and what they leave of the file."""

from __future__ import annotations

import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from configuring import CONTRACT
from hypothesis import given, settings
from hypothesis import strategies as st

from exchcli.config import describe, load, set_value, unset_value
from exchcli.config.keys import KEYS
from exchcli.errors import StateError, UsageError

# --- two at once ----------------------------------------------------------------------------


def test_changes_at_the_same_moment_are_all_kept(file: Path) -> None:
    command = "from pathlib import Path; import sys; from exchcli.config import set_value; "
    command += "set_value(Path(sys.argv[1]), sys.argv[2], sys.argv[3])"
    keys = {"guard.halt": "true", "dgt.window": "31", "dfx.window": "41", "dfx.settle_delay": "9"}
    running = [
        subprocess.Popen([sys.executable, "-c", command, str(file), *pair]) for pair in keys.items()
    ]
    assert [process.wait() for process in running] == [0, 0, 0, 0]
    config = load(file, {})
    assert config.dgt.guard.halt
    assert config.dfx.guard.halt
    assert (config.dgt.window, config.dfx.window, config.dfx.settle_delay) == (31, 41, 9)


# --- config show ------------------------------------------------------------------------------


def test_show_tells_every_key_its_value_and_where_it_comes_from(file: Path) -> None:
    file.write_text(CONTRACT.replace("window = 30 ", "window = 31 "))
    env = {"EXCH_DFX_URL": "http://localhost:1/v3", "EXCH_SANDBOX": "1"}
    shown = {s.key: (s.value, s.source) for s in describe(load(file, env), file, env)}
    assert shown["sandbox"] == ("true", "environment")
    assert shown["output"] == ("auto", "file")
    assert shown["dgt.window"] == ("31", "file")
    assert shown["dfx.window"] == ("65", "default")
    assert shown["dfx.url"] == ("http://localhost:1/v3", "environment")
    assert shown["dgt.limits.private"] == ("100/60s", "file")
    assert shown["dgt.guard.halt"] == ("false", "file")
    assert shown["dgt.guard.max_order_value.PLN"] == ("5000", "file")
    assert shown["dfx.guard.max_deviation_percent"] == (None, "default")
    assert shown["dgt.profiles.default.store"] == ("keyring", "file")
    assert {".".join(key) for key in KEYS if "*" not in key} <= set(shown)


def test_what_show_says_set_takes(file: Path) -> None:
    file.write_text(
        f"{CONTRACT}argv = ['a,b', ' c']\n[dfx.guard]\nwithdraw_addresses = ['x', 'y']\n"
    )
    config = load(file, {})
    for setting in describe(config, file, {}):
        if setting.key != "sandbox" and setting.value is not None:
            set_value(file, setting.key, setting.value)
    assert load(file, {}) == config


# --- config set and unset ---------------------------------------------------------------------

words = st.from_regex(r"[A-Za-z0-9_-]{1,12}", fullmatch=True)
numbers = st.from_regex(r"(0|[1-9][0-9]{0,11})(\.[0-9]{1,12})?", fullmatch=True)
addresses = st.lists(st.text("abc123,[]\"'\\# é", min_size=1, max_size=8), max_size=3)
changes = st.one_of(
    st.tuples(st.just("output"), st.sampled_from(["auto", "table", "json", "ndjson", "csv"])),
    st.tuples(st.sampled_from(["dgt.window", "dfx.window"]), st.integers(1, 3600).map(str)),
    st.tuples(st.just("dfx.guard.halt"), st.sampled_from(["true", "false"])),
    st.tuples(st.just("dgt.guard.max_deviation_percent"), numbers),
    st.tuples(words.map("dgt.profiles.{}.store".format), st.just("keyring")),
    st.tuples(st.sampled_from(["PLN", "EUR"]).map("dgt.guard.max_order_value.{}".format), numbers),
    st.tuples(st.just("dgt.limits.public"), st.just("7/3s")),
    st.tuples(st.just("dfx.url"), words.map("https://a.com/{}".format)),
)


@settings(deadline=None)  # it writes files
@given(st.sampled_from(["", CONTRACT, "[dgt]\r\nwindow = 5\r\n"]), st.lists(changes, max_size=6))
def test_what_was_set_is_loaded_and_all_else_stays(
    tmp_path_factory: pytest.TempPathFactory, before: str, typed: list[tuple[str, str]]
) -> None:
    file = tmp_path_factory.mktemp("home") / "config.toml"
    file.write_text(before)
    values = shown(file)
    for key, text in typed:
        set_value(file, key, text)
        values[key] = text
    assert shown(file) == values
    assert [line for line in before.splitlines() if line.startswith("#")] == [
        line for line in file.read_text().splitlines() if line.startswith("#")
    ]


def shown(file: Path) -> dict[str, str | None]:
    return {setting.key: setting.value for setting in describe(load(file, {}), file, {})}


@settings(deadline=None)
@given(addresses)
def test_any_list_can_be_set_as_toml_writes_it(
    tmp_path_factory: pytest.TempPathFactory, given_list: list[str]
) -> None:
    file = tmp_path_factory.mktemp("home") / "config.toml"
    quoted = ", ".join('"' + a.replace("\\", "\\\\").replace('"', '\\"') + '"' for a in given_list)
    set_value(file, "dfx.guard.withdraw_addresses", f"[{quoted}]")
    assert load(file, {}).dfx.guard.withdraw_addresses == tuple(given_list)


def test_a_list_can_be_typed_with_commas(file: Path) -> None:
    set_value(file, "dgt.profiles.a.argv", "pass, show ,dgt")
    assert load(file, {}).dgt.profiles["a"].argv == ("pass", "show", "dgt")
    set_value(file, "dgt.guard.withdraw_addresses", "")
    assert load(file, {}).dgt.guard.withdraw_addresses == ()


def test_the_kill_switch_can_be_thrown_without_naming_an_exchange(file: Path) -> None:
    set_value(file, "guard.halt", "true")
    config = load(file, {})
    assert config.dgt.guard.halt
    assert config.dfx.guard.halt
    unset_value(file, "guard.halt")
    assert load(file, {}) == load(file.with_name("none"), {})


@pytest.mark.parametrize("text", ["true", "yes", "on", "1", "TRUE"])
def test_switches_take_the_usual_words(file: Path, text: str) -> None:
    set_value(file, "dgt.guard.halt", text)
    assert tomllib.loads(file.read_text()) == {"dgt": {"guard": {"halt": True}}}


def test_a_set_changes_one_line_and_keeps_the_comments(file: Path) -> None:
    file.write_text(CONTRACT)
    assert set_value(file, "dgt.window", "45") is None
    assert set_value(file, "dgt.guard.halt", "true") is None
    changed = CONTRACT.replace("window = 30 ", "window = 45 ").replace(
        "halt = false", "halt = true"
    )
    assert file.read_text() == changed
    assert list(file.parent.iterdir()) == [file]


def test_new_keys_go_into_their_table(file: Path) -> None:
    file.write_text("# mine\n[dgt]\nwindow = 5  # why\n\n# guards\n[dgt.guard]\nhalt = false\n")
    set_value(file, "dgt.settle_delay", "20")
    set_value(file, "output", "json")
    set_value(file, "dfx.window", "60")
    assert file.read_text() == (
        'output = "json"\n# mine\n[dgt]\nwindow = 5  # why\nsettle_delay = 20\n\n'
        "# guards\n[dgt.guard]\nhalt = false\n\n[dfx]\nwindow = 60\n"
    )


def test_inline_tables_are_changed_in_their_line(file: Path) -> None:
    file.write_text('[dgt]\nlimits = { public = "1/1s" } # slow\n')
    set_value(file, "dgt.limits.private", "2/2s")
    assert file.read_text() == '[dgt]\nlimits = { public = "1/1s", private = "2/2s" } # slow\n'
    unset_value(file, "dgt.limits.public")
    assert file.read_text() == '[dgt]\nlimits = { private = "2/2s" } # slow\n'


def test_where_comments_cannot_be_kept_the_old_file_is(file: Path) -> None:
    before = '# mine\n[dgt.guard]\nwithdraw_addresses = [\n  "a", # home\n]\n'
    file.write_text(before)
    backup = set_value(file, "dgt.guard.withdraw_addresses", "b")
    assert backup == file.with_name("config.toml.bak")
    assert backup.read_text() == before
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert load(file, {}).dgt.guard.withdraw_addresses == ("b",)


def test_a_comment_is_told_from_a_number_sign_in_text(file: Path) -> None:
    file.write_text("[dgt]\nurl = 'https://a.com' # why\n")
    assert set_value(file, "dgt.url", "https://b.com") is None
    assert file.read_text() == '[dgt]\nurl = "https://b.com" # why\n'
    file.write_text('[dgt.guard]\nwithdraw_addresses = ["a#1"] # home\n')
    assert set_value(file, "dgt.guard.withdraw_addresses", "b") == file.with_name("config.toml.bak")
    assert load(file, {}).dgt.guard.withdraw_addresses == ("b",)


def test_text_that_looks_like_a_table_does_not_mislead_an_edit(file: Path) -> None:
    file.write_text('[dgt.profiles.a]\nargv = ["""\n[dgt]\nwindow = 1\n"""]\n[dgt]\nwindow = 2\n')
    with pytest.raises(UsageError, match="argv"):
        set_value(file, "dgt.window", "3")
    file.write_text('[dgt]\nwindow = 2\nurl = """\\\n[dgt]\\\nwindow = 1"""\n')
    with pytest.raises(UsageError, match="url"):
        set_value(file, "dgt.window", "3")


def test_the_file_is_made_with_its_folder_for_the_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "new" / "config.toml"
    set_value(file, "output", "csv")
    assert file.read_text() == 'output = "csv"\n'
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_linked_configuration_stays_linked(tmp_path: Path) -> None:
    (tmp_path / "dotfiles.toml").write_text("# kept\n")
    (tmp_path / "config.toml").symlink_to("dotfiles.toml")
    set_value(tmp_path / "config.toml", "output", "csv")
    assert (tmp_path / "config.toml").is_symlink()
    assert (tmp_path / "dotfiles.toml").read_text() == 'output = "csv"\n# kept\n'


@pytest.mark.parametrize(
    ("key", "text", "says"),
    [
        ("dgt.guard.halts", "true", "Unknown key dgt.guard.halts"),
        ("", "x", "Unknown key ''"),
        ("dgt..window", "1", "Unknown key dgt..window"),
        ("dgt.profiles.*.store", "keyring", "Unknown key"),
        ("dgt.profiles.a.b.store", "keyring", "Unknown key"),
        ("sandbox", "true", "Unknown key sandbox"),
        ("dgt.guard", "true", "dgt.guard is a table"),
        ("dgt.limits.public", "60", "dgt.limits.public must be a count"),
        ("dgt.window", "1e2", "dgt.window must be a whole number"),
        ("dgt.window", "９", "dgt.window must be a whole number"),
        ("dgt.guard.halt", "maybe", "dgt.guard.halt must be true or false"),
        ("guard.halt", "maybe", "guard.halt must be true or false"),
        ("guard.window", "1", "Unknown key dgt.guard.window"),
        ("dgt.guard.max_order_value.PLN", "1e3", "plain decimal"),
        ("dgt.url", "http://evil.com", "dgt.url must begin with https://"),
        ("dgt.profiles.a.store", "file", "needs dgt.profiles.a.path"),
        ("dgt.profiles.a.argv", "[1, 2]", "list of texts"),
        ("dgt.profiles.a.argv", '["x"', "list of texts"),
        ("dgt.profiles.a.argv", '["x"]\noutput = "csv"', "list of texts"),
        ("dgt.profiles.a.argv", "[" * 100_000, "list of texts"),
        ("output", 'csv"\n[dgt]', "one of auto"),
    ],
)
def test_a_wrong_set_changes_nothing(file: Path, key: str, text: str, says: str) -> None:
    file.write_text(CONTRACT)
    with pytest.raises(UsageError) as refused:
        set_value(file, key, text)
    assert says in refused.value.message
    assert file.read_text() == CONTRACT
    assert list(file.parent.iterdir()) == [file]


def test_a_set_into_a_broken_file_is_refused(file: Path) -> None:
    for broken in ("output =", "unknown = 1", "dgt = 1"):
        file.write_text(broken)
        with pytest.raises(UsageError):
            set_value(file, "dgt.window", "5")
        assert file.read_text() == broken


def test_an_unset_key_has_its_default_again(file: Path) -> None:
    file.write_text(CONTRACT.replace("window = 30 ", "window = 45 "))
    unset_value(file, "dgt.window")
    assert load(file, {}).dgt.window == 30
    assert file.read_text() == "".join(
        line for line in CONTRACT.splitlines(keepends=True) if not line.startswith("window")
    )


def test_a_whole_profile_can_be_unset(file: Path) -> None:
    set_value(file, "dgt.profiles.a.argv", "pass,dgt")
    set_value(file, "dgt.profiles.a.store", "command")
    unset_value(file, "dgt.profiles.a")
    assert load(file, {}).dgt.profiles == {}


def test_unset_repairs_a_file_with_an_unknown_or_wrong_key(file: Path) -> None:
    for broken, key in (
        ("# why\nunknown = 1\n", "unknown"),
        ("# why\ndgt.window = 0\n", "dgt.window"),
    ):
        file.write_text(broken)
        unset_value(file, key)
        assert file.read_text() == "# why\n"


def test_unset_of_what_is_not_set_changes_nothing(file: Path) -> None:
    unset_value(file, "dgt.window")
    assert not file.exists()
    with pytest.raises(UsageError, match=r"Unknown key dgt\.windwo"):
        unset_value(file, "dgt.windwo")


def test_a_file_that_cannot_be_written_is_a_state_error(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("in the way")
    with pytest.raises(StateError, match="home"):
        set_value(tmp_path / "home" / "config.toml", "output", "csv")
