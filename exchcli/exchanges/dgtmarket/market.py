"""Dgtmarket's public half, in the order of its document. Times there are epoch seconds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from exchcli.core.reply import Reply
from exchcli.core.request import Flow, Steps, gather
from exchcli.exchanges.base import Exchange
from exchcli.exchanges.endpoint import get
from exchcli.records import Book, Level, Symbol, Ticker, Trade

# "Available pairs" of the document: each has a base and a quote of three letters.
PAIRS = ("BTCPLN", "LTCPLN", "LTCBTC")
MOST_LEVELS = 30
MOST_TRADES = 30


class MarketData(Exchange):
    """What anybody may ask of Dgtmarket."""

    def known_symbols(self) -> list[Symbol]:
        """ "Available pairs"; the document says nothing of precisions and minimums."""
        return [Symbol(symbol=pair, base=pair[:3], quote=pair[3:]) for pair in PAIRS]

    def symbols(self, source: str | None = None) -> Flow[list[Symbol]]:
        yield from ()
        return self.known_symbols()

    def tickers(self, symbols: Sequence[str]) -> Flow[list[Ticker]]:
        return (yield from gather(self.ticker(symbol) for symbol in symbols or PAIRS))

    @get("/public/ticker24/{pair}/")
    def ticker(self, symbol: str) -> Steps[Ticker]:
        """Ticker 24h: `last`, `bid`, `ask`, `high`, `low` in quote, `volume` in base currency."""
        reply = yield {"pair": symbol}
        return Ticker(
            symbol=symbol,
            last=reply["last"].amount(),
            bid=reply["bid"].amount(),
            ask=reply["ask"].amount(),
            high=reply["high"].amount(),
            low=reply["low"].amount(),
            volume=reply["volume"].amount(),
        )

    @get("/public/offers/{pair}/")
    def book(self, symbol: str, limit: int | None = None) -> Steps[Book]:
        """List Offers (public): up to 30 aggregated levels a side.

        An `any_price` entry has no price of its own and is no level of the book.
        """
        self.limited(limit, MOST_LEVELS, "levels")
        reply = yield {"pair": symbol}
        bids = sorted(_levels(reply["bids"]), key=lambda level: -level.price)
        asks = sorted(_levels(reply["asks"]), key=lambda level: level.price)
        most = limit or 10
        return Book(symbol=symbol, bids=tuple(bids[:most]), asks=tuple(asks[:most]))

    @get("/public/transactions/{pair}/")
    def trades(self, symbol: str, limit: int | None = None) -> Steps[list[Trade]]:
        """List Transactions (public): the last 30, newest first; sides are not told."""
        self.limited(limit, MOST_TRADES, "trades")
        reply = yield {"pair": symbol}
        trades = [
            Trade(
                id=row["tid"].text(),
                symbol=symbol,
                side=None,
                price=row["price"].amount(),
                amount=row["amount"].amount(),
                time=row["date"].moment(),
            )
            for row in reply
        ]
        return trades[:limit]

    @get("/public/time/")
    def server_time(self) -> Steps[datetime]:
        """Get Time: `epoch` in whole seconds."""
        reply = yield {}
        return reply["epoch"].moment()


def _levels(side: Reply) -> list[Level]:
    return [
        Level(row["quotation"].amount(), row["amount"].amount())
        for row in side
        if (any_price := row.get("any_price")) is None or not any_price.flag()
    ]
