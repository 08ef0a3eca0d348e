"""Dgtmarket's private half that changes something, and what finds out whether it did.

Ids of offers and of transfers count up over the whole account, and their times name no zone: so
what is new is known by its id. Nothing is filtered by the exchange here, since a filter that it
understands otherwise would hide an order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from exchcli.core.reply import Reply
from exchcli.core.request import Endpoint, Flow, Params, Steps, Value
from exchcli.errors import Unreadable, UsageError
from exchcli.exchanges.base import Exchange
from exchcli.exchanges.dgtmarket.reading import order_of, page_of, transfer_of
from exchcli.exchanges.endpoint import delete, get, post_json
from exchcli.exchanges.listing import Listing, Page, by_page
from exchcli.money import plain
from exchcli.records import (
    Cancelled,
    Market,
    NewOrder,
    Order,
    Sighting,
    Snapshot,
    Transfer,
)

Row = TypeVar("Row", Order, Transfer)

FIRST_ROWS = 30  # looked at for the highest id
MOST_ROWS = 500
# Pages are walked to a watermark of ids; of times they know nothing.
_WHOLE = Listing(datetime(2000, 1, 1, tzinfo=UTC), whole=True)


class Trading(Exchange):
    """What the holder of a key may do at Dgtmarket."""

    def place(self, new: NewOrder) -> Flow[str]:
        if new.post_only:
            raise self.lacks("orders that only make, not take (--post-only)")
        if new.market != "spot":
            raise self.lacks("margin trading")
        if new.amount is None:
            raise UsageError(
                "Dgtmarket takes an amount, not money to spend.",
                "Name the amount in base currency.",
                exchange=self.name,
            )
        return self.offer(new)

    @post_json("/private/offers/", auth=True)
    def offer(self, new: NewOrder) -> Steps[str]:
        """Place New Offer: the id of the offer. `quotation` is the one parameter of a market
        order that nobody means; since it is not among the optional ones, the market's price is.
        """
        assert new.amount is not None
        params: dict[str, Value] = {"pair": new.symbol, "amount": plain(new.amount)}
        quotation = new.near if new.price is None else new.price
        if quotation is not None:
            params["quotation"] = plain(quotation)
        params["order_type"] = new.side.upper()
        if new.stop is not None:
            params["activation_limit"] = plain(new.stop)
        if new.price is None:
            params["any_price"] = True
        reply = yield params
        _check_told(reply, pair=new.symbol, order_type=new.side)
        return reply["id"].number()

    def cancel(self, ids: Sequence[str], market: Market = "spot") -> Flow[list[Cancelled]]:
        (order_id,) = ids
        return self.cancel_offer(order_id)

    def orders_in(self, endpoint: Endpoint, params: Params) -> int:
        return int((endpoint.method, endpoint.path) == ("POST", "/private/offers/"))

    def ids_in(self, reply: Reply) -> list[str]:
        return [reply["id"].number()]

    @delete("/private/offers/{id}/", auth=True)
    def cancel_offer(self, order_id: str) -> Steps[list[Cancelled]]:
        """Cancel Offer: 204 No Content, which `check` sees to. Whether a part of it was filled is
        not told.
        """
        yield {"id": order_id}
        return [Cancelled(order_id, "canceled")]

    def snapshot(self, symbol: str, market: Market, now: int) -> Flow[Snapshot]:
        newest = yield from _newest(self.offers_seen(FIRST_ROWS))
        return Snapshot(newest, (), now)

    def sightings(
        self, symbol: str, market: Market, since: Snapshot, start: int, end: int
    ) -> Flow[list[Sighting]]:
        orders = yield from _above(
            since.newest, lambda query: self.offers_seen(MOST_ROWS, query.get("offset"))
        )
        return [Sighting(order) for order in orders if order.symbol == symbol]

    def seen_since(self, market: Market, start: datetime, now: datetime) -> Flow[list[Sighting]]:
        # In whichever zone the exchange counts, a day earlier is early enough.
        since = Listing(now, start=start - timedelta(days=1), whole=True)
        return [Sighting(order) for order in (yield from self.orders(since))]

    @get("/private/offers/", auth=True)
    def offers_seen(self, limit: int, offset: Value | None = None) -> Steps[Page[Order]]:
        """List Offers: one page of all of them, newest first."""
        reply = yield _paged(limit, offset)
        return page_of(reply, order_of)._replace(next=None)

    def withdraw(
        self,
        currency: str,
        amount: Decimal,
        address: str | None = None,
        chain: str | None = None,
        memo: str | None = None,
        internal: bool = False,
    ) -> Flow[str]:
        if address or chain or memo or internal:
            raise self.lacks("withdrawals to another address than the one that is set there")
        return self.new_transfer(currency, amount)

    @post_json("/private/transfer/", auth=True)
    def new_transfer(self, currency: str, amount: Decimal) -> Steps[str]:
        """Order a new Transfer (withdrawal), to the `outgoing_address` of the wallet.

        Its heading has the singular, its lists the plural. The reply is not documented: without
        an id in it, it may be any page's, and only the list tells.
        """
        reply = yield {"currency": currency, "amount": plain(amount)}
        _check_told(reply, currency=currency)
        return reply["id"].number()

    def newest_withdrawal(self) -> Flow[int | None]:
        return (yield from _newest(self.transfers_seen(FIRST_ROWS)))

    def withdrawals_since(self, newest: int | None) -> Flow[list[Transfer]]:
        found = yield from _above(
            newest, lambda query: self.transfers_seen(MOST_ROWS, query.get("offset"))
        )
        # The words for the two kinds are not documented: only what is surely none is left out.
        return [transfer for transfer in found if transfer.kind != "deposit"]

    @get("/private/transfers/", auth=True)
    def transfers_seen(self, limit: int, offset: Value | None = None) -> Steps[Page[Transfer]]:
        """List Transfers: one page of all of them, newest first."""
        reply = yield _paged(limit, offset)
        return page_of(reply, transfer_of)._replace(next=None)


def _check_told(reply: Reply, **asked: str) -> None:
    """Raises Unreadable where an answer tells something else than was asked for: it is the answer
    to another call. Numbers are left out, which an exchange may round."""
    for name, word in asked.items():
        told = reply.get(name)
        if told is not None and told.text().upper() != word.upper():
            raise Unreadable(f"{name} is {told.text()!r}, and {word} was asked for")


def _paged(limit: int, offset: Value | None) -> dict[str, Value]:
    return {"limit": limit} if offset is None else {"limit": limit, "offset": offset}


def _newest(first: Flow[Page[Row]]) -> Flow[int | None]:
    """The highest id of the first page. Raises Unreadable where that cannot be relied on."""
    page = yield from first
    ids = list(map(_number, page.rows))
    if ids != sorted(ids, reverse=True) or bool(ids) != bool(page.total):
        raise Unreadable("a list that is not newest first")
    return ids[0] if ids else None


def _above(
    newest: int | None, ask: Callable[[Mapping[str, Value]], Flow[Page[Row]]]
) -> Flow[list[Row]]:
    """All rows with a higher id, from the newest down to it. Raises BadReply for less."""
    mark = -1 if newest is None else newest
    reliable, arrived, counts = True, False, [0]

    def asked(query: Mapping[str, Value]) -> Flow[Page[Row]]:
        nonlocal reliable, arrived
        page = yield from ask(query)
        ids = list(map(_number, page.rows))
        # A page out of order, or fewer rows than before: what lies behind it has to be seen.
        reliable = reliable and ids == sorted(ids, reverse=True) and page.total >= counts[-1]
        counts.append(page.total)
        arrived = reliable and bool(ids) and ids[-1] <= mark
        return page

    return (
        yield from by_page(
            asked,
            _WHOLE,
            size=MOST_ROWS,
            key=_number,
            keep=lambda row: _number(row) > mark,
            past=lambda _row: arrived,
        )
    )


def _number(row: Order | Transfer) -> int:
    if not row.id or not row.id.isdecimal():
        raise Unreadable(f"an id that is no number: {row.id!r}")
    return int(row.id)
