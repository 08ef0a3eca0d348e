"""Credentials files: private to their owner, or not read at all."""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Callable
from pathlib import Path

from exchcli.core.credentials.pair import FORM, MOST_BYTES
from exchcli.errors import CredentialsError


def read_private(path: Path) -> bytes:
    """The content of a regular file that only its owner, this user, can read.

    Raises CredentialsError, in other words for each fault.
    """
    return _read(path, _check_private)


def read_from_systemd(path: Path) -> bytes:
    """The content of a file in $CREDENTIALS_DIRECTORY.

    systemd owns it as root or as the service's user, and lets the service's user in by an
    access list, which shows as a bit of the group. Others must not be let in.
    """
    return _read(path, _check_service)


def check_replaceable(path: Path) -> None:
    """Refuses to write where something else than a file of this user stands."""
    try:
        about = path.lstat()
    except OSError:
        return  # there is none, or else writing will tell
    _check_kind(path, about)
    _check_owner(path, about)


def _read(path: Path, check: Callable[[Path, os.stat_result], None]) -> bytes:
    try:
        # O_NONBLOCK: a pipe in the file's place must not hang the command.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise CredentialsError(f"The credentials file {path} does not exist.", FORM) from None
    except OSError as error:
        if path.is_symlink():
            raise _link(path) from None
        raise _unreadable(path, error) from None
    try:
        about = os.fstat(handle)
        _check_kind(path, about)
        check(path, about)
        with os.fdopen(handle, "rb", closefd=False) as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise _unreadable(path, error) from None
    finally:
        os.close(handle)
    if len(data) > MOST_BYTES:
        raise CredentialsError(f"The credentials file {path} is larger than 64 KiB.", FORM)
    return data


def _check_private(path: Path, about: os.stat_result) -> None:
    _check_owner(path, about)
    mode = stat.S_IMODE(about.st_mode)
    if mode & 0o077:
        raise CredentialsError(
            f"The credentials file {path} is open to other users (mode {mode:04o}).",
            f"Close it with: chmod 600 {shlex.quote(str(path))}",
        )


def _check_service(path: Path, about: os.stat_result) -> None:
    if about.st_uid not in (0, os.geteuid()):
        raise _foreign(path, about)
    mode = stat.S_IMODE(about.st_mode)
    if mode & 0o007:
        raise CredentialsError(
            f"The credentials file {path} is open to other users (mode {mode:04o}).",
            "systemd does not write it so: hand the key over with LoadCredential=.",
        )


def _check_kind(path: Path, about: os.stat_result) -> None:
    if stat.S_ISLNK(about.st_mode):
        raise _link(path)
    if not stat.S_ISREG(about.st_mode):
        raise CredentialsError(
            f"The credentials file {path} is not a regular file.", "Put a file in its place."
        )


def _check_owner(path: Path, about: os.stat_result) -> None:
    if about.st_uid != os.geteuid():
        raise _foreign(path, about)


def _link(path: Path) -> CredentialsError:
    return CredentialsError(
        f"The credentials file {path} is a symbolic link.", "Name the file that it points to."
    )


def _foreign(path: Path, about: os.stat_result) -> CredentialsError:
    return CredentialsError(
        f"The credentials file {path} belongs to another user (uid {about.st_uid}).",
        f"Make it your own with chown (uid {os.geteuid()}), or use another file.",
    )


def _unreadable(path: Path, error: OSError) -> CredentialsError:
    reason = (error.strerror or type(error).__name__).lower()
    return CredentialsError(
        f"The credentials file {path} cannot be read: {reason}.",
        "Check the file and the folders above it.",
    )
