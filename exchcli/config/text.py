"""The smallest change to the text of a TOML file, so that its comments and its order stay.

No parser that keeps comments: an edit of lines is tried, and taken only if the result then
parses to exactly the document that was wanted.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from typing import Any

_HEADER = re.compile(r"\s*\[\s*([A-Za-z0-9_-]+(?:\s*\.\s*[A-Za-z0-9_-]+)*)\s*\]\s*(?:#.*)?")
_ENTRY = re.compile(r"\s*([A-Za-z0-9_-]+(?:\s*\.\s*[A-Za-z0-9_-]+)*)\s*=\s*(.*)", re.DOTALL)
_COMMENTED = re.compile(
    r"""(?:[\w.+-]+|"[^"\\]*"|'[^']*'|\[[^\]#]*\]|\{[^}#]*\})(\s*#.*)""", re.DOTALL
)


def edited(text: str, path: tuple[str, ...], wanted: dict[str, Any]) -> str | None:
    """`text` changed at `path` only, such that it parses to `wanted`; None if that is not easy."""
    for lines in _attempts(text.split("\n"), path, wanted):
        changed = "\n".join(lines)
        try:
            if pruned(tomllib.loads(changed)) == pruned(wanted):
                return changed
        except (ValueError, RecursionError):
            continue
    return None


def pruned(document: dict[str, Any]) -> dict[str, Any]:
    """The document without tables that hold nothing, which mean nothing here."""
    kept = {
        name: pruned(value) if isinstance(value, dict) else value
        for name, value in document.items()
    }
    return {name: value for name, value in kept.items() if value != {}}


def _attempts(
    lines: list[str], path: tuple[str, ...], wanted: dict[str, Any]
) -> Iterator[list[str]]:
    # The line of the key itself, else the line of an inline table that it stands in.
    for depth in range(len(path), 0, -1):
        value = _at(wanted, path[:depth])
        for place, old in _entries(lines, path[:depth]):
            new = [] if value is None else _replaced(lines[place], old, value)
            if new is not None:
                yield lines[:place] + new + lines[place + 1 :]
    value = _at(wanted, path)
    if value is None:
        return
    # A new line at the end of its table, else a new table at the end of the file.
    *table, name = path
    entry = f"{name} = {_toml(value)}"
    end = _end_of(lines, tuple(table))
    if end is not None:
        yield [*lines[:end], entry, *lines[end:]]
    if table:
        start = "\n".join(lines).rstrip()
        yield [*([start, ""] if start else []), f"[{'.'.join(table)}]", entry, ""]


def _entries(lines: list[str], path: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """The lines that set `path`, each with the text of its value."""
    table: tuple[str, ...] = ()
    for place, line in enumerate(lines):
        if header := _HEADER.fullmatch(line):
            table = _parts(header[1])
        elif (entry := _ENTRY.fullmatch(line)) and (*table, *_parts(entry[1])) == path:
            yield place, entry[2]


def _end_of(lines: list[str], table: tuple[str, ...]) -> int | None:
    """Behind the last line of `table` that is neither blank nor a comment."""
    end = None if table else 0
    here: tuple[str, ...] = ()
    for place, line in enumerate(lines):
        if header := _HEADER.fullmatch(line):
            here = _parts(header[1])
        if here == table and line.strip() and not line.lstrip().startswith("#"):
            end = place + 1
    return end


def _replaced(line: str, old: str, value: object) -> list[str] | None:
    """The line with another value and its comment; None if it is unclear what is comment."""
    comment = _COMMENTED.fullmatch(old)
    if "#" in old and not comment:
        return None
    ending = "\r" if line.endswith("\r") else ""
    return [line[: len(line) - len(old)] + _toml(value) + (comment[1] if comment else ending)]


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in dotted.split("."))


def _at(document: dict[str, Any], path: tuple[str, ...]) -> Any:
    value: Any = document
    for part in path:
        if not isinstance(value, dict) or part not in value:
            return None
        value = value[part]
    return value


def _toml(value: object) -> str:
    """One value on one line. JSON's strings, numbers and booleans are TOML's too."""
    if isinstance(value, dict):
        inside = ", ".join(f"{name} = {_toml(item)}" for name, item in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value, ensure_ascii=False)
