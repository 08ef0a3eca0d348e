"""Limits and bans that all processes of a machine share, on a clock that the test moves."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import deque
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from throttling import ORDER, PRIVATE, PUBLIC, URL, Machine

from exchcli.config import Limit
from exchcli.core.machine import SECOND
from exchcli.core.throttle import Call, Throttle
from exchcli.errors import RateLimited, StateError

TORTURE = Path(__file__).parents[1] / "torture" / "throttle.py"


def test_four_fifths_are_for_everyone_and_the_rest_for_what_settles(machine: Machine) -> None:
    assert sum(machine.granted(PUBLIC) for _ in range(20)) == 8
    settling = PUBLIC._replace(settling=True)
    assert sum(machine.granted(settling) for _ in range(20)) == 2


def test_a_call_that_settles_may_use_all_that_is_free(machine: Machine) -> None:
    settling = PUBLIC._replace(settling=True)
    assert sum(machine.granted(settling) for _ in range(20)) == 10
    assert not machine.granted(PUBLIC)


def test_room_comes_back_half_a_second_after_the_window_has_passed(machine: Machine) -> None:
    for _ in range(8):
        assert machine.granted(PUBLIC)
        machine.pass_(1)
    machine.pass_(60.4 - 8)
    assert not machine.granted(PUBLIC)
    machine.pass_(0.1)
    assert machine.granted(PUBLIC)
    assert not machine.granted(PUBLIC)


def test_who_finds_no_room_waits_just_as_long_as_needed_and_says_so(machine: Machine) -> None:
    for _ in range(8):
        assert machine.granted(PUBLIC)
    machine.pass_(20)
    assert machine.waited(PUBLIC) == pytest.approx(40.5, abs=0.01)
    assert max(machine.slept) <= 1
    seconds, why = machine.told[0]
    assert seconds == pytest.approx(40.5)
    assert why == (
        "Dgtmarket's limit of 10 public calls in 60 s is used up (2 of them are kept for cancels)"
    )
    assert machine.told[-1] == (0, "")


def test_without_waiting_the_time_is_told(machine: Machine) -> None:
    for _ in range(8):
        machine.granted(PUBLIC)
    with pytest.raises(RateLimited) as caught:
        machine.throttle(patient=False).reserve(PUBLIC)
    assert caught.value.exit == 5
    assert caught.value.exchange == "dgt"
    assert caught.value.message.endswith(", until 2020-09-13T12:27:41Z.")
    assert "--no-wait" in (caught.value.hint or "")
    assert machine.slept == []


def test_weights_are_summed(machine: Machine) -> None:
    heavy = PUBLIC._replace(weight=3)
    assert [machine.granted(heavy) for _ in range(3)] == [True, True, False]
    assert machine.granted(PUBLIC._replace(weight=2))
    assert not machine.granted(PUBLIC)


@pytest.mark.parametrize("most", [1, 2, 4])
def test_a_limit_too_small_to_share_and_a_weight_beyond_it_still_go_through(
    machine: Machine, most: int
) -> None:
    throttle = machine.throttle(limits={"public": Limit(most, 10)})
    for _ in range(3):
        throttle.reserve(PUBLIC._replace(weight=50))
    throttle.close()
    assert sum(machine.slept) == pytest.approx(21, abs=0.1)


def test_keys_and_urls_are_counted_apart_and_public_calls_are_not(machine: Machine) -> None:
    assert sum(machine.granted(PRIVATE) for _ in range(30)) == 16
    assert machine.granted(PRIVATE._replace(key="otherfakekey"))
    assert machine.granted(PRIVATE, url="https://sandbox.invalid/api")
    assert machine.granted(PUBLIC)


def test_the_key_is_not_in_the_file_and_the_file_is_its_owners_alone(machine: Machine) -> None:
    machine.granted(PRIVATE)
    one = machine.throttle()
    one.ban(PRIVATE, "private", 60, "because")
    one.close()
    for file in machine.folder.iterdir():
        assert b"fakekey" not in file.read_bytes()
        assert file.stat().st_mode & 0o777 == 0o600
    assert machine.folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("step", [3, -60, 86400, -(10**8)])
def test_a_wall_clock_that_is_set_changes_nothing(machine: Machine, step: int) -> None:
    for _ in range(8):
        assert machine.granted(PUBLIC)
    one = machine.throttle()
    one.ban(PRIVATE, "private", 100, "because")
    machine.wall += step * SECOND
    assert not machine.granted(PUBLIC)
    assert not machine.granted(PRIVATE)
    machine.pass_(60.5)
    assert machine.granted(PUBLIC)
    assert not machine.granted(PRIVATE)
    machine.pass_(40)
    assert machine.granted(PRIVATE)
    one.close()


def test_after_a_restart_the_wall_clock_tells_how_much_time_has_passed(machine: Machine) -> None:
    for _ in range(8):
        assert machine.granted(PUBLIC)
    one = machine.throttle()
    one.ban(PRIVATE, "private", 100, "because")
    one.close()
    machine.boot, machine.steady, machine.wall = "boot-2", 5 * SECOND, machine.wall + 30 * SECOND
    assert not machine.granted(PUBLIC)
    assert not machine.granted(PRIVATE)
    machine.pass_(30.6)
    assert sum(machine.granted(PUBLIC) for _ in range(20)) == 8
    machine.pass_(40)
    assert machine.granted(PRIVATE)


def test_a_restart_with_a_wall_clock_that_fell_back_forgets_nothing(machine: Machine) -> None:
    for _ in range(8):
        assert machine.granted(PUBLIC)
    machine.boot, machine.steady, machine.wall = "", SECOND, 0
    assert not machine.granted(PUBLIC)
    machine.pass_(60.5)
    assert machine.granted(PUBLIC)


def test_a_dead_ticket_holds_its_place_for_three_seconds_only(machine: Machine) -> None:
    for _ in range(8):
        assert machine.granted(PUBLIC)

    class Killed(BaseException):
        pass

    def die(_seconds: float) -> None:
        raise Killed

    machine.pass_(59)
    victim = machine.throttle()
    victim._sleep = die
    victim._give_back = lambda _call, _ticket: None  # type: ignore[method-assign]
    with pytest.raises(Killed):
        victim.reserve(PUBLIC._replace(weight=8))
    victim.close()
    machine.pass_(2)  # the room is there, and the dead one's
    assert not machine.granted(PUBLIC)
    machine.pass_(1.1)
    assert machine.granted(PUBLIC)


def test_who_gives_up_leaves_the_queue_at_once(machine: Machine) -> None:
    for _ in range(8):
        assert machine.granted(PUBLIC)

    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    one = machine.throttle()
    one._sleep = interrupt
    with pytest.raises(KeyboardInterrupt):
        one.reserve(PUBLIC._replace(weight=8))
    one.close()
    machine.pass_(60.5)
    assert machine.granted(PUBLIC)


def test_those_who_wait_are_served_in_the_order_in_which_they_came(machine: Machine) -> None:
    for _ in range(8):
        assert machine.granted(PUBLIC)
    served: list[str] = []
    late = machine.throttle()

    def come_late(seconds: float) -> None:
        # While the first one sleeps, another comes, and finds one in front when it looks.
        if not served:
            served.append("came late")
            machine.pass_(60.4)
            late._sleep = lambda _s: (_ for _ in ()).throw(AssertionError("let it go first"))
            with pytest.raises(AssertionError, match="let it go first"):
                late.reserve(PUBLIC)
        machine.sleep(seconds)

    first = machine.throttle()
    first._sleep = come_late
    first.reserve(PUBLIC)
    served.append("first")
    assert served == ["came late", "first"]
    first.close()
    late.close()


# --- bans -------------------------------------------------------------------------------------


def test_a_ban_stops_every_process_until_it_ends_and_tells_when(machine: Machine) -> None:
    one = machine.throttle()
    one.ban(PRIVATE, "private", 120, "it was asked too often [10005]")
    one.close()
    other = machine.throttle()
    with pytest.raises(RateLimited) as caught:
        other.reserve(PRIVATE)
    assert caught.value.message == (
        "Dgtmarket is not asked before 2020-09-13T12:28:40Z (signed calls): "
        "it was asked too often [10005]."
    )
    assert "2020-09-13T12:28:40Z" in (caught.value.hint or "")
    other.reserve(PUBLIC)
    other.reserve(PRIVATE._replace(key="otherfakekey"))
    machine.pass_(120)
    other.reserve(PRIVATE)
    other.close()


@pytest.mark.parametrize("wall", [1_600_000_000 * SECOND, 1_600_000_000 * SECOND + SECOND // 3])
def test_a_ban_ends_at_the_same_moment_whenever_one_looks(machine: Machine, wall: int) -> None:
    machine.wall = wall
    one = machine.throttle()
    told = {one.ban(PUBLIC, "public", 300, "because")}
    for drift in (-200_000_000, -1, 0, 1, 200_000_000):  # of the wall clock, as it is corrected
        machine.pass_(0.37)
        machine.wall += drift
        told |= {row.banned_until for row in one.usage() if row.banned_until is not None}
    assert len(told) == 1
    machine.wall += 60 * SECOND  # it was set
    assert {row.banned_until for row in one.usage()} == {
        None, told.pop() + timedelta(seconds=60)
    }  # fmt: skip
    one.close()


def test_the_end_of_a_short_ban_is_waited_for(machine: Machine) -> None:
    one = machine.throttle()
    one.ban(PUBLIC, "public", 12, "because")
    one.close()
    assert not machine.granted(PUBLIC)
    assert machine.waited(PUBLIC) == pytest.approx(12, abs=0.01)
    assert machine.told[0] == (12, "Dgtmarket has asked for a pause")


def test_a_longer_ban_stays_and_none_is_longer_than_a_day(machine: Machine) -> None:
    one = machine.throttle()
    one.ban(PUBLIC, "public", 10**9, "because")
    one.ban(PUBLIC, "public", 10, "because")
    one.close()
    machine.pass_(86399)
    assert not machine.granted(PUBLIC)
    machine.pass_(1)
    assert machine.granted(PUBLIC)


def test_a_trading_ban_holds_up_new_orders_only(machine: Machine) -> None:
    one = machine.throttle()
    one.ban(ORDER, "trading", 1800, "because")
    one.close()
    assert not machine.granted(ORDER)
    assert machine.granted(PRIVATE)


# --- usage ------------------------------------------------------------------------------------


def test_usage_tells_what_is_used_and_banned_and_counts_nothing(machine: Machine) -> None:
    for call in (PUBLIC, PUBLIC, PRIVATE):
        machine.granted(call)
    one = machine.throttle()
    one.ban(ORDER, "trading", 1800, "because")
    rows = one.usage("fakekey")
    assert rows == one.usage("fakekey")
    assert [row[:4] for row in rows] == [
        ("public", 2, 10, 60),
        ("private", 1, 20, 60),
        ("trading", None, None, None),
    ]
    assert [row.banned_until is None for row in rows] == [True, True, False]
    assert [row[:2] for row in one.usage()] == [("public", 2), ("private", None)]
    one.close()


def test_usage_makes_no_file(machine: Machine) -> None:
    assert [row.used for row in machine.throttle().usage()] == [0, 0]
    assert not machine.folder.exists()


# --- always -----------------------------------------------------------------------------------

STEPS = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.001, 0.3, 1.0, 4.9, 5.2]),  # seconds until the next call
        st.sampled_from([0, 0, 3, -60]),  # and what the wall clock is set by
        st.sampled_from([1, 1, 2, 5]),
        st.booleans(),
    ),
    max_size=40,
)


@given(steps=STEPS, most=st.integers(1, 12))
@settings(max_examples=60, deadline=None)
def test_no_window_ever_holds_more_than_the_limit(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[float, int, int, bool]], most: int
) -> None:
    machine = Machine(tmp_path_factory.mktemp("state"))
    processes = [machine.throttle(limits={"public": Limit(most, 5)}, patient=False)
                 for _ in range(2)]  # fmt: skip
    window: deque[tuple[int, int]] = deque()
    for number, (seconds, step, weight, settling) in enumerate(steps):
        machine.pass_(seconds)
        machine.steady += 7  # so that no two grants fall into one nanosecond, or on an edge
        machine.wall += step * SECOND
        weight = min(weight, most - most * 20 // 100)
        while window and window[0][0] <= machine.steady - int(5.5 * SECOND):
            window.popleft()
        used = sum(each for _, each in window)
        room = most if settling else most - most * 20 // 100
        try:
            processes[number % 2].reserve(
                Call("public", ("public",), weight=weight, settling=settling)
            )
            assert used + weight <= room
            window.append((machine.steady, weight))
        except RateLimited:
            assert used + weight > room
    for process in processes:
        process.close()


def test_threads_of_one_process_share_it_and_are_woken_when_it_closes(tmp_path: Path) -> None:
    throttle = Throttle(tmp_path, "dgt", "Dgtmarket", URL, {"public": Limit(10, 60)})
    outcomes: list[str] = []

    def ask() -> None:
        try:
            throttle.reserve(PUBLIC)
            outcomes.append("granted")
        except (RateLimited, StateError):
            outcomes.append("woken")

    threads = [threading.Thread(target=ask) for _ in range(12)]
    for thread in threads:
        thread.start()
    while len(outcomes) < 8:
        threading.Event().wait(0.005)
    throttle.close()
    for thread in threads:
        thread.join(10)
    assert sorted(outcomes) == ["granted"] * 8 + ["woken"] * 4


def test_eight_processes_stay_below_the_limit_together_and_share_it() -> None:
    ran = subprocess.run(
        [sys.executable, str(TORTURE), "3.2"], capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "most in any 1 s: 40 of 40" in ran.stdout
