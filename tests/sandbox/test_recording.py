"""A recording of real trades becomes the market: its ticker, book, trades and candles."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchcli.errors import UsageError
from exchcli.sandbox import reading
from exchcli.sandbox.reading import read
from exchcli.sandbox.recording import load

# Four minutes of six trades, one of them without any: 2023-02-02 09:20:00 UTC and on.
ROWS = """\
time_ms,id,side,price,amount
1675329600138,501,buy,1666.80,26.062
1675329600214,502,sell,1666.79,0.152
1675329661000,504,buy,1667.31,0.5
1675329661000,507,buy,1667.4,1
1675329790500,508,sell,1665.02,12.25
1675329799999,509,sell,1665.01,0.001
"""
FIRST = 1675329600


@pytest.fixture
def recording(tmp_path):
    def write(text=ROWS, name="eth_usdt-trades.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def prices(asked, symbol="eth_usdt"):
    return [each["price"] for each in asked(f"/v3/trades?symbol={symbol}")["data"]]


def test_the_recording_is_the_whole_market_of_its_pair(ask, recording):
    loaded = load(ask.sandbox, recording())
    assert (loaded.symbol, loaded.exchange, loaded.trades) == ("ETH_USDT", "dfx", 6)
    (ticker,) = ask("/v3/ticker?symbol=eth_usdt")["ticker"]
    assert ticker["last"] == Decimal("1665.01")
    assert ticker["high"] == Decimal("1667.4")
    assert ticker["low"] == Decimal("1665.01")
    assert ticker["vol"] == Decimal("39.965")
    assert ticker["base_vol"] == sum(
        Decimal(price) * Decimal(amount)
        for price, amount in (line.split(",")[3:] for line in ROWS.splitlines()[1:])
    )
    assert ticker["change"] == Decimal("-0.11")
    assert ticker["buy"] <= ticker["last"] <= ticker["sell"]
    assert ticker["buy"] < ticker["sell"]


def test_trades_keep_their_order_sides_and_ids(ask, recording):
    load(ask.sandbox, recording())
    trades = ask("/v3/trades?symbol=eth_usdt")["data"]
    assert [each["id"] for each in trades] == [509, 508, 507, 504, 502, 501]
    assert [each["type"] for each in trades] == ["sell", "sell", "buy", "buy", "sell", "buy"]
    assert trades[-1]["amount"] == Decimal("26.062")


def test_times_move_by_whole_minutes_to_end_just_now(ask, recording):
    loaded = load(ask.sandbox, recording())
    assert loaded.recorded_first == datetime(2023, 2, 2, 9, 20, tzinfo=UTC)
    assert loaded.recorded_last == datetime(2023, 2, 2, 9, 23, 19, tzinfo=UTC)
    moved = int(loaded.first.timestamp()) - FIRST
    assert moved % 60 == 0
    assert 0 <= ask.now - int(loaded.last.timestamp()) < 60
    trades = ask("/v3/trades?symbol=eth_usdt")["data"]
    assert trades[0]["date"] == int(loaded.last.timestamp())
    assert trades[-1]["date"] == int(loaded.first.timestamp())


def test_candles_are_made_of_the_recording_and_flat_where_nothing_was_traded(ask, recording):
    loaded = load(ask.sandbox, recording())
    start = int(loaded.first.timestamp())
    rows = ask(f"/v3/kline?symbol=eth_usdt&period=1&end_time={start + 239}")["data"]
    shown = [[time - start, *map(str, figures)] for time, *figures in rows]
    assert shown == [
        [0, "26.214", "1666.79", "1666.8", "1666.79", "1666.8"],
        [60, "1.5", "1667.4", "1667.4", "1667.31", "1667.31"],
        [120, "0", "1667.4", "1667.4", "1667.4", "1667.4"],
        [180, "12.251", "1665.01", "1665.02", "1665.01", "1665.02"],
    ]


def test_a_long_candle_holds_all_of_it(ask, recording):
    load(ask.sandbox, recording())
    rows = ask("/v3/kline?symbol=eth_usdt&period=1W")["data"]
    assert [volume for _, volume, *_ in rows if volume] == [Decimal("39.965")]


def test_there_are_no_candles_before_the_recording(ask, recording):
    loaded = load(ask.sandbox, recording())
    rows = ask("/v3/kline?symbol=eth_usdt&period=5")["data"]
    assert rows[0][0] == int(loaded.first.timestamp()) // 300 * 300


def test_after_a_day_without_trades_the_last_price_stays(ask, recording):
    load(ask.sandbox, recording())
    (ticker,) = ask.at(5 * 86400)("/v3/ticker?symbol=eth_usdt")["ticker"]
    assert ticker["last"] == ticker["high"] == ticker["low"] == Decimal("1665.01")
    assert ticker["vol"] == ticker["base_vol"] == ticker["change"] == 0
    assert len(ask("/v3/trades?symbol=eth_usdt")["data"]) == 6
    rows = ask("/v3/kline?symbol=eth_usdt&period=60")["data"]
    assert rows[-1][1:] == [0] + [Decimal("1665.01")] * 4


def test_live_starts_now_and_plays_at_its_own_pace(ask, recording):
    loaded = load(ask.sandbox, recording(), live=True)
    assert loaded.live
    assert int(loaded.first.timestamp()) == ask.now
    seen = [len(ask.at(seconds)("/v3/trades?symbol=eth_usdt")["data"]) for seconds in range(201)]
    assert seen[0] == 2
    assert seen[60] == 2
    assert seen[61] == 4
    assert seen[189] == 4
    assert seen[190] == 5
    assert seen[200] == 6


def test_live_candles_and_ticker_know_no_future(ask, recording):
    load(ask.sandbox, recording(), live=True)
    (ticker,) = ask.at(30)("/v3/ticker?symbol=eth_usdt")["ticker"]
    assert ticker["last"] == Decimal("1666.79")
    assert ticker["vol"] == Decimal("26.214")
    rows = ask("/v3/kline?symbol=eth_usdt&period=60")["data"]
    assert [each[2] for each in rows] == [Decimal("1666.79")]


def test_other_markets_stay_as_they_were(ask, recording):
    before = ask.reply("/v3/trades?symbol=btc_usdt")
    load(ask.sandbox, recording())
    assert ask.reply("/v3/trades?symbol=btc_usdt") == before


def test_a_running_sandbox_notices_what_another_process_loaded(ask, open_sandbox, recording):
    ask("/v3/ticker")
    load(open_sandbox().sandbox, recording())
    assert prices(ask)[0] == Decimal("1665.01")


def test_a_recording_outlives_its_process(ask, open_sandbox, recording):
    load(ask.sandbox, recording())
    ask.sandbox.close()
    assert prices(open_sandbox())[0] == Decimal("1665.01")


def test_a_second_recording_replaces_the_first(ask, recording):
    load(ask.sandbox, recording())
    load(ask.sandbox, recording("price,time,qty\n9,100,1\n"), symbol="eth_usdt")
    assert prices(ask) == [9]
    assert ask.sandbox.store.rows("SELECT count(*) FROM trades") == [(1,)]


def test_an_unknown_pair_becomes_a_market_as_fine_as_its_trades(ask, recording):
    load(
        ask.sandbox,
        recording("time,price,amount\n100,0.00120,5\n101,0.0013,7.5\n"),
        symbol="doge-usdt",
    )
    (row,) = [
        each for each in ask("/v3/spot/symbols")["symbol_list"] if each["symbol"] == "DOGE_USDT"
    ]
    assert (row["base_asset"], row["quote_asset"]) == ("DOGE", "USDT")
    assert (row["price_precision"], row["amount_precision"]) == (4, 1)
    assert row["minimum_amount"] == Decimal("0.1")
    assert ask("/v3/currencies?currency=doge")["code"] == 200
    book = ask("/v3/order_book?symbol=doge_usdt&limit=150")
    assert book["bids"][0][0] < book["asks"][-1][0]
    assert all(price > 0 and amount > 0 for price, amount in book["bids"])
    assert ask("/v3/ticker?symbol=doge_usdt")["ticker"][0]["last"] == Decimal("0.0013")


def test_a_dgtmarket_pair_is_answered_by_dgtmarket(ask, recording):
    loaded = load(ask.sandbox, recording(ROWS, "btcpln_2016.csv"))
    assert (loaded.exchange, loaded.symbol) == ("dgt", "BTCPLN")
    ticker = ask("/api/public/ticker24/BTCPLN/")
    assert ticker["last"] == "1665.01000000"
    assert ticker["volume"] == "39.96500000"
    assert [each["tid"] for each in ask("/api/public/transactions/BTCPLN/")][:2] == [509, 508]
    assert ask("/api/public/offers/BTCPLN/")["bids"]


@pytest.mark.parametrize(
    ("name", "pair"),
    [
        ("eth_usdt-trades-2023-02-02.csv", "ETH_USDT"),
        ("BTC-USDT.csv", "BTC_USDT"),
        ("ETHUSDT-trades-2023-02-02.csv", "ETH_USDT"),
        ("xrp_btc.csv", "XRP_BTC"),
        ("ltcbtc.csv", "LTCBTC"),
        ("btc_pln.csv", "BTCPLN"),
    ],
)
def test_the_files_name_tells_the_pair(ask, recording, name, pair):
    assert load(ask.sandbox, recording(name=name)).symbol == pair


@pytest.mark.parametrize("symbol", ["eth_usdt", "ETH-USDT", "Eth/Usdt", "ethusdt"])
def test_the_pair_may_be_named_instead(ask, recording, symbol):
    assert load(ask.sandbox, recording(name="x.csv"), symbol=symbol).symbol == "ETH_USDT"


@pytest.mark.parametrize(
    "text",
    [
        "Trade ID;Timestamp;Type;Quotation;Qty\n7;1675329600;SELL;12.5;3\n",
        "tid\tdate\tside\trate\tvolume\n7\t2023-02-02T09:20:00Z\ts\t12.50\t3.0\n",
        "size,px,time_ms,trade_id,isBuyerMaker\n3,12.5,1675329600000,7,True\n",
        '"price","amount","date","id","type"\n"12.5","3","2023-02-02 10:20:00+01:00","7","Sell"\n',
        "\ufefftime,price,amount,id,side,fee\r\n1675329600.5,12.5,3,7,sell,x\r\n\r\n",
        "ts,price,quantity,symbol,id,side\n1675329600000000,12.5,3,ETH_USDT,7,sell\n",
        "time,price,amount,id,side,quantity\n2023-02-02T09:20:00,012.5,03,7,sell,9\n",
    ],
)
def test_columns_are_known_by_their_usual_names_in_any_order(recording, text):
    (row,) = read(recording(text))
    assert row.time // 1000 == FIRST
    assert (row.id, row.buy, row.price, row.amount) == (7, False, "12.5", "3")


def test_without_ids_and_sides_trades_are_counted_and_prices_tell_the_side(ask, recording):
    text = "time,price,amount\n100,5,1\n100,5,1\n101,4,1\n102,4,1\n102,6,1\n"
    load(ask.sandbox, recording(text))
    trades = ask("/v3/trades?symbol=eth_usdt")["data"][::-1]
    assert [each["id"] for each in trades] == [1, 2, 3, 4, 5]
    assert [each["type"] for each in trades] == ["buy", "buy", "sell", "sell", "buy"]


def test_rows_are_sorted_by_time_and_a_file_may_begin_with_the_newest(ask, recording):
    header, *rows = ROWS.splitlines()
    for order in (reversed(rows), [rows[4], *rows[:4], rows[5]]):
        load(ask.sandbox, recording("\n".join([header, *order])))
        ids = [each["id"] for each in ask("/v3/trades?symbol=eth_usdt")["data"]]
        assert ids == [509, 508, 507, 504, 502, 501]


HEADER = "time,id,side,price,amount\n"


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("", "line 1", "no column for the time"),
        ("hello\nworld\n", "line 1", "no column for the time"),
        ("time,amount\n1,2\n", "line 1", "no column for the price"),
        ("time,price\n1,2\n", "line 1", "no column for the amount"),
        (HEADER, "", "no trades"),
        (HEADER + "\n\n", "", "no trades"),
        (HEADER + "1,2,buy,3,4\n1,3,buy,1e5,4\n", "line 3", "price '1e5'"),
        (HEADER + "1,2,buy,NaN,4\n", "line 2", "price 'NaN'"),
        (HEADER + "1,2,buy,-3,4\n", "line 2", "price '-3'"),
        (HEADER + "1,2,buy,0.00,4\n", "line 2", "price is zero"),
        (HEADER + "1,2,buy,3,\n", "line 2", "amount ''"),
        (HEADER + "1,2,buy,3,1_000\n", "line 2", "amount '1_000'"),
        (HEADER + "1,2,buy,3,\uff11\n", "line 2", "amount '\\uff11'"),
        (HEADER + "1,2,buy,3," + "9" * 5000 + "\n", "line 2", "amount '999"),
        (HEADER + "soon,2,buy,3,4\n", "line 2", "time 'soon'"),
        (HEADER + "-5,2,buy,3,4\n", "line 2", "time '-5'"),
        (HEADER + "1950-01-01,2,buy,3,4\n", "line 2", "time '1950-01-01'"),
        (HEADER + "2023-02-31,2,buy,3,4\n", "line 2", "time '2023-02-31'"),
        (HEADER + "1,x,buy,3,4\n", "line 2", "id 'x'"),
        (HEADER + "1,2,hold,3,4\n", "line 2", "side 'hold'"),
        (HEADER + "1,2,buy,3\n", "line 2", "4 cells"),
        (HEADER + "1,2,buy,3,4\n\n1,9,buy,3,4\n2,2,buy,3,4\n", "line 5", "id 2 was in line 2"),
        (HEADER + "1,2,buy,3.1234567890123,4\n", "line 2", "13 decimals"),
        (HEADER + "1,2,buy,99999999999999999999,4\n", "line 2", "too large"),
        (HEADER.encode() + b"1,2,buy,\xff,4\n", "after line 1", "not UTF-8"),
        (b"\xff\xfe\x00\x01", "after line 1", "not UTF-8"),
        (HEADER + '1,2,buy,"3' + "x" * 200_000 + '",4\n', "after line 1", "not CSV"),
    ],
)
def test_a_bad_file_is_refused_by_line_and_changes_nothing(ask, recording, text, where, what):
    path = recording(text)
    before = ask.reply("/v3/trades?symbol=eth_usdt")
    with pytest.raises(UsageError) as told:
        load(ask.sandbox, path)
    assert str(path) in told.value.message
    assert where in told.value.message
    assert what in told.value.message
    assert told.value.hint
    assert "\n" not in told.value.message + told.value.hint
    assert ask.reply("/v3/trades?symbol=eth_usdt") == before
    assert ask.sandbox.store.rows("SELECT * FROM recordings") == []


def test_after_a_bad_file_a_good_one_loads(ask, recording):
    with pytest.raises(UsageError):
        load(ask.sandbox, recording(HEADER + "1,2,buy,3,4\n1,2,buy,x,4\n"))
    assert load(ask.sandbox, recording()).trades == 6


def test_a_missing_file_a_folder_and_a_giant_are_refused(ask, recording, tmp_path, monkeypatch):
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        load(ask.sandbox, tmp_path / "eth_usdt.csv")
    (tmp_path / "btc_usdt").mkdir()
    with pytest.raises(UsageError, match="is not a file"):
        load(ask.sandbox, tmp_path / "btc_usdt")
    monkeypatch.setattr(reading, "LARGEST", 100)
    with pytest.raises(UsageError, match="is the most"):
        load(ask.sandbox, recording())


@pytest.mark.parametrize(
    "name", ["trades.csv", "my_trades.csv", "2023_02.csv", "---.csv", "eth_2023.csv"]
)
def test_a_name_without_a_pair_asks_for_one(ask, recording, name):
    with pytest.raises(UsageError, match="does not tell which pair"):
        load(ask.sandbox, recording(name=name))


@pytest.mark.parametrize("symbol", ["", "eth", "eth_usdt_x", "_usdt", "a b", "\u00e9th_usdt"])
def test_a_name_that_is_no_pair_is_refused(ask, recording, symbol):
    with pytest.raises(UsageError, match="is not a pair"):
        load(ask.sandbox, recording(), symbol=symbol)


TRADES = st.lists(
    st.tuples(st.integers(0, 20_000), st.integers(1, 10**6), st.integers(1, 10**6)),
    min_size=1,
    max_size=40,
)


@settings(max_examples=30, deadline=None)
@given(trades=TRADES, back=st.integers(0, 30_000))
def test_any_recording_agrees_with_itself_at_any_moment(tmp_path_factory, always_new, trades, back):
    asked = always_new()
    path = tmp_path_factory.mktemp("any") / "any_usdt.csv"
    rows = (f"{time},{price / 100:.2f},{amount / 1000:.3f}" for time, price, amount in trades)
    path.write_text("time,price,amount\n" + "\n".join(rows))
    load(asked.sandbox, path)
    market, now = asked.sandbox.floor.market("dfx", "ANY_USDT"), asked.now - back
    now = market.moment(now)
    ticker, seen = market.ticker(now), market.trades(now, 100)
    assert ticker.last == seen[0].price
    assert ticker.high == max(each.price for each in seen)
    assert ticker.low == min(each.price for each in seen)
    assert ticker.volume == sum(each.amount for each in seen)
    assert ticker.quote == sum(each.amount * each.price for each in seen)
    for period in (60, 3600):
        candles = market.candles(period, 0, now, now, 10**6)
        assert sum(each.volume for each in candles) == ticker.volume
        assert candles[-1].close == ticker.last
        assert all(later.time - one.time == period for one, later in pairwise(candles))
    book = market.book(now, 150)
    assert 0 < book.bids[0].price < book.asks[0].price
    assert book.bids[0].price <= ticker.last <= book.asks[0].price
