"""Where a pair can come from, and where it can be put.

A source reads; a store also writes, and reads back what it wrote. All raise CredentialsError.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

from exchcli.config import Profile
from exchcli.core.credentials import Credentials, Secret
from exchcli.core.credentials.files import (
    check_replaceable,
    read_from_systemd,
    read_private,
)
from exchcli.core.credentials.pair import checked, parse, written
from exchcli.errors import CredentialsError, UsageError
from exchcli.state import cannot, write_atomically

PROBE = Credentials("probe", Secret("nothing-secret"), "a probe")


class Scope(NamedTuple):
    """Whose pair is looked for: one profile of one exchange, as this process sees it.

    `kept` is that profile in the configuration, `interactive` whether somebody is there to
    answer a question, `say` one line to them.
    """

    exchange: str
    profile: str
    kept: Profile
    state: Path
    env: Mapping[str, str]
    interactive: bool
    say: Callable[[str], None]

    @property
    def folder(self) -> Path:
        return self.state / "credentials"

    def file(self, ending: str) -> Path:
        """A file of this profile in the state folder."""
        return self.folder / f"{self.exchange}-{self.profile}{ending}"

    def command(self, rest: str) -> str:
        """A command for this profile, to be shown in a hint."""
        more = "" if self.profile == "default" else f" --profile {self.profile}"
        return f"`exch {self.exchange} {rest}{more}`"


class Source(Protocol):
    """`kind` is one word for scripts, `place` where exactly, `words` both for people."""

    kind: str
    place: str
    words: str

    def read(self) -> Credentials: ...


class Store(Source, Protocol):
    """A source that exch writes itself."""

    def holds(self) -> Credentials | None:
        """The pair that writing would replace; None if there is nothing, or nothing of use.

        What cannot be looked at is an error: it may well be the only good pair.
        """

    def write(self, pair: Credentials) -> None:
        """Puts the pair there, and reads it back."""

    def probe(self) -> None:
        """Writes, reads and removes something beside it, to see that it can."""

    def delete(self) -> None:
        """Removes the pair, if there is one."""


class EnvironmentSource:
    """EXCH_DGT_KEY and EXCH_DGT_SECRET."""

    kind = "environment"

    def __init__(self, env: Mapping[str, str], key: str, secret: str) -> None:
        self.place = self.words = f"{key} and {secret}"
        self._env = env
        self._names = key, secret

    def read(self) -> Credentials:
        key, secret = self._names
        for name, other in ((key, secret), (secret, key)):
            if name not in self._env:
                raise CredentialsError(
                    f"{other} is set, but {name} is not.", "Set both, or neither."
                )
        return checked(
            self._env[key], self._env[secret], self.words, key_name=key, secret_name=secret
        )


class ForeignFile:
    """A file that somebody else keeps: exch reads it, and never writes it."""

    def __init__(self, path: Path, kind: str, words: str) -> None:
        self.kind = kind
        self.place = str(path)
        self.words = words
        self._path = path

    def read(self) -> Credentials:
        data = read_from_systemd if self.kind == "systemd" else read_private
        return parse(data(self._path), self.words)


class CommandSource:
    """A helper command, which another program's store answers through."""

    kind = "command"

    def __init__(self, argv: tuple[str, ...], interactive: bool) -> None:
        self.place = argv[0]
        self.words = f"the helper command {argv[0]}"
        self._argv = argv
        self._interactive = interactive

    def read(self) -> Credentials:
        from exchcli.core.credentials.command import output_of

        return parse(output_of(self._argv, interactive=self._interactive), self.words)


class FileStore:
    """A file of exch's own, open to its owner only."""

    kind = "file"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.place = str(path)
        self.words = f"the file {path}"

    def read(self) -> Credentials:
        return parse(read_private(self.path), self.words)

    def holds(self) -> Credentials | None:
        if not os.path.lexists(self.path):
            return None
        return _of_use(read_private(self.path), self.words)

    def write(self, pair: Credentials) -> None:
        check_replaceable(self.path)
        write_atomically(self.path, written(pair))
        read_back(self, pair)

    def probe(self) -> None:
        check_replaceable(self.path)
        beside = FileStore(self.path.with_name(f"{self.path.name}.probe"))
        beside.write(PROBE)
        beside.delete()

    def delete(self) -> None:
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            raise cannot("remove", self.path, error) from None


class KeyringStore:
    """One JSON item in the operating system's keyring."""

    kind = "keyring"

    def __init__(self, scope: Scope) -> None:
        from exchcli.core.credentials.keyring import Keyring
        from exchcli.core.credentials.patience import Patience, sees_dialogues

        patience = Patience(sees_dialogues(scope.interactive, scope.env), scope.say)
        self._keyring = Keyring(scope, patience)
        self._scope = scope
        self.place = f"{self._keyring.service} {scope.profile}"
        self.words = "the keyring"

    def read(self) -> Credentials:
        scope = self._scope
        text = self._keyring.get(scope.profile)
        if text is None:
            raise CredentialsError(
                f"The keyring has no key for {scope.exchange}, profile {scope.profile}.",
                f"{scope.command('auth login')} stores one.",
            )
        return parse(text.encode(), self.words)

    def holds(self) -> Credentials | None:
        text = self._keyring.get_if_made(self._scope.profile)
        return None if text is None else _of_use(text.encode(), self.words)

    def write(self, pair: Credentials) -> None:
        self._keyring.set(self._scope.profile, written(pair).decode().strip())

    def probe(self) -> None:
        user = f"{self._scope.profile}.probe"
        self._keyring.set(user, written(PROBE).decode().strip())
        self._keyring.delete(user)

    def delete(self) -> None:
        self._keyring.delete(self._scope.profile)


def _of_use(data: bytes, words: str) -> Credentials | None:
    try:
        return parse(data, words)
    except CredentialsError:
        return None


def read_back(store: Source, pair: Credentials) -> None:
    """Makes sure that a store has this pair."""
    kept = store.read()
    if (kept.key, kept.secret) != (pair.key, pair.secret):
        raise CredentialsError(
            f"Something else came back from {store.words} than was written.",
            "Another program may be writing there; run it again.",
        )


def store_of(scope: Scope, kind: str) -> Store:
    """The store of this kind for the profile. Raises UsageError for a helper command."""
    if kind == "keyring":
        return KeyringStore(scope)
    if kind == "file":
        return FileStore(scope.kept.path or scope.file(".json"))
    raise UsageError(
        "A helper command is only read; exch cannot put a key there.",
        "Use --store keyring or --store file.",
    )
