"""DigiFinex's trading rules: three indicators of the last ten minutes, and bans of two lengths."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchcli.sandbox.catalog import SIMULATIONS
from exchcli.sandbox.engine.conduct import BAN, HOUR, LONG_BAN, MINUTE, SECOND, Conduct, check
from exchcli.sandbox.engine.reasons import Reason, Refusal
from exchcli.sandbox.store import Store
from exchcli.sandbox.trading import Order

START = 1772600807 * SECOND // MINUTE * MINUTE
ONE, TWO = 201, 202
BTC, ETH = (SIMULATIONS["dfx", symbol].rules for symbol in ("BTC_USDT", "ETH_USDT"))
PLN = SIMULATIONS["dgt", "BTCPLN"].rules


class Trader:
    """Places orders and says what became of them; each deed is a transaction of its own."""

    def __init__(self, store):
        self.store = store
        self.now = START
        self.account, self.rules, self.wallet = ONE, BTC, "spot"

    def place(self, number=1, *, fill="0", cancel_after=None, spend=None):
        with self.store.writing() as db:
            conduct = Conduct(db)
            for _ in range(number):
                conduct_of(self.order(spend), conduct, Decimal(fill), cancel_after)
            conduct.flush(self.now)
        return self

    def order(self, spend=None):
        amount = None if spend else Decimal(10)
        return Order(
            1, self.account, self.rules, "buy", self.now,
            amount=amount, price=Decimal(1), spend=spend, wallet=self.wallet,
        )  # fmt: skip

    def later(self, time):
        self.now += time
        return self

    @property
    def ban(self):
        """The reason for which no order would be taken now."""
        with self.store.writing() as db:
            try:
                check(db, self.account, self.now)
            except Refusal as refusal:
                return refusal.reason
        return None


def conduct_of(order, conduct, fill=Decimal(0), cancel_after=None):
    conduct.placed(order)
    if fill:
        order.filled = fill
        conduct.filled(order, fill)
    if order.amount is not None and order.filled == order.amount:
        order.status = "filled"
        conduct.ended(order)
    elif cancel_after is not None:
        order.status, order.updated = "canceled", order.created + cancel_after
        conduct.ended(order)


def opened(folder):
    """A store with two accounts that have nothing."""
    store = Store(folder, START // SECOND)
    with store.writing() as db:
        for number, account in enumerate((ONE, TWO)):
            db.execute("INSERT INTO accounts VALUES (?, 'dfx', ?, NULL, NULL)", (account, number))
    return store


@pytest.fixture
def trader(tmp_path):
    store = opened(tmp_path)
    yield Trader(store)
    store.close()


# --- the indicators ---------------------------------------------------------------------------


def test_the_filling_weight_counts_above_49_orders(trader):
    assert trader.place(49).ban is None
    assert trader.place().ban == Reason.BANNED


def test_the_filling_weight_may_be_a_hundredth(trader):
    trader.place(fill="5").place(49)
    assert trader.ban is None, "5 of 500 is not less than a hundredth"
    assert trader.place().ban == Reason.BANNED


def test_the_filling_ratio_counts_above_99_orders(trader):
    trader.place(99, fill="5")
    assert trader.ban is None
    assert trader.place(fill="5").ban == Reason.BANNED, "not one was filled completely"


def test_the_filling_ratio_may_be_a_hundredth(trader):
    trader.place(fill="10").place(99, fill="5")
    assert trader.ban is None, "1 of 100 is not less than a hundredth"
    assert trader.place(fill="5").ban == Reason.BANNED


def test_the_cancellation_ratio_may_be_95_of_a_hundred(trader):
    trader.place(5, fill="10").place(95, cancel_after=5 * SECOND)
    assert trader.ban is None
    assert trader.place(cancel_after=SECOND).ban == Reason.BANNED


def test_an_order_canceled_later_than_5_seconds_was_meant(trader):
    trader.place(2, fill="10").place(98, cancel_after=5 * SECOND + 1)
    assert trader.ban is None


def test_an_order_canceled_in_part_filled_was_meant(trader):
    trader.place(2, fill="10").place(120, fill="1", cancel_after=SECOND)
    assert trader.ban is None


def test_orders_that_spend_quote_weigh_nothing(trader):
    trader.place(60, spend=Decimal(50))
    assert trader.ban is None


# --- the period -------------------------------------------------------------------------------


def test_orders_count_for_ten_minutes_by_the_minute(trader):
    trader.place(30).later(9 * MINUTE + 59 * SECOND)
    assert trader.place(20).ban == Reason.BANNED


def test_orders_of_more_than_ten_minutes_ago_do_not_count(trader):
    trader.place(30).later(10 * MINUTE)
    assert trader.place(20).ban is None


def test_minutes_that_no_longer_count_are_deleted(trader):
    for _ in range(30):
        trader.place().later(MINUTE)
    assert trader.store.rows("SELECT count(*) FROM conduct") == [(10,)]


def test_what_becomes_of_an_order_counts_for_its_own_minute(trader):
    order = trader.order()
    trader.place(49)
    with trader.store.writing() as db:
        late = Conduct(db)
        order.filled = Decimal(10)
        late.filled(order, Decimal(10))
        late.flush(trader.now + 9 * MINUTE)
    assert trader.store.select("SELECT done FROM conduct") == [("10",)]


def test_a_fill_after_ten_minutes_counts_nowhere(trader):
    order = trader.order()
    with trader.store.writing() as db:
        late = Conduct(db)
        late.filled(order, Decimal(10))
        late.flush(trader.now + 10 * MINUTE)
    assert trader.store.rows("SELECT count(*) FROM conduct") == [(0,)]


# --- what is counted apart --------------------------------------------------------------------


def test_pairs_markets_and_accounts_are_counted_apart(trader):
    trader.place(40)
    trader.rules = ETH
    trader.place(40)
    trader.rules, trader.wallet = BTC, "margin"
    trader.place(40)
    trader.wallet, trader.account = "spot", TWO
    trader.place(40)
    assert trader.ban is None
    trader.account = ONE
    assert trader.place(10).ban == Reason.BANNED
    trader.account = TWO
    assert trader.ban is None


def test_a_ban_is_from_all_pairs(trader):
    trader.place(50)
    trader.rules = ETH
    assert trader.ban == Reason.BANNED


def test_dgtmarket_has_no_such_rules(trader):
    trader.rules = PLN
    assert trader.place(500).ban is None
    assert trader.store.rows("SELECT count(*) FROM conduct") == [(0,)]


# --- the bans ---------------------------------------------------------------------------------


def test_a_ban_lasts_for_30_minutes(trader):
    trader.place(50)
    assert trader.later(BAN - 1).ban == Reason.BANNED
    assert trader.later(1).ban is None


def test_what_goes_on_during_a_ban_does_not_prolong_it(trader):
    trader.place(50).later(5 * MINUTE).place(200)
    assert trader.later(BAN - 5 * MINUTE).ban is None


def test_the_third_ban_within_3_hours_is_of_24(trader):
    trader.place(50).later(50 * MINUTE).place(50).later(50 * MINUTE).place(50)
    assert trader.ban == Reason.BANNED_FOR_LONG
    assert trader.later(LONG_BAN - 1).ban == Reason.BANNED_FOR_LONG
    assert trader.later(1).ban is None


def test_three_bans_within_more_than_3_hours_are_short_ones(trader):
    trader.place(50).later(HOUR).place(50).later(2 * HOUR).place(50)
    assert trader.ban == Reason.BANNED
    assert trader.later(BAN).ban is None


def test_a_refusal_says_for_how_long(trader):
    trader.place(50).later(4 * MINUTE)
    with trader.store.writing() as db:
        with pytest.raises(Refusal, match="26 more minutes"):
            check(db, ONE, trader.now)


DEEDS = st.lists(
    st.tuples(
        st.integers(1, 30),
        st.sampled_from(["0", "1", "10"]),
        st.sampled_from([None, SECOND, 9 * SECOND]),
        st.integers(0, 3 * MINUTE),
    ),
    max_size=25,
)


@settings(max_examples=40, deadline=None)
@given(deeds=DEEDS)
def test_counts_by_the_minute_are_those_of_the_orders_themselves(tmp_path_factory, deeds):
    """A naive count over all orders finds the same first moment of a ban."""
    store = opened(tmp_path_factory.mktemp("conduct"))
    trader = Trader(store)
    orders = []
    for number, fill, cancel_after, gap in deeds:
        trader.place(number, fill=fill, cancel_after=cancel_after)
        left = fill != "10"
        at_once = fill == "0" and cancel_after == SECOND
        orders += [(trader.now, not left, Decimal(fill), at_once)] * number
        first = trader.now // MINUTE - 9
        recent = [order for order in orders if order[0] // MINUTE >= first]
        count = len(recent)
        tripped = (
            (count > 99 and sum(order[1] for order in recent) < count / 100)
            or (count > 49 and sum(order[2] for order in recent) < Decimal(count * 10) / 100)
            or (count > 99 and sum(order[3] for order in recent) * 100 > 95 * count)
        )
        assert (trader.ban is not None) == tripped
        if tripped:
            break
        trader.later(gap)
    store.close()
