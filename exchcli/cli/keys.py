"""Whose key a command signs with: the profile that was chosen, and its pair."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from exchcli.cli.session import Session
from exchcli.config import Profile, set_value, unset_value
from exchcli.core.credentials import Credentials, Secret
from exchcli.core.credentials.lookup import find
from exchcli.core.credentials.pending import unfinished
from exchcli.core.credentials.stores import Scope, store_of
from exchcli.errors import CredentialsError


def scope_of(here: Session) -> Scope:
    """The profile of --profile, else of EXCH_PROFILE and the configuration."""
    name = here.exchange.name
    config = here.config.exchange(name)
    profile = here.settings.named_profile() or config.profile
    return Scope(
        exchange=name,
        profile=profile,
        kept=config.profiles.get(profile, Profile()),
        state=here.places.state,
        env=os.environ,
        interactive=sys.stdin is not None and sys.stdin.isatty(),
        say=here.say,
    )


def pair_of(here: Session) -> Credentials:
    """The pair that this command signs with. Raises CredentialsError."""
    if here.sandboxed:
        account = here.embedded().accounts(here.exchange.name)[0]
        return Credentials(account.key, Secret(account.secret), "the sandbox")
    scope = scope_of(here)
    try:
        source = find(scope)
        pair = source.read()
    except CredentialsError as error:
        error.exchange = scope.exchange
        raise
    if source.kind == "pending":
        tell_unfinished(here, scope)
    return pair


def tell_unfinished(here: Session, scope: Scope) -> None:
    """That a rotation waits for `auth recover`, if one does."""
    waiting = unfinished(scope)
    if waiting:
        here.say(f"exch: {waiting}")


def pin(here: Session, scope: Scope, kind: str) -> None:
    """Writes into the configuration where the profile's key is kept."""
    changes = {"store": kind} if scope.kept.store != kind else {}
    if kind == "file" and scope.kept.path is None:
        changes = {"path": store_of(scope, "file").place, **changes}
    for name, value in changes.items():
        _tell_backup(here, set_value(here.places.config_file, _setting(scope, name), value))
    if kind != "file":
        _unset_own_path(here, scope)


def unpin(here: Session, scope: Scope) -> None:
    """Takes that out of the configuration again."""
    _tell_backup(here, unset_value(here.places.config_file, _setting(scope, "store")))
    _unset_own_path(here, scope)


def _unset_own_path(here: Session, scope: Scope) -> None:
    """The path that `pin` wrote; one that somebody chose stays."""
    if scope.kept.path == scope.file(".json"):
        _tell_backup(here, unset_value(here.places.config_file, _setting(scope, "path")))


def _setting(scope: Scope, name: str) -> str:
    return f"{scope.exchange}.profiles.{scope.profile}.{name}"


def _tell_backup(here: Session, backup: Path | None) -> None:
    if backup:
        file = here.places.config_file
        here.say(f"exch: the comments of {file} could not be kept; the old file is {backup}.")


def shadowed(scope: Scope, kind: str) -> str | None:
    """What keeps commands here from using this kind of store, if anything does."""
    kept = scope.kept._replace(store=kind)  # type: ignore[arg-type]
    try:
        source = find(scope._replace(kept=kept))
    except CredentialsError as error:
        return error.message.rstrip(".")
    return None if source.kind == kind else f"commands here use {source.words} instead"
