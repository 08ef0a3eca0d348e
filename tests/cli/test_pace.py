"""Orders of a batch are as far apart as the exchange's lists need to be had whole."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from exchcli.cli.batch import Pace


class Time:
    """A clock that only moves when somebody sleeps or works."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept += seconds


@given(st.lists(st.tuples(st.integers(1, 10), st.floats(0, 0.6)), max_size=80))
def test_no_stretch_of_time_holds_more_than_can_be_listed(calls: list[tuple[int, float]]) -> None:
    time = Time()
    pace = Pace((90, 2.2), time, time.sleep)
    sent: list[tuple[float, int]] = []
    for count, took in calls:
        pace.wait(count)
        sent.append((time.now, count))
        time.now += took
        pace.sent(count)
    for start, _ in sent:
        assert sum(count for at, count in sent if start <= at < start + 2.2 - 1e-6) <= 90


def test_a_short_batch_never_waits() -> None:
    time = Time()
    pace = Pace((90, 2.2), time, time.sleep)
    for _ in range(9):
        pace.wait(10)
        pace.sent(10)
    assert time.slept == 0
    pace.wait(10)
    assert time.slept > 2


def test_an_exchange_whose_lists_have_pages_sets_no_pace() -> None:
    time = Time()
    pace = Pace(None, time, time.sleep)
    for _ in range(1000):
        pace.wait(10)
        pace.sent(10)
    assert time.slept == 0
