"""The orders of a batch, from a file: a JSON array, JSON objects, or CSV with a header.

Each order has `side`, `amount` and `price`, and may have `post_only`. Which of the three forms a
file has is told by its first character. Every error names the order and what it should be.
"""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from exchcli.errors import UsageError
from exchcli.money import typed_decimal
from exchcli.records import Market, NewOrder, Side

MOST_BYTES = 4 * 1024 * 1024
MOST_ROWS = 10_000
FIELDS = ("side", "amount", "price", "post_only")
_YES = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False, "": False}
_FORMS = "Write a JSON array, JSON objects, or CSV with the header side,amount,price."


def read_file(name: str) -> str:
    """The text of a file, or of stdin for `-`. Raises UsageError."""
    try:
        if name == "-":
            source = getattr(sys.stdin, "buffer", None)
            if source is None:
                raise UsageError("There is no stdin to read orders from.", "Name a file.")
            data = source.read(MOST_BYTES + 1)
        else:
            with Path(name).open("rb") as file:
                data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror}.", "Name a file.") from None
    if len(data) > MOST_BYTES:
        raise UsageError(f"{name} has more than {MOST_BYTES // 1024 // 1024} MiB.", "Split it.")
    try:
        text: str = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{name} is not UTF-8 text.", _FORMS) from None
    return text


def orders_of(text: str, symbol: str, market: Market) -> list[NewOrder]:
    """The orders that the text lists, in its order. Raises UsageError."""
    rows = _rows(text.strip())
    if not rows:
        raise UsageError("There is no order in it.", _FORMS)
    if len(rows) > MOST_ROWS:
        raise UsageError(f"{len(rows)} orders are too many: {MOST_ROWS} is the most.", "Split it.")
    return [_order(row, number, symbol, market) for number, row in enumerate(rows, 1)]


def _rows(text: str) -> Sequence[Any]:
    if not text:
        return []
    if text[0] == "[":
        rows, end = _json(text, "The file")
        if text[end:]:
            raise UsageError("Behind the array of the file there is more.", _FORMS)
        assert isinstance(rows, list)
        return rows
    return _objects(text) if text[0] == "{" else _csv(text)


def _objects(text: str) -> list[Any]:
    """JSON values one behind the other, each on one line or on several."""
    rows: list[Any] = []
    at = 0
    while at < len(text):
        row, end = _json(text, f"Order {len(rows) + 1}", at)
        rows.append(row)
        at = next(
            (place for place in range(end, len(text)) if not text[place].isspace()), len(text)
        )
    return rows


def _json(text: str, what: str, at: int = 0) -> tuple[Any, int]:
    """The value that begins there, and where it ends."""
    # Numbers stay the text that they are: not one of their digits may be lost.
    reader = json.JSONDecoder(
        parse_float=str, parse_int=str, parse_constant=_nonsense, object_pairs_hook=_row
    )
    try:
        return reader.raw_decode(text, at)
    except (ValueError, RecursionError):
        raise UsageError(f"{what} is no JSON.", _FORMS) from None


def _row(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Which of two amounts is meant, nobody can know."""
    row = dict(pairs)
    if len(row) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise UsageError(f"An order has {twice!r} twice: {json.dumps(row)}.", "Write it once.")
    return row


def _nonsense(text: str) -> None:
    raise ValueError(text)


def _csv(text: str) -> list[dict[str, str]]:
    reader = csv.reader(io.StringIO(text), strict=True)
    try:
        header, *lines = [line for line in reader if line]
    except csv.Error as error:
        raise UsageError(f"The file is no CSV: {error}.", _FORMS) from None
    names = [name.strip().lower() for name in header]
    if not {"side", "amount", "price"} <= set(names) or len(set(names)) < len(names):
        raise UsageError("The CSV has no header with side, amount and price.", _FORMS)
    for number, line in enumerate(lines, 1):
        if len(line) != len(names):
            raise UsageError(f"Order {number} has {len(line)} cells, not {len(names)}.", _FORMS)
    return [dict(zip(names, map(str.strip, line), strict=True)) for line in lines]


def _order(row: Any, number: int, symbol: str, market: Market) -> NewOrder:
    if not isinstance(row, Mapping):
        raise UsageError(f"Order {number} is no JSON object.", _FORMS)
    # A column that nothing is known of may be meant to change the order.
    others = [str(name) for name in row if name not in FIELDS]
    if others:
        raise UsageError(
            f"Order {number} has {others[0]!r}, which means nothing here.",
            f"An order of a batch has {', '.join(FIELDS)}.",
        )
    told = row.get("side")
    side = str(told).lower()
    if side not in ("buy", "sell"):
        what = (
            f"The side of order {number} is {str(told)[:40]!r}."
            if told
            else f"Order {number} has no side."
        )
        raise UsageError(what, "Its side is buy or sell.")
    chosen: Side = "buy" if side == "buy" else "sell"
    return NewOrder(
        symbol=symbol,
        side=chosen,
        amount=_number(row, "amount", number),
        price=_number(row, "price", number),
        post_only=_flag(row.get("post_only"), number),
        market=market,
    )


def _number(row: Mapping[str, Any], name: str, number: int) -> Decimal:
    told = row.get(name)
    if not isinstance(told, str):
        raise UsageError(f"Order {number} has no {name}.", f'Its {name} is a number, like "0.5".')
    return typed_decimal(told, f"The {name} of order {number},")


def _flag(told: object, number: int) -> bool:
    if told is None or isinstance(told, bool):
        return bool(told)
    found = _YES.get(told.lower()) if isinstance(told, str) else None
    if found is None:
        raise UsageError(f"post_only of order {number} is no truth.", "Write true or false.")
    return found
