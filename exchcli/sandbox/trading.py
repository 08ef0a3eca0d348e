"""What orders do to balances: what they hold, and what a fill moves.

Whoever receives pays the fee, out of what is received: a buyer in base currency, a seller
in quote. On margin only the quote currency moves: fees, and the profit or loss of what is
closed; the amount itself is a position.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from exchcli.sandbox.catalog import Rules
from exchcli.sandbox.ledger import (
    UNIT,
    Ledger,
    Place,
    down,
    minus,
    over,
    plus,
    shifted,
    text,
    times,
    up,
)

# What the maker and the taker pay, as a part of what they receive.
FEES = {
    "dgt": (Decimal("0.002"), Decimal("0.003")),
    "dfx": (Decimal("0.001"), Decimal("0.002")),
}
LEVERAGE = Decimal(3)
ZERO, ONE = Decimal(0), Decimal(1)
# An order's rank is its id with so many bits behind it, for the stops that become active
# between it and the next.
RANK_BITS = 32


class Fill(NamedTuple):
    """One trade of an order; `time` in microseconds. `fee` is in `fee_currency`."""

    id: int
    order: int
    account: int
    price: Decimal
    amount: Decimal
    cost: Decimal
    fee: Decimal
    fee_currency: str
    fee_rate: Decimal
    maker: bool
    time: int
    wallet: str
    symbol: str


class Order:
    """An order and its state; the attributes are the columns of `orders`."""

    def __init__(
        self,
        id_: int,
        account: int,
        rules: Rules,
        side: str,
        created: int,
        *,
        amount: Decimal | None = None,
        price: Decimal | None = None,
        spend: Decimal | None = None,
        stop: Decimal | None = None,
        post_only: bool = False,
        wallet: str = "spot",
        code: str = "",
    ) -> None:
        """A limit order has amount and price; a market order one of amount and spend (quote).

        With a `stop` it waits until `rank` is set: then it is active.
        """
        self.id = id_
        self.code = code
        self.account = account
        self.rules = rules
        self.wallet = wallet
        self.side = side
        self.price = price
        self.stop = stop
        self.amount = amount
        self.spend = spend
        self.post_only = post_only
        self.status = "open"
        self.filled = self.cost = self.held = ZERO
        self.created = self.updated = created
        self.rank = None if stop is not None else id_ << RANK_BITS

    @property
    def waits(self) -> bool:
        """For its stop."""
        return self.rank is None and self.status == "open"

    @property
    def buys(self) -> bool:
        return self.side == "buy"

    @property
    def pays_from(self) -> Place:
        """The balance that this order holds a part of."""
        currency = self.rules.base if self.wallet == "spot" and not self.buys else self.rules.quote
        return self.account, self.wallet, currency

    def needs(self) -> Decimal:
        """What it has to hold now. Market orders are over at once, and hold nothing, unless they
        wait for their stop: what that price would take.
        """
        price = self.stop if self.price is None and self.waits else self.price
        if self.status != "open" or self.amount is None or price is None:
            return ZERO
        rest = minus(self.amount, self.filled)
        if self.wallet == "margin":
            return own_part(times(rest, price))
        return up(times(rest, price)) if self.buys else rest


class Position:
    """An open margin position; `cost` is what its amount was bought, or sold short, for."""

    def __init__(self, account: int, rules: Rules, side: str) -> None:
        self.account = account
        self.rules = rules
        self.side = side
        self.amount = self.cost = self.held = ZERO

    @property
    def place(self) -> Place:
        return self.account, "margin", self.rules.quote


def own_part(cost: Decimal) -> Decimal:
    """What of a position's cost has to be the account's own money."""
    return up(over(cost, LEVERAGE))


def keep_hold(ledger: Ledger, order: Order) -> None:
    """Brings what an order holds in line with its state."""
    _hold(ledger, order, order.needs())


def _let_go(ledger: Ledger, order: Order) -> None:
    """Gives back what it holds beyond that; what has been placed just now holds nothing yet."""
    _hold(ledger, order, min(order.needs(), order.held))


def _hold(ledger: Ledger, order: Order, needs: Decimal) -> None:
    ledger.hold(order.pays_from, minus(needs, order.held))
    order.held = needs


def fill(
    ledger: Ledger,
    order: Order,
    id_: int,
    price: Decimal,
    amount: Decimal,
    time: int,
    *,
    maker: bool,
    position: Position | None = None,
    partner: int | None = None,
    settled: bool = False,
) -> Fill:
    """One trade of an order: its state, the balances and the hold after it.

    `position` is that of a margin order. A spot order trades with the account `partner`, or
    with the house; `settled` says that its partner's fill has moved what was traded already.
    The order is left open: whoever knows that it is over, or rests, says so by keep_hold().
    """
    rules = order.rules
    rate = FEES[rules.exchange][0 if maker else 1]
    cost = down(times(price, amount))
    order.filled = plus(order.filled, amount)
    order.cost = plus(order.cost, cost)
    order.updated = time
    # First it gives back what it held for this: that is what pays.
    _let_go(ledger, order)
    if position is not None:
        fee, currency = up(times(cost, rate)), rules.quote
        fee = _fill_margin(ledger, order, position, amount, cost, fee, time)
    else:
        received, currency = (amount, rules.base) if order.buys else (cost, rules.quote)
        # Of what is finer than a UNIT the fee is too: nobody pays more than he receives.
        finest = rules.amount_precision if order.buys else 0
        fee = min(up(times(received, rate), min(UNIT, shifted(ONE, -finest))), received)
        place = order.account, "spot", currency
        deed = 0 if settled else _swap(ledger, order, amount, cost, time, partner)
        ledger.move("fee", place, ledger.house("fees", currency), fee, time, deed)
    return Fill(
        id_, order.id, order.account, price, amount, cost, fee, currency, rate, maker, time,
        order.wallet, rules.symbol,
    )  # fmt: skip


def _swap(
    ledger: Ledger, order: Order, amount: Decimal, cost: Decimal, time: int, partner: int | None
) -> int:
    """Base currency against quote, with the account `partner` or the house; the deed."""
    rules = order.rules
    base, quote = (rules.base, amount), (rules.quote, cost)
    gives, takes = (quote, base) if order.buys else (base, quote)
    deed = 0
    for (currency, moved), away in ((gives, True), (takes, False)):
        own = order.account, "spot", currency
        other = ledger.house("market", currency) if partner is None else (partner, "spot", currency)
        source, target = (own, other) if away else (other, own)
        deed = ledger.move("trade", source, target, moved, time, deed)
    return deed


def _fill_margin(
    ledger: Ledger,
    order: Order,
    position: Position,
    amount: Decimal,
    cost: Decimal,
    fee: Decimal,
    time: int,
) -> Decimal:
    """Opens or closes a part of the position; a fill that would turn it around comes as two.

    Nothing is taken beyond what is free in the wallet, or given for what is not. What is missing
    then, after prices that jumped, is missing at the position's own part, or else lost by the
    house. Returns the fee.
    """
    place, profit = position.place, ZERO
    if not position.amount:
        position.side = "long" if order.buys else "short"
    if order.buys == (position.side == "long"):
        position.amount = plus(position.amount, amount)
        position.cost = plus(position.cost, cost)
    else:
        part = down(over(times(position.cost, amount), position.amount))
        profit = minus(cost, part) if position.side == "long" else minus(part, cost)
        position.amount = minus(position.amount, amount)
        position.cost = minus(position.cost, part)
        _keep_own(ledger, position, position.held)
    market, fees = (ledger.house(wallet, order.rules.quote) for wallet in ("market", "fees"))
    deed = 0
    if profit > 0:
        deed = ledger.move("profit", market, place, profit, time)
    if fee := min(fee, _spare(ledger, place)):
        deed = ledger.move("fee", place, fees, fee, time, deed)
    if loss := min(max(minus(ZERO, profit), ZERO), _spare(ledger, place)):
        ledger.move("profit", place, market, loss, time, deed)
    _keep_own(ledger, position, plus(position.held, _spare(ledger, place)))
    return fee


def _spare(ledger: Ledger, place: Place) -> Decimal:
    """What is free, and never less than nothing: a fee below that would be a gift."""
    return max(ZERO, ledger.free(place))


def _keep_own(ledger: Ledger, position: Position, most: Decimal) -> None:
    """Brings what a position holds in line with its cost, but holds no more than `most`."""
    needs = min(own_part(position.cost), most)
    ledger.hold(position.place, minus(needs, position.held))
    position.held = needs


def scaled(number: Decimal, precision: int) -> int:
    """An amount in units, a price in ticks; it is no finer than that."""
    return int(shifted(number, precision))


def standing(order: Order) -> tuple[object, ...]:
    """The last four columns of `orders`: stands, place, rank, rest."""
    price = order.stop if order.waits else order.price
    if order.status != "open" or price is None or order.amount is None:
        return None, None, None, None
    rules = order.rules
    place = scaled(price, rules.price_precision)
    rest = scaled(minus(order.amount, order.filled), rules.amount_precision)
    if order.waits:
        return ("rise", place, None, rest) if order.buys else ("fall", -place, None, rest)
    return order.side, -place if order.buys else place, order.rank, rest


def order_row(order: Order, code: str) -> tuple[object, ...]:
    """A row of `orders`; users see the id as `code`."""
    numbers = (order.price, order.stop, order.amount, order.spend)
    return (
        order.rules.exchange, order.id, code, order.account, order.wallet, order.rules.symbol,
        order.side, *(None if number is None else text(number) for number in numbers),
        int(order.post_only), order.status, text(order.filled), text(order.cost),
        text(order.held), order.created, order.updated, *standing(order),
    )  # fmt: skip


def fill_row(exchange: str, fill: Fill) -> tuple[object, ...]:
    """A row of `fills`."""
    return (
        exchange, fill.id, fill.order, fill.account, text(fill.price), text(fill.amount),
        text(fill.cost), text(fill.fee), fill.fee_currency, text(fill.fee_rate),
        int(fill.maker), fill.time, fill.wallet, fill.symbol,
    )  # fmt: skip


def position_row(position: Position) -> tuple[object, ...]:
    """A row of `positions`."""
    return (
        position.account, position.rules.symbol, position.side, text(LEVERAGE),
        text(position.amount), text(position.cost), text(position.held),
    )  # fmt: skip
