"""Whatever one asks at one moment agrees, at every moment."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchcli.sandbox.bars import bar_of
from exchcli.sandbox.catalog import SIMULATIONS
from exchcli.sandbox.opening import DAY, QUIET
from exchcli.sandbox.tree import PERIODS

YEAR = 366 * DAY
# The first day, in which the chosen history leaves the window, then any time at all.
MOMENTS = st.one_of(st.integers(0, 2 * DAY), st.integers(0, 12 * YEAR))
PAIRS = st.sampled_from(sorted(SIMULATIONS))
ALL_PERIODS = [60, 300, *PERIODS]
FEW = settings(max_examples=40, deadline=None)


def aggregate(candles):
    """What candles amount to; those without trades count for nothing."""
    traded = [each for each in candles if each.volume] or candles[:1]
    return (
        traded[0].open,
        max(each.high for each in traded),
        min(each.low for each in traded),
        traded[-1].close,
        sum(each.volume for each in traded),
    )


@pytest.fixture(scope="module")
def alone(make_asked, tmp_path_factory):
    """Without accounts: nobody's orders stand in the book, which no time passes for here."""
    return make_asked(tmp_path_factory.mktemp("alone"))[0]


@FEW
@given(pair=PAIRS, seconds=MOMENTS)
def test_the_ticker_is_the_last_24_hours_of_trades(alone, pair, seconds):
    market, now = alone.sandbox.floor.market(*pair), alone.opened + seconds
    ticker = market.ticker(now)
    day = market._tape.between(now - DAY + 1, now + 1)
    newest = market.trades(now, 1)[0]
    assert ticker.last == newest.price == day[-1].price
    assert ticker.open == day[0].price
    assert ticker.high == max(each.price for each in day)
    assert ticker.low == min(each.price for each in day)
    assert ticker.volume == sum(each.amount for each in day)
    assert ticker.quote == sum(each.amount * each.price for each in day)


@FEW
@given(pair=PAIRS, seconds=MOMENTS)
def test_last_is_the_close_of_the_running_candle_of_every_period(alone, pair, seconds):
    market, now = alone.sandbox.floor.market(*pair), alone.opened + seconds
    last = market.ticker(now).last
    for period in ALL_PERIODS:
        (candle,) = market.candles(period, now - period + 1, now, now, 5)[-1:]
        assert candle.time == now // period * period
        assert candle.close == last


@FEW
@given(pair=PAIRS, seconds=MOMENTS)
def test_trades_descend_by_time_and_id_and_every_id_is_one_trade(alone, pair, seconds):
    market, now = alone.sandbox.floor.market(*pair), alone.opened + seconds
    trades = market.trades(now, 120)
    assert len(trades) == 120
    assert trades[0].time <= now
    assert all(each.price > 0 and each.amount > 0 for each in trades)
    assert all(
        (older.time, older.id) < (newer.time, newer.id) and older.id < newer.id
        for newer, older in pairwise(trades)
    )


@FEW
@given(pair=PAIRS, seconds=MOMENTS, later=st.integers(0, 3 * 3600))
def test_a_later_look_sees_the_same_trades_and_newer_ones(alone, pair, seconds, later):
    market, now = alone.sandbox.floor.market(*pair), alone.opened + seconds
    seen = market.trades(now, 30)
    again = market.trades(now + later, 2000)
    assert again[again.index(seen[0]) :][:30] == seen
    assert all(each.time > now for each in again[: again.index(seen[0])])


@FEW
@given(pair=PAIRS, seconds=MOMENTS, period=st.sampled_from([60, 300, 900]))
def test_a_candle_is_made_of_its_trades(alone, pair, seconds, period):
    market, now = alone.sandbox.floor.market(*pair), alone.opened + seconds
    first = now // period * period - 2 * period
    for candle in market.candles(period, first, now, now, 10):
        trades = market._tape.between(candle.time, min(candle.time + period, now + 1))
        if trades:
            assert candle[1:] == bar_of(trades)[:5]
        else:
            assert candle.volume == 0
            assert candle.open == candle.high == candle.low == candle.close


@FEW
@given(pair=PAIRS, seconds=st.integers(-30 * DAY, 12 * YEAR), data=st.data())
def test_a_longer_candle_is_made_of_shorter_ones(alone, pair, seconds, data):
    market = alone.sandbox.floor.market(*pair)
    now = alone.opened + max(0, seconds)
    shorter, longer = data.draw(st.sampled_from(list(pairwise(ALL_PERIODS_ASCENDING))))
    start = (alone.opened + seconds) // longer * longer
    (whole,) = market.candles(longer, start, start, now, 1)
    parts = market.candles(shorter, start, start + longer - 1, now, 5000)
    assert aggregate(parts) == whole[1:]


ALL_PERIODS_ASCENDING = sorted(ALL_PERIODS)


@FEW
@given(pair=PAIRS, seconds=st.integers(-DAY, 2 * DAY))
def test_the_longest_candle_agrees_with_the_shortest_around_the_opening(alone, pair, seconds):
    market = alone.sandbox.floor.market(*pair)
    now = alone.opened + max(0, seconds)
    start = (alone.opened + seconds) // 14400 * 14400
    (whole,) = market.candles(14400, start, start, now, 1)
    assert aggregate(market.candles(60, start, start + 14399, now, 5000)) == whole[1:]


@FEW
@given(pair=PAIRS, seconds=MOMENTS)
def test_candles_follow_each_other_without_a_hole(alone, pair, seconds):
    market, now = alone.sandbox.floor.market(*pair), alone.opened + seconds
    for period in ALL_PERIODS:
        candles = market.candles(period, now - 30 * period + 1, now, now, 500)
        assert [each.time for each in candles] == [
            now // period * period - back * period for back in range(len(candles) - 1, -1, -1)
        ]
        assert len(candles) == 30
        for each in candles:
            assert each.low <= min(each.open, each.close) <= max(each.open, each.close) <= each.high


@FEW
@given(pair=PAIRS, seconds=MOMENTS)
def test_the_book_surrounds_the_last_price(alone, pair, seconds):
    market, now = alone.sandbox.floor.market(*pair), alone.opened + seconds
    ticker, book = market.ticker(now), market.book(now, 150)
    assert book.bids[0].price == ticker.bid <= ticker.last <= ticker.ask == book.asks[0].price
    assert ticker.bid < ticker.ask
    assert len(book.bids) == len(book.asks) == 150
    assert all(better.price > worse.price for better, worse in pairwise(book.bids))
    assert all(better.price < worse.price for better, worse in pairwise(book.asks))
    assert all(level.price > 0 and level.amount > 0 for side in book for level in side)


@FEW
@given(pair=PAIRS, seconds=MOMENTS)
def test_a_shallow_book_is_the_top_of_a_deep_one(alone, pair, seconds):
    market, now = alone.sandbox.floor.market(*pair), alone.opened + seconds
    deep, shallow = market.book(now, 150), market.book(now, 7)
    assert shallow == (deep.bids[:7], deep.asks[:7])


@FEW
@given(pair=PAIRS, seconds=MOMENTS)
def test_prices_stay_plausible_for_years(alone, pair, seconds):
    market, now = alone.sandbox.floor.market(*pair), alone.opened + seconds
    start = market.ticker(alone.opened).last
    assert start / 6 < market.ticker(now).last < start * 6


def test_most_of_the_book_outlives_a_few_seconds(alone):
    market = alone.sandbox.floor.market("dfx", "BTC_USDT")
    now = alone.opened + 100_000
    one, two = (set(market.book(moment, 150).bids) for moment in (now, now + 3))
    assert len(one & two) > 75


def test_the_market_moves(alone):
    market = alone.sandbox.floor.market("dfx", "BTC_USDT")
    prices = {market.ticker(alone.opened + QUIET + minute * 60).last for minute in range(60)}
    assert len(prices) > 30


@pytest.mark.parametrize("pair", sorted(SIMULATIONS))
def test_candles_reach_back_about_ten_years_and_no_further(alone, pair):
    market, now = alone.sandbox.floor.market(*pair), alone.opened
    weeks = market.candles(604800, 0, now, now, 1000)
    assert 520 <= len(weeks) <= 522
    assert market.candles(86400, 0, weeks[0].time - 1, now, 500) == []


def test_a_clock_that_runs_back_finds_the_market_at_its_opening(ask):
    at_opening = ask("/v3/ticker")["ticker"]
    for moment in (ask.opened - 1, ask.opened - 50 * YEAR, 0):
        ask.now = max(0, moment)
        assert ask("/v3/ticker")["ticker"] == at_opening
        assert ask("/v3/time")["server_time"] == ask.now


def test_the_end_of_the_calendar_is_no_end_of_the_market(ask):
    ask.now = 9_000_000_000
    assert len(ask("/v3/trades?symbol=btc_usdt&limit=500")["data"]) == 500
    assert len(ask("/v3/kline?symbol=btc_usdt&period=1W")["data"]) == 200
