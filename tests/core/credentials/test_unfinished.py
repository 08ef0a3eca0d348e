"""While a rotation is unfinished, whoever has trouble with the key is led to `auth recover`."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest
from dgt_keys import PASSWORD, USERNAME, Keys, dgt_keys
from rotating import Rotating
from running import Exch, Ran

ASKED = (
    "A new key was asked for, and what came of it is not known; "
    "`exch dgt auth recover` finds out whether this one still holds."
)


def log_in(exch: Exch, key: str, url: str) -> Ran:
    return exch(
        "dgt", "auth", "login", "--store", "file", "--key", key, "--secret-stdin",
        typed="fake", EXCH_DGT_URL=url,
    )  # fmt: skip


@pytest.fixture
def unanswered(exch: Exch) -> Iterator[tuple[Exch, Keys, str]]:
    """A home whose rotation revoked the key, and whose answer never arrived."""

    def hangs_up(_connection: socket.socket, _pair: str) -> bool:
        return True

    with dgt_keys() as (keys, url):
        assert log_in(exch, "old-key", url).code == 0
        keys.answer = hangs_up
        ran = exch(
            "dgt", "auth", "rotate", "--username", USERNAME, "--password-stdin", "--yes",
            typed=PASSWORD, EXCH_DGT_URL=url,
        )  # fmt: skip
        assert ran.code == 7
        yield exch, keys, url


def test_a_refused_key_is_told_to_be_recovered_first(
    unanswered: tuple[Exch, Keys, str],
) -> None:
    exch, _, url = unanswered
    ran = exch("dgt", "balances", EXCH_DGT_URL=url)
    assert ran.code == 3
    assert json.loads(ran.err)["error"]["hint"].startswith(f"{ASKED} The key old-... comes from")


def test_the_status_of_the_key_says_so(unanswered: tuple[Exch, Keys, str]) -> None:
    exch, _, _ = unanswered
    ran = exch("dgt", "auth", "status")
    assert (ran.code, ran.err) == (0, f"exch: {ASKED}\n")
    assert json.loads(ran.out)["key"] == "old-..."


def test_other_profiles_and_the_sandbox_hear_nothing_of_it(
    unanswered: tuple[Exch, Keys, str],
) -> None:
    exch, _, _ = unanswered
    assert "recover" not in exch("dgt", "auth", "status", "--profile", "savings").err
    assert exch("--sandbox", "dgt", "auth", "status").err == ""


def test_a_login_with_a_key_that_holds_settles_it(unanswered: tuple[Exch, Keys, str]) -> None:
    exch, keys, url = unanswered
    assert log_in(exch, keys.valid, url).code == 0
    assert exch("dgt", "auth", "status").err == ""


def test_an_unfinished_rotation_knows_the_key_that_it_replaces(dgt: Rotating) -> None:
    dgt.die("put", "after")
    dgt.env |= {"EXCH_DGT_KEY": "old-key", "EXCH_DGT_SECRET": "fake-old-secret"}
    assert dgt.key() == "new1..."
    dgt.env["EXCH_DGT_KEY"] = "another-key"
    refused = dgt("test")
    assert (refused.code, "`exch dgt auth recover`" in refused.err) == (3, True)
    assert dgt("recover").code == 0
    assert dgt.key() == "anot..."
