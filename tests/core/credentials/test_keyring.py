"""The keyring: a real Secret Service, and everything that can be wrong with one.

Whole processes, as a hang would otherwise be the test's own; each has to end within 6 s.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from dgt_keys import PASSWORD, USERNAME, dgt_keys
from running import Ran
from secret_service import SecretService, needs_secret_service, secret_service
from terminal import Terminal

from exchcli.core.credentials.patience import Patience, TimedOut, sees_dialogues

EXCH = [str(Path(sys.executable).parent / "exch")]
LOGIN = ["dgt", "auth", "login", "--key", "fakekey", "--secret-stdin", "--no-test"]
ITEM = ["service", "exch:dgt", "username", "default"]
FILE = (
    "For a job that runs when nobody is logged in, such as cron's, run "
    "`exch dgt auth move --store file` once from the desktop, or set EXCH_DGT_CREDENTIALS_FILE."
)


@pytest.fixture(scope="module")
def daemon() -> Iterator[SecretService]:
    needs_secret_service()
    with secret_service() as service:
        yield service


class User:
    """Somebody with a keyring, and `exch` as whole processes."""

    def __init__(self, service: SecretService, home: Path) -> None:
        self.service = service
        self.home = home
        self.env = {**service.env, "HOME": str(home), "PATH": "/usr/bin:/bin"}

    def __call__(self, *arguments: str, typed: str = "", **env: str) -> Ran:
        started = time.monotonic()
        ran = subprocess.run(
            [*EXCH, *arguments, "-o", "csv"], env={**self.env, **env}, input=typed, text=True,
            capture_output=True, timeout=60, check=False,
        )  # fmt: skip
        assert time.monotonic() - started < 6
        return Ran(ran.returncode, ran.stdout, ran.stderr)

    def log_in(self) -> None:
        assert self(*LOGIN, typed="fake-secret\n").code == 0


@pytest.fixture
def user(daemon: SecretService, tmp_path: Path) -> Iterator[User]:
    yield User(daemon, tmp_path)
    daemon.tool("clear", *ITEM)


USED = "exchange,profile,source,place,key\ndgt,default,keyring,exch:dgt default,fake...\n"


def test_a_login_at_a_terminal_is_read_back_by_another_program_as_it_was_typed(
    user: User,
) -> None:
    typed = "fake-canary-0/+=!'\"\\$`"
    terminal = Terminal([*EXCH, "dgt", "auth", "login", "--no-test"], user.env)
    terminal.wait_for("API key: ")
    terminal.type("fakekey-from-a-terminal\n")
    terminal.wait_for("Secret (it is not shown): ")
    terminal.type(f"{typed}\n")
    assert terminal.end() == 0, terminal.screen
    assert "canary" not in terminal.screen
    item = json.loads(user.service.tool("lookup", *ITEM))
    assert item == {"key": "fakekey-from-a-terminal", "secret": typed}
    assert (
        user("dgt", "auth", "status", "--fields", "source,key").out
        == "source,key\nkeyring,fake...\n"
    )


def test_each_exchange_and_profile_has_an_item_of_its_own(user: User) -> None:
    for exchange in ("dgt", "dfx"):
        for profile in ("default", "savings"):
            name = f"{exchange}-{profile}"
            user(
                exchange, "auth", "login", "--profile", profile, "--key", f"{name}-key",
                "--secret-stdin", "--no-test", typed=f"fake-{name}",
            )  # fmt: skip
    for exchange in ("dgt", "dfx"):
        for profile in ("default", "savings"):
            item = ("service", f"exch:{exchange}", "username", profile)
            secret = json.loads(user.service.tool("lookup", *item))["secret"]
            assert secret == f"fake-{exchange}-{profile}"
            assert user(exchange, "auth", "logout", "--profile", profile, "--yes").code == 0
            assert user.service.tool("lookup", *item) == ""


def test_an_item_of_keyrings_own_backend_is_read_and_replaced(user: User) -> None:
    user.log_in()
    user.service.tool("clear", *ITEM)
    user.service.tool(
        "store", "--label=x", "application", "Python keyring library", *ITEM,
        typed='{"key": "other-key", "secret": "fake-other"}',
    )  # fmt: skip
    assert user("dgt", "auth", "status", "--fields", "key").out == "key\nothe...\n"
    user.log_in()
    assert user("dgt", "auth", "status").out == USED


def test_a_rotation_puts_the_new_pair_in_the_keyring(user: User) -> None:
    with dgt_keys("fakekey") as (_, url):
        user.env["EXCH_DGT_URL"] = url
        user.log_in()
        rotate = ["dgt", "auth", "rotate", "--username", USERNAME, "--password-stdin", "--yes"]
        ran = user(*rotate, typed=PASSWORD)
    assert ran == (
        0,
        "",
        "Dgtmarket, profile default: the new key is in the keyring, and was accepted.\n",
    )
    assert json.loads(user.service.tool("lookup", *ITEM)) == {
        "key": "new1-key",
        "secret": "fake-canary-1",
    }
    probe = ("service", "exch:dgt", "username", "default.probe")
    assert user.service.tool("lookup", *probe) == ""


def test_a_frozen_keyring_ends_the_command_in_time(user: User) -> None:
    user.log_in()
    told = (
        "exch: The keyring did not answer within 3 s. "
        f"Its daemon hangs, or waits for an answer: log in to the desktop anew. {FILE}\n"
    )
    with user.service.frozen():
        assert user("dgt", "auth", "status") == (3, "", told)
    assert user("dgt", "auth", "status").out == USED


def test_a_frozen_bus_ends_the_command_in_time(user: User) -> None:
    user.log_in()
    os.kill(user.service.bus.pid, signal.SIGSTOP)
    try:
        ran = user("dgt", "auth", "status")
    finally:
        os.kill(user.service.bus.pid, signal.SIGCONT)
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith("exch: The keyring ")


def test_several_items_are_refused_with_the_way_to_remove_them(user: User) -> None:
    user.log_in()
    user.service.tool(
        "store", "--label=x", *ITEM, "other", "x", typed='{"key": "a", "secret": "b"}'
    )
    assert user("dgt", "auth", "status") == (
        3,
        "",
        "exch: The keyring has 2 items for dgt, profile default; one is expected. "
        "Remove them (`secret-tool clear service exch:dgt username default`), "
        "then run `exch dgt auth login`.\n",
    )
    assert user(*LOGIN, typed="fake-secret").code == 3
    user.service.tool("clear", *ITEM)
    user.log_in()


def test_an_item_that_is_gone_and_one_that_is_no_pair(user: User) -> None:
    user.log_in()
    user.service.tool("clear", *ITEM)
    assert user("dgt", "auth", "status") == (
        3,
        "",
        "exch: The keyring has no key for dgt, profile default. "
        "`exch dgt auth login` stores one.\n",
    )
    user.service.tool("store", "--label=x", *ITEM, typed="fake-canary alone")
    ran = user("dgt", "auth", "status")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith("exch: What came from the keyring is neither JSON nor two lines. ")
    assert "canary" not in ran.err


def test_without_a_bus_it_says_what_a_cron_job_can_do(user: User) -> None:
    user.log_in()
    no_bus = f"exch: The keyring cannot be reached: there is no D-Bus session here. {FILE}\n"
    assert user("dgt", "auth", "status", DBUS_SESSION_BUS_ADDRESS="") == (3, "", no_bus)
    gone = f"exch: The keyring cannot be reached: nobody answers on the D-Bus session. {FILE}\n"
    assert user("dgt", "auth", "status", DBUS_SESSION_BUS_ADDRESS="unix:path=/nonexistent") == (
        3,
        "",
        gone,
    )


def test_a_first_login_without_a_bus_stores_nothing_anywhere(user: User) -> None:
    ran = user(*LOGIN, typed="fake-canary", DBUS_SESSION_BUS_ADDRESS="")
    assert ran.code == 3
    assert ran.err.startswith("exch: The keyring cannot be reached: there is no D-Bus session")
    assert user("dgt", "auth", "status").code == 3
    kept = [file.read_bytes() for file in user.home.rglob("*") if file.is_file()]
    assert not any(b"canary" in content for content in kept)


@pytest.mark.parametrize(
    ("backend", "message"),
    [
        (
            "keyring.backends.null.Keyring",
            "The keyring backend keyring.backends.null.Keyring keeps nothing. "
            "Unset PYTHON_KEYRING_BACKEND or correct keyringrc.cfg (`keyring diagnose` shows "
            "where), or keep the key in a file: `exch dgt auth login --store file`.",
        ),
        (
            "keyring.backends.fail.Keyring",
            f"The keyring cannot be reached: this system has none that keyring knows. {FILE}",
        ),
        (
            "keyring.backends.macOS.Keyring",
            "The keyring cannot be reached: its backend keyring.backends.macOS.Keyring does not "
            f"work here. {FILE}",
        ),
        (
            "no.such.Backend",
            "The keyring cannot be reached: its backend no.such.Backend does not work here. "
            f"{FILE}",
        ),
    ],
)
def test_a_backend_that_keeps_nothing_or_does_not_work_is_refused(
    user: User, backend: str, message: str
) -> None:
    user.log_in()
    for command, typed in ((LOGIN, "fake-secret"), (["dgt", "auth", "status"], "")):
        ran = user(*command, typed=typed, PYTHON_KEYRING_BACKEND=backend)
        assert ran == (3, "", f"exch: {message}\n")


def test_a_disabled_keyring_is_refused_at_the_first_login(user: User) -> None:
    config = user.home / ".config" / "python_keyring"
    config.mkdir(parents=True)
    (config / "keyringrc.cfg").write_text(
        "[backend]\ndefault-keyring=keyring.backends.null.Keyring\n"
    )
    ran = user(*LOGIN, typed="fake-secret")
    assert ran.code == 3
    assert ran.err.startswith(
        "exch: The keyring backend keyring.backends.null.Keyring keeps nothing"
    )


BACKEND = """
from keyring.backend import KeyringBackend
class Keyring(KeyringBackend):
    priority = 9
    def get_password(self, service, user): {get}
    def set_password(self, service, user, text): {set}
    def delete_password(self, service, user): pass
"""


@pytest.mark.parametrize(
    ("get", "put", "message"),
    [
        ("return None", "pass", "The keyring took the key, but does not give it back."),
        (
            "raise RuntimeError('canary')",
            "raise RuntimeError('canary ' + text)",
            "The keyring cannot be reached: it failed with RuntimeError.",
        ),
        (
            "import time; time.sleep(99)",
            "import time; time.sleep(99)",
            "did not answer within 3 s.",
        ),
        (
            "from keyring.errors import KeyringLocked; raise KeyringLocked('canary')",
            "from keyring.errors import KeyringLocked; raise KeyringLocked('canary')",
            "The keyring is locked.",
        ),
    ],
    ids=["keeps nothing", "fails", "hangs", "is locked"],
)
def test_whatever_a_backend_does_comes_out_in_words(
    user: User, get: str, put: str, message: str
) -> None:
    (user.home / "bad.py").write_text(BACKEND.format(get=get, set=put))
    ran = user(
        *LOGIN, "-v", typed="fake-canary", PYTHONPATH=str(user.home),
        PYTHON_KEYRING_BACKEND="bad.Keyring",
    )  # fmt: skip
    assert (ran.code, ran.out) == (3, "")
    assert message in ran.err
    assert "canary" not in ran.err
    assert "Traceback" not in ran.err


def test_a_helper_command_and_moving_out_of_it(user: User) -> None:
    helper = user.home / "helper"
    helper.write_text("#!/bin/sh\necho fake-canary-on-stderr >&2\necho fakekey\necho fake-secret\n")
    helper.chmod(0o700)
    refused = user("dgt", "auth", "login", "--store", "command")
    assert refused.code == 2
    assert "exch config set dgt.profiles.default.argv PROGRAM,ARG" in refused.err
    user("config", "set", "dgt.profiles.default.argv", str(helper))
    assert user("dgt", "auth", "login", "--store", "command", "--no-test").err == (
        f"Dgtmarket, profile default: the key fake... is in the helper command {helper}, untried.\n"
    )
    assert user("dgt", "auth", "status", "--fields", "source").out == "source\ncommand\n"
    assert user("dgt", "auth", "move", "--store", "keyring").code == 0
    assert user("dgt", "auth", "status").out == USED


def test_a_locked_keyring_says_so_and_asks_nobody(tmp_path: Path) -> None:
    needs_secret_service()
    with secret_service() as service:  # locked, it cannot be opened again without a screen
        user = User(service, tmp_path)
        user.log_in()
        service.lock()
        told = f"exch: The keyring is locked. Unlock it first. {FILE}\n"
        for command, typed in ((["dgt", "auth", "status"], ""), (LOGIN, "fake-secret")):
            assert user(*command, typed=typed) == (3, "", told)
            assert user(*command, typed=typed, DISPLAY=":77") == (3, "", told)
        terminal = Terminal([*EXCH, "dgt", "auth", "status"], {**user.env, "DISPLAY": ":77"})
        assert terminal.end(6) == 3
        assert "answer the dialogue on your screen" in " ".join(terminal.screen.split())
        assert "The keyring is locked." in " ".join(terminal.screen.split())


def test_cron_finds_a_key_in_a_file_and_is_told_so_until_then(user: User) -> None:
    """`env -i` with what cron sets, no terminal, no D-Bus."""
    with dgt_keys("fakekey") as (keys, url):
        user.log_in()
        user("config", "set", "dgt.url", url)
        assert user("dgt", "auth", "test").out == USED

        def cron() -> Ran:
            ran = subprocess.run(
                ["env", "-i", f"HOME={user.home}", "LOGNAME=trader", "SHELL=/bin/sh",
                 "PATH=/usr/bin:/bin", "/bin/sh", "-c", f"{EXCH[0]} dgt auth test -o csv"],
                stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
                start_new_session=True,
            )  # fmt: skip
            return Ran(ran.returncode, ran.stdout, ran.stderr)

        no_bus = f"exch: The keyring cannot be reached: there is no D-Bus session here. {FILE}\n"
        assert cron() == (3, "", no_bus)
        assert user("dgt", "auth", "move", "--store", "file").code == 0
        assert user.service.tool("lookup", *ITEM) == ""
        ran = cron()
    assert (ran.code, ran.err) == (0, "Dgtmarket accepted the key.\n")
    assert ran.out.startswith("exchange,profile,source,place,key\ndgt,default,file,")
    assert keys.signed == 2


def test_patience_ends_and_errors_come_through() -> None:
    patience = Patience(False, lambda _line: None)
    assert patience.run(lambda: 5) == 5
    with pytest.raises(ZeroDivisionError):
        patience.run(lambda: 1 // 0)
    with pytest.raises(TimedOut, match=r"^0\.05$"):
        patience.run(lambda: time.sleep(0.5), 0.05)


def test_a_dialogue_is_only_for_who_sits_before_it() -> None:
    assert sees_dialogues(True, {"DISPLAY": ":0"})
    assert sees_dialogues(True, {"WAYLAND_DISPLAY": "wayland-0"})
    assert not sees_dialogues(True, {})  # over SSH
    assert not sees_dialogues(False, {"DISPLAY": ":0"})
