"""What time does to orders: the market trades against them, stops wake, payments move."""

from __future__ import annotations

from decimal import Decimal as D

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trading_floor import OPENED, SECOND, Audit, TradingFloor, prepared

from exchcli.sandbox.engine.desk import advance
from exchcli.sandbox.store import Store

PAIR = "BTC_USDT"
HOUR, DAY = 3600, 86400


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return prepared(tmp_path_factory.mktemp("prepared"), "dfx")


@pytest.fixture
def floor(file, tmp_path):
    floor = TradingFloor(tmp_path / "floor", "dfx", file=file)
    for number in range(3):
        floor.fund(number, BTC=10, USDT=10_000_000, XRP=100_000)
    yield floor
    Audit(floor).check()
    floor.close()


def prints(floor, seconds, symbol=PAIR):
    """What the market prints by itself in so many seconds from now on."""
    now = floor.seconds()
    return floor.market(symbol).own.between(now + 1, now + seconds + 1)


def price(ticks):
    return D(ticks).scaleb(-2)


def test_a_print_through_its_price_fills_a_resting_order_at_that_price(floor):
    coming = prints(floor, HOUR)
    lowest = min(each.price for each in coming)
    order = floor.place(0, PAIR, "buy", "0.001", price(lowest + 1))
    first = next(each for each in coming if each.price <= lowest)
    floor.wait(first.time - floor.seconds() - 1)
    assert floor.order(order).status == "open"
    floor.wait(1)
    assert floor.order(order).status == "filled"
    assert floor.fills(order) == [(price(lowest + 1), D("0.001"), True)]


def test_a_print_at_its_price_fills_it_only_if_it_came_from_the_other_side(floor):
    coming = prints(floor, DAY)
    low, high = min(each.price for each in coming), max(each.price for each in coming)
    buys = {each.buy for each in coming if each.price == low}
    order = floor.place(0, PAIR, "buy", "0.001", price(low))
    other = floor.place(1, PAIR, "sell", "0.001", price(high))
    sells = {each.buy for each in coming if each.price == high}
    floor.wait(DAY)
    assert floor.order(order).status == ("filled" if False in buys else "open")
    assert floor.order(other).status == ("filled" if True in sells else "open")


def test_a_print_gives_no_more_than_its_amount_and_the_older_order_comes_first(floor):
    coming = prints(floor, HOUR)
    lowest = min(each.price for each in coming)
    at = [each for each in coming if each.price <= lowest]
    assert len(at) == 1
    amount = D(at[0].amount).scaleb(-4)
    half = (amount / 2).quantize(D("0.0001"))
    first = floor.place(0, PAIR, "buy", half, price(lowest + 1))
    second = floor.place(1, PAIR, "buy", amount, price(lowest + 1))
    floor.now = at[0].time * SECOND
    advance(floor.store, floor.floor, "dfx", floor.now)
    assert floor.order(first).status == "filled"
    # The simulated book may have come down to it as well, with more.
    assert floor.fills(second)[0][1] == amount - half


def test_the_book_that_came_to_an_order_trades_with_it_and_is_eaten(floor):
    """Nothing is printed for a second, and yet the simulated ask is below a user's bid."""
    market, now = floor.market(PAIR), floor.seconds()
    second = next(
        second
        for second in range(now + 20, now + HOUR)
        if market.offered(second).asks[0].price < market.offered(second - 1).asks[0].price - 2
        and not market.own.between(second, second + 1)
    )
    floor.wait(second - 1 - now)
    resting = market.offered(second - 1).asks[0].price - 1
    order = floor.place(0, PAIR, "buy", "0.001", price(resting))
    floor.wait(1)
    assert floor.order(order).status == "filled"
    newest = market.trades(second, 1)[0]
    assert (newest.time, newest.price, newest.amount, newest.buy) == (second, resting, 10, False)
    ask = market.offered(second).asks[0]
    assert market._users.eaten(second) == {("sell", ask.price): 10}


def test_a_stop_wakes_when_the_market_gets_there(floor):
    coming = prints(floor, HOUR)
    highest = max(coming, key=lambda each: each.price)
    order = floor.place(0, PAIR, "buy", "0.001", price(highest.price + 5000),
                        stop=price(highest.price))  # fmt: skip
    assert order.waits
    floor.wait(highest.time - floor.seconds() - 1)
    assert floor.order(order).waits
    floor.wait(1)
    assert floor.order(order).status == "filled"


def test_looking_often_or_once_makes_no_difference_to_what_prints_fill(file, tmp_path):
    """Far orders are reached by prints alone: the book never comes to them unseen."""
    ends = []
    for name, step in (("often", 60), ("once", 6 * HOUR)):
        floor = TradingFloor(tmp_path / name, "dfx", file=file)
        floor.fund(0, BTC=10, USDT=1_000_000)
        coming = prints(floor, 6 * HOUR)
        low = min(each.price for each in coming)
        orders = [
            floor.place(0, PAIR, "buy", "0.5", price(low + 3 * number)) for number in range(5)
        ]
        for _ in range(6 * HOUR // step):
            floor.wait(step)
        now = [floor.order(order) for order in orders]
        ends.append([(order.status, order.filled > 0) for order in now])
        Audit(floor).check()
        floor.close()
    assert ends[0] == ends[1]


def test_a_year_away_opens_only_the_cells_that_reach_somebody(floor, monkeypatch):
    market = floor.market(PAIR)
    floor.place(0, PAIR, "buy", "0.01", "1000")
    order = floor.place(0, "XRP_USDT", "sell", "20", "0.3")
    opened = []
    cell = type(market.own)._cell
    monkeypatch.setattr(
        type(market.own), "_cell", lambda tape, at: opened.append(at) or cell(tape, at)
    )
    floor.wait(366 * DAY)
    assert floor.order(order).status in ("open", "filled")
    assert len(set(opened)) < 250


def test_time_passes_once_for_each_second_and_never_back(floor):
    floor.wait(100)
    store = floor.store
    assert store.rows("SELECT advanced FROM engine") == [(OPENED + 100,)]
    floor.now -= 50 * SECOND
    order = floor.place(0, PAIR, "buy", "0.01", "1000")
    assert order.created == (OPENED + 100) * 1_000_000
    assert store.rows("SELECT advanced FROM engine") == [(OPENED + 100,)]


def test_without_anything_that_waits_public_reads_leave_time_alone(ask):
    ask.sandbox.accounts("dfx")
    ask.sandbox.store._db.execute("DELETE FROM positions")
    with ask.sandbox.store.writing() as db:
        db.execute("UPDATE orders SET stands = NULL")
    ask.at(500)("/v3/ticker")
    assert ask.sandbox.store.rows("SELECT advanced - ? FROM engine", ask.opened) == [(0,)]


def test_public_reads_show_what_became_of_orders(ask):
    """Whoever only looks sees the same market as the one who trades."""
    ask.sandbox.accounts("dfx")
    ask.at(500)("/v3/ticker")
    assert ask.sandbox.store.rows("SELECT advanced - ? FROM engine", ask.opened) == [(500,)]


def test_two_desks_over_one_file_take_turns(file, tmp_path):
    one = TradingFloor(tmp_path / "shared", "dfx", file=file)
    one.fund(0, BTC=10)
    two = TradingFloor(tmp_path / "again", "dfx", file=file)
    two.store.close()
    two.store = Store(tmp_path / "shared", OPENED)
    two.floor = type(two.floor)(two.store)
    two.fund(1, USDT=100_000)
    for turn in range(6):
        resting = one.place(0, PAIR, "sell", "0.01", "9592.10")
        taker = two.place(1, PAIR, "buy", "0.01", "9592.10")
        assert taker.id == resting.id + 1
        assert taker.status == one.order(resting).status == "filled"
        one.now = two.now = one.now + turn * SECOND // 2
    assert one.total(1, "BTC") == two.total(1, "BTC") == D("0.06") * D("0.998")
    Audit(one).check()
    Audit(two).check()
    one.close()
    two.close()


@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_nobody_is_passed_over_whatever_the_market_does(tmp_path_factory, file, data):
    """As much as was printed through an order's price since it came, it has got."""
    floor = TradingFloor(tmp_path_factory.mktemp("any") / "floor", "dfx", file=file)
    floor.fund(0, BTC=100, USDT=10_000_000)
    placed = []
    for _ in range(data.draw(st.integers(1, 4))):
        side = data.draw(st.sampled_from(["buy", "sell"]))
        offset = data.draw(st.integers(10, 3000)) * (-1 if side == "buy" else 1)
        order = floor.place(0, PAIR, side, "0.001", price(959213 + offset))
        placed.append((order, floor.seconds(), offset))
        floor.wait(data.draw(st.sampled_from([1, 7, 60, 900, 5 * HOUR])))
    for order, since, offset in placed:
        now = floor.order(order)
        coming = floor.market(PAIR).own.between(since + 1, floor.seconds() + 1)
        through = [each for each in coming
                   if (each.price < 959213 + offset if order.buys else
                       each.price > 959213 + offset)]  # fmt: skip
        if sum(each.amount for each in through) >= 10:
            assert now.status == "filled"
    Audit(floor).check()
    floor.close()
