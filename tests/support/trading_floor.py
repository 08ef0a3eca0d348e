"""An exchange at which several accounts trade, and all that must be true of it at any time."""

from __future__ import annotations

import shutil
from collections import defaultdict
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

from exchcli.sandbox.accounts import ensure
from exchcli.sandbox.catalog import SIMULATIONS
from exchcli.sandbox.demo import HOUSES
from exchcli.sandbox.engine.desk import Desk, NewOrder, advance, trading
from exchcli.sandbox.floor import Floor
from exchcli.sandbox.store import FILE, Store
from exchcli.sandbox.trading import Order

OPENED = 1772600807
SECOND = 1_000_000_000
ZERO = Decimal(0)


def prepared(folder: Path, exchange: str, accounts: int = 3) -> Path:
    """A store's file with this many funded accounts that have done nothing yet."""
    store = Store(folder, OPENED)
    ensure(store, exchange)
    house = HOUSES[exchange]
    with store.writing() as db:
        for number in range(2, accounts):
            db.execute(
                "INSERT INTO accounts (account, exchange, number) VALUES (?, ?, ?)",
                (house + 1 + number, exchange, number),
            )
        # The demo account's orders, positions and payments would be in the way.
        for table in ("fills", "orders", "positions", "payments", "entries", "balances"):
            db.execute(f"DELETE FROM {table}")
    store.close()
    return folder / FILE


class TradingFloor:
    """One exchange; the clock is `now`, in nanoseconds. Accounts are 0, 1, 2 ..."""

    def __init__(self, folder: Path, exchange: str, *, file: Path | None = None) -> None:
        if file is not None:
            folder.mkdir(parents=True)
            shutil.copy(file, folder / FILE)
        self.folder = folder
        self.store = Store(folder, OPENED)
        # Nobody pulls the plug in a test.
        self.store._db.execute("PRAGMA synchronous = OFF")
        self.floor = Floor(self.store)
        self.exchange = exchange
        self.house = HOUSES[exchange]
        self.now = OPENED * SECOND + 1000
        ensure(self.store, exchange)

    def account(self, number: int) -> int:
        return self.house + 1 + number

    def desk(self) -> Any:
        """A transaction: `with floor.desk() as desk`."""
        return trading(self.store, self.floor, self.exchange, self.now)

    def wait(self, seconds: int) -> None:
        self.now += seconds * SECOND
        advance(self.store, self.floor, self.exchange, self.now)

    def fund(self, number: int, **amounts: str | int) -> None:
        with self.desk() as desk:
            for currency, amount in amounts.items():
                desk.fund(self.account(number), currency, Decimal(amount))

    def place(self, number: int, symbol: str, side: str, amount: Any, price: Any = None,
              **more: Any) -> Order:  # fmt: skip
        """The order of an account, after whatever became of it at once."""
        new = NewOrder(self.account(number), symbol, side, decimal(amount), decimal(price))
        more = {name: decimal(value) if name in ("spend", "stop") else value
                for name, value in more.items()}  # fmt: skip
        with self.desk() as desk:
            return desk.place(new._replace(**more))

    def cancel(self, number: int, order: Order) -> Order:
        with self.desk() as desk:
            return desk.cancel(self.account(number), order.code)

    def order(self, order: Order) -> Order:
        """The same order as it is now."""
        with self.store.writing() as db:
            found = Desk(db, self.store, self.floor, self.exchange, 0).order(order.code)
        assert found is not None
        return found

    def total(self, number: int, currency: str, wallet: str = "spot") -> Decimal:
        return self._balance(number, currency, wallet)[0]

    def held(self, number: int, currency: str, wallet: str = "spot") -> Decimal:
        return self._balance(number, currency, wallet)[1]

    def free(self, number: int, currency: str, wallet: str = "spot") -> Decimal:
        total, held = self._balance(number, currency, wallet)
        return total - held

    def fills(self, order: Order) -> list[tuple[Decimal, Decimal, bool]]:
        """Price, amount, and whether it was the maker, oldest first."""
        rows = self.store.select(
            'SELECT price, amount, maker FROM fills WHERE exchange = ? AND "order" = ? ORDER BY id',
            self.exchange,
            order.id,
        )
        return [(Decimal(price), Decimal(amount), bool(maker)) for price, amount, maker in rows]

    def market(self, symbol: str) -> Any:
        market = self.floor.market(self.exchange, symbol)
        assert market is not None
        return market

    def seconds(self) -> int:
        return self.now // SECOND

    def close(self) -> None:
        self.store.close()

    def _balance(self, number: int, currency: str, wallet: str) -> tuple[Decimal, Decimal]:
        rows = self.store.select(
            "SELECT total, held FROM balances WHERE account = ? AND wallet = ? AND currency = ?",
            self.account(number),
            wallet,
            currency,
        )
        return (Decimal(rows[0][0]), Decimal(rows[0][1])) if rows else (ZERO, ZERO)


def decimal(value: Any) -> Decimal | None:
    return None if value is None else Decimal(value)


class Audit:
    """Checks an exchange's books; what was found right once is not added up again."""

    def __init__(self, floor: TradingFloor) -> None:
        self._floor = floor
        self._entry = 0
        self._sums: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)

    def check(self) -> None:
        with localcontext(prec=200):
            self.check_entries()
            self.check_holds()
            self.check_orders()
            self.check_books()

    def check_entries(self) -> None:
        """Each deed adds up to nothing, each balance is the sum of its entries, and so all
        balances of a currency, with the house's, to nothing."""
        deeds: dict[tuple[int, str], Decimal] = defaultdict(Decimal)
        time = 0
        for id_, deed, account, wallet, currency, amount, balance, when in self._select(
            "SELECT id, deed, account, wallet, currency, amount, balance, time FROM entries"
            " WHERE exchange = ? AND id > ? ORDER BY id",
            self._entry,
        ):
            self._entry = id_
            deeds[deed, currency] += Decimal(amount)
            self._sums[account, wallet, currency] += Decimal(amount)
            assert self._sums[account, wallet, currency] == Decimal(balance)
            assert when >= time
            time = when
        assert set(deeds.values()) <= {ZERO}
        balances = {tuple(row[:3]): Decimal(row[3]) for row in self._balances()}
        assert {place: each for place, each in balances.items() if each} == {
            place: each for place, each in self._sums.items() if each
        }
        currencies: dict[str, Decimal] = defaultdict(Decimal)
        for (_, _, currency), total in balances.items():
            currencies[currency] += total
        assert set(currencies.values()) <= {ZERO}

    def check_holds(self) -> None:
        """What is held is what open orders and positions need, and nobody has less than that."""
        held: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
        for order in self.open_orders():
            assert order.held == order.needs()
            held[order.pays_from] += order.held
        for account, symbol, amount in self._select(
            "SELECT account, symbol, p.held FROM positions p JOIN accounts USING (account)"
            " WHERE exchange = ?"
        ):
            quote = SIMULATIONS[self._floor.exchange, symbol].rules.quote
            held[account, "margin", quote] += Decimal(amount)
        for account, wallet, currency, total, hold in self._balances():
            assert Decimal(hold) == held[account, wallet, currency]
            assert account == self._floor.house or ZERO <= Decimal(hold) <= Decimal(total)

    def check_orders(self) -> None:
        """Fills add up to what is filled, at no worse a price than was asked for, no fee is less
        than nothing or more than what it is taken from, and each says what its order says."""
        rows = self._select(
            "SELECT id, side, price, amount, spend, status, filled, cost, held FROM orders"
            " WHERE exchange = ?"
        )
        fills: dict[int, list[tuple[Decimal, Decimal, Decimal]]] = defaultdict(list)
        for order, alike, in_base, *numbers in self._select(
            'SELECT "order", (f.account, f.wallet, f.symbol) = (o.account, o.wallet, o.symbol),'
            " side = 'buy' AND o.wallet = 'spot', f.price, f.amount, f.cost, fee"
            ' FROM fills f JOIN orders o ON o.exchange = f.exchange AND o.id = f."order"'
            " WHERE f.exchange = ?"
        ):
            assert alike
            price, amount, cost, fee = map(Decimal, numbers)
            fills[order].append((price, amount, cost))
            assert ZERO <= fee <= (amount if in_base else cost)
        assert fills.keys() <= {row[0] for row in rows}
        for id_, side, limit, amount, spend, status, filled, cost, held in rows:
            assert sum(each[1] for each in fills[id_]) == Decimal(filled)
            assert sum(each[2] for each in fills[id_]) == Decimal(cost)
            for price, _, _ in fills[id_]:
                assert limit is None or (
                    price <= Decimal(limit) if side == "buy" else price >= Decimal(limit)
                )
            if amount is not None:
                assert Decimal(filled) <= Decimal(amount)
                assert (status == "filled") == (Decimal(filled) == Decimal(amount))
            else:
                assert Decimal(cost) <= Decimal(spend)
            assert status == "open" or Decimal(held) == 0

    def check_books(self) -> None:
        """No bid meets an ask: not those of users, and none of what everybody sees."""
        for symbol in {order.rules.symbol for order in self.open_orders()}:
            market = self._floor.market(symbol)
            book = market.book(self._floor.seconds(), 150)
            if book.bids and book.asks:
                assert book.bids[0].price < book.asks[0].price

    def open_orders(self) -> list[Order]:
        codes = self._select("SELECT code FROM orders WHERE exchange = ? AND status = 'open'")
        with self._floor.store.writing() as db:
            desk = Desk(db, self._floor.store, self._floor.floor, self._floor.exchange, 0)
            found = [desk.order(code) for (code,) in codes]
        return [order for order in found if order is not None]

    def _balances(self) -> list[tuple[Any, ...]]:
        return self._select(
            "SELECT account, wallet, currency, total, held FROM balances"
            " JOIN accounts USING (account) WHERE exchange = ?"
        )

    def _select(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        return self._floor.store.select(sql, self._floor.exchange, *values)
