"""What a print reaches: stops become active, positions are liquidated, whatever is printed next."""

from __future__ import annotations

from decimal import Decimal as D

import pytest
from trading_floor import Audit, TradingFloor, prepared

PAIR = "BTC_USDT"


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return prepared(tmp_path_factory.mktemp("prepared"), "dfx", accounts=5)


@pytest.fixture
def floor(file, tmp_path):
    """DigiFinex; the simulated bid is 9592.03, the ask 9592.23 with 0.0087, the last 9592.22."""
    floor = TradingFloor(tmp_path / "floor", "dfx", file=file)
    for number in range(5):
        floor.fund(number, BTC=1000, USDT=10_000_000)
        with floor.desk() as desk:
            desk.transfer(floor.account(number), "USDT", D(100_000), "spot", "margin")
    yield floor
    Audit(floor).check()
    floor.close()


def emptied(floor, side):
    """Takes all of the simulated orders of one side; for 16 seconds there are only users'."""
    with floor.desk() as desk:
        levels = desk.pit(PAIR).all_offered(side)
    amount = D(sum(level.amount for level in levels)).scaleb(-4)
    taken = floor.place(4, PAIR, "buy" if side == "sell" else "sell", amount,
                        D(levels[-1].price).scaleb(-2))  # fmt: skip
    assert taken.status == "filled"


def position(floor, number):
    rows = floor.store.select(
        "SELECT side, amount FROM positions WHERE account = ?", floor.account(number)
    )
    return (rows[0][0], D(rows[0][1])) if rows else None


def test_a_stop_is_reached_by_the_lowest_print_of_an_order_that_rose_on(floor):
    stop = floor.place(0, PAIR, "sell", "0.01", "9000", stop="9592.18")
    floor.place(1, PAIR, "sell", "0.01", "9592.08")
    floor.place(2, PAIR, "sell", "0.01", "9592.20")
    assert floor.order(stop).waits
    floor.place(3, PAIR, "buy", "0.02", "9592.20")
    assert floor.order(stop).status == "filled"


def test_a_stop_is_reached_by_the_highest_print_of_an_order_that_fell_on(floor):
    emptied(floor, "sell")
    last = floor.market(PAIR).ticker(floor.seconds()).last
    at = D(last).scaleb(-2)
    stop = floor.place(0, PAIR, "buy", "0.01", at + 9, stop=at + 2)
    floor.place(1, PAIR, "buy", "0.01", at + 5)
    floor.place(2, PAIR, "buy", "0.01", at - 5)
    assert floor.order(stop).waits
    floor.place(3, PAIR, "sell", "0.02", at - 5)
    assert not floor.order(stop).waits


def test_what_one_print_reached_stays_reached_whatever_stops_trade_meanwhile(floor):
    rises = floor.place(0, PAIR, "buy", "0.01", stop="9592.23")
    falls = floor.place(0, PAIR, "sell", "0.01", "9000", stop="9592.10")
    floor.place(1, PAIR, "sell", "0.01", "9592.08")
    floor.place(2, PAIR, "buy", "0.02", "9592.23")
    # The one that waits for a rise comes first, and its trades are above the other's price.
    assert floor.fills(floor.order(rises))[0][0] > D("9592.10")
    assert floor.order(falls).status == "filled"


@pytest.mark.parametrize(
    ("opens", "far", "near"), [("sell", "9842.97", "9650"), ("buy", "8300", "9300")]
)
def test_a_position_is_liquidated_by_a_print_from_which_the_price_came_back(
    floor, opens, far, near
):
    floor.place(0, PAIR, opens, "1", wallet="margin")
    emptied(floor, opens)
    other = "sell" if opens == "buy" else "buy"
    floor.place(1, PAIR, other, "0.01", far)
    floor.place(2, PAIR, other, "0.01", near)
    assert position(floor, 0)[1] == 1
    floor.place(3, PAIR, opens, "0.02", near)
    assert position(floor, 0) is None
    ((price,),) = floor.store.select(
        "SELECT price FROM fills WHERE account = ? ORDER BY id DESC LIMIT 1", floor.account(0)
    )
    assert D(price) == D(far)


def test_who_is_liquidated_by_the_first_print_of_an_order_is_not_told_that_its_rest_is_open(floor):
    """8100 liquidates, the other print at 9300 nobody: what is left of the order is canceled."""
    floor.place(0, PAIR, "buy", "1", wallet="margin")
    emptied(floor, "buy")
    floor.place(1, PAIR, "sell", "0.01", "8100")
    floor.place(2, PAIR, "sell", "0.01", "9300")
    told = floor.place(0, PAIR, "buy", "0.03", "9300", wallet="margin")
    assert position(floor, 0) is None
    assert (told.status, told.filled) == ("canceled", D("0.02"))
    assert floor.order(told).status == "canceled"


@pytest.mark.parametrize(
    ("opens", "rests", "stop", "limit"),
    [("buy", "8300", "9000", "12000"), ("sell", "9842.97", "9800", "7000")],
)
def test_what_closing_a_position_printed_reaches_stops_and_positions(
    floor, opens, rests, stop, limit
):
    for number in (0, 3):
        floor.place(number, PAIR, opens, "1", wallet="margin")
    closes = "sell" if opens == "buy" else "buy"
    waits = floor.place(2, PAIR, closes, "0.01", limit, stop=stop)
    emptied(floor, opens)
    floor.place(1, PAIR, opens, "1", rests)
    assert floor.order(waits).waits
    assert position(floor, 3)[1] == 1
    with floor.desk() as desk:
        closed = desk.close_position(floor.account(0), PAIR)
    assert floor.fills(closed) == [(D(rests), D(1), False)]
    assert not floor.order(waits).waits
    assert position(floor, 3) is None


def test_a_print_does_not_concern_a_position_that_was_opened_after_it(floor):
    """Sold for 9842.97 and then for 5000, one would be liquidated at 5178: that was before."""
    floor.place(0, PAIR, "sell", "1", wallet="margin")
    emptied(floor, "sell")
    emptied(floor, "buy")
    floor.place(1, PAIR, "buy", "0.01", "9842.97")
    floor.place(2, PAIR, "buy", "1", "5000")
    floor.place(3, PAIR, "sell", "1.01", wallet="margin")
    assert position(floor, 0) is None
    assert position(floor, 3) == ("short", D("1.01"))


def test_what_a_stop_trades_liquidates_as_any_other_trade_does(floor):
    floor.place(0, PAIR, "sell", "1", wallet="margin")
    emptied(floor, "sell")
    last = D(floor.market(PAIR).ticker(floor.seconds()).last).scaleb(-2)
    floor.place(1, PAIR, "sell", "0.01", "9842.97")
    stop = floor.place(2, PAIR, "buy", "0.01", stop=last + 1)
    floor.place(1, PAIR, "buy", "0.01", last + 2)
    assert position(floor, 0) == ("short", D(1))
    floor.place(3, PAIR, "sell", "0.01", last + 2)
    assert floor.fills(floor.order(stop))[0][0] == D("9842.97")
    assert position(floor, 0) is None


def test_what_the_book_that_came_to_an_order_printed_reaches_stops(floor):
    """Nothing is printed for a second, and yet the simulated ask is below a user's bid."""
    market, now = floor.market(PAIR), floor.seconds()
    for second in range(now + 20, now + 4000):
        resting = market.offered(second - 1).asks[0].price - 1
        (last,) = market.own.latest(second, 1)
        if market.offered(second).asks[0].price < resting - 1 and last.time < second - 1:
            break
    rises = last.price < resting
    assert last.price != resting
    floor.wait(second - 1 - now)
    floor.place(0, PAIR, "buy", "0.001", D(resting).scaleb(-2))
    stop = floor.place(1, PAIR, "buy" if rises else "sell", "0.001", "9000" if rises else "11000",
                       stop=D(resting).scaleb(-2))  # fmt: skip
    assert stop.waits
    floor.wait(1)
    assert floor.market(PAIR).trades(second, 1)[0].price == resting
    assert not floor.order(stop).waits


def test_every_print_of_the_book_that_came_to_orders_reaches_stops(floor):
    """Of two bids that the simulated ask has come to, a stop between them is reached by the
    first alone: the last price was below it, and is below it again."""
    market, now = floor.market(PAIR), floor.seconds()
    for second in range(now + 20, now + 4000):
        best = market.offered(second - 1).asks[0].price - 1
        (last,) = market.own.latest(second, 1)
        if market.offered(second).asks[0].price < best - 1 > last.price and last.time < second - 1:
            break
    floor.wait(second - 1 - now)
    for number, ticks in enumerate((best, best - 1)):
        floor.place(number, PAIR, "buy", "0.001", D(ticks).scaleb(-2))
    stop = floor.place(2, PAIR, "buy", "0.001", "9000", stop=D(best).scaleb(-2))
    assert stop.waits
    floor.wait(1)
    printed = [each.price for each in market.trades(second, 2)]
    assert printed == [best - 1, best]
    assert not floor.order(stop).waits


def test_a_stop_that_became_active_meanwhile_is_met_by_later_prints(floor):
    """It waits for a fall, then rests above; the price goes there and comes back, all unseen."""
    market, now = floor.market(PAIR), floor.seconds()
    coming = market.own.between(now + 1, now + 6 * 3600)
    low = min(range(len(coming) // 2), key=lambda at: coming[at].price)
    high = max(coming[low:], key=lambda each: each.price)
    ends = next(
        second
        for second in range(high.time + 1, high.time + 6 * 3600)
        if market.offered(second).bids[0].price < high.price - 100
    )
    assert high.amount >= 10
    stop = floor.place(0, PAIR, "sell", "0.001", D(high.price - 1).scaleb(-2),
                       stop=D(coming[low].price).scaleb(-2))  # fmt: skip
    assert stop.waits
    floor.wait(ends - now)
    done = floor.order(stop)
    assert (done.status, done.updated) == ("filled", high.time * 10**6)
