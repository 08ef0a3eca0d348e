"""A venue that does what a test has written down, and keeps what it was asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from decimal import Decimal

from journalling import ACCOUNT, NEW, NOW

from exchcli.core.machine import Reading
from exchcli.exchanges.sameness import same_order
from exchcli.execution.intent import Item
from exchcli.execution.journal import Journal
from exchcli.execution.placement import Placement
from exchcli.execution.settling import Rules
from exchcli.execution.venue import Row
from exchcli.records import NewOrder, Order, Sighting, Snapshot

SIGNED = 1_700_000_000  # when everything is sent; a copy is accepted until 5 seconds later
RULES = Rules(window=5, settle_delay=4)


def listed(order_id: str, new: NewOrder = NEW, created: int | None = SIGNED) -> Sighting:
    """An order as a listing tells it."""
    return Sighting(
        Order(
            order_id, new.symbol, new.market, new.side, "limit", new.price, None, new.amount,
            Decimal(0), None, None, "open", "0", None,
            None if created is None else datetime.fromtimestamp(created, UTC),
        )
    )  # fmt: skip


class Scripted:
    """`answers` are what each sending brings: ids, or an error that is raised behind the commit.
    `listings` are told one after another, the last one for good; so are `errors`, if there are
    any, instead. Time passes in `sleep` alone.
    """

    lists = True

    def __init__(
        self,
        answers: Sequence[Sequence[str] | BaseException] = (),
        listings: Sequence[Sequence[Row] | BaseException] = ((),),
        before: Snapshot | BaseException | None = None,
    ) -> None:
        self.answers = list(answers)
        self.listings = list(listings)
        self.before = before or Snapshot(None, ("older",), SIGNED)
        self.now = SIGNED
        self.key = "key"
        self.shown: set[str] = set()  # the orders that this key shows when asked for by id
        self.slept: list[float] = []
        self.done: list[str] = []

    def signer(self) -> str:
        return self.key

    def clock(self) -> Reading:
        return NOW

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += int(seconds)

    def renew(self) -> None:
        self.done.append("renew")

    def exchange_time(self) -> int:
        return self.now

    def snapshot(self) -> Snapshot:
        self.done.append("snapshot")
        if isinstance(self.before, BaseException):
            raise self.before
        return self.before

    def send(self, committed: Callable[[int], None]) -> Sequence[str]:
        answer = self.answers.pop(0)
        committed(self.now)
        self.done.append("send")
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def sightings(self, since: Snapshot, start: int, end: int) -> Sequence[Row]:
        self.done.append("list")
        told = self.listings.pop(0) if len(self.listings) > 1 else self.listings[0]
        if isinstance(told, BaseException):
            raise told
        return told

    def shows(self, items: Sequence[Item], ids: Sequence[str]) -> bool:
        self.done.append("show")
        return set(ids) <= self.shown

    def same(self, item: Item, row: Row) -> bool:
        return isinstance(item, NewOrder) and isinstance(row, Sighting) and same_order(item, row)

    def near(self, item: Item, row: Row) -> bool:
        return False


class Free:
    """A lock that nobody else wants."""

    def held(self) -> AbstractContextManager[None]:
        return nullcontext()

    def check(self) -> None:
        """Nobody has taken it away."""


def placement(
    journal: Journal,
    venue: Scripted,
    rules: Rules = RULES,
    *,
    guard: Callable[[], None] = lambda: None,
    warn: Callable[[str], None] = lambda _line: None,
) -> Placement:
    return Placement(journal, Free(), venue, ACCOUNT, rules, guard=guard, warn=warn)
