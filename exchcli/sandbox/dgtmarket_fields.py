"""The body of a Dgtmarket request: one JSON object, and what is wrong with each of its fields."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from exchcli.sandbox.call import Call
from exchcli.sandbox.dgtmarket_signed import Refused, refused
from exchcli.sandbox.wire import JSON_TYPE, Malformed, json_reply, parsed, quantity

_REQUIRED = "This field is required."


class Fields:
    """Reads fields one by one and remembers what is wrong; check() tells all of it at once.

    A field that is null is one that is not there. Fields that nobody asks for say nothing.
    """

    def __init__(self, call: Call) -> None:
        """Raises Refused: 415 for a body of another type, 400 for one that is no JSON object."""
        kind = call.request.headers.get("content-type", JSON_TYPE).partition(";")[0].strip()
        if kind.lower() != JSON_TYPE:
            raise refused(415, f"The body has to be JSON, with content-type {JSON_TYPE}.")
        try:
            given = parsed(call.request.body)
        except Malformed as error:
            raise refused(400, "The body is not valid JSON.") from error
        if not isinstance(given, dict):
            raise refused(400, "The body has to be a JSON object.")
        self._given: dict[str, object] = {
            name: value for name, value in given.items() if value is not None
        }
        self._wrong: dict[str, list[str]] = {}

    def word(self, name: str, words: Mapping[str, object]) -> str:
        """One of these words, in any case."""
        if name not in self._given:
            return self._note(name, _REQUIRED)
        value = self._given[name]
        word = value.upper() if isinstance(value, str) and value.isascii() else ""
        return word if word in words else self._note(name, f"It is one of {', '.join(words)}.")

    def flag(self, name: str) -> bool:
        """true or false, also as text; false if it is not there."""
        value = self._given.get(name, False)
        if isinstance(value, str):
            value = {"true": True, "false": False}.get(value.lower())
        if not isinstance(value, bool):
            self._note(name, "It is true or false.")
        return value is True

    def quantity(self, name: str) -> Decimal:
        """A number above 0, also as text."""
        if name not in self._given:
            self._note(name, _REQUIRED)
            return Decimal(0)
        value = self._number(name)
        if value == 0:
            self._note(name, "It is more than 0.")
        return value or Decimal(0)

    def optional(self, name: str) -> Decimal | None:
        """A number, also as text; None if it is 0 or not there."""
        return (self._number(name) or None) if name in self._given else None

    def check(self) -> None:
        """Raises Refused (400), with a list of sentences under the name of each wrong field."""
        if self._wrong:
            raise Refused(json_reply(self._wrong, 400))

    def _number(self, name: str) -> Decimal | None:
        try:
            return quantity(self._given[name])
        except Malformed:
            self._note(name, "It is a number like 0.001, and not below 0.")
            return None

    def _note(self, name: str, what: str) -> str:
        self._wrong.setdefault(name, []).append(what)
        return ""
