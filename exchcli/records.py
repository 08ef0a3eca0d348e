"""What exch shows: one frozen dataclass a record, the same for both exchanges.

The order of the fields is the order of table columns and of JSON keys; `None` is what an
exchange does not say. Prices are in quote currency, amounts in base currency, times aware
and in UTC. Names are part of the contract with scripts: removing one is a breaking change.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

Side = Literal["buy", "sell"]


@dataclass(frozen=True, slots=True)
class Ticker:
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


@dataclass(frozen=True, slots=True)
class Level:
    """One price of the order book and what rests there."""

    price: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Book:
    """The order book; both sides best first."""

    symbol: str
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Trade:
    """One public trade. `side` is the taker's."""

    id: str
    symbol: str
    side: Side | None
    price: Decimal
    amount: Decimal
    time: datetime | None


@dataclass(frozen=True, slots=True)
class Candle:
    """One period that opens at `time`. `volume` is in base currency."""

    symbol: str
    time: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal


@dataclass(frozen=True, slots=True)
class Symbol:
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


@dataclass(frozen=True, slots=True)
class Currency:
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


@dataclass(frozen=True, slots=True)
class MarginCurrency:
    """What borrowing one currency costs; `range` and `loan_fee` as the exchange says them."""

    currency: str
    level: int | None
    range: str | None
    loan_fee: Decimal | None


@dataclass(frozen=True, slots=True)
class ServerTime:
    """The exchange's clock. `offset_seconds` is how far it is ahead of this machine's."""

    exchange: str
    time: datetime
    offset_seconds: Decimal


@dataclass(frozen=True, slots=True)
class Ping:
    """An exchange that answered, and how long the answer took."""

    exchange: str
    message: str
    milliseconds: int
