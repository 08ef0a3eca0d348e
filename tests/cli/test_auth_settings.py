"""What logging in, moving and logging out leave in the configuration."""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from running import Exch

LOGIN = ["auth", "login", "--key", "fakekey", "--secret-stdin", "--no-test"]
# A keyring of this test alone: one file with all items.
BACKEND = """
import json, pathlib
from keyring.backend import KeyringBackend
FILE = pathlib.Path(__file__).with_name("items.json")
def items():
    return json.loads(FILE.read_text()) if FILE.exists() else {}
class Keyring(KeyringBackend):
    priority = 1
    def get_password(self, service, user):
        return items().get(service + user)
    def set_password(self, service, user, text):
        FILE.write_text(json.dumps({**items(), service + user: text}))
    def delete_password(self, service, user):
        FILE.write_text(json.dumps({k: v for k, v in items().items() if k != service + user}))
"""


@pytest.fixture
def keyring(exch: Exch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "backend"
    folder.mkdir()
    (folder / "keyring_of_a_test.py").write_text(BACKEND)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, "keyring_of_a_test", raising=False)
    exch.env["PYTHON_KEYRING_BACKEND"] = "keyring_of_a_test.Keyring"


def settings(exch: Exch) -> dict[str, Any]:
    document = tomllib.loads((exch.home / "config.toml").read_text())
    profile: dict[str, Any] = document.get("dgt", {}).get("profiles", {}).get("default", {})
    return profile


@pytest.mark.usefixtures("keyring")
def test_moving_out_of_a_file_takes_its_path_out_of_the_configuration(exch: Exch) -> None:
    assert exch("dgt", *LOGIN, "--store", "file", typed="fake").code == 0
    assert set(settings(exch)) == {"store", "path"}
    assert exch("dgt", "auth", "move", "--store", "keyring").code == 0
    assert settings(exch) == {"store": "keyring"}
    assert exch("dgt", "auth", "move", "--store", "file").code == 0
    assert set(settings(exch)) == {"store", "path"}


@pytest.mark.usefixtures("keyring")
def test_logging_in_elsewhere_takes_the_path_out_as_well(exch: Exch) -> None:
    exch("dgt", *LOGIN, "--store", "file", typed="fake")
    assert exch("dgt", *LOGIN, "--store", "keyring", typed="fake").code == 0
    assert settings(exch) == {"store": "keyring"}


def test_logging_out_leaves_nothing_of_the_profile(exch: Exch) -> None:
    exch("dgt", *LOGIN, "--store", "file", typed="fake")
    assert exch("dgt", "auth", "logout", "--yes").code == 0
    assert settings(exch) == {}


@pytest.mark.usefixtures("keyring")
def test_a_path_that_somebody_chose_stays(exch: Exch, tmp_path: Path) -> None:
    chosen = str(tmp_path / "mine.json")
    exch("config", "set", "dgt.profiles.default.path", chosen)
    assert exch("dgt", *LOGIN, "--store", "file", typed="fake").code == 0
    assert exch("dgt", "auth", "move", "--store", "keyring").code == 0
    assert settings(exch) == {"path": chosen, "store": "keyring"}
    assert exch("dgt", "auth", "logout", "--yes").code == 0
    assert settings(exch) == {"path": chosen}


@pytest.mark.parametrize("command", [["move", "--store", "file"], ["logout", "--yes"], ["recover"]])
def test_the_errors_of_changing_a_key_name_the_exchange(exch: Exch, command: list[str]) -> None:
    folder = exch.home / "state" / "credentials"
    folder.mkdir(parents=True)
    (folder / "dgt-default.pending.json").write_text("nothing of use")
    (folder / "dgt-default.pending.json").chmod(0o600)
    ran = exch("dgt", "auth", *command)
    assert ran.code == 3
    assert json.loads(ran.err)["error"]["exchange"] == "dgt"
