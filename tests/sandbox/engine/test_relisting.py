"""A recording takes the place of a market on which users have orders."""

from __future__ import annotations

from decimal import Decimal as D

import pytest
from trading_floor import Audit, TradingFloor

from exchcli.errors import StateError
from exchcli.sandbox.engine.core import Engine
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

    def load(self, *prices, amount="5"):
        rows = [f"{1_600_000_000 + at},{price},{amount}" for at, price in enumerate(prices)]
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


def position(floor, number):
    """Side and amount of the account's position, None without one."""
    rows = floor.store.select(
        "SELECT side, amount FROM positions WHERE account = ? AND symbol = ?",
        floor.account(number),
        PAIR,
    )
    return " ".join(rows[0]) if rows else None


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


@pytest.mark.parametrize(("side", "price", "market"), [("sell", "9700", "12000"),
                                                      ("buy", "9500", "8000")])  # fmt: skip
def test_orders_that_the_new_market_has_passed_are_canceled_and_nothing_is_printed(
    floor, side, price, market
):
    order = floor.place(1, PAIR, side, "0.01", price)
    kept = floor.place(1, PAIR, side, "0.01", {"sell": "12500", "buy": "7500"}[side])
    floor.load(market, market)
    canceled = floor.order(order)
    assert (canceled.status, canceled.filled, floor.order(kept).status) == ("canceled", 0, "open")
    assert floor.held(1, "BTC" if side == "sell" else "USDT") == kept.needs()
    floor.wait(100)
    assert floor.store.select("SELECT 1 FROM prints") == []
    assert floor.market(PAIR).ticker(floor.seconds()).last == int(D(market) * 100)


@pytest.mark.parametrize(("side", "stop", "market"), [("sell", "9500", "9400"),
                                                     ("buy", "9700", "9800")])  # fmt: skip
def test_stops_go_by_the_recordings_last_price(floor, side, stop, market):
    reached = floor.place(1, PAIR, side, "0.01", stop=stop)
    waits = floor.place(1, PAIR, side, "0.01", stop={"sell": "9300", "buy": "9900"}[side])
    # Neither the first price counts nor what was between.
    floor.load("9592", {"sell": "8000", "buy": "11000"}[side], market)
    done = floor.order(reached)
    assert done.filled > 0
    assert abs(floor.fills(done)[0][0] - D(market)) < 20
    assert floor.order(waits).waits


@pytest.mark.parametrize(("side", "market"), [("buy", "8000"), ("sell", "10500")])
def test_positions_are_liquidated_by_the_recordings_last_price(floor, side, market):
    floor.place(1, PAIR, side, "0.5", wallet="margin")
    floor.load("9592", market)
    assert floor.store.select("SELECT 1 FROM positions WHERE account = ?", floor.account(1)) == []
    ((price,),) = floor.store.select(
        "SELECT price FROM fills WHERE account = ? ORDER BY id DESC LIMIT 1", floor.account(1)
    )
    assert D(price) == D(market)
    assert floor.store.select("SELECT 1 FROM prints") == []


@pytest.mark.parametrize("side", ["buy", "sell"])
def test_a_position_that_is_finer_than_the_next_recording_is_closed_at_its_last_price(floor, side):
    """No order of so few decimals could ever close all of it."""
    floor.load("9592", amount="5.0000001")
    floor.place(1, PAIR, side, "0.1234567", wallet="margin")
    against = {"price": {"buy": "12000", "sell": "7500"}[side], "wallet": "margin"}
    rests = floor.place(1, PAIR, "sell" if side == "buy" else "buy", "0.5", **against)
    whole = position(floor, 0)
    assert position(floor, 1) == {"buy": "long", "sell": "short"}[side] + " 0.1234567"
    floor.load("9590", "9592.5")
    assert (position(floor, 0), position(floor, 1)) == (whole, None)
    assert floor.order(rests).status == "canceled"
    assert floor.held(1, "USDT", "margin") == 0
    ((amount, price),) = floor.store.select(
        "SELECT amount, price FROM fills WHERE account = ? ORDER BY id DESC LIMIT 1",
        floor.account(1),
    )
    assert (D(amount), D(price)) == (D("0.1234567"), D("9592.5"))
    assert floor.store.select("SELECT 1 FROM prints") == []


def test_what_the_demo_account_is_born_with_meets_a_recording_that_came_before(
    ask, signed, tmp_path
):
    path = tmp_path / "eth_usdt.csv"
    path.write_text("time,price,amount\n1675296000,1666.8,26.062\n1675296100,1667.3,0.018\n")
    load(ask.sandbox, path)
    trades = ask("/v3/trades?symbol=eth_usdt")
    account = signed("dfx")
    assert account("/v3/spot/assets")["code"] == 0
    for seconds in (0, 30, 86400):
        (ticker,) = ask.at(seconds)("/v3/ticker?symbol=eth_usdt")["ticker"]
        assert ticker["last"] == D("1667.3")
        assert abs(ticker["sell"] - ticker["buy"]) < 2
        assert ask("/v3/trades?symbol=eth_usdt")["data"] == trades["data"]
    rows = account("/v3/spot/order/current?symbol=eth_usdt")["data"]
    assert [row for row in rows if row["type"] == "sell" and row["price"] < 1667] == []


def test_a_load_that_fails_at_its_end_leaves_market_and_orders(floor, monkeypatch):
    order = floor.place(1, PAIR, "sell", "0.01", "9700")
    before = floor.market(PAIR).ticker(floor.seconds())

    def fail(*_):
        raise OSError("full")

    monkeypatch.setattr(Engine, "flush", fail)
    with pytest.raises(StateError):
        floor.load("12000", "12000")
    assert floor.market(PAIR).ticker(floor.seconds()) == before
    assert floor.order(order).status == "open"


def test_trades_of_users_stay_with_the_market_that_is_gone(floor):
    floor.place(1, PAIR, "sell", "0.5", "9000")
    assert floor.market(PAIR).trades(floor.seconds(), 1)[0].price < 960_000
    floor.load("9500", "9501")
    assert floor.market(PAIR).trades(floor.seconds(), 1)[0].price == 950_100
    assert floor.store.select("SELECT count(*) FROM print_bars") == [(0,)]
