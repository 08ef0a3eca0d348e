"""What --timeout counts: the time in which the exchange is asked, and nothing else."""

from __future__ import annotations

import threading
import time

import pytest

from exchcli.core.deadline import Deadline
from exchcli.errors import NoAnswer


@pytest.fixture
def steady(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that the test moves."""
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_only_asking_takes_time(steady: list[float]) -> None:
    deadline = Deadline(10)
    steady[0] += 1000
    assert deadline.left() == 10
    with deadline.asking():
        steady[0] += 4
        assert deadline.left() == 6
    steady[0] += 1000
    with deadline.asking():
        steady[0] += 5
    assert deadline.left() == 1


def test_the_time_of_several_that_ask_at_once_is_counted_once(steady: list[float]) -> None:
    deadline = Deadline(10)
    with deadline.asking():
        steady[0] += 1
        with deadline.asking():
            steady[0] += 2
        steady[0] += 3
    assert deadline.left() == 4


def test_when_the_time_is_up_it_is_up(steady: list[float]) -> None:
    deadline = Deadline(10)
    with deadline.asking():
        steady[0] += 10
        with pytest.raises(NoAnswer, match="within 10 s"):
            deadline.left()


def test_a_thread_that_waits_for_its_turn_does_not_stop_the_others_time() -> None:
    deadline = Deadline(0.2)
    waiting, done = threading.Event(), threading.Event()

    def wait_for_a_turn() -> None:
        waiting.set()
        done.wait(10)

    thread = threading.Thread(target=wait_for_a_turn)
    thread.start()
    waiting.wait(10)
    with deadline.asking():
        while deadline.remaining() > 0:
            waiting.wait()
        with pytest.raises(NoAnswer):
            deadline.left()
    done.set()
    thread.join()
