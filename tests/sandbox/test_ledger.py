"""Nothing is lost: balances, holds, fills, entries and the market agree to the last digit."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchcli.sandbox.catalog import SIMULATIONS
from exchcli.sandbox.demo import HOUSES, demo
from exchcli.sandbox.ledger import Ledger, down, times, up
from exchcli.sandbox.market import simulated_market
from exchcli.sandbox.schema import ACCOUNTS, MARKETS
from exchcli.sandbox.trading import FEES, LEVERAGE, Order, fill, keep_hold

OPENED = 1772600807
MICRO = 1_000_000
# Three seeds at moments of their own, so that no figure can be tuned to one market.
STORIES = [("dgt", 20200519, OPENED), ("dgt", 7, OPENED + 12345)]
STORIES += [("dfx", 20200519, OPENED), ("dfx", 7, OPENED + 12345), ("dfx", 99, OPENED - 10**7)]


def columns():
    """The names of the columns of every table."""
    db = sqlite3.connect(":memory:")
    db.executescript(ACCOUNTS + MARKETS)
    tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    found = {name: [row[1] for row in db.execute(f"PRAGMA table_info({name})")] for name in tables}
    db.close()
    return found


class Told:
    """A demo history, its rows with names."""

    def __init__(self, exchange, seed, opened):
        self.exchange, self.seed, self.opened = exchange, seed, opened
        self.house = HOUSES[exchange]
        names = columns()
        self.rows = {
            table: [dict(zip(names[table], row, strict=True)) for row in rows]
            for table, rows in demo(exchange, seed, opened)
        }
        self.entries = self.rows["entries"]
        self.orders = self.rows["orders"]
        self.fills = self.rows["fills"]
        self.payments = self.rows["payments"]
        self.positions = self.rows["positions"]

    def balances(self):
        return {
            (row["account"], row["wallet"], row["currency"]): (
                Decimal(row["total"]),
                Decimal(row["held"]),
            )
            for row in self.rows["balances"]
        }

    def rules(self, symbol):
        return SIMULATIONS[self.exchange, symbol].rules

    def market(self, symbol):
        return simulated_market(SIMULATIONS[self.exchange, symbol], self.seed, self.opened)


@pytest.fixture(scope="module", params=STORIES, ids=lambda story: f"{story[0]}-{story[1]}")
def told(request):
    return Told(*request.param)


@pytest.fixture(scope="module", params=[story for story in STORIES if story[0] == "dfx"])
def digifinex(request):
    return Told(*request.param)


def test_every_balance_is_the_sum_of_its_entries_one_by_one(told):
    running = defaultdict(Decimal)
    for entry in told.entries:
        place = entry["account"], entry["wallet"], entry["currency"]
        running[place] += Decimal(entry["amount"])
        assert running[place] == Decimal(entry["balance"])
    assert running == {place: total for place, (total, _) in told.balances().items()}


def test_the_entries_of_every_deed_add_up_to_zero(told):
    sums = defaultdict(Decimal)
    for entry in told.entries:
        sums[entry["deed"], entry["currency"]] += Decimal(entry["amount"])
    assert set(sums.values()) == {Decimal(0)}


def test_nobody_ever_had_less_than_nothing(told):
    for entry in told.entries:
        if entry["account"] != told.house:
            assert Decimal(entry["balance"]) >= 0
    for (account, _, _), (total, held) in told.balances().items():
        if account != told.house:
            assert 0 <= held <= total


def test_what_is_held_is_what_orders_positions_and_withdrawals_hold(told):
    held = defaultdict(Decimal)
    for order in told.orders:
        rules = told.rules(order["symbol"])
        currency = (
            rules.base if (order["side"], order["wallet"]) == ("sell", "spot") else rules.quote
        )
        held[order["account"], order["wallet"], currency] += Decimal(order["held"])
    for each in told.positions:
        quote = told.rules(each["symbol"]).quote
        held[each["account"], "margin", quote] += Decimal(each["held"])
    for payment in told.payments:
        if payment["kind"] == "withdrawal" and payment["status"] not in ("done", "canceled"):
            held[payment["account"], "spot", payment["currency"]] += Decimal(
                payment["amount"]
            ) + Decimal(payment["fee"])
    there = {place: held for place, (_, held) in told.balances().items() if held}
    assert there == {place: amount for place, amount in held.items() if amount}


def test_only_open_orders_hold_and_just_what_they_still_need(told):
    for order in told.orders:
        held = Decimal(order["held"])
        if order["status"] != "open":
            assert held == 0
            continue
        rest = Decimal(order["amount"]) - Decimal(order["filled"])
        worth = rest * Decimal(order["price"])
        if order["wallet"] == "margin":
            assert held * LEVERAGE >= worth > (held - Decimal("0.00000001")) * LEVERAGE
        elif order["side"] == "buy":
            assert Decimal(0) <= held - worth < Decimal("0.00000001")
        else:
            assert held == rest


def test_orders_are_what_their_fills_amount_to(told):
    amounts, costs = defaultdict(Decimal), defaultdict(Decimal)
    for each in told.fills:
        amounts[each["order"]] += Decimal(each["amount"])
        costs[each["order"]] += Decimal(each["cost"])
    for order in told.orders:
        filled = Decimal(order["filled"])
        assert filled == amounts[order["id"]]
        assert Decimal(order["cost"]) == costs[order["id"]]
        if order["status"] == "filled":
            spent = order["amount"] is None and Decimal(order["spend"]) == Decimal(order["cost"])
            assert spent or filled == Decimal(order["amount"])
        else:
            assert filled < Decimal(order["amount"])


def test_fees_are_the_rates_of_maker_and_taker_rounded_up(told):
    orders = {order["id"]: order for order in told.orders}
    maker_rate, taker_rate = FEES[told.exchange]
    for each in told.fills:
        order = orders[each["order"]]
        rules = told.rules(order["symbol"])
        rate = Decimal(each["fee_rate"])
        assert rate == (maker_rate if each["maker"] else taker_rate)
        in_base = order["side"] == "buy" and order["wallet"] == "spot"
        assert each["fee_currency"] == (rules.base if in_base else rules.quote)
        exact = Decimal(each["amount"] if in_base else each["cost"]) * rate
        assert Decimal(0) <= Decimal(each["fee"]) - exact < Decimal("0.00000001")


def test_every_fill_is_in_the_log_with_what_it_moved(told):
    orders = {order["id"]: order for order in told.orders}
    logged = defaultdict(list)
    for entry in told.entries:
        if entry["account"] != told.house:
            place = entry["account"], entry["wallet"], entry["time"], entry["kind"]
            logged[place].append((entry["currency"], Decimal(entry["amount"])))
    for each in told.fills:
        order = orders[each["order"]]
        where = order["account"], order["wallet"], each["time"]
        fee = (each["fee_currency"], -Decimal(each["fee"]))
        assert fee in logged[*where, "fee"]
        if order["wallet"] == "spot":
            rules, sign = told.rules(order["symbol"]), 1 if order["side"] == "buy" else -1
            assert (rules.base, sign * Decimal(each["amount"])) in logged[*where, "trade"]
            assert (rules.quote, -sign * Decimal(each["cost"])) in logged[*where, "trade"]


def test_prices_and_amounts_obey_the_precisions_of_the_pair(told):
    def places(text):
        return -Decimal(text).normalize().as_tuple().exponent

    for order in told.orders:
        rules = told.rules(order["symbol"])
        for name in ("price", "stop"):
            assert order[name] is None or places(order[name]) <= rules.price_precision
        for name in ("amount", "filled"):
            assert order[name] is None or places(order[name]) <= rules.amount_precision
        if told.exchange == "dfx" and order["amount"] is not None:
            assert Decimal(order["amount"]) >= Decimal(rules.min_amount)
            worth = Decimal(order["amount"]) * Decimal(order["price"] or 0)
            assert order["price"] is None or worth >= Decimal(rules.min_value)
    for each in told.fills:
        assert Decimal(each["amount"]) > 0


def test_every_fill_has_a_price_that_the_market_had_in_that_minute(told):
    orders = {order["id"]: order for order in told.orders}
    markets = {symbol: told.market(symbol) for symbol in {o["symbol"] for o in orders.values()}}
    for each in told.fills:
        market = markets[orders[each["order"]]["symbol"]]
        second = each["time"] // MICRO
        (candle,) = market.candles(60, second // 60 * 60, second, told.opened, 1)
        price = Decimal(each["price"]).scaleb(market.rules.price_precision)
        amount = Decimal(each["amount"]).scaleb(market.rules.amount_precision)
        assert candle.low <= price <= candle.high
        assert amount <= candle.volume


def test_no_fill_is_worse_than_its_order_allowed(told):
    orders = {order["id"]: order for order in told.orders}
    for each in told.fills:
        order = orders[each["order"]]
        assert order["created"] <= each["time"] <= order["updated"]
        if order["price"] is None:
            assert not each["maker"]
            continue
        limit, price = Decimal(order["price"]), Decimal(each["price"])
        assert price <= limit if order["side"] == "buy" else price >= limit
        if each["maker"]:
            assert price == limit


def test_what_is_open_was_never_passed_by_the_market(told):
    """Had it been, it would not be open, or not to that extent."""
    for order in told.orders:
        if order["status"] != "open" or order["stop"] is not None:
            continue
        market = told.market(order["symbol"])
        price = Decimal(order["price"]).scaleb(market.rules.price_precision)
        later = market.between(order["updated"] // MICRO + 1, told.opened + 1)
        assert later
        if order["side"] == "buy":
            assert all(each.price >= price for each in later)
        else:
            assert all(each.price <= price for each in later)


def test_a_stop_waits_on_the_far_side_of_the_market(told):
    stops = [order for order in told.orders if order["stop"] is not None]
    assert len(stops) == (1 if told.exchange == "dgt" else 0)
    for order in stops:
        market = told.market(order["symbol"])
        lows = market.candles(900, order["created"] // MICRO, told.opened, told.opened, 1000)
        stop = Decimal(order["stop"]).scaleb(market.rules.price_precision)
        assert order["side"] == "sell"
        assert all(candle.low > stop for candle in lows)


def test_there_is_enough_of_everything_to_look_at(told):
    orders, fills = told.orders, told.fills
    one = told.house + 1
    assert all(order["account"] == one for order in orders)
    past = [order for order in orders if order["status"] != "open"]
    assert len(past) >= (130 if told.exchange == "dfx" else 45)
    assert len(fills) >= (240 if told.exchange == "dfx" else 55)
    kinds = {(order["status"], bool(Decimal(order["filled"]))) for order in orders}
    states = [("open", False), ("open", True), ("filled", True), ("canceled", False)]
    assert kinds == {*states, ("canceled", True)}
    assert {(order["side"], order["price"] is None) for order in orders} == {
        ("buy", False), ("buy", True), ("sell", False), ("sell", True),
    }  # fmt: skip
    assert {each["maker"] for each in fills} == {0, 1}
    first = min(order["created"] for order in orders)
    assert told.opened * MICRO - first > 39 * 86400 * MICRO
    assert max(order["created"] for order in orders) < told.opened * MICRO
    assert {payment["status"] for payment in told.payments} >= {"pending", "done", "canceled"}


def test_digifinexs_history_has_margin_and_bursts(digifinex):
    margin = [order for order in digifinex.orders if order["wallet"] == "margin"]
    assert {order["status"] for order in margin} == {"open", "filled", "canceled"}
    assert len(digifinex.positions) == 1
    assert any(order["post_only"] for order in digifinex.orders)
    seconds = defaultdict(int)
    for each in digifinex.fills:
        seconds[each["time"] // MICRO] += 1
    assert max(seconds.values()) >= 12
    assert {row["to_wallet"] for row in digifinex.rows["transfers"]} == {"spot", "margin", "otc"}


def test_the_margin_wallet_shows_what_its_closed_position_brought(digifinex):
    profits = [entry for entry in digifinex.entries if entry["kind"] == "profit"]
    assert any(entry["wallet"] == "margin" for entry in profits)


PRICES = st.decimals("0.00000001", "99999999", places=8)
AMOUNTS = st.decimals("0.00000001", "99999999", places=8)


@given(PRICES, AMOUNTS, st.decimals(0, 1, places=6))
def test_a_hold_covers_its_fills_whatever_is_rounded(price, amount, share):
    part = down(amount * share)
    whole, rest = up(times(amount, price)), up(times(amount - part, price))
    assert whole - rest >= down(times(part, price))


@given(PRICES, st.lists(st.integers(1, 10**6), min_size=1, max_size=6), st.booleans())
def test_money_is_conserved_by_every_fill(price, parts, buys):
    """All that leaves one balance arrives at another, and an order that is over holds nothing."""
    rules = SIMULATIONS["dgt", "LTCBTC"].rules
    ledger = Ledger("dgt", 1)
    for currency in ("LTC", "BTC"):
        ledger.move(
            "deposit", ledger.house("outside", currency), (2, "spot", currency), Decimal(10**9), 0
        )
    amounts = [Decimal(part).scaleb(-8) for part in parts]
    order = Order(1, 2, rules, "buy" if buys else "sell", 0, amount=sum(amounts), price=price)
    keep_hold(ledger, order)
    held = order.held
    assert ledger.free((2, "spot", "BTC" if buys else "LTC")) == 10**9 - held
    for number, amount in enumerate(amounts):
        fill(ledger, order, number, price, amount, number, maker=True)
        assert order.held >= 0
    assert order.filled == order.amount
    assert order.held == 0
    assert set(ledger.held.values()) == {Decimal(0)}
    for currency in ("LTC", "BTC"):
        assert sum(total for place, total in ledger.totals.items() if place[2] == currency) == 0
