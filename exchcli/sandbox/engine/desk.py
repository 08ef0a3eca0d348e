"""The desk of one exchange at one moment: where orders are placed, matched and canceled.

Everything that a desk does is one transaction of the store: it happens as a whole, and
whoever hears of it can rely on it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from hashlib import shake_128

from exchcli.sandbox.accounts import ensure
from exchcli.sandbox.catalog import DFX, DGT
from exchcli.sandbox.engine import margin, payments, rows, withdrawals
from exchcli.sandbox.engine.checks import NewOrder, check, check_value
from exchcli.sandbox.engine.conduct import Conduct
from exchcli.sandbox.engine.matching import Taking, Takings, other, takings
from exchcli.sandbox.engine.money import StoredLedger
from exchcli.sandbox.engine.passing import pass_time
from exchcli.sandbox.engine.pit import Pit
from exchcli.sandbox.engine.reasons import Reason, Refusal
from exchcli.sandbox.floor import Floor
from exchcli.sandbox.ledger import times
from exchcli.sandbox.overlaid import Users
from exchcli.sandbox.store import Store
from exchcli.sandbox.trading import (
    RANK_BITS,
    Fill,
    Order,
    Position,
    fill,
    fill_row,
    keep_hold,
    scaled,
)

__all__ = ["Desk", "NewOrder", "Reason", "Refusal", "advance", "trading"]

MICRO = 1_000_000
_FILL = f"INSERT INTO fills VALUES ({', '.join('?' * 12)})"  # noqa: S608


class Desk:
    """One exchange within one transaction. `time` is in microseconds since the epoch.

    All that places, changes or cancels raises Refusal where the exchange would refuse; then
    nothing of that call has happened.
    """

    def __init__(
        self, db: sqlite3.Connection, store: Store, floor: Floor, exchange: str, time: int
    ) -> None:
        """`db` is in a transaction, and `exchange` has its accounts."""
        self.db = db
        self.store = store
        self.floor = floor
        self.exchange = exchange
        self.house, self.advanced, self.activations = db.execute(
            "SELECT account, advanced, activations FROM accounts JOIN engine USING (exchange)"
            " WHERE exchange = ? AND number = -1",
            (exchange,),
        ).fetchone()
        self._activated = self.activations
        self.time = max(time, self.advanced * MICRO)
        self.ledger = StoredLedger(db, exchange, self.house)
        self.conduct = Conduct(db)
        self._pits: dict[str, Pit] = {}
        self._fills: list[Fill] = []
        self._newest_order = self._newest("orders")
        self._newest_fill = self._newest("fills")

    # --- what the adapters call ---------------------------------------------------------------

    def place(self, new: NewOrder) -> Order:
        """Checks, holds, matches; the order as it is after that. Raises Refusal."""
        pit = self.pit(new.symbol)
        new = check(new, pit.rules)
        order = self._numbered(new, pit)
        if order.stop is not None and not self._reached(pit, order):
            self._afford(order, order.needs())
            keep_hold(self.ledger, order)
            self._add(order)
            return order
        if order.rank is None:
            order.rank = order.id << RANK_BITS
        found = takings(self.db, pit, order, order.spend)
        self._afford_now(pit, order, found)
        if order.post_only and (found.parts or found.met_itself):
            order.status = "canceled"
            self._add(order)
            return order
        keep_hold(self.ledger, order)
        self._execute(pit, order, found)
        self._add(order)
        if found.parts and self.after_trade(pit, found.parts[-1].ticks):
            # What it left in the book may have been taken by a stop, or canceled.
            return self.order(order.code) or order
        return order

    def place_all(self, news: Sequence[NewOrder]) -> list[Order]:
        """One after another. After a Refusal the whole transaction must be given up."""
        return [self.place(new) for new in news]

    def cancel(self, account: int, code: str, wallet: str | None = None) -> Order:
        """Cancels an open order of this account; what it held is free again. Raises Refusal."""
        order = self.order(code)
        if order is None or order.account != account or wallet not in (None, order.wallet):
            raise Refusal(Reason.NO_ORDER, f"There is no order {code}.")
        if order.status != "open":
            raise Refusal(Reason.NOT_CANCELABLE, f"The order {code} is {order.status}.")
        self.end(order, "canceled")
        return order

    def close_position(self, account: int, symbol: str) -> Order:
        """Closes a margin position at market; the order that did. Raises Refusal.

        Orders of the account itself that stand in its way are canceled.
        """
        pit = self.pit(symbol)
        position = margin.position_of(self.db, account, pit.rules)
        if not position.amount:
            raise Refusal(Reason.NO_POSITION, f"There is no position in {symbol}.")
        order = self._closing(pit, position)
        while (found := takings(self.db, pit, order, None)).met_itself:
            self.end(rows.first_of(self.db, pit.rules, other(order.side), account), "canceled")
        self._execute(pit, order, found)
        self._add(order)
        if found.parts:
            self.after_trade(pit, found.parts[-1].ticks)
        return order

    def fund(self, account: int, currency: str, amount: Decimal) -> int:
        """A deposit that is done at once; its id."""
        return payments.fund(self, account, currency, amount)

    def transfer(
        self, account: int, currency: str, amount: Decimal, source: str, target: str
    ) -> int:
        """Between two wallets of an account; the transfer's id."""
        return payments.transfer(self, account, currency, amount, source, target)

    def withdraw(
        self,
        account: int,
        currency: str,
        amount: Decimal,
        address: str | None = None,
        chain: str = "",
        tag: str = "",
        *,
        internal: bool = False,
    ) -> int:
        """A withdrawal that is pending now; the payment's id."""
        return withdrawals.withdraw(
            self, account, currency, amount, address, chain, tag, internal=internal
        )

    def cancel_withdrawal(self, account: int, id_: int) -> int:
        """Takes a pending withdrawal back; its id."""
        return withdrawals.cancel_withdrawal(self, account, id_)

    # --- what the parts of the engine use ------------------------------------------------------

    def pit(self, symbol: str) -> Pit:
        """A pair at the desk's moment. Raises Refusal if there is no such pair."""
        if symbol not in self._pits:
            market = self.floor.market(self.exchange, symbol)
            if market is None:
                raise Refusal(Reason.NO_SYMBOL, f"There is no pair {symbol}.")
            users = Users(self.store, self.exchange, symbol)
            self._pits[symbol] = Pit(self.db, market, users, self.time // MICRO)
        pit = self._pits[symbol]
        pit.now = self.time // MICRO
        return pit

    def order(self, code: str) -> Order | None:
        """The order of this code, whoever placed it."""
        row = rows.by_code(self.db, self.exchange, code)
        return None if row is None else rows.loaded(row, self.pit(rows.symbol_of(row)).rules)

    def end(self, order: Order, status: str) -> None:
        """Ends an order that is in the store, and gives back what it held."""
        order.status, order.updated = status, self.time
        keep_hold(self.ledger, order)
        rows.update(self.db, order)
        self.conduct.ended(order)

    def give(self, pit: Pit, maker: Order, ticks: int, units: int) -> None:
        """Fills a part of a resting order, at its own price."""
        self._fill(maker, pit.price(ticks), pit.amount(units), maker=True)
        if maker.filled == maker.amount:
            self.end(maker, "filled")
        else:
            rows.update(self.db, maker)

    def after_trade(self, pit: Pit, last: int) -> bool:
        """What a new last price (ticks) brings about: positions are liquidated, and the stops
        that it reached become active, the nearest first, each like a new order. Whether there
        was any of them.
        """
        changed = margin.liquidate_crossed(self, pit.rules, pit.price(last))
        while (order := self._next_stop(pit, last)) is not None:
            self.activations += 1
            order.rank = (self._newest_order << RANK_BITS) + self.activations
            budget = order.held if order.buys and order.price is None else None
            found = takings(self.db, pit, order, budget)
            self._execute(pit, order, found)
            rows.update(self.db, order)
            if found.parts:
                last = found.parts[-1].ticks
                margin.liquidate_crossed(self, pit.rules, pit.price(last))
            changed = True
        return changed

    def liquidate(self, position: Position, price: Decimal) -> None:
        """The house takes all of a margin position over, at this price."""
        order = self._closing(self.pit(position.rules.symbol), position)
        assert order.amount is not None
        self._fill(order, price, order.amount, maker=False)
        order.status = "filled"
        self._add(order)

    def liquidation_bounds(self, pit: Pit) -> tuple[int | None, int | None]:
        """The last prices at or below, and at or above which a position is liquidated."""
        if self.exchange != DFX:
            return None, None
        low, high = margin.bounds(self.db, pit.rules)
        return (
            None if low is None else pit.ticks(low, ROUND_FLOOR),
            None if high is None else pit.ticks(high, ROUND_CEILING),
        )

    def flush(self) -> None:
        """Writes what was only remembered so far."""
        for pit in self._pits.values():
            pit.flush()
        if self._fills:
            self.db.executemany(_FILL, [fill_row(self.exchange, each) for each in self._fills])
            self._fills.clear()
        self.ledger.flush()
        self.conduct.flush(self.time)
        if self.activations != self._activated:
            self.db.execute(
                "UPDATE engine SET activations = ? WHERE exchange = ?",
                (self.activations, self.exchange),
            )
            self._activated = self.activations

    # --- placing -------------------------------------------------------------------------------

    def _numbered(self, new: NewOrder, pit: Pit) -> Order:
        self._newest_order += 1
        number = self._newest_order
        return Order(
            number,
            new.account,
            pit.rules,
            new.side,
            self.time,
            amount=new.amount,
            price=new.price,
            spend=new.spend,
            stop=new.stop,
            post_only=new.post_only,
            wallet=new.wallet,
            code=self._code(number),
        )

    def _closing(self, pit: Pit, position: Position) -> Order:
        """A market order against all of a position."""
        side = "sell" if position.side == "long" else "buy"
        symbol = position.rules.symbol
        new = NewOrder(position.account, symbol, side, position.amount, wallet="margin")
        return self._numbered(new, pit)

    def _code(self, number: int) -> str:
        """What users call an order."""
        if self.exchange == DGT:
            return str(number)
        name = f"{self.store.stored_seed}:{self.exchange}:order:{number}"
        return shake_128(name.encode()).hexdigest(16)

    def _add(self, order: Order) -> None:
        rows.insert(self.db, order)
        self.conduct.placed(order)
        self.conduct.ended(order)

    def _reached(self, pit: Pit, order: Order) -> bool:
        """Whether the last price is at or beyond the stop already."""
        assert order.stop is not None
        stop = scaled(order.stop, pit.rules.price_precision)
        return pit.last >= stop if order.buys else pit.last <= stop

    def _afford(self, order: Order, needed: Decimal) -> None:
        if self.ledger.free(order.pays_from) < needed:
            _, wallet, currency = order.pays_from
            raise Refusal(
                Reason.NO_FUNDS, f"There is less than {needed:f} {currency} free ({wallet})."
            )

    def _afford_now(self, pit: Pit, order: Order, found: Takings) -> None:
        """The funds of an order that is active: of a market order for what it can take."""
        if order.price is None and order.amount is not None and found.parts:
            check_value(times(pit.price(found.parts[0].ticks), order.amount), pit.rules)
        if order.wallet == "margin":
            takes = [
                margin.Take(pit.price(part.ticks), pit.amount(part.units)) for part in found.parts
            ]
            rests = order.price is not None and not found.met_itself
            margin.afford(self, order, takes, rests=rests)
        elif order.price is not None:
            self._afford(order, order.needs())
        elif order.spend is not None:
            self._afford(order, order.spend)
        else:
            assert order.amount is not None
            self._afford(order, found.cost(pit) if order.buys else order.amount)

    # --- matching ------------------------------------------------------------------------------

    def _execute(self, pit: Pit, order: Order, found: Takings) -> None:
        """Trades all that was found, and says what has become of the order."""
        for part in found.parts:
            self._trade(pit, order, part)
        if order.filled == order.amount or (order.spend is not None and found.sated):
            order.status = "filled"
        elif order.price is None or found.met_itself:
            order.status = "canceled"
        order.updated = self.time
        keep_hold(self.ledger, order)

    def _trade(self, pit: Pit, order: Order, part: Taking) -> None:
        price, amount = pit.price(part.ticks), pit.amount(part.units)
        self._fill(order, price, amount, maker=False)
        if part.maker is not None:
            self.give(pit, part.maker, part.ticks, part.units)
        else:
            pit.eat("sell" if order.buys else "buy", part.ticks, part.units)
        pit.print(order.buys, part.ticks, part.units)

    def _fill(self, order: Order, price: Decimal, amount: Decimal, *, maker: bool) -> None:
        id_ = self._newest_fill + 1
        if order.wallet == "margin":
            made = margin.trade(
                self.db, self.ledger, order, id_, price, amount, self.time, maker=maker
            )
        else:
            made = [fill(self.ledger, order, id_, price, amount, self.time, maker=maker)]
        self._newest_fill += len(made)
        self._fills += made
        self.conduct.filled(order, amount)

    def _next_stop(self, pit: Pit, last: int) -> Order | None:
        return rows.first_waiting(self.db, pit.rules, "rise", last) or rows.first_waiting(
            self.db, pit.rules, "fall", -last
        )

    def _newest(self, table: str) -> int:
        # The table's name is one of this class.
        query = f"SELECT id FROM {table} WHERE exchange = ? ORDER BY id DESC LIMIT 1"  # noqa: S608
        row = self.db.execute(query, (self.exchange,)).fetchone()
        return int(row[0]) if row else 0


@contextmanager
def trading(store: Store, floor: Floor, exchange: str, time: int) -> Iterator[Desk]:
    """A desk at `time` (nanoseconds since the epoch), after time has passed for the exchange.

    What the block does happens as one transaction when it ends, and not at all after any
    exception.
    """
    advance(store, floor, exchange, time)
    with store.writing() as db:
        floor.refresh()
        desk = Desk(db, store, floor, exchange, time // 1000)
        yield desk
        desk.flush()


def advance(store: Store, floor: Floor, exchange: str, time: int) -> None:
    """Lets time pass up to `time` (nanoseconds): what became of orders meanwhile, and payments.

    Whatever happens in it is one transaction. It is done once for each second.
    """
    second = time // 1_000_000_000
    ensure(store, exchange)
    ((advanced,),) = store.rows("SELECT advanced FROM engine WHERE exchange = ?", exchange)
    if second <= advanced:
        return
    with store.writing() as db:
        floor.refresh()
        desk = Desk(db, store, floor, exchange, 0)
        if second > desk.advanced:
            pass_time(desk, second)
            desk.flush()
            db.execute("UPDATE engine SET advanced = ? WHERE exchange = ?", (second, exchange))
