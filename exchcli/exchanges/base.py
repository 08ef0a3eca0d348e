"""What every exchange can be asked. One that lacks something inherits the refusal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from exchcli.core.reply import Reply
from exchcli.core.request import Flow
from exchcli.errors import NotOffered, UsageError
from exchcli.records import Book, Candle, Currency, MarginCurrency, Symbol, Ticker, Trade


class Exchange:
    """One exchange: its names, and a flow for everything that one can ask it.

    Symbols are passed as `Symbol.symbol` says them, times are aware and in UTC.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    url: ClassVar[str]

    example: ClassVar[str]  # a pair as a user may type it, for hints

    def check(self, status: int, reply: Reply) -> None:
        """Raises what a reply stands for: Rejected, CredentialsError, RateLimited, BadReply."""
        raise NotImplementedError

    def known_symbols(self) -> list[Symbol] | None:
        """The symbols that the document itself lists; None when the exchange has to be asked."""
        return None

    def tickers(self, symbols: Sequence[str]) -> Flow[list[Ticker]]:
        """The last 24 hours of these markets, in this order; of all when none is named."""
        raise self.lacks("tickers")

    def book(self, symbol: str, limit: int | None = None) -> Flow[Book]:
        """The order book, at most `limit` levels a side."""
        raise self.lacks("an order book")

    def trades(self, symbol: str, limit: int | None = None) -> Flow[list[Trade]]:
        """The latest public trades, newest first."""
        raise self.lacks("public trades")

    def candles(
        self,
        symbol: str,
        period: str,
        now: datetime,
        start: datetime | None = None,
        end: datetime | None = None,
        limit: int | None = None,
    ) -> Flow[list[Candle]]:
        """Candles from `start` to `end` (or else to `now`), oldest first."""
        raise self.lacks("candles")

    def symbols(self, source: str | None = None) -> Flow[list[Symbol]]:
        """The markets and their rules."""
        raise self.lacks("a list of symbols")

    def currencies(self, currency: str | None = None) -> Flow[list[Currency]]:
        """How currencies are deposited and withdrawn."""
        raise self.lacks("a list of currencies")

    def margin_currencies(self, currency: str | None = None) -> Flow[list[MarginCurrency]]:
        """What can be borrowed, and what it costs."""
        raise self.lacks("margin trading")

    def server_time(self) -> Flow[datetime]:
        """The exchange's clock, in whole seconds."""
        raise self.lacks("its time")

    def ping(self) -> Flow[str]:
        """Whether it answers; its word for that."""
        raise self.lacks("a ping")

    def lacks(self, what: str) -> NotOffered:
        return NotOffered(
            f"{self.title} does not offer {what}.",
            f"`exch {self.name} --help` lists what it offers.",
            exchange=self.name,
        )

    def limited(self, limit: int | None, most: int, what: str) -> None:
        """Refuses a `--limit` that the exchange would not honour."""
        if limit is not None and not 1 <= limit <= most:
            raise UsageError(
                f"{self.title} gives 1 to {most} {what} at a time, not {limit}.",
                f"Ask for --limit 1 to {most}.",
                exchange=self.name,
            )
