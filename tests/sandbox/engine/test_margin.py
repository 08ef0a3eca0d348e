"""Positions on margin: what opens, adds to, closes and turns them, and what the wallet pays."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchcli.sandbox.catalog import SIMULATIONS
from exchcli.sandbox.engine import margin, payments, rows
from exchcli.sandbox.engine.margin import Take
from exchcli.sandbox.engine.reasons import Reason, Refusal
from exchcli.sandbox.trading import Order, keep_hold

D = Decimal
RULES = SIMULATIONS["dfx", "ETH_USDT"].rules
HELD = "SELECT side, amount, cost, held FROM positions WHERE account = ? AND symbol = ?"


class Trader:
    """Trades ETH on margin for the second account, whose margin wallet has 5000 USDT."""

    def __init__(self, books):
        self.books = books
        self.account = books.two
        self._number = self._fills = 10**7

    def place(self, opened, side, amount, price=None, takes=(), rests=False):
        """Asks whether the wallet can bear it, and makes the trades."""
        self._number += 10
        order = Order(
            self._number, self.account, RULES, side, opened.time,
            amount=D(amount), price=None if price is None else D(price),
            wallet="margin", code=str(self._number),
        )  # fmt: skip
        trades = [Take(D(each[0]), D(each[1])) for each in takes]
        margin.afford(opened, order, trades, rests=rests)
        fills = []
        for each in trades:
            fills += self._trade(opened, order, each, maker=False)
        if not rests:
            order.status = "filled"
        keep_hold(opened.ledger, order)
        rows.insert(opened.db, order)
        return order, fills

    def fill(self, opened, order, price, amount):
        """One trade of an order that rests."""
        fills = self._trade(opened, order, Take(D(price), D(amount)), maker=True)
        if order.filled == order.amount:
            order.status = "filled"
        rows.update(opened.db, order)
        return fills

    def _trade(self, opened, order, take, *, maker):
        self._fills += 2
        return margin.trade(
            opened.db, opened.ledger, order, self._fills, *take, opened.time, maker=maker
        )

    def take(self, side, amount, price):
        """A market order that takes all at one price."""
        with self.books.at(1) as opened:
            return self.place(opened, side, amount, takes=[(price, amount)])[1]

    @property
    def position(self):
        found = self.books.store.select(HELD, self.account, "ETH_USDT")
        return (found[0][0], *map(D, found[0][1:])) if found else None

    @property
    def wallet(self):
        return self.books.balance(self.account, "USDT", "margin")


@pytest.fixture
def trader(dfx):
    return Trader(dfx)


def test_buying_opens_a_long_position_of_which_a_third_is_held(trader):
    (fill,) = trader.take("buy", "6", "200")
    assert trader.position == ("long", 6, 1200, 400)
    assert (fill.fee, fill.fee_currency) == (D("2.4"), "USDT")
    assert trader.wallet == (D("4997.6"), 400)


def test_selling_what_one_does_not_have_opens_a_short_one(trader):
    trader.take("sell", "6", "200")
    assert trader.position == ("short", 6, 1200, 400)
    assert trader.wallet == (D("4997.6"), 400)
    assert trader.books.balance(trader.account, "ETH", "margin") == (0, 0)


def test_the_entry_price_is_the_mean_of_what_was_paid(trader):
    trader.take("buy", "2", "200")
    trader.take("buy", "1", "230")
    side, amount, cost, held = trader.position
    assert (side, amount, cost, cost / amount) == ("long", 3, 630, 210)
    assert held == 210


@pytest.mark.parametrize(("opens", "closes", "sign"), [("buy", "sell", 1), ("sell", "buy", -1)])
def test_closing_a_part_brings_its_profit_or_loss(trader, opens, closes, sign):
    trader.take(opens, "6", "200")
    before = trader.wallet[0]
    (fill,) = trader.take(closes, "2", "230")
    assert fill.fee == D("0.92")
    assert trader.wallet[0] == before + sign * 60 - D("0.92")
    side = "long" if opens == "buy" else "short"
    assert trader.position == (side, 4, 800, D("266.66666667"))


@pytest.mark.parametrize(("opens", "closes", "sign"), [("buy", "sell", 1), ("sell", "buy", -1)])
def test_the_part_of_a_cost_that_is_closed_is_rounded_down(trader, opens, closes, sign):
    trader.take(opens, "3", "66.67")
    trader.take(opens, "4", "70")
    before = trader.wallet[0]
    # A seventh of 480.01 is 68.57285714 and a bit.
    (fill,) = trader.take(closes, "1", "75")
    assert trader.wallet[0] == before + sign * D("6.42714286") - fill.fee
    assert trader.position[1:3] == (6, D("411.43714286"))


def test_closing_all_leaves_no_position_and_nothing_held(trader):
    trader.take("sell", "6", "200")
    trader.take("buy", "6", "190")
    assert trader.position is None
    assert trader.wallet == (5000 + 60 - D("2.4") - D("2.28"), 0)


def test_a_larger_order_against_it_turns_it_around_in_two_fills(trader):
    trader.take("buy", "2", "200")
    first, second = trader.take("sell", "5", "210")
    assert (first.amount, second.amount) == (2, 3)
    assert second.id == first.id + 1
    assert trader.position == ("short", 3, 630, 210)
    fees = D("0.8") + D("0.84") + D("1.26")
    assert trader.wallet == (5000 + 20 - fees, 210)


def test_a_resting_order_holds_its_own_part_and_pays_from_it(trader):
    with trader.books.at(1) as opened:
        order, _ = trader.place(opened, "buy", "6", "200", rests=True)
    assert trader.wallet == (5000, 400)
    with trader.books.at(2) as opened:
        (fill,) = trader.fill(opened, order, "200", "3")
    assert fill.fee == D("0.6")
    assert trader.wallet == (D("4999.4"), 400)
    assert trader.position == ("long", 3, 600, 200)


def test_with_nothing_else_free_the_fee_is_missing_at_the_own_part(trader):
    """All of the wallet is held by one order: its fills are paid from that, to the last digit."""
    with trader.books.at(1) as opened:
        order, _ = trader.place(opened, "buy", "75", "200", rests=True)
    assert trader.wallet == (5000, 5000)
    for part in ("30", "45"):
        with trader.books.at(2) as opened:
            trader.fill(opened, order, "200", part)
        trader.books.check()
    assert trader.position == ("long", 75, 15000, 4985)
    assert trader.wallet == (4985, 4985)


def test_what_the_wallet_cannot_bear_is_refused(trader):
    def refused(*args, **named):
        with pytest.raises(Refusal) as refusal, trader.books.at(1) as opened:
            trader.place(opened, *args, **named)
        assert refusal.value.reason is Reason.NO_FUNDS
        assert trader.position is None
        assert trader.wallet == (5000, 0)

    refused("buy", "75.0001", "200", rests=True)
    # An order that is filled at once also pays a fee: 0.2 percent of three times the own part.
    refused("buy", "75", takes=[("200", "75")])
    refused("buy", "74.6", takes=[("200", "74.6")])
    # What is sold for more than its price needs more.
    refused("sell", "60", "1", takes=[("300", "60")])
    # What is left over counts as well.
    refused("buy", "75", "200", takes=[("200", "74")], rests=True)
    trader.take("buy", "74.5", "200")


def test_an_order_that_closes_needs_no_funds(trader):
    trader.take("buy", "74.5", "200")
    assert trader.wallet[0] - trader.wallet[1] < 4
    trader.take("sell", "74.5", "190")
    assert trader.position is None


def test_turning_around_needs_the_funds_of_the_new_side(trader):
    trader.take("buy", "70", "200")
    with pytest.raises(Refusal), trader.books.at(1) as opened:
        trader.place(opened, "sell", "150", takes=[("200", "150")])
    assert trader.position[:2] == ("long", 70)
    trader.take("sell", "140", "200")
    assert trader.position[:2] == ("short", 70)


def test_a_pair_that_is_not_lent_is_refused(trader):
    rules = SIMULATIONS["dfx", "TRX_USDT"].rules
    order = Order(1, trader.account, rules, "buy", 0, amount=D(100), price=D(1), wallet="margin")
    with pytest.raises(Refusal) as refusal, trader.books.at(1) as opened:
        margin.afford(opened, order, [], rests=True)
    assert refusal.value.reason is Reason.NO_MARGIN


# --- prices that jump -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("opens", "closes", "price"), [("buy", "sell", "1"), ("sell", "buy", "900")]
)
def test_a_loss_never_takes_more_than_is_free_in_the_wallet(trader, opens, closes, price):
    trader.take(opens, "60", "200")
    trader.take(closes, "60", price)
    assert trader.position is None
    assert trader.wallet == (0, 0)


def test_a_loss_leaves_what_other_orders_hold(trader):
    trader.take("buy", "30", "200")
    with trader.books.at(1) as opened:
        order, _ = trader.place(opened, "buy", "10", "150", rests=True)
    trader.take("sell", "30", "1")
    assert trader.wallet == (500, 500)
    with trader.books.at(1) as opened:
        trader.fill(opened, order, "150", "10")
    assert trader.position == ("long", 10, 1500, D("498.5"))


# --- liquidation ------------------------------------------------------------------------------


def test_a_position_is_liquidated_where_too_little_is_left_over_its_debt():
    rate = D("0.3")
    assert margin.liquidation_price("long", D(3), D(120), D(60), rate) == 26
    short = margin.liquidation_price("short", D(3), D(120), D(40), rate)
    assert abs(short - D(160) / D("3.9")) < D("1e-20")
    assert margin.liquidation_price("long", D(0), D(0), D(0), rate) == 0


@pytest.mark.parametrize("side", ["long", "short"])
@given(st.integers(1, 10**6), st.integers(1, 10**6), st.integers(1, 40), st.integers(1, 90))
def test_at_its_liquidation_price_a_position_is_worth_its_debt_and_the_rate(
    side, amount, price, third, percent
):
    cost, rate = D(amount * price), D(percent) / 100
    held = cost * third / 100
    last = margin.liquidation_price(side, D(amount), cost, held, rate)
    worth, debt = margin.worth_and_debt(side, D(amount), cost, held, last)
    assert abs(worth / debt - 1 - rate) < D("1e-15")


@pytest.mark.parametrize(("side", "change"), [("long", "-0.133"), ("short", "0.026")])
def test_with_a_third_of_its_own_a_short_position_bears_less_than_a_long_one(side, change):
    last = margin.liquidation_price(side, D(3), D(300), D(100), D("0.3"))
    assert (last / 100 - 1).quantize(D("0.001")) == D(change)


@pytest.mark.parametrize(("opens", "sign"), [("buy", -1), ("sell", 1)])
def test_a_last_price_at_or_beyond_the_liquidation_price_reaches_it(trader, opens, sign):
    trader.take(opens, "6", "200")
    with trader.books.at(1) as opened:
        below, above = margin.bounds(opened.db, RULES)
        bound = below if opens == "buy" else above
        assert (above if opens == "buy" else below) is None
        there = D(800) * D("1.3") / 6 if opens == "buy" else D(1600) / (6 * D("1.3"))
        assert abs(bound - there) < D("1e-20")
        assert not margin.reached(opened, RULES, D(200))
        assert not margin.reached(opened, RULES, bound - sign * D("0.01"))
        for price in (bound, bound + sign * D("0.01"), bound + sign * 100):
            (position,) = margin.reached(opened, RULES, price)
            assert (position.account, position.amount) == (trader.account, 6)


# --- all of it --------------------------------------------------------------------------------

PRICES = st.decimals("0.01", "2000", places=2)
AMOUNTS = st.decimals("0.0001", "120", places=4)
ORDERS = st.tuples(
    st.sampled_from(["buy", "sell"]), AMOUNTS, PRICES, st.booleans(), st.integers(1, 4)
)


@settings(max_examples=80)
@given(st.lists(ORDERS, max_size=14))
def test_whatever_is_traded_at_whatever_price_the_books_are_right(dfx_books, orders):
    """Prices leap here as they never do: no wallet is below what it holds, no money is lost."""
    with dfx_books.trial():
        trader = Trader(dfx_books)
        resting = []
        signed = D(0)
        for side, amount, price, rests, parts in orders:
            part = (amount / parts).quantize(D("0.0001"))
            sign = 1 if side == "buy" else -1
            try:
                with dfx_books.at(1) as opened:
                    if rests:
                        resting.append(trader.place(opened, side, amount, price, rests=True)[0])
                    elif part:
                        takes = [(price, part)] * parts
                        trader.place(opened, side, part * parts, takes=takes)
                        signed += sign * part * parts
            except Refusal:
                pass
            if resting and parts == 2:
                order = resting.pop(0)
                with dfx_books.at(2) as opened:
                    trader.fill(opened, order, order.price, order.amount)
                signed += order.amount if order.buys else -order.amount
            dfx_books.check()
            side, amount, *_ = trader.position or ("long", D(0))
            assert signed == (amount if side == "long" else -amount)


@given(AMOUNTS, PRICES, st.lists(st.integers(1, 100), min_size=1, max_size=5))
def test_what_was_found_bearable_is_borne_without_any_help(dfx_books, amount, price, weights):
    """After an order that the wallet could bear, a third of the position is the account's own."""
    with dfx_books.trial():
        trader = Trader(dfx_books)
        with dfx_books.at(0) as opened:
            payments.transfer(opened, dfx_books.two, "USDT", D(20000), "spot", "margin")
        parts = [(amount * each / sum(weights)).quantize(D("0.0001")) for each in weights]
        takes = [(price + place, part) for place, part in enumerate(parts) if part]
        try:
            with dfx_books.at(1) as opened:
                trader.place(opened, "sell", sum(part for _, part in takes), takes=takes)
        except Refusal:
            return
        if trader.position:
            _, _, cost, held = trader.position
            assert 0 <= held * 3 - cost < D("0.00000003")
