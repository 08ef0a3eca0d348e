"""DigiFinex's orders and the account's own trades, in the order of its document.

Every path begins with the market, `spot` or `margin`. Symbols are in upper case here, times
are epoch seconds, and 0 stands for what is not there.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Literal

from exchcli.core.reply import Reply
from exchcli.core.request import Flow, Steps, Value, gather
from exchcli.errors import Rejected, Unreadable, UsageError
from exchcli.exchanges.base import Exchange
from exchcli.exchanges.endpoint import get
from exchcli.exchanges.listing import Listing, Window, Windows, by_time
from exchcli.records import Fill, Market, Order, OrderStatus, Side

MOST_IDS = 20  # of orders in one call; more are split
HOUR = 3600
# "Maximum 30 days"; an hour less, since the newest window grows while it is asked for.
LONGEST = 30 * 24 * HOUR - HOUR
USUAL = timedelta(days=3)
# Before the exchange had opened, and before every time in its document.
EARLIEST = datetime(2017, 1, 1, tzinfo=UTC)
HISTORY = Windows(longest=LONGEST, full=100, usual=USUAL, earliest=EARLIEST)
TRADES = Windows(longest=LONGEST, full=500, usual=USUAL, earliest=EARLIEST)

STATUSES: dict[str, OrderStatus] = {
    "0": "open",
    "1": "partially_filled",
    "2": "filled",
    "3": "canceled",
    "4": "partially_canceled",
}


class Orders(Exchange):
    """What the holder of a key may ask of DigiFinex about orders."""

    def orders_by_id(self, ids: Sequence[str], market: Market = "spot") -> Flow[list[Order]]:
        """One order is told with its fills; of several, up to 20 a call, the fills are not."""
        if len(ids) == 1:
            return [(yield from self.order(ids[0], market))]
        parts = [ids[n : n + MOST_IDS] for n in range(0, len(ids), MOST_IDS)]
        pages = yield from gather(self.order_states(part, market) for part in parts)
        found = {order.id.lower(): order for page in pages for order in page}
        missing = [order_id for order_id in ids if order_id.lower() not in found]
        if missing:
            raise Rejected(
                f"DigiFinex has no {market} order {', '.join(missing)}.",
                "`exch dfx order list --history` lists them; --margin looks in the margin account.",
                exchange=self.name,
            )
        return [found[order_id.lower()] for order_id in ids]

    @get("/{market}/order", auth=True)
    def order_states(self, ids: Sequence[str], market: Market = "spot") -> Steps[list[Order]]:
        """Get order status: up to 20 ids, separated by commas."""
        reply = yield {"market": market, "order_id": ",".join(ids)}
        return [order_of(row, market) for row in reply["data"]]

    @get("/{market}/order/detail", auth=True)
    def order(self, order_id: str, market: Market = "spot") -> Steps[Order]:
        """Get order trades details: the same with its fills, from which its exact cost."""
        reply = yield {"market": market, "order_id": order_id}
        return _detailed(reply["data"], market)

    def open_orders(
        self,
        listing: Listing,
        symbol: str | None = None,
        side: Side | None = None,
        market: Market = "spot",
    ) -> Flow[list[Order]]:
        """What is not final, in one reply; filtered by side and time here."""
        listing.checked()
        found = yield from self.current(symbol, market)
        first, last = listing.start, listing.end
        kept = [
            order
            for order in found
            if (side is None or order.side == side)
            and (first is None or order.created is None or order.created >= first)
            and (last is None or order.created is None or order.created <= last)
        ]
        return _newest_orders(kept, listing.limit)

    @get("/{market}/order/current", auth=True)
    def current(self, symbol: str | None = None, market: Market = "spot") -> Steps[list[Order]]:
        """Current active orders."""
        reply = yield {"market": market, **({"symbol": symbol} if symbol else {})}
        return [order_of(row, market) for row in reply["data"]]

    def orders(
        self,
        listing: Listing,
        symbol: str | None = None,
        side: Side | None = None,
        status: str | None = None,
        market: Market = "spot",
    ) -> Flow[list[Order]]:
        """Orders of any status, newest first, of the last 3 days unless `listing` says more;
        filtered here by side and by status, which is a record's word or the exchange's number.
        """
        wanted = status.lower() if status else None
        if wanted not in (None, "unknown", *STATUSES.keys(), *STATUSES.values()):
            raise UsageError(
                f"DigiFinex has no order status {status!r}.",
                f"Choose {', '.join(STATUSES.values())}, or a number from 0 to 4.",
                exchange=self.name,
            )

        def keep(order: Order) -> bool:
            return side in (None, order.side) and wanted in (
                None,
                order.status,
                order.exchange_status.lower(),
            )

        found = yield from by_time(
            lambda window: self.history(window, symbol, market),
            listing,
            HISTORY,
            time=lambda order: second_of(order.created),
            keys=lambda page: [order.id for order in page],
            keep=keep,
        )
        return _newest_orders(found, listing.limit)

    @get("/{market}/order/history", auth=True)
    def history(
        self, window: Window, symbol: str | None = None, market: Market = "spot"
    ) -> Steps[list[Order]]:
        """Get all orders (including history orders): up to 100 of one window."""
        reply = yield _within(window, HISTORY.full, symbol, market)
        return [order_of(row, market) for row in reply["data"]]

    def fills(
        self, listing: Listing, symbol: str | None = None, market: Market = "spot"
    ) -> Flow[list[Fill]]:
        """The account's own trades, newest first, of the last 3 days unless `listing` says
        more. Both sides of a trade with oneself have the same id.
        """
        found = yield from by_time(
            lambda window: self.my_trades(window, symbol, market),
            listing,
            TRADES,
            time=lambda fill: second_of(fill.time),
            keys=lambda page: [(fill.id, fill.order_id, fill.side) for fill in page],
        )
        found.sort(key=lambda fill: (second_of(fill.time), fill.id.zfill(20)), reverse=True)
        return found[: listing.limit]

    @get("/{market}/mytrades", auth=True)
    def my_trades(
        self, window: Window, symbol: str | None = None, market: Market = "spot"
    ) -> Steps[list[Fill]]:
        """Customer's trades: up to 500 of one window."""
        reply = yield _within(window, TRADES.full, symbol, market)
        return [_fill(row, market) for row in reply["list"]]


def _within(window: Window, limit: int, symbol: str | None, market: Market) -> dict[str, Value]:
    params: dict[str, Value] = {"market": market}
    if symbol:
        params["symbol"] = symbol
    params["limit"] = limit
    params["start_time"] = window.first
    if window.asked_last is not None:
        params["end_time"] = window.asked_last
    return params


def second_of(moment: datetime | None) -> int:
    return 0 if moment is None else int(moment.timestamp())


def _newest_orders(orders: list[Order], limit: int | None) -> list[Order]:
    return sorted(orders, key=lambda order: second_of(order.created), reverse=True)[:limit]


def _side_and_type(row: Reply) -> tuple[Side, Literal["limit", "market"]]:
    """`buy_market` is a buy at the market's price; without the ending it is a limit order."""
    text = row.text().lower()
    side = text.removesuffix("_market")
    kind: Literal["limit", "market"] = "limit" if side == text else "market"
    if side == "buy":
        return "buy", kind
    if side == "sell":
        return "sell", kind
    raise Unreadable(f"{row.path} is neither buy nor sell: {row.text()!r}")


def _when(row: Reply, name: str) -> datetime | None:
    found = row.get(name)
    return None if found is None or found.value in (0, "0") else found.moment()


def order_of(row: Reply, market: Market) -> Order:
    """`average_price` is told. What a filled order cost is not: the average may be rounded.

    The amount of a buy at the market's price is money to spend, so none in base currency.
    """
    side, kind = _side_and_type(row["type"])
    filled = row["executed_amount"].decimal()
    status = row["status"].text()
    return Order(
        id=row["order_id"].text(),
        symbol=row["symbol"].text().upper(),
        market=market,
        side=side,
        type=kind,
        price=None if kind == "market" else row["price"].decimal(),
        stop_price=None,
        amount=None if (side, kind) == ("buy", "market") else row["amount"].decimal(),
        filled=filled,
        average_price=row["avg_price"].decimal() or None,
        cost=None if filled else Decimal(0),
        status=STATUSES.get(status, "unknown"),
        exchange_status=status,
        created=_when(row, "created_date"),
        updated=_when(row, "finished_date"),
    )


def spends_of(row: Reply) -> tuple[Decimal, ...]:
    """The money that a buy at the market's price is to spend: `amount`, or else `cash_amount`,
    the "cash amount of orders"; the document does not say which.
    """
    if _side_and_type(row["type"]) != ("buy", "market"):
        return ()
    fields = (row.get("amount"), row.get("cash_amount"))
    return tuple(dict.fromkeys(field.decimal() for field in fields if field is not None))


def _detailed(row: Reply, market: Market) -> Order:
    """An order with its fills. Where these are all, its cost is their exact sum."""
    order = order_of(row, market)
    detail = row.get("detail")
    rows = [] if detail is None or not detail.value else [detail]
    if detail is not None and isinstance(detail.value, list):
        rows = list(detail)
    fills = tuple(
        Fill(
            id=one["tid"].text(),
            order_id=order.id,
            symbol=order.symbol,
            market=market,
            side=order.side,
            price=one["executed_price"].decimal(),
            amount=one["executed_amount"].decimal(),
            time=one["date"].moment(),
        )
        for one in rows
    )
    sums = [(fill.amount or Decimal(0), fill.price or Decimal(0)) for fill in fills]
    if sum(amount for amount, _ in sums) != order.filled:
        return order._replace(fills=fills)
    cost = sum((amount * price for amount, price in sums), Decimal(0))
    return order._replace(fills=fills, cost=cost)


def _fill(row: Reply, market: Market) -> Fill:
    maker = row.get("is_maker")
    fee = row.get("fee")
    return Fill(
        id=row["id"].text(),
        order_id=row["order_id"].text(),
        symbol=row["symbol"].text().upper(),
        market=market,
        side=_side_and_type(row["side"])[0],
        price=row["price"].decimal(),
        amount=row["amount"].decimal(),
        fee=None if fee is None else fee.decimal(),
        fee_currency=None if (told := row.get("fee_currency")) is None else told.text().upper(),
        maker=None if maker is None else maker.flag(),
        time=row["timestamp"].moment(),
    )
