"""A rotation that is under way: its intent, and the new pair until a store has it.

Both are files in the state folder. The intent says that the exchange was about to be asked;
the pending file holds what it answered, written to the disk before anything else.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from exchcli.core.credentials import Credentials
from exchcli.core.credentials.files import read_private
from exchcli.core.credentials.pair import as_object, parse, written
from exchcli.core.credentials.stores import Scope, Source
from exchcli.errors import CredentialsError
from exchcli.state import cannot, write_atomically, write_once


class Intent(NamedTuple):
    """`store` is the kind of store that the new pair goes to, `started` when, in UTC."""

    store: str
    started: str


class PendingSource:
    """The new pair of a rotation that was not finished: it alone is valid.

    `rival` is what the environment names beside it. It may be the pair that was rotated, before
    or after; if it is another one, reading raises CredentialsError: the caller would not expect
    the account that it gets.
    """

    kind = "pending"

    def __init__(self, scope: Scope, rival: Source | None = None) -> None:
        self.path = scope.file(".pending.json")
        self.place = str(self.path)
        self.words = f"the unfinished rotation in {self.path}"
        self._scope = scope
        self._rival = rival

    def exists(self) -> bool:
        return _stands(self.path)

    def read(self) -> Credentials:
        """The pair. Raises CredentialsError, which says how to go on without it."""
        try:
            pair = parse(read_private(self.path), self.words)
        except CredentialsError as error:
            raise CredentialsError(error.message, self._way_out()) from None
        if self._rival is not None:
            self._refuse_another(pair, self._rival)
        return pair

    def _refuse_another(self, pair: Credentials, rival: Source) -> None:
        named = rival.read().key
        if named not in (pair.key, self._content().get("replaces")):
            raise CredentialsError(
                f"The key {named[:4]}... from {rival.words} is not the one whose rotation was "
                "not finished.",
                f"Run {self._scope.command('auth recover')} first, so that it is used.",
            )

    def fault(self) -> str | None:
        """Why the pair cannot be read; None if it can be, or if there is none."""
        try:
            if self.exists():
                self.read()
        except CredentialsError as error:
            return error.message
        return None

    def store(self) -> str:
        """The kind of store that it was to go to."""
        kind = self._content().get("store")
        return kind if kind in ("keyring", "file") else "keyring"

    def write(self, pair: Credentials, store: str, replaces: str | None) -> None:
        """On the disk when this returns. Raises StateError. `replaces` is the old key.

        Not by way of a second file: killed between the two, the pair would be lost. One that
        stands there already holds a pair that this one has revoked.
        """
        self.delete()
        write_once(self.path, written(pair, store=store, replaces=replaces))

    def delete(self) -> None:
        _remove(self.path)

    def _content(self) -> dict[str, object]:
        return as_object(read_private(self.path).decode("utf-8", "replace")) or {}

    def _way_out(self) -> str:
        """It holds the only valid key; where that cannot be mended, another has to be fetched."""
        scope = self._scope
        if scope.kept.store in ("keyring", "file"):
            another = scope.command("auth rotate")
        else:
            another = f"remove {self.path}, then {scope.command('auth login --username USER')}"
        return (
            f"If that file can be corrected, do so and run {scope.command('auth recover')}; "
            f"if its key is lost, fetch another: {another}."
        )


def read_intent(scope: Scope) -> Intent | None:
    """The intent of a rotation that was begun, if there is one. Raises CredentialsError."""
    path = _intent(scope)
    if not _stands(path):
        return None
    content = as_object(read_private(path).decode("utf-8", "replace")) or {}
    store, started = content.get("store"), content.get("started")
    return Intent(
        store if isinstance(store, str) else "keyring",
        started if isinstance(started, str) else "an unknown time",
    )


def unfinished(scope: Scope) -> str | None:
    """What to say while a rotation waits for `auth recover`; None if none does.

    Nothing is read for it: a file that is broken waits as well.
    """
    recovering = scope.command("auth recover")
    if PendingSource(scope).exists():
        return f"The rotation of this key was not finished; {recovering} finishes it."
    if _stands(_intent(scope)):
        return (
            "A new key was asked for, and what came of it is not known; "
            f"{recovering} finds out whether this one still holds."
        )
    return None


def keep_intent(scope: Scope, intent: Intent) -> None:
    """On the disk when this returns. Raises StateError."""
    write_atomically(_intent(scope), json.dumps(intent._asdict()).encode() + b"\n")


def forget_intent(scope: Scope) -> None:
    _remove(_intent(scope))


def _intent(scope: Scope) -> Path:
    return scope.file(".rotating.json")


def _stands(path: Path) -> bool:
    """Whether anything is there; what cannot be looked at counts, and reading it will tell."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise cannot("remove", path, error) from None
