"""The first look at the sandbox shows the figures of the documents' own examples."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest

from exchcli.sandbox.opening import DAY, QUIET

DGT_TICKER = {
    "ask": "2652.50000000",
    "bid": "2640.00000000",
    "high": "2642.59000000",
    "last": "2642.59000000",
    "low": "2576.44000000",
    "volume": "8.50726555",
}
DFX_TICKER = {
    "vol": Decimal("40717.4461"),
    "change": Decimal("-1.91"),
    "base_vol": Decimal("392447999.65374"),
    "sell": Decimal("9592.23"),
    "last": Decimal("9592.22"),
    "symbol": "btc_usdt",
    "low": Decimal("9476.24"),
    "buy": Decimal("9592.03"),
    "high": Decimal("9793.87"),
}
PAIRS = ["btc_usdt", "eth_usdt", "ltc_usdt", "trx_usdt", "xrp_usdt", "eos_usdt", "eth_btc"]


@pytest.mark.parametrize("seconds", [0, 1, QUIET - 1])
def test_the_first_seconds_show_dgtmarkets_sample_ticker(ask, seconds):
    assert ask.at(seconds)("/api/public/ticker24/BTCPLN/") == DGT_TICKER


@pytest.mark.parametrize("seconds", [0, 1, QUIET - 1])
def test_the_first_seconds_show_digifinexs_sample_ticker(ask, seconds):
    assert ask.at(seconds)("/v3/ticker?symbol=btc_usdt")["ticker"] == [DFX_TICKER]


def test_keys_come_in_the_documents_order(ask):
    assert list(ask("/api/public/ticker24/BTCPLN/")) == list(DGT_TICKER)
    assert list(ask("/v3/ticker?symbol=btc_usdt")["ticker"][0]) == list(DFX_TICKER)


@pytest.mark.parametrize("seed", [1, 2, 77, -5, 2**62])
@pytest.mark.parametrize("moment", [1700000100, 1700000999, 1700001000, 1700001001, 1699574400])
def test_every_seed_and_every_moment_opens_at_the_same_figures(open_sandbox, seed, moment):
    ask = open_sandbox(seed=seed, now=moment)
    for seconds in (0, QUIET - 1):
        assert ask.at(seconds)("/api/public/ticker24/BTCPLN/") == DGT_TICKER
        assert ask("/v3/ticker?symbol=btc_usdt")["ticker"] == [DFX_TICKER]


def test_the_newest_trades_are_the_documents_three(ask):
    newest = ask("/api/public/transactions/BTCPLN/")[:3]
    assert newest == [
        {"amount": "0.03311129", "date": str(ask.now), "price": "2642.59000000", "tid": 7557},
        {
            "amount": "0.07680608",
            "date": str(ask.now - 1124),
            "price": "2630.00000000",
            "tid": 7556,
        },
        {
            "amount": "0.04765030",
            "date": str(ask.now - 1602),
            "price": "2586.93000000",
            "tid": 7555,
        },
    ]


def test_the_best_offers_carry_the_samples_amounts(ask):
    offers = ask("/api/public/offers/BTCPLN/")
    assert offers["asks"][0] == {
        "amount": "0.28889603",
        "any_price": False,
        "quotation": "2652.50000000",
    }
    assert offers["bids"][0]["amount"] == "0.41148783"


def test_the_sample_figures_are_those_of_the_trades(ask):
    """Not fixed replies: the volume of the day is the sum of its trades, and so on."""
    market = ask.sandbox.floor.market("dfx", "BTC_USDT")
    day = market._tape.between(ask.now - DAY + 1, ask.now + 1)
    assert len(day) >= 520
    assert sum(each.amount for each in day) == 407174461
    assert sum(each.amount * each.price for each in day) == 392447999653740
    assert max(each.price for each in day) == 979387
    assert min(each.price for each in day) == 947624
    assert day[-1].price == 959222


@pytest.mark.parametrize("pair", PAIRS)
def test_every_market_opens_with_a_day_of_trades(ask, pair):
    trades = ask(f"/v3/trades?symbol={pair}&limit=500")["data"]
    assert len(trades) == 500
    assert trades[0]["price"] == ask(f"/v3/ticker?symbol={pair}")["ticker"][0]["last"]


@pytest.mark.parametrize("pair", PAIRS)
def test_no_single_trade_dwarfs_the_day(ask, pair):
    market = ask.sandbox.floor.market("dfx", pair.upper())
    day = market._tape.between(ask.now - DAY + 1, ask.now + 1)
    assert 20 * max(each.amount for each in day) < sum(each.amount for each in day)


def test_the_history_before_joins_without_a_gap(ask):
    """The candle before the opening day closes at the price at which the day begins."""
    start = (ask.now - DAY) // 3600 * 3600
    rows = ask(f"/v3/kline?symbol=btc_usdt&period=60&start_time={start - 7200}")["data"]
    for (_, _, close, *_), (_, _, _, _, _, opening) in pairwise(rows):
        assert abs(close - opening) <= close / 100
