"""The configuration: config.toml and the environment, as one frozen `Config`.

The file is checked completely whenever it is read: a misspelt guard that guards nothing is
found before the first order. A missing file is all defaults. Everything that is wrong is a
UsageError that names the key, and the file or the variable that it came from.

    keys.py     every key: its type, range and default
    values.py   the types
    file.py     config.toml -> checked values by path
    show.py     `exch config show`
    edit.py     `exch config set` and `unset`, on text.py
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from exchcli.config.file import checked, read_document
from exchcli.config.keys import ENVIRONMENT, KEYS, KeyPath
from exchcli.config.values import SWITCH, Limit
from exchcli.errors import UsageError

if TYPE_CHECKING:
    from exchcli.config.show import Setting

__all__ = [
    "Config",
    "ExchangeConfig",
    "Guard",
    "Limit",
    "Profile",
    "describe",
    "load",
    "set_value",
    "unset_value",
    "without_file",
]

EXCHANGES = ("dgt", "dfx")

# Named tuples, because five frozen dataclasses would take 3 ms of every start.


class Guard(NamedTuple):
    """What stops an order or a withdrawal here. None, and an empty collection, set no bound.

    `max_order_value` is in the quote currency that it names, in upper case.
    """

    halt: bool
    max_order_value: Mapping[str, Decimal]
    max_deviation_percent: Decimal | None
    max_orders_per_minute: int | None
    withdrawals: bool
    withdraw_addresses: tuple[str, ...]


class Profile(NamedTuple):
    """Where the keys of one account are kept. `store` is None if that was not decided yet."""

    store: Literal["keyring", "file", "command"] | None = None
    path: Path | None = None
    argv: tuple[str, ...] = ()


class ExchangeConfig(NamedTuple):
    """One exchange. `window` and `settle_delay` are in seconds; URLs end without a slash,
    but for `stream_url`, which is as configured and None where there is no stream."""

    url: str
    stream_url: str | None
    profile: str
    window: int
    settle_delay: int
    limits: Mapping[str, Limit]
    guard: Guard
    profiles: Mapping[str, Profile]


class Config(NamedTuple):
    """All of it, defaults filled in, and nothing secret."""

    output: Literal["auto", "table", "json", "ndjson", "csv"]
    sandbox: bool
    dgt: ExchangeConfig
    dfx: ExchangeConfig

    def exchange(self, name: str) -> ExchangeConfig:
        """The part of `dgt` or `dfx`."""
        return {"dgt": self.dgt, "dfx": self.dfx}[name]


def load(file: Path, env: Mapping[str, str]) -> Config:
    """What the file says, and over it what the environment says. Raises UsageError."""
    values = checked(read_document(file), file)
    return build(values | environment(env), file, sandbox=_sandbox(env))


def without_file(file: Path, env: Mapping[str, str]) -> Config:
    """What holds where the file, or a variable, cannot be relied on. Never raises.

    A sandbox that was asked for in words that mean nothing is taken for one.
    """
    try:
        return build(environment(env), file, sandbox=_sandbox(env))
    except UsageError:
        sandbox = env.get("EXCH_SANDBOX") or "false"
        return build({}, file, sandbox=SWITCH.get(sandbox.lower(), True))


def describe(config: Config, file: Path, env: Mapping[str, str]) -> list[Setting]:
    """Every key with its value in `config`, and where that comes from. Raises UsageError."""
    from exchcli.config.show import describe as show

    return show(config, file, env)


def set_value(file: Path, dotted_key: str, text: str) -> Path | None:
    """Set one key from text; `guard.halt` without an exchange sets that of both.

    Lists are typed as `a,b`, or as TOML writes them. Comments, order and layout of the file
    stay as they are. Where that is not possible (a list over several lines) the file is written
    anew without comments, the old one kept as config.toml.bak, and that path answered. Nothing
    is written unless the whole result is valid. Raises UsageError, or StateError.
    """
    from exchcli.config.edit import set_value as edit

    return edit(file, dotted_key, text)


def unset_value(file: Path, dotted_key: str) -> Path | None:
    """Take one key or table out of the file, known or not; absent ones are no error.

    Writes as `set_value` does. Raises UsageError, or StateError.
    """
    from exchcli.config.edit import unset_value as edit

    return edit(file, dotted_key)


def build(values: Mapping[KeyPath, Any], file: Path, *, sandbox: bool = False) -> Config:
    """A `Config` of checked values and of defaults. Raises UsageError for what does not fit."""
    return Config(
        output=values.get(("output",), KEYS["output",].default),
        sandbox=sandbox,
        dgt=_exchange("dgt", values, file),
        dfx=_exchange("dfx", values, file),
    )


def _exchange(name: str, values: Mapping[KeyPath, Any], file: Path) -> ExchangeConfig:
    def get(*path: str) -> Any:
        full = (name, *path)
        return values.get(full, KEYS[full].default if full in KEYS else None)

    def under(*path: str) -> dict[KeyPath, Any]:
        full = (name, *path)
        return {p[len(full) :]: v for p, v in values.items() if p[: len(full)] == full}

    names = dict.fromkeys(path[0] for path in under("profiles"))
    return ExchangeConfig(
        url=get("url"),
        stream_url=get("stream_url"),
        profile=get("profile"),
        window=get("window"),
        settle_delay=get("settle_delay"),
        limits={p[2]: get(*p[1:]) for p in KEYS if p[:2] == (name, "limits")},
        guard=Guard(
            halt=get("guard", "halt"),
            max_order_value={path[0]: v for path, v in under("guard", "max_order_value").items()},
            max_deviation_percent=get("guard", "max_deviation_percent"),
            max_orders_per_minute=get("guard", "max_orders_per_minute"),
            withdrawals=get("guard", "withdrawals"),
            withdraw_addresses=get("guard", "withdraw_addresses"),
        ),
        profiles={
            profile: _profile(f"{name}.profiles.{profile}", under("profiles", profile), file)
            for profile in names
        },
    )


def _profile(where: str, values: Mapping[KeyPath, Any], file: Path) -> Profile:
    profile = Profile(**{path[0]: value for path, value in values.items()})
    needed = {"file": ("path", profile.path), "command": ("argv", profile.argv)}
    name, value = needed.get(profile.store or "", ("", True))
    if not value:
        raise UsageError(
            f'{where}.store in {file} is "{profile.store}", which needs {where}.{name}.',
            f"Set that first: `exch config set {where}.{name} VALUE`.",
        )
    return profile


def environment(env: Mapping[str, str]) -> dict[KeyPath, Any]:
    """What the environment sets, by path. An empty variable sets nothing. Raises UsageError."""
    values: dict[KeyPath, Any] = {}
    for variable, paths in ENVIRONMENT.items():
        if text := env.get(variable, ""):
            for path in paths:
                try:
                    values[path] = KEYS[path].read(text)
                except ValueError as error:
                    raise UsageError(
                        f"{variable} {error}", f"Correct or unset {variable}."
                    ) from error
    return values


def _sandbox(env: Mapping[str, str]) -> bool:
    text = env.get("EXCH_SANDBOX", "") or "false"
    try:
        return SWITCH[text.lower()]
    except KeyError:
        raise UsageError(
            "EXCH_SANDBOX must be 1 or 0 (or true, yes, on, false, no, off).",
            "Correct or unset EXCH_SANDBOX.",
        ) from None
