"""DigiFinex's public half as its document has it: shapes, numbers, limits, codes."""

from __future__ import annotations

from decimal import Decimal

import pytest

from exchcli.sandbox.digifinex import PERIODS

LTC = {
    "status": "TRADING",
    "symbol": "LTC_USDT",
    "quote_asset": "USDT",
    "base_asset": "LTC",
    "amount_precision": 4,
    "price_precision": 2,
    "minimum_amount": Decimal("0.001"),
    "minimum_value": 2,
    "zone": "MAIN",
    "order_types": ["LIMIT", "MARKET"],
}
XRP = {
    "currency": "xrp",
    "chain": "",
    "min_deposit_amount": Decimal("0.01"),
    "min_withdraw_amount": Decimal("0.02"),
    "deposit_status": 1,
    "withdraw_status": 1,
    "withdraw_fee_currency": "eth",
    "min_withdraw_fee": Decimal("0.006"),
    "withdraw_fee_rate": Decimal("0.02"),
}
NUMBER = (int, Decimal)


def row(rows, symbol):
    (found,) = [each for each in rows if each["symbol"] == symbol]
    return found


def test_ping_and_time_are_the_documents(ask):
    assert ask("/v3/ping") == {"msg": "pong", "code": 0}
    assert ask("/v3/time") == {"server_time": ask.now, "code": 0}


def test_markets_has_the_samples_row(ask):
    reply = ask("/v3/markets")
    assert reply["code"] == 0
    assert reply["date"] == ask.now
    assert reply["data"][0] == {
        "volume_precision": 4,
        "price_precision": 2,
        "market": "btc_usdt",
        "min_amount": 2,
        "min_volume": Decimal("0.0001"),
    }


def test_the_symbol_lists_have_the_samples_row(ask):
    assert row(ask("/v3/spot/symbols")["symbol_list"], "LTC_USDT") == LTC
    assert row(ask("/v3/trades/symbols")["symbol_list"], "LTC_USDT") == LTC | {"is_allow": "1"}
    assert row(ask("/v3/margin/symbols")["symbol_list"], "LTC_USDT") == LTC | {
        "liquidation_rate": Decimal("0.3")
    }


def test_the_lists_name_the_same_pairs_and_margin_fewer(ask):
    spot = [each["symbol"] for each in ask("/v3/spot/symbols")["symbol_list"]]
    assert {"BTC_USDT", "ETH_USDT", "LTC_USDT", "TRX_USDT"} <= set(spot)
    assert [each["symbol"] for each in ask("/v3/trades/symbols")["symbol_list"]] == spot
    assert [each["market"].upper() for each in ask("/v3/markets")["data"]] == spot
    assert [each["symbol"].upper() for each in ask("/v3/ticker")["ticker"]] == spot
    assert {each["symbol"] for each in ask("/v3/margin/symbols")["symbol_list"]} < set(spot)


def test_one_pair_is_closed_to_orders_by_api(ask):
    """So that a client meets both values of is_allow."""
    closed = [each for each in ask("/v3/trades/symbols")["symbol_list"] if each["is_allow"] == "0"]
    assert [each["symbol"] for each in closed] == ["EOS_USDT"]


def test_margin_currencies_are_the_samples(ask):
    reply = ask("/v3/margin/currencies")
    assert reply["code"] == 0
    assert reply["funding_time"] == "GMT+8 10:00:00"
    assert reply["currencys"][:4] == ["BTC", "USDT", "ETH", "XRP"]
    assert {
        "currency_mark": "USDT",
        "level": 2,
        "range": "[8-14]",
        "loan_fees": Decimal("0.001"),
    } in reply["margin_fees"]


def test_every_margin_pair_is_made_of_margin_currencies(ask):
    lent = set(ask("/v3/margin/currencies")["currencys"])
    for pair in ask("/v3/margin/symbols")["symbol_list"]:
        assert {pair["base_asset"], pair["quote_asset"]} <= lent


def test_currencies_succeed_with_200_and_have_the_samples_row(ask):
    reply = ask("/v3/currencies")
    assert reply["code"] == 200
    assert reply["data"][0] == XRP
    assert ask("/v3/currencies?currency=XRP") == {"code": 200, "data": [XRP]}


def test_every_traded_currency_is_listed_and_tether_on_two_chains(ask):
    listed = {each["currency"] for each in ask("/v3/currencies")["data"]}
    for pair in ask("/v3/spot/symbols")["symbol_list"]:
        assert {pair["base_asset"].lower(), pair["quote_asset"].lower()} <= listed
    chains = [each["chain"] for each in ask("/v3/currencies?currency=usdt")["data"]]
    assert chains == ["ERC20", "OMNI"]


@pytest.mark.parametrize("symbol", ["btc_usdt", "BTC_USDT", "Btc_Usdt", "btc%5Fusdt"])
def test_symbols_in_any_case_are_answered_in_lower_case(ask, symbol):
    assert ask(f"/v3/ticker?symbol={symbol}")["ticker"][0]["symbol"] == "btc_usdt"


def test_change_is_the_last_price_against_the_first_of_the_day_in_percent(ask):
    market = ask.at(7777).sandbox.floor.market("dfx", "ETH_USDT")
    day = market.ticker(ask.now)
    exact = Decimal(day.last - day.open) * 100 / Decimal(day.open)
    (ticker,) = ask("/v3/ticker?symbol=eth_usdt")["ticker"]
    assert abs(ticker["change"] - exact) <= Decimal("0.005")


def test_the_book_lists_bids_best_first_and_asks_best_last(ask):
    reply = ask.at(999)("/v3/order_book?symbol=btc_usdt")
    assert list(reply) == ["bids", "asks", "date", "code"]
    (ticker,) = ask("/v3/ticker?symbol=btc_usdt")["ticker"]
    for side, best in (("bids", 0), ("asks", -1)):
        prices = [price for price, _ in reply[side]]
        assert len(prices) == 10
        assert prices == sorted(prices, reverse=True)
        assert prices[best] == ticker["buy" if side == "bids" else "sell"]
        assert all(isinstance(figure, NUMBER) for level in reply[side] for figure in level)


@pytest.mark.parametrize("limit", [1, 10, 150])
def test_the_book_has_as_many_levels_as_asked(ask, limit):
    reply = ask(f"/v3/order_book?symbol=trx_usdt&limit={limit}")
    assert len(reply["bids"]) == len(reply["asks"]) == limit


def test_trades_are_newest_first_with_the_documents_keys(ask):
    reply = ask.at(999)("/v3/trades?symbol=btc_usdt")
    assert list(reply) == ["data", "date", "code"]
    assert len(reply["data"]) == 100
    for each in reply["data"]:
        assert list(each) == ["date", "id", "amount", "type", "price"]
        assert each["type"] in ("buy", "sell")
        assert isinstance(each["date"], int)
        assert isinstance(each["id"], int)
        assert isinstance(each["amount"], NUMBER)
        assert isinstance(each["price"], NUMBER)
    assert len(ask("/v3/trades?symbol=btc_usdt&limit=500")["data"]) == 500


def test_a_candle_row_is_time_volume_close_high_low_open(ask):
    market = ask.sandbox.floor.market("dfx", "BTC_USDT")
    (candle,) = market.candles(900, ask.now - 900, ask.now - 1, ask.now, 1)
    start = candle.time
    rows = ask(f"/v3/kline?symbol=btc_usdt&period=15&start_time={start}&end_time={start + 1}")
    time, volume, close, high, low, opening = rows["data"][0]
    assert time == start
    assert int(volume * 10000) == candle.volume
    assert [int(each * 100) for each in (opening, high, low, close)] == list(candle[1:5])


@pytest.mark.parametrize(("period", "seconds"), PERIODS.items())
def test_every_period_answers_two_hundred_candles_oldest_first(ask, period, seconds):
    rows = ask(f"/v3/kline?symbol=eth_usdt&period={period}")["data"]
    newest = ask.now // seconds * seconds
    assert [each[0] for each in rows] == [newest - seconds * back for back in range(199, -1, -1)]


def test_the_end_alone_gives_the_two_hundred_before_it(ask):
    end = ask.now // 3600 * 3600 - 7200
    rows = ask(f"/v3/kline?symbol=eth_usdt&period=60&end_time={end}")["data"]
    assert len(rows) == 200
    assert rows[-1][0] == end


def test_start_and_end_are_both_included(ask):
    start = ask.now // 3600 * 3600 - 36000
    rows = ask(f"/v3/kline?symbol=eth_usdt&period=60&start_time={start}&end_time={start + 7200}")
    assert [each[0] for each in rows["data"]] == [start, start + 3600, start + 7200]


def test_of_more_than_five_hundred_candles_the_first_are_answered(ask):
    start = ask.now // 60 * 60 - 60_000
    rows = ask(f"/v3/kline?symbol=eth_usdt&period=1&start_time={start}")["data"]
    assert [each[0] for each in rows] == [start + 60 * i for i in range(500)]


def test_there_are_no_candles_before_the_market_or_after_now(ask):
    assert ask("/v3/kline?symbol=eth_usdt&period=1D&start_time=0&end_time=86400")["data"] == []
    soon = ask.now + 600
    reply = ask(f"/v3/kline?symbol=eth_usdt&period=1&start_time={soon}&end_time={soon + 600}")
    assert reply == {"data": [], "code": 0}


def test_numbers_are_written_without_exponent_or_binary_dust(ask):
    for path in ("/v3/ticker", "/v3/order_book?symbol=trx_usdt&limit=150", "/v3/currencies"):
        body = ask.reply(path).body
        assert b"e-" not in body.lower()
        assert b"0000001," not in body
        assert b"999999" not in body


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("/v3/ticker?symbol=xxx_usdt", 20019),
        ("/v3/ticker?symbol=btcusdt", 20019),
        ("/v3/ticker?symbol=", 20019),
        ("/v3/ticker?symbol=btc_usdt,eth_usdt", 20019),
        ("/v3/ticker?symbol=btc_usdt%00", 20019),
        ("/v3/ticker?symbol=%C4%B1_usdt", 20019),
        ("/v3/order_book?symbol=nope", 20019),
        ("/v3/trades?symbol=nope", 20019),
        ("/v3/kline?symbol=nope&period=1", 20019),
        ("/v3/trades?symbol=" + "a" * 100_000, 20019),
        ("/v3/order_book", 10004),
        ("/v3/trades", 10004),
        ("/v3/kline?period=1", 10004),
        ("/v3/kline?symbol=btc_usdt", 10004),
        ("/v3/kline?symbol=btc_usdt&period=", 10004),
        ("/v3/kline?symbol=btc_usdt&period=2", 10004),
        ("/v3/kline?symbol=btc_usdt&period=1d", 10004),
        ("/v3/order_book?symbol=btc_usdt&limit=0", 10004),
        ("/v3/order_book?symbol=btc_usdt&limit=151", 10004),
        ("/v3/order_book?symbol=btc_usdt&limit=ten", 10004),
        ("/v3/order_book?symbol=btc_usdt&limit=-1", 10004),
        ("/v3/order_book?symbol=btc_usdt&limit=1.5", 10004),
        ("/v3/order_book?symbol=btc_usdt&limit=1e1", 10004),
        ("/v3/order_book?symbol=btc_usdt&limit=", 10004),
        ("/v3/order_book?symbol=btc_usdt&limit=%EF%BC%91", 10004),
        ("/v3/order_book?symbol=btc_usdt&limit=" + "9" * 5000, 10004),
        ("/v3/trades?symbol=btc_usdt&limit=501", 10004),
        ("/v3/kline?symbol=btc_usdt&period=1&start_time=yesterday", 10004),
        ("/v3/kline?symbol=btc_usdt&period=1&start_time=-1", 10004),
        ("/v3/kline?symbol=btc_usdt&period=1&end_time=1589426100000", 10004),
        ("/v3/kline?symbol=btc_usdt&period=1&end_time=", 10004),
        ("/v3/ticker?symbol=btc_usdt&symbol=eth_usdt", 10004),
        ("/v3/ticker?symbol=%ff%fe", 10004),
        ("/v3/ticker?symbol=%zz", 10004),
        ("/v3/ticker?symbol=%", 10004),
        ("/v3/ticker?symbol=btc_usdt\u0130", 10004),
        ("/v3/kline?symbol=btc_usdt&period=1&start_time=1589426100&end_time=1589426000", 20022),
        ("/v3/kline?symbol=btc_usdt&period=1&start_time=1589426100&end_time=1589426100", 20022),
        ("/v3/kline?symbol=btc_usdt&period=1&start_time=99999999999", 20022),
        ("/v3/currencies?currency=nope", 20021),
        ("/v3/currencies?currency=", 20021),
        ("/v3/", 10009),
        ("/v3/nope", 10009),
        ("/v3/ping/", 10009),
        ("/v3/v3/ping", 10009),
        ("/v3//ping", 10009),
        ("/v3/../v3/ping", 10009),
        ("/v3/ping%", 10009),
        ("/v3/%ff", 10009),
        ("/v3/spot/assets", 10009),
    ],
)
def test_every_mistake_has_its_code(ask, target, code):
    reply = ask.reply(target)
    assert reply.status == 200
    assert ask(target)["code"] == code
    assert isinstance(ask(target)["msg"], str)


@pytest.mark.parametrize(("ahead", "code"), [(0, 0), (5, 0), (6, 20022)])
def test_candles_from_now_on_are_none_yet(ask, ahead, code):
    reply = ask(f"/v3/kline?symbol=btc_usdt&period=1&start_time={ask.now + ahead}")
    assert reply == {"data": [], "code": 0} if not code else reply["code"] == code


@pytest.mark.parametrize("method", ["POST", "DELETE", "HEAD", "get", ""])
def test_another_method_is_10001(ask, method):
    assert ask("/v3/ping", method)["code"] == 10001


def test_an_unknown_path_is_10009_whatever_the_method(ask):
    assert ask("/v3/nope", "POST")["code"] == 10009


def test_unknown_parameters_are_ignored(ask):
    assert ask("/v3/ticker?symbol=btc_usdt&market=spot&&x")["code"] == 0


def test_parameters_in_the_body_count_and_the_query_goes_first(ask):
    assert ask("/v3/trades", body=b"symbol=btc_usdt&limit=3")["code"] == 0
    assert len(ask("/v3/trades?limit=2", body=b"symbol=btc_usdt&limit=3")["data"]) == 2
    assert ask("/v3/trades?symbol=btc_usdt", body=b"\xff\xfe")["code"] == 10004
