"""What is meant by a call that changes something, as text that two runs of it agree on."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

from exchcli.errors import UsageError
from exchcli.money import short
from exchcli.records import NewOrder

MOST_KEY = 200  # characters
HANDLE = "@"  # what the name of an intent without a key begins with, and no key does
_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"  # none that are read for another


class Account(NamedTuple):
    """Whose intents these are. The URL keeps sandboxes and loopback servers apart."""

    exchange: str
    url: str
    profile: str


class Withdrawal(NamedTuple):
    """Money that is to leave. `address` is None where it is set at the exchange."""

    currency: str
    amount: Decimal
    address: str | None = None
    chain: str | None = None
    memo: str | None = None
    internal: bool = False


class Move(NamedTuple):
    """Money that is to go from one of the account's own wallets to another."""

    currency: str
    amount: Decimal
    source: str
    target: str


class Closing(NamedTuple):
    """A margin position that is to be closed at the market's price."""

    symbol: str


class Cancelling(NamedTuple):
    """An order, or a withdrawal, that is to be cancelled."""

    id: str
    market: str


class Calling(NamedTuple):
    """What any endpoint was called with: its parameters as text, without secrets. Only orders
    that it placed have ids in the journal, one for each item."""

    method: str
    path: str
    params: str


Item = NewOrder | Withdrawal | Move | Closing | Cancelling | Calling
_KINDS: dict[str, type[Any]] = {
    kind.__name__: kind for kind in (NewOrder, Withdrawal, Move, Closing, Cancelling, Calling)
}


class Intent(NamedTuple):
    """One call: a command, the items that it consists of (more than one in a batch), and the
    parameters that a key stands for."""

    command: str
    items: tuple[Item, ...]

    @property
    def params(self) -> str:
        """The parameters in one line of JSON; the same for the same meaning."""
        return json.dumps([_meant(item) for item in self.items], separators=(",", ":"))

    @property
    def are_orders(self) -> bool:
        """Whether it may be sent again when it is proven that it did not arrive."""
        return all(isinstance(item, NewOrder) for item in self.items)

    @property
    def tells_ids(self) -> bool:
        """Whether the exchange's answer to it has an id for each item."""
        return all(isinstance(item, NewOrder | Withdrawal) for item in self.items)

    @property
    def digest(self) -> str:
        return hashlib.sha256(f"{self.command} {self.params}".encode()).hexdigest()


def likeness(item: Item) -> str:
    """What no list of an exchange can tell apart has the same likeness.

    Coarser than the parameters: not every exchange tells whether an order is post-only, or
    with which stop it was placed.
    """
    if isinstance(item, NewOrder):
        size = item.amount if item.amount is not None else item.spend
        parts = [item.symbol, item.market, item.side, _text(item.price), _text(size)]
    elif isinstance(item, Withdrawal):
        parts = [item.currency, _text(item.amount)]
    else:
        parts = [_text(part) for part in item]
    return " ".join([type(item).__name__, *(part or "-" for part in parts)])


def written(item: Item) -> str:
    """An item as text, from which `read` makes it again."""
    fields = {name: _text(value) for name, value in item._asdict().items()}
    return json.dumps([type(item).__name__, fields], separators=(",", ":"))


def read(text: str) -> Item:
    """The item of a text by `written`. Raises ValueError for any other."""
    try:
        name, fields = json.loads(text)
        kind = _KINDS[name]
        numbers, flags = _typed(name)
        values = {
            name: text if text is None or name not in numbers else Decimal(text)
            for name, text in fields.items()
        } | {name: fields[name] == "true" for name in flags}
        item: Item = kind(**values)
    except (ValueError, TypeError, KeyError, ArithmeticError) as error:
        raise ValueError(f"not an item: {text[:80]!r}") from error
    return item


def checked_key(key: str) -> str:
    """The key of `--once`. Raises UsageError for one that could not be typed again."""
    if not key or len(key) > MOST_KEY or not key.isprintable() or key != key.strip():
        raise UsageError(
            f"--once takes a key of 1 to {MOST_KEY} printable characters.",
            "Name what is to happen once, like --once buy-2026-W47.",
        )
    if key.startswith(HANDLE):
        raise UsageError(
            f"A key cannot begin with {HANDLE}: exch itself names orders without a key so.",
            "Leave it out.",
        )
    return key


def handle() -> str:
    """A name for an intent without a key, short enough to be typed."""
    return HANDLE + "".join(secrets.choice(_LETTERS) for _ in range(7))


def _meant(item: Item) -> dict[str, str | None]:
    """What a person said. What was worked out from the market of the moment is left out."""
    fields = {name: _text(value) for name, value in item._asdict().items()}
    if isinstance(item, NewOrder):
        del fields["near"]
        if item.spend is not None:
            del fields["amount"]
    return fields


def _text(value: object) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return short(value)
    return None if value is None else str(value)


@cache
def _typed(kind: str) -> tuple[frozenset[str], frozenset[str]]:
    """The fields that are numbers, and those that are true or false; all others are text."""
    hints = {name: str(hint) for name, hint in _KINDS[kind].__annotations__.items()}
    numbers = frozenset(name for name, hint in hints.items() if "Decimal" in hint)
    return numbers, frozenset(name for name, hint in hints.items() if "bool" in hint)


def order(new: NewOrder) -> Intent:
    return Intent(new.side, (new,))


def batch(news: Sequence[NewOrder]) -> Intent:
    """Several orders of one call, all or none."""
    return Intent("batch", tuple(news))
