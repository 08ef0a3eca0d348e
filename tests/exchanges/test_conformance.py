"""Both exchanges do what every exchange has to do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from conformance import NOON, Conformance

from exchcli.exchanges.base import Exchange
from exchcli.exchanges.dgtmarket import Dgtmarket
from exchcli.exchanges.digifinex import PERIODS, DigiFinex


class TestDgtmarket(Conformance):
    exchange = Dgtmarket
    pair = "BTCPLN"
    unknown = "DOGEPLN"
    offers: ClassVar[set[str]] = set()


class TestDigiFinex(Conformance):
    exchange = DigiFinex
    pair = "BTC_USDT"
    unknown = "DOGE_USDT"
    offers: ClassVar[set[str]] = {"ping", "candles", "currencies", "margin_currencies"}

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
