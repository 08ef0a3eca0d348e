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
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from simulated_venue import ANSWERS, SILENCES, START, Booked, Crash, Late, SimulatedVenue

from exchcli.errors import (
    ExchError,
    OnceConflict,
    StateError,
)
from exchcli.execution.intent import Account, Intent
from exchcli.execution.journal import Journal
from exchcli.execution.journal_file import LAYOUTS, JournalFile
from exchcli.execution.placement import Placement
from exchcli.execution.settling import Rules
from exchcli.records import NewOrder

SPENT = Decimal(100)
PRICES = (Decimal(100), Decimal(50))  # of which the book has one, at a moment
ACCOUNT = Account("dfx", "https://simulated.invalid/v3", "default")
STRANGER = -1  # the run of an order that a stranger places while runs go on


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
    strangers: float = 0  # of steps at which a stranger places an order that looks the same
    resends: float = 0.5  # of worlds in which what is absent is sent again
    spends: float = 0.25  # of worlds by ids in which keys spend money at the book of the moment
    runs: int = 8  # at most, before nothing goes wrong any more
    gaps: bool = True  # orders are lost from sight while they move between the lists


# Keys for money whose attempts differ, and keys of an amount that one of those had.
SPENDING = Temper(
    ("lost", "killed", "interrupted after"), 0.1, 0, 0.05, 0, 0, resends=1, spends=1, runs=20
)
CALM = Temper(("good",), 1, 0, 0, 0, 0, 0)


class MemoryFile(JournalFile):
    """The journal's tables in memory, whose every commit is two steps of the world."""

    def __init__(self, step: Callable[[str], None], fails: Callable[[], bool]) -> None:
        super().__init__(Path("/nonexistent"))
        self._step = step
        self._fails = fails
        self._db = sqlite3.connect(":memory:", isolation_level=None)
        weakref.finalize(self, self._db.close)  # worlds come to no end of their own
        for statement in (s for layout in LAYOUTS for s in layout):
            self._db.execute(statement)

    def _opened(self) -> sqlite3.Connection:
        assert self._db is not None
        return self._db

    def _check_there(self) -> None:
        """It is nowhere."""

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

    def check(self) -> None:
        assert self.taken


class World:
    """One world. `by_id` is an exchange like Dgtmarket, whose ids count up and whose times have
    no zone; else one like DigiFinex."""

    venue = SimulatedVenue

    def __init__(self, seed: int, temper: Temper = Temper(), *, crash_at: int = 0) -> None:  # noqa: B008
        self.random = random.Random(seed)
        self.temper = temper
        self.gaps = temper.gaps
        self.by_id = self.random.random() < 0.5
        self.window = self.random.choice((2, 5, 30))
        self.delay = self.random.choice((1, 4, 10))
        self.on_absent = "resend" if self.random.random() < temper.resends else "stop"
        self.now = START + self.random.random()
        self.wall_ahead = 0.0
        self.price = PRICES[0]
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
            self.accept(self.meant(self.random.choice(list(self.intents))), None, 0)
        self.advance(3 * self.delay + 10 + self.random.uniform(0, 1000))

    def _intents(self) -> dict[str, Intent]:
        """One to three keys, most of them of the same order. Where some spend, the others name an
        amount that the money may come to.
        """
        rng = self.random
        found = {}
        spends = self.by_id and rng.random() < self.temper.spends
        for key in ("a", "b", "c")[: rng.randint(1, 3)]:
            new = NewOrder("BTC_USDT", "buy", Decimal(rng.choice(("1", "1", "2"))), Decimal(100))
            new = new._replace(post_only=not self.by_id and rng.random() < 0.3)
            if spends:
                new = new._replace(price=None)
                if rng.random() < 0.6:
                    new = new._replace(amount=None, spend=SPENT)
            count = 1 if self.by_id or rng.random() < 0.7 else rng.randint(2, 3)
            found[key] = Intent("batch" if count > 1 else "buy", (new,) * count)
        return found

    def meant(self, key: str) -> Intent:
        """The order of a key as a run sends it: for money, the amount that it comes to now."""
        intent = self.intents[key]
        (first, *_) = intent.items
        assert isinstance(first, NewOrder)
        if first.spend is None:
            return intent
        new = first._replace(amount=first.spend / self.price)
        return intent._replace(items=(new,) * len(intent.items))

    # --- time, and what happens in it ----------------------------------------------------------

    def advance(self, seconds: float) -> None:
        """Time passes, and what is on its way arrives."""
        end = self.now + seconds
        for call in sorted(c for c in self.late if c.arrives <= end):
            self.late.remove(call)
            self.now = max(self.now, call.arrives)
            self.arrive(call)
        self.now = end

    @property
    def calm(self) -> bool:
        return self.temper is CALM

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
        if temper.strangers and rng.random() < temper.strangers:
            self.accept(self.meant(rng.choice(list(self.intents))), None, STRANGER)
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
            shown = self.now + self.share() * self.delay
            moves = shown + self.random.choice((0.0, self.random.expovariate(0.05), 1e9))
            # A stranger's of long before has come to rest: of what moves while the snapshot is
            # taken, nobody could tell.
            moves = shown if run == 0 else moves
            again = moves + (self.share() * self.delay if self.gaps and run else 0)
            order_id = str(self._ids) if self.by_id else f"{self.random.getrandbits(60):x}"
            self.book.append(Booked(order_id, new, key, run, self.now, shown, moves, again))
            placed.append(order_id)
        return tuple(placed)

    def share(self) -> float:
        """From 0 to 1; most often as much or as little as there can be."""
        return self.random.choice((0.0, 0.99, self.random.random()))

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
        return Placement(self.journal, self.lock, self.venue(self, key, run), ACCOUNT, rules)

    def command(self, key: str) -> Ended | None:
        """A run of a key, to its end; None when it is killed."""
        self.runs += 1
        run = self.runs
        self._depth += 1
        try:
            done = self.placement(key, run).run(self.meant(key), key)
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
        for _ in range(self.random.randint(2, self.temper.runs)):
            self.price = self.random.choice(PRICES)
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
                self.price = self.random.choice(PRICES)
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
        for key, run, code, ids in self.ended:
            sent = [order.run for order in by_key.get(key, [])]
            if code == 0 and len(set(ids)) != len(self.intents[key].items):
                found.append(f"false placed: run {run} of {key} told {len(ids)} orders")
            # Without order ids of one's own, a stranger's order that looks the same cannot be
            # told from one's own that never arrived; but never is it taken in its place.
            fair = not self.strange or (bool(sent) and not self.gaps)
            if code == 0 and fair and [owners.get(one) for one in ids] != [key] * len(ids):
                found.append(f"false placed: run {run} of {key} told an order of another")
            if code in (3, 4, 5, 6, 10) and any(other <= run for other in sent):
                found.append(f"false absent: run {run} of {key} ended with {code}")
            if code in (2, 8, 9, 12, 13, 130) and run in sent:
                found.append(f"false refusal: run {run} of {key} ended with {code}, and had sent")
            if code == 1:
                found.append(f"bug: run {run} of {key}")
        last = {ended.key: ended.exit for ended in self.ended}
        goal = {0, *((10,) if self.on_absent == "stop" else ()), *((11,) if self.strange else ())}
        return found + [
            f"stuck: {key} ends with {code}" for key, code in last.items() if code not in goal
        ]

    @property
    def strange(self) -> bool:
        """Whether a stranger placed orders while runs went on."""
        return any(order.run == STRANGER for order in self.book)
