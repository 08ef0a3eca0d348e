"""Dgtmarket's private half that reads, in the order of its document.

Its times name no zone. Filters by date are passed on in the same form, and so in the zone that
the exchange has in mind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from exchcli.core.request import Flow, Steps, Value, gather
from exchcli.exchanges.base import Exchange
from exchcli.exchanges.dgtmarket.market import PAIRS
from exchcli.exchanges.dgtmarket.reading import (
    STATUSES,
    balance_of,
    fill_of,
    order_of,
    page_of,
    transfer_of,
)
from exchcli.exchanges.endpoint import get
from exchcli.exchanges.listing import Listing, Page, Watched, by_page
from exchcli.records import Balance, Fill, Market, Order, Side, Transfer

MOST_ROWS = 500  # asked for at once; the document names no limit, and what comes is what counts
USUAL_ROWS = 100  # where nobody says how many

FINAL = ("filled", "canceled", "partially_canceled")


class Account(Exchange):
    """What the holder of a key may ask of Dgtmarket."""

    @get("/private/wallets/", auth=True)
    def balances(self, market: Market = "spot") -> Steps[list[Balance]]:
        """List wallets. Whether `balance` includes `blocked` is not said; taken as if it does,
        so that no more is shown as free than there is.
        """
        reply = yield {}
        return [balance_of(row) for row in reply]

    def open_orders(
        self,
        listing: Listing,
        symbol: str | None = None,
        side: Side | None = None,
        market: Market = "spot",
    ) -> Flow[list[Order]]:
        """All offers that are not known to be final: which statuses are is not documented, so
        every page is walked and looked through.
        """
        found = yield from by_page(
            lambda query: self.offers({**query, **_filters(listing, symbol, side, None)}),
            listing,
            size=MOST_ROWS,
            key=lambda order: order.id,
            keep=lambda order: order.status not in FINAL,
        )
        return _newest(found, listing.limit)

    def orders(
        self,
        listing: Listing,
        symbol: str | None = None,
        side: Side | None = None,
        status: str | None = None,
        market: Market = "spot",
    ) -> Flow[list[Order]]:
        """Offers of any status, newest first; `status` in the words of the records or in the
        exchange's own, which are sent as its filter.
        """
        wanted = status.lower() if status else None
        ours = wanted in STATUSES.values() or wanted == "unknown"
        attested = "REALIZED_CLOSED" if wanted == "filled" else None
        theirs = status.upper() if status and not ours else attested
        stretch = _usual(listing)
        looked_through = ours and attested is None
        found = yield from by_page(
            lambda query: self.offers({**query, **_filters(listing, symbol, side, theirs)}),
            stretch,
            size=MOST_ROWS if looked_through else _size(stretch),
            key=lambda order: order.id,
            keep=lambda order: not looked_through or order.status == wanted,
        )
        return _newest(found, stretch.limit)

    def orders_by_id(self, ids: Sequence[str], market: Market = "spot") -> Flow[list[Order]]:
        return (yield from gather(self.order(order_id) for order_id in ids))

    @get("/private/offers/{id}/", auth=True)
    def order(self, order_id: str, market: Market = "spot") -> Steps[Order]:
        """Get an Offer details: of its fills only the ids are told."""
        reply = yield {"id": order_id}
        return order_of(reply)

    @get("/private/offers/", auth=True)
    def offers(self, query: Mapping[str, Value]) -> Steps[Page[Order]]:
        """List Offers: one page, newest first."""
        reply = yield query
        return page_of(reply, order_of)

    def fills(
        self, listing: Listing, symbol: str | None = None, market: Market = "spot"
    ) -> Flow[list[Fill]]:
        """Transactions of one pair or of all, newest first.

        The exchange lists one pair at a time (BTCPLN, when it is not told which) and filters
        none by date: the dates are compared here as they are written.
        """
        stretch = _usual(listing)
        first, last = _written(listing.start), _written(listing.end)

        watched = Watched(listing.progress)

        def of_pair(pair: str) -> Flow[list[Fill]]:
            return by_page(
                lambda query: self.transactions({**query, "pair": pair}),
                stretch._replace(progress=watched.part()),
                size=MOST_ROWS if last else _size(stretch),
                key=lambda fill: fill.id,
                keep=lambda fill: _within(fill.time, first, last),
                past=lambda fill: bool(first and fill.time and _zoneless(fill.time) < first),
            )

        parts = yield from gather(of_pair(pair) for pair in ([symbol] if symbol else PAIRS))
        return _newest([fill for part in parts for fill in part], stretch.limit)

    @get("/private/transactions/{id}/", auth=True)
    def fill(self, fill_id: str) -> Steps[Fill]:
        """Get a Transaction details."""
        reply = yield {"id": fill_id}
        return fill_of(reply)

    @get("/private/transactions/", auth=True)
    def transactions(self, query: Mapping[str, Value]) -> Steps[Page[Fill]]:
        """List Transactions (private): one page, newest first. `commission` is a percentage."""
        reply = yield query
        return page_of(reply, fill_of)

    def transfers(
        self,
        listing: Listing,
        currency: str | None = None,
        kind: str | None = None,
        status: str | None = None,
    ) -> Flow[list[Transfer]]:
        """Deposits and withdrawals, newest first; filtered in the exchange's own words."""
        filters: dict[str, Value] = {}
        if currency:
            filters["currency"] = currency
        if kind:
            filters["transfer_type"] = kind.upper()
        if status:
            filters["transfer_status"] = status.upper()
        stretch = _usual(listing)
        found = yield from by_page(
            lambda query: self.transfer_pages({**query, **filters}),
            stretch,
            size=_size(stretch),
            key=lambda transfer: transfer.id,
        )
        return _newest(found, stretch.limit)

    @get("/private/transfers/{id}/", auth=True)
    def transfer(self, transfer_id: str) -> Steps[Transfer]:
        """Get a Transfer details."""
        reply = yield {"id": transfer_id}
        return transfer_of(reply)

    @get("/private/transfers/", auth=True)
    def transfer_pages(self, query: Mapping[str, Value]) -> Steps[Page[Transfer]]:
        """List Transfers: one page, newest first."""
        reply = yield query
        return page_of(reply, transfer_of)


def _usual(listing: Listing) -> Listing:
    """The listing, with the usual limit where nothing else says when to stop."""
    if listing.whole or listing.limit is not None or listing.start is not None:
        return listing
    return listing._replace(limit=USUAL_ROWS)


def _size(listing: Listing) -> int:
    return min(MOST_ROWS, listing.limit or MOST_ROWS)


def _filters(
    listing: Listing, symbol: str | None, side: Side | None, status: str | None
) -> dict[str, Value]:
    """The documented filters of List Offers."""
    filters: dict[str, Value] = {}
    if symbol:
        filters["pair"] = symbol
    if side:
        filters["order_type"] = side.upper()
    if status:
        filters["offer_status"] = status
    if start := _written(listing.start):
        filters["date_start"] = start.isoformat()
    if end := _written(listing.end):
        filters["date_end"] = end.isoformat()
    return filters


def _written(moment: datetime | None) -> datetime | None:
    """A time as the exchange writes its own: the date and the clock, no zone."""
    return None if moment is None else _zoneless(moment)


def _zoneless(moment: datetime) -> datetime:
    return moment.replace(tzinfo=None)


def _within(moment: datetime | None, first: datetime | None, last: datetime | None) -> bool:
    if moment is None:
        return True
    written = _zoneless(moment)
    return (first is None or written >= first) and (last is None or written <= last)


Row = TypeVar("Row", Order, Fill, Transfer)


def _newest(rows: Sequence[Row], limit: int | None) -> list[Row]:
    """Ids are counted up, and times have no zone to go by."""

    def age(row: Row) -> tuple[int, str]:
        told = row.id or ""
        return (int(told), "") if told.isdigit() else (0, told)

    return sorted(rows, key=age, reverse=True)[:limit]
