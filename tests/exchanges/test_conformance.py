"""Both exchanges do what every exchange has to do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

import pytest
from conformance import EVERYTHING, NOON, NOW, Conformance
from trading_conformance import TradingConformance

from exchcli.errors import Rejected
from exchcli.exchanges.base import Exchange
from exchcli.exchanges.dgtmarket import Dgtmarket
from exchcli.exchanges.digifinex import PERIODS, DigiFinex
from exchcli.exchanges.listing import Listing

D = Decimal


class TestDgtmarket(Conformance, TradingConformance):
    exchange = Dgtmarket
    pair = "BTCPLN"
    unknown = "DOGEPLN"
    offers: ClassVar[set[str]] = set()
    paths = ("/public/time/", "/private/wallets/")
    low, high = D("1500.5"), D(4000)
    withdrawn = "PLN"

    def test_a_fill_says_of_itself_what_the_list_says_of_it(
        self, ask: Any, subject: Exchange
    ) -> None:
        for listed in ask(subject.fills(EVERYTHING))[:3]:
            assert ask(subject.fill(listed.id)) == listed

    def test_the_fills_of_an_order_can_be_looked_up(self, ask: Any, subject: Exchange) -> None:
        filled = next(o for o in ask(subject.orders(EVERYTHING)) if o.status == "filled")
        fills = [ask(subject.fill(fill.id)) for fill in filled.fills]
        assert sum(fill.amount for fill in fills) == filled.filled

    def test_transfers_are_both_ways_and_filtered(self, ask: Any, subject: Exchange) -> None:
        every = ask(subject.transfers(EVERYTHING))
        assert {transfer.kind for transfer in every} == {"deposit", "withdrawal"}
        assert "unknown" not in {transfer.status for transfer in every}
        came_in = ask(subject.transfers(EVERYTHING, kind="deposit"))
        assert came_in == [transfer for transfer in every if transfer.kind == "deposit"]
        zloty = ask(subject.transfers(EVERYTHING, "PLN"))
        assert zloty == [transfer for transfer in every if transfer.currency == "PLN"]
        assert ask(subject.transfer(every[0].id)) == every[0]

    def test_an_offset_leaves_out_the_newest(self, ask: Any, subject: Exchange) -> None:
        every = ask(subject.orders(EVERYTHING))
        assert ask(subject.orders(EVERYTHING._replace(offset=2))) == every[2:]


class TestDigiFinex(Conformance, TradingConformance):
    exchange = DigiFinex
    pair = "BTC_USDT"
    unknown = "DOGE_USDT"
    offers: ClassVar[set[str]] = {"ping", "candles", "currencies", "margin_currencies"}
    paths = ("/time", "/spot/assets")
    low, high = D("8000.25"), D(12000)
    withdrawn = "USDT"

    def test_the_margin_account_has_its_own_balances_orders_and_positions(
        self, ask: Any, subject: Exchange
    ) -> None:
        assert ask(subject.balances("margin")) != ask(subject.balances("spot"))
        orders = ask(subject.orders(EVERYTHING, market="margin"))
        fills = ask(subject.fills(EVERYTHING, market="margin"))
        assert orders
        assert {order.market for order in orders} == {fill.market for fill in fills} == {"margin"}
        held = [position for position in ask(subject.positions()) if position.side]
        assert held
        (one,) = ask(subject.positions(held[0].symbol))
        assert one == held[0]

    def test_all_there_is_goes_back_to_before_the_exchange_opened(
        self, ask: Any, subject: Exchange
    ) -> None:
        assert ask(subject.orders(Listing(NOW, whole=True))) == ask(subject.orders(EVERYTHING))

    def test_a_detail_has_the_fills_of_an_order_and_its_exact_cost(
        self, ask: Any, subject: Exchange
    ) -> None:
        filled = next(o for o in ask(subject.orders(EVERYTHING)) if o.status == "filled")
        order = ask(subject.order(filled.id))
        mine = [f for f in ask(subject.fills(EVERYTHING)) if f.order_id == order.id]
        assert {fill.id for fill in order.fills} == {fill.id for fill in mine}
        assert order.cost == sum(fill.amount * fill.price for fill in mine)

    def test_the_ledger_adds_up_to_the_balances(self, ask: Any, subject: Exchange) -> None:
        spot = {balance.currency: balance for balance in ask(subject.balances())}
        for currency in ("USDT", "BTC"):
            ledger = ask(subject.ledger(EVERYTHING, currency))
            assert {row.currency for row in ledger} == {currency}
            moments = [row.time for row in ledger]
            assert moments == sorted(moments, reverse=True)
            assert sum(row.amount for row in ledger) == spot[currency].total
        assert (
            ask(subject.ledger(Listing(NOW, limit=3)))[:3]
            == ask(subject.ledger(Listing(NOW, limit=1000)))[:3]
        )

    def test_deposits_and_withdrawals_are_walked_from_an_id_on_in_both_directions(
        self, ask: Any, subject: Exchange
    ) -> None:
        for listed in (subject.deposits, subject.withdrawals):
            down = ask(listed())
            assert [int(row.id) for row in down] == sorted((int(r.id) for r in down), reverse=True)
            assert ask(listed(order="asc")) == down[::-1]
            assert ask(listed(limit=1)) == down[:1]
            assert ask(listed(from_id=down[1].id))[-1] == down[-1]
            one = down[0].currency
            assert ask(listed(one)) == [row for row in down if row.currency == one]

    def test_a_deposit_address_is_told_chain_by_chain(self, ask: Any, subject: Exchange) -> None:
        addresses = ask(subject.deposit_addresses("USDT"))
        assert {address.chain for address in addresses} == {"ERC20", "OMNI"}
        assert all(address.address for address in addresses)

    def test_every_period_gives_candles_that_end_now(self, ask: Any, subject: Exchange) -> None:
        now = datetime.fromtimestamp(NOON, UTC)
        for period, (_, seconds) in PERIODS.items():
            candles = ask(subject.candles(self.pair, period, now, limit=50))
            assert len(candles) == 50, period
            moments = [candle.time for candle in candles]
            assert moments == sorted(set(moments))
            assert now - timedelta(seconds=seconds) < moments[-1] <= now
            for candle in candles:
                assert candle.low <= min(candle.open, candle.close)
                assert max(candle.open, candle.close) <= candle.high

    def test_a_stretch_longer_than_one_call_is_whole(self, ask: Any, subject: Exchange) -> None:
        now = datetime.fromtimestamp(NOON, UTC)
        start = now - timedelta(minutes=1600)
        candles = ask(subject.candles(self.pair, "1m", now, start))
        assert [c.time for c in candles] == [start + timedelta(minutes=n) for n in range(1601)]
        hours = ask(subject.candles(self.pair, "1h", now, start, now))
        assert sum(c.volume for c in hours[1:-1]) == sum(
            c.volume for c in candles if hours[1].time <= c.time < hours[-1].time
        )

    def test_the_four_lists_of_symbols_agree(self, ask: Any, subject: Exchange) -> None:
        spot = {s.symbol: s for s in ask(subject.symbols("spot"))}
        markets = {s.symbol: s for s in ask(subject.symbols("markets"))}
        assert spot.keys() == markets.keys()
        for name, market in markets.items():
            assert market[:7] == spot[name][:7]
        margin = ask(subject.symbols("margin"))
        assert margin
        assert all(s.margin and s.liquidation_rate and s.symbol in spot for s in margin)
        assert all(s.api_trading is not None for s in ask(subject.symbols("api")))

    def test_currencies_have_a_row_a_chain(self, ask: Any, subject: Exchange) -> None:
        rows = ask(subject.currencies())
        assert {row.chain for row in rows if row.currency == "USDT"} == {"ERC20", "OMNI"}
        (xrp,) = ask(subject.currencies("xrp"))
        assert xrp.currency == "XRP"
        assert {row.currency for row in ask(subject.margin_currencies())} >= {"USDT", "BTC"}

    def test_it_answers_a_ping(self, ask: Any, subject: Exchange) -> None:
        assert ask(subject.ping()) == "pong"

    def test_a_batch_is_all_or_nothing_and_its_orders_come_in_its_order(
        self, ask: Any, subject: Exchange
    ) -> None:
        news = [self.buy()._replace(amount=self.amount + n) for n in range(3)]
        ids = ask(subject.place_batch(self.pair, news))
        orders = ask(subject.orders_by_id(ids))
        assert [order.amount for order in orders] == [new.amount for new in news]
        before = ask(subject.open_orders(EVERYTHING))
        with pytest.raises(Rejected):
            ask(subject.place_batch(self.pair, [self.buy(), self.buy()._replace(amount=D(99_999))]))
        assert ask(subject.open_orders(EVERYTHING)) == before
        canceled = ask(subject.cancel([*ids, "f" * 32]))
        assert [one.status for one in canceled] == ["canceled"] * 3 + ["unknown"]

    def test_money_moves_between_accounts_and_positions_close(
        self, ask: Any, subject: Exchange
    ) -> None:
        def free(market: Any) -> Decimal:
            return next(b.free for b in ask(subject.balances(market)) if b.currency == "USDT")

        spot, margin = free("spot"), free("margin")
        ask(subject.transfer_new("USDT", D("12.5"), "spot", "margin"))
        assert (free("spot"), free("margin")) == (spot - D("12.5"), margin + D("12.5"))
        (position,) = ask(subject.positions(self.pair))
        assert position.amount
        ask(subject.close_position(self.pair))
        assert ask(subject.positions(self.pair)) == []

    def test_a_withdrawal_can_be_canceled(self, ask: Any, subject: Exchange) -> None:
        told = ask(subject.withdraw("USDT", D(20), *self.address(ask, subject)))
        assert ask(subject.cancel_withdrawal(told)) == told
        (row,) = [row for row in ask(subject.withdrawals()) if row.id == told]
        assert row.status in ("canceled", "rejected")
