"""What every exchange has to do: a new exchange's tests inherit this and name their pairs.

    class TestDgtmarket(Conformance):
        exchange = Dgtmarket
        ...

Each test runs twice: against the sandbox within the process, and over HTTP.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from shutil import copytree
from typing import Any, ClassVar

import pytest
from sandbox_server import serving

from exchcli.core.client import Client
from exchcli.core.credentials import Credentials, Secret
from exchcli.core.deadline import Deadline
from exchcli.core.transport import NetworkTransport
from exchcli.errors import CredentialsError, NotOffered, Rejected, UsageError
from exchcli.exchanges.base import Exchange
from exchcli.exchanges.listing import Listing
from exchcli.records import Balance, Book, Fill, Order, Symbol, Ticker, Trade
from exchcli.sandbox.exchange import Sandbox
from exchcli.sandbox.transport import SandboxTransport
from exchcli.sandbox.wire import SANDBOX_URLS

PATHS = {"dgt": "/api", "dfx": "/v3"}
SECOND = 1_000_000_000
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
NOON = int(NOW.timestamp())
_OPENED: dict[str, Path] = {}
EVERYTHING = Listing(NOW, start=NOW - timedelta(days=60), whole=True)


class Conformance:
    """Subclasses name the exchange, a pair, and a pair that it does not have.

    The private half asks about a demo account of the sandbox, which has a history.
    """

    exchange: ClassVar[type[Exchange]]
    pair: ClassVar[str]
    unknown: ClassVar[str]
    offers: ClassVar[set[str]]
    paths: ClassVar[tuple[str, str]]  # of a public and of a private endpoint

    @pytest.fixture
    def sandbox(self, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
        """A sandbox that stands at noon; its accounts are made once, and copied."""
        name = self.exchange.name
        if name not in _OPENED:
            _OPENED[name] = tmp_path_factory.mktemp("opened")
            first = Sandbox(_OPENED[name], clock=lambda: NOON * SECOND)
            first.accounts(name)
            first.close()
        copytree(_OPENED[name], tmp_path / "sandbox")
        sandbox = Sandbox(tmp_path / "sandbox", clock=lambda: NOON * SECOND)
        yield sandbox
        sandbox.close()

    @pytest.fixture(params=["in the process", "over HTTP"])
    def ask(self, request: pytest.FixtureRequest, sandbox: Sandbox) -> Iterator[Any]:
        """Runs a flow of the exchange, with the key of a demo account."""
        deadline = Deadline(30)
        exchange = self.exchange()

        def pair() -> Credentials:
            account = sandbox.accounts(exchange.name)[0]
            return Credentials(account.key, Secret(account.secret), "the sandbox")

        if request.param == "in the process":
            url = SANDBOX_URLS[exchange.name]
            transport = SandboxTransport(sandbox)
            client = Client(exchange, url, transport, deadline, credentials=pair)
            yield client.run
            client.close()
        else:
            with serving(sandbox) as base:
                url = base + PATHS[exchange.name]
                network = NetworkTransport(url, deadline)
                client = Client(exchange, url, network, deadline, credentials=pair)
                yield client.run
                client.close()

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

    def test_a_balance_is_what_is_free_and_what_is_held(self, ask: Any, subject: Exchange) -> None:
        balances = ask(subject.balances())
        assert all(isinstance(balance, Balance) for balance in balances)
        assert len({balance.currency for balance in balances}) == len(balances)
        for balance in balances:
            assert balance.free >= 0
            assert balance.held >= 0
            assert balance.free + balance.held == balance.total
        assert any(balance.held for balance in balances), "open orders hold something"

    def test_open_orders_are_the_part_of_the_history_that_is_not_final(
        self, ask: Any, subject: Exchange
    ) -> None:
        every = ask(subject.orders(EVERYTHING))
        still_open = ask(subject.open_orders(EVERYTHING))
        assert still_open
        assert all(isinstance(order, Order) for order in every)
        assert [order.id for order in still_open] == [
            order.id for order in every if order.status in ("open", "partially_filled")
        ]

    def test_the_history_is_newest_first_and_a_limit_takes_its_beginning(
        self, ask: Any, subject: Exchange
    ) -> None:
        every = ask(subject.orders(EVERYTHING))
        assert {order.status for order in every} >= {"open", "filled", "canceled"}
        assert "unknown" not in {order.status for order in every}
        created = [order.created for order in every]
        assert created == sorted(created, reverse=True)
        assert len({order.id for order in every}) == len(every)
        newest = ask(subject.orders(EVERYTHING._replace(limit=3)))
        assert [order.created for order in newest] == created[:3]

    def test_orders_are_filtered_by_pair_side_and_status(self, ask: Any, subject: Exchange) -> None:
        every = ask(subject.orders(EVERYTHING))
        for pair, side, status in (
            (self.pair, None, None),
            (None, "sell", None),
            (None, None, "filled"),
            (self.pair, "buy", "canceled"),
        ):
            some = ask(subject.orders(EVERYTHING, pair, side, status))
            assert [order.id for order in some] == [
                order.id
                for order in every
                if pair in (None, order.symbol)
                and side in (None, order.side)
                and status in (None, order.status)
            ]

    def test_an_order_says_of_itself_what_the_list_says_of_it(
        self, ask: Any, subject: Exchange
    ) -> None:
        every = ask(subject.orders(EVERYTHING))
        some = [every[0], every[-1], every[len(every) // 2]]
        told = ask(subject.orders_by_id([order.id for order in some]))
        assert [order[:9] for order in told] == [order[:9] for order in some]
        for listed in some:
            order = ask(subject.order(listed.id))
            assert order._replace(fills=listed.fills, cost=listed.cost) == listed
            if order.cost is not None and order.average_price is not None:
                assert abs(order.cost - order.average_price * order.filled) < Decimal("0.01")

    def test_an_order_that_it_does_not_have_is_refused(self, ask: Any, subject: Exchange) -> None:
        with pytest.raises(Rejected) as caught:
            ask(subject.order("999999999"))
        assert caught.value.exchange == subject.name

    def test_fills_are_newest_first_and_those_of_the_orders(
        self, ask: Any, subject: Exchange
    ) -> None:
        fills = ask(subject.fills(EVERYTHING, self.pair))
        assert fills
        assert all(isinstance(fill, Fill) and fill.symbol == self.pair for fill in fills)
        moments = [fill.time for fill in fills]
        assert moments == sorted(moments, reverse=True)
        orders = ask(subject.orders(EVERYTHING, self.pair))
        for side in ("buy", "sell"):
            assert sum(fill.amount for fill in fills if fill.side == side) == sum(
                order.filled for order in orders if order.side == side
            )

    def test_fills_of_all_pairs_are_those_of_each(self, ask: Any, subject: Exchange) -> None:
        every = ask(subject.fills(EVERYTHING))
        assert len({(fill.id, fill.side) for fill in every}) == len(every)
        for symbol in {fill.symbol for fill in every}:
            of_one = ask(subject.fills(EVERYTHING, symbol))
            assert of_one == [fill for fill in every if fill.symbol == symbol]
        moments = [fill.time for fill in ask(subject.fills(EVERYTHING._replace(limit=4)))]
        assert moments == [fill.time for fill in every[:4]]

    def test_start_and_end_take_what_lies_between_them_both_included(
        self, ask: Any, subject: Exchange
    ) -> None:
        every = ask(subject.fills(EVERYTHING, self.pair))
        moments = sorted({fill.time.replace(tzinfo=UTC) for fill in every})
        start, end = moments[1], moments[-2]
        some = ask(subject.fills(Listing(NOW, start, end), self.pair))
        assert some == [fill for fill in every if start <= fill.time.replace(tzinfo=UTC) <= end]
        orders = ask(subject.orders(EVERYTHING))
        middle = orders[len(orders) // 2].created.replace(tzinfo=UTC)
        since = ask(subject.orders(Listing(NOW, start=middle)))
        assert since == [order for order in orders if order.created.replace(tzinfo=UTC) >= middle]

    def test_a_signature_with_another_secret_is_refused(
        self, subject: Exchange, sandbox: Sandbox
    ) -> None:
        key = sandbox.accounts(subject.name)[0].key
        client = Client(
            subject,
            SANDBOX_URLS[subject.name],
            SandboxTransport(sandbox),
            Deadline(30),
            credentials=lambda: Credentials(key, Secret("not-its-secret"), "a test"),
        )
        with pytest.raises(CredentialsError) as caught:
            client.run(subject.balances())
        assert caught.value.exchange == subject.name
        client.close()

    def test_any_endpoint_can_be_called_and_is_signed_where_it_needs_a_key(
        self, ask: Any, subject: Exchange
    ) -> None:
        public, private = self.paths
        for path in (public, private):
            assert ask(subject.any_endpoint(subject.endpoint("GET", path), {})).value
