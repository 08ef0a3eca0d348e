"""Where a key comes from: the first source that is configured, and a broken one is an error."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from running import Exch, Ran


def pair(name: str) -> str:
    return json.dumps({"key": f"{name}-key", "secret": f"fake-{name}-secret"})


def rotated(old: str) -> str:
    """A pending file: the new pair of a rotation, and the key that it replaces."""
    return json.dumps({**json.loads(pair("pending")), "store": "file", "replaces": old})


def private(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o600)
    return path


class Sources:
    """Every source of one exchange's key, each to be switched on and off."""

    ORDER = ("pending", "environment", "environment_file", "systemd", "file")

    def __init__(self, exch: Exch, folder: Path) -> None:
        self.exch = exch
        self.folder = folder
        self.env: dict[str, str] = {}

    def add(self, source: str, content: str | None = None) -> None:
        text = content or pair(source)
        state = self.exch.home / "state" / "credentials"
        if source == "pending":
            pending = content or rotated("environment-key")
            private(state / "dgt-default.pending.json", pending)
        elif source == "environment":
            self.env |= {"EXCH_DGT_KEY": "environment-key", "EXCH_DGT_SECRET": content or "fake"}
        elif source == "environment_file":
            self.env["EXCH_DGT_CREDENTIALS_FILE"] = str(private(self.folder / "mine", text))
        elif source == "systemd":
            private(self.folder / "systemd" / "exch-dgt", text)
            self.env["CREDENTIALS_DIRECTORY"] = str(self.folder / "systemd")
        else:
            path = private(self.folder / "kept", text)
            self.exch("config", "set", "dgt.profiles.default.path", str(path))
            self.exch("config", "set", "dgt.profiles.default.store", "file")

    def status(self) -> Ran:
        return self.exch("dgt", "auth", "status", **self.env)


@pytest.fixture
def sources(exch: Exch, tmp_path: Path) -> Sources:
    return Sources(exch, tmp_path)


@pytest.mark.parametrize("first", range(len(Sources.ORDER)))
def test_the_first_configured_source_wins(sources: Sources, first: int) -> None:
    for source in Sources.ORDER[first:]:
        sources.add(source)
    shown = json.loads(sources.status().out)
    assert shown["source"] == Sources.ORDER[first]
    assert shown["key"] == f"{Sources.ORDER[first][:4]}..."
    assert set(shown) == {"exchange", "profile", "source", "place", "key"}


@pytest.mark.parametrize("broken", Sources.ORDER)
def test_a_broken_source_is_an_error_and_never_a_reason_to_go_on(
    sources: Sources, broken: str
) -> None:
    for source in Sources.ORDER:
        if Sources.ORDER.index(source) >= Sources.ORDER.index(broken):
            sources.add(source, "two words" if source == broken else None)
    ran = sources.status()
    assert (ran.code, ran.out) == (3, "")
    assert "two words" not in ran.err


def test_without_any_source_the_message_says_how_to_log_in(exch: Exch) -> None:
    ran = exch("dfx", "auth", "status", "--profile", "savings", "-o", "table")
    assert ran == (
        3,
        "",
        "exch: There is no API key for dfx, profile savings. "
        "`exch dfx auth login --profile savings` stores one; a script can set EXCH_DFX_KEY and "
        "EXCH_DFX_SECRET, or EXCH_DFX_CREDENTIALS_FILE.\n",
    )


HALVES = [
    ({"EXCH_DGT_KEY": "fakekey"}, "EXCH_DGT_KEY is set, but EXCH_DGT_SECRET is not."),
    ({"EXCH_DGT_SECRET": "fake"}, "EXCH_DGT_SECRET is set, but EXCH_DGT_KEY is not."),
    ({"EXCH_DGT_KEY": "fakekey", "EXCH_DGT_SECRET": ""}, "EXCH_DGT_SECRET is empty."),
    ({"EXCH_DGT_KEY": "", "EXCH_DGT_SECRET": "fake"}, "EXCH_DGT_KEY is empty."),
    ({"EXCH_DGT_KEY": "", "EXCH_DGT_SECRET": ""}, "EXCH_DGT_KEY is empty."),
    ({"EXCH_DGT_KEY": "a\nb", "EXCH_DGT_SECRET": "c"}, "EXCH_DGT_KEY contains a line break."),
    (
        {"EXCH_DGT_KEY": "ab", "EXCH_DGT_SECRET": "c d"},
        "EXCH_DGT_SECRET contains a space or a tab.",
    ),
    (
        {"EXCH_DGT_KEY": "a\x1bb", "EXCH_DGT_SECRET": "c"},
        "EXCH_DGT_KEY contains a control character.",
    ),
    ({"EXCH_DGT_CREDENTIALS_FILE": ""}, "EXCH_DGT_CREDENTIALS_FILE is empty."),
]


@pytest.mark.parametrize(("env", "message"), HALVES, ids=[message for _, message in HALVES])
def test_half_a_pair_and_what_cannot_be_one_has_its_own_message(
    sources: Sources, env: dict[str, str], message: str
) -> None:
    sources.add("file")
    sources.env = env
    ran = sources.status()
    assert ran.code == 3
    assert json.loads(ran.err)["error"]["message"] == message


def test_each_exchange_has_variables_of_its_own(exch: Exch) -> None:
    env = {"EXCH_DFX_KEY": "dfx-key", "EXCH_DFX_SECRET": "fake"}
    assert json.loads(exch("dfx", "auth", "status", **env).out)["key"] == "dfx-..."
    assert exch("dgt", "auth", "status", **env).code == 3


def test_a_service_without_our_credential_goes_on_to_the_next_source(
    sources: Sources, tmp_path: Path
) -> None:
    sources.add("file")
    sources.env["CREDENTIALS_DIRECTORY"] = str(tmp_path)
    assert json.loads(sources.status().out)["source"] == "file"


def test_a_profile_is_chosen_by_option_then_environment_then_configuration(exch: Exch) -> None:
    for name in ("conf", "env", "opt"):
        stored = exch(
            "dgt", "auth", "login", "--profile", name, "--store", "file", "--key", f"{name}key",
            "--secret-stdin", "--no-test", typed=f"fake-{name}",
        )  # fmt: skip
        assert stored.code == 0
    exch("config", "set", "dgt.profile", "conf")
    asked = ("dgt", "auth", "status", "--fields", "profile,key", "-o", "csv")
    assert exch(*asked).out == "profile,key\nconf,conf...\n"
    assert exch(*asked, EXCH_PROFILE="env").out == "profile,key\nenv,envk...\n"
    assert exch(*asked, "--profile", "opt", EXCH_PROFILE="env").out == "profile,key\nopt,optk...\n"
    assert exch(*asked, "--profile", "../x").code == 2


def test_a_key_of_an_unfinished_rotation_is_used_and_said_to_be(sources: Sources) -> None:
    sources.add("pending")
    ran = sources.status()
    assert json.loads(ran.out)["key"] == "pend..."
    assert ran.err == (
        "exch: The rotation of this key was not finished; `exch dgt auth recover` finishes it.\n"
    )


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("environment", "EXCH_DGT_KEY and EXCH_DGT_SECRET"),
        ("environment_file", "the file "),
        ("systemd", "the systemd credential exch-dgt"),
    ],
)
def test_a_key_of_another_account_is_not_passed_over_for_an_unfinished_rotation(
    sources: Sources, source: str, words: str
) -> None:
    sources.add(source)
    sources.add("pending", rotated("old-key"))
    ran = sources.status()
    error = json.loads(ran.err)["error"]
    assert (ran.code, ran.out, error["exchange"]) == (3, "", "dgt")
    assert error["message"].startswith(f"The key {source[:4]}... from {words}")
    assert error["message"].endswith(" is not the one whose rotation was not finished.")
    assert error["hint"] == "Run `exch dgt auth recover` first, so that it is used."


@pytest.mark.parametrize("key", ["old-key", "pending-key"])
def test_the_environment_may_name_the_key_that_was_rotated(sources: Sources, key: str) -> None:
    sources.env |= {"EXCH_DGT_KEY": key, "EXCH_DGT_SECRET": "fake"}
    sources.add("pending", rotated("old-key"))
    assert json.loads(sources.status().out)["source"] == "pending"


def test_an_unfinished_rotation_without_an_old_key_is_passed_over_for_no_other(
    sources: Sources,
) -> None:
    sources.add("environment")
    sources.add("pending", pair("pending"))
    assert sources.status().code == 3
