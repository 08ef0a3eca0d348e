"""Users' trades are on the tape like all others: ticker, trades and candles agree about them."""

from __future__ import annotations

from itertools import count, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchcli.sandbox.bars import bar_of
from exchcli.sandbox.engine.pit import Pit
from exchcli.sandbox.floor import Floor
from exchcli.sandbox.opening import DAY
from exchcli.sandbox.overlaid import Users
from exchcli.sandbox.recording import load
from exchcli.sandbox.store import Store

OPENED = 1772600807
PERIODS = [60, 300, 900, 3600, 86400]
PAIR = "BTC_USDT"
_folders = count()


class Traded:
    """A market on which users have traded: `trades` are seconds to wait, side, ticks, units."""

    def __init__(self, folder, trades):
        self.store = Store(folder / f"store-{next(_folders)}", OPENED)
        self.store._db.execute("PRAGMA synchronous = OFF")
        self.floor = Floor(self.store)
        self.market = self.floor.market("dfx", PAIR)
        self.now = OPENED
        self.users = []
        last = self.market.ticker(OPENED).last
        users = Users(self.store, "dfx", PAIR)
        for wait, buy, off, units in trades:
            self.now += wait
            # Each in a transaction of its own, as trades come, so that minutes are continued.
            with self.store.writing() as db:
                pit = Pit(db, self.market, users, self.now)
                pit.print(buy, last + off, units)
                pit.flush()
            self.users.append((self.now, buy, last + off, units))
        with self.store.writing() as db:
            db.execute("INSERT INTO engine VALUES ('dfx', ?, 0)", (self.now,))

    def between(self, start, end):
        """All prints in their order, put together from both sources."""
        own = self.market.own.between(start, end)
        users = Users(self.store, "dfx", PAIR).between(start, end)
        return sorted(own + users, key=lambda each: (each.time, each.id))


TRADES = st.lists(
    st.tuples(
        st.sampled_from([0, 0, 1, 7, 59, 61, 300, 900, 4000, DAY - 5000]),
        st.booleans(),
        st.integers(-90_000, 90_000),
        st.integers(1, 10**9),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=15, deadline=None)
@given(trades=TRADES, wait=st.sampled_from([0, 1, 30, 900, DAY - 60, DAY - 1, DAY]))
def test_ticker_trades_and_candles_are_those_of_both_tapes(tmp_path_factory, trades, wait):
    traded = Traded(tmp_path_factory.mktemp("traded"), trades)
    market, now = traded.market, traded.now + wait
    known = traded.between(now - DAY + 1, now + 1)
    assert [each[:1] + each[2:] for each in Users(traded.store, "dfx", PAIR).between(0, now + 1)
            ] == traded.users  # fmt: skip
    assert market.trades(now, 60) == known[::-1][:60]
    assert market.between(now - DAY + 1, now + 1) == known
    ticker, day = market.ticker(now), bar_of(known)
    assert (ticker.last, ticker.open, ticker.high, ticker.low) == (
        day.close, day.open, day.high, day.low
    )  # fmt: skip
    assert (ticker.volume, ticker.quote) == (day.volume, day.quote)
    for period in PERIODS:
        first = now // period * period - min(2, DAY // period) * period
        for candle in market.candles(period, first, now, now, 10):
            inside = traded.between(candle.time, min(candle.time + period, now + 1))
            if inside:
                assert candle[1:] == bar_of(inside)[:5]
    traded.store.close()


@settings(max_examples=10, deadline=None)
@given(trades=TRADES)
def test_ids_rise_with_time_whoever_trades(tmp_path_factory, trades):
    traded = Traded(tmp_path_factory.mktemp("traded"), trades)
    for one, two in pairwise(traded.market.between(OPENED - 900, traded.now + 900)):
        assert (one.time, one.id) < (two.time, two.id)
        assert one.id < two.id
    traded.store.close()


def test_a_price_that_nobody_else_pays_is_the_last_and_the_extreme(tmp_path):
    traded = Traded(tmp_path, [(5, True, 50_000, 3), (0, False, -50_000, 4)])
    ticker = traded.market.ticker(traded.now)
    usual = traded.market.ticker(OPENED - 1)
    assert (ticker.last, ticker.high) == (959222 - 50_000, 959222 + 50_000)
    assert (ticker.bid, ticker.ask) == (usual.bid, usual.ask)
    now = traded.now
    (candle,) = traded.market.candles(60, now - 59, now, now, 1)
    assert (candle.close, candle.high, candle.low) == (909222, 1009222, 909222)
    traded.store.close()


def test_many_trades_are_read_as_the_bars_of_their_minutes(tmp_path, monkeypatch):
    traded = Traded(tmp_path, [(2, True, 0, 1)] * 100)
    rows = []
    select = traded.store.select
    monkeypatch.setattr(
        traded.store, "select", lambda *asked: rows.extend(found := select(*asked)) or found
    )
    traded.market.ticker(traded.now)
    assert len(rows) < 20
    traded.store.close()


@pytest.mark.parametrize("live", [False, True])
def test_a_recorded_market_can_be_traded_on_as_well(ask, tmp_path, live):
    path = tmp_path / "btc_usdt.csv"
    lines = [f"{1_600_000_000 + 7 * at},{9000 + at},0.5,{at + 1}" for at in range(100)]
    path.write_text("time,price,amount,id\n" + "\n".join(lines) + "\n")
    sandbox = ask.sandbox
    load(sandbox, path, live=live)
    market, now = sandbox.floor.market("dfx", PAIR), ask.now
    with sandbox.store.writing() as db:
        pit = Pit(db, market, Users(sandbox.store, "dfx", PAIR), now)
        pit.print(True, 1_234_567, 8)
        pit.print(True, 1_234_568, 9)
        pit.flush()
    newest = market.trades(now, 2)
    assert [each.price for each in newest] == [1_234_568, 1_234_567]
    everything = market.between(0, now + 1000)
    assert len({each.id for each in everything}) == 102
    assert market.ticker(now).last == 1_234_568
