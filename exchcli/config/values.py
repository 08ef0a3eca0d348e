"""The types of values in config.toml.

A reader takes what TOML holds and answers what `Config` holds, or raises ValueError with the
rest of the sentence "dgt.window in FILE ...". A parser takes what was typed after
`exch config set` and answers what TOML would hold; the reader judges that too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from exchcli.errors import UsageError
from exchcli.money import plain, typed_decimal

SWITCH = {"1": True, "true": True, "yes": True, "on": True}
SWITCH |= {"0": False, "false": False, "no": False, "off": False}


class Limit(NamedTuple):
    """At most `most` requests (for DigiFinex: weights) in any `window_seconds`."""

    most: int
    window_seconds: int

    def __str__(self) -> str:
        return f"{self.most}/{self.window_seconds}s"


def flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError("must be true or false.")


def parse_flag(text: str) -> object:
    return SWITCH.get(text.lower(), text)


def whole(low: int, high: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        if type(value) is int and low <= value <= high:
            return value
        raise ValueError(f"must be a whole number from {low} to {high}.")

    return read


def parse_whole(text: str) -> object:
    return int(text) if re.fullmatch("[0-9]{1,18}", text) else text


def one_of(words: Iterable[str]) -> Callable[[object], str]:
    def read(value: object) -> str:
        if isinstance(value, str) and value in words:
            return value
        raise ValueError(f"must be one of {', '.join(words)}.")

    return read


def profile_name(value: object) -> str:
    if isinstance(value, str) and re.fullmatch("[A-Za-z0-9_-]{1,64}", value):
        return value
    raise ValueError("must be the name of a profile: up to 64 letters, digits, - or _.")


def decimal(value: object) -> Decimal:
    try:
        if isinstance(value, str):
            return typed_decimal(value)
    except UsageError:
        pass
    raise ValueError('must be a plain decimal number in quotes, like "5000" or "0.5".')


def limit(value: object) -> Limit:
    if isinstance(value, str):
        found = re.fullmatch("([1-9][0-9]{0,5})/([1-9][0-9]{0,4})s", value)
        if found:
            return Limit(int(found[1]), int(found[2]))
    raise ValueError('must be a count in a number of seconds, like "60/60s".')


def texts(value: object) -> tuple[str, ...]:
    if isinstance(value, list) and all(_is_line(item) for item in value):
        return tuple(value)
    raise ValueError("must be a list of texts, none of them empty.")


def command(value: object) -> tuple[str, ...]:
    argv = texts(value)
    if not argv:
        raise ValueError("must name a command: a list of at least one text.")
    return argv


def parse_texts(text: str) -> object:
    """`a,b`, or a list as TOML writes it, for texts that have commas."""
    if text.lstrip().startswith("["):
        import tomllib

        try:
            parsed = tomllib.loads(f"list = {text}")
        except (ValueError, RecursionError):
            return text
        return parsed["list"] if len(parsed) == 1 else text
    return [item.strip() for item in text.split(",")] if text.strip() else []


def path(value: object) -> Path:
    if _is_line(value):
        try:
            file = Path(str(value)).expanduser()
        except RuntimeError:
            file = Path()
        if file.is_absolute():
            return file
    raise ValueError("must be the path of a file that begins with / or ~/.")


def url(plain: str, secure: str) -> Callable[[object], str]:
    """A URL: `secure` anywhere, `plain` on this machine only.

    It comes out in one form, whichever was written: locks and keys go by it.
    """

    def read(value: object) -> str:
        form = r"([A-Za-z]+)://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(?::([0-9]{1,5}))?(/[!-~]*)?"
        found = re.fullmatch(form, value) if isinstance(value, str) else None
        # What was given is not repeated: it may hold a password.
        usual = f"must be a URL like {secure}://HOST/PATH, without user, query or fragment."
        if not found:
            raise ValueError(usual)
        scheme, host, path = found[1].lower(), found[2].lower(), found[4] or ""
        if scheme not in (plain, secure) or not _is_host(host) or any(c in path for c in "?#\\"):
            raise ValueError(usual)
        usual_port = 443 if scheme == secure else 80
        port = int(found[3] or usual_port)
        if not 1 <= port <= 65535:
            raise ValueError("must have a port from 1 to 65535.")
        if "%" in path or any(part in ("", ".", "..") for part in path.rstrip("/").split("/")[1:]):
            raise ValueError(
                "must have a plain path, like /api or /v3: no empty part, none that is a dot or "
                "two, and no %."
            )
        if scheme == plain and not is_loopback(host):
            raise ValueError(
                f"must begin with {secure}://; {plain}:// is for this machine only "
                "(localhost, 127.0.0.1, [::1])."
            )
        return f"{scheme}://{_shortest(host)}{'' if port == usual_port else f':{port}'}{path}"

    return read


def base_url(value: object) -> str:
    return url("http", "https")(value).rstrip("/")


def is_loopback(host: str) -> bool:
    """Whether a host of a URL is this machine: localhost, 127.0.0.0/8 or [::1]."""
    if host.startswith("["):
        return _ipv6(host) == 1
    octet = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
    return host == "localhost" or re.fullmatch(rf"127(\.{octet}){{3}}", host) is not None


def _is_host(host: str) -> bool:
    if host.startswith("["):
        return _ipv6(host) is not None
    return all(re.fullmatch("[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?", part) for part in host.split("."))


def _shortest(host: str) -> str:
    """The same host, an IPv6 address without the zeros that it need not have."""
    if not host.startswith("["):
        return host
    import ipaddress

    return f"[{ipaddress.IPv6Address(host[1:-1])}]"


def _ipv6(host: str) -> int | None:
    import ipaddress

    try:
        return int(ipaddress.IPv6Address(host[1:-1]))
    except ValueError:
        return None


def _is_line(value: object) -> bool:
    return isinstance(value, str) and value != "" and value.isprintable()


def shown(value: object) -> str | None:
    """A value of `Config` as text that the parser of its key takes; None if it is not set."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return plain(value)
    if type(value) is tuple:
        if all(item == item.strip() and "," not in item and item[0] != "[" for item in value):
            return ",".join(value)
        import json

        return json.dumps(value, ensure_ascii=False)
    return str(value)
