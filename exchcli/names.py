# ruff: noqa: PTH100, PTH111, PTH117, PTH118 -- pathlib takes longer to import than TAB may take
"""What TAB completion needs, at the price of `os`: the folders and the cached symbol names.

A new process answers every TAB, in a few milliseconds. So there are no dataclasses, no
decimals and no pathlib here; `exchcli.state` builds on this module and writes what it reads.
"""

from __future__ import annotations

import os
import stat
import sys

# typing costs more than all that this module does, so it is imported for the type checker only.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MAX_BYTES = 16 * 1024 * 1024
MAX_NAME = 64
# A machine without any home folder: reads find nothing here, and writes say what to do.
NOWHERE = "/dev/null/no-home"


def folders(env: Mapping[str, str]) -> tuple[str, str, str]:
    """The folders of the configuration, the state and the sandbox, as absolute paths.

    `EXCH_HOME` holds all three. Without it, Linux and its like have the XDG folders, worked out
    here because importing platformdirs takes 6 ms, and other systems what platformdirs says.
    """
    chosen = env.get("EXCH_HOME", "")
    if chosen:
        root = _absolute(_expanded(chosen, env))
        return root, os.path.join(root, "state"), os.path.join(root, "sandbox")
    if sys.platform == "darwin":
        from platformdirs import PlatformDirs

        own = PlatformDirs("exch", appauthor=False)
        sandbox = os.path.join(own.user_data_dir, "sandbox")
        return own.user_config_dir, os.path.join(own.user_state_dir, "state"), sandbox
    return (
        _xdg(env, "XDG_CONFIG_HOME", ".config"),
        _xdg(env, "XDG_STATE_HOME", ".local/state"),
        os.path.join(_xdg(env, "XDG_DATA_HOME", ".local/share"), "sandbox"),
    )


def _xdg(env: Mapping[str, str], variable: str, usual: str) -> str:
    base = env.get(variable, "")
    # The XDG specification: a relative path is invalid and to be ignored.
    if not os.path.isabs(base):
        base = os.path.join(home(env), usual)
    return os.path.join(base, "exch")


def home(env: Mapping[str, str]) -> str:
    """The user's home folder: `HOME` if it is absolute, else what the system has on record."""
    named = env.get("HOME", "")
    if os.path.isabs(named):
        return named
    try:
        import pwd

        recorded = pwd.getpwuid(os.getuid()).pw_dir
    except (ImportError, KeyError, OSError):
        return NOWHERE
    return recorded if os.path.isabs(recorded) else NOWHERE


def _absolute(path: str) -> str:
    try:
        return os.path.abspath(path)
    except OSError:  # the current folder was deleted
        return os.path.join(NOWHERE, path)


def _expanded(path: str, env: Mapping[str, str]) -> str:
    if path == "~" or path.startswith("~/"):
        return home(env) + path[1:]
    return os.path.expanduser(path)


def cache_path(state: str | os.PathLike[str], exchange: str, url: str, ending: str) -> str:
    """Where the symbols of `exchange` at `url` are kept: `STATE/symbols/dgt-dgtmarket.com.json`.

    The host and port keep the live exchange, loopback tests and the sandbox apart; the file
    itself names the whole URL, for those that share a host.
    """
    host = url.partition("://")[2].partition("/")[0] or url
    kept = "".join(c if c.isascii() and (c.isalnum() or c in ".-") else "_" for c in host)
    return os.path.join(state, "symbols", f"{exchange}-{kept[:100]}{ending}")


def symbol_names(state: str | os.PathLike[str], exchange: str, url: str) -> list[str]:
    """The symbols that `exchange` at `url` had when its list was last fetched; [] if unknown."""
    data = read_plain_file(cache_path(state, exchange, url, ".names"))
    try:
        head, *names = (data or b"").decode("utf-8").splitlines()
    except ValueError:
        return []
    if head != _head(url) or not all(map(completable, names)):
        return []
    return names


def names_file(url: str, names: Iterable[str]) -> bytes:
    """The content that `symbol_names` reads: one name a line, under a line for the URL."""
    kept = [name for name in names if completable(name)]
    return "".join(f"{line}\n" for line in [_head(url), *kept]).encode("utf-8")


def completable(name: str) -> bool:
    """Whether a shell can be offered this name: it has no spaces, quotes or `$(`."""
    return 0 < len(name) <= MAX_NAME and all(c.isalnum() or c in "_-./:+" for c in name)


def _head(url: str) -> str:
    return f"exch symbols 1 {url!a}"


def read_plain_file(path: str, most: int = MAX_BYTES) -> bytes | None:
    """The content of a regular file, or None if it is absent, a link, a pipe or too large."""
    try:
        # O_NONBLOCK: a pipe in the file's place must not hang the command.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError):
        return None
    try:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode) or about.st_size > most:
            return None
        with os.fdopen(handle, "rb", closefd=False) as file:
            data = file.read(most + 1)
    except OSError:
        return None
    finally:
        os.close(handle)
    return data if len(data) <= most else None
