"""Worlds in virtual time: an exchange that keeps a book of its own, and a machine that fails.

A world is made of a seed. Its exchange accepts a signed call until its window has passed, late
deliveries too, shows what it has accepted within its delay, and loses sight of an order for a
moment while that moves from one list to the other. Its machine loses replies, is stopped, has its
clock set, runs out of disk and is killed, at any step between two effects. Runs of several keys
with orders that look the same go on in it, some in the middle of others.

The judge reads the book, in which every order bears the key and the run that sent it.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from exchcli.core.machine import SECOND, Reading
from exchcli.errors import (
    BadReply,
    ExchError,
    Interrupted,
    NotSent,
    OnceConflict,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    StateError,
)
from exchcli.exchanges.sameness import same_order
from exchcli.execution.intent import Account, Intent
from exchcli.execution.journal import Journal
from exchcli.execution.journal_file import LAYOUTS, JournalFile
from exchcli.execution.placement import Placement
from exchcli.execution.settling import Rules
from exchcli.records import NewOrder, Order, Sighting, Snapshot

ACCOUNT = Account("dfx", "https://simulated.invalid/v3", "default")
START = 1_700_000_000.0
STRANGER = -1  # the run of an order that a stranger places while runs go on
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


class Ended(NamedTuple):
    """How a run ended: its exit code, and the ids that it told."""

    key: str
    run: int
    exit: int
    ids: tuple[str, ...] = ()


class Temper(NamedTuple):
    """What goes wrong in a world, and how often; `answers` are what a sent call meets."""

    answers: tuple[str, ...] = ANSWERS + SILENCES
    good: float = 0.3  # the share of calls that meet no fault
    reads: float = 0.08  # of reads that fail
    kills: float = 0.02  # of steps at which the run is killed
    twins: float = 0.01  # of steps at which another run is started
    disk: float = 0.01  # of commits that fail
    stops: float = 0.05  # of calls before which the process is stopped for a while
    strangers: bool = False


CALM = Temper(("good",), 1, 0, 0, 0, 0, 0)


class MemoryFile(JournalFile):
    """The journal's tables in memory, whose every commit is two steps of the world."""

    def __init__(self, step: Callable[[str], None], fails: Callable[[], bool]) -> None:
        super().__init__(Path("/nonexistent"))
        self._step = step
        self._fails = fails
        self._db = sqlite3.connect(":memory:", isolation_level=None)
        for statement in (s for layout in LAYOUTS for s in layout):
            self._db.execute(statement)

    def _opened(self) -> sqlite3.Connection:
        assert self._db is not None
        return self._db

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        self._step("before a commit")
        if self._fails():
            raise StateError("The disk is full.")
        with super().writing() as db:
            yield db
        self._step("after a commit")


class OneLock:
    """The kernel's lock, as far as one process can tell."""

    taken = False

    @contextmanager
    def held(self) -> Iterator[None]:
        if self.taken:
            raise OnceConflict("Another run holds it.")
        self.taken = True
        try:
            yield
        finally:
            self.taken = False


class World:
    """One world. `by_id` is an exchange like Dgtmarket, whose ids count up and whose times have
    no zone; else one like DigiFinex."""

    def __init__(self, seed: int, temper: Temper = Temper(), *, crash_at: int = 0) -> None:  # noqa: B008
        self.random = random.Random(seed)
        self.temper = temper
        self.by_id = self.random.random() < 0.5
        self.window = self.random.choice((2, 5, 30))
        self.delay = self.random.choice((1, 4, 10))
        self.on_absent = self.random.choice(("stop", "resend"))
        self.now = START + self.random.random()
        self.wall_ahead = 0.0
        self.boot = 0
        self.steps = self.runs = self._ids = self._depth = 0
        self.crash_at = crash_at
        self.book: list[Booked] = []
        self.late: list[Late] = []
        self.ended: list[Ended] = []
        self.sent: dict[int, str] = {}
        self.lock = OneLock()
        self.journal = Journal(Path("/"), MemoryFile(self.step, self._disk_fails))
        self.intents = self._intents()
        for _ in range(self.random.randrange(3)):  # a stranger's, long before
            self.accept(self.random.choice(list(self.intents.values())), None, 0)
        self.advance(3 * self.delay + 10 + self.random.uniform(0, 1000))

    def _intents(self) -> dict[str, Intent]:
        """One to three keys, most of them of the same order."""
        rng = self.random
        found = {}
        for key in ("a", "b", "c")[: rng.randint(1, 3)]:
            new = NewOrder("BTC_USDT", "buy", Decimal(rng.choice(("1", "1", "2"))), Decimal(100))
            new = new._replace(post_only=not self.by_id and rng.random() < 0.3)
            count = 1 if self.by_id or rng.random() < 0.7 else rng.randint(2, 3)
            found[key] = Intent("batch" if count > 1 else "buy", (new,) * count)
        return found

    # --- time, and what happens in it ----------------------------------------------------------

    def advance(self, seconds: float) -> None:
        """Time passes, and what is on its way arrives."""
        end = self.now + seconds
        for call in sorted(c for c in self.late if c.arrives <= end):
            self.late.remove(call)
            self.now = max(self.now, call.arrives)
            self.arrive(call)
        self.now = end

    def server_clock(self) -> float:
        """The clock of whichever server answers: they differ by a second each way."""
        return self.now + self.random.uniform(-1, 1)

    def step(self, _what: str) -> None:
        """A moment between two effects, in which a run may be killed or another one come."""
        self.steps += 1
        rng, temper = self.random, self.temper
        self.advance(rng.choice((0, 0.01, 0.3)))
        if self.steps == self.crash_at or (temper.kills and rng.random() < temper.kills):
            raise Crash
        if temper.strangers and rng.random() < 0.02:
            self.accept(rng.choice(list(self.intents.values())), None, STRANGER)
        if self._depth == 1 and temper.twins and rng.random() < temper.twins:
            self.command(rng.choice(list(self.intents)))

    def _disk_fails(self) -> bool:
        return bool(self.temper.disk and self.random.random() < self.temper.disk)

    # --- the exchange --------------------------------------------------------------------------

    def arrive(self, call: Late) -> tuple[str, ...]:
        """The ids, or none when the call comes too late (or too early) to be accepted."""
        behind = self.server_clock() - call.signed
        if not (-self.window if self.by_id else -2) <= behind <= self.window:
            return ()
        return self.accept(call.intent, call.key, call.run)

    def accept(self, intent: Intent, key: str | None, run: int) -> tuple[str, ...]:
        placed = []
        for new in intent.items:
            assert isinstance(new, NewOrder)
            self._ids += self.random.randint(1, 3)
            shown = self.now + self.random.choice((0, self.random.uniform(0, self.delay)))
            moves = shown + self.random.choice((0.0, self.random.expovariate(0.05), 1e9))
            again = moves + self.random.uniform(0, self.delay)
            order_id = str(self._ids) if self.by_id else f"{self.random.getrandbits(60):x}"
            self.book.append(Booked(order_id, new, key, run, self.now, shown, moves, again))
            placed.append(order_id)
        return tuple(placed)

    def listed(self) -> list[Booked]:
        """The first list, and a moment later the second."""
        first = [order for order in self.book if order.shown <= self.now < order.moves]
        self.advance(self.random.uniform(0, 0.5))
        found = first + [order for order in self.book if order.again <= self.now]
        return list(dict.fromkeys(found))

    # --- runs ----------------------------------------------------------------------------------

    def placement(self, key: str, run: int) -> Placement:
        """What a run of a key is made of; mutants change it."""
        rules = Rules(self.window, self.delay, self.on_absent)  # type: ignore[arg-type]
        return Placement(self.journal, self.lock, SimulatedVenue(self, key, run), ACCOUNT, rules)

    def command(self, key: str) -> Ended | None:
        """A run of a key, to its end; None when it is killed."""
        self.runs += 1
        run = self.runs
        self._depth += 1
        try:
            done = self.placement(key, run).run(self.intents[key], key)
            ended = Ended(key, run, 0, done.ids)
        except Crash:
            if self._depth > 1:  # only that run was killed, if it could run at all
                return None
            self.lock.taken = False
            return None
        except ExchError as error:
            ended = Ended(key, run, int(error.exit))
        except KeyboardInterrupt:
            ended = Ended(key, run, 130)
        finally:
            self._depth -= 1
        self.ended.append(ended)
        return ended

    def live(self) -> None:
        """Runs of all keys with faults, and then without, until every key is settled."""
        for _ in range(self.random.randint(2, 8)):
            self.command(self.random.choice(list(self.intents)))
            self.advance(self.random.choice((0.1, 5, 40, 200)) * self.random.random())
            if self.random.random() < 0.3:
                self.wall_ahead += self.random.choice((-3600, -40, 40, 3600))
            if self.random.random() < 0.1:
                self.boot += 1
        self.settle()

    def settle(self) -> None:
        """Nothing goes wrong any more, and the runs are far apart."""
        self.temper, self.crash_at = CALM, 0
        for _ in range(4):
            for key in self.intents:
                self.advance(2 * (self.window + self.delay) + 10)
                self.command(key)
        self.advance(10 * (self.window + self.delay))

    # --- the judge -----------------------------------------------------------------------------

    def wrongs(self) -> list[str]:
        """What the book says against what the runs have told."""
        found = []
        by_key: dict[str | None, list[Booked]] = {}
        for order in self.book:
            by_key.setdefault(order.key, []).append(order)
        for key, intent in self.intents.items():
            count = len(by_key.get(key, []))
            if count not in (0, len(intent.items)):
                found.append(f"duplicate: {count} orders of {key} instead of {len(intent.items)}")
        owners = {order.id: order.key for order in self.book}
        certain = not self.temper_strangers
        for key, run, code, ids in self.ended:
            sent = [order.run for order in by_key.get(key, [])]
            if code == 0 and certain and [owners.get(one) for one in ids] != [key] * len(ids):
                found.append(f"false placed: run {run} of {key} told an order of another")
            if code == 0 and len(set(ids)) != len(self.intents[key].items):
                found.append(f"false placed: run {run} of {key} told {len(ids)} orders")
            if code in (3, 4, 5, 6, 10) and any(other <= run for other in sent):
                found.append(f"false absent: run {run} of {key} ended with {code}")
            if code in (2, 8, 9, 12, 13, 130) and run in sent:
                found.append(f"false refusal: run {run} of {key} ended with {code}, and had sent")
            if code == 1:
                found.append(f"bug: run {run} of {key}")
        if certain:
            last = {ended.key: ended.exit for ended in self.ended}
            goal = (0, 10) if self.on_absent == "stop" else (0,)
            found += [
                f"stuck: {key} ends with {code}" for key, code in last.items() if code not in goal
            ]
        return found

    @property
    def temper_strangers(self) -> bool:
        return any(order.run == STRANGER for order in self.book)


class SimulatedVenue:
    """A run's way to the exchange of its world."""

    lists = True

    def __init__(self, world: World, key: str, run: int) -> None:
        self.world = world
        self.key = key
        self.run = run

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

    def same(self, item: Any, row: Any) -> bool:
        return same_order(item, row)

    def stamp(self) -> int:
        """Never far ahead; late by a little, or by a lot where a clock was set meanwhile."""
        world = self.world
        off = world.random.choice((0.0, 0.0, 1.5, 3.0)) if world.window > 5 else 0.0
        if world.temper is not CALM and world.random.random() < 0.05:
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
        intent = world.intents[self.key]
        call = Late(world.now, signed, intent, self.key, self.run)
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
            world.late.append(
                call._replace(arrives=world.now + rng.uniform(0, 2 * world.window + 5))
            )
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
            order.id, new.symbol, new.market, new.side, "limit", new.price, new.stop, new.amount,
            Decimal(0), None, None, "open", "0", None,
            created.replace(tzinfo=None) if zoneless else created,
        )
    )  # fmt: skip
