"""Every key of config.toml: its type, its range, its default, and what overrides it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from exchcli.config import values as v

KeyPath = tuple[str, ...]

OUTPUTS = ("auto", "table", "json", "ndjson", "csv")
STORES = ("keyring", "file", "command")


class Key:
    """One key: its reader, its default as `Config` holds it, and its parser."""

    __slots__ = ("default", "parse", "read")

    def __init__(
        self,
        read: Callable[[object], Any],
        default: Any = None,
        parse: Callable[[str], object] = str,
    ) -> None:
        self.read = read
        self.default = default
        self.parse = parse


def _common(name: str, url: str, window: int) -> dict[str, Key]:
    return {
        f"{name}.url": Key(v.base_url, url),
        f"{name}.profile": Key(v.profile_name, "default"),
        f"{name}.window": Key(v.whole(1, 3600), window, v.parse_whole),
        f"{name}.settle_delay": Key(v.whole(0, 3600), 10, v.parse_whole),
        f"{name}.guard.halt": Key(v.flag, False, v.parse_flag),
        f"{name}.guard.max_order_value.*": Key(v.decimal),
        f"{name}.guard.max_deviation_percent": Key(v.decimal),
        f"{name}.guard.max_orders_per_minute": Key(v.whole(1, 100_000), None, v.parse_whole),
        f"{name}.guard.withdrawals": Key(v.flag, True, v.parse_flag),
        f"{name}.guard.withdraw_addresses": Key(v.texts, (), v.parse_texts),
        f"{name}.profiles.*.store": Key(v.one_of(STORES)),
        f"{name}.profiles.*.path": Key(v.path),
        f"{name}.profiles.*.argv": Key(v.command, (), v.parse_texts),
    }


_KEYS = {
    "output": Key(v.one_of(OUTPUTS), "auto"),
    **_common("dgt", "https://dgtmarket.com/api", window=30),
    "dgt.limits.public": Key(v.limit, v.Limit(60, 60)),
    "dgt.limits.private": Key(v.limit, v.Limit(100, 60)),
    **_common("dfx", "https://openapi.digifinex.com/v3", window=65),
    "dfx.limits.weight": Key(v.limit, v.Limit(1200, 60)),
    "dfx.stream_url": Key(v.url("ws", "wss"), "wss://openapi.digifinex.com/ws/v1/"),
}

# By path, so that a name with a point in it is no path. `*` is a name that the user chooses.
KEYS: dict[KeyPath, Key] = {tuple(dotted.split(".")): key for dotted, key in _KEYS.items()}

ENVIRONMENT: dict[str, tuple[KeyPath, ...]] = {
    "EXCH_PROFILE": (("dgt", "profile"), ("dfx", "profile")),
    "EXCH_DGT_URL": (("dgt", "url"),),
    "EXCH_DFX_URL": (("dfx", "url"),),
    "EXCH_DFX_STREAM_URL": (("dfx", "stream_url"),),
}


def form_of(path: KeyPath) -> KeyPath | None:
    """The entry of KEYS that this path is one of, if any."""
    return next((form for form in KEYS if _fits(path, form)), None)


def find(path: KeyPath) -> Key | None:
    """The key at this path, if there is one."""
    form = form_of(path)
    return None if form is None else KEYS[form]


def is_table(path: KeyPath) -> bool:
    """Whether keys stand under this path."""
    return any(len(form) > len(path) and _fits(path, form[: len(path)]) for form in KEYS)


def nearest(path: KeyPath) -> str | None:
    """The known key that was most likely meant, dotted: by its shape, its end or its spelling."""
    from difflib import get_close_matches

    dotted = ".".join(path)
    known = {form: ".".join(_filled(form, path)) for form in KEYS}
    # A key in all but the name that was chosen, like `dgt.profiles.my account.store`.
    shaped = [known[form] for form in KEYS if "*" in form[: len(path)] and _shaped(path, form)]
    ends = [key for key in known.values() if key.endswith(f".{dotted}")]
    return next(iter(shaped or ends or get_close_matches(dotted, known.values(), 1)), None)


def _shaped(path: KeyPath, form: KeyPath) -> bool:
    return all(known in ("*", part) for part, known in zip(path, form, strict=False))


def _fits(path: KeyPath, form: KeyPath) -> bool:
    return len(path) == len(form) and all(
        _is_name(form, part) if known == "*" else part == known
        for part, known in zip(path, form, strict=True)
    )


def _is_name(form: KeyPath, part: str) -> bool:
    # A profile, or the code of a currency.
    allowed = "[A-Za-z0-9_-]{1,64}" if "profiles" in form else "[A-Za-z0-9]{1,20}"
    return re.fullmatch(allowed, part) is not None


def _filled(form: KeyPath, path: KeyPath) -> list[str]:
    return [
        part if part != "*" else path[i] if i < len(path) and _is_name(form, path[i]) else "NAME"
        for i, part in enumerate(form)
    ]
