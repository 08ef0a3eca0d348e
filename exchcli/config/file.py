"""Reading config.toml: its text, then the TOML, then every value by its path."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from exchcli.config.keys import Key, KeyPath, find, is_table, nearest
from exchcli.errors import UsageError

_MAX_BYTES = 1024 * 1024


def read_text(file: Path) -> str | None:
    """The text of the file, None if there is none. Raises UsageError if it cannot be read."""
    try:
        # O_NONBLOCK: a pipe in the file's place must not hang the command.
        handle = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError) as error:
        if file.is_symlink():  # its guards would be gone, and nobody would know
            raise _unreadable(file, "it is a link to nothing") from error
        return None
    except OSError as error:
        raise _unreadable(file, error.strerror or str(error)) from error
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise _unreadable(file, "it is not a file")
        with os.fdopen(handle, "rb", closefd=False) as opened:
            data = opened.read(_MAX_BYTES + 1)
    except OSError as error:
        raise _unreadable(file, error.strerror or str(error)) from error
    finally:
        os.close(handle)
    if len(data) > _MAX_BYTES:
        raise _unreadable(file, "it is larger than 1 MiB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _unreadable(file, f"line {line} is not UTF-8 text") from error


def read_document(file: Path) -> dict[str, Any]:
    """The file as TOML has it, unchecked; empty if there is none. Raises UsageError."""
    text = read_text(file)
    if text is None:
        return {}
    import tomllib

    try:
        return tomllib.loads(text)
    except RecursionError:
        reason = "it is nested too deeply"
    except ValueError as error:
        reason = str(error)
    raise UsageError(
        f"{file} is not valid TOML: {reason}.", "Correct that place, or move the file away."
    )


def checked(document: Mapping[str, Any], file: Path) -> dict[KeyPath, Any]:
    """Every value of the document as `Config` holds it, by path. Raises UsageError."""
    values: dict[KeyPath, Any] = {}
    for given, key, raw in _leaves(document, (), file):
        path = canonical(given)
        if path in values:
            raise UsageError(f"{dotted(path)} stands twice in {file}.", "Take one of them out.")
        try:
            values[path] = key.read(raw)
        except ValueError as error:
            raise UsageError(
                f"{dotted(given)} in {file} {error}",
                f"`exch config unset {dotted(given)}` removes it.",
            ) from error
    return values


def _leaves(
    table: Mapping[str, Any], above: KeyPath, file: Path
) -> Iterator[tuple[KeyPath, Key, object]]:
    for name, value in table.items():
        path = (*above, name)
        if key := find(path):
            yield path, key, value
        elif not is_table(path):
            raise unknown(path, f" in {file}")
        elif isinstance(value, dict):
            yield from _leaves(value, path, file)
        else:
            raise UsageError(
                f"{dotted(path)} in {file} must be a table.", f"Write it as [{dotted(path)}]."
            )


def canonical(path: KeyPath) -> KeyPath:
    """The path with its currency in upper case: `max_order_value.pln` is that of PLN."""
    of_currency = len(path) == 4 and path[2] == "max_order_value"
    return (*path[:3], path[3].upper()) if of_currency else path


def dotted(path: KeyPath) -> str:
    """The path as people write it, safe to show whatever a file has for names."""
    shown = ".".join(path)
    return shown if shown and shown.isprintable() and len(shown) <= 100 else ascii(shown[:100])


def unknown(path: KeyPath, where: str = "") -> UsageError:
    """The error for a path that no key has, with the nearest one that there is."""
    near = nearest(path)
    return UsageError(
        f"Unknown key {dotted(path)}{where}.",
        f"Did you mean {near}?" if near else "`exch config show` lists them all.",
    )


def _unreadable(file: Path, reason: str) -> UsageError:
    return UsageError(
        f"Cannot read the configuration {file}: {reason}.", "Correct it, or move it away."
    )
