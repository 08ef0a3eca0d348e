"""What may be placed, what it holds, how it is matched and what it costs."""

from __future__ import annotations

from decimal import Decimal as D

import pytest
from trading_floor import Audit, TradingFloor, prepared

from exchcli.sandbox import statement
from exchcli.sandbox.engine import rows
from exchcli.sandbox.engine.desk import NewOrder, Reason, Refusal
from exchcli.sandbox.overlaid import REFILL

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


def refused(reason, act, *args, **named):
    with pytest.raises(Refusal) as told:
        act(*args, **named)
    assert told.value.reason is reason
    assert told.value.detail.endswith(".")


# --- limit orders ---------------------------------------------------------------------------------


def test_an_order_that_meets_nobody_rests_and_holds_what_it_may_cost(floor):
    order = floor.place(0, PAIR, "buy", "0.5", "9000.01")
    assert (order.status, order.filled) == ("open", 0)
    assert floor.held(0, "USDT") == D("4500.005")
    assert floor.place(0, PAIR, "sell", "2", "12000").status == "open"
    assert floor.held(0, "BTC") == 2


def test_two_users_trade_with_each_other_at_the_resting_price(floor):
    resting = floor.place(0, PAIR, "sell", "1", "9592.10")
    taker = floor.place(1, PAIR, "buy", "1", "9592.20")
    assert taker.status == floor.order(resting).status == "filled"
    assert floor.fills(taker) == [(D("9592.10"), D(1), False)]
    assert floor.fills(resting) == [(D("9592.10"), D(1), True)]


def test_whoever_receives_pays_the_fee_of_maker_or_taker(floor):
    floor.place(0, PAIR, "sell", "1", "9592.10")
    floor.place(1, PAIR, "buy", "1", "9592.10")
    assert floor.total(0, "USDT") == 100_000 + D("9592.10") * D("0.999")
    assert floor.total(0, "BTC") == 9
    assert floor.total(1, "BTC") == 11 - D("0.002")
    assert floor.total(1, "USDT") == 100_000 - D("9592.10")


def test_the_better_price_comes_first_and_of_one_price_the_older_order(floor):
    late = floor.place(0, PAIR, "sell", "1", "9592.10")
    better = floor.place(1, PAIR, "sell", "1", "9592.09")
    last = floor.place(1, PAIR, "sell", "1", "9592.10")
    taker = floor.place(2, PAIR, "buy", "2.5", "9592.10")
    assert [fill[:2] for fill in floor.fills(taker)] == [
        (D("9592.09"), D(1)), (D("9592.10"), D(1)), (D("9592.10"), D("0.5"))
    ]  # fmt: skip
    assert floor.order(better).status == floor.order(late).status == "filled"
    assert (floor.order(last).status, floor.order(last).filled) == ("open", D("0.5"))


def test_a_part_that_is_not_filled_stays_in_the_book(floor):
    floor.place(0, PAIR, "sell", "0.4", "9592.10")
    order = floor.place(1, PAIR, "buy", "1", "9592.11")
    assert (order.status, order.filled) == ("open", D("0.4"))
    assert floor.held(1, "USDT") == D("0.6") * D("9592.11")
    bids = floor.market(PAIR).book(floor.seconds(), 1).bids
    assert bids == [(959211, 6000)]


def test_users_come_before_the_simulated_market_at_one_price(floor):
    user = floor.place(0, PAIR, "buy", "0.5", "9592.03")
    taker = floor.place(1, PAIR, "sell", "0.7", "9592.03")
    assert [fill[:2] for fill in floor.fills(taker)] == [
        (D("9592.03"), D("0.5")), (D("9592.03"), D("0.2"))
    ]  # fmt: skip
    assert floor.order(user).status == "filled"


def test_what_is_taken_from_the_simulated_market_is_gone_and_comes_back(floor):
    ask = floor.market(PAIR).book(floor.seconds(), 1).asks[0]
    assert ask == (959223, 87)
    order = floor.place(0, PAIR, "buy", "0.0087", "9592.23")
    assert order.status == "filled"
    assert floor.market(PAIR).book(floor.seconds(), 1).asks[0].price > 959223
    again = floor.place(1, PAIR, "buy", "0.001", "9592.23")
    assert again.status == "open"
    users, now = floor.market(PAIR)._users, floor.seconds()
    assert users.eaten(now + REFILL - 1) == {("sell", 959223): 87}
    assert users.eaten(now + REFILL) == {}


def test_an_order_far_through_the_book_takes_level_after_level(floor):
    levels = floor.market(PAIR).book(floor.seconds(), 20).bids
    order = floor.place(0, PAIR, "sell", "9", "9000")
    fills = floor.fills(order)
    assert len(fills) > 3
    assert [(int(price * 100), int(amount * 10_000)) for price, amount, _ in fills[:-1]] == levels[
        : len(fills) - 1
    ]


def test_an_order_never_trades_with_one_of_its_own_account(floor):
    """The one that comes is canceled where it meets the other; that one stays."""
    own = floor.place(0, PAIR, "sell", "1", "9592.10")
    floor.place(1, PAIR, "sell", "0.3", "9592.09")
    order = floor.place(0, PAIR, "buy", "1", "9592.15")
    assert (order.status, order.filled) == ("canceled", D("0.3"))
    assert floor.order(own).status == "open"
    assert floor.held(0, "USDT") == 0


# --- other kinds ----------------------------------------------------------------------------------


def test_a_market_order_sells_an_amount_and_what_the_book_cannot_fill_is_canceled(floor):
    floor.fund(0, XRP="1000000000")
    order = floor.place(0, "XRP_USDT", "sell", "1000000000")
    assert order.status == "canceled"
    assert 0 < order.filled < 10**9
    assert floor.held(0, "XRP") == 0


def test_a_market_order_spends_an_amount_of_quote_and_no_more(floor):
    order = floor.place(0, PAIR, "buy", None, spend="500")
    assert order.status == "filled"
    assert 499 < order.cost <= 500
    assert floor.total(0, "USDT") == 100_000 - order.cost


def test_a_market_order_buys_an_amount_whatever_its_price(dgt):
    order = dgt.place(0, "BTCPLN", "buy", "0.6")
    assert (order.status, order.filled) == ("filled", D("0.6"))
    assert len(dgt.fills(order)) > 1


def test_a_market_order_that_cannot_be_paid_is_refused(dgt, floor):
    refused(Reason.NO_FUNDS, dgt.place, 0, "BTCPLN", "sell", "10.00000001")
    dgt.place(1, "BTCPLN", "buy", "49.9", "2000")
    refused(Reason.NO_FUNDS, dgt.place, 1, "BTCPLN", "buy", "0.3")
    refused(Reason.NO_FUNDS, floor.place, 0, PAIR, "buy", None, spend="100000.00000001")


def test_post_only_rests_or_is_canceled_and_never_takes(floor):
    assert floor.place(0, PAIR, "buy", "1", "9592.10", post_only=True).status == "open"
    order = floor.place(1, PAIR, "sell", "1", "9592.10", post_only=True)
    assert (order.status, order.filled) == ("canceled", 0)
    assert floor.held(1, "BTC") == 0
    assert floor.place(1, PAIR, "buy", "1", "9592.23", post_only=True).status == "canceled"


def test_a_stop_waits_out_of_the_book_and_holds_its_funds(dgt):
    order = dgt.place(0, "BTCPLN", "sell", "1", "2500", stop="2600")
    assert (order.status, order.waits) == ("open", True)
    assert dgt.held(0, "BTC") == 1
    assert dgt.place(1, "BTCPLN", "buy", "0.1", "2641").status == "open"


def test_a_stop_beyond_the_last_price_is_active_at_once(dgt):
    order = dgt.place(0, "BTCPLN", "sell", "0.1", "2640", stop="2642.59")
    assert (order.status, order.stop) == ("filled", D("2642.59"))
    assert dgt.place(0, "BTCPLN", "buy", "0.1", "2500", stop="2642.60").waits


def test_a_trade_at_its_price_activates_a_stop_which_joins_the_end_of_the_queue(dgt):
    stop = dgt.place(0, "BTCPLN", "sell", "1", "2645", stop="2641")
    first = dgt.place(1, "BTCPLN", "sell", "0.5", "2645")
    dgt.place(1, "BTCPLN", "buy", "0.1", "2641")
    dgt.place(2, "BTCPLN", "sell", "0.1", "2641")
    after = dgt.place(1, "BTCPLN", "sell", "0.5", "2645")
    active = dgt.order(stop)
    assert (active.status, active.waits, active.stop) == ("open", False, D("2641.00"))
    dgt.place(2, "BTCPLN", "buy", "1", "2645")
    assert dgt.order(first).status == "filled"
    assert (dgt.order(stop).filled, dgt.order(after).filled) == (D("0.5"), 0)


def test_stops_set_each_other_off(dgt):
    one = dgt.place(0, "BTCPLN", "sell", "0.45", None, stop="2641")
    two = dgt.place(1, "BTCPLN", "sell", "0.1", None, stop="2640.00")
    dgt.place(1, "BTCPLN", "buy", "0.1", "2641")
    dgt.place(2, "BTCPLN", "sell", "0.1", "2641")
    assert dgt.order(one).status == dgt.order(two).status == "filled"
    # The first took all of the best simulated bid, so the second got the next.
    assert dgt.fills(two)[0][0] < 2640


def test_a_buy_stop_at_market_spends_no_more_than_it_held(dgt):
    order = dgt.place(0, "BTCPLN", "buy", "1", None, stop="2645")
    assert dgt.held(0, "PLN") == 2645
    dgt.place(1, "BTCPLN", "sell", "0.1", "2645")
    dgt.place(2, "BTCPLN", "buy", "0.1", "2645")
    done = dgt.order(order)
    assert done.status == "canceled"
    assert 0 < done.filled < 1
    assert done.cost <= 2645
    assert dgt.held(0, "PLN") == 0


# --- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "symbol", "side", "amount", "price"),
    [
        (Reason.NO_SYMBOL, "BTC_EUR", "buy", "1", "1"),
        (Reason.NO_API_TRADING, "EOS_USDT", "buy", "1", "2"),
        (Reason.PRICE_PRECISION, PAIR, "buy", "1", "9000.001"),
        (Reason.PRICE_PRECISION, PAIR, "buy", "1", "0.001"),
        (Reason.PRICE_PRECISION, PAIR, "buy", "1", "1e-999999"),
        (Reason.AMOUNT_PRECISION, PAIR, "buy", "1.00001", "9000"),
        (Reason.AMOUNT_PRECISION, PAIR, "buy", "1." + "0" * 5000 + "1", "9000"),
        (Reason.BAD_PRICE, PAIR, "buy", "1", "0"),
        (Reason.BAD_PRICE, PAIR, "buy", "1", "-1"),
        (Reason.BAD_PRICE, PAIR, "buy", "1", "NaN"),
        (Reason.BAD_PRICE, PAIR, "buy", "1", "1e999999"),
        (Reason.BAD_AMOUNT, PAIR, "buy", "0", "9000"),
        (Reason.BAD_AMOUNT, PAIR, "buy", "Infinity", "9000"),
        (Reason.BAD_AMOUNT, PAIR, "buy", "1e18", "9000"),
        (Reason.BAD_AMOUNT, PAIR, "buy", None, "9000"),
        (Reason.TOO_SMALL, "ETH_USDT", "buy", "0.0009", "9000"),
        (Reason.VALUE_TOO_SMALL, PAIR, "buy", "0.0002", "9000"),
        (Reason.NO_FUNDS, PAIR, "buy", "100", "9000"),
        (Reason.NO_FUNDS, PAIR, "sell", "10.0001", "12000"),
    ],
)  # fmt: skip
def test_what_cannot_be_placed_is_refused_and_nothing_happens(
    floor, reason, symbol, side, amount, price
):
    before = floor.store.select("SELECT count(*), max(id) FROM orders")
    refused(reason, floor.place, 0, symbol, side, amount, price)
    assert floor.store.select("SELECT count(*), max(id) FROM orders") == before


def test_idle_zeros_are_no_precision(floor):
    order = floor.place(0, PAIR, "buy", "1.000000", "9000.0000")
    assert (order.amount, order.price) == (1, 9000)


def test_what_is_spent_is_neither_sold_nor_limited(floor):
    refused(Reason.BAD_AMOUNT, floor.place, 0, PAIR, "sell", None, spend="100")
    refused(Reason.BAD_AMOUNT, floor.place, 0, PAIR, "buy", "1", spend="100")
    refused(Reason.BAD_PRICE, floor.place, 0, PAIR, "buy", None, "9000", spend="100")
    refused(Reason.VALUE_TOO_SMALL, floor.place, 0, PAIR, "buy", None, spend="1.99")
    refused(Reason.VALUE_TOO_SMALL, floor.place, 0, PAIR, "sell", "0.0001")
    refused(Reason.BAD_PRICE, floor.place, 0, PAIR, "buy", "1", post_only=True)


def test_all_of_a_batch_is_placed_or_none(floor):
    account = floor.account(0)
    news = [NewOrder(account, PAIR, "buy", D(1), D(9000)) for _ in range(10)]
    with floor.desk() as desk:
        orders = desk.place_all(news)
    assert {order.status for order in orders} == {"open"}
    assert len({order.code for order in orders}) == 10
    held = floor.held(0, "USDT")

    def batch():
        with floor.desk() as desk:
            desk.place_all([*news[:1], NewOrder(account, PAIR, "buy", D(1), D(5001))])

    refused(Reason.NO_FUNDS, batch)
    assert floor.held(0, "USDT") == held == 90_000
    # Nor does the desk remember any of it.
    assert floor.place(0, PAIR, "buy", "1", "9000").id == orders[-1].id + 1


# --- canceling ------------------------------------------------------------------------------------


def test_a_canceled_order_gives_back_what_it_held_and_is_never_filled(floor):
    order = floor.place(0, PAIR, "sell", "1", "9592.10")
    assert floor.cancel(0, order).status == "canceled"
    assert floor.held(0, "BTC") == 0
    assert floor.place(1, PAIR, "buy", "1", "9592.10").status == "open"
    refused(Reason.NOT_CANCELABLE, floor.cancel, 0, order)


def test_a_waiting_stop_can_be_canceled(dgt):
    order = dgt.place(0, "BTCPLN", "sell", "1", "2500", stop="2600")
    dgt.cancel(0, order)
    assert dgt.held(0, "BTC") == 0
    dgt.place(1, "BTCPLN", "buy", "0.1", "2641")
    dgt.place(2, "BTCPLN", "sell", "2", "2500")
    assert dgt.order(order).filled == 0


def test_nobody_cancels_an_order_of_somebody_else_or_of_another_wallet(floor):
    order = floor.place(0, PAIR, "sell", "1", "12000")
    refused(Reason.NO_ORDER, floor.cancel, 1, order)
    with floor.desk() as desk:
        refused(Reason.NO_ORDER, desk.cancel, floor.account(0), order.code, "margin")
        refused(Reason.NO_ORDER, desk.cancel, floor.account(0), "f" * 32)
    assert floor.order(order).status == "open"


def test_ids_and_codes_go_on_where_the_history_ended(tmp_path):
    floor = TradingFloor(tmp_path / "demo", "dgt")
    ((newest,),) = floor.store.select("SELECT max(id) FROM orders WHERE exchange = 'dgt'")
    order = floor.place(1, "BTCPLN", "buy", "0.1", "2000")
    assert (order.id, order.code) == (newest + 1, str(newest + 1))
    other = TradingFloor(tmp_path / "other", "dfx")
    ((newest,),) = other.store.select("SELECT max(id) FROM orders WHERE exchange = 'dfx'")
    order = other.place(1, PAIR, "buy", "0.1", "2000")
    assert order.id == newest + 1
    assert len(order.code) == 32
    floor.close()
    other.close()


def test_no_lookup_of_the_engine_reads_more_than_it_needs(floor):
    """A million orders that are over must not be in anybody's way."""
    for sql in (
        rows._BY_CODE,
        rows._STANDING,
        rows._WAITING,
        rows._FIRST,
        rows._OPEN_OF,
        rows._OPEN,
    ):
        values = (1,) * sql.count("?")
        plan = [row[3] for row in floor.store.select(f"EXPLAIN QUERY PLAN {sql}", *values)]
        assert len(plan) == 1
        assert any(
            name in plan[0] for name in ("orders_by_code", "orders_standing", "orders_open_of")
        )


@pytest.mark.parametrize(
    ("sql", "index"),
    [
        (f"{statement._FILLS} WHERE f.exchange = ? AND f.\"order\" = ?", "fills_of_order"),
        ("SELECT id FROM fills WHERE exchange = ? AND \"order\" IN (?, ?) ORDER BY id",
         "fills_of_order"),
        (f"{statement._FILLS} WHERE f.account = ? AND f.wallet = ? AND f.time >= ?"
         " ORDER BY f.time DESC, f.id DESC", "fills_of"),
        (f"{statement._FILLS} WHERE f.account = ? AND f.wallet = ? AND f.symbol = ?"
         " AND f.time >= ? ORDER BY f.time DESC, f.id DESC", "fills_of_pair"),
        (f"{statement._ORDERS} WHERE account = ? AND wallet = ? AND created >= ?"
         " ORDER BY created DESC, id DESC", "orders_of"),
        (f"{statement._ORDERS} WHERE account = ? AND wallet = ? AND symbol = ? AND created >= ?"
         " ORDER BY created DESC, id DESC", "orders_of_pair"),
        (f"{statement._ORDERS} WHERE account = ? AND wallet = ? AND status = 'open'"
         " ORDER BY created DESC, id DESC", "orders_open_of"),
        (f"{statement._ORDERS} WHERE account = ? AND wallet = ? AND exchange = ?"
         " AND code IN (?, ?) ORDER BY created DESC, id DESC", "orders_by_code"),
        (f"{statement._ENTRIES} UNION ALL {statement._ENTRIES} ORDER BY time DESC, id DESC",
         "entries_of"),
        (f"{statement._PAYMENTS} WHERE account = ? AND kind = ? ORDER BY id DESC", "payments_of"),
        (f"{statement._PAYMENTS} WHERE account = ? AND kind = ? AND currency = ? AND id <= ?"
         " ORDER BY id DESC", "payments_of_currency"),
    ],
)  # fmt: skip
def test_lists_are_read_from_the_index_that_has_their_order(floor, sql, index):
    values = (1,) * sql.count("?")
    plan = [row[3] for row in floor.store.select(f"EXPLAIN QUERY PLAN {sql}", *values)]
    assert any(f"INDEX {index} " in step for step in plan)
