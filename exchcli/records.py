"""What exch shows: one named tuple a record, the same for both exchanges.

Named tuples, because a frozen dataclass costs every start of the process 0.77 ms and a named
tuple 0.12, and there are a dozen. What that brings with it: a record is also a sequence, so
`is_record` has to be asked before anything else takes one for a list.

The order of the fields is the order of table columns and of JSON keys; `None` is what an
exchange does not say. Prices are in quote currency, amounts in base currency, times aware
and in UTC. Names are part of the contract with scripts: removing one is a breaking change.
"""

# No `from __future__ import annotations`: each annotation would be compiled a second time.

from datetime import datetime
from decimal import Decimal
from typing import Literal, NamedTuple

Side = Literal["buy", "sell"]


def is_record(value: object) -> bool:
    """Whether this is a record, or the class of one: not a plain tuple, nor a list of records."""
    return hasattr(value, "_fields")


class Ticker(NamedTuple):
    """The last 24 hours of one market. `volume` is in base, `quote_volume` in quote currency."""

    symbol: str
    last: Decimal
    bid: Decimal
    ask: Decimal
    high: Decimal
    low: Decimal
    volume: Decimal
    quote_volume: Decimal | None = None
    change_percent: Decimal | None = None
    time: datetime | None = None


class Level(NamedTuple):
    """One price of the order book and what rests there."""

    price: Decimal
    amount: Decimal


class Book(NamedTuple):
    """The order book; both sides best first."""

    symbol: str
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    time: datetime | None = None


class Trade(NamedTuple):
    """One public trade. `side` is the taker's."""

    id: str
    symbol: str
    side: Side | None
    price: Decimal
    amount: Decimal
    time: datetime | None


class Candle(NamedTuple):
    """One period that opens at `time`. `volume` is in base currency."""

    symbol: str
    time: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal


class Symbol(NamedTuple):
    """One market and its rules. `min_amount` is in base, `min_value` in quote currency."""

    symbol: str
    base: str
    quote: str
    price_precision: int | None = None
    amount_precision: int | None = None
    min_amount: Decimal | None = None
    min_value: Decimal | None = None
    status: str | None = None
    order_types: tuple[str, ...] | None = None
    api_trading: bool | None = None
    margin: bool | None = None
    liquidation_rate: Decimal | None = None
    zone: str | None = None


class Currency(NamedTuple):
    """How one currency is deposited and withdrawn on one chain."""

    currency: str
    chain: str | None
    deposit: bool
    withdraw: bool
    min_deposit: Decimal | None
    min_withdraw: Decimal | None
    withdraw_fee_currency: str | None
    min_withdraw_fee: Decimal | None
    withdraw_fee_rate: Decimal | None


class MarginCurrency(NamedTuple):
    """What borrowing one currency costs; `range` and `loan_fee` as the exchange says them."""

    currency: str
    level: int | None
    range: str | None
    loan_fee: Decimal | None


class ServerTime(NamedTuple):
    """The exchange's clock. `offset_seconds` is how far it is ahead of this machine's."""

    exchange: str
    time: datetime
    offset_seconds: Decimal


class Ping(NamedTuple):
    """An exchange that answered, and how long the answer took."""

    exchange: str
    message: str
    milliseconds: int
