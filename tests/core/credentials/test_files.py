"""Credentials files: private to their owner, or refused with the way to make them so."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hurry import within

from exchcli.core.credentials import Credentials, Secret
from exchcli.core.credentials.files import read_from_systemd, read_private
from exchcli.core.credentials.stores import FileStore
from exchcli.errors import CredentialsError, StateError

PAIR = Credentials("fakekey", Secret("fake-secret"), "a test")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "dgt key.json"
    path.write_text('{"key": "fakekey", "secret": "fake-secret"}')
    path.chmod(0o600)
    return path


def refusal(path: Path) -> tuple[str, str | None]:
    with pytest.raises(CredentialsError) as caught:
        read_private(path)
    return caught.value.message, caught.value.hint


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_file_of_its_owner_alone_is_read(file: Path, mode: int) -> None:
    file.chmod(mode)
    assert read_private(file).startswith(b'{"key"')


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o606, 0o620, 0o601])
def test_a_file_that_is_open_to_others_is_refused(file: Path, mode: int) -> None:
    file.chmod(mode)
    assert refusal(file) == (
        f"The credentials file {file} is open to other users (mode {mode:04o}).",
        f"Close it with: chmod 600 '{file}'",
    )


def test_a_link_is_refused_wherever_it_points(file: Path) -> None:
    for target in (file, Path("/nonexistent")):
        link = file.with_name(f"link{target.name}")
        link.symlink_to(target)
        assert refusal(link)[0] == f"The credentials file {link} is a symbolic link."


def test_a_file_of_another_user_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() == 0:
        os.chown(file, 12345, -1)
        owner = 12345
    else:
        owner = os.geteuid()
        monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    message = f"The credentials file {file} belongs to another user (uid {owner})."
    assert refusal(file)[0] == message


def test_what_is_no_file_is_refused_and_never_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o600)
    for path in (pipe, tmp_path):
        with within(10):
            refused = refusal(path)
        assert refused[0] == f"The credentials file {path} is not a regular file."
    absent = tmp_path / "absent"
    assert refusal(absent)[0] == f"The credentials file {absent} does not exist."
    below = tmp_path / "file" / "below"
    below.parent.write_text("")
    assert refusal(below)[0] == f"The credentials file {below} cannot be read: not a directory."


def test_a_huge_file_is_refused(file: Path) -> None:
    file.write_text("x" * 70_000)
    assert refusal(file)[0] == f"The credentials file {file} is larger than 64 KiB."


def test_systemd_lets_a_service_in_by_its_group_but_never_others(file: Path) -> None:
    file.chmod(0o440)
    assert read_from_systemd(file).startswith(b'{"key"')
    file.chmod(0o444)
    with pytest.raises(CredentialsError, match=r"open to other users \(mode 0444\)"):
        read_from_systemd(file)


def test_systemd_does_not_hand_over_what_another_user_owns(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.chmod(0o440)
    owner = file.stat().st_uid
    if os.geteuid() == 0:
        owner = 12345
        os.chown(file, owner, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    with pytest.raises(CredentialsError, match=rf"belongs to another user \(uid {owner}\)"):
        read_from_systemd(file)


def test_what_is_stored_is_private_whole_and_read_back(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "new" / "dgt.json")
    store.write(PAIR)
    assert store.read()[:2] == PAIR[:2]
    assert [path.name for path in store.path.parent.iterdir()] == ["dgt.json"]
    assert store.path.stat().st_mode & 0o7777 == 0o600
    assert store.path.parent.stat().st_mode & 0o7777 == 0o700


def test_storing_over_an_open_file_closes_it(file: Path) -> None:
    file.chmod(0o644)
    FileStore(file).write(PAIR)
    assert file.stat().st_mode & 0o7777 == 0o600


def test_nothing_is_stored_in_place_of_a_link_or_of_another_users_file(file: Path) -> None:
    link = file.with_name("link")
    link.symlink_to(file)
    for write in (lambda: FileStore(link).write(PAIR), FileStore(link).probe):
        with pytest.raises(CredentialsError, match="is a symbolic link"):
            write()
    assert link.is_symlink()


def test_a_probe_leaves_nothing_and_touches_nothing(file: Path) -> None:
    before = file.read_bytes()
    FileStore(file).probe()
    assert file.read_bytes() == before
    assert list(file.parent.iterdir()) == [file]


def test_a_folder_that_cannot_be_written_is_told_by_the_probe(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError):
        FileStore(tmp_path / "file" / "dgt.json").probe()
