"""DigiFinex's public endpoints, against the replies of its own document."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from driving import drive

from exchcli.core.reply import Reply
from exchcli.errors import (
    BadReply,
    CredentialsError,
    RateLimited,
    Rejected,
    UnknownCurrency,
    UnknownSymbol,
    Unreadable,
)
from exchcli.exchanges.digifinex import PERIODS, DigiFinex
from exchcli.records import Candle, Currency, Level, MarginCurrency, Symbol, Ticker, Trade

TICKER = """{"ticker": [{"vol": 40717.4461, "change": -1.91, "base_vol": 392447999.65374,
    "sell": 9592.23, "last": 9592.22, "symbol": "btc_usdt", "low": 9476.24, "buy": 9592.03,
    "high": 9793.87}], "date": 1589874294, "code": 0}"""
BOOK = """{"bids": [[9559.45, 1.3766], [9559.04, 0.0127]],
    "asks": [[9563.45, 0.6312], [9563.34, 0.0087]], "date": 1589874953, "code": 0}"""
TRADES = """{"data": [
    {"date": 1589875415, "id": 2989995478, "amount": 0.001, "type": "buy", "price": 9661.05},
    {"date": 1589875415, "id": 2989995473, "amount": 0.0005, "type": "buy", "price": 9659.99}
    ], "date": 1589875415, "code": 0}"""
KLINE = """{"data": [[1589426100, 621.4565, 9342.7, 9349.99, 9305.86, 9307.96],
    [1589427000, 378.1678, 9333.71, 9344.25, 9318.26, 9342.23]], "code": 0}"""
MARKETS = """{"data": [{"volume_precision": 4, "price_precision": 2, "market": "btc_usdt",
    "min_amount": 2, "min_volume": 0.0001}], "date": 1589873858, "code": 0}"""
LTC = {
    "status": "TRADING",
    "symbol": "LTC_USDT",
    "quote_asset": "USDT",
    "base_asset": "LTC",
    "amount_precision": 4,
    "price_precision": 2,
    "minimum_amount": 0.001,
    "minimum_value": 2,
    "zone": "MAIN",
    "order_types": ["LIMIT", "MARKET"],
}
MARGIN_CURRENCIES = """{"code": 0, "funding_time": "GMT+8 10:00:00",
    "currencys": ["BTC", "USDT", "ETH", "XRP"],
    "margin_fees": [
        {"currency_mark": "USDT", "level": 2, "range": "[8-14]", "loan_fees": 0.001}]}"""
CURRENCIES = """{"code": 200, "data": [{"currency": "xrp", "chain": "", "min_deposit_amount": 0.01,
    "min_withdraw_amount": 0.02, "deposit_status": 1, "withdraw_status": 1,
    "withdraw_fee_currency": "eth", "min_withdraw_fee": 0.006, "withdraw_fee_rate": 0.02}]}"""


@pytest.fixture
def dfx() -> DigiFinex:
    return DigiFinex()


def as_texts(reply: str) -> str:
    """The same reply with every number written as a text, `code` and `date` too."""
    return re.sub(r"(?<=[:\[, ])(-?[0-9]+(?:\.[0-9]+)?)(?=[,\]}\s])", r'"\1"', reply)


NOW = datetime(2020, 5, 19, tzinfo=UTC)
BOTH_WAYS = pytest.mark.parametrize("written", [str, as_texts], ids=["as numbers", "as texts"])


@BOTH_WAYS
def test_the_documented_ticker_is_read_with_base_and_quote_volume_apart(
    dfx: DigiFinex, written: Any
) -> None:
    tickers, asked = drive(dfx.tickers(["BTC_USDT"]), written(TICKER))
    assert asked == ["GET /ticker?symbol=btc_usdt"]
    assert tickers == [
        Ticker(
            symbol="BTC_USDT",
            last=Decimal("9592.22"),
            bid=Decimal("9592.03"),
            ask=Decimal("9592.23"),
            high=Decimal("9793.87"),
            low=Decimal("9476.24"),
            volume=Decimal("40717.4461"),
            quote_volume=Decimal("392447999.65374"),
            change_percent=Decimal("-1.91"),
            time=datetime(2020, 5, 19, 7, 44, 54, tzinfo=UTC),
        )
    ]


@pytest.mark.parametrize("rows", [[], [{"symbol": "eth_usdt"}]])
def test_a_ticker_of_another_market_is_never_taken_for_the_asked_one(
    dfx: DigiFinex, rows: list[dict[str, str]]
) -> None:
    whole = json.loads(TICKER)
    whole["ticker"] = [{**whole["ticker"][0], **row} for row in rows]
    with pytest.raises(Unreadable, match="no ticker of BTC_USDT"):
        drive(dfx.tickers(["BTC_USDT"]), whole)
    whole["ticker"].append(json.loads(TICKER)["ticker"][0])
    tickers, _ = drive(dfx.tickers(["BTC_USDT"]), whole)
    assert [ticker.symbol for ticker in tickers] == ["BTC_USDT"]


def test_several_tickers_are_picked_from_one_reply_in_the_asked_order(dfx: DigiFinex) -> None:
    reply = json.loads(TICKER)
    reply["ticker"] += [{**reply["ticker"][0], "symbol": name} for name in ("ltc_usdt", "a_b")]
    tickers, asked = drive(dfx.tickers(["LTC_USDT", "BTC_USDT"]), reply)
    assert asked == ["GET /ticker"]
    assert [ticker.symbol for ticker in tickers] == ["LTC_USDT", "BTC_USDT"]
    tickers, _ = drive(dfx.tickers([]), reply)
    assert len(tickers) == 3


def test_a_ticker_that_is_not_among_all_is_an_unknown_symbol(dfx: DigiFinex) -> None:
    with pytest.raises(UnknownSymbol, match="DOGE_USDT"):
        drive(dfx.tickers(["BTC_USDT", "DOGE_USDT"]), TICKER)


@BOTH_WAYS
def test_the_documented_order_book_is_turned_best_first(dfx: DigiFinex, written: Any) -> None:
    book, asked = drive(dfx.book("BTC_USDT", 2), written(BOOK))
    assert asked == ["GET /order_book?symbol=btc_usdt&limit=2"]
    assert book.asks == (
        Level(Decimal("9563.34"), Decimal("0.0087")),
        Level(Decimal("9563.45"), Decimal("0.6312")),
    )
    assert book.bids[0] == Level(Decimal("9559.45"), Decimal("1.3766"))
    assert book.time == datetime(2020, 5, 19, 7, 55, 53, tzinfo=UTC)


def test_more_than_was_asked_for_is_cut(dfx: DigiFinex) -> None:
    book, _ = drive(dfx.book("BTC_USDT", 1), BOOK)
    assert (len(book.bids), len(book.asks)) == (1, 1)
    trades, _ = drive(dfx.trades("BTC_USDT", 1), TRADES)
    assert [trade.id for trade in trades] == ["2989995478"]
    two = json.loads(CURRENCIES)
    two["data"].append({**two["data"][0], "currency": "btc"})
    rows, _ = drive(dfx.currencies("BTC"), two)
    assert [row.currency for row in rows] == ["BTC"]


def test_the_last_candles_are_the_last_however_the_reply_is_ordered(dfx: DigiFinex) -> None:
    turned = json.loads(KLINE)
    turned["data"].reverse()
    candles, _ = drive(dfx.candles("BTC_USDT", "15m", NOW, limit=1), turned)
    assert [candle.close for candle in candles] == [Decimal("9333.71")]


@BOTH_WAYS
def test_the_documented_trades_are_read(dfx: DigiFinex, written: Any) -> None:
    trades, asked = drive(dfx.trades("BTC_USDT", 2), written(TRADES))
    assert asked == ["GET /trades?symbol=btc_usdt&limit=2"]
    assert trades[0] == Trade(
        id="2989995478",
        symbol="BTC_USDT",
        side="buy",
        price=Decimal("9661.05"),
        amount=Decimal("0.001"),
        time=datetime(2020, 5, 19, 8, 3, 35, tzinfo=UTC),
    )


@BOTH_WAYS
def test_the_documented_candles_are_read_in_the_exchanges_odd_order(
    dfx: DigiFinex, written: Any
) -> None:
    candles, asked = drive(dfx.candles("BTC_USDT", "15m", NOW), written(KLINE))
    assert asked == ["GET /kline?symbol=btc_usdt&period=15"]
    assert candles[0] == Candle(
        symbol="BTC_USDT",
        time=datetime(2020, 5, 14, 3, 15, tzinfo=UTC),
        open=Decimal("9307.96"),
        high=Decimal("9349.99"),
        low=Decimal("9305.86"),
        close=Decimal("9342.7"),
        volume=Decimal("621.4565"),
    )


def test_every_period_has_the_exchanges_own_name(dfx: DigiFinex) -> None:
    names = []
    for period in PERIODS:
        _, asked = drive(dfx.candles("BTC_USDT", period, NOW), KLINE)
        names.append(asked[0].partition("period=")[2])
    assert names == ["1", "5", "15", "30", "60", "240", "720", "1D", "1W"]


def test_the_documented_markets_are_read_with_both_minimums_the_right_way_round(
    dfx: DigiFinex,
) -> None:
    symbols, asked = drive(dfx.symbols("markets"), MARKETS)
    assert asked == ["GET /markets"]
    assert symbols == [
        Symbol(
            symbol="BTC_USDT",
            base="BTC",
            quote="USDT",
            price_precision=2,
            amount_precision=4,
            min_amount=Decimal("0.0001"),
            min_value=Decimal(2),
        )
    ]


LTC_USDT = Symbol(
    symbol="LTC_USDT",
    base="LTC",
    quote="USDT",
    price_precision=2,
    amount_precision=4,
    min_amount=Decimal("0.001"),
    min_value=Decimal(2),
    status="TRADING",
    order_types=("LIMIT", "MARKET"),
    zone="MAIN",
)


@pytest.mark.parametrize(
    ("source", "path", "extra", "told"),
    [
        (None, "/spot/symbols", {}, {}),
        ("spot", "/spot/symbols", {}, {}),
        ("api", "/trades/symbols", {"is_allow": "1"}, {"api_trading": True}),
        (
            "margin",
            "/margin/symbols",
            {"liquidation_rate": 0.3},
            {"margin": True, "liquidation_rate": Decimal("0.3")},
        ),
    ],
)
def test_the_documented_symbols_are_read_from_each_list(
    dfx: DigiFinex, source: str | None, path: str, extra: Any, told: dict[str, Any]
) -> None:
    symbols, asked = drive(dfx.symbols(source), {"code": 0, "symbol_list": [{**LTC, **extra}]})
    assert asked == [f"GET {path}"]
    assert symbols == [LTC_USDT._replace(**told)]


def test_the_documented_margin_currencies_are_read_with_those_that_have_no_fee(
    dfx: DigiFinex,
) -> None:
    rows, asked = drive(dfx.margin_currencies(), MARGIN_CURRENCIES)
    assert asked == ["GET /margin/currencies"]
    assert rows[0] == MarginCurrency("USDT", 2, "[8-14]", Decimal("0.001"))
    assert [row.currency for row in rows] == ["USDT", "BTC", "ETH", "XRP"]
    with pytest.raises(UnknownCurrency, match="lends no DOGE"):
        drive(dfx.margin_currencies("doge"), MARGIN_CURRENCIES)
    rows, _ = drive(dfx.margin_currencies("btc"), MARGIN_CURRENCIES)
    assert rows == [MarginCurrency("BTC", None, None, None)]


def test_the_documented_currencies_are_read_under_code_200(dfx: DigiFinex) -> None:
    rows, asked = drive(dfx.currencies("XRP"), CURRENCIES)
    assert asked == ["GET /currencies?currency=xrp"]
    assert rows == [
        Currency(
            currency="XRP",
            chain=None,
            deposit=True,
            withdraw=True,
            min_deposit=Decimal("0.01"),
            min_withdraw=Decimal("0.02"),
            withdraw_fee_currency="ETH",
            min_withdraw_fee=Decimal("0.006"),
            withdraw_fee_rate=Decimal("0.02"),
        )
    ]


def test_the_documented_ping_and_time_are_read(dfx: DigiFinex) -> None:
    assert drive(dfx.ping(), '{"msg": "pong", "code": 0}') == ("pong", ["GET /ping"])
    moment, asked = drive(dfx.server_time(), '{"server_time": 1589873762, "code": 0}')
    assert (moment, asked) == (datetime(2020, 5, 19, 7, 36, 2, tzinfo=UTC), ["GET /time"])


@pytest.mark.parametrize("code", [0, "0", 200, "200"])
def test_success_is_written_in_four_ways(dfx: DigiFinex, code: Any) -> None:
    dfx.check("GET", 200, Reply({"code": code}))


@pytest.mark.parametrize(
    ("code", "error", "words"),
    [
        (10002, CredentialsError, "not known"),
        ("10005", RateLimited, "too often"),
        (10004, Rejected, "parameter"),
        ("20019", UnknownSymbol, "no such pair"),
        (20021, UnknownCurrency, "no such currency"),
        (50000, BadReply, "error 50000"),
        (77777, BadReply, "error 77777"),
    ],
)
def test_a_code_becomes_the_error_that_it_stands_for(
    dfx: DigiFinex, code: Any, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words) as caught:
        dfx.check("GET", 200, Reply({"code": code, "msg": "its own words"}))
    assert "its own words" in caught.value.args[0] or error is RateLimited
    assert caught.value.code == str(code)  # type: ignore[attr-defined]


@pytest.mark.parametrize("value", [[], "pong", {}, {"code": None}, {"code": "zero"}])
def test_a_reply_without_a_code_is_no_reply_of_this_exchange(dfx: DigiFinex, value: Any) -> None:
    with pytest.raises(BadReply):
        dfx.check("GET", 200, Reply(value))


@pytest.mark.parametrize(
    ("flow", "reply", "complaint"),
    [
        ("ticker", TICKER.replace("9592.22", '"9592,22"'), "ticker[0].last is not a number"),
        ("ticker", TICKER.replace("1589874294", '"yesterday"'), "date is not a whole number"),
        ("ticker", '{"code": 0, "date": 1, "ticker": {}}', "ticker is not a list"),
        ("kline", KLINE.replace(", 9307.96]", "]"), "data[0] has 5 items"),
        ("kline", KLINE.replace("[1589426100,", "[-5,"), "data[0][0] is not a time"),
        ("trades", TRADES.replace('"buy"', '"gift"', 1), "neither buy nor sell"),
        ("markets", MARKETS.replace("btc_usdt", "btcusdt"), "no base_quote"),
    ],
)
def test_a_reply_that_is_not_as_documented_names_the_field(
    dfx: DigiFinex, flow: str, reply: str, complaint: str
) -> None:
    started = {
        "ticker": lambda: dfx.ticker("BTC_USDT"),
        "kline": lambda: dfx.kline("BTC_USDT", "15m"),
        "trades": lambda: dfx.trades("BTC_USDT"),
        "markets": dfx.markets,
    }[flow]()
    with pytest.raises(Unreadable) as caught:
        drive(started, reply)
    assert complaint in caught.value.message
