"""What every exchange can be asked. One that lacks something inherits the refusal."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import ClassVar, Literal

from exchcli.core.credentials import Credentials, Headers, Secret
from exchcli.core.reply import Reply
from exchcli.core.request import Endpoint, Flow, Params, Request
from exchcli.core.throttle import Ban
from exchcli.errors import BadReply, NotOffered, UsageError
from exchcli.exchanges.endpoint import endpoints
from exchcli.exchanges.listing import Listing
from exchcli.records import (
    Address,
    Balance,
    Book,
    Cancelled,
    Candle,
    Currency,
    Fill,
    Ledger,
    MarginCurrency,
    Market,
    NewOrder,
    Order,
    Position,
    Side,
    Sighting,
    Snapshot,
    Symbol,
    Ticker,
    Trade,
    Transfer,
)


class Exchange:
    """One exchange: its names, and a flow for everything that one can ask it.

    Symbols are passed as `Symbol.symbol` says them, times are aware and in UTC.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    url: ClassVar[str]
    # How parameters are sent with anything but a GET.
    bodies: ClassVar[Literal["form", "json"]]
    # All that its document has.
    methods: ClassVar[tuple[str, ...]]
    # How many orders one call places, and how many it cancels.
    most_orders: ClassVar[int] = 1
    most_cancels: ClassVar[int] = 1
    # How many orders may be placed in how many seconds, so that its lists can still be had whole.
    listable: ClassVar[tuple[int, float] | None] = None
    # How many decimals its numbers have where a pair does not say it.
    decimals: ClassVar[int] = 8
    # Error codes by which it stops listening for a while.
    bans: ClassVar[Mapping[str, Ban]] = {"429": Ban(60)}
    # Error codes that a wrong timestamp has: those that say so, and those that may mean that.
    stamp_refused: ClassVar[frozenset[str]] = frozenset()
    stamp_suspected: ClassVar[frozenset[str]] = frozenset()
    # A signed read that costs little, to try a key or a timestamp with.
    probe: ClassVar[Endpoint]

    example: ClassVar[str]  # a pair as a user may type it, for hints

    def check(self, method: str, status: int, reply: Reply) -> None:
        """Raises what the reply to a call of this HTTP method stands for: Rejected,
        CredentialsError, RateLimited, BadReply. A 204 has the value None.
        """
        raise NotImplementedError

    def refuses(self, status: int, reply: Reply | None) -> bool:
        """Whether a refusal by `check` is surely one, so that what was sent did nothing; the
        reply is None where its body was not looked at.
        """
        raise NotImplementedError

    def sign(
        self, credentials: Credentials, timestamp: int, method: str, target: str, body: bytes
    ) -> Headers:
        """The headers that sign a request.

        `timestamp` is in the exchange's seconds, `target` the path with its query exactly as
        it is sent (with the path of the base URL), `body` the bytes that are sent.
        """
        raise NotImplementedError

    def budget(self, endpoint: Endpoint) -> str:
        """The limit of the configuration that a call counts against."""
        raise NotImplementedError

    def scopes(self, endpoint: Endpoint) -> tuple[str, ...]:
        """What has to be free of bans for a call, first the one that its own refusal bans."""
        return ("private",) if endpoint.auth else ("public",)

    def endpoint(self, method: str, path: str) -> Endpoint:
        """Any path behind the base URL.

        What is declared here is called as declared. Of the rest, nothing is known to be public
        but reads that say so in their path, and so it is signed.
        """
        for known in endpoints(type(self)).values():
            pattern = re.sub(r"\\{[a-z]+\\}", "[^/]+", re.escape(known.path))
            if known.method == method and re.fullmatch(pattern, path):
                return known._replace(path=path)
        if method == "GET":
            return Endpoint(method, path, auth="public" not in path.split("/"))
        form, json = self.bodies == "form", self.bodies == "json"
        return Endpoint(method, path, auth=True, form=form, json=json)

    def any_endpoint(self, endpoint: Endpoint, params: Params) -> Flow[Reply]:
        """One call; its reply is not looked into."""
        reply: Reply = yield Request(endpoint, params)
        return reply

    def orders_in(self, endpoint: Endpoint, params: Params) -> int:
        """How many orders a call of this endpoint places; 0 where it places none."""
        return 0

    def ids_in(self, reply: Reply) -> list[str]:
        """The ids of the orders that such a call placed. Raises BadReply where there are none."""
        raise BadReply("no order")

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

    def new_key(self, username: str, password: Secret) -> Flow[Credentials]:
        """A new key pair of this user; the pair before it is revoked as this answers."""
        raise self.lacks("keys for a user name and a password")

    def balances(self, market: Market = "spot") -> Flow[list[Balance]]:
        """What there is of each currency."""
        raise self.lacks("balances")

    def open_orders(
        self,
        listing: Listing,
        symbol: str | None = None,
        side: Side | None = None,
        market: Market = "spot",
    ) -> Flow[list[Order]]:
        """The orders that are not known to be final, newest first."""
        raise self.lacks("orders")

    def orders(
        self,
        listing: Listing,
        symbol: str | None = None,
        side: Side | None = None,
        status: str | None = None,
        market: Market = "spot",
    ) -> Flow[list[Order]]:
        """Orders of any status, newest first."""
        raise self.lacks("orders")

    def order(self, order_id: str, market: Market = "spot") -> Flow[Order]:
        """One order, with all that the exchange tells of it."""
        raise self.lacks("orders")

    def orders_by_id(self, ids: Sequence[str], market: Market = "spot") -> Flow[list[Order]]:
        """These orders, in this order. Raises Rejected when there is not one of them."""
        raise self.lacks("orders")

    def fills(
        self, listing: Listing, symbol: str | None = None, market: Market = "spot"
    ) -> Flow[list[Fill]]:
        """The account's own trades, newest first."""
        raise self.lacks("fills")

    def fill(self, fill_id: str) -> Flow[Fill]:
        """One of the account's own trades."""
        raise self.lacks("single fills")

    def ledger(
        self,
        listing: Listing,
        currency: str | None = None,
        account: Literal["spot", "margin", "otc"] = "spot",
    ) -> Flow[list[Ledger]]:
        """Changes of balances, newest first."""
        raise self.lacks("a ledger")

    def deposits(
        self,
        currency: str | None = None,
        limit: int | None = None,
        from_id: str | None = None,
        order: Literal["asc", "desc"] = "desc",
    ) -> Flow[list[Transfer]]:
        """Deposits, from an id on."""
        raise self.lacks("a list of deposits")

    def withdrawals(
        self,
        currency: str | None = None,
        limit: int | None = None,
        from_id: str | None = None,
        order: Literal["asc", "desc"] = "desc",
    ) -> Flow[list[Transfer]]:
        """Withdrawals, from an id on."""
        raise self.lacks("a list of withdrawals")

    def deposit_addresses(self, currency: str) -> Flow[list[Address]]:
        """Where a currency is deposited, chain by chain."""
        raise self.lacks("deposit addresses")

    def transfers(
        self,
        listing: Listing,
        currency: str | None = None,
        kind: str | None = None,
        status: str | None = None,
    ) -> Flow[list[Transfer]]:
        """Deposits and withdrawals in one list, newest first."""
        raise self.lacks("a list of transfers")

    def transfer(self, transfer_id: str) -> Flow[Transfer]:
        """One deposit or withdrawal."""
        raise self.lacks("single transfers")

    def positions(self, symbol: str | None = None) -> Flow[list[Position]]:
        """Open margin positions."""
        raise self.lacks("margin trading")

    # What changes something is one call each, and none of it may be sent twice.

    def place(self, new: NewOrder) -> Flow[str]:
        """Places an order and returns its id. Raises NotOffered or UsageError, before anything
        is asked, for an order of a kind that the exchange does not take.
        """
        raise self.lacks("orders")

    def place_batch(
        self, symbol: str, news: Sequence[NewOrder], market: Market = "spot"
    ) -> Flow[list[str]]:
        """Places up to `most_orders` of one pair, all or none; their ids in this order."""
        raise self.lacks("several orders in one call")

    def cancel(self, ids: Sequence[str], market: Market = "spot") -> Flow[list[Cancelled]]:
        """Cancels up to `most_cancels` orders; "unknown" is the status of one that it did not
        cancel, and does not say why.
        """
        raise self.lacks("orders")

    def transfer_new(self, currency: str, amount: Decimal, source: str, target: str) -> Flow[None]:
        """Moves money between the accounts `spot`, `margin` and `otc`."""
        raise self.lacks("transfers between accounts")

    def withdraw(
        self,
        currency: str,
        amount: Decimal,
        address: str | None = None,
        chain: str | None = None,
        memo: str | None = None,
        internal: bool = False,
    ) -> Flow[str]:
        """Orders a withdrawal and returns its id."""
        raise self.lacks("withdrawals")

    def cancel_withdrawal(self, withdrawal_id: str) -> Flow[str]:
        """Cancels a withdrawal and returns its id."""
        raise self.lacks("a way to cancel withdrawals")

    def close_position(self, symbol: str) -> Flow[None]:
        """Closes a margin position at the market's price."""
        raise self.lacks("margin trading")

    # What finds out whether it was done. Each is whole, or raises BadReply.

    def snapshot(self, symbol: str, market: Market, now: int) -> Flow[Snapshot]:
        """What there is before an order is sent; `now` is in the exchange's seconds."""
        raise self.lacks("orders")

    def recent(self, market: Market, start: int, now: int) -> Flow[list[Sighting]]:
        """The orders of all pairs that are open, or were created from `start` on: those that a
        snapshot consists of where ids do not count up. In the exchange's seconds.
        """
        raise self.lacks("a list of recent orders")

    def sightings(
        self, symbol: str, market: Market, since: Snapshot, start: int, end: int
    ) -> Flow[list[Sighting]]:
        """Every order of this pair and market that is not in the snapshot, or was created from
        `start` to `end`, in the exchange's seconds. There may be others among them.
        """
        raise self.lacks("orders")

    def seen_since(self, market: Market, start: datetime, now: datetime) -> Flow[list[Sighting]]:
        """Every order of a market, of all pairs, since `start`; earlier ones may be among them."""
        raise self.lacks("orders")

    def newest_withdrawal(self) -> Flow[int | None]:
        """The highest id of a withdrawal; None where there is none."""
        raise self.lacks("withdrawals")

    def withdrawals_since(self, newest: int | None) -> Flow[list[Transfer]]:
        """Every withdrawal with a higher id, in all currencies."""
        raise self.lacks("withdrawals")

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
