"""A recording takes the place of a market on which users have orders."""

from __future__ import annotations

from decimal import Decimal as D

import pytest
from trading_floor import Audit, TradingFloor

from exchcli.sandbox.engine.desk import trading
from exchcli.sandbox.recording import load

PAIR = "BTC_USDT"


class Recorder(TradingFloor):
    """The trading floor of a whole sandbox, whose recordings can be loaded."""

    def __init__(self, ask, folder):
        self.ask, self.csv = ask, folder / "btc_usdt.csv"
        self.store, self.floor = ask.sandbox.store, ask.sandbox.floor
        self.exchange, self.house = "dfx", 200
        ask.sandbox.accounts("dfx")
        self.now = ask.now * 10**9 + 5

    def load(self, *prices):
        rows = [f"{1_600_000_000 + at},{price},5" for at, price in enumerate(prices)]
        self.csv.write_text("time,price,amount\n" + "\n".join(rows) + "\n")
        load(self.ask.sandbox, self.csv)


@pytest.fixture
def floor(ask, tmp_path):
    floor = Recorder(ask, tmp_path)
    floor.fund(1, BTC=5)
    yield floor
    audit = Audit(floor)
    audit.check_books()
    audit.check_entries()
    audit.check_orders()


def test_open_orders_keep_their_price_when_the_recording_is_finer(floor):
    order = floor.place(1, PAIR, "sell", "1", "12000.01")
    floor.load("9500.123", "9501.456")
    rules = floor.market(PAIR).rules
    assert rules.price_precision == 3
    assert floor.store.select("SELECT place, rest FROM orders WHERE id = ?", order.id) == [
        (12_000_010, 10_000)
    ]
    assert floor.market(PAIR)._users.standing("sell", 1)[0][0] <= 12_000_010


def test_orders_that_are_finer_than_the_next_recording_are_canceled(floor):
    floor.load("9500.123")
    order = floor.place(1, PAIR, "sell", "1", "12000.001")
    kept = floor.place(1, PAIR, "sell", "1", "12000.01")
    floor.load("9500.1")
    assert floor.order(order).status == "canceled"
    assert floor.order(kept).status == "open"
    assert floor.held(1, "BTC") == 1


def test_orders_that_the_new_market_has_passed_trade_with_it_at_once(floor):
    order = floor.place(1, PAIR, "sell", "0.01", "9700")
    floor.load("12000", "12000")
    done = floor.order(order)
    assert (done.status, done.cost) == ("filled", D(97))


def test_trades_of_users_stay_with_the_market_that_is_gone(floor):
    floor.place(1, PAIR, "sell", "0.5", "9000")
    assert floor.market(PAIR).trades(floor.seconds(), 1)[0].price < 960_000
    floor.load("9500", "9501")
    assert floor.market(PAIR).trades(floor.seconds(), 1)[0].price == 950_100
    assert floor.store.select("SELECT count(*) FROM print_bars") == [(0,)]


def test_a_load_before_anybody_trades_makes_no_accounts(ask, tmp_path):
    path = tmp_path / "btc_usdt.csv"
    path.write_text("time,price,amount\n1600000000,9500,1\n")
    load(ask.sandbox, path)
    assert ask.sandbox.store.select("SELECT count(*) FROM accounts") == [(0,)]
    with trading(ask.sandbox.store, ask.sandbox.floor, "dfx", ask.now * 10**9) as desk:
        assert desk.pit(PAIR).last == 950_000
