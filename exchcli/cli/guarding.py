"""What the guard wants to know, asked for where it is needed: prices, counts, recent orders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from exchcli.cli.checking import EXACT, Rules
from exchcli.cli.estimating import LEVELS, best_price, estimate, takes
from exchcli.errors import GuardRefused
from exchcli.execution import guard
from exchcli.execution.guard import Valued
from exchcli.records import Book, Market, NewOrder, Sighting, Snapshot

if TYPE_CHECKING:
    from exchcli.cli.doing import Keeping
    from exchcli.cli.session import Session

# Who has placed fewer orders in 10 minutes is not near any ban.
FEW_ORDERS = 30
TEN_MINUTES = 600  # seconds
# Seconds of orders that a snapshot holds: no list dates an order that is yet to come so early.
LATELY = 60
AGAIN = 1  # seconds that are looked at once more, for what came while the last look was taken


def check_order_guard(
    here: Session, keeping: Keeping, news: Sequence[NewOrder], rules: Rules
) -> None:
    """Raises GuardRefused for orders that the configuration forbids."""
    name = here.exchange.name
    bounds = here.guard()
    quote = rules.symbol.quote
    sent = 0
    if bounds.max_orders_per_minute is not None:
        sent = keeping.sent_lately(guard.MINUTE)
    by_market = bounds.max_deviation_percent is not None or (
        quote in bounds.max_order_value and any(new.price is None for new in news)
    )
    book = None
    if by_market:
        book = here.ask(here.exchange.book(rules.symbol.symbol, LEVELS[name]), quietly=True)
    valued = [_valued(new, quote, book) for new in news]
    guard.check_orders(bounds, name, valued, sent)


def check_withdrawal_guard(here: Session, address: str | None) -> None:
    guard.check_withdrawal(here.guard(), here.exchange.name, address)


def check_halted(here: Session) -> None:
    guard.check_halt(here.guard(), here.exchange.name)


class Recent:
    """The orders of DigiFinex of late, for snapshots and for its rules for traders. Of one
    command that looks again and again, each look asks only for what came since the last.
    """

    def __init__(self, here: Session, keeping: Keeping) -> None:
        self._here = here
        self._keeping = keeping
        self._rows: dict[Market, dict[str, Sighting]] = {}
        self._since: dict[Market, int] = {}  # the second from which on all are known
        self._looked: dict[Market, int] = {}

    def snapshot(self, news: Sequence[NewOrder]) -> Snapshot:
        """What there is before these are sent. Raises GuardRefused where they, unfilled, would
        get the account banned.
        """
        market = news[0].market
        now = self._checked([news], _warning(self._here))
        if now is None:
            now = self._look(market, LATELY)
        rows = self._rows[market].values()
        ids = [row.id for row in rows if _second(row, now) >= now - LATELY]
        return Snapshot(None, tuple(ids), now)

    def check_placing(self, calls: Sequence[Sequence[NewOrder]], book: Callable[[], Book]) -> None:
        """Raises GuardRefused where these calls, one after the other, would get the account banned.
        Only then the `book` is asked for: what trades at once is filled.
        """
        try:
            self._checked(calls)
        except GuardRefused:
            there = book()
            self._checked(calls, fills=lambda new: takes(new, there) and not new.post_only)

    def check_cancel(self, ids: Sequence[str], market: Market) -> None:
        """Raises GuardRefused where so many cancels so soon would get the account banned."""
        if self.busy(0):
            now = self._look(market, TEN_MINUTES)
            orders = [row.order for row in self._rows[market].values()]
            guard.check_cancel(orders, ids, datetime.fromtimestamp(now, UTC), _warning(self._here))

    def busy(self, more: int) -> bool:
        """Whether as many orders were placed from here as a ban begins to be possible with."""
        sent = self._keeping.sent_lately(TEN_MINUTES)
        return sent + more >= FEW_ORDERS

    def _look(self, market: Market, seconds: int) -> int:
        """Makes all orders known that were created so many seconds ago; the second of now."""
        here, client = self._here, self._here.connected()
        here.synchronize()
        now = int(here.now().timestamp())
        known = self._rows.setdefault(market, {})
        if self._since.get(market, now) > now - seconds:
            start = self._since[market] = now - seconds
        else:
            start = self._looked[market] - AGAIN
        seen = client.run(here.exchange.recent(market, start, now), settling=True)
        known.update((row.id, row) for row in seen)
        self._looked[market] = now
        return now

    def _checked(
        self,
        calls: Sequence[Sequence[NewOrder]],
        warn: Callable[[str], None] = lambda _line: None,
        fills: Callable[[NewOrder], bool] = lambda _new: False,
    ) -> int | None:
        """The second in which guard.check_placing let these calls pass; None where so few orders
        were placed that nothing is looked at.
        """
        market = calls[0][0].market
        if not self.busy(sum(map(len, calls))):
            return None
        now = self._look(market, TEN_MINUTES)
        try:
            self._check(market, calls, now, warn, fills)
        except GuardRefused:  # what was filled since it was first seen is not known yet
            del self._since[market]
            now = self._look(market, TEN_MINUTES)
            self._check(market, calls, now, warn, fills)
        return now

    def _check(
        self,
        market: Market,
        calls: Sequence[Sequence[NewOrder]],
        now: int,
        warn: Callable[[str], None],
        fills: Callable[[NewOrder], bool],
    ) -> None:
        orders = [row.order for row in self._rows[market].values()]
        guard.check_placing(orders, calls, datetime.fromtimestamp(now, UTC), warn, fills)


def _second(row: Sighting, now: int) -> int:
    return now if row.created is None else int(row.created.timestamp())


def _valued(new: NewOrder, quote: str, book: Book | None) -> Valued:
    if book is None:
        return Valued(new, quote, new.near)
    market = best_price(new, book)
    taken = estimate(new, book) if new.price is None else None
    if taken is None:
        return Valued(new, quote, market)
    # Whether a stop is reached is for the exchange to say: so the dearer of the two.
    at_stop = EXACT.multiply(taken.amount, new.stop or Decimal(0))
    return Valued(new, quote, market, max(taken.cost, at_stop), taken.worst)


def _warning(here: Session) -> Callable[[str], None]:
    return lambda line: here.say(f"exch: {line}.")
