"""What can go wrong on demand: the names, the plan, and the dice.

A plan is a list of faults with their rates, and which requests they befall. One roll decides
for one request, so it meets one fault at most, each as often as its rate says; only the lag of
lists has a roll of its own, since the order whose reply was lost may be the one that is listed
late. The rolls follow from a seed: the same requests in the same order meet the same faults.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from random import Random
from typing import NamedTuple

from exchcli.errors import UsageError
from exchcli.sandbox.wire import WireRequest


class Kind(NamedTuple):
    """What a fault does; `seconds` is its usual time, None where it takes none."""

    what: str
    seconds: str | None = None


LAG = "lag"
KINDS = {
    "lost-before": Kind("the connection is closed, and the request not executed"),
    "drop-reply": Kind("executed, and the connection closed without a byte"),
    "delay": Kind("executed, and the reply SECONDS late", "2"),
    "late": Kind("no reply; executed SECONDS later, with the timestamp that it has", "10"),
    "error-500": Kind("HTTP 500, not executed"),
    "error-502": Kind("HTTP 502, not executed"),
    "error-500-after": Kind("executed, and HTTP 500"),
    "truncate": Kind("executed, and only half of the reply's body sent"),
    "limited": Kind("refused as too many requests, for SECONDS (429, code 10005)", "2"),
    "stale": Kind("refused as too old (401, code 10008)"),
    LAG: Kind("for SECONDS its order is in no list, whatever else befalls it", "5"),
    "html": Kind("HTTP 200 with a page of HTML, not executed"),
    "redirect": Kind("HTTP 307 to the same place, not executed"),
}
_FORM = re.compile(r"([a-z0-9-]+)=([0-9]+(?:\.[0-9]+)?)(?::([0-9]+(?:\.[0-9]+)?))?")
_LONGEST = 3600
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")


class Fault(NamedTuple):
    """One kind of fault; `rate` is from 0 to 1, `seconds` 0 for those that take no time."""

    name: str
    rate: Decimal
    seconds: Decimal

    def __str__(self) -> str:
        """As it is written on the command line."""
        timed = f":{self.seconds:f}" if KINDS[self.name].seconds else ""
        return f"{self.name}={self.rate:f}{timed}"


class Plan(NamedTuple):
    """Which faults there are, for which requests, and the seed of the dice.

    `only` has methods (POST) and pieces of paths (/order/); without any it is all signed
    requests. Where a path is named, also those that are not signed.
    """

    faults: tuple[Fault, ...] = ()
    only: tuple[str, ...] = ()
    seed: int = 0

    def applies(self, request: WireRequest) -> bool:
        methods = [word for word in self.only if not word.startswith("/")]
        paths = [word for word in self.only if word.startswith("/")]
        if methods and request.method not in methods:
            return False
        if paths:
            return any(piece in request.path for piece in paths)
        return "access-key" in request.headers


def plan(faults: Sequence[str], only: Sequence[str] = (), seed: int = 0) -> Plan:
    """A plan of `NAME=RATE[:SECONDS]` and of methods and paths. Raises UsageError."""
    read = tuple(fault(text) for text in faults)
    if sum(each.rate for each in read if each.name != LAG) > 1:
        raise UsageError(
            "The rates of all faults add up to more than 1.",
            "A request meets one fault at most; make some of them rarer.",
        )
    for word in only:
        if not (word.startswith("/") or word in _METHODS):
            raise UsageError(
                f"{word!r} says of no request whether faults apply to it.",
                f"Write a method ({', '.join(_METHODS)}), or a piece of a path (/order/).",
            )
    return Plan(read, tuple(only), seed)


def fault(text: str) -> Fault:
    """One fault as it is written: NAME=RATE, or NAME=RATE:SECONDS. Raises UsageError."""
    found = _FORM.fullmatch(text)
    if found is None:
        raise UsageError(
            f"{text!r} is no fault.",
            f"Write NAME=RATE or NAME=RATE:SECONDS, like drop-reply=0.05. {listed()}",
        )
    name, rate, seconds = found[1], Decimal(found[2]), found[3]
    if name not in KINDS:
        raise UsageError(f"There is no fault {name!r}.", listed())
    if rate > 1:
        raise UsageError(
            f"{text!r}: a rate is from 0 to 1.", "0.05 is one request in twenty, 1 is every one."
        )
    usual = KINDS[name].seconds
    if seconds is not None and usual is None:
        raise UsageError(f"{text!r}: {name} takes no time.", f"Write {name}={rate:f}.")
    lasting = Decimal(seconds or usual or 0)
    if lasting > _LONGEST:
        raise UsageError(f"{text!r} is too long.", f"{_LONGEST} seconds are the most.")
    return Fault(name, rate, lasting)


def listed() -> str:
    return f"The faults are: {', '.join(KINDS)}."


class Roll(NamedTuple):
    """What befalls a request: a fault, the lag of its order, and the fall of a coin for faults
    of two forms."""

    fault: Fault | None
    lag: Fault | None
    coin: bool


class Dice:
    """Decides, request after request, by the seed of the plan."""

    def __init__(self, plan: Plan) -> None:
        self._faults = [each for each in plan.faults if each.name != LAG]
        self._lags = [each for each in plan.faults if each.name == LAG]
        self._random = Random(plan.seed)

    def roll(self) -> Roll:
        """What befalls the next request."""
        coin = self._random.random() < 0.5
        return Roll(self._one_of(self._faults), self._one_of(self._lags), coin)

    def _one_of(self, faults: list[Fault]) -> Fault | None:
        chance = Decimal(self._random.random())
        for each in faults:
            if chance < each.rate:
                return each
            chance -= each.rate
        return None
