"""What crosses the wire, before and after HTTP: requests, replies, numbers, JSON, queries.

Both adapters and both carriers (the in-process transport, later a server) meet here.
Nothing in this module knows an exchange.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

# The base URLs of the sandbox inside the process. `.invalid` never resolves (RFC 6761), so
# a request that misses the transport cannot reach anybody.
SANDBOX_URLS = {"dgt": "https://sandbox.invalid/api", "dfx": "https://sandbox.invalid/v3"}

JSON_TYPE = "application/json"


class WireRequest(NamedTuple):
    """One request as received: `path` and `query` still percent-encoded, `query` without `?`.

    Signatures are over these very bytes, so nothing is decoded here. Header names are lower case.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


class WireReply(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


class Malformed(ValueError):
    """A path, query or form that is not what its encoding says."""


class Number(str):
    """The text of a JSON number, written as it is: exact, and never a binary fraction."""

    __slots__ = ()


def json_reply(value: object, status: int = 200) -> WireReply:
    """`value` as a JSON reply; a Number inside it becomes a number token."""
    return WireReply(status, {"content-type": JSON_TYPE}, encode(value).encode())


def encode(value: object) -> str:
    """JSON text of dicts, lists, tuples, strings, Numbers, ints, booleans and None."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(k)}:{encode(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(encode, value)) + "]"
    return json.dumps(value)


def fixed(scaled: int, precision: int, places: int = 8) -> str:
    """A scaled integer in plain notation with `places` decimals: 264000 at 2 is 2640.00000000."""
    sign = "-" if scaled < 0 else ""
    whole, fraction = divmod(abs(scaled), 10**precision)
    digits = f"{fraction:0{precision}d}" if precision else ""
    return f"{sign}{whole}.{digits:0<{places}}"


def number(scaled: int, precision: int) -> Number:
    """A scaled integer as a JSON number without idle zeros: 959220 at 2 is 9592.2."""
    if not precision:
        return Number(scaled)
    return Number(fixed(scaled, precision, 0).rstrip("0").rstrip("."))


def decoded(text: str) -> str:
    """Percent-decoded text. Raises Malformed for a stray `%` or bytes that are not UTF-8."""
    if not text.isascii():
        raise Malformed("not ASCII")
    pieces = text.split("%")[1:]
    if any(len(piece) < 2 or not _is_hex(piece[:2]) for piece in pieces):
        raise Malformed("a stray %")
    try:
        return unquote_to_bytes(text).decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed("not UTF-8") from error


def parameters(query: str) -> dict[str, str]:
    """The parameters of a query string or form body. Raises Malformed, also for a name twice."""
    found: dict[str, str] = {}
    for pair in query.split("&"):
        if not pair:
            continue
        name, _, value = pair.replace("+", " ").partition("=")
        name = decoded(name)
        if name in found:
            raise Malformed(f"{name} twice")
        found[name] = decoded(value)
    return found


def _is_hex(text: str) -> bool:
    return all(char in "0123456789abcdefABCDEF" for char in text)
