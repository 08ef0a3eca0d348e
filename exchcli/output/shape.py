"""How a field is shown, worked out from its name and its annotation.

A new record needs nothing here. What is listed by name is where a name says more than its
annotation: which columns go first when the terminal is narrow, which colours have a meaning.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from functools import cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from exchcli.output.fields import names_of
from exchcli.records import (
    Balance,
    Candle,
    Currency,
    Fill,
    JournalEntry,
    Moved,
    Order,
    Placed,
    Position,
    Symbol,
    Ticker,
    Trade,
    Transfer,
    is_record,
)

Kind = Literal["number", "time", "flag", "text", "list", "records"]
# As rich calls them. Only what is legible on a dark and on a light background.
Style = Literal["", "bold", "dim", "green", "red"]

_SPELLED = {"id": "ID", "api": "API", "pnl": "PnL", "url": "URL", "percent": "%", "seconds": "(s)"}

# Least important first; what says little alone goes together. A column that is not named
# stays; if those that stay do not fit, each record becomes a card. A record that is not named
# loses all but its first three columns, from the right.
_LEAST_IMPORTANT: dict[type, tuple[str, ...]] = {
    Ticker: ("quote_volume", "time", "high low", "volume", "bid ask"),
    Trade: ("id", "symbol", "time"),
    Candle: ("symbol", "volume", "open", "high low"),
    Symbol: (
        *("base quote", "zone", "order_types", "margin", "api_trading", "status"),
        *("price_precision amount_precision", "min_value", "liquidation_rate"),
    ),
    Currency: (
        *("min_deposit", "withdraw_fee_rate", "min_withdraw_fee withdraw_fee_currency"),
        "min_withdraw",
    ),
    Balance: ("withdraw_address", "address"),
    Order: (
        *("fills", "exchange_status", "updated", "market", "post_only", "cost", "stop_price"),
        *("average_price", "type", "created"),
    ),
    Placed: (
        *("fills", "exchange_status", "updated", "market", "post_only", "cost", "stop_price"),
        *("evidence", "average_price", "type", "created", "once replayed", "filled"),
    ),
    JournalEntry: (
        *("updated", "evidence", "profile", "attempts", "url", "created", "candidates"),
        "order_id",
    ),
    Fill: (
        *("order_id", "market", "maker", "id", "fee_percent", "fee fee_currency", "symbol"),
        "time",
    ),
    Transfer: (
        *("hash", "exchange_status", "updated", "memo", "address", "fee", "chain", "kind"),
        "created",
    ),
    Moved: (
        *("hash", "exchange_status", "updated", "memo", "address", "fee", "chain", "kind"),
        *("evidence", "created", "once replayed"),
    ),
    Position: ("liquidation_rate", "leverage", "entry_price", "liquidation_price"),
}
# Columns that give way, last of all, to one that says more where it is there: an order that
# waits for its stop price looks like any other without it, and the status tells of `filled`.
_GIVES_WAY: dict[type, dict[str, str]] = {Order: {"filled": "stop_price"}}
# Text that says enough when its end is missing. Never an id, an address or a currency.
MAY_BE_SHORTENED = frozenset({"chain", "command", "order_types", "zone"})
# Ids with commas between them: in a table the first of them and how many more there are, or where
# that is too wide, only how many there are. One id alone is whole.
MAY_BE_COUNTED = frozenset({"order_id"})
# Sentences, which may go on in a second line.
MAY_BE_FOLDED = frozenset({"what"})
# Names that need no title in a caption: what they hold says what it is.
SPEAKS_FOR_ITSELF = frozenset({"exchange", "symbol", "currency", "time"})
# Numbers whose sign is good or bad news.
_SIGNED = frozenset({"change_percent", "unrealized_pnl"})
_STYLES: dict[tuple[str, str], Style] = {
    ("side", "buy"): "green",
    ("side", "bid"): "green",
    ("side", "sell"): "red",
    ("side", "ask"): "red",
    ("side", "long"): "green",
    ("side", "short"): "red",
}


def title(name: str) -> str:
    """change_percent -> Change %."""
    text = " ".join(_SPELLED.get(word, word) for word in name.split("_"))
    return text[:1].upper() + text[1:]


@cache
def kinds(record: type) -> dict[str, Kind]:
    """What each field holds."""
    hints = get_type_hints(record)
    return {name: _kind(hints[name]) for name in names_of(record)}


def kind_of(row: object, name: str) -> Kind:
    """What the field `name` of this record holds."""
    record: type = type(row)
    return kinds(record)[name]


def least_important(record: type, names: Collection[str]) -> list[list[list[str]]]:
    """Which of these columns, those that have a value, may be left out: least important first,
    in groups that go together. The first way to do so that makes a table narrow enough is it.
    """
    listed = _LEAST_IMPORTANT.get(record) or reversed(names_of(record)[3:])
    groups = [group.split() for group in listed]
    keeping = [
        [*(group for group in groups if other not in group), [name]]
        for name, other in _GIVES_WAY.get(record, {}).items()
        if other in names
    ]
    return [*keeping, groups]


def style_of(row: object, name: str, value: object) -> Style:
    """Green for bids, buys and what rises, red for asks, sells and what falls."""
    if isinstance(value, Decimal):
        return _style_of_number(row, name, value)
    if value is False:
        return "dim"
    return _STYLES.get((name, value), "") if isinstance(value, str) else ""


def _style_of_number(row: object, name: str, value: Decimal) -> Style:
    if name in ("bid", "ask"):
        return "green" if name == "bid" else "red"
    if name in _SIGNED and value:
        return "green" if value > 0 else "red"
    if name == "close" and isinstance(row, Candle) and row.close != row.open:
        return "green" if row.close > row.open else "red"
    return ""


def sign_of(name: str, value: object) -> str:
    """A plus sign where a number says which way something went."""
    return "+" if name in _SIGNED and isinstance(value, Decimal) and value > 0 else ""


def _kind(hint: Any) -> Kind:
    options = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    if get_origin(options[0]) is tuple:
        return "records" if is_record(get_args(options[0])[0]) else "list"
    if bool in options:
        return "flag"
    if Decimal in options or int in options:
        return "number"
    return "time" if datetime in options else "text"
