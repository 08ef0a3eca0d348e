"""A history of one exchange, played in the order of its times into rows for the store."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from hashlib import shake_128
from typing import NamedTuple

from exchcli.sandbox.catalog import SIMULATIONS
from exchcli.sandbox.ledger import Ledger, Place, text
from exchcli.sandbox.market import simulated_market
from exchcli.sandbox.noise import Noise
from exchcli.sandbox.plans import MICRO, Plan, Planner, Trade
from exchcli.sandbox.trading import (
    RANK_BITS,
    Fill,
    Order,
    Position,
    fill,
    fill_row,
    keep_hold,
    order_row,
    position_row,
)

Rows = list[tuple[object, ...]]
_SETTLED_AFTER = 3600
# What is not over when the exchange opens stands still for so long, to be looked at.
_STANDS = 600


class Payment(NamedTuple):
    """A deposit or a withdrawal, `ago` seconds before the opening. Its `status` is that of today;
    one that is over was so an hour later."""

    kind: str
    currency: str
    amount: str
    ago: int
    fee: str = "0"
    chain: str = ""
    status: str = "done"


class Newest(NamedTuple):
    """The ids that the exchange is at when it opens."""

    order: int
    fill: int
    payment: int


class Story:
    """What happens is put down with its time, in any order, and then played."""

    def __init__(self, exchange: str, house: int, seed: int, opened: int, newest: Newest) -> None:
        self.exchange = exchange
        self.opened = opened
        self._seed = seed
        self._newest = newest
        self._ledger = Ledger(exchange, house)
        self._script: list[tuple[int, Callable[[], None]]] = []
        self._orders: list[Order] = []
        self._fills: list[Fill] = []
        self._positions: dict[tuple[int, str], Position] = {}
        self._payments: list[tuple[int, Payment, int, int]] = []
        self._transfers: Rows = []

    def planner(self, symbol: str) -> Planner:
        market = simulated_market(SIMULATIONS[self.exchange, symbol], self._seed, self.opened)
        noise = Noise(self._seed, f"{self.exchange}:{symbol}:demo")
        return Planner(market, noise, self.opened)

    def order(self, account: int, plan: Plan) -> None:
        """An order and all that became of it."""
        placed: list[Order] = []
        self._at(plan.created, lambda: placed.append(self._place(account, plan)))
        for trade in plan.trades:
            self._at(trade.time, partial(self._trade, placed, trade))
        if plan.ends != "open":
            self._at(plan.ended, lambda: self._end(placed[0], plan))

    def pay(self, account: int, payment: Payment) -> None:
        """A deposit counts when it is done; what a withdrawal takes is held from its beginning."""
        over = payment.status in ("done", "canceled")
        created = self._moment(payment.ago)
        settled = created + _SETTLED_AFTER * MICRO + 1234 if over else created
        self._at(created, lambda: self._payments.append((account, payment, created, settled)))
        place = (account, "spot", payment.currency)
        outside = self._ledger.house("outside", payment.currency)
        whole = Decimal(payment.amount) + Decimal(payment.fee)
        if payment.kind == "withdrawal":
            self._at(created, lambda: self._ledger.hold(place, whole))
            if over:
                self._at(settled, lambda: self._ledger.hold(place, -whole))
            source, target = place, outside
        else:
            source, target = outside, place
        if payment.status == "done":
            self._at(settled, lambda: self._settle(payment, source, target, settled))

    def transfer(
        self, account: int, currency: str, amount: str, ago: int, source: str, target: str
    ) -> None:
        """Between two wallets of one account."""
        time, moved = self._moment(ago), Decimal(amount)

        def move() -> None:
            places = (account, source, currency), (account, target, currency)
            self._ledger.move("transfer", *places, moved, time)
            number = len(self._transfers) + 1
            self._transfers.append(
                (self.exchange, number, account, currency, text(moved), source, target, time)
            )

        self._at(time, move)

    def rows(self) -> list[tuple[str, Rows]]:
        """All that has happened, table by table, in an order that keeps references whole."""
        for _, action in sorted(self._script, key=lambda each: each[0]):
            action()
        before = Newest(
            self._newest.order - len(self._orders),
            self._newest.fill - len(self._fills),
            self._newest.payment - len(self._payments),
        )
        return [
            ("balances", self._ledger.balance_rows()),
            ("entries", self._ledger.entries),
            ("orders", [self._order_row(each, before.order) for each in self._orders]),
            ("fills", [self._fill_row(each, before) for each in self._fills]),
            ("positions", [position_row(each) for each in self._positions.values() if each.amount]),
            (
                "payments",
                [
                    self._payment_row(before.payment + number, *each)
                    for number, each in enumerate(self._payments, 1)
                ],
            ),
            ("transfers", self._transfers),
        ]

    def _at(self, time: int, action: Callable[[], None]) -> None:
        self._script.append((time, action))

    def _moment(self, ago: int) -> int:
        return (self.opened - ago) * MICRO + 345_678

    def _place(self, account: int, plan: Plan) -> Order:
        order = Order(
            len(self._orders) + 1,
            account,
            plan.rules,
            plan.side,
            plan.created,
            amount=plan.amount,
            price=plan.price,
            spend=plan.spend,
            stop=plan.stop,
            post_only=plan.post_only,
            wallet=plan.wallet,
        )
        self._orders.append(order)
        keep_hold(self._ledger, order)
        return order

    def _trade(self, placed: list[Order], trade: Trade) -> None:
        (order,) = placed
        number = len(self._fills) + 1
        self._fills.append(
            fill(
                self._ledger,
                order,
                number,
                trade.price,
                trade.amount,
                trade.time,
                maker=trade.maker,
                position=self._position(order),
            )
        )

    def _position(self, order: Order) -> Position | None:
        if order.wallet == "spot":
            return None
        place = order.account, order.rules.symbol
        return self._positions.setdefault(place, Position(order.account, order.rules, "long"))

    def _end(self, order: Order, plan: Plan) -> None:
        order.status, order.updated = plan.ends, plan.ended
        keep_hold(self._ledger, order)

    def _settle(self, payment: Payment, source: Place, target: Place, time: int) -> None:
        deed = self._ledger.move(payment.kind, source, target, Decimal(payment.amount), time)
        if fee := Decimal(payment.fee):
            fees = self._ledger.house("fees", payment.currency)
            self._ledger.move("fee", source, fees, fee, time, deed)

    def _order_row(self, order: Order, before: int) -> tuple[object, ...]:
        order.id += before
        order.rank = None if order.waits else order.id << RANK_BITS
        code = str(order.id) if self.exchange == "dgt" else self._hex("order", order.id, 16)
        return order_row(order, code)

    def _fill_row(self, each: Fill, before: Newest) -> tuple[object, ...]:
        moved = each._replace(id=each.id + before.fill, order=each.order + before.order)
        return fill_row(self.exchange, moved)

    def _payment_row(
        self, number: int, account: int, payment: Payment, created: int, settled: int
    ) -> tuple[object, ...]:
        kind, currency, amount, _, fee, chain, status = payment
        over = status in ("done", "canceled")
        whose = "someone" if kind == "withdrawal" else f"demo-{account}"
        return (
            self.exchange, number, account, kind, currency, chain, amount, fee,
            address(self.exchange, whose, currency, chain), tag(currency, account),
            self._hex("hash", number, 32), status, created, settled,
            "", None if over else (self.opened + _STANDS) * MICRO,
        )  # fmt: skip

    def _hex(self, what: str, number: int, size: int) -> str:
        return shake_128(f"{self._seed}:{self.exchange}:{what}:{number}".encode()).hexdigest(size)


def address(exchange: str, whose: str, currency: str, chain: str) -> str:
    """An address that no wallet takes for one: nothing can be sent there by mistake."""
    parts = ["sandbox", exchange, whose, currency.lower(), *([chain.lower()] if chain else [])]
    return "-".join(parts)


def tag(currency: str, account: int) -> str:
    """Currencies whose exchanges share one address tell accounts apart by a tag."""
    return f"1000{account}" if currency in ("XRP", "EOS") else ""
