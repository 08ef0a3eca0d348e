"""A rotation killed at every step: the new pair is never lost where that can be helped."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from dgt_keys import PASSWORD, USERNAME, dgt_keys
from rotating import CLEAN, FINISHED, KILLED, ROTATE, Rotating
from running import Exch, Ran

from exchcli.core.credentials import rotation
from exchcli.core.credentials.rotation import WARNING
from exchcli.core.throttle import Throttle
from exchcli.errors import StateError


def test_a_rotation_replaces_the_key_and_leaves_nothing_behind(dgt: Rotating) -> None:
    ran = dgt.rotate()
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.endswith("dgt-default.json, and was accepted.\n")
    assert (dgt.keys.made, dgt.key(), dgt.files()) == (1, "new1...", CLEAN)
    assert dgt("test").code == 0


@pytest.mark.parametrize(("step", "when"), [("preflight", "after"), ("announce", "before")])
def test_killed_before_its_intent_nothing_has_happened(dgt: Rotating, step: str, when: str) -> None:
    dgt.die(step, when)
    assert (dgt.keys.made, dgt.key(), dgt.files()) == (0, "old-...", CLEAN)
    assert dgt("recover") == (0, "", "There is nothing to recover: no rotation was interrupted.\n")


@pytest.mark.parametrize(("step", "when"), [("announce", "after"), ("call", "before")])
def test_killed_before_the_call_the_old_key_is_found_to_hold(
    dgt: Rotating, step: str, when: str
) -> None:
    dgt.die(step, when)
    assert dgt.keys.made == 0
    assert dgt("test").code == 0
    ran = dgt("recover")
    assert ran.code == 0
    assert ran.err.startswith("The key old-... in the file ")
    assert ran.err.endswith(" holds: nothing more is to be done.\n")
    assert (dgt.key(), dgt.files()) == ("old-...", CLEAN)


@pytest.mark.parametrize(("step", "when"), [("call", "after"), ("keep_pending", "before")])
def test_killed_between_the_answer_and_the_disk_it_says_what_is_lost_and_what_to_do(
    dgt: Rotating, step: str, when: str
) -> None:
    dgt.die(step, when)
    assert dgt.keys.made == 1
    refused = dgt("test")
    assert refused.code == 3
    assert "Dgtmarket refused the key (HTTP 401)" in refused.err
    for _ in range(2):  # asking again does not change the answer
        ran = dgt("recover")
        assert ran.code == 3
        assert "never arrived here, and the old one (old-...) is refused." in ran.err
        assert "fetch another: `exch dgt auth rotate`." in ran.err
    assert dgt.rotate().code == 0
    assert (dgt.key(), dgt.files()) == ("new2...", CLEAN)
    assert dgt("test").code == 0


def test_a_refused_second_try_does_not_forget_that_the_first_may_have_happened(
    dgt: Rotating,
) -> None:
    dgt.die("call", "after")
    refused = dgt(*ROTATE[2:], typed="a wrong password")
    assert refused.code in (3, 4)
    ran = dgt("recover")
    assert ran.code == 3
    assert "never arrived here, and the old one (old-...) is refused." in ran.err


@pytest.mark.parametrize(
    ("step", "when"),
    [
        ("keep_pending", "after"),
        ("finish", "before"),
        ("put", "before"),
        ("put", "after"),
        ("forget_intent", "before"),
        ("forget_intent", "after"),
        ("forget", "before"),
    ],
)
def test_killed_later_every_command_has_the_new_key_and_recover_finishes(
    dgt: Rotating, step: str, when: str
) -> None:
    dgt.die(step, when)
    assert (dgt.keys.made, dgt.key()) == (1, "new1...")
    assert dgt("test").code == 0
    for other in (["move", "--store", "file"], ["logout", "--yes"]):
        ran = dgt(*other)
        assert ran.code == 3
        assert ran.err.endswith(
            "A rotation of this key was not finished. Run `exch dgt auth recover` first.\n"
        )
    ran = dgt("recover")
    assert ran.code == 0, ran.err
    assert ran.err.startswith(FINISHED)
    assert (dgt.keys.made, dgt.key(), dgt.files()) == (1, "new1...", CLEAN)
    assert dgt("test").code == 0


def test_killed_at_the_very_end_all_is_done(dgt: Rotating) -> None:
    dgt.die("forget", "after")
    assert (dgt.key(), dgt.files()) == ("new1...", CLEAN)


def test_an_answer_that_breaks_off_is_unknown_and_never_asked_for_again(dgt: Rotating) -> None:
    def breaks_off(connection: socket.socket, pair: str) -> bool:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + pair.encode())
        return True

    dgt.keys.answer = breaks_off
    ran = dgt.rotate("-v")
    assert ran.code == 7
    assert "It is not known whether the key was rotated." in ran.err
    assert "`exch dgt auth recover` finds out" in ran.err
    assert dgt.keys.made == 1
    assert "canary" not in ran.err
    assert dgt("recover").code == 3


@pytest.mark.parametrize(
    "reply",
    [
        '{"key": "a"}',
        '{"key": "a", "secret": ["fake-canary"]}',
        '{"key": "a", "secret": "fake\\ncanary"}',
        '{"key": "a", "secret": ""}',
        "[]",
        "<html>fake-canary",
    ],
)
def test_an_answer_without_a_pair_is_unknown_and_not_repeated(dgt: Rotating, reply: str) -> None:
    def answers(connection: socket.socket, _pair: str) -> bool:
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(reply)}\r\n\r\n"
        connection.sendall((head + reply).encode())
        return True

    dgt.keys.answer = answers
    for option in ("-v", "--raw"):
        ran = dgt.rotate(option)
        assert (ran.code, ran.out) == (7, "")
        assert "canary" not in ran.err
        assert dgt.files() == CLEAN | {"dgt-default.rotating.json"}


def test_a_wrong_password_changes_nothing(dgt: Rotating) -> None:
    ran = dgt.exch(*ROTATE, "-o", "table", typed="fake-other-password", **dgt.env)
    assert ran == (
        3,
        "",
        "exch: Dgtmarket refused the user name or the password (HTTP 401). "
        "Check both, and that its API is enabled for the account.\n",
    )
    assert (dgt.key(), dgt.files()) == ("old-...", CLEAN)


def test_a_refusal_that_quotes_the_form_does_not_show_the_password(dgt: Rotating) -> None:
    def quotes(connection: socket.socket, _pair: str) -> bool:
        body = json.dumps({"detail": f"bad form: username={USERNAME}&password={PASSWORD}"})
        head = f"HTTP/1.1 400 Bad Request\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall((head + body).encode())
        return True

    dgt.keys.answer = quotes
    for option in ("-v", "--raw"):
        ran = dgt.rotate(option)
        assert (ran.code, ran.out) == (4, "")
        assert "Dgtmarket refused to make a key (HTTP 400). Nothing was changed." in ran.err
        assert "fake-password" not in ran.err
    assert dgt.files() == CLEAN


@pytest.mark.parametrize(
    "broken", [{"HTTPS_PROXY": "http://:::bad"}, {"SSL_CERT_FILE": "/nonexistent.pem"}]
)
def test_a_connection_that_cannot_even_be_made_changes_nothing(
    dgt: Rotating, broken: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    announced: list[object] = []
    monkeypatch.setattr(rotation, "announce", lambda *given: announced.append(given))
    dgt.env |= {"EXCH_DGT_URL": "https://dgt.test/api", **broken}
    assert (dgt.rotate().code, announced) == (2, [])
    assert (dgt.key(), dgt.files()) == ("old-...", CLEAN)


def test_a_database_that_refuses_the_request_changes_nothing(
    dgt: Rotating, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_full(*_given: object) -> None:
        raise StateError("The limits cannot be counted: disk full.", "Free some space.")

    monkeypatch.setattr(Throttle, "reserve", is_full)
    assert dgt.rotate().code == 12
    assert (dgt.keys.made, dgt.key(), dgt.files()) == (0, "old-...", CLEAN)


def test_an_exchange_that_is_not_reached_changes_nothing(dgt: Rotating) -> None:
    dgt.env["EXCH_DGT_URL"] = "http://127.0.0.1:1/api"
    assert dgt.rotate().code == 6
    assert (dgt.key(), dgt.files()) == ("old-...", CLEAN)


def test_a_store_that_fails_is_found_before_anything_is_asked(dgt: Rotating) -> None:
    file = dgt.folder / "dgt-default.json"
    file.rename(dgt.folder / "elsewhere")
    file.symlink_to(dgt.folder / "elsewhere")
    ran = dgt.rotate()
    assert (ran.code, dgt.keys.made) == (3, 0)
    assert "is a symbolic link" in ran.err


def test_a_store_that_fails_afterwards_leaves_the_new_key_in_use(dgt: Rotating) -> None:
    def spoils(_connection: socket.socket, _pair: str) -> bool:
        file = dgt.folder / "dgt-default.json"
        file.rename(dgt.folder / "elsewhere")
        file.symlink_to(dgt.folder / "elsewhere")
        return False

    dgt.keys.answer = spoils
    ran = dgt.rotate()
    assert ran.code == 3
    assert "The key is rotated, but the new one is not in the file " in ran.err
    assert "`exch dgt auth recover` finishes the rotation." in ran.err
    assert dgt("test").code == 0
    (dgt.folder / "dgt-default.json").unlink()
    assert dgt("recover").err.startswith(FINISHED)
    assert dgt.key() == "new1..."


def test_ctrl_c_waits_until_the_new_key_is_kept(dgt: Rotating) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "exchcli", *ROTATE],
        env={**dgt.exch.env, **dgt.env, "PATH": os.environ["PATH"]},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip

    def interrupts(_connection: socket.socket, _pair: str) -> bool:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            process.send_signal(number)
        return False

    dgt.keys.answer = interrupts
    _, told = process.communicate(PASSWORD, timeout=60)
    assert process.returncode == 0, told
    assert dgt.key() == "new1..."


def test_a_second_ctrl_c_gives_up_and_the_outcome_is_unknown(dgt: Rotating) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "exchcli", *ROTATE, "-o", "table"],
        env={**dgt.exch.env, **dgt.env, "PATH": os.environ["PATH"]},
        stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stderr is not None
    errors = process.stderr

    def interrupts_twice(_connection: socket.socket, _pair: str) -> bool:
        process.send_signal(signal.SIGINT)
        assert errors.readline() == WARNING.decode()
        process.send_signal(signal.SIGINT)
        process.wait(60)
        return True

    dgt.keys.answer = interrupts_twice
    with process.stdin as keyboard:
        keyboard.write(PASSWORD)
    assert process.wait(60) == 7
    with errors:
        told = errors.read()
    assert told == (
        "exch: It is not known whether the key was rotated: it was interrupted. "
        "`exch dgt auth recover` finds out, and says what to do.\n"
    )
    assert dgt("recover").code == 3


def test_two_rotations_at_once_are_one(dgt: Rotating) -> None:
    second: list[Ran] = []

    def rotates_too(_connection: socket.socket, _pair: str) -> bool:
        dgt.keys.answer = lambda _connection, _pair: False  # should it be asked again
        ran = subprocess.run(
            [sys.executable, "-m", "exchcli", *ROTATE],
            env={**dgt.exch.env, **dgt.env, "PATH": os.environ["PATH"]},
            input=PASSWORD, text=True, capture_output=True, timeout=60, check=False,
        )  # fmt: skip
        second.append(Ran(ran.returncode, ran.stdout, ran.stderr))
        return False

    dgt.keys.answer = rotates_too
    assert dgt.rotate().code == 0
    assert second[0].code == 3
    assert "Another exch is changing the key of dgt, profile default." in second[0].err
    assert (dgt.keys.made, dgt.key()) == (1, "new1...")


@pytest.mark.parametrize("source", ["environment", "file of others", "systemd"])
def test_a_key_that_exch_cannot_write_back_is_not_rotated(
    dgt: Rotating, tmp_path: Path, source: str
) -> None:
    path = tmp_path / "service" / "exch-dgt"
    path.parent.mkdir()
    path.write_text("old-key\nfake-old-secret\n")
    path.chmod(0o600)
    dgt.env |= {
        "environment": {"EXCH_DGT_KEY": "old-key", "EXCH_DGT_SECRET": "fake-old-secret"},
        "file of others": {"EXCH_DGT_CREDENTIALS_FILE": str(path)},
        "systemd": {"CREDENTIALS_DIRECTORY": str(path.parent)},
    }[source]
    ran = dgt.rotate()
    assert (ran.code, dgt.keys.made) == (3, 0)
    assert "which exch cannot write: it is not rotated." in ran.err


def test_a_key_that_a_helper_command_prints_is_not_rotated(dgt: Rotating) -> None:
    for key, value in (("argv", "/bin/cat,/dev/null"), ("store", "command")):
        dgt.exch("config", "set", f"dgt.profiles.default.{key}", value)
    ran = dgt.rotate()
    assert (ran.code, dgt.keys.made) == (3, 0)
    assert "the helper command /bin/cat, which exch cannot write: it is not rotated." in ran.err


def test_nobody_to_answer_and_no_yes_is_a_usage_error(dgt: Rotating) -> None:
    ran = dgt("rotate", "--username", USERNAME, "--password-stdin", typed=PASSWORD)
    assert (ran.code, dgt.keys.made) == (2, 0)


@pytest.mark.parametrize("step", ["keep_pending", "put"])
def test_the_first_key_of_a_user_name_survives_as_a_rotation_does(exch: Exch, step: str) -> None:
    with dgt_keys() as (keys, url):
        login = ["dgt", "auth", "login", "--username", USERNAME, "--password-stdin", "--yes"]
        login += ["--store", "file"]
        ran = subprocess.run(
            [sys.executable, "-c", KILLED, step, "after", *login],
            env={**exch.env, "EXCH_DGT_URL": url, "PATH": os.environ["PATH"]},
            input=PASSWORD, text=True, capture_output=True, timeout=60, check=False,
        )  # fmt: skip
        assert ran.returncode == -signal.SIGKILL, ran.stderr
        assert exch("dgt", "auth", "test", EXCH_DGT_URL=url).code == 0
        assert exch("dgt", "auth", "recover", EXCH_DGT_URL=url).code == 0
        shown = json.loads(exch("dgt", "auth", "status").out)
        assert (shown["source"], shown["key"]) == ("file", "new1...")
        again = exch(*login, typed=PASSWORD, EXCH_DGT_URL=url)
        assert (again.code, keys.made) == (2, 1)
        assert "`exch dgt auth rotate` replaces it." in again.err
