"""The exchange as the protocol sees it: what it sends, sees and waits for, and nothing else.

A simulation in virtual time stands in for it in tests.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from exchcli.core.client import Client, Committed
from exchcli.core.machine import Reading, read
from exchcli.errors import Rejected
from exchcli.exchanges.base import Exchange
from exchcli.exchanges.sameness import difference, same_order
from exchcli.execution.intent import Item
from exchcli.records import NewOrder, Sighting, Snapshot


class Row(Protocol):
    """What a listing has of one order, or of one withdrawal. `created` is heeded where its zone
    is known."""

    @property
    def id(self) -> str: ...

    @property
    def created(self) -> datetime | None: ...


def signer_of(key: str) -> str:
    """What tells an API key from others, and tells nothing of it."""
    return hashlib.sha256(key.encode()).hexdigest()[:16]


class Venue(Protocol):
    """One account, and one thing to send there. Every method may raise any ExchError."""

    # Whether there is any list that tells what became of a call.
    lists: bool

    def signer(self) -> str:
        """What tells the API key from others, and tells nothing of it."""

    def snapshot(self) -> Snapshot:
        """What there is before the first attempt; whole, or it raises."""

    def send(self, committed: Committed) -> Sequence[str]:
        """Sends it once; the ids of what was placed. See `Client.send_once` for `committed`.

        Whatever it raises but OutcomeUnknown means that nothing was done.
        """

    def sightings(self, since: Snapshot, start: int, end: int) -> Sequence[Row]:
        """All that may have come since the snapshot, created from `start` to `end` in the
        exchange's seconds; whole, or it raises. There may be others among them.
        """

    def same(self, item: Item, row: Row) -> bool:
        """Whether a listed row can be this item."""

    def near(self, item: Item, row: Row) -> bool:
        """Whether a listed row that is not the `same` can be this item told otherwise: then
        it is no proof, and its absence is none either."""

    def shows(self, items: Sequence[Item], ids: Sequence[str]) -> bool:
        """Whether these ids, as today's API key shows them, can be these items."""

    def exchange_time(self) -> int:
        """The exchange's own clock now, in whole seconds, asked for anew."""

    def clock(self) -> Reading:
        """This machine's clocks."""

    def sleep(self, seconds: float) -> None: ...

    def renew(self) -> None:
        """What follows has the whole time of --timeout again."""


class Connected:
    """What every venue that is a client and an exchange has in common."""

    lists = True

    def __init__(
        self,
        client: Client,
        exchange: Exchange,
        key: Callable[[], str],
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`key` gives the API key, of which a hash is kept."""
        self.client = client
        self.exchange = exchange
        self._key = key
        self._sleep = sleep

    def signer(self) -> str:
        return signer_of(self._key())

    def exchange_time(self) -> int:
        return self.client.fresh_time()

    def clock(self) -> Reading:
        return read()

    def sleep(self, seconds: float) -> None:
        self._sleep(seconds)

    def renew(self) -> None:
        self.client.renew()

    def near(self, item: Item, row: Row) -> bool:
        return False  # what is listed here is told as it was sent


class Orders(Connected):
    """Orders of one pair and market, in one call."""

    def __init__(
        self,
        client: Client,
        exchange: Exchange,
        key: Callable[[], str],
        news: Sequence[NewOrder],
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(client, exchange, key, sleep=sleep)
        self._news = news
        self._symbol, self._market = news[0].symbol, news[0].market

    def snapshot(self) -> Snapshot:
        now = self.client.fresh_time()
        return self.client.run(self.exchange.snapshot(self._symbol, self._market, now))

    def send(self, committed: Committed) -> Sequence[str]:
        if len(self._news) == 1:
            return [self.client.send_once(self.exchange.place(self._news[0]), committed)]
        flow = self.exchange.place_batch(self._symbol, self._news, self._market)
        return self.client.send_once(flow, committed)

    def sightings(self, since: Snapshot, start: int, end: int) -> Sequence[Row]:
        flow = self.exchange.sightings(self._symbol, self._market, since, start, end)
        return self.client.run(flow, settling=True)

    def shows(self, items: Sequence[Item], ids: Sequence[str]) -> bool:
        try:
            found = self.client.run(self.exchange.orders_by_id(ids, self._market))
        except Rejected:  # that it is not there has no code of its own
            return False
        news = [item for item in items if isinstance(item, NewOrder)]
        return len(news) == len(found) and not any(map(difference, news, found))

    def same(self, item: Item, row: Row) -> bool:
        return isinstance(item, NewOrder) and isinstance(row, Sighting) and same_order(item, row)
