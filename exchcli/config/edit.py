"""`exch config set` and `unset`: config.toml changed, checked whole, then written."""

from __future__ import annotations

import copy
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from exchcli.config import EXCHANGES, build
from exchcli.config.file import canonical, checked, dotted, read_document, read_text, unknown
from exchcli.config.keys import KeyPath, find, is_table
from exchcli.config.text import edited, pruned
from exchcli.errors import UsageError
from exchcli.state import cannot, make_folder, write_atomically

Document = dict[str, Any]


def set_value(file: Path, dotted_key: str, text: str) -> Path | None:
    """See `exchcli.config.set_value`."""
    with _one_at_a_time(file):
        return _set(file, dotted_key, text)


def _set(file: Path, dotted_key: str, text: str) -> Path | None:
    paths = [canonical(path) for path in _paths(dotted_key)]
    values: dict[KeyPath, object] = {}
    for path in paths:
        key = find(path)
        if key is None:
            raise _not_a_value(path)
        values[path] = key.parse(text)
        try:
            key.read(values[path])
        except ValueError as error:
            raise UsageError(f"{dotted_key} {error}", "Nothing was changed.") from error
    return _change(file, paths, lambda document, path: _put(document, path, values[path]))


def unset_value(file: Path, dotted_key: str) -> Path | None:
    """See `exchcli.config.unset_value`."""
    with _one_at_a_time(file):
        return _unset(file, dotted_key)


@contextmanager
def _one_at_a_time(file: Path) -> Iterator[None]:
    """Changes of one file wait for each other, so that none is lost.

    The lock is the kernel's, on the folder: it leaves no file, and dies with its process.
    """
    make_folder(file.parent)
    try:
        handle = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise cannot("open", file.parent, error) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _unset(file: Path, dotted_key: str) -> Path | None:
    document = read_document(file)
    paths = []
    for path in _paths(dotted_key):
        present = next((p for p in (path, canonical(path)) if _holds(document, p)), None)
        if present:
            paths.append(present)
        elif not find(path) and not is_table(path):
            raise unknown(path)
    return _change(file, paths, _take_out)


def _paths(dotted_key: str) -> list[KeyPath]:
    path = tuple(dotted_key.split("."))
    # In a hurry to stop everything, `guard.halt` needs no exchange.
    return [(name, *path) for name in EXCHANGES] if path[0] == "guard" else [path]


def _not_a_value(path: KeyPath) -> UsageError:
    if is_table(path):
        return UsageError(
            f"{dotted(path)} is a table, not a value.",
            f"Name one key of it, as in {dotted(path)}.NAME.",
        )
    return unknown(path)


def _change(
    file: Path, paths: list[KeyPath], change: Callable[[Document, KeyPath], None]
) -> Path | None:
    text = read_text(file) or ""
    document = read_document(file)
    # A link, as people have who keep their configuration in a repository, stays one.
    file = file.resolve()
    easy: str | None = text
    for path in paths:
        document = copy.deepcopy(document)
        change(document, path)
        easy = None if easy is None else edited(easy, path, document)
    build(checked(document, file), file)
    if easy is not None:
        if easy != text:
            write_atomically(file, easy.encode())
        return None
    import tomli_w

    backup = file.with_name(f"{file.name}.bak")
    write_atomically(backup, text.encode())
    write_atomically(file, tomli_w.dumps(pruned(document)).encode())
    return backup


def _put(document: Document, path: KeyPath, value: object) -> None:
    *above, name = path
    table = document
    for part in above:
        table = table.setdefault(part, {})
        if not isinstance(table, dict):
            raise UsageError(f"{part} of {dotted(path)} must be a table.", "Nothing was changed.")
    table[name] = value


def _take_out(document: Document, path: KeyPath) -> None:
    *above, name = path
    table = document
    for part in above:
        table = table[part]
    del table[name]


def _holds(document: Document, path: KeyPath) -> bool:
    value: Any = document
    for part in path:
        if not isinstance(value, dict) or part not in value:
            return False
        value = value[part]
    return True
