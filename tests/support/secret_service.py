"""A real Secret Service for tests: a D-Bus session and gnome-keyring in a home of their own.

    with secret_service(home) as service:
        exch("dgt", "auth", "login", **service.env)

Both daemons are ended by their own process ids.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

PASSWORD = b"fake-password-of-a-test"
TOOLS = {
    "dbus-daemon": "dbus",
    "gnome-keyring-daemon": "gnome-keyring",
    "secret-tool": "libsecret-tools",
}


def needs_secret_service() -> None:
    """Skips a test with the reason where the real parts are missing; with CI=true it fails."""
    missing = [package for tool, package in TOOLS.items() if not shutil.which(tool)]
    if missing:
        reason = f"a real Secret Service needs the Debian packages {', '.join(missing)}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


class SecretService(NamedTuple):
    """What a process needs to find it, and the two daemons."""

    env: Mapping[str, str]
    bus: subprocess.Popen[bytes]
    keyring: subprocess.Popen[bytes]

    def tool(self, *arguments: str, typed: str = "") -> str:
        """What `secret-tool` prints: a client that nobody here wrote."""
        ran = subprocess.run(
            ["secret-tool", *arguments], env={**os.environ, **self.env}, input=typed,
            capture_output=True, text=True, timeout=20, check=False,
        )  # fmt: skip
        return ran.stdout

    def lock(self) -> None:
        """Locks every collection, as a screen saver does."""
        self.tool("lock")

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """The daemon is there, and does not answer."""
        os.kill(self.keyring.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.keyring.pid, signal.SIGCONT)


@contextmanager
def secret_service() -> Iterator[SecretService]:
    """A running, unlocked keyring with nothing in it."""
    # Sockets have short names at most, shorter than the folders that pytest gives.
    with tempfile.TemporaryDirectory(prefix="ss") as name:
        home = Path(name)
        (home / "run").mkdir(mode=0o700)
        env = {"HOME": name, "XDG_RUNTIME_DIR": str(home / "run"), "XDG_DATA_HOME": str(home)}
        full = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **env}
        bus = subprocess.Popen(
            ["dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address=1"],
            env=full, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            assert bus.stdout is not None
            address = bus.stdout.readline().decode().strip()
            env["DBUS_SESSION_BUS_ADDRESS"] = full["DBUS_SESSION_BUS_ADDRESS"] = address
            keyring = _keyring(full)
            try:
                yield SecretService(env, bus, keyring)
            finally:
                _end(keyring)
        finally:
            _end(bus)


def _keyring(env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    daemon = subprocess.Popen(
        ["gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets"],
        env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert daemon.stdin is not None
    assert daemon.stdout is not None
    daemon.stdin.write(PASSWORD)
    daemon.stdin.close()
    daemon.stdout.readline()  # GNOME_KEYRING_CONTROL=...: it has begun
    return daemon


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGCONT)
    process.terminate()
    process.wait(20)
    if process.stdout is not None:
        process.stdout.close()
