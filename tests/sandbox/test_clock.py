"""The clock that a server keeps for all who use the same sandbox."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from exchcli.errors import StateError, UsageError
from exchcli.sandbox.clock import CLOCK, Following, Keeper, Standing, standing
from exchcli.sandbox.exchange import Sandbox
from exchcli.sandbox.store import FILE, reset

THEN = Standing(1_589_874_294_000_000_000)


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Keeper]:
    kept = Keeper(tmp_path, THEN)
    yield kept
    kept.close()


def test_without_a_server_the_clock_is_real_time(tmp_path: Path) -> None:
    before = time.time_ns()
    assert before <= Following(tmp_path).now() <= time.time_ns()
    assert standing(tmp_path / "that is not there") is None


def test_all_who_look_see_the_time_of_the_server_and_its_every_move(
    tmp_path: Path, keeper: Keeper
) -> None:
    following = Following(tmp_path)
    assert following.now() == THEN.moment
    keeper.tell(Standing(5, 7))
    assert standing(tmp_path) == Standing(5, 7)
    assert following.now() == 5
    assert following.pace() > time.time_ns() - 10**9


def test_limits_go_on_with_what_the_clock_was_moved(tmp_path: Path, keeper: Keeper) -> None:
    day = 86400 * 10**9
    keeper.tell(Standing(THEN.moment + day, day))
    assert Following(tmp_path).pace() >= time.time_ns() + day - 10**9


def test_a_sandbox_goes_by_the_server_only_as_long_as_that_lives(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path, THEN)
    sandbox = Sandbox(tmp_path)
    try:
        assert sandbox.now() == THEN.moment // 10**9 == sandbox.store.opened
        keeper.close()
        assert sandbox.now() > time.time() - 60
        assert not (tmp_path / CLOCK).exists()
    finally:
        sandbox.close()


def test_what_a_dead_server_left_says_nothing_and_is_taken_over(tmp_path: Path) -> None:
    (tmp_path / CLOCK).write_text("5 0\n5 0\n")
    assert standing(tmp_path) is None
    keeper = Keeper(tmp_path, THEN)
    assert standing(tmp_path) == THEN
    keeper.close()


def test_a_clock_of_its_own_does_not_follow(tmp_path: Path, keeper: Keeper) -> None:
    sandbox = Sandbox(tmp_path, clock=lambda: THEN.moment + 5 * 10**9)
    assert sandbox.now() == THEN.moment // 10**9 + 5
    sandbox.close()


def test_a_second_clock_is_refused(tmp_path: Path, keeper: Keeper) -> None:
    with pytest.raises(UsageError, match="Another"):
        Keeper(tmp_path, THEN)
    assert standing(tmp_path) == THEN


def test_a_reset_leaves_the_clock_of_a_server_that_lives(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path, THEN)
    Sandbox(tmp_path).close()
    reset(tmp_path)
    assert not (tmp_path / FILE).exists()
    assert standing(tmp_path) == THEN
    keeper.close()
    (tmp_path / CLOCK).touch()
    reset(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_clock_that_cannot_be_read_is_no_reason_to_go_by_real_time(
    tmp_path: Path, keeper: Keeper
) -> None:
    (tmp_path / CLOCK).write_text("noon noon noon noon")
    with pytest.raises(StateError, match="cannot be read"):
        Following(tmp_path).now()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StateError, match="cannot be kept"):
        Keeper(tmp_path / "file" / "sandbox", THEN)


def test_nobody_else_may_read_it(tmp_path: Path, keeper: Keeper) -> None:
    assert (tmp_path / CLOCK).stat().st_mode & 0o077 == 0
