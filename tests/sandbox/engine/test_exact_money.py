"""Money to the last digit: fills finer than a hundred-millionth, sums of more than 28 digits,
and fees that are never more than what they are taken from, nor less than nothing."""

from __future__ import annotations

import shutil
from decimal import Decimal as D
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trading_floor import OPENED, SECOND, Audit, TradingFloor, prepared

from exchcli.sandbox.catalog import SIMULATIONS
from exchcli.sandbox.engine.desk import Reason, Refusal
from exchcli.sandbox.exchange import Sandbox
from exchcli.sandbox.ledger import Ledger, minus, over, plus, shifted, times
from exchcli.sandbox.recording import load
from exchcli.sandbox.trading import Order, Position, fill

PAIR = "ABC_USDT"
FINEST = D("0.000000000001")
_folders = count()


def recorded(folder, *rows, pair="abc_usdt"):
    """A store in which a recording (time, price, amount) of a pair goes on for an hour."""
    file = prepared(folder, "dfx")
    csv = folder / f"{pair}.csv"
    csv.write_text("time,price,amount\n" + "\n".join(rows) + "\n")
    sandbox = Sandbox(folder, clock=lambda: OPENED * SECOND, limited=False)
    try:
        load(sandbox, csv, live=True)
    finally:
        sandbox.close()
    return file


@pytest.fixture(scope="module")
def fine(tmp_path_factory):
    """Prices of two and a bit, and both prices and amounts have 12 decimals."""
    rows = [
        f"{1_700_000_000 + 30 * each},{2 + FINEST * each:.12f},{D('0.5') + FINEST * each:.12f}"
        for each in range(120)
    ]
    return recorded(tmp_path_factory.mktemp("fine"), *rows)


@pytest.fixture
def floor(fine, tmp_path):
    floor = TradingFloor(tmp_path / "floor", "dfx", file=fine)
    for number in range(3):
        floor.fund(number, USDT=10_000)
    floor.fund(0, ABC=100)
    yield floor
    Audit(floor).check()
    floor.close()


def middle(floor):
    """A price between the market's best bid and its best ask."""
    book = floor.market(PAIR).offered(floor.seconds(), 1)
    return D((book.bids[0].price + book.asks[0].price) // 2).scaleb(-12)


def test_a_fee_takes_no_more_than_what_is_received(floor):
    price = middle(floor)
    floor.place(0, PAIR, "sell", D("1.2") + FINEST, price)
    floor.place(1, PAIR, "buy", "1.2", price)
    assert floor.total(1, "ABC") == D("1.2") * D("0.998")
    order = floor.place(2, PAIR, "buy", "1.1", price)
    assert floor.fills(order) == [(price, FINEST, False)]
    assert floor.total(2, "ABC") == 0


def test_a_fee_on_a_fine_amount_is_rounded_up_as_finely(floor):
    price = middle(floor)
    floor.place(0, PAIR, "sell", "1.100000000001", price)
    floor.place(1, PAIR, "buy", "1.100000000001", price)
    # 0.002 of it is 0.002200000000002.
    assert floor.total(1, "ABC") == D("1.100000000001") - D("0.002200000001")


def test_time_passes_when_the_market_gives_less_than_its_fee(tmp_path):
    """The fill of a resting bid is a trillionth, and there is nothing else to pay from."""
    prints = (
        f"{1_700_000_000 + 30 * each},{1.91 + each % 2 / 10:.2f},{FINEST:f}" for each in range(20)
    )
    floor = TradingFloor(tmp_path / "floor", "dfx", file=recorded(tmp_path, *prints))
    floor.fund(0, USDT=100)
    order = floor.place(0, PAIR, "buy", 2, "1.95")
    floor.wait(300)
    filled = floor.order(order).filled
    assert FINEST < filled < 100 * FINEST
    assert floor.total(0, "ABC") == 0
    floor.wait(10**6)
    Audit(floor).check()
    floor.close()


MOVES = st.lists(
    st.tuples(
        st.sampled_from(["buy", "sell"]),
        st.integers(0, 2),
        st.integers(1, 2),
        st.sampled_from([-3, -1, 0, 1, 2, 7]),
        st.integers(-4, 4),
        st.sampled_from([0, 0, 1, 45]),
    ),
    min_size=3,
    max_size=14,
)


@given(MOVES, st.booleans())
@settings(max_examples=30, deadline=None)
def test_whatever_is_traded_in_units_of_a_trillionth_no_exchange_is_locked_up(
    fine, tmp_path_factory, moves, rich
):
    folder = tmp_path_factory.getbasetemp() / f"trillionths-{next(_folders)}"
    floor = TradingFloor(folder, "dfx", file=fine)
    audit = Audit(floor)
    floor.fund(0, ABC=50)
    for number in range(3):
        floor.fund(number, USDT=10**15 if rich else 50)
    price = middle(floor)
    for side, account, whole, units, ticks, seconds in moves:
        amount = whole + units * FINEST
        if side == "sell":  # all that there is, if it is less: nothing is left for a fee
            amount = min(amount, floor.free(account, "ABC"))
        try:
            floor.place(account, PAIR, side, amount, price + ticks * FINEST)
        except Refusal:
            pass
        floor.wait(seconds)
        audit.check()
    floor.close()
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def wild(tmp_path_factory):
    """A pair on margin, as fine, whose price jumps far enough to liquidate both sides."""
    prices = ("9600", "9590.123456789012", "9600.5", "12900", "9601", "6500", "9599.000000000001")
    rows = [
        f"{1_700_000_000 + 7 * each},{prices[each % 7]},{FINEST if each % 3 else D('0.5'):f}"
        for each in range(500)
    ]
    return recorded(tmp_path_factory.mktemp("wild"), *rows, pair="btc_usdt")


WILD = st.lists(
    st.tuples(
        st.sampled_from(["limit", "market", "spend", "stop", "close", "withdraw"]),
        st.sampled_from(["buy", "sell"]),
        st.integers(0, 2),
        st.sampled_from(["spot", "margin", "margin"]),
        st.sampled_from([D("0.001"), D("0.0010000001"), D("0.3") + FINEST, D("2.123456789012")]),
        st.sampled_from([D(6600), D("9590.123456789012"), D(9600), D("9600.000000000001")]),
        st.sampled_from([0, 1, 7, 30, 400]),
    ),
    min_size=4,
    max_size=16,
)


@given(WILD)
@settings(max_examples=40, deadline=None)
def test_no_order_position_or_payment_of_any_size_stops_time(wild, tmp_path_factory, moves):
    folder = tmp_path_factory.getbasetemp() / f"wild-{next(_folders)}"
    floor = TradingFloor(folder, "dfx", file=wild)
    audit = Audit(floor)
    for number in range(3):
        floor.fund(number, USDT=20_000)
        with floor.desk() as desk:
            desk.transfer(floor.account(number), "USDT", D(9000), "spot", "margin")
    floor.fund(0, BTC=3)  # and the others have nothing to pay a fee from
    for kind, side, account, wallet, amount, price, seconds in moves:
        try:
            act(floor, kind, side, account, wallet, amount, price)
        except Refusal:
            pass
        floor.wait(seconds)
        audit.check_entries()
        audit.check_orders()
    floor.wait(3600)
    audit.check_entries()
    assert floor.store.select("SELECT id FROM payments WHERE due IS NOT NULL") == []
    with floor.desk() as desk:
        for account, wallet, currency, total, held in floor.store.select(
            "SELECT account, wallet, currency, total, held FROM balances"
        ):
            place = account, wallet, currency
            assert account == floor.house or desk.ledger.free(place) >= 0
            assert (D(total), D(held)) == (desk.ledger.total(place), desk.ledger.hold_of(place))
    floor.close()
    shutil.rmtree(folder)


def act(floor, kind, side, account, wallet, amount, price):
    """One move of one account."""
    number = floor.account(account)
    if kind == "close":
        with floor.desk() as desk:
            desk.close_position(number, "BTC_USDT")
    elif kind == "withdraw":
        with floor.desk() as desk:
            chain, address, tag = desk.db.execute(
                "SELECT chain, address, tag FROM addresses"
                " WHERE account = ? AND kind = 'withdrawal' AND currency = 'BTC'",
                (floor.account(0),),
            ).fetchone()
            desk.withdraw(floor.account(0), "BTC", D("0.01"), address, chain, tag)
    elif kind == "spend":
        floor.place(account, "BTC_USDT", "buy", None, spend=amount * 9000, wallet=wallet)
    elif kind == "stop":
        floor.place(account, "BTC_USDT", side, amount, stop=price)
    else:
        limit = price if kind == "limit" else None
        floor.place(account, "BTC_USDT", side, amount, limit, wallet=wallet)


def test_money_that_buys_not_even_one_unit_is_refused(tmp_path):
    whole = (f"{1_700_000_000 + 30 * each},{100 + each % 3},5" for each in range(60))
    floor = TradingFloor(tmp_path / "floor", "dfx", file=recorded(tmp_path, *whole))
    floor.fund(0, USDT=1000)
    with pytest.raises(Refusal) as refusal:
        floor.place(0, PAIR, "buy", None, spend="50")
    assert refusal.value.reason is Reason.VALUE_TOO_SMALL
    assert refusal.value.detail.startswith("50 USDT buy less than 1 ABC")
    assert floor.place(0, PAIR, "buy", None, spend="150").filled == 1
    Audit(floor).check()
    floor.close()


# --- sums beyond 28 digits ------------------------------------------------------------------------

UNITS = st.integers(-(10**29), 10**29)


@given(st.lists(UNITS, min_size=1, max_size=8))
def test_a_ledger_adds_money_of_any_size_to_the_last_digit(units):
    ledger, place = Ledger("dfx", 0), (1, "spot", "ABC")
    for each in units:
        amount = shifted(D(each), -12)
        ledger.move("trade", ledger.house("market", "ABC"), place, amount, 0)
        ledger.hold(place, amount)
    assert ledger.total(place) == ledger.hold_of(place) == shifted(D(sum(units)), -12)
    assert ledger.free(place) == 0
    assert {entry[7] for entry in ledger.entries[::2]} <= {
        f"{shifted(D(-each), -12):f}" for each in units
    }


@given(UNITS, UNITS)
def test_sums_differences_and_products_are_exact(one, other):
    first, second = shifted(D(one), -12), shifted(D(other), -12)
    assert shifted(plus(first, second), 12) == one + other
    assert shifted(minus(first, second), 12) == one - other
    assert int(shifted(times(first, second), 24)) == one * other
    if other:
        assert over(times(first, second), second) == first


@given(st.integers(1, 10**6), st.integers(1, 10**6))
@settings(max_examples=10, deadline=None)
def test_who_has_more_than_10_to_the_16_trades_to_the_last_digit(
    fine, tmp_path_factory, sold, rest
):
    folder = tmp_path_factory.getbasetemp() / f"wealth-{next(_folders)}"
    floor = TradingFloor(folder, "dfx", file=fine)
    audit = Audit(floor)
    for _ in range(12):
        floor.fund(0, ABC=10**15)
    floor.fund(1, USDT=10**15)
    price = middle(floor)
    amount, resting = 2 + sold * FINEST, 2 + rest * FINEST
    floor.place(0, PAIR, "sell", amount, price)
    floor.place(0, PAIR, "sell", resting, price * 2)
    floor.place(1, PAIR, "buy", amount, price)
    assert floor.held(0, "ABC") == resting
    assert minus(D(12 * 10**15), floor.total(0, "ABC")) == amount
    audit.check()
    floor.close()
    shutil.rmtree(folder)


# --- margin: nobody is given money by a fee, and none is taken from what is held ------------------


@pytest.mark.parametrize(("opens", "closes", "better"), [("buy", "sell", 1), ("sell", "buy", -1)])
def test_closing_in_many_parts_with_a_nearly_empty_wallet_takes_fees_and_gives_none(
    tmp_path, opens, closes, better
):
    """While it closes, the rest of the order must not count as held: that left less than nothing
    free, and a fee of that."""
    floor = TradingFloor(tmp_path / "floor", "dfx", file=prepared(tmp_path / "file", "dfx"))
    floor.fund(0, USDT=3500)
    floor.fund(1, USDT=1_000_000, BTC=50)
    with floor.desk() as desk:
        desk.transfer(floor.account(0), "USDT", D(3500), "spot", "margin")
    opened = floor.place(0, "BTC_USDT", opens, 1, wallet="margin")
    assert opened.status == "filled"
    book = floor.market("BTC_USDT").book(floor.seconds(), 1)
    touch = (book.bids if better > 0 else book.asks)[0].price
    for _ in range(14):
        price = D(touch + 3 * better).scaleb(-2)
        floor.place(1, "BTC_USDT", opens, "0.1", price)
    before = floor.total(0, "USDT", "margin")
    limit = D(touch - 10_000 * better).scaleb(-2)
    order = floor.place(0, "BTC_USDT", closes, "1.2", limit, wallet="margin")
    assert order.status == "filled"
    paid = before - floor.total(0, "USDT", "margin")
    assert order.cost * D("0.002") < paid < order.cost * D("0.003")
    Audit(floor).check()
    floor.close()


def test_a_fee_is_taken_from_what_is_free_and_not_from_what_something_else_holds():
    rules = SIMULATIONS["dfx", "BTC_USDT"].rules
    ledger, position = Ledger("dfx", 0), Position(1, rules, "long")
    ledger.totals[position.place] = D(100)
    ledger.hold(position.place, D(99))
    position.amount, position.cost = D(1), D(9000)
    order = Order(1, 1, rules, "sell", 0, amount=D(1), wallet="margin")
    made = fill(ledger, order, 1, D(9000), D(1), 0, maker=False, position=position)
    assert made.fee == 1
    assert ledger.total(position.place) == ledger.hold_of(position.place) == 99
