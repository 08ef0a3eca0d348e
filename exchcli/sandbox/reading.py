"""A recording of real trades as a CSV file: its columns, its rows, its mistakes.

Reads one row at a time and believes nothing: whatever is wrong is a UsageError that names
the file, the line and what is expected there.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from exchcli.errors import UsageError

LARGEST = 200_000_000

# Header names, as letters and digits only: `Trade ID` and `trade_id` are the same.
_COLUMNS = {
    "time": (
        "time timems timestamp timestampms ts date datetime epoch tradetime transacttime"
        " createdat executedat"
    ),
    "price": "price quotation rate px",
    "amount": "amount qty quantity volume vol size baseamount basevolume",
    "id": "id tid tradeid aggtradeid",
    "side": "side type takerside direction transactiontype isbuyermaker",
}
_ROLES = {name: role for role, names in _COLUMNS.items() for name in names.split()}
_SIDES = {"buy": True, "b": True, "sell": False, "s": False}
# A buyer who was the maker was sold to.
_BUYER_WAS_MAKER = {"true": False, "false": True}

_NUMBER = re.compile(r"([0-9]{1,24})(?:\.([0-9]{1,24}))?")
_ID = re.compile(r"[0-9]{1,18}")
_EPOCH = re.compile(r"([0-9]{1,16})(?:\.([0-9]{1,9}))?")
_START = datetime(1970, 1, 1, tzinfo=UTC)
_HINT = "A recording is a CSV file with a header: time, price, amount, and maybe id and side."


class Row(NamedTuple):
    """One trade as recorded: epoch milliseconds; None where the file has no such column.

    `price` and `amount` are plain decimals above zero without idle zeros.
    """

    line: int
    time: int
    id: int | None
    buy: bool | None
    price: str
    amount: str


def check(path: Path) -> None:
    """Raises UsageError unless there is a file of a size that can be read."""
    try:
        size = path.stat().st_size
    except OSError as error:
        raise _unread(path, error) from error
    if not path.is_file():
        raise UsageError(f"{path} is not a file.", _HINT)
    if size > LARGEST:
        raise UsageError(
            f"{path} has {size // 1_000_000} MB; {LARGEST // 1_000_000} MB is the most.",
            "Load a shorter recording, a day or so.",
        )


def read(path: Path) -> Iterator[Row]:
    """The rows of the file, in its order. Raises UsageError, also half-way."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from _rows(path, file)
    except OSError as error:
        raise _unread(path, error) from error


def _unread(path: Path, error: OSError) -> UsageError:
    return UsageError(f"{path} cannot be read: {error.strerror}.", _HINT)


def _rows(path: Path, file: Iterator[str]) -> Iterator[Row]:
    line = 0
    try:
        header = next(file, "")
        delimiter = max(",;\t", key=header.count)
        columns = _columns(next(csv.reader([header], delimiter=delimiter), []))
        table = csv.reader(file, delimiter=delimiter)
        for cells in table:
            line = table.line_num
            if cells:
                yield _row(line + 1, cells, columns)
    except _Wrong as error:
        raise UsageError(f"{path}, line {line + 1}: {error}.", error.hint) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 text, after line {line + 1}.", _HINT) from error
    except csv.Error as error:
        raise UsageError(f"{path}, after line {line + 1}: not CSV ({error}).", _HINT) from error


class _Wrong(ValueError):
    """What is wrong with a cell, and what is expected in its place."""

    def __init__(self, what: str, hint: str = _HINT) -> None:
        super().__init__(what)
        self.hint = hint


def _columns(header: list[str]) -> dict[str, tuple[int, str]]:
    """Where each role's column is, and its name; of two the first."""
    found: dict[str, tuple[int, str]] = {}
    for place, title in enumerate(header):
        name = re.sub(r"[^a-z0-9]", "", title.lower())
        role = _ROLES.get(name)
        if role in found and found[role][1] == name:
            raise _Wrong(f"two columns called {title!r}")
        if role is not None:
            found.setdefault(role, (place, name))
    for role in ("time", "price", "amount"):
        if role not in found:
            raise _Wrong(f"no column for the {role}")
    return found


def _row(line: int, cells: list[str], columns: dict[str, tuple[int, str]]) -> Row:
    widest = max(place for place, _ in columns.values())
    if len(cells) <= widest:
        raise _Wrong(f"{len(cells)} cells where the header has {widest + 1} or more")
    cell = {role: cells[place].strip() for role, (place, _) in columns.items()}
    number = buy = None
    if "id" in cell:
        if not _ID.fullmatch(cell["id"]):
            raise _Wrong(f"id {_shown(cell['id'])} is not a whole number", "Ids are digits.")
        number = int(cell["id"])
    if "side" in cell:
        sides = _BUYER_WAS_MAKER if columns["side"][1] == "isbuyermaker" else _SIDES
        buy = sides.get(cell["side"].lower())
        if buy is None:
            raise _Wrong(
                f"side {_shown(cell['side'])} is not known", f"It is {' or '.join(sides)}."
            )
    return Row(
        line,
        _milliseconds(cell["time"]),
        number,
        buy,
        _decimal("price", cell["price"]),
        _decimal("amount", cell["amount"]),
    )


def _decimal(what: str, text: str) -> str:
    found = _NUMBER.fullmatch(text)
    if not found:
        raise _Wrong(
            f"{what} {_shown(text)} is not a plain decimal number",
            "Write digits with an optional point, like 0.05 or 1200.",
        )
    whole, fraction = found[1].lstrip("0") or "0", (found[2] or "").rstrip("0")
    if whole == "0" and not fraction:
        raise _Wrong(f"{what} is zero", f"A trade has a {what} above zero.")
    return f"{whole}.{fraction}" if fraction else whole


def _milliseconds(text: str) -> int:
    """Epoch seconds, milli- or microseconds, told apart by their size, or ISO 8601 (UTC)."""
    if found := _EPOCH.fullmatch(text):
        whole = int(found[1])
        if len(found[1]) <= 11:
            return whole * 1000 + int((found[2] or "").ljust(3, "0")[:3])
        return whole if len(found[1]) <= 14 else whole // 1000
    try:
        time = datetime.fromisoformat(text)
        if time.tzinfo is None:
            time = time.replace(tzinfo=UTC)
        since = (time - _START) // timedelta(milliseconds=1)
    except (ValueError, OverflowError):
        since = -1
    if since < 0:
        raise _Wrong(
            f"time {_shown(text)} is not a time since 1970",
            "Times are epoch seconds or milliseconds, or ISO 8601 like 2023-02-02T09:20:00Z.",
        )
    return since


def _shown(text: str) -> str:
    """A cell in a message: short, and in printable characters."""
    return ascii(text if len(text) <= 30 else text[:30] + "...")
