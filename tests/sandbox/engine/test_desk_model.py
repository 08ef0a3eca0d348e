"""Random trading by several accounts: the books are right, and every match is the one that a
second, simpler matching of plain lists finds."""

from __future__ import annotations

import shutil
from decimal import Decimal
from itertools import count
from typing import Any, NamedTuple

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from trading_floor import Audit, TradingFloor, prepared

from exchcli.sandbox.engine.desk import Refusal
from exchcli.sandbox.overlaid import REFILL

_folders = count()
ACCOUNTS = st.integers(0, 2)
SIDES = st.sampled_from(["buy", "sell"])
UNITS = st.sampled_from([1, 2, 3, 7, 20, 90])
OFFSETS = st.integers(-6, 6)


class Resting(NamedTuple):
    """An order of the simple book; `turn` is when it came."""

    id: int
    account: int
    buys: bool
    ticks: int
    turn: int


class Expected(NamedTuple):
    """A trade: ticks, units, and the maker's id, 0 for a simulated order."""

    ticks: int
    units: int
    maker: int


class Simple:
    """The users' book as a list, and the simulated one as it is shown."""

    def __init__(self, floor: TradingFloor, symbol: str) -> None:
        self._floor = floor
        self.symbol = symbol
        self.precision = floor.market(symbol).rules.amount_precision
        self.ticks_precision = floor.market(symbol).rules.price_precision

    def open(self) -> list[tuple[Any, ...]]:
        """Of the store: id, account, side, ticks, units left, rank."""
        rows = self._floor.store.select(
            "SELECT id, account, side, price, amount, filled, rank FROM orders"
            " WHERE symbol = ? AND status = 'open' AND rank IS NOT NULL", self.symbol,
        )  # fmt: skip
        return [
            (id_, account, side, self.ticks(price), self.units(amount) - self.units(filled), rank)
            for id_, account, side, price, amount, filled, rank in rows
        ]

    def units(self, amount: Any) -> int:
        return int(Decimal(amount).scaleb(self.precision))

    def ticks(self, price: Any) -> int:
        return int(Decimal(price).scaleb(self.ticks_precision))

    def simulated(self, side: str) -> list[tuple[int, int]]:
        """Ticks and units of what is left of one side's simulated orders."""
        now = self._floor.seconds()
        book = self._floor.market(self.symbol).offered(now)
        gone: dict[int, int] = {}
        for place, amount in self._floor.store.select(
            "SELECT abs(place), amount FROM eaten WHERE symbol = ? AND stands = ? AND time > ?",
            self.symbol, side, now - REFILL,
        ):  # fmt: skip
            gone[place] = gone.get(place, 0) + amount
        levels = book.bids if side == "buy" else book.asks
        # The market may offer less by now than was taken: then nothing is left.
        return [(ticks, max(0, units - gone.get(ticks, 0))) for ticks, units in levels]

    def matches(self, account: int, side: str, units: int, limit: int | None) -> list[Expected]:
        """What an order should take now, by a look at everything that stands there."""
        way = 1 if side == "buy" else -1
        other = "sell" if side == "buy" else "buy"
        offers = [
            (way * ticks, 0, rank, ticks, left, id_, owner)
            for id_, owner, stands, ticks, left, rank in self.open()
            if stands == other
        ]
        offers += [
            (way * ticks, 1, 0, ticks, left, 0, 0) for ticks, left in self.simulated(other) if left
        ]
        found = []
        for _, _, _, ticks, left, id_, owner in sorted(offers):
            if not units or (limit is not None and way * ticks > way * limit) or owner == account:
                break
            found.append(Expected(ticks, min(units, left), id_))
            units -= found[-1].units
        return found


class Trading(RuleBasedStateMachine):
    """`file` is a store in which nobody has done anything yet."""

    file: Any
    folder: Any
    exchange = "dfx"
    symbol = "BTC_USDT"

    @initialize(wallets=st.sampled_from(["rich", "poor"]))
    def open(self, wallets):
        self.floor = TradingFloor(
            self.folder / f"store-{next(_folders)}", self.exchange, file=self.file
        )
        self.simple = Simple(self.floor, self.symbol)
        self.audit = Audit(self.floor)
        rules = self.floor.market(self.symbol).rules
        for account in range(3):
            much = {"rich": ("100", "1000000"), "poor": ("0.05", "300")}[wallets]
            self.floor.fund(account, **{rules.base: much[0], rules.quote: much[1]})
            if self.exchange == "dfx":
                with self.floor.desk() as desk:
                    half = Decimal(much[1]) / 2
                    desk.transfer(self.floor.account(account), rules.quote, half, "spot", "margin")
        self.placed = []

    def teardown(self):
        if hasattr(self, "floor"):
            self.floor.close()
            shutil.rmtree(self.floor.folder)

    def price(self, offset):
        """Around the simulated touch, on a coarse grid, so that prices meet."""
        book = self.floor.market(self.symbol).offered(self.floor.seconds(), 1)
        middle = (book.bids[0].price + book.asks[0].price) // 2
        grid = {"dfx": 20, "dgt": 200}[self.exchange]
        return Decimal((middle // grid + offset) * grid).scaleb(-self.simple.ticks_precision)

    def amount(self, units):
        rules = self.floor.market(self.symbol).rules
        return Decimal(units) * max(Decimal(rules.min_amount), Decimal("0.002"))

    @rule(account=ACCOUNTS, side=SIDES, units=UNITS, offset=OFFSETS, post_only=st.booleans(),
          wallet=st.sampled_from(["spot", "spot", "margin"]))  # fmt: skip
    def limit(self, account, side, units, offset, post_only, wallet):
        self.act(account, side, units, self.price(offset), post_only=post_only and units > 5,
                 wallet=wallet if self.exchange == "dfx" else "spot")  # fmt: skip

    @rule(account=ACCOUNTS, side=SIDES, units=UNITS)
    def market(self, account, side, units):
        self.act(account, side, units, None)

    @rule(account=ACCOUNTS, spend=st.sampled_from(["20", "99.99999999", "2500"]))
    def spend(self, account, spend):
        self.attempt(account, "buy", None, None, spend=spend)

    @rule(account=ACCOUNTS, side=SIDES, units=UNITS, offset=OFFSETS, slip=OFFSETS,
          limited=st.booleans())  # fmt: skip
    def stop(self, account, side, units, offset, slip, limited):
        price = self.price(offset + slip) if limited else None
        self.attempt(account, side, self.amount(units), price, stop=self.price(offset))

    @rule(pick=st.integers(0, 10**6))
    def cancel(self, pick):
        orders = self.audit.open_orders()
        if orders:
            order = orders[pick % len(orders)]
            done = self.floor.cancel(order.account - self.floor.account(0), order)
            assert done.status == "canceled"
            assert self.floor.order(order).held == 0

    @rule(seconds=st.sampled_from([1, 3, 17, 60, 900, 86400]))
    def wait(self, seconds):
        self.floor.wait(seconds)

    @rule(account=ACCOUNTS)
    def close(self, account):
        try:
            with self.floor.desk() as desk:
                desk.close_position(self.floor.account(account), self.symbol)
        except Refusal:
            pass

    def act(self, account, side, units, price, **more):
        """Places an order, and compares what it took with what the simple book says."""
        amount = self.amount(units)
        limit = None if price is None else self.simple.ticks(price)
        self.floor.wait(0)
        owner = self.floor.account(account)
        expected = self.simple.matches(owner, side, self.simple.units(amount), limit)
        stops = self.waiting()
        order = self.attempt(account, side, amount, price, **more)
        if order is None:
            return
        found = self.taken(order)
        if more.get("post_only"):
            assert not found
            assert not expected or order.status == "canceled"
            return
        assert found[: len(expected)] == expected
        # More than that only if what was left of it has been taken by a stop.
        assert len(found) == len(expected) or stops != self.waiting()

    def attempt(self, account, side, amount, price, **more):
        try:
            order = self.floor.place(account, self.symbol, side, amount, price, **more)
        except Refusal:
            return None
        self.placed.append(order.code)
        return order

    def waiting(self):
        return self.floor.store.select("SELECT id FROM orders WHERE stands IN ('rise', 'fall')")

    def taken(self, order):
        """The trades in which an order was the taker, with the makers that stood there."""
        rows = self.floor.store.select(
            'SELECT "order", price, amount, maker FROM fills WHERE id >='
            ' (SELECT min(id) FROM fills WHERE "order" = ?) ORDER BY id',
            order.id,
        )
        found: list[Expected] = []
        for id_, price, amount, maker in rows:
            ticks, units = self.simple.ticks(price), self.simple.units(amount)
            same = bool(found) and found[-1].ticks == ticks and not found[-1].maker
            if maker and same:
                found[-1] = found[-1]._replace(maker=id_)
            elif not maker and id_ == order.id:
                # Two of one price are one trade, which turned a position around.
                found.append(Expected(ticks, units + (found.pop().units if same else 0), 0))
            elif not maker:
                break  # by now a stop or a liquidation, which came of it
        return found

    @invariant()
    def the_books_are_right(self):
        if hasattr(self, "floor"):
            self.audit.check()

    @invariant()
    def no_order_is_lost(self):
        if hasattr(self, "floor"):
            known = self.floor.store.select("SELECT code FROM orders WHERE status != ''")
            assert {code for (code,) in known} >= set(self.placed)


@pytest.fixture(scope="module", params=[("dfx", "BTC_USDT"), ("dgt", "BTCPLN")], ids=str)
def machine(request, tmp_path_factory):
    exchange, symbol = request.param
    folder = tmp_path_factory.mktemp("model")
    file = prepared(folder / "prepared", exchange)
    members = {"exchange": exchange, "symbol": symbol, "file": file, "folder": folder}
    return type("Machine", (Trading,), members)


def test_whatever_is_traded_no_money_is_lost_and_every_match_is_the_right_one(machine):
    few = settings(max_examples=40, stateful_step_count=25, deadline=None)
    run_state_machine_as_test(machine, settings=few)
