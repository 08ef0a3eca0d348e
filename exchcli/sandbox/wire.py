"""What crosses the wire, before and after HTTP: requests, replies, numbers, JSON, queries.

Both adapters and both carriers (the in-process transport, later a server) meet here.
Nothing in this module knows an exchange.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

# The base URLs of the sandbox inside the process. `.invalid` never resolves (RFC 6761), so
# a request that misses the transport cannot reach anybody.
SANDBOX_URLS = {"dgt": "https://sandbox.invalid/api", "dfx": "https://sandbox.invalid/v3"}

JSON_TYPE = "application/json"

# A number as JSON writes one that is not negative, also within a string or a form. Whatever
# has more digits than this is above what exists of any currency, or finer than any counts.
_QUANTITY = re.compile(r"[0-9]{1,40}(?:\.[0-9]{0,40})?(?:[eE][+-]?[0-9]{1,2})?")
_LARGEST, _FINEST = 18, -40


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
    if "%" not in text:
        return text
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


def parsed(body: bytes) -> object:
    """A JSON body: numbers become Numbers, as they were written. Raises Malformed, also for a
    name twice, for NaN and Infinity, and for what is nested too deep."""
    try:
        return json.loads(
            body.decode("utf-8"),
            parse_int=Number,
            parse_float=Number,
            parse_constant=_no_number,
            object_pairs_hook=_object,
        )
    except (ValueError, RecursionError) as error:
        raise Malformed("not JSON") from error


def quantity(value: object) -> Decimal:
    """A price or an amount, told as a number or as its text; exact, and 0 or more.

    Raises Malformed for anything else, and for numbers that no market has: from 10**19 on, or
    with more than 40 decimals.
    """
    if not isinstance(value, str) or not _QUANTITY.fullmatch(value):
        raise Malformed("not a number")
    exact = Decimal(value)
    if not exact:
        return Decimal(0)
    exponent = exact.as_tuple().exponent
    if exact.adjusted() > _LARGEST or not isinstance(exponent, int) or exponent < _FINEST:
        raise Malformed("out of range")
    return exact


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Malformed("a name twice")
    return found


def _no_number(text: str) -> object:
    raise Malformed(text)


def _is_hex(text: str) -> bool:
    return all(char in "0123456789abcdefABCDEF" for char in text)
