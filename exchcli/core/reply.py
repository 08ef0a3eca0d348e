"""Replies: bounded before they are parsed, and read field by field with plain errors.

Both exchanges have been seen to send numbers as JSON numbers and as strings, so every
getter takes either. All that does not fit raises BadReply and names the field.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from exchcli.errors import BadReply, Unreadable
from exchcli.money import MAX_DIGITS, wire_decimal

MAX_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 64

MAX_VALUES = 200_000

# Strings are matched whole, so that a bracket within one does not count. One that never ends
# reaches to the end of the text, so that no quote is looked at twice.
_STRUCTURE = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\Z)|[\[\]{}]', re.DOTALL)
_INTEGER = re.compile(r"-?[0-9]{1,18}")
_LAST_SECOND = 253402300799  # 9999-12-31T23:59:59Z


def parse(body: bytes, *, strict: bool = False) -> Reply:
    """The JSON of a reply, numbers exact. Raises BadReply for everything else; where it is
    `strict` also for an object that has a key twice, which says two things.
    """
    if len(body) > MAX_BYTES:
        raise BadReply(f"a reply of more than {MAX_BYTES // 1024 // 1024} MiB")
    if not body.strip():
        raise BadReply("an empty reply")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise BadReply("a reply that is not UTF-8 text") from None
    _check_size(text)
    try:
        value = json.loads(
            text, parse_float=wire_decimal, parse_int=_bounded_int, parse_constant=_refuse,
            object_pairs_hook=_only_once if strict else None,
        )  # fmt: skip
    except json.JSONDecodeError:
        raise BadReply(_not_json(text)) from None
    except ValueError as error:
        raise BadReply(f"a reply with {error}") from None
    return Reply(value, "")


def _check_size(text: str) -> None:
    """Bounds what is about to be built: a value takes a hundred times its place in the text."""
    opened = text.count("[") + text.count("{")
    if opened + text.count(",") > MAX_VALUES:
        raise BadReply(f"a reply of more than {MAX_VALUES} values")
    if opened <= MAX_DEPTH:
        return
    depth = 0
    for found in _STRUCTURE.finditer(text):
        character = found.group()
        if character in ("[", "{"):
            depth += 1
            if depth > MAX_DEPTH:
                raise BadReply(f"a reply nested deeper than {MAX_DEPTH}")
        elif character in ("]", "}"):
            depth -= 1


def _bounded_int(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise ValueError(f"a number of more than {MAX_DIGITS} digits")
    return int(text)


def _only_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key twice in one object")
    return found


def _refuse(text: str) -> Any:
    raise ValueError(f"{text} in place of a number")


def _not_json(text: str) -> str:
    start = text.lstrip()[:200].lower()
    if start.startswith("<"):
        return "an HTML page" if "html" in start else "a page of markup"
    if start.startswith(("{", "[")):
        return "a truncated or broken reply"
    return "a reply that is not JSON"


class Reply:
    """One value of a reply together with where it stands, such as `ticker[0].last`."""

    __slots__ = ("path", "value")

    def __init__(self, value: Any, path: str = "") -> None:
        self.value = value
        self.path = path

    def __getitem__(self, key: str | int) -> Reply:
        """A field of an object, or an item of an array, that must be there."""
        if isinstance(key, int):
            items = self._array()
            if key >= len(items):
                raise self._wrong(f"has {len(items)} items, too few")
            return Reply(items[key], f"{self.path}[{key}]")
        found = self.get(key)
        if found is None:
            raise Unreadable(f"{self._child(key)} is missing")
        return found

    def get(self, key: str) -> Reply | None:
        """A field that may be missing, null or an empty text; then None."""
        if not isinstance(self.value, dict):
            raise self._wrong("is not an object")
        value = self.value.get(key)
        return None if value is None or value == "" else Reply(value, self._child(key))

    def __contains__(self, key: str) -> bool:
        return isinstance(self.value, dict) and key in self.value

    def __iter__(self) -> Iterator[Reply]:
        for index, item in enumerate(self._array()):
            yield Reply(item, f"{self.path}[{index}]")

    def decimal(self) -> Decimal:
        """A number, exact, with every digit that was sent."""
        value = self.value
        if isinstance(value, Decimal):
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return Decimal(value)
        if isinstance(value, str):
            try:
                return wire_decimal(value)
            except ValueError:
                pass
        raise self._wrong("is not a number")

    def amount(self) -> Decimal:
        """A number that cannot be negative: a price, an amount, a volume, a fee rate."""
        number = self.decimal()
        if number < 0:
            raise self._wrong("is negative")
        return number

    def integer(self) -> int:
        """A whole number of at most 18 digits."""
        value = self.value
        if isinstance(value, Decimal) and value == value.to_integral_value():
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if isinstance(value, str) and _INTEGER.fullmatch(value):
            return int(value)
        raise self._wrong("is not a whole number")

    def count(self) -> int:
        """A whole number from 0 to 100, such as a precision."""
        number = self.integer()
        if not 0 <= number <= 100:
            raise self._wrong("is no count")
        return number

    def text(self) -> str:
        """A text; numbers that serve as one, such as an id, are written out."""
        if isinstance(self.value, str):
            return self.value
        if isinstance(self.value, int) and not isinstance(self.value, bool):
            return str(self.value)
        raise self._wrong("is not a text")

    def number(self) -> str:
        """An id that counts up: a whole number above 0, written as one writes it."""
        found = self.text()
        if not re.fullmatch("[1-9][0-9]{0,17}", found):
            raise self._wrong("is no id")
        return found

    def hexadecimal(self) -> str:
        """An id of 32 hexadecimal digits, or some more or less."""
        found = self.text()
        if not re.fullmatch("[0-9a-f]{24,40}", found) or not found.strip("0"):
            raise self._wrong("is no id")
        return found

    def words(self) -> str | None:
        """What an exchange says about an error, if it is a text at all."""
        return self.value if isinstance(self.value, str) else None

    def flag(self) -> bool:
        """True or false, also written as 1 or 0."""
        if self.value in (True, 1, "1"):
            return True
        if self.value in (False, 0, "0"):
            return False
        raise self._wrong("is neither true nor false")

    def moment(self) -> datetime:
        """Epoch seconds as an aware time in UTC."""
        seconds = self.integer()
        if not 0 <= seconds <= _LAST_SECOND:
            raise self._wrong("is not a time")
        return datetime.fromtimestamp(seconds, UTC)

    def stated(self) -> datetime:
        """A date with a time of day, as written: without a zone unless it names one.

        Dgtmarket and DigiFinex's deposits name none, and none is invented. Epoch seconds,
        which say their zone by being that, are taken as well.
        """
        value = self.value
        if not isinstance(value, str) or value.isdigit():
            return self.moment()
        try:
            written = datetime.fromisoformat(value) if value[10:11] in ("T", " ") else None
        except ValueError:
            written = None
        if written is None:
            raise self._wrong("is not a date with a time")
        return written.astimezone(UTC) if written.tzinfo else written

    def _array(self) -> list[Any]:
        if not isinstance(self.value, list):
            raise self._wrong("is not a list")
        return self.value

    def _child(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def _wrong(self, what: str) -> Unreadable:
        shown = repr(self.value)
        shown = shown if len(shown) <= 40 else shown[:37] + "..."
        return Unreadable(f"{self.path or 'the reply'} {what}: {shown}")
