"""What is refused at the edges, and in which order things that come together happen."""

from __future__ import annotations

from decimal import Decimal as D

import pytest
from trading_floor import OPENED, SECOND, Audit, TradingFloor, prepared

from exchcli.sandbox.bars import Print
from exchcli.sandbox.catalog import SIMULATIONS
from exchcli.sandbox.engine import passing
from exchcli.sandbox.engine.checks import NewOrder, check
from exchcli.sandbox.engine.desk import Reason, Refusal
from exchcli.sandbox.engine.pit import Run

PAIR = "BTC_USDT"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prepared")
    return {name: prepared(folder / name, name) for name in ("dfx", "dgt")}


def opened(files, folder, exchange):
    floor = TradingFloor(folder / exchange, exchange, file=files[exchange])
    funds = {"dfx": {"BTC": 10, "USDT": 100_000, "XRP": 1000}, "dgt": {"BTC": 10, "PLN": 100_000}}
    for number in range(3):
        floor.fund(number, **funds[exchange])
    return floor


@pytest.fixture
def floor(files, tmp_path):
    """DigiFinex; the simulated bid is 9592.03 with 1.3766, the ask 9592.23 with 0.0087."""
    floor = opened(files, tmp_path, "dfx")
    yield floor
    Audit(floor).check()
    floor.close()


@pytest.fixture
def dgt(files, tmp_path):
    """Dgtmarket; the simulated bid is 2640.00 with 0.41148783, the ask 2652.50."""
    floor = opened(files, tmp_path, "dgt")
    yield floor
    Audit(floor).check()
    floor.close()


def refused(act, *args, **named):
    with pytest.raises(Refusal) as told:
        act(*args, **named)
    assert told.value.detail.endswith(".")
    return told.value.reason


# --- what is refused ------------------------------------------------------------------------------


def test_a_stop_without_a_price_is_worth_the_least_value_at_its_stop(dgt):
    rules = dgt.market("BTCPLN").rules
    least = D(rules.min_value)
    amount = D(rules.min_amount)
    stop = ((least / amount) - 1).quantize(D("0.01"))
    few = {"stop": stop, "symbol": "BTCPLN", "side": "sell"}
    assert amount * stop < least
    reason = refused(dgt.place, 0, amount=amount, **few)
    assert reason is Reason.VALUE_TOO_SMALL
    enough = dgt.place(0, amount=amount, **few | {"stop": stop + 1})
    assert enough.waits


@pytest.mark.parametrize(
    ("field", "most", "reason"),
    [
        ("price", D(10) ** 17, Reason.BAD_PRICE),
        ("stop", D(10) ** 17, Reason.BAD_PRICE),
        ("amount", D(10) ** 16, Reason.BAD_AMOUNT),
    ],
)
def test_no_order_has_a_number_beyond_what_is_counted_in(floor, field, most, reason):
    rules = floor.market(PAIR).rules
    precision = rules.amount_precision if field == "amount" else rules.price_precision
    largest, unit = most.scaleb(-precision), D(1).scaleb(-precision)
    usual = {"amount": D(1), "price": D(9000)}
    order = NewOrder(201, PAIR, "buy", **usual | {field: largest})
    assert getattr(check(order, rules), field) == largest
    for beyond in (largest + unit, largest * 9):
        assert refused(check, order._replace(**{field: beyond}), rules) is reason


def test_after_a_refused_batch_that_had_traded_already_the_next_order_is_as_if_it_never_was(floor):
    floor.place(1, PAIR, "buy", "0.01", "9000")
    news = [
        NewOrder(floor.account(1), PAIR, "buy", D("0.1"), D(9000)),
        NewOrder(floor.account(1), PAIR, "sell", D("0.5")),
        NewOrder(floor.account(1), PAIR, "buy", D(1000), D(9000)),
    ]
    with pytest.raises(Refusal), floor.desk() as desk:
        desk.place_all(news)
    order = floor.place(1, PAIR, "buy", "0.01", "9000")
    assert order.status == "open"
    assert floor.held(1, "USDT") == 180
    assert len(floor.store.select("SELECT id FROM orders")) == 2
    assert floor.store.select("SELECT 1 FROM fills") == []


@pytest.mark.parametrize(
    ("exchange", "symbol"), [name for name, each in SIMULATIONS.items() if each.rules.api]
)
def test_every_pair_takes_an_order_for_a_thousandth_of_what_a_demo_account_has(
    tmp_path, exchange, symbol
):
    floor = TradingFloor(tmp_path / "floor", exchange)
    rules = floor.market(symbol).rules
    worth = floor.free(1, rules.quote) / 1000
    assert worth > 0
    price = D(SIMULATIONS[exchange, symbol].opening.bid)
    amount = (worth / price).quantize(D(1).scaleb(-rules.amount_precision))
    assert floor.place(1, symbol, "buy", amount, price).status == "open"
    floor.close()


# --- in which order -------------------------------------------------------------------------------


@pytest.mark.parametrize(("buy", "filled"), [(True, "sell"), (False, "buy")])
def test_a_print_at_the_very_price_fills_only_the_side_that_it_was_taken_from(floor, buy, filled):
    bid = floor.place(0, PAIR, "buy", "0.5", "9592.10")
    ask = floor.place(1, PAIR, "sell", "0.5", "9592.20")
    with floor.desk() as desk:
        ticks = 959220 if filled == "sell" else 959210
        passing._give(desk, desk.pit(PAIR), Print(floor.seconds(), 1, buy, ticks, 100))
    assert {"buy": floor.order(bid).filled, "sell": floor.order(ask).filled} == {
        "buy": 0,
        "sell": 0,
        filled: D("0.01"),
    }
    with floor.desk() as desk:  # and at the same price from the other side nobody
        passing._give(desk, desk.pit(PAIR), Print(floor.seconds(), 2, not buy, ticks, 100))
    assert floor.order(bid).filled + floor.order(ask).filled == D("0.01")


def test_what_users_trade_comes_after_the_markets_own_prints_of_the_same_second(floor):
    now = floor.seconds()
    own = next(iter(floor.market(PAIR).own.between(now + 1, now + 3600)))
    floor.wait(own.time - now)
    floor.place(1, PAIR, "sell", "0.02", "9000")
    floor.place(1, PAIR, "buy", "0.01", "8000")
    floor.place(2, PAIR, "sell", "0.01")
    assert floor.seconds() == own.time
    ((price,),) = floor.store.select("SELECT price FROM prints ORDER BY id DESC LIMIT 1")
    assert price != own.price
    with floor.desk() as desk:
        assert desk.pit(PAIR).last == price
    (newest,) = floor.market(PAIR).trades(own.time, 1)
    assert newest.price == price


@pytest.mark.parametrize(("side", "stops"), [("buy", (9700, 9650)), ("sell", (9500, 9550))])
def test_of_two_stops_that_are_reached_together_the_nearer_one_comes_first(floor, side, stops):
    farther, nearer = (
        floor.place(number, PAIR, side, "0.01", stop=stop) for number, stop in enumerate(stops)
    )
    ticks = {"buy": 975_000, "sell": 945_000}[side]
    with floor.desk() as desk:
        desk.after_trade(desk.pit(PAIR), Run(ticks, ticks))
    # The nearer one trades at the book's price, which the farther one does not wait for: the
    # print that was beyond both has reached it all the same.
    assert floor.order(nearer).status == floor.order(farther).status == "filled"
    orders = floor.store.select('SELECT "order" FROM fills GROUP BY "order" ORDER BY min(id)')
    assert orders == [(nearer.id,), (farther.id,)]


def test_entries_have_one_order_when_a_payment_is_due_within_the_second_of_another(floor):
    chain, address, tag = floor.store.select(
        "SELECT chain, address, tag FROM addresses"
        " WHERE account = ? AND kind = 'withdrawal' AND currency = 'BTC'",
        floor.account(0),
    )[0]
    floor.now = (OPENED + 1) * SECOND + SECOND // 2
    with floor.desk() as desk:
        number = desk.withdraw(floor.account(0), "BTC", D("0.01"), address, chain, tag)
    # Three minutes later it is done, at half past the second; the deposit is a little later.
    floor.now += 179 * SECOND
    floor.wait(1)
    floor.now += SECOND * 2 // 5
    floor.fund(0, BTC=1)
    kinds = "SELECT kind FROM entries WHERE account = ? AND time > ? ORDER BY id"
    after = (OPENED + 100) * 1_000_000
    found = [kind for (kind,) in floor.store.select(kinds, floor.account(0), after)]
    assert found == ["withdrawal", "fee", "deposit"]
    assert floor.store.select("SELECT status FROM payments WHERE id = ?", number) == [("done",)]
    floor.wait(1)
    Audit(floor).check_entries()


def test_entries_have_one_order_when_the_clock_was_set_back_within_a_second(floor):
    floor.now = (OPENED + 1) * SECOND + SECOND * 9 // 10
    floor.fund(0, BTC=1)
    floor.now -= SECOND // 2
    # Also for a desk that does not remember the one before.
    for remembered in (True, False):
        if not remembered:
            floor.store._kept.clear()
        floor.fund(0, BTC=1)
    times = floor.store.select(
        "SELECT time FROM entries WHERE account = ? AND time > ?", floor.account(0), OPENED * 10**6
    )
    assert times[-3:] == [((OPENED + 1) * 10**6 + 900_000,)] * 3


def test_ids_and_times_of_orders_have_one_order_when_another_process_has_an_earlier_clock(floor):
    """An order that rests moves no money, so that only its own time says how far time has come."""
    floor.now += SECOND // 2
    first = floor.place(0, PAIR, "buy", "0.01", "9000")
    other = TradingFloor(floor.folder, "dfx")
    other.now = floor.now - 5_000_000
    second = other.place(1, PAIR, "buy", "0.01", "9000")
    other.close()
    assert second.id > first.id
    assert second.created == first.created == floor.now // 1000
