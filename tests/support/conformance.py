"""What every exchange has to do: a new exchange's tests inherit this and name their pairs.

    class TestDgtmarket(Conformance):
        exchange = Dgtmarket
        ...

Each test runs twice: against the sandbox within the process, and over HTTP.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import pytest
from sandbox_server import serving

from exchcli.core.client import Client
from exchcli.core.deadline import Deadline
from exchcli.core.transport import NetworkTransport
from exchcli.errors import NotOffered, Rejected, UsageError
from exchcli.exchanges.base import Exchange
from exchcli.records import Book, Symbol, Ticker, Trade
from exchcli.sandbox.exchange import Sandbox
from exchcli.sandbox.transport import SandboxTransport
from exchcli.sandbox.wire import SANDBOX_URLS

PATHS = {"dgt": "/api", "dfx": "/v3"}
SECOND = 1_000_000_000
NOON = int(datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp())


class Conformance:
    """The public half. Subclasses name the exchange, a pair, and a pair that it does not have."""

    exchange: ClassVar[type[Exchange]]
    pair: ClassVar[str]
    unknown: ClassVar[str]
    offers: ClassVar[set[str]]

    @pytest.fixture(params=["in the process", "over HTTP"])
    def ask(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
        """Runs a flow of the exchange against a sandbox that stands at noon."""
        sandbox = Sandbox(tmp_path, clock=lambda: NOON * SECOND)
        deadline = Deadline(30)
        exchange = self.exchange()
        if request.param == "in the process":
            url = SANDBOX_URLS[exchange.name]
            client = Client(exchange, url, SandboxTransport(sandbox), deadline)
            yield client.run
            client.close()
        else:
            with serving(sandbox) as base:
                url = base + PATHS[exchange.name]
                client = Client(exchange, url, NetworkTransport(url, deadline), deadline)
                yield client.run
                client.close()
        sandbox.close()

    @pytest.fixture
    def subject(self) -> Exchange:
        return self.exchange()

    def test_a_ticker_is_of_the_asked_pair_and_in_order(self, ask: Any, subject: Exchange) -> None:
        (ticker,) = ask(subject.tickers([self.pair]))
        assert isinstance(ticker, Ticker)
        assert ticker.symbol == self.pair
        assert 0 < ticker.bid < ticker.ask
        assert ticker.low <= ticker.last <= ticker.high
        assert ticker.volume > 0

    def test_all_tickers_are_of_all_symbols(self, ask: Any, subject: Exchange) -> None:
        tickers = ask(subject.tickers([]))
        symbols = ask(subject.symbols())
        assert {ticker.symbol for ticker in tickers} == {symbol.symbol for symbol in symbols}

    def test_a_book_is_best_first_and_not_crossed(self, ask: Any, subject: Exchange) -> None:
        book = ask(subject.book(self.pair, 7))
        assert isinstance(book, Book)
        bids = [level.price for level in book.bids]
        asks = [level.price for level in book.asks]
        assert len(bids) == len(asks) == 7
        assert bids == sorted(bids, reverse=True)
        assert asks == sorted(asks)
        assert bids[0] < asks[0]
        assert all(level.amount > 0 for level in book.bids + book.asks)
        (ticker,) = ask(subject.tickers([self.pair]))
        assert (ticker.bid, ticker.ask) == (bids[0], asks[0])

    def test_trades_are_newest_first_and_the_newest_is_the_last_price(
        self, ask: Any, subject: Exchange
    ) -> None:
        trades = ask(subject.trades(self.pair, 20))
        assert len(trades) == 20
        assert all(isinstance(trade, Trade) for trade in trades)
        moments = [trade.time for trade in trades]
        assert moments == sorted(moments, reverse=True)
        assert len({trade.id for trade in trades}) == 20
        (ticker,) = ask(subject.tickers([self.pair]))
        assert trades[0].price == ticker.last

    def test_symbols_name_their_base_and_quote(self, ask: Any, subject: Exchange) -> None:
        symbols = ask(subject.symbols())
        assert all(isinstance(symbol, Symbol) for symbol in symbols)
        (one,) = [symbol for symbol in symbols if symbol.symbol == self.pair]
        assert one.symbol.replace("_", "") == one.base + one.quote

    def test_the_clock_is_the_exchanges(self, ask: Any, subject: Exchange) -> None:
        assert ask(subject.server_time()) == datetime.fromtimestamp(NOON, UTC)

    def test_prices_are_exact_decimals(self, ask: Any, subject: Exchange) -> None:
        (ticker,) = ask(subject.tickers([self.pair]))
        assert all(isinstance(value, Decimal) for value in ticker[1:7])

    def test_a_pair_that_it_does_not_have_is_refused(self, ask: Any, subject: Exchange) -> None:
        for flow in (subject.book(self.unknown), subject.trades(self.unknown)):
            with pytest.raises(Rejected) as caught:
                ask(flow)
            assert caught.value.exchange == subject.name

    def test_a_limit_beyond_the_document_is_refused_before_it_is_sent(
        self, ask: Any, subject: Exchange
    ) -> None:
        for flow in (subject.book(self.pair, 10_000), subject.trades(self.pair, 0)):
            with pytest.raises(UsageError):
                ask(flow)

    def test_it_offers_what_it_says_and_refuses_the_rest_in_words(self, subject: Exchange) -> None:
        now = datetime.fromtimestamp(NOON, UTC)
        asked = {
            "ping": lambda: subject.ping(),
            "candles": lambda: subject.candles(self.pair, "1h", now),
            "currencies": lambda: subject.currencies(),
            "margin_currencies": lambda: subject.margin_currencies(),
        }
        for name, start in asked.items():
            if name in self.offers:
                start()
            else:
                with pytest.raises(NotOffered, match=subject.title):
                    start()
