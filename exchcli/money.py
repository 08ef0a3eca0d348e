"""Exact decimals, in and out.

Amounts are `Decimal` from the wire to the screen and text at both ends; a float never
touches one. What a person types is matched against a pattern first, because `Decimal`
alone also takes `1_000`, `NaN`, `+5` and the digits of other scripts.
"""

from __future__ import annotations

import re
from decimal import Decimal

from exchcli.errors import UsageError

# One number of a reply may have this many digits, and an exponent within +-MAX_EXPONENT.
MAX_DIGITS = 100
MAX_EXPONENT = 100

_TYPED = re.compile(r"[0-9]+(\.[0-9]+)?")
_ON_THE_WIRE = re.compile(r"-?([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]{1,6}))?")


def typed_decimal(text: str, what: str = "number") -> Decimal:
    """A number from the command line: digits, and a point with digits behind it.

    Raises UsageError for everything else, naming `what` was being read.
    """
    if len(text) > MAX_DIGITS:
        raise UsageError(
            f"{what} has {len(text)} characters; {MAX_DIGITS} is the most.",
            "Write digits with an optional point, like 0.05 or 1200.",
        )
    if not _TYPED.fullmatch(text):
        raise UsageError(
            f"{what} {text!r} is not a plain decimal number.",
            "Write digits with an optional point, like 0.05 or 1200.",
        )
    return Decimal(text)


def wire_decimal(text: str) -> Decimal:
    """A number of a reply, given as its text. Raises ValueError unless plain and bounded."""
    found = _ON_THE_WIRE.fullmatch(text)
    if not found:
        raise ValueError("not a number")
    whole, fraction, exponent = found.groups()
    if len(whole) + len(fraction or "") > MAX_DIGITS:
        raise ValueError(f"a number of more than {MAX_DIGITS} digits")
    if exponent and abs(int(exponent)) > MAX_EXPONENT:
        raise ValueError(f"an exponent beyond {MAX_EXPONENT}")
    return Decimal(text)


def plain(number: Decimal) -> str:
    """The number in plain notation with every digit that it has: 0.00000001, not 1E-8."""
    return format(number, "f")


def short(number: Decimal) -> str:
    """The same without zeros at its end: 128.5, not 128.500."""
    text = plain(number)
    return text.rstrip("0").rstrip(".") if "." in text else text
