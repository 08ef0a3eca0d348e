"""DigiFinex bans whoever exceeds its weight: for two, ten and thirty minutes."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchcli.sandbox.exchange import Sandbox
from exchcli.sandbox.limits import DAY, SECOND, Limits, NoLimits
from exchcli.sandbox.wire import WireRequest

MINUTE = 60 * SECOND
START = 10**18


@pytest.fixture
def limits(tmp_path):
    made = Limits(tmp_path / "limits")
    yield made
    made.close()


def exceeded(limits, now, scope="dfx:demo"):
    """Uses the whole budget of one, and once more: the seconds of the ban."""
    assert limits.wait(scope, 1, now, banning=True) == 0
    return limits.wait(scope, 1, now, banning=True)


def test_bans_grow_with_their_number_within_a_day(limits):
    now, lengths = START, []
    for _ in range(8):
        lengths.append(exceeded(limits, now))
        now += lengths[-1] * SECOND + MINUTE
    assert lengths == [120, 120, 120, 600, 600, 600, 1800, 1800]


def test_bans_of_the_day_before_are_forgotten(limits):
    for number in range(3):
        assert exceeded(limits, START + number * 5 * MINUTE) == 120
    assert exceeded(limits, START + DAY - SECOND) == 600
    # Of the four two are now more than a day old.
    assert exceeded(limits, START + DAY + 6 * MINUTE - SECOND + 10 * MINUTE) == 120


@pytest.mark.parametrize(("short_of_a_day", "seconds"), [(1, 600), (0, 120)])
def test_a_ban_counts_until_it_is_a_day_old(limits, short_of_a_day, seconds):
    for number in range(3):
        exceeded(limits, START + number * 5 * MINUTE)
    # Of the first three one is, or is not yet, forgotten.
    assert exceeded(limits, START + DAY - short_of_a_day) == seconds


def test_a_ban_tells_how_long_it_still_lasts_and_asking_does_not_prolong_it(limits):
    exceeded(limits, START)
    waits = [
        limits.wait("dfx:demo", 1, START + second * SECOND, banning=True)
        for second in (1, 30, 61, 119)
    ]
    assert waits == [119, 90, 59, 1]
    assert limits.wait("dfx:demo", 1, START + 120 * SECOND, banning=True) == 0


def test_a_ban_is_of_one_key_alone(limits):
    exceeded(limits, START)
    assert limits.wait("dfx:other", 1, START, banning=True) == 0
    assert limits.wait("dgt:demo", 1, START) == 0


def test_a_clock_that_was_set_back_ends_a_ban(limits):
    exceeded(limits, START)
    assert limits.wait("dfx:demo", 1, START - MINUTE, banning=True) == 0


def test_a_ban_outlives_the_process(tmp_path, limits):
    exceeded(limits, START)
    another = Limits(tmp_path / "limits")
    assert another.wait("dfx:demo", 1, START + MINUTE, banning=True) == 60
    another.close()


def test_a_file_of_before_there_were_bans_goes_on(tmp_path):
    path = tmp_path / "limits"
    db = sqlite3.connect(path)
    db.executescript(
        "CREATE TABLE asked (scope TEXT NOT NULL, time INTEGER NOT NULL, weight INTEGER NOT NULL);"
        "PRAGMA user_version = 1;"
    )
    db.execute("INSERT INTO asked VALUES ('dfx:demo', ?, 1)", (START,))
    db.commit()
    db.close()
    limits = Limits(path)
    assert limits.wait("dfx:demo", 1, START, banning=True) == 120
    limits.close()


@settings(max_examples=30, deadline=None)
@given(gaps=st.lists(st.integers(0, 400 * SECOND), max_size=40))
def test_no_ban_begins_while_another_lasts_and_every_one_ends(tmp_path_factory, gaps):
    limits = Limits(tmp_path_factory.mktemp("limits") / "limits")
    now, ends = START, 0
    for gap in gaps:
        now += gap
        seconds = limits.wait("dfx:demo", 2, now, banning=True)
        assert (seconds > 0) >= (now < ends)
        if now < ends:
            assert seconds == -(-(ends - now) // SECOND)
        elif seconds:
            assert seconds in (120, 600, 1800)
            ends = now + seconds * SECOND
    limits.close()


def test_public_requests_are_banned_for_two_minutes_and_signed_ones_are_not(ask, signed):
    codes = [ask("/v3/ping")["code"] for _ in range(1201)]
    assert codes == [0] * 1200 + [10005]
    assert signed("dfx")("/v3/spot/assets")["code"] == 0
    assert ask.at(119)("/v3/ping")["code"] == 10005
    assert ask.at(120)("/v3/ping")["code"] == 0


def test_a_sandbox_without_limits_counts_nothing(tmp_path):
    sandbox = Sandbox(tmp_path, clock=lambda: START, limited=False)
    assert isinstance(sandbox.limits, NoLimits)
    request = WireRequest("GET", "/api/public/time/", "", {}, b"")
    assert {sandbox.handle(request).status for _ in range(200)} == {200}
    sandbox.close()
    assert [path.name for path in tmp_path.glob("*limits*")] == []
