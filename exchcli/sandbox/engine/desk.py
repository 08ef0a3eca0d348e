"""The desk of one exchange at one moment: where orders are placed, matched and canceled.

Everything that a desk does is one transaction of the store: it happens as a whole, and
whoever hears of it can rely on it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal

from exchcli.sandbox.accounts import ensure
from exchcli.sandbox.engine import margin, payments, rows, withdrawals
from exchcli.sandbox.engine.checks import NewOrder, check, check_value
from exchcli.sandbox.engine.core import Engine
from exchcli.sandbox.engine.matching import Takings, other, takings
from exchcli.sandbox.engine.passing import pass_time
from exchcli.sandbox.engine.pit import Pit
from exchcli.sandbox.engine.reasons import Reason, Refusal
from exchcli.sandbox.floor import Floor
from exchcli.sandbox.ledger import times, up
from exchcli.sandbox.plain import plain
from exchcli.sandbox.store import Store
from exchcli.sandbox.trading import (
    RANK_BITS,
    Order,
    keep_hold,
    scaled,
)

__all__ = ["Desk", "NewOrder", "Reason", "Refusal", "advance", "trading"]


class Desk(Engine):
    """What users may ask of an exchange.

    All that places, changes or cancels raises Refusal where the exchange would refuse; then
    nothing of that call has happened.
    """

    def place(self, new: NewOrder) -> Order:
        """Checks, holds, matches; the order as it is after that. Raises Refusal."""
        pit = self.pit(new.symbol)
        new = check(new, pit.rules)
        order = self.numbered(new, pit)
        if order.stop is not None and not self._reached(pit, order):
            self._afford(order, order.needs())
            keep_hold(self.ledger, order)
            self.add(order)
            return order
        if order.rank is None:
            order.rank = order.id << RANK_BITS
        found = takings(self.db, pit, order, order.spend)
        self._afford_now(pit, order, found)
        if order.post_only and (found.parts or found.met_itself):
            order.status = "canceled"
            self.add(order)
            return order
        # It holds nothing before it has traded: on margin that may free what the rest needs.
        run = self.execute(pit, order, found)
        self.add(order)
        if run is not None and self.after_trade(pit, run):
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
        order = self.closing(pit, position)
        while (found := takings(self.db, pit, order, None)).met_itself:
            self.end(rows.first_of(self.db, pit.rules, other(order.side), account), "canceled")
        run = self.execute(pit, order, found)
        self.add(order)
        if run is not None:
            self.after_trade(pit, run)
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

    def _reached(self, pit: Pit, order: Order) -> bool:
        """Whether the last price is at or beyond the stop already."""
        assert order.stop is not None
        stop = scaled(order.stop, pit.rules.price_precision)
        return pit.last >= stop if order.buys else pit.last <= stop

    def _afford(self, order: Order, needed: Decimal) -> None:
        if self.ledger.free(order.pays_from) < needed:
            _, wallet, currency = order.pays_from
            raise Refusal(
                Reason.NO_FUNDS,
                f"There is less than {plain(up(needed))} {currency} free ({wallet}).",
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
            if found.sated and not found.parts:
                bought = f"less than {pit.amount(1):f} {pit.rules.base}"
                spent = f"{plain(order.spend)} {pit.rules.quote}"
                raise Refusal(
                    Reason.VALUE_TOO_SMALL, f"{spent} buy {bought}, the least that there can be."
                )
            self._afford(order, order.spend)
        else:
            assert order.amount is not None
            self._afford(order, found.cost(pit) if order.buys else order.amount)


@contextmanager
def trading(store: Store, floor: Floor, exchange: str, time: int) -> Iterator[Desk]:
    """A desk at `time` (nanoseconds since the epoch), after time has passed for the exchange.

    What the block does happens as one transaction when it ends, and not at all after any
    exception.
    """
    advance(store, floor, exchange, time)
    with store.writing(keeping=True) as db:
        desk = _kept(db, store, floor, exchange)
        desk.begin(time // 1000)
        # What is due within this second, up to this moment: entries have one order of time.
        payments.advance(desk, desk.time)
        yield desk
        desk.flush()


def advance(store: Store, floor: Floor, exchange: str, time: int) -> None:
    """Lets time pass up to `time` (nanoseconds): what became of orders meanwhile, and payments.

    Whatever happens in it is one transaction. It is done once for each second.
    """
    second = time // 1_000_000_000
    kept = store.kept(exchange)
    if kept is not None and second <= kept.advanced:
        return
    ensure(store, exchange)
    ((advanced,),) = store.rows("SELECT advanced FROM engine WHERE exchange = ?", exchange)
    if second <= advanced:
        return
    with store.writing(keeping=True) as db:
        desk = _kept(db, store, floor, exchange)
        if second > desk.advanced:
            desk.begin(0)
            pass_time(desk, second)
            desk.flush()
            db.execute("UPDATE engine SET advanced = ? WHERE exchange = ?", (second, exchange))
            desk.advanced = second


def _kept(db: sqlite3.Connection, store: Store, floor: Floor, exchange: str) -> Desk:
    """The desk of the transaction before, if nobody has written meanwhile, or a new one."""
    desk: Desk | None = store.kept(exchange)
    if desk is None:
        floor.refresh()
        desk = Desk(db, store, floor, exchange)
        store.keep(exchange, desk)
    return desk
