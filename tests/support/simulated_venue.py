"""A run's way to the exchange of its world: what it reads may fail, and what it sends may meet
any fate on the way there and back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from exchcli.core.machine import SECOND, Reading
from exchcli.errors import (
    BadReply,
    ExchError,
    Interrupted,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    Rejected,
)
from exchcli.exchanges.sameness import same_order
from exchcli.execution.intent import Intent
from exchcli.records import NewOrder, Order, Sighting, Snapshot

if TYPE_CHECKING:
    from worlds import World

START = 1_700_000_000.0
ANSWERS = ("good", "rejected", "limited", "not sent", "interrupted before")
SILENCES = ("lost", "dropped", "late", "500", "interrupted after", "killed")


class Crash(BaseException):
    """kill -9."""


class Booked(NamedTuple):
    """An order in the exchange's own book. It is in the first list from `shown` until `moves`,
    and in the second from `again` on."""

    id: str
    new: NewOrder
    key: str | None
    run: int
    created: float
    shown: float
    moves: float
    again: float


class Late(NamedTuple):
    """A call that is still on its way."""

    arrives: float
    signed: int
    intent: Intent
    key: str
    run: int


class SimulatedVenue:
    """A run's way to the exchange of its world."""

    lists = True

    def __init__(self, world: World, key: str, run: int) -> None:
        self.world = world
        self.key = key
        self.run = run
        self.intent = world.meant(key)

    def _read(self, what: str) -> None:
        world = self.world
        world.step(what)
        if world.random.random() < world.temper.reads:
            kind = world.random.choice((NotSent, BadReply, RateLimited, KeyboardInterrupt))
            raise kind("a read that fails")

    def signer(self) -> str:
        return "key"

    def clock(self) -> Reading:
        world = self.world
        wall = int((world.now + world.wall_ahead) * SECOND)
        return Reading(str(world.boot), int((world.now - START) * SECOND), wall)

    def sleep(self, seconds: float) -> None:
        self.world.step("sleep")
        self.world.advance(seconds * self.world.random.uniform(0.95, 1.3))

    def renew(self) -> None:
        pass

    def exchange_time(self) -> int:
        self._read("time")
        return int(self.world.server_clock())

    def snapshot(self) -> Snapshot:
        self._read("snapshot")
        listed = self.world.listed()
        now = int(self.world.now)
        if self.world.by_id:
            return Snapshot(max((int(one.id) for one in listed), default=None), (), now)
        return Snapshot(
            None, tuple(o.id for o in listed if o.moves > now or o.created > now - 600), now
        )

    def sightings(self, since: Snapshot, start: int, end: int) -> Sequence[Sighting]:
        self._read("sightings")
        listed = self.world.listed()
        if self.world.by_id:
            kept = [o for o in listed if since.newest is None or int(o.id) > since.newest]
        else:
            kept = [
                o for o in listed if o.moves > self.world.now or start - 2 <= o.created <= end + 2
            ]
        return [_sighting(order, self.world.by_id) for order in kept]

    def shows(self, items: Any, ids: Any) -> bool:
        raise AssertionError("a world has one API key")

    def same(self, item: Any, row: Any) -> bool:
        return same_order(item, row)

    def near(self, item: Any, row: Any) -> bool:
        return False

    def stamp(self) -> int:
        """Never far ahead; late by a little, or by a lot where a clock was set meanwhile."""
        world = self.world
        off = world.random.choice((0.0, 0.0, 1.5, 3.0)) if world.window > 5 else 0.0
        if not world.calm and world.random.random() < 0.05:
            off = world.random.uniform(-world.window, world.window + 5) if world.by_id else 40.0
        return int(world.now - off)

    def send(self, committed: Callable[[int], None]) -> Sequence[str]:
        world, rng = self.world, self.world.random
        self._read("throttle")
        signed = self.stamp()
        committed(signed)
        if rng.random() < 0.05:
            committed(signed := self.stamp())
        world.step("committed")
        if rng.random() < world.temper.stops:
            world.advance(rng.uniform(0, 2 * world.window + 10))
        call = Late(world.now, signed, self.intent, self.key, self.run)
        fault = "good" if rng.random() < world.temper.good else rng.choice(world.temper.answers)
        return self.answer(fault, call)

    def answer(self, fault: str, call: Late) -> Sequence[str]:
        world, rng = self.world, self.world.random
        if fault in _NOTHING:
            raise _NOTHING[fault]("nothing was done")
        ids: tuple[str, ...] = ()
        on_its_way = fault == "late" or (
            fault in ("killed", "interrupted after") and rng.random() < 0.5
        )
        if on_its_way:
            # Most often when it is just accepted, or just not any more.
            last = call.signed + world.window + rng.uniform(-1, 1)
            arrives = rng.choice((last, world.now + rng.uniform(0, 2 * world.window + 5)))
            world.late.append(call._replace(arrives=max(world.now, arrives)))
        elif fault in ("good", "dropped") or (fault != "lost" and rng.random() < 0.5):
            ids = world.arrive(call)
        world.step("sent")
        if fault == "good" and not ids:
            raise Rejected("the timestamp was not accepted", code="10008")
        if fault == "good":
            return ids
        if fault == "killed":
            raise Crash
        cause = KeyboardInterrupt() if fault == "interrupted after" else None
        raise OutcomeUnknown(
            "no answer that can be trusted", code="500" if fault == "500" else None
        ) from cause


_NOTHING: dict[str, type[ExchError]] = {
    "rejected": Rejected,
    "limited": RateLimited,
    "not sent": NotSent,
    "interrupted before": Interrupted,
}


def _sighting(order: Booked, zoneless: bool) -> Sighting:
    created = datetime.fromtimestamp(int(order.created), UTC)
    new = order.new
    return Sighting(
        Order(
            order.id, new.symbol, new.market, new.side, "market" if new.price is None else "limit",
            new.price, new.stop, new.amount, Decimal(0), None, None, "open", "0", None,
            created.replace(tzinfo=None) if zoneless else created,
        )
    )  # fmt: skip
