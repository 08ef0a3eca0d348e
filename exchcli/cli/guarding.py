"""What the guard wants to know, asked for where it is needed: prices, counts, recent orders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from exchcli.cli.checking import Rules
from exchcli.cli.estimating import best_price
from exchcli.core.machine import read
from exchcli.execution import guard
from exchcli.execution.guard import Valued
from exchcli.execution.intent import Account
from exchcli.execution.journal import Journal
from exchcli.execution.venue import Orders
from exchcli.records import Book, Market, NewOrder, Snapshot

if TYPE_CHECKING:
    from exchcli.cli.doing import Keeping
    from exchcli.cli.session import Session

# Nobody comes near a ban for cancels who has placed fewer orders in 10 minutes.
FEW_ORDERS = 50
TEN_MINUTES = 600.0  # seconds


def check_order_guard(
    here: Session, keeping: Keeping, news: Sequence[NewOrder], rules: Rules
) -> None:
    """Raises GuardRefused for orders that the configuration forbids."""
    name = here.exchange.name
    bounds = here.config.exchange(name).guard
    quote = rules.symbol.quote
    sent = 0
    if bounds.max_orders_per_minute is not None:
        sent = keeping.journal.sent_lately(keeping.account, guard.MINUTE, read())
    by_market = bounds.max_deviation_percent is not None or (
        quote in bounds.max_order_value and any(new.price is None for new in news)
    )
    book = None
    if by_market:
        book = here.ask(here.exchange.book(rules.symbol.symbol), quietly=True)
    valued = [Valued(new, quote, _market_price(new, book)) for new in news]
    guard.check_orders(bounds, name, valued, sent)


def check_withdrawal_guard(here: Session, address: str | None) -> None:
    name = here.exchange.name
    guard.check_withdrawal(here.config.exchange(name).guard, name, address)


def check_halted(here: Session) -> None:
    name = here.exchange.name
    guard.check_halt(here.config.exchange(name).guard, name)


def watching_conduct(here: Session, venue: Orders, news: Sequence[NewOrder]) -> Orders:
    """The venue, whose snapshot is also held against DigiFinex's rules for traders: it holds the
    orders of the 10 minutes that these go by.
    """
    if here.exchange.name != "dfx":
        return venue
    symbol, market = news[0].symbol, news[0].market

    def snapshot() -> Snapshot:
        now = venue.client.fresh_time()
        seen = venue.client.run(here.exchange.recent(market, now))
        orders = [row.order for row in seen]
        moment = datetime.fromtimestamp(now, UTC)
        guard.check_placing(orders, symbol, len(news), moment, _warning(here))
        return Snapshot(None, tuple(row.id for row in seen), now)

    venue.snapshot = snapshot  # type: ignore[method-assign]
    return venue


def check_cancels(
    here: Session, journal: Journal, account: Account, ids: Sequence[str], market: Market
) -> None:
    """Raises GuardRefused where so many cancels so soon would get the account banned."""
    few = journal.sent_lately(account, TEN_MINUTES, read()) < FEW_ORDERS
    if here.exchange.name != "dfx" or few:
        return
    client = here.connected()
    now = client.fresh_time()
    orders = [row.order for row in client.run(here.exchange.recent(market, now), settling=True)]
    guard.check_cancel(orders, ids, datetime.fromtimestamp(now, UTC), _warning(here))


def _market_price(new: NewOrder, book: Book | None) -> Decimal | None:
    return new.near if book is None else best_price(new, book)


def _warning(here: Session) -> Callable[[str], None]:
    return lambda line: here.say(f"exch: {line}.")
