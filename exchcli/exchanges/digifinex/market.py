"""DigiFinex's public half: "Common" and "Market Data" of its document, in its order.

Symbols are lower case in market data (`btc_usdt`) and upper case in the lists of symbols;
records have them in upper case. Times are epoch seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from exchcli.core.reply import Reply
from exchcli.core.request import Flow, Steps, Value, gather
from exchcli.errors import UnknownCurrency, UnknownSymbol, Unreadable, UsageError
from exchcli.exchanges.base import Exchange
from exchcli.exchanges.endpoint import get
from exchcli.exchanges.listing import check_stretch
from exchcli.records import (
    Book,
    Candle,
    Currency,
    Level,
    MarginCurrency,
    Side,
    Symbol,
    Ticker,
    Trade,
)

MOST_LEVELS = 150
DEFAULT_LEVELS = 10
MOST_TRADES = 500
MOST_CANDLES = 500  # in one call; longer stretches are split
DEFAULT_CANDLES = 200
_STEP = MOST_CANDLES - 1  # periods in a window, whose last candle is the next one's first
MOST_CALLS = 500  # for one stretch of candles: well below the weight that bans for a while
FIRST_CANDLE = datetime(2010, 1, 1, tzinfo=UTC)

# Our name of a period, the exchange's own, and its length in seconds.
PERIODS = {
    "1m": ("1", 60),
    "5m": ("5", 300),
    "15m": ("15", 900),
    "30m": ("30", 1800),
    "1h": ("60", 3600),
    "4h": ("240", 14400),
    "12h": ("720", 43200),
    "1d": ("1D", 86400),
    "1w": ("1W", 604800),
}


class MarketData(Exchange):
    """What anybody may ask of DigiFinex."""

    @get("/ping")
    def ping(self) -> Steps[str]:
        """Server ping: answers "pong"."""
        reply = yield {}
        return reply["msg"].text()

    @get("/time")
    def server_time(self) -> Steps[datetime]:
        """Server timestamp: whole seconds."""
        reply = yield {}
        return reply["server_time"].moment()

    @get("/markets")
    def markets(self) -> Steps[list[Symbol]]:
        """All the market description. `min_amount` there is in quote, `min_volume` in base."""
        reply = yield {}
        return [
            Symbol(
                symbol=row["market"].text().upper(),
                base=_part(row["market"], 0),
                quote=_part(row["market"], 1),
                price_precision=row["price_precision"].count(),
                amount_precision=row["volume_precision"].count(),
                min_amount=row["min_volume"].amount(),
                min_value=row["min_amount"].amount(),
            )
            for row in reply["data"]
        ]

    def tickers(self, symbols: Sequence[str]) -> Flow[list[Ticker]]:
        """One market is asked for by name; several are picked from one reply with all."""
        if len(symbols) == 1:
            return [_of(symbols[0], (yield from self.ticker(symbols[0])))]
        found = {ticker.symbol: ticker for ticker in (yield from self.ticker())}
        for symbol in symbols:
            if symbol not in found:
                raise UnknownSymbol(f"DigiFinex has no ticker of {symbol}.", exchange=self.name)
        return [found[symbol] for symbol in symbols] if symbols else list(found.values())

    @get("/ticker")
    def ticker(self, symbol: str | None = None) -> Steps[list[Ticker]]:
        """Ticker price: `vol` is in base currency, `base_vol` (!) in quote currency."""
        reply = yield {} if symbol is None else {"symbol": symbol.lower()}
        moment = reply["date"].moment()
        return [
            Ticker(
                symbol=row["symbol"].text().upper(),
                last=row["last"].amount(),
                bid=row["buy"].amount(),
                ask=row["sell"].amount(),
                high=row["high"].amount(),
                low=row["low"].amount(),
                volume=row["vol"].amount(),
                quote_volume=row["base_vol"].amount(),
                change_percent=row["change"].decimal(),
                time=moment,
            )
            for row in reply["ticker"]
        ]

    @get("/order_book")
    def book(self, symbol: str, limit: int | None = None) -> Steps[Book]:
        """Get orderbook: `[price, size]` a level; the asks come worst first."""
        self.limited(limit, MOST_LEVELS, "levels")
        reply = yield {"symbol": symbol.lower(), "limit": limit or DEFAULT_LEVELS}
        bids = sorted(_levels(reply["bids"]), key=lambda level: -level.price)
        asks = sorted(_levels(reply["asks"]), key=lambda level: level.price)
        most = limit or DEFAULT_LEVELS
        moment = reply["date"].moment()
        return Book(symbol=symbol, bids=tuple(bids[:most]), asks=tuple(asks[:most]), time=moment)

    @get("/trades")
    def trades(self, symbol: str, limit: int | None = None) -> Steps[list[Trade]]:
        """Get recent trades: newest first, 100 unless `limit` says otherwise."""
        self.limited(limit, MOST_TRADES, "trades")
        params: dict[str, Value] = {"symbol": symbol.lower()}
        if limit is not None:
            params["limit"] = limit
        reply = yield params
        trades = [
            Trade(
                id=row["id"].text(),
                symbol=symbol,
                side=_side(row["type"]),
                price=row["price"].amount(),
                amount=row["amount"].amount(),
                time=row["date"].moment(),
            )
            for row in reply["data"]
        ]
        return trades[:limit]

    def candles(
        self,
        symbol: str,
        period: str,
        now: datetime,
        start: datetime | None = None,
        end: datetime | None = None,
        limit: int | None = None,
    ) -> Flow[list[Candle]]:
        """Candles of any stretch: up to `limit` from `start` on, or else the last ones to `end`.

        What does not fit one call is asked for in windows that overlap by one candle, and
        joined by time. A candle that opens exactly at `start` or at `end` belongs to it.
        """
        if period not in PERIODS:
            raise UsageError(f"Unknown period {period!r}.", f"DigiFinex has {', '.join(PERIODS)}.")
        if limit == 0:
            raise UsageError("--limit 0 asks for no candles.", "Ask for one or more.")
        _, seconds = PERIODS[period]
        if start is None and end is None and (limit or DEFAULT_CANDLES) <= DEFAULT_CANDLES:
            newest = {candle.time: candle for candle in (yield from self.kline(symbol, period))}
            return [newest[moment] for moment in sorted(newest)][-(limit or DEFAULT_CANDLES) :]
        first, last = _stretch(now, start, end, limit, seconds)
        enough = limit if start else None
        candles = yield from self._joined(symbol, period, first, last, enough)
        return candles[:limit] if start else candles[-(limit or DEFAULT_CANDLES) :]

    def _joined(
        self, symbol: str, period: str, first: int, last: int, enough: int | None
    ) -> Flow[list[Candle]]:
        """The candles that open in first .. last, in time; `enough` of them, if that is given.

        A market that began later, or stood still, has fewer candles than a stretch has
        periods: so windows are asked for until there are enough, or the stretch is through.
        """
        windows = _windows(first, last, PERIODS[period][1])
        found: dict[datetime, Candle] = {}
        while windows and (enough is None or len(found) < enough):
            missing = len(windows) if enough is None else -(-(enough - len(found)) // _STEP)
            batch, windows = windows[:missing], windows[missing:]
            parts = yield from gather(self.kline(symbol, period, *window) for window in batch)
            for candle in (candle for part in parts for candle in part):
                if first <= candle.time.timestamp() <= last:
                    found[candle.time] = candle
        return [found[moment] for moment in sorted(found)]

    @get("/kline")
    def kline(
        self, symbol: str, period: str, start: int | None = None, end: int | None = None
    ) -> Steps[list[Candle]]:
        """Get candles data: rows of `[timestamp, volume, close, high, low, open]`."""
        params: dict[str, Value] = {"symbol": symbol.lower(), "period": PERIODS[period][0]}
        if start is not None:
            params["start_time"] = start
        if end is not None:
            params["end_time"] = end
        reply = yield params
        return [
            Candle(
                symbol=symbol,
                time=row[0].moment(),
                volume=row[1].amount(),
                close=row[2].amount(),
                high=row[3].amount(),
                low=row[4].amount(),
                open=row[5].amount(),
            )
            for row in reply["data"]
        ]

    def symbols(self, source: str | None = None) -> Flow[list[Symbol]]:
        """The markets as one of the four lists has them: spot, markets, margin or api."""
        lists = {
            "spot": self.spot_symbols,
            "markets": self.markets,
            "margin": self.margin_symbols,
            "api": self.api_symbols,
        }
        return (yield from lists[source or "spot"]())

    @get("/spot/symbols")
    def spot_symbols(self) -> Steps[list[Symbol]]:
        """Spot trading pair symbol."""
        reply = yield {}
        return [_symbol(row) for row in reply["symbol_list"]]

    @get("/margin/symbols")
    def margin_symbols(self) -> Steps[list[Symbol]]:
        """Margin trading pair symbol: the same with `liquidation_rate`."""
        reply = yield {}
        return [_symbol(row, margin=True) for row in reply["symbol_list"]]

    @get("/trades/symbols")
    def api_symbols(self) -> Steps[list[Symbol]]:
        """Whether is API trading enabled for the trading pair: the same with `is_allow`."""
        reply = yield {}
        return [_symbol(row) for row in reply["symbol_list"]]

    @get("/margin/currencies")
    def margin_currencies(self, currency: str | None = None) -> Steps[list[MarginCurrency]]:
        """Currencies which support margin trading: a row a fee level, then those without fees."""
        reply = yield {}
        rows = [
            MarginCurrency(
                currency=row["currency_mark"].text().upper(),
                level=row["level"].integer(),
                range=row["range"].text(),
                loan_fee=row["loan_fees"].amount(),
            )
            for row in reply["margin_fees"]
        ]
        with_fees = {row.currency for row in rows}
        names = [name.text().upper() for name in reply["currencys"]]
        rows += [MarginCurrency(name, None, None, None) for name in names if name not in with_fees]
        if currency is None:
            return rows
        if currency.upper() not in names:
            raise UnknownCurrency(f"DigiFinex lends no {currency.upper()}.", exchange=self.name)
        return [row for row in rows if row.currency == currency.upper()]

    @get("/currencies")
    def currencies(self, currency: str | None = None) -> Steps[list[Currency]]:
        """Get currency deposit and withdrawal information; a row a currency and chain."""
        reply = yield {} if currency is None else {"currency": currency.lower()}
        rows = [_currency(row) for row in reply["data"]]
        return [row for row in rows if currency is None or row.currency == currency.upper()]


def _of(symbol: str, tickers: list[Ticker]) -> Ticker:
    """The one that was asked for: a price of another market would be taken for this one's."""
    for ticker in tickers:
        if ticker.symbol == symbol:
            return ticker
    raise Unreadable(f"no ticker of {symbol} is among the {len(tickers)} that came")


def _part(symbol: Reply, index: int) -> str:
    parts = symbol.text().upper().split("_")
    if len(parts) != 2:
        raise Unreadable(f"{symbol.path} is no base_quote: {symbol.text()!r}")
    return parts[index]


def _side(row: Reply) -> Side:
    side = row.text()
    if side == "buy":
        return "buy"
    if side == "sell":
        return "sell"
    raise Unreadable(f"{row.path} is neither buy nor sell: {side!r}")


def _levels(side: Reply) -> list[Level]:
    return [Level(row[0].amount(), row[1].amount()) for row in side]


def _symbol(row: Reply, margin: bool | None = None) -> Symbol:
    allowed = row.get("is_allow")
    rate = row.get("liquidation_rate")
    return Symbol(
        symbol=row["symbol"].text().upper(),
        base=row["base_asset"].text().upper(),
        quote=row["quote_asset"].text().upper(),
        price_precision=row["price_precision"].count(),
        amount_precision=row["amount_precision"].count(),
        min_amount=row["minimum_amount"].amount(),
        min_value=row["minimum_value"].amount(),
        status=row["status"].text(),
        order_types=tuple(kind.text() for kind in row["order_types"]),
        api_trading=None if allowed is None else allowed.flag(),
        margin=margin,
        liquidation_rate=None if rate is None else rate.decimal(),
        zone=None if (zone := row.get("zone")) is None else zone.text(),
    )


def _currency(row: Reply) -> Currency:
    chain = row.get("chain")
    fee_currency = row.get("withdraw_fee_currency")
    return Currency(
        currency=row["currency"].text().upper(),
        chain=None if chain is None else chain.text(),
        deposit=row["deposit_status"].flag(),
        withdraw=row["withdraw_status"].flag(),
        min_deposit=row["min_deposit_amount"].amount(),
        min_withdraw=row["min_withdraw_amount"].amount(),
        withdraw_fee_currency=None if fee_currency is None else fee_currency.text().upper(),
        min_withdraw_fee=row["min_withdraw_fee"].amount(),
        withdraw_fee_rate=row["withdraw_fee_rate"].amount(),
    )


def _stretch(
    now: datetime, start: datetime | None, end: datetime | None, limit: int | None, seconds: int
) -> tuple[int, int]:
    """The first and the last second that candles may open at; none opens in the future."""
    last = int(min(end or now, now).timestamp())
    check_stretch(now, start, end)
    usual = last - (limit or DEFAULT_CANDLES) * seconds
    first = usual if start is None else int(start.timestamp())
    return max(first, int(FIRST_CANDLE.timestamp())), last


def _windows(first: int, last: int, seconds: int) -> list[tuple[int, int]]:
    """The stretch in calls of at most MOST_CANDLES, each of which ends after it starts.

    An end that is not later than its start would be refused (20022).
    """
    step = _STEP * seconds
    if (last - first) // step >= MOST_CALLS:
        raise UsageError(
            f"That would be more than {MOST_CALLS * _STEP} candles.",
            "Ask for a shorter stretch, or for a longer --period.",
        )
    begins = range(first, max(last, first + 1), step)
    return [(begin, max(begin + 1, min(begin + step, last))) for begin in begins]
