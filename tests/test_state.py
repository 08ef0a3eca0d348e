"""Files on this machine: where they live, and how they are written."""

from __future__ import annotations

import os
import pwd
import stat
import subprocess
import sys
from pathlib import Path

import platformdirs
import pytest
from platformdirs.macos import MacOS

from exchcli.errors import StateError
from exchcli.state import make_folder, places, write_atomically


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
