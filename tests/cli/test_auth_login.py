"""A login never loses the key that was there: it is tried first, and replaces nothing unasked."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from dgt_keys import Keys, dgt_keys
from running import Exch, Ran
from terminal import Terminal

NOBODY = "http://127.0.0.1:1/api"


class Home:
    """A home whose file store has the key that the exchange takes, "good-key"."""

    def __init__(self, exch: Exch, keys: Keys, url: str) -> None:
        self.exch = exch
        self.keys = keys
        self.url = url
        self.file = exch.home / "state" / "credentials" / "dgt-default.json"
        assert self.log_in("good-key").code == 0
        keys.signed = 0

    def log_in(self, key: str, *more: str, url: str | None = None, secret: str = "fake") -> Ran:  # noqa: S107
        return self.exch(
            "dgt", "auth", "login", "--store", "file", "--key", key, "--secret-stdin",
            "-o", "table", *more, typed=secret, EXCH_DGT_URL=url or self.url,
        )  # fmt: skip

    def at_terminal(self, key: str, *more: str, url: str | None = None) -> Terminal:
        terminal = Terminal(
            [sys.executable, "-m", "exchcli", "dgt", "auth", "login", "--key", key, *more],
            {**self.exch.env, "PATH": os.environ["PATH"], "EXCH_DGT_URL": url or self.url},
        )
        terminal.wait_for("Secret (it is not shown): ")
        terminal.type("fake-typed\n")
        return terminal

    def key(self) -> str:
        key: str = json.loads(self.file.read_text())["key"]
        return key


@pytest.fixture
def home(exch: Exch) -> Iterator[Home]:
    with dgt_keys("good-key") as (keys, url):
        yield Home(exch, keys, url)


def test_a_key_that_is_refused_leaves_the_good_one_where_it_is(home: Home) -> None:
    ran = home.log_in("evil-key")
    assert ran == (
        3,
        "",
        "exch: Dgtmarket refused the key (HTTP 401): Invalid key. Nothing was stored. "
        "The key evil... comes from this login. It was revoked (every new pair revokes the "
        "one before) or mistyped: store the right one with `exch dgt auth login`, or fetch a new "
        "one with `exch dgt auth rotate`.\n",
    )
    assert home.key() == "good-key"
    assert home.exch("dgt", "auth", "test", EXCH_DGT_URL=home.url).code == 0


def test_a_first_key_that_is_refused_is_stored_nowhere(exch: Exch) -> None:
    with dgt_keys("good-key") as (_, url):
        ran = exch(
            "dgt", "auth", "login", "--store", "file", "--key", "evil-key", "--secret-stdin",
            typed="fake-evil", EXCH_DGT_URL=url,
        )  # fmt: skip
    assert ran.code == 3
    assert not (exch.home / "state" / "credentials" / "dgt-default.json").exists()
    assert not (exch.home / "config.toml").exists()


def test_a_script_replaces_a_key_by_one_that_was_accepted_and_is_told_which(home: Home) -> None:
    home.keys.valid = "next-key"
    ran = home.log_in("next-key")
    assert ran == (
        0,
        "",
        f"Dgtmarket, profile default: the key next... is in the file {home.file} in place of "
        "good..., and was accepted.\n",
    )
    assert home.key() == "next-key"


def test_at_a_terminal_another_key_is_replaced_only_by_who_says_yes(home: Home) -> None:
    home.keys.valid = "next-key"
    for answer, code, key in (("n", 2, "good-key"), ("y", 0, "next-key")):
        terminal = home.at_terminal("next-key")
        terminal.wait_for("by next...? [y/N] ")
        terminal.type(f"{answer}\n")
        assert terminal.end() == code, terminal.screen
        assert "replace the key good... in the file" in terminal.screen
        assert home.key() == key
    assert home.keys.signed == 2


def test_with_yes_or_the_same_pair_again_nobody_is_asked(home: Home) -> None:
    assert home.log_in("good-key").err == (
        f"Dgtmarket, profile default: the key good... is in the file {home.file}, "
        "and was accepted.\n"
    )
    home.keys.valid = "next-key"
    terminal = home.at_terminal("next-key", "--yes")
    assert terminal.end() == 0, terminal.screen
    assert "[y/N]" not in terminal.screen
    assert home.key() == "next-key"


def test_a_first_key_that_could_not_be_tried_is_stored_and_said_to_be_untried(exch: Exch) -> None:
    ran = exch(
        "dgt", "auth", "login", "--store", "file", "--key", "fakekey", "--secret-stdin",
        "-o", "table", typed="fake", EXCH_DGT_URL=NOBODY,
    )  # fmt: skip
    file = exch.home / "state" / "credentials" / "dgt-default.json"
    assert ran.code == 6
    assert (
        f"The key fake... is in the file {file} all the same, untried; "
        "`exch dgt auth test` tries it."
    ) in ran.err
    assert json.loads(file.read_text())["key"] == "fakekey"
    assert exch("dgt", "auth", "status").code == 0


def test_a_key_that_could_not_be_tried_replaces_another_only_with_yes(home: Home) -> None:
    ran = home.log_in("next-key", url=NOBODY)
    assert ran.code == 6
    assert "Nothing was stored: untried, it replaces the key good... only with --yes." in ran.err
    assert home.key() == "good-key"
    ran = home.log_in("next-key", "--yes", url=NOBODY)
    assert ran.code == 6
    assert "in place of good... all the same, untried" in ran.err
    assert home.key() == "next-key"


def test_at_a_terminal_the_question_says_that_the_key_could_not_be_tried(home: Home) -> None:
    terminal = home.at_terminal("next-key", url=NOBODY)
    terminal.wait_for("It could not be tried. [y/N] ")
    terminal.type("n\n")
    assert terminal.end() == 2
    assert home.key() == "good-key"


def test_another_secret_of_the_same_key_replaces_the_old_one_as_another_key_does(
    home: Home,
) -> None:
    assert home.log_in("good-key", url=NOBODY, secret="fake-other").code == 6
    assert json.loads(home.file.read_text())["secret"] == "fake"
    ran = home.log_in("good-key", secret="fake-other")
    assert "the key good... is in the file" in ran.err
    assert "with another secret, and was accepted." in ran.err


def test_without_a_test_a_script_still_stores_and_is_told_which_key_is_gone(home: Home) -> None:
    ran = home.log_in("next-key", "--no-test")
    assert ran.code == 0
    assert ran.err.endswith(f"is in the file {home.file} in place of good..., untried.\n")
    assert (home.key(), home.keys.signed) == ("next-key", 0)


def test_what_is_no_pair_is_replaced_and_a_file_that_cannot_be_looked_into_is_not(
    home: Home,
) -> None:
    home.file.write_text("nothing of use")
    assert home.log_in("good-key").code == 0
    home.file.chmod(0o644)
    ran = home.log_in("good-key")
    assert (ran.code, "chmod 600" in ran.err) == (3, True)


def test_a_helper_whose_key_is_refused_is_not_used_from_now_on(home: Home, tmp_path: Path) -> None:
    helper = tmp_path / "helper"
    helper.write_text("#!/bin/sh\necho evil-key; echo fake-evil\n")
    helper.chmod(0o700)
    home.exch("config", "set", "dgt.profiles.default.argv", str(helper))
    ran = home.exch("dgt", "auth", "login", "--store", "command", EXCH_DGT_URL=home.url)
    assert ran.code == 3
    assert json.loads(home.exch("dgt", "auth", "status").out)["source"] == "file"
