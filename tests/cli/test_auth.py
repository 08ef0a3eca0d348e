"""The auth commands: arguments and typing in; exact messages, files and exit codes out."""

from __future__ import annotations

import json
import os
import sys
from contextlib import closing
from pathlib import Path

import pytest
from dgt_keys import PASSWORD, USERNAME, dgt_keys
from loopback import loopback, reply, sending, with_time
from running import Exch
from sandbox_server import serving
from terminal import Terminal

from exchcli.exchanges.dgtmarket import Dgtmarket
from exchcli.sandbox.exchange import Sandbox

CANARY = "fake-canary-8Zq4"
LOGIN = ["auth", "login", "--store", "file", "--key", "fakekey", "--secret-stdin"]
ASSETS = '{"list": [{"currency": "BTC", "free": 4723846.89208129, "total": 0}], "code": 0}'


def at_terminal(exch: Exch, *arguments: str, **env: str) -> Terminal:
    return Terminal(
        [sys.executable, "-m", "exchcli", *arguments],
        {**exch.env, "PATH": os.environ["PATH"], **env},
    )


def test_a_login_is_stored_tried_and_told(exch: Exch) -> None:
    with dgt_keys("fakekey") as (keys, url):
        ran = exch("dgt", *LOGIN, typed=f"{CANARY}\n", EXCH_DGT_URL=url)
        file = exch.home / "state" / "credentials" / "dgt-default.json"
        assert ran == (
            0,
            "",
            f"Dgtmarket, profile default: the key fake... is in the file {file}, "
            "and was accepted.\n",
        )
        assert json.loads(file.read_text()) == {"key": "fakekey", "secret": CANARY}
        assert (exch.home / "config.toml").read_text() == (
            f'[dgt.profiles.default]\npath = "{file}"\nstore = "file"\n'
        )
        assert keys.signed == 1
        assert json.loads(exch("dgt", "auth", "test", EXCH_DGT_URL=url).out) == {
            "exchange": "dgt",
            "profile": "default",
            "source": "file",
            "place": str(file),
            "key": "fake...",
        }
    assert exch("dgt", "auth", "logout", "--yes").err == (
        f"Dgtmarket, profile default: logged out. The key is no longer in the file {file}; "
        "at the exchange it is valid.\n"
    )
    assert not file.exists()
    assert exch("dgt", "auth", "status").code == 3


def test_digifinex_is_tried_with_its_assets(exch: Exch) -> None:
    with loopback(with_time(reply(ASSETS))) as server:
        ran = exch("dfx", *LOGIN, typed=CANARY, EXCH_DFX_URL=f"{server.url}/v3")
    assert ran.code == 0
    _time, asked = server.requests
    assert asked.startswith(b"GET /v3/spot/assets HTTP/1.1\r\n")
    assert b"fakekey" in asked
    assert CANARY.encode() not in asked


def test_at_a_terminal_key_and_secret_are_asked_for_and_the_secret_is_not_shown(
    exch: Exch,
) -> None:
    terminal = at_terminal(exch, "dfx", "auth", "login", "--store", "file", "--no-test")
    terminal.wait_for("API key: ")
    terminal.type("fakekey\n")
    terminal.wait_for("Secret (it is not shown): ")
    terminal.type(f"{CANARY}\n")
    assert terminal.end() == 0
    assert "fakekey" in terminal.screen
    assert CANARY not in terminal.screen
    assert "DigiFinex, profile default: the key fake... is in the file" in terminal.screen
    stored = (exch.home / "state" / "credentials" / "dfx-default.json").read_text()
    assert json.loads(stored) == {"key": "fakekey", "secret": CANARY}


def test_a_first_key_is_fetched_with_user_name_and_password(exch: Exch) -> None:
    with dgt_keys() as (keys, url):
        terminal = at_terminal(
            exch, "dgt", "auth", "login", "--store", "file", "--username", USERNAME,
            EXCH_DGT_URL=url,
        )  # fmt: skip
        terminal.wait_for("One that was fetched before is revoked. [y/N] ")
        terminal.type("y\n")
        terminal.wait_for("Password (it is not shown): ")
        terminal.type(f"{PASSWORD}\n")
        assert terminal.end() == 0, terminal.screen
        assert (keys.made, keys.signed) == (1, 1)
    assert PASSWORD not in terminal.screen
    assert "canary" not in terminal.screen
    assert "new1..." in exch("dgt", "auth", "status").out


def test_the_sandbox_gives_out_keys_and_revokes_them_as_dgtmarket_does(
    exch: Exch, tmp_path: Path
) -> None:
    with closing(Sandbox(tmp_path / "market")) as sandbox, serving(sandbox) as base:
        first = sandbox.accounts("dgt")[0]
        env = {"EXCH_DGT_URL": f"{base}/api"}
        user = ["--username", first.username, "--password-stdin", "--yes"]
        login = exch("dgt", "auth", "login", "--store", "file", *user, typed=first.password, **env)
        assert login.code == 0, login.err
        second = sandbox.accounts("dgt")[0]
        assert second.key != first.key
        assert exch("dgt", "auth", "rotate", *user, typed=first.password, **env).code == 0
        assert exch("dgt", "auth", "test", **env).code == 0
        for revoked in (first, second):
            ran = exch(
                "dgt", "auth", "test", EXCH_DGT_KEY=revoked.key, EXCH_DGT_SECRET=revoked.secret,
                **env,
            )  # fmt: skip
            assert ran.code == 3
            assert "Dgtmarket refused the key (HTTP 401)" in ran.err


@pytest.mark.parametrize("exchange", ["dgt", "dfx"])
def test_in_the_sandbox_its_own_key_is_shown_and_tried(exch: Exch, exchange: str) -> None:
    for command in ("status", "test"):
        ran = exch("--sandbox", exchange, "auth", command)
        assert ran.code == 0, ran.err
        assert json.loads(ran.out)["source"] == "sandbox"


def test_whoever_says_no_has_changed_nothing(exch: Exch) -> None:
    exch("dgt", *LOGIN, "--no-test", typed=CANARY)
    for command in (["rotate", "--username", USERNAME], ["logout"]):
        terminal = at_terminal(exch, "dgt", "auth", *command)
        terminal.wait_for("[y/N] ")
        terminal.type("\n")
        assert terminal.end() == 2
    assert exch("dgt", "auth", "status").code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["login"], "Nobody is here to type the secret."),
        (["login", "--key", "fakekey"], "Nobody is here to type the secret."),
        (["login", "--secret-stdin"], "The key that belongs to the secret is missing."),
        (["login", "--secret", "x"], "has no option --secret."),
        (
            ["login", "--username", "u", "--key", "k"],
            "--username fetches a key, and --key brings one.",
        ),
        (["login", "--username", "u"], "This asks before it does anything, and nobody is there"),
        (["login", "--store", "command", "--key", "k"], "A helper command is only read"),
        (["login", "--store", "vault"], "Invalid value for '--store'"),
        (["move"], "Name it: --store keyring or --store file."),
        (["move", "--store", "file"], "The key is in the file"),
        (["logout"], "This asks before it does anything, and nobody is there"),
        (["rotate"], "This asks before it does anything, and nobody is there"),
        (["rotate", "--yes"], "The user name is missing."),
        (["rotate", "--yes", "--username", "u"], "Nobody is here to type the password."),
        (["rotate", "--yes", "--username", "u", "--password-stdin"], "The password is empty."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_done_is_a_usage_error(
    exch: Exch, arguments: list[str], message: str
) -> None:
    exch("dgt", *LOGIN, "--no-test", typed=CANARY)
    if arguments[0] == "login":
        exch("dgt", "auth", "logout", "--yes")
    ran = exch("dgt", "auth", *arguments, "-o", "table")
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err
    assert len(ran.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("", "The secret is empty."),
        ("\n", "The secret is empty."),
        (f"{CANARY}\n\n", "The secret contains a line break."),
        (f" {CANARY}", "The secret contains a space or a tab."),
        (f"{CANARY}\x00", "The secret contains a control character."),
    ],
)
def test_a_secret_that_cannot_be_one_is_not_stored(exch: Exch, typed: str, message: str) -> None:
    ran = exch("dgt", *LOGIN, "--no-test", "-o", "table", typed=typed)
    assert ran.code == 3
    assert ran.err.startswith(f"exch: {message} ")
    assert not (exch.home / "state" / "credentials" / "dgt-default.json").exists()


@pytest.mark.parametrize(
    ("code", "message", "hint"),
    [
        (10002, "the API key is not known", "deleted or mistyped"),
        (10003, "the signature does not match the secret", "The secret is another key's"),
        (10006, "the API key lacks the permission", "Give the key that permission"),
        (10007, "this IP address is not allowed", "Add this machine's public address"),
        (10011, "the API key has expired", "Create a new one"),
    ],
)
def test_each_refusal_of_digifinex_has_its_own_message(
    exch: Exch, code: int, message: str, hint: str
) -> None:
    env = {"EXCH_DFX_KEY": "fakekey", "EXCH_DFX_SECRET": CANARY}
    with loopback(with_time(reply(json.dumps({"code": code})))) as server:
        ran = exch("dfx", "auth", "test", EXCH_DFX_URL=server.url, **env)
    error = json.loads(ran.err)["error"]
    assert (ran.code, error["code"], error["exit"]) == (3, str(code), 3)
    assert error["message"].startswith(f"DigiFinex refused: {message}")
    assert "The key fake... comes from EXCH_DFX_KEY and EXCH_DFX_SECRET." in error["hint"]
    assert hint in error["hint"]
    assert len(server.requests) == 2  # the first one asked for the time


def test_moving_from_file_to_file_or_while_the_environment_rules_is_refused(exch: Exch) -> None:
    exch("dgt", *LOGIN, "--no-test", typed=CANARY)
    env = {"EXCH_DGT_KEY": "other", "EXCH_DGT_SECRET": "fake-other"}
    for command in (["move", "--store", "keyring"], ["logout", "--yes"]):
        ran = exch("dgt", "auth", *command, **env)
        assert ran.code == 3
        message = json.loads(ran.err)["error"]["message"]
        assert message.startswith(
            "The key comes from EXCH_DGT_KEY and EXCH_DGT_SECRET, which exch cannot write"
        )
    shadowed = exch("dgt", *LOGIN, "--no-test", typed=CANARY, **env)
    assert shadowed.code == 0
    assert shadowed.err.startswith(
        "exch: commands here use EXCH_DGT_KEY and EXCH_DGT_SECRET instead.\n"
    )


def test_a_key_that_is_left_behind_in_another_store_is_told(exch: Exch) -> None:
    helper = exch.home / "helper"
    exch("dgt", *LOGIN, "--no-test", typed=CANARY)
    helper.write_text(f"#!/bin/sh\necho fakekey; echo {CANARY}\n")
    helper.chmod(0o700)
    exch("config", "set", "dgt.profiles.default.argv", str(helper))
    ran = exch("dgt", "auth", "login", "--store", "command", "--no-test")
    file = exch.home / "state" / "credentials" / "dgt-default.json"
    assert ran.err.startswith(f"exch: the key that was in the file {file} is still there.\n")


def test_the_sandbox_has_a_key_of_its_own(exch: Exch) -> None:
    for command in (LOGIN, ["auth", "logout", "--yes"], ["auth", "move", "--store", "file"]):
        ran = exch("--sandbox", "dgt", *command, typed=CANARY)
        assert ran.code == 2
        assert "The sandbox signs with a key of its own" in ran.err


def test_digifinex_makes_no_keys(exch: Exch) -> None:
    for command in ("rotate", "recover"):
        assert exch("dfx", "auth", command).code == 13
    assert exch("dfx", "auth", "login", "--username", "john").code == 2


def everything(exch: Exch) -> bytes:
    """All files of this home but the one that keeps the pair."""
    return b"".join(
        file.read_bytes()
        for file in exch.home.rglob("*")
        if file.is_file() and file.name != "dgt-default.json"
    )


def test_a_secret_is_in_no_output_and_in_no_file_but_its_own(
    exch: Exch, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = []
    with dgt_keys("fakekey") as (_, url):
        for options in ([], ["-v"], ["--raw", "-v"]):
            env = {"EXCH_DGT_URL": url}
            shown += [
                exch("dgt", *LOGIN, *options, typed=CANARY, **env),
                exch("dgt", "auth", "status", *options, **env),
                exch("dgt", "auth", "test", *options, **env),
                exch("config", "show", *options),
            ]
    for answer in (reply("<html>"), reply("{}", "500 Oops"), sending(b""), reply("{}", "403 No")):
        with loopback(with_time(answer)) as server:
            shown.append(exch("dgt", "auth", "test", "-v", EXCH_DGT_URL=server.url))

    def breaks(_exchange: Dgtmarket, credentials: object, *_rest: object) -> None:
        raise ValueError(f"with {credentials}")

    monkeypatch.setattr(Dgtmarket, "sign", breaks)
    with dgt_keys("fakekey") as (_, url):
        bug = exch("dgt", "auth", "test", "-v", EXCH_DGT_URL=url)
    assert bug.code == 1
    assert "Traceback" in bug.err
    for ran in (*shown, bug):
        assert CANARY not in ran.out + ran.err
    assert CANARY.encode() not in everything(exch)
    assert CANARY in (exch.home / "state" / "credentials" / "dgt-default.json").read_text()


def test_a_new_pair_is_in_no_output_either(exch: Exch) -> None:
    with dgt_keys("fakekey") as (keys, url):
        env = {"EXCH_DGT_URL": url}
        exch("dgt", *LOGIN, typed="fake-old", **env)
        for options in (["-v"], ["--raw"], ["--json", "-v"]):
            ran = exch(
                "dgt", "auth", "rotate", "--username", USERNAME, "--password-stdin", "--yes",
                *options, typed=PASSWORD, **env,
            )  # fmt: skip
            assert (ran.code, ran.out) == (0, "")
            assert "canary" not in ran.err
            assert PASSWORD not in ran.err
    assert keys.made == 3
    assert b"canary" not in everything(exch)
    assert PASSWORD.encode() not in everything(exch)
