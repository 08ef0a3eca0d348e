"""Where the pair of a profile comes from: the first source that is configured.

A source that is configured and broken is an error, never a reason to go on to the next one:
that would be another account, and nobody would notice.
"""

from __future__ import annotations

import os
from pathlib import Path

from exchcli.core.credentials.pending import PendingSource
from exchcli.core.credentials.stores import (
    CommandSource,
    EnvironmentSource,
    ForeignFile,
    Scope,
    Source,
    Store,
    store_of,
)
from exchcli.errors import CredentialsError


def find(scope: Scope) -> Source:
    """The source; nothing is read from it yet. Raises CredentialsError if there is none."""
    pending = PendingSource(scope, _named(scope))
    return pending if pending.exists() else configured(scope)


def configured(scope: Scope) -> Source:
    """The source when no rotation is unfinished. Raises CredentialsError if there is none."""
    source = _named(scope) or pinned(scope)
    if source is None:
        raise CredentialsError(
            f"There is no API key for {scope.exchange}, profile {scope.profile}.",
            f"{scope.command('auth login')} stores one; a script can set "
            f"{_variable(scope, 'KEY')} and {_variable(scope, 'SECRET')}, "
            f"or {_variable(scope, 'CREDENTIALS_FILE')}.",
        )
    return source


def pinned(scope: Scope) -> Source | None:
    """The store that the configuration names for the profile."""
    kept = scope.kept
    if kept.store is None:
        return None
    if kept.store == "command":
        return CommandSource(kept.argv, scope.interactive)
    return store_of(scope, kept.store)


def owned(scope: Scope, doing: str) -> Store:
    """The store that exch may write, if that is where the pair comes from.

    Raises CredentialsError; `doing` is what is refused, such as "rotated". A rotation that is
    unfinished is to be refused before.
    """
    source = configured(scope)
    if scope.kept.store == source.kind and scope.kept.store != "command":
        return store_of(scope, source.kind)
    raise CredentialsError(
        f"The key comes from {source.words}, which exch cannot write: it is not {doing}.",
        f"Change it there; or take it away, and use {scope.command('auth login')}.",
    )


def refuse_pending(scope: Scope, *, even_broken: bool = True) -> None:
    """Nothing else is changed while a new pair waits to be put where it belongs."""
    pending = PendingSource(scope)
    if pending.exists() and (even_broken or pending.fault() is None):
        raise CredentialsError(
            "A rotation of this key was not finished.",
            f"Run {scope.command('auth recover')} first.",
        )


def _named(scope: Scope) -> Source | None:
    """What the environment names: it is this process's alone, before what is stored."""
    return _environment(scope) or _systemd(scope)


def _environment(scope: Scope) -> Source | None:
    env = scope.env
    key, secret = _variable(scope, "KEY"), _variable(scope, "SECRET")
    if key in env or secret in env:
        return EnvironmentSource(env, key, secret)
    variable = _variable(scope, "CREDENTIALS_FILE")
    if variable not in env:
        return None
    if not env[variable]:
        raise CredentialsError(f"{variable} is empty.", "Name a file, or unset it.")
    path = Path(os.path.expanduser(env[variable]))  # noqa: PTH111 -- it never raises
    return ForeignFile(path, "environment_file", f"the file {path} ({variable})")


def _systemd(scope: Scope) -> Source | None:
    folder = scope.env.get("CREDENTIALS_DIRECTORY")
    if not folder:
        return None
    path = Path(folder) / f"exch-{scope.exchange}"
    # systemd hands a service only the credentials that it names; ours may not be among them.
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        pass  # reading it will tell
    return ForeignFile(path, "systemd", f"the systemd credential {path.name}")


def _variable(scope: Scope, name: str) -> str:
    return f"EXCH_{scope.exchange.upper()}_{name}"
