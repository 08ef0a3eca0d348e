"""The one boundary around the operating system's keyring.

Whatever a backend does or fails to do comes out of here as an answer or as a CredentialsError
with the next step: not reached, locked, too late, absent, several items, nothing kept. Which
backend it is, is found out once and remembered, because looking for it takes 50 ms a command.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from exchcli import names
from exchcli.core.credentials import secret_service
from exchcli.core.credentials.patience import (
    SECONDS,
    SECONDS_TO_ANSWER,
    Duplicates,
    KeyringTrouble,
    Locked,
    NotMade,
    Patience,
    TimedOut,
    Unavailable,
)
from exchcli.errors import CredentialsError, StateError
from exchcli.state import write_atomically

if TYPE_CHECKING:
    from exchcli.core.credentials.stores import Scope

T = TypeVar("T")

VARIABLE = "PYTHON_KEYRING_BACKEND"


class Backend(Protocol):
    """A kind of keyring. Its methods raise KeyringTrouble, or anything."""

    def get(self, service: str, user: str) -> str | None: ...
    def set(self, service: str, user: str, text: str) -> None: ...
    def delete(self, service: str, user: str) -> None: ...


class NamedBackend:
    """One of the backends of `keyring`, which may ask its user as it likes."""

    def __init__(self, backend: Any, patience: Patience) -> None:
        self._backend = backend
        self._patience = patience
        self._seconds = SECONDS_TO_ANSWER if patience.can_answer else SECONDS

    def get(self, service: str, user: str) -> str | None:
        found: str | None = self._run(lambda: self._backend.get_password(service, user))
        return found

    def set(self, service: str, user: str, text: str) -> None:
        self._run(lambda: self._backend.set_password(service, user, text))

    def delete(self, service: str, user: str) -> None:
        if self.get(service, user) is not None:
            self._run(lambda: self._backend.delete_password(service, user))

    def _run(self, work: Callable[[], T]) -> T:
        from keyring.errors import KeyringLocked

        try:
            return self._patience.run(work, self._seconds)
        except KeyringLocked:
            raise Locked from None


class Keyring:
    """The keyring as one exchange uses it: one item for each profile."""

    def __init__(self, scope: Scope, patience: Patience) -> None:
        self.service = f"exch:{scope.exchange}"
        self._scope = scope
        self._pin = scope.folder / "keyring-backend"
        self._env = scope.env
        self._patience = patience
        self._found: Backend | None = None

    def get(self, user: str) -> str | None:
        """The text of this user's item, None if there is none. Raises CredentialsError."""
        return self._do(user, lambda backend: backend.get(self.service, user))

    def get_if_made(self, user: str) -> str | None:
        """As `get`, but a desktop that has no keyring yet, which writing makes, has no item."""

        def look(backend: Backend) -> str | None:
            try:
                return backend.get(self.service, user)
            except NotMade:
                return None

        return self._do(user, look)

    def set(self, user: str, text: str) -> None:
        """Writes the item and reads it back. Raises CredentialsError."""
        self._do(user, lambda backend: backend.set(self.service, user, text))
        if self.get(user) != text:
            raise CredentialsError(
                "The keyring took the key, but does not give it back.",
                f"Keep it in a file: {self._scope.command('auth login --store file')}.",
            )

    def delete(self, user: str) -> None:
        """Takes the item away, if there is one. Raises CredentialsError."""
        self._do(user, lambda backend: backend.delete(self.service, user))

    def _do(self, user: str, work: Callable[[Backend], T]) -> T:
        try:
            if self._found is None:
                self._found = self._backend()
            return work(self._found)
        except CredentialsError:
            raise
        except KeyringTrouble as trouble:
            raise self._told(trouble, user) from None
        except Exception as error:  # a backend of somebody else's; its text may hold anything
            raise self._told(Unavailable(f"it failed with {type(error).__name__}"), user) from None

    def _backend(self) -> Backend:
        name = self._env.get(VARIABLE) or _pinned(self._pin) or self._detected()
        if name.startswith("keyring.backends.null."):
            raise CredentialsError(
                f"The keyring backend {name} keeps nothing.",
                f"Unset {VARIABLE} or correct keyringrc.cfg (`keyring diagnose` shows where), "
                f"or keep the key in a file: {self._scope.command('auth login --store file')}.",
            )
        if name.startswith("keyring.backends.fail."):
            raise Unavailable(self._why_none())
        if name == secret_service.NAME:
            return secret_service.SecretServiceBackend(self._patience)
        from keyring.core import load_keyring

        try:
            return NamedBackend(self._patience.run(lambda: load_keyring(name)), self._patience)
        except (ImportError, AttributeError, ValueError, RuntimeError):
            raise Unavailable(f"its backend {name} does not work here") from None

    def _detected(self) -> str:
        """The backend that `keyring` would take, by name; remembered for the next command."""

        def detect() -> Any:
            from keyring.core import get_keyring, init_backend, recommended

            init_backend(recommended)
            found = get_keyring()
            several = getattr(found, "backends", None)  # of a chain, the first has the items
            return next(iter(several), found) if several else found

        found = type(self._patience.run(detect))
        name = f"{found.__module__}.{found.__qualname__}"
        if not name.startswith(("keyring.backends.null.", "keyring.backends.fail.")):
            try:
                write_atomically(self._pin, f"{name}\n".encode())
            except StateError:
                pass  # it is looked for again the next time
        return name

    def _why_none(self) -> str:
        if os.name == "posix" and not self._env.get("DBUS_SESSION_BUS_ADDRESS"):
            return "there is no D-Bus session here"
        return "this system has none that keyring knows"

    def _told(self, trouble: KeyringTrouble, user: str) -> CredentialsError:
        """The trouble in words, and the way out of it."""
        name, command = self._scope.exchange, self._scope.command
        unattended = (
            "For a job that runs when nobody is logged in, such as cron's, run "
            f"{command('auth move --store file')} once from the desktop, "
            f"or set EXCH_{name.upper()}_CREDENTIALS_FILE."
        )
        if isinstance(trouble, Locked):
            return CredentialsError("The keyring is locked.", f"Unlock it first. {unattended}")
        if isinstance(trouble, TimedOut):
            return CredentialsError(
                f"The keyring did not answer within {trouble} s.",
                f"Its daemon hangs, or waits for an answer: log in to the desktop anew. "
                f"{unattended}",
            )
        if isinstance(trouble, Duplicates):
            return CredentialsError(
                f"The keyring has {trouble} items for {name}, profile {user}; one is expected.",
                f"Remove them (`secret-tool clear service {self.service} username {user}`), "
                f"then run {command('auth login')}.",
            )
        return CredentialsError(f"The keyring cannot be reached: {trouble}.", unattended)


def _pinned(file: Path) -> str | None:
    """The backend that was found before, if that can be trusted."""
    data = names.read_plain_file(os.fspath(file), 200)
    name = (data or b"").decode("ascii", "replace").strip()
    return name if re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+", name, re.ASCII) else None
