"""The exchange's clock from its whole seconds: never ahead, and hardly late."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from exchcli.core.clock import DRIFT, Bounds, Clock, Sample, Stamp, bounds_of
from exchcli.core.machine import SECOND, Reading

URL = "https://exchange.invalid/v3"


class World:
    """An exchange whose clock is `offset` ahead of the steady one, and a network in between."""

    def __init__(self, seed: int = 0) -> None:
        self.random = random.Random(seed)
        self.steady = self.random.randrange(10**15)
        self.stepped = 0  # nanoseconds that the wall clock was set by
        self.boot = "boot-1"
        self.offset = self.random.randrange(-(10**17), 10**18)
        self.ppm = 0.0
        self.latency: Callable[[], float] = lambda: 0.02
        self.fetched = 0
        self._from = self.steady

    def read(self) -> Reading:
        return Reading(self.boot, self.steady, self.steady + 10**18 + self.stepped)

    def exchange(self) -> int:
        """Nanoseconds on the exchange's clock."""
        drifted = int((self.steady - self._from) * self.ppm / 1_000_000)
        return self.steady + self.offset + drifted

    def sleep(self, seconds: float) -> None:
        self.steady += int(seconds * SECOND)

    def fetch(self) -> Sample:
        self.fetched += 1
        before = self.steady
        self.sleep(self.latency())
        told = self.exchange() // SECOND
        self.sleep(self.latency())
        return before, told, self.steady

    def clock(self, state: Path | None = None) -> Clock:
        return Clock(state, "dfx", URL, clock=self.read)

    def stamp(self, clock: Clock) -> Stamp:
        clock.prepare(self.fetch)
        return clock.stamp()


def lateness(world: World, stamp: Stamp) -> float:
    """Seconds by which a request stamped so is late when it arrives; negative is ahead."""
    world.sleep(world.latency())
    return (world.exchange() - stamp.seconds * SECOND) / SECOND


def test_in_20_000_trials_a_stamp_is_never_1_s_ahead_nor_5_s_late() -> None:
    latest = earliest = 0.0
    for trial in range(20_000):
        world = World(trial)
        world.ppm = world.random.uniform(-200, 200)
        slowest = world.random.choice([0.01, 0.1, 0.5, 1.0])
        world.latency = lambda r=world.random, most=slowest: r.uniform(0.001, most)  # type: ignore[misc]
        clock = world.clock()
        world.stamp(clock)
        world.sleep(world.random.uniform(0, 3600))
        late = lateness(world, world.stamp(clock))
        latest, earliest = max(latest, late), min(earliest, late)
    assert latest < 5
    assert earliest > -1


def test_a_quartz_that_is_five_times_too_bad_is_still_not_1_s_ahead_within_the_hour() -> None:
    for ppm in (-500, 500):
        world = World()
        world.ppm = ppm
        clock = world.clock()
        world.stamp(clock)
        world.sleep(3600)
        assert -1 < lateness(world, world.stamp(clock)) < 5


def test_one_good_sample_is_enough_and_three_bad_ones_are_all() -> None:
    near, far = World(), World()
    far.latency = lambda: 1.0
    near.stamp(near.clock())
    far.stamp(far.clock())
    assert (near.fetched, far.fetched) == (1, 3)


def test_samples_are_intersected_and_servers_that_disagree_widen_the_bounds() -> None:
    at = Reading("", 0, 0)
    first = bounds_of((0, 100, SECOND), at)
    assert first == Bounds(99 * SECOND, 101 * SECOND, at)
    assert first.with_sample((SECOND, 102, SECOND)) == Bounds(101 * SECOND, 101 * SECOND, at)
    assert first.with_sample((0, 200, SECOND)) == Bounds(99 * SECOND, 201 * SECOND, at)


def test_the_bounds_widen_with_the_drift_of_a_quartz() -> None:
    bounds = Bounds(0, 0, Reading("", 0, 0))
    later = Reading("", 1000 * SECOND, 0)
    assert bounds.latest(later) - bounds.earliest(later) == 2 * 1000 * DRIFT


def test_another_command_within_the_hour_does_not_ask_again(tmp_path: Path) -> None:
    world = World()
    world.stamp(world.clock(tmp_path))
    world.sleep(3590)
    stamp = world.stamp(world.clock(tmp_path))
    assert world.fetched == 1
    assert -1 < lateness(world, stamp) < 5
    world.sleep(20)
    world.stamp(world.clock(tmp_path))
    assert world.fetched == 2
    (file,) = (tmp_path / "clock").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("seconds", [-60, -1, 3, 10**6])
def test_a_wall_clock_that_is_set_drops_the_cache_and_moves_no_stamp(
    tmp_path: Path, seconds: int
) -> None:
    world = World()
    running = world.clock(tmp_path)
    world.stamp(running)
    world.stepped = seconds * SECOND
    assert -1 < lateness(world, world.stamp(running)) < 5
    assert world.fetched == 1
    assert -1 < lateness(world, world.stamp(world.clock(tmp_path))) < 5
    assert world.fetched == 2


def test_a_restart_of_the_machine_drops_the_cache(tmp_path: Path) -> None:
    world = World()
    world.stamp(world.clock(tmp_path))
    world.boot = "boot-2"
    world.stamp(world.clock(tmp_path))
    assert world.fetched == 2
    # Where boots have no name, the steady clock gives it away, or its distance to the other.
    world.boot = ""
    world.stamp(world.clock(tmp_path))
    world.offset += world.steady
    world.steady = 5 * SECOND
    world.stamp(world.clock(tmp_path))
    assert world.fetched == 4


GOOD = {"version": 1, "url": URL, "lower": 0, "upper": 1, "boot": "boot-1", "steady": 0, "wall": 0}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\xff",
        b"[]",
        b"null",
        b"[" * 4000,
        b"{" * 5000,
        json.dumps({**GOOD, "version": 2}).encode(),
        json.dumps({**GOOD, "url": "https://other.invalid"}).encode(),
        json.dumps({**GOOD, "lower": "0"}).encode(),
        json.dumps({**GOOD, "lower": True}).encode(),
        json.dumps({**GOOD, "lower": 2}).encode(),
        json.dumps({**GOOD, "steady": 10**30}).encode(),
        json.dumps({name: GOOD[name] for name in GOOD if name != "wall"}).encode(),
    ],
)
def test_a_corrupt_cache_heals_itself(tmp_path: Path, content: bytes) -> None:
    world = World()
    world.stamp(world.clock(tmp_path))
    (file,) = (tmp_path / "clock").iterdir()
    file.write_bytes(content)
    assert -1 < lateness(world, world.stamp(world.clock(tmp_path))) < 5
    assert world.fetched == 2
    world.stamp(world.clock(tmp_path))
    assert world.fetched == 2


def test_a_folder_that_cannot_be_written_is_told_once_and_the_clock_works(tmp_path: Path) -> None:
    (tmp_path / "clock").write_text("a file where a folder should be")
    world, lines = World(), []
    clock = Clock(tmp_path, "dfx", URL, clock=world.read, trace=lines.append)
    assert -1 < lateness(world, world.stamp(clock)) < 5
    assert len(lines) == 1
    assert str(tmp_path) in lines[0]


def test_a_refused_stamp_is_wrong_only_if_a_fresh_look_says_so() -> None:
    world = World()
    clock = world.clock()
    right = world.stamp(clock)
    assert not clock.corrected(right, world.fetch)
    stale = world.stamp(clock)
    world.offset += 40 * SECOND
    assert clock.corrected(stale, world.fetch)
    assert -1 < lateness(world, world.stamp(clock)) < 5


def test_of_several_threads_that_were_refused_one_asks_for_the_time() -> None:
    world = World()
    clock = world.clock()
    stamps = [world.stamp(clock) for _ in range(5)]
    world.offset += 40 * SECOND
    assert all(clock.corrected(stamp, world.fetch) for stamp in stamps)
    assert world.fetched == 2
