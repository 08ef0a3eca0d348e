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


Market = Literal["spot", "margin"]
OrderStatus = Literal[
    "open", "partially_filled", "filled", "canceled", "partially_canceled", "unknown"
]
TransferKind = Literal["deposit", "withdrawal", "transfer"]
TransferStatus = Literal[
    "pending", "confirming", "completed", "stopped", "rejected", "canceled", "unknown"
]


class Balance(NamedTuple):
    """One currency of an account. `held` is what open orders and withdrawals block.

    `address` takes deposits, `withdraw_address` is where withdrawals go.
    """

    currency: str
    free: Decimal
    held: Decimal
    total: Decimal
    address: str | None = None
    withdraw_address: str | None = None


class Fill(NamedTuple):
    """One of the account's own trades. Inside an order it may be known by its id alone.

    `fee` is an amount of `fee_currency`, `fee_percent` a share of the value (0.3 is 0.3 %).
    A time without a zone is as the exchange says it.
    """

    id: str
    order_id: str | None
    symbol: str
    market: Market
    side: Side
    price: Decimal | None
    amount: Decimal | None
    fee: Decimal | None = None
    fee_currency: str | None = None
    fee_percent: Decimal | None = None
    maker: bool | None = None
    time: datetime | None = None


class Order(NamedTuple):
    """One of the account's own orders. `exchange_status` is the exchange's own word.

    `amount` and `filled` are in base currency, `average_price` and `cost` (what was paid or
    received so far, without fees) in quote currency.
    """

    id: str
    symbol: str
    market: Market
    side: Side
    type: Literal["limit", "market"]
    price: Decimal | None
    stop_price: Decimal | None
    amount: Decimal | None
    filled: Decimal
    average_price: Decimal | None
    cost: Decimal | None
    status: OrderStatus
    exchange_status: str
    post_only: bool | None = None
    created: datetime | None = None
    updated: datetime | None = None
    fills: tuple[Fill, ...] | None = None


class NewOrder(NamedTuple):
    """An order to place: checked, and no finer than its pair allows.

    `price` is None for one at the market's price. `amount` is in base, `spend` in quote
    currency. Where both are there, `spend` is what was meant, and `amount` was worked out from
    the book of that moment for an exchange that takes no money to spend; `near`, too, is only
    of that moment: the market's price, for an exchange that wants one with every order.
    """

    symbol: str
    side: Side
    amount: Decimal | None
    price: Decimal | None
    spend: Decimal | None = None
    stop: Decimal | None = None
    post_only: bool = False
    market: Market = "spot"
    near: Decimal | None = None


class Snapshot(NamedTuple):
    """What an account had before something was sent, to tell by it what came after.

    `newest` is the highest order id where ids count up; else `ids` are those that were open or
    new. `taken` is in the exchange's seconds.
    """

    newest: int | None
    ids: tuple[str, ...]
    taken: int


class Sighting(NamedTuple):
    """An order as a listing tells it. `spends` is the money of a buy at the market's price, in
    quote currency, which the record of an order has no place for: more than one number where
    the document leaves open which of them it is.
    """

    order: Order
    spends: tuple[Decimal, ...] = ()

    @property
    def id(self) -> str:
        return self.order.id

    @property
    def created(self) -> datetime | None:
        return self.order.created


class Cancelled(NamedTuple):
    """What became of an order, or of a withdrawal, that was to be cancelled."""

    id: str
    status: OrderStatus | TransferStatus


class Unsent(NamedTuple):
    """A request that was made up and not sent. Its headers lack the key and the signature."""

    method: str
    url: str
    headers: tuple[str, ...]
    body: str | None


Evidence = Literal["reply", "matched", "manual"]
JournalState = Literal[
    "prepared", "sending", "placed", "rejected", "not_sent", "unknown", "absent", "ambiguous"
]


class Placed(NamedTuple):
    """An order that was placed: the keys of `Order`, and how it came to be known as placed.

    `once` is the key of `--once`; `replayed` says that nothing was sent this time; `evidence`
    is the exchange's reply, the only order that matches, or a person's decision.
    """

    id: str
    symbol: str
    market: Market
    side: Side
    type: Literal["limit", "market"]
    price: Decimal | None
    stop_price: Decimal | None
    amount: Decimal | None
    filled: Decimal | None
    average_price: Decimal | None
    cost: Decimal | None
    status: OrderStatus
    exchange_status: str | None
    post_only: bool | None = None
    created: datetime | None = None
    updated: datetime | None = None
    fills: tuple[Fill, ...] | None = None
    once: str | None = None
    replayed: bool = False
    evidence: Evidence = "reply"


class JournalEntry(NamedTuple):
    """One call that was to change something: what was meant, and what is known of it.

    `order_id` is what was placed, or what was to be cancelled; `candidates` are the ids that an
    ambiguous one may be; `url` is where it was sent, of a sandbox with the time of its opening.
    """

    key: str
    exchange: str
    profile: str
    command: str
    state: JournalState
    order_id: str | None
    evidence: Evidence | None
    attempts: int
    created: datetime
    updated: datetime
    candidates: tuple[str, ...] | None = None
    url: str = ""


class Finding(NamedTuple):
    """Something to look at. `key` is the intent that an order looks like, or that tells of an
    order which the exchange did not list; None for a stranger."""

    finding: Literal["ghost", "unsettled", "stranger", "missing"]
    order_id: str
    symbol: str
    key: str | None
    created: datetime | None


class Ledger(NamedTuple):
    """One change of a balance: what `amount` was added (or taken), and the balance then."""

    currency: str
    type: str
    amount: Decimal
    balance: Decimal
    time: datetime


class Transfer(NamedTuple):
    """Money that came into an account, left it or moved within it: `kind` says which.

    A transfer that was just made may have no id: not every exchange tells one.
    """

    id: str | None
    kind: TransferKind
    currency: str
    chain: str | None
    amount: Decimal
    fee: Decimal | None
    address: str | None
    memo: str | None
    hash: str | None
    status: TransferStatus
    exchange_status: str | None
    created: datetime | None = None
    updated: datetime | None = None


class Moved(NamedTuple):
    """Money that was moved, or a withdrawal that was ordered: the keys of `Transfer`, and how it
    came to be known as done; see `Placed`."""

    id: str | None
    kind: TransferKind
    currency: str
    chain: str | None
    amount: Decimal
    fee: Decimal | None
    address: str | None
    memo: str | None
    hash: str | None
    status: TransferStatus
    exchange_status: str | None
    created: datetime | None = None
    updated: datetime | None = None
    once: str | None = None
    replayed: bool = False
    evidence: Evidence = "reply"


class Address(NamedTuple):
    """Where one currency is deposited, on one chain."""

    currency: str
    address: str
    memo: str | None
    chain: str | None


class Position(NamedTuple):
    """One margin position. `amount` is in base currency, `unrealized_pnl` in quote currency."""

    symbol: str
    side: Literal["long", "short"] | None
    leverage: Decimal
    amount: Decimal
    entry_price: Decimal
    unrealized_pnl: Decimal
    liquidation_price: Decimal
    liquidation_rate: Decimal


class Limits(NamedTuple):
    """One limit of an exchange: what all processes of this machine have used of it in its window.

    `scope` is public or private on Dgtmarket, weight on DigiFinex; another one is there only
    when it is banned. `used` is not known for private calls without a key.
    """

    exchange: str
    scope: str
    used: int | None
    limit: int | None
    window_seconds: int | None
    banned_until: datetime | None


class Indicator(NamedTuple):
    """One of DigiFinex's risk indicators (FR, FW, CR) of a pair over the last 10 minutes."""

    symbol: str
    indicator: str
    value: Decimal
    threshold: Decimal
    orders: int


# What is never shown, and so is no contract with anybody.
NOT_SHOWN = (NewOrder, Snapshot, Sighting)
