"""Two processes with one key at the same moment, at both exchanges."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Trader


def finished(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def test_of_two_runs_at_once_one_places_and_the_other_answers_the_same(anywhere: Trader) -> None:
    anywhere.server.faults("delay=1:0.5", only=["POST"])
    both = [anywhere.begin("twins") for _ in range(2)]
    told = []
    for code, out, err in map(finished, both):
        assert code == 0, err
        told.append(json.loads(out))
    (order,) = anywhere.orders()
    assert [each["id"] for each in told] == [order.id, order.id]
    assert sorted(each["replayed"] for each in told) == [False, True]


def test_while_a_run_is_stopped_no_other_takes_its_place(anywhere: Trader) -> None:
    anywhere.server.faults("delay=1:1", only=["POST"])
    first = anywhere.begin("stopped")
    try:
        # As soon as its order is there, it waits for the answer, and holds the lock.
        end = time.monotonic() + 30
        while not anywhere.orders():
            assert time.monotonic() < end, "the order did not come"
            time.sleep(0.02)
        first.send_signal(signal.SIGSTOP)
        other = anywhere.buy("stopped", "--timeout", "1")
        assert other.returncode == 9, other.stderr
        assert other.error()["kind"] == "once_conflict"
    finally:
        first.send_signal(signal.SIGCONT)
    code, _, err = finished(first)
    assert code == 0, err
    assert anywhere.buy("stopped").data()["replayed"] is True
    assert len(anywhere.orders()) == 1


def test_two_keys_that_want_the_same_get_an_order_each(anywhere: Trader) -> None:
    both = [anywhere.begin(f"same-{number}") for number in range(2)]
    assert [finished(each)[0] for each in both] == [0, 0]
    told = {anywhere.buy(f"same-{number}").data()["id"] for number in range(2)}
    assert told == {order.id for order in anywhere.orders()}
    assert len(told) == 2
