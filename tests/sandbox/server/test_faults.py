"""Faults on demand: how they are written, and how often and for what they happen."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchcli.errors import UsageError
from exchcli.sandbox.server.faults import KINDS, Dice, Fault, fault, plan
from exchcli.sandbox.wire import WireRequest

SIGNED = {"access-key": "somebody"}


def request(method: str = "GET", path: str = "/v3/spot/assets", **headers: str) -> WireRequest:
    return WireRequest(method, path, "", headers or SIGNED, b"")


def test_a_fault_is_a_name_with_a_rate_and_perhaps_seconds() -> None:
    assert fault("drop-reply=0.05") == Fault("drop-reply", Decimal("0.05"), Decimal(0))
    assert fault("delay=1:0.5") == Fault("delay", Decimal(1), Decimal("0.5"))
    assert fault("late=0.1").seconds == 10


@pytest.mark.parametrize("name", KINDS)
def test_every_fault_reads_as_it_is_shown(name: str) -> None:
    assert fault(str(fault(f"{name}=0.25"))) == fault(f"{name}=0.25")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lost=0.1", "There is no fault 'lost'"),
        ("delay", "is no fault"),
        ("delay=", "is no fault"),
        ("delay=-1", "is no fault"),
        ("delay=1e-1", "is no fault"),
        ("delay=٠.٥", "is no fault"),
        ("delay=1.5", "from 0 to 1"),
        ("delay=0.5:99999", "too long"),
        ("html=0.5:3", "takes no time"),
    ],
)
def test_what_is_no_fault_is_refused_with_what_there_is(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as refused:
        fault(text)
    assert refused.value.hint


def test_an_unknown_name_lists_all_names() -> None:
    with pytest.raises(UsageError) as refused:
        fault("lag-behind=1")
    assert all(name in (refused.value.hint or "") for name in KINDS)


def test_rates_that_add_up_to_more_than_one_are_refused() -> None:
    assert plan(["delay=0.7", "html=0.3"])
    with pytest.raises(UsageError, match="add up to more than 1"):
        plan(["delay=0.7", "html=0.31"])


@pytest.mark.parametrize("word", ["post", "", "POST,GET", "order", "FOO", "GETS", "CONNECT"])
def test_only_takes_methods_that_there_are_and_pieces_of_paths(word: str) -> None:
    with pytest.raises(UsageError):
        plan(["delay=1"], [word])


def test_faults_befall_signed_requests_unless_told_otherwise() -> None:
    every = plan(["html=1"])
    assert every.applies(request())
    assert not every.applies(request(accept="*/*"))
    posts = plan(["html=1"], ["POST", "DELETE"])
    assert posts.applies(request("POST"))
    assert posts.applies(request("DELETE"))
    assert not posts.applies(request("GET"))
    assert not posts.applies(request("POST", accept="*/*"))
    orders = plan(["html=1"], ["/order/", "/time"])
    assert orders.applies(request(path="/v3/spot/order/current"))
    assert orders.applies(request(path="/v3/time", accept="*/*"))
    assert not orders.applies(request(path="/v3/spot/assets"))
    both = plan(["html=1"], ["POST", "/order/"])
    assert both.applies(request("POST", "/v3/spot/order/new"))
    assert not both.applies(request("GET", "/v3/spot/order/current"))


@given(st.integers(), st.integers(1, 40))
def test_the_same_seed_meets_the_same_faults(seed: int, count: int) -> None:
    first, second = (Dice(plan(["delay=0.3", "html=0.3"], seed=seed)) for _ in range(2))
    assert [first.roll() for _ in range(count)] == [second.roll() for _ in range(count)]


def test_each_fault_happens_as_often_as_its_rate_says() -> None:
    dice = Dice(plan(["delay=0.2", "html=0.5", "stale=0"], seed=3))
    found = (dice.roll().fault for _ in range(4000))
    names = [each.name if each else None for each in found]
    assert abs(names.count("delay") - 800) < 120
    assert abs(names.count("html") - 2000) < 150
    assert names.count("stale") == 0


def test_a_rate_of_one_is_every_request_and_of_nought_none() -> None:
    always, never = Dice(plan(["html=1"])), Dice(plan(["html=0"]))
    assert all(always.roll()[0] for _ in range(500))
    assert not any(never.roll()[0] for _ in range(500))
