"""One exchange within one transaction: orders trade, and what comes of it is written.

What it has read it remembers, and may be used for the next transaction as long as nobody
else has written to the store.
"""

from __future__ import annotations

import sqlite3
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from hashlib import shake_128

from exchcli.sandbox.catalog import DFX, DGT
from exchcli.sandbox.engine import margin, rows
from exchcli.sandbox.engine.checks import NewOrder
from exchcli.sandbox.engine.conduct import Conduct
from exchcli.sandbox.engine.matching import Taking, Takings, takings
from exchcli.sandbox.engine.money import StoredLedger
from exchcli.sandbox.engine.pit import Pit, Run
from exchcli.sandbox.engine.reasons import Reason, Refusal
from exchcli.sandbox.floor import Floor
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
)

MICRO = 1_000_000
_FILL = f"INSERT INTO fills VALUES ({', '.join('?' * 14)})"  # noqa: S608


class Engine:
    """`time` is in microseconds since the epoch; it never goes back."""

    def __init__(
        self, db: sqlite3.Connection, store: Store, floor: Floor, exchange: str, time: int = 0
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
        self.ledger = StoredLedger(db, exchange, self.house)
        self._pits: dict[str, Pit] = {}
        self._fills: list[Fill] = []
        self._newest_order = self._newest("orders")
        self._newest_fill = self._newest("fills")
        self._latest = max(self._newest("entries", "time"), self._newest("orders", "created"))
        self.begin(time)

    def begin(self, time: int) -> None:
        """A transaction begins, at this time, but not before the last at which money moved or
        an order came: ids and times have one order.
        """
        self.time = max(time, self.advanced * MICRO, self._latest)
        self.conduct = Conduct(self.db)

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

    def give(
        self, pit: Pit, maker: Order, ticks: int, units: int, *, settled: bool = False
    ) -> None:
        """Fills a part of a resting order, at its own price; see trading.fill."""
        price, amount = pit.price(ticks), pit.amount(units)
        self._fill(maker, price, amount, maker=True, settled=settled)
        if maker.filled == maker.amount:
            self.end(maker, "filled")
        else:
            rows.update(self.db, maker)

    def after_trade(self, pit: Pit, run: Run) -> bool:
        """What prints bring about: positions are liquidated, and the stops that they reached
        become active, the nearest first, each like a new order. Whether there was any of them.

        No stop is new meanwhile, so that each print counts for all that still wait.
        """
        changed = self._liquidate(pit, run)
        low, high = run.low, run.high
        while (order := self._next_stop(pit, low, high)) is not None:
            self.activations += 1
            order.rank = (self._newest_order << RANK_BITS) + self.activations
            budget = order.held if order.buys and order.price is None else None
            found = takings(self.db, pit, order, budget)
            made = self.execute(pit, order, found)
            rows.update(self.db, order)
            self.conduct.ended(order)
            if made is not None:
                low, high = min(low, made.low), max(high, made.high)
                self._liquidate(pit, made)
            changed = True
        return changed

    def printed(self, pit: Pit, run: Run | None, ticks: int) -> Run:
        """The run with one print more, made just now; a new one with it alone."""
        if run is not None:
            return run._replace(last=ticks)
        struck = margin.reached(self, pit.rules, pit.price(ticks))
        return Run(ticks, ticks, frozenset(position.account for position in struck))

    def liquidate(self, position: Position, price: Decimal) -> None:
        """The house takes all of a margin position over, at this price."""
        order = self.closing(self.pit(position.rules.symbol), position)
        assert order.amount is not None
        self._fill(order, price, order.amount, maker=False)
        order.status = "filled"
        self.add(order)

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
        self._latest = self.time
        if self.activations != self._activated:
            self.db.execute(
                "UPDATE engine SET activations = ? WHERE exchange = ?",
                (self.activations, self.exchange),
            )
            self._activated = self.activations

    def numbered(self, new: NewOrder, pit: Pit) -> Order:
        number = self._newest_order + 1
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

    def _code(self, number: int) -> str:
        """What users call an order."""
        if self.exchange == DGT:
            return str(number)
        # Of a sandbox that is started over none may be an order of the one before.
        name = f"{self.store.stored_seed}:{self.store.opened}:{self.exchange}:order:{number}"
        return shake_128(name.encode()).hexdigest(16)

    def closing(self, pit: Pit, position: Position) -> Order:
        """A market order against all of a position."""
        side = "sell" if position.side == "long" else "buy"
        symbol = position.rules.symbol
        new = NewOrder(position.account, symbol, side, position.amount, wallet="margin")
        return self.numbered(new, pit)

    def add(self, order: Order) -> None:
        """Puts a numbered order into the store."""
        self._newest_order = order.id
        rows.insert(self.db, order)
        self.conduct.placed(order)
        self.conduct.ended(order)

    def execute(self, pit: Pit, order: Order, found: Takings) -> Run | None:
        """Trades all that was found, and says what has become of the order; its prints, if any."""
        run = None
        for part in found.parts:
            self._trade(pit, order, part)
            run = self.printed(pit, run, part.ticks)
        if order.filled == order.amount or (order.spend is not None and found.sated):
            order.status = "filled"
        elif order.price is None or found.met_itself:
            order.status = "canceled"
        order.updated = self.time
        keep_hold(self.ledger, order)
        return run

    def _trade(self, pit: Pit, order: Order, part: Taking) -> None:
        price, amount, maker = pit.price(part.ticks), pit.amount(part.units), part.maker
        if maker is None:
            self._fill(order, price, amount)
            pit.eat("sell" if order.buys else "buy", part.ticks, part.units)
        elif order.wallet == maker.wallet == "spot":
            self._fill(order, price, amount, partner=maker.account)
            self.give(pit, maker, part.ticks, part.units, settled=True)
        else:
            self._fill(order, price, amount)
            self.give(pit, maker, part.ticks, part.units)
        pit.print(order.buys, part.ticks, part.units)

    def _fill(
        self,
        order: Order,
        price: Decimal,
        amount: Decimal,
        *,
        maker: bool = False,
        partner: int | None = None,
        settled: bool = False,
    ) -> None:
        id_ = self._newest_fill + 1
        if order.wallet == "margin":
            made = margin.trade(
                self.db, self.ledger, order, id_, price, amount, self.time, maker=maker
            )
        else:
            made = [
                fill(
                    self.ledger, order, id_, price, amount, self.time,
                    maker=maker, partner=partner, settled=settled,
                )
            ]  # fmt: skip
        self._newest_fill += len(made)
        self._fills += made
        self.conduct.filled(order, amount)

    def _liquidate(self, pit: Pit, run: Run) -> bool:
        """Whether these prints liquidated any position: the first one or the last, as none of
        those between them does alone."""
        changed = bool(run.struck) and margin.liquidate_crossed(
            self, pit.rules, pit.price(run.first), run.struck
        )
        return margin.liquidate_crossed(self, pit.rules, pit.price(run.last)) or changed

    def _next_stop(self, pit: Pit, low: int, high: int) -> Order | None:
        return rows.first_waiting(self.db, pit.rules, "rise", high) or rows.first_waiting(
            self.db, pit.rules, "fall", -low
        )

    def _newest(self, table: str, column: str = "id") -> int:
        # The names are of this class.
        query = f"SELECT {column} FROM {table} WHERE exchange = ? ORDER BY id DESC LIMIT 1"  # noqa: S608
        row = self.db.execute(query, (self.exchange,)).fetchone()
        return int(row[0]) if row else 0
