"""The protocol in worlds where everything goes wrong: see tests/support/worlds.py."""

from __future__ import annotations

import itertools

import pytest
from simulated_venue import ANSWERS, SILENCES
from worlds import CALM, SPENDING, Temper, World


def found_in(world: World) -> list[str]:
    world.live()
    return world.wrongs()


@pytest.mark.parametrize("hundred", range(16))
def test_no_order_is_doubled_and_no_run_lies_in_any_world(hundred: int) -> None:
    for seed in range(100 * hundred, 100 * hundred + 100):
        assert found_in(World(seed)) == [], f"world {seed}"


def test_a_strangers_orders_that_look_the_same_are_never_taken_in_place_of_ones_own() -> None:
    for seed in range(300):
        world = World(seed, Temper(strangers=0.03, gaps=False))
        assert found_in(world) == [], f"world {seed}"


@pytest.mark.parametrize("fault", ANSWERS + SILENCES)
def test_a_run_that_is_killed_at_any_step_leaves_nothing_doubled(fault: str) -> None:
    """Each step of a run that meets this fault, one after another, on both kinds of exchange."""
    temper = CALM._replace(answers=(fault,), good=0)
    for seed in range(6):
        for step in itertools.count(1):
            world = World(seed, temper, crash_at=step)
            world.command("a")
            killed = world.steps >= step
            world.advance(world.random.choice((0, 1, 50)))
            world.settle()
            assert world.wrongs() == [], f"world {seed}, killed at step {step}"
            if not killed:
                break
        assert step > 5


def test_a_key_whose_attempts_have_other_amounts_takes_no_order_of_another_key() -> None:
    """Money buys as much as the book of the moment has, and that may be what another key wants."""
    for seed in range(800):
        world = World(seed, SPENDING)
        assert found_in(world) == [], f"world {seed}"


def test_twins_of_a_key_are_kept_apart_by_the_lock() -> None:
    for seed in range(60):
        world = World(seed, Temper(twins=0.3, kills=0))
        assert found_in(world) == [], f"world {seed}"


def test_worlds_are_not_all_alike() -> None:
    """The judge would be content with a world in which nothing happens."""
    worlds = [World(seed) for seed in range(150)]
    for world in worlds:
        world.live()
    told = [ended.exit for world in worlds for ended in world.ended]
    assert {0, 4, 5, 6, 7, 9, 10, 12, 130} <= set(told)
    assert any(len(intent.items) > 1 for world in worlds for intent in world.intents.values())
    assert told.count(0) > 200
