"""What changes something at DigiFinex, and what finds out whether it did.

Ids say nothing of their order, and lists are by time: so an order is known as new because it was
in none of them before. Nothing is filtered by the exchange here, since a filter that it
understands otherwise would hide an order.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from decimal import Decimal

from exchcli.core.reply import Reply, parse
from exchcli.core.request import Endpoint, Flow, Params, Steps, Value
from exchcli.errors import BadReply, Unreadable, UsageError
from exchcli.exchanges.digifinex.account import MOST_TRANSFERS, Account
from exchcli.exchanges.digifinex.orders import HISTORY, Orders, order_of, second_of, spends_of
from exchcli.exchanges.endpoint import get, post_form
from exchcli.exchanges.listing import Listing, Window, by_time
from exchcli.money import plain
from exchcli.records import Cancelled, Market, NewOrder, Sighting, Snapshot, Transfer
from exchcli.times import from_epoch

MOST_ORDERS = 10  # "up to 10 orders at a time, either all succeed or all fail"
MOST_CANCELS = 20  # as many as "Get order status" takes; the document does not limit them
# What is looked through before an order is sent, in seconds: no list dates it that far back.
BEFORE = 60
AHEAD = 2  # seconds that its clock may be ahead of what is taken for now
# Two neighbouring seconds cannot be listed when they hold as many orders as one reply does; 0.2
# seconds are for the way there.
LISTABLE = (90, 2.2)
# The document tells neither whether a window includes its ends nor how clocks are rounded.
SLACK = 2
WALLETS = {"spot": 1, "margin": 2, "otc": 3}


class Trading(Orders, Account):
    """What the holder of a key may do at DigiFinex."""

    def place(self, new: NewOrder) -> Flow[str]:
        self._checked(new)
        return self.new_order(new)

    @post_form("/{market}/order/new", auth=True)
    def new_order(self, new: NewOrder) -> Steps[str]:
        """Create new order: its id. `amount` is in quote currency for a buy at the market's
        price, in base for all others, a sell at the market's price too.
        """
        params: dict[str, Value] = {"market": new.market, "symbol": new.symbol.lower()}
        if new.price is not None:
            params["price"] = plain(new.price)
        params["amount"] = plain(_amount(new))
        params["type"] = new.side if new.price is not None else f"{new.side}_market"
        if new.post_only:
            params["post_only"] = 1
        reply = yield params
        return reply["order_id"].hexadecimal()

    def place_batch(
        self, symbol: str, news: Sequence[NewOrder], market: Market = "spot"
    ) -> Flow[list[str]]:
        if not 1 <= len(news) <= MOST_ORDERS:
            raise UsageError(
                f"DigiFinex takes 1 to {MOST_ORDERS} orders in one call, not {len(news)}.",
                "Split them.",
                exchange=self.name,
            )
        for new in news:
            self._checked(new)
            if new.price is None or (new.symbol, new.market) != (symbol, market):
                raise UsageError(
                    "A batch holds orders with a price, of one pair and one account.",
                    "Place the others one by one.",
                    exchange=self.name,
                )
        return self.batch_new(symbol, news, market)

    @post_form("/{market}/order/batch_new", auth=True)
    def batch_new(self, symbol: str, news: Sequence[NewOrder], market: Market) -> Steps[list[str]]:
        """Create multiple order: their ids, in the order of the list."""
        # By hand, because json.dumps knows no decimals: numbers with all their digits.
        rows = ",".join(
            f'{{"type":"{new.side}","amount":{plain(_amount(new))},'
            f'"price":{plain(new.price or Decimal(0))},"post_only":{int(new.post_only)}}}'
            for new in news
        )
        reply = yield {"market": market, "symbol": symbol.lower(), "list": f"[{rows}]"}
        ids = [order_id.hexadecimal() for order_id in reply["order_ids"]]
        if not len(set(ids)) == len(ids) == len(news):
            raise Unreadable(f"{len(set(ids))} ids for {len(news)} orders")
        return ids

    def orders_in(self, endpoint: Endpoint, params: Params) -> int:
        if endpoint.path.endswith("/order/new"):
            return 1
        if endpoint.path.endswith("/order/batch_new"):
            with suppress(BadReply):
                return sum(1 for _ in parse(str(params.get("list")).encode()))
        return 0

    def ids_in(self, reply: Reply) -> list[str]:
        one = reply.get("order_id")
        return [each.hexadecimal() for each in (reply["order_ids"] if one is None else [one])]

    @post_form("/{market}/order/cancel", auth=True)
    def cancel(self, ids: Sequence[str], market: Market = "spot") -> Steps[list[Cancelled]]:
        """Cancel order: ids separated by commas; `success` and `error` hold them again. What is in
        both is in neither.
        """
        reply = yield {"market": market, "order_id": ",".join(ids)}
        done = {order_id.text().lower() for order_id in reply["success"]}
        done -= {order_id.text().lower() for order_id in reply.get("error") or ()}
        return [Cancelled(id, "canceled" if id.lower() in done else "unknown") for id in ids]

    def snapshot(self, symbol: str, market: Market, now: int) -> Flow[Snapshot]:
        """The orders of all pairs that are open, or of the minute before."""
        recent = yield from self.recent(market, now - BEFORE, now)
        return Snapshot(None, tuple(seen.id for seen in recent), now)

    def recent(self, market: Market, start: int, now: int) -> Flow[list[Sighting]]:
        found = yield from self.current_seen(market)
        found += yield from self._history(market, start - 1, now + AHEAD)
        return list({seen.id: seen for seen in found}.values())

    def sightings(
        self, symbol: str, market: Market, since: Snapshot, start: int, end: int
    ) -> Flow[list[Sighting]]:
        """`current` and then `history`: an order that leaves the first is in the second."""
        found = yield from self.current_seen(market)
        found += yield from self._history(market, start - SLACK, end + SLACK)
        every = {seen.id: seen for seen in found}
        return [seen for seen in every.values() if seen.order.symbol == symbol]

    def seen_since(self, market: Market, start: datetime, now: datetime) -> Flow[list[Sighting]]:
        found = yield from self.current_seen(market)
        found += yield from self._history(
            market, int(start.timestamp()), int(now.timestamp()) + AHEAD
        )
        return list({seen.id: seen for seen in found}.values())

    def _history(self, market: Market, start: int, end: int) -> Flow[list[Sighting]]:
        """The history from `start` to `end`, both included, whole."""
        first, last = from_epoch(max(0, start)), from_epoch(end)
        return (
            yield from by_time(
                lambda window: self.history_seen(window, market),
                Listing(last, first, last, whole=True),
                HISTORY,
                time=lambda seen: second_of(seen.created),
                keys=lambda page: [seen.id for seen in page],
            )
        )

    @get("/{market}/order/current", auth=True)
    def current_seen(self, market: Market) -> Steps[list[Sighting]]:
        """Current active orders, of all pairs."""
        reply = yield {"market": market}
        return [Sighting(order_of(row, market), spends_of(row)) for row in reply["data"]]

    @get("/{market}/order/history", auth=True)
    def history_seen(self, window: Window, market: Market) -> Steps[list[Sighting]]:
        """Get all orders (including history orders), of all pairs: up to 100 of one window."""
        params: dict[str, Value] = {
            "market": market,
            "limit": HISTORY.full,
            "start_time": window.first,
        }
        if window.asked_last is not None:
            params["end_time"] = window.asked_last
        reply = yield params
        return [Sighting(order_of(row, market), spends_of(row)) for row in reply["data"]]

    @post_form("/transfer", auth=True)
    def transfer_new(self, currency: str, amount: Decimal, source: str, target: str) -> Steps[None]:
        """Transfer assets among accounts: 1 is spot, 2 margin, 3 otc. It tells no id."""
        reply = yield {
            "currency_mark": currency,
            "num": plain(amount),
            "from": WALLETS[source],
            "to": WALLETS[target],
        }
        _check_bare(reply)

    def withdraw(
        self,
        currency: str,
        amount: Decimal,
        address: str | None = None,
        chain: str | None = None,
        memo: str | None = None,
        internal: bool = False,
    ) -> Flow[str]:
        if not address:
            raise UsageError(
                "DigiFinex has to be told where the money is to go.",
                "Name one of the account's withdrawal addresses with --address.",
                exchange=self.name,
            )
        return self.withdraw_new(currency, amount, address, chain, memo, internal)

    @post_form("/withdraw/new", auth=True)
    def withdraw_new(
        self,
        currency: str,
        amount: Decimal,
        address: str,
        chain: str | None,
        memo: str | None,
        internal: bool,
    ) -> Steps[str]:
        """Request withdrawal: its id. `address` is a user's id where `internal`."""
        params: dict[str, Value] = {"type": "internal"} if internal else {}
        params |= {"currency": currency.lower(), "address": address, "amount": plain(amount)}
        if chain:
            params["chain"] = chain
        if memo:
            params["memo"] = memo
        reply = yield params
        return reply["withdraw_id"].number()

    @post_form("/withdraw/cancel", auth=True)
    def cancel_withdrawal(self, withdrawal_id: str) -> Steps[str]:
        """Cancel withdrawal: its id again."""
        reply = yield {"withdraw_id": withdrawal_id}
        told = reply["withdraw_id"].text()
        if told != withdrawal_id:
            raise Unreadable(f"withdraw_id is {told!r}, and {withdrawal_id} was to be cancelled")
        return told

    def newest_withdrawal(self) -> Flow[int | None]:
        ids = [_number(row) for row in (yield from self.withdraw_history(None, None, None, "desc"))]
        return max(ids, default=None)

    def withdrawals_since(self, newest: int | None) -> Flow[list[Transfer]]:
        mark = -1 if newest is None else newest
        found: dict[int, Transfer] = {}
        start: str | None = None
        while True:
            page = yield from self.withdraw_history(None, start, MOST_TRANSFERS, "desc")
            ids = list(map(_number, page))
            if ids != sorted(ids, reverse=True):
                raise BadReply("a list that is not newest first")
            before = len(found)
            found |= zip(ids, page, strict=True)
            if len(page) < MOST_TRANSFERS or ids[-1] <= mark:
                return [row for number, row in found.items() if number > mark]
            if len(found) == before:
                raise BadReply("a list whose parts lead nowhere")
            start = page[-1].id

    @post_form("/margin/position/close", auth=True)
    def close_position(self, symbol: str) -> Steps[None]:
        """Close positions: at the market's price. It tells no order."""
        reply = yield {"symbol": symbol}
        _check_bare(reply)

    def _checked(self, new: NewOrder) -> None:
        if new.stop is not None:
            raise self.lacks("orders with a stop price (--stop)")
        if new.price is None and new.post_only:
            raise UsageError(
                "An order at the market's price always takes: it cannot be post-only.",
                "Name a --price, or leave --post-only out.",
                exchange=self.name,
            )
        if new.price is None and (new.side == "buy") != (new.spend is not None):
            raise UsageError(
                "DigiFinex takes the money to spend for a buy at the market's price, and the "
                "amount for a sell.",
                "Write `buy SYMBOL --spend QUOTE --market`, or `sell SYMBOL AMOUNT --market`.",
                exchange=self.name,
            )
        if _amount_or_none(new) is None:
            raise UsageError(
                "An order with a price needs its amount in base currency.",
                "Name the amount.",
                exchange=self.name,
            )


def _check_bare(reply: Reply) -> None:
    """Raises Unreadable for other than the `code` 0 alone, which the document has for a transfer
    and a close: nothing else tells that it is the answer to them, and not to another call."""
    if reply["code"].integer() != 0 or not set(reply.value) <= {"code", "msg"}:
        raise Unreadable(f"not the code 0 alone was told, but {', '.join(reply.value)}")


def _amount_or_none(new: NewOrder) -> Decimal | None:
    return new.spend if (new.price, new.side) == (None, "buy") else new.amount


def _amount(new: NewOrder) -> Decimal:
    amount = _amount_or_none(new)
    assert amount is not None
    return amount


def _number(row: Transfer) -> int:
    if not row.id or not row.id.isdecimal():
        raise Unreadable(f"an id that is no number: {row.id!r}")
    return int(row.id)
