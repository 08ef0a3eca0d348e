"""`exch config show`: every key, its value, and where that comes from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

from exchcli.config import Config, environment
from exchcli.config.file import checked, read_document
from exchcli.config.keys import KEYS, KeyPath, form_of
from exchcli.config.values import shown

Source = Literal["default", "file", "environment"]


class Setting(NamedTuple):
    """One line of `exch config show`. `value` is as `config set` takes it, None if not set."""

    key: str
    value: str | None
    source: Source


def describe(config: Config, file: Path, env: Mapping[str, str]) -> list[Setting]:
    """Every key with its value in `config`, and where that comes from. Raises UsageError."""
    in_file = checked(read_document(file), file)
    in_environment = environment(env)

    def source(path: KeyPath) -> Source:
        if path in in_environment:
            return "environment"
        return "file" if path in in_file else "default"

    order = list(KEYS)
    always = [path for path in order if "*" not in path]
    paths = sorted({*always, *in_file}, key=lambda path: (order.index(form_of(path) or path), path))
    switch: Source = "environment" if env.get("EXCH_SANDBOX") else "default"
    return [
        Setting("sandbox", shown(config.sandbox), switch),
        *(Setting(".".join(path), shown(_at(config, path)), source(path)) for path in paths),
    ]


def _at(config: Config, path: KeyPath) -> Any:
    value: Any = config
    for part in path:
        value = value.get(part) if isinstance(value, Mapping) else getattr(value, part)
    return value
