"""A rotation whose answer has come, and whose end goes wrong: full disks, kills, torn files."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
from dgt_keys import PASSWORD, USERNAME, dgt_keys
from rotating import CLEAN, FINISHED, ROTATE, Rotating
from running import Exch

from exchcli.core.credentials import pending, rotation
from exchcli.errors import StateError

LOGIN = ["dgt", "auth", "login", "--username", USERNAME, "--password-stdin", "--yes"]
KILLED_AFTER_SYNC = """
import os, signal, sys
name, *arguments = sys.argv[1:]
whole = os.fsync
def dies(handle):
    whole(handle)
    if name in os.readlink(f"/proc/self/fd/{handle}"):
        os.kill(os.getpid(), signal.SIGKILL)
os.fsync = dies
from exchcli.cli.app import run
run(arguments)
"""


def is_full(*_given: object, **_named: object) -> None:
    raise StateError("Cannot write it: No space left on device.", "Free some space.")


def die_after_sync(dgt: Rotating, name: str, arguments: list[str], typed: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", KILLED_AFTER_SYNC, name, *arguments],
        env={**dgt.exch.env, **dgt.env, "PATH": os.environ["PATH"]},
        input=typed, text=True, capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert ran.returncode == -signal.SIGKILL, ran.stderr


def test_a_first_key_that_only_its_store_could_take_is_found_there(
    exch: Exch, monkeypatch: pytest.MonkeyPatch
) -> None:
    with dgt_keys() as (_keys, url):
        with monkeypatch.context() as full:
            full.setattr(pending, "write_once", is_full)
            full.setattr("exchcli.cli.auth.pin", is_full)
            ran = exch(*LOGIN, "--store", "file", "-o", "table", typed=PASSWORD, EXCH_DGT_URL=url)
        assert ran.code == 3
        assert "The key is rotated, and the new one is in the file " in ran.err
        assert "`exch dgt auth recover` finishes the rotation; " in ran.err
        assert "dgt.profiles.default.store has to be file." in ran.err
        ran = exch("dgt", "auth", "recover", EXCH_DGT_URL=url)
        assert ran.code == 0, ran.err
        assert ran.err.startswith("The key new1... in the file ")
        assert exch("dgt", "auth", "test", EXCH_DGT_URL=url).code == 0


def test_a_new_key_is_found_in_its_store_though_another_one_was_chosen_since(
    exch: Exch, monkeypatch: pytest.MonkeyPatch
) -> None:
    with dgt_keys() as (_keys, url):
        with monkeypatch.context() as full:
            full.setattr(pending, "write_once", is_full)
            full.setattr("exchcli.cli.auth.pin", is_full)
            assert exch(*LOGIN, "--store", "file", typed=PASSWORD, EXCH_DGT_URL=url).code == 3
        helper = r"/usr/bin/printf,revoked-key\nfake-old-secret\n"
        for key, value in (("argv", helper), ("store", "command")):
            assert exch("config", "set", f"dgt.profiles.default.{key}", value).code == 0
        ran = exch("dgt", "auth", "recover", EXCH_DGT_URL=url)
        assert ran.code == 0, ran.err
        assert ran.err.endswith("was accepted, and is used from now on.\n")
        assert exch("dgt", "auth", "test", EXCH_DGT_URL=url).code == 0


def test_an_end_that_cannot_be_tidied_up_says_that_the_new_key_is_stored(
    dgt: Rotating, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as full:
        full.setattr(rotation, "forget_intent", is_full)
        full.setattr(pending, "write_once", is_full)
        ran = dgt.rotate()
    assert ran.code == 3
    assert "The key is rotated, and the new one is in the file " in ran.err
    assert dgt.key() == "new1..."
    assert dgt("recover").code == 0
    assert dgt.files() == CLEAN


def test_a_first_key_that_is_nowhere_is_told_so(
    exch: Exch, monkeypatch: pytest.MonkeyPatch
) -> None:
    with dgt_keys() as (_keys, url):
        with monkeypatch.context() as full:
            full.setattr(pending, "write_once", is_full)
            full.setattr(rotation, "put", is_full)
            ran = exch(*LOGIN, "--store", "file", typed=PASSWORD, EXCH_DGT_URL=url)
        assert ran.code == 3
        assert "The old key is revoked, and the new one could not be kept." in ran.err
        ran = exch("dgt", "auth", "recover", EXCH_DGT_URL=url)
        assert ran.code == 3
        assert "and it is not here." in ran.err
        assert "fetch another: `exch dgt auth login --username USER`." in ran.err


def test_killed_when_the_pair_is_on_the_disk_it_is_in_its_place(dgt: Rotating) -> None:
    die_after_sync(dgt, "pending", ROTATE, PASSWORD)
    assert dgt("test").code == 0
    assert dgt("recover").err.startswith(FINISHED)
    assert (dgt.key(), dgt.files()) == ("new1...", CLEAN)


@pytest.mark.parametrize("then", [["recover"], ["move", "--store", "file"], ["logout", "--yes"]])
def test_a_secret_that_a_killed_login_left_beside_its_file_is_removed(
    dgt: Rotating, then: list[str]
) -> None:
    login = ["dgt", "auth", "login", "--key", "other", "--secret-stdin", "--store", "file"]
    die_after_sync(dgt, ".dgt-default.json.", [*login, "--no-test"], "fake-canary")
    other = dgt.folder / ".dgt-other.json.1.0123abcd.tmp"
    other.write_text("of another profile")
    assert len(dgt.files() - CLEAN) == 2
    dgt(*then)
    assert dgt.files() - CLEAN == {other.name}


BROKEN = ['{"key": "new1-k', "", '{"key": "new1-key", "secret": "fake canary", "store": "file"}']


@pytest.mark.parametrize("content", BROKEN)
def test_a_new_key_that_cannot_be_read_is_given_up_for_another(dgt: Rotating, content: str) -> None:
    dgt.die("keep_pending", "after")
    waiting = dgt.folder / "dgt-default.pending.json"
    waiting.write_text(content)
    for lost in (dgt("recover"), dgt("test")):
        assert lost.code == 3
        assert "if its key is lost, fetch another: `exch dgt auth rotate`." in lost.err
        assert "canary" not in lost.err
    asks = dgt("rotate", "--username", USERNAME, "--password-stdin", typed=PASSWORD)
    assert (asks.code, waiting.read_text()) == (2, content)
    ran = dgt.rotate()
    assert ran.code == 0, ran.err
    assert (dgt.keys.made, dgt.key(), dgt.files()) == (2, "new2...", CLEAN)
    assert dgt("test").code == 0


def test_a_first_key_that_cannot_be_read_has_to_be_removed_for_another(exch: Exch) -> None:
    folder = exch.home / "state" / "credentials"
    folder.mkdir(parents=True)
    waiting = folder / "dgt-default.pending.json"
    waiting.write_text("{")
    waiting.chmod(0o600)
    with dgt_keys() as (_keys, url):
        login = [*LOGIN, "--store", "file"]
        refused = exch(*login, typed=PASSWORD, EXCH_DGT_URL=url)
        assert (refused.code, "auth recover" in refused.err) == (3, True)
        lost = exch("dgt", "auth", "recover", "-o", "table", EXCH_DGT_URL=url)
        assert f"remove {waiting}, then `exch dgt auth login --username USER`." in lost.err
        waiting.unlink()
        assert exch(*login, typed=PASSWORD, EXCH_DGT_URL=url).code == 0


def test_a_new_key_that_can_be_read_is_not_given_up(dgt: Rotating) -> None:
    dgt.die("keep_pending", "after")
    ran = dgt.rotate()
    assert (ran.code, dgt.keys.made) == (3, 1)
    assert ran.err.endswith("Run `exch dgt auth recover` first.\n")
