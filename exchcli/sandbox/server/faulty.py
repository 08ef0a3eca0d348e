"""A sandbox where things go wrong by a plan: what becomes of each request, and of its reply."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from threading import RLock
from typing import NamedTuple

from exchcli.sandbox.exchange import Sandbox
from exchcli.sandbox.limits import SECOND, too_many
from exchcli.sandbox.server.faults import Dice, Fault, Plan, Roll
from exchcli.sandbox.wire import WireReply, WireRequest, json_reply

_PAGE = (
    b"<!doctype html>\n<html><head><title>Welcome</title></head>"
    b"<body>Please log in to this network.</body></html>\n"
)


class Outcome(NamedTuple):
    """What the carrier has to do: wait so many seconds, and then send `reply`.

    Without a reply the connection is closed without a byte. `cut` is how many bytes of the
    body go out, under the content-length of all, before the connection closes. `fault` is
    the name of what went wrong, if anything did.
    """

    reply: WireReply | None
    wait: float = 0.0
    cut: int | None = None
    fault: str | None = None


class Lost(ConnectionError):
    """The connection was closed before the whole reply had come."""


class Faulty:
    """Stands before a Sandbox. Its plan may be replaced at any time, which rolls anew.

    `clock` gives nanoseconds since the epoch; late requests are due by it, but only when
    something is asked, or when `catch_up` is called.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        plan: Plan,
        clock: Callable[[], int] = time.time_ns,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.sandbox = sandbox
        self.happened: Counter[str] = Counter()
        self._clock = clock
        self._sleep = sleep
        self._late: list[tuple[int, WireRequest, Fault | None]] = []
        self._unlisted: list[tuple[int, str, int, int]] = []
        self._lock = RLock()
        self.follow(plan)

    def follow(self, plan: Plan) -> None:
        """Goes by this plan from now on. Late requests that wait are still executed."""
        with self._lock:
            self.plan = plan
            self._dice = Dice(plan)
            self.happened.clear()

    def moved(self, sandbox: Sandbox) -> None:
        """Stands before another sandbox; what waited was meant for the one before."""
        with self._lock:
            self.sandbox = sandbox
            self._late.clear()
            self._unlisted.clear()

    def handle(self, request: WireRequest) -> WireReply:
        """As Sandbox.handle, for use within the process: waits, and raises Lost where a
        connection would have been cut."""
        outcome = self.carry(request)
        if outcome.wait:
            self._sleep(outcome.wait)
        if outcome.reply is None or outcome.cut is not None:
            raise Lost(f"The connection was closed ({outcome.fault}).")
        return outcome.reply

    def carry(self, request: WireRequest) -> Outcome:
        """Executes the request or not, as the dice fall. Raises StateError as the sandbox does."""
        with self._lock:
            self.catch_up()
            self._list_again()
            if not self.plan.faults or not self.plan.applies(request):
                return Outcome(self.sandbox.handle(request))
            roll = self._dice.roll()
            names = [each.name for each in (roll.fault, roll.lag) if each]
            self.happened.update(names)
            outcome = self._befallen(request, roll)
            return outcome._replace(fault=" ".join(names) or None)

    def catch_up(self) -> list[tuple[WireRequest, WireReply]]:
        """Executes the late requests that are due by now; what they were answered, too late."""
        with self._lock:
            now = self._clock()
            due = [each for each in self._late if each[0] <= now]
            self._late = [each for each in self._late if each[0] > now]
            return [(request, self._execute(request, lag)) for _, request, lag in due]

    def next_late(self) -> int | None:
        """When the next late request is due, in nanoseconds since the epoch."""
        return min((each[0] for each in self._late), default=None)

    def _befallen(self, request: WireRequest, roll: Roll) -> Outcome:
        fault, lag, coin = roll
        if fault is None:
            return Outcome(self._execute(request, lag))
        seconds = float(fault.seconds)
        match fault.name:
            case "lost-before":
                return Outcome(None)
            case "drop-reply":
                self._execute(request, lag)
                return Outcome(None)
            case "delay":
                return Outcome(self._execute(request, lag), wait=seconds)
            case "late":
                # Either the connection breaks, or it is held until the request has its way.
                self._late.append((self._clock() + int(fault.seconds * SECOND), request, lag))
                return Outcome(None, wait=seconds if coin else 0.0)
            case "error-500-after":
                self._execute(request, lag)
                return Outcome(_failure(500))
            case "truncate":
                return _truncated(self._execute(request, lag), coin)
        return Outcome(_instead(request, fault))

    def _execute(self, request: WireRequest, lag: Fault | None) -> WireReply:
        """The sandbox's reply; with a lag, lists will not show what this made for a while."""
        if lag is None:
            return self.sandbox.handle(request)
        exchange = exchange_of(request)
        before = self._newest(exchange)
        reply = self.sandbox.handle(request)
        after = self._newest(exchange)
        if after > before:
            until = self._clock() + int(lag.seconds * SECOND)
            self._unlisted.append((until, exchange, before + 1, after))
            self._list_again()
        return reply

    def _newest(self, exchange: str) -> int:
        with self.sandbox.lock:
            rows = self.sandbox.store.rows(
                "SELECT coalesce(max(id), 0) FROM orders WHERE exchange = ?", exchange
            )
        return rows[0][0]

    def _list_again(self) -> None:
        """Tells the store which orders lists do not show, now that time has passed."""
        if self._unlisted or self.sandbox.store.unlisted:
            now = self._clock()
            self._unlisted = [each for each in self._unlisted if each[0] > now]
            self.sandbox.store.unlisted = [each[1:] for each in self._unlisted]


def exchange_of(request: WireRequest) -> str:
    """Whose path it is: "dgt" or "dfx"."""
    return "dgt" if request.path.startswith("/api/") else "dfx"


def _truncated(reply: WireReply, coin: bool) -> Outcome:
    """Half of a body: under the length of the whole, or as if that were all of it."""
    half = len(reply.body) // 2
    if not half:
        return Outcome(None)
    if coin:
        return Outcome(reply, cut=half)
    return Outcome(reply._replace(body=reply.body[:half]))


def _instead(request: WireRequest, fault: Fault) -> WireReply:
    """The answer to a request that is not executed."""
    dgt = exchange_of(request) == "dgt"
    match fault.name:
        case "error-500":
            return _failure(500)
        case "error-502":
            return _failure(502)
        case "html":
            return WireReply(200, {"content-type": "text/html; charset=utf-8"}, _PAGE)
        case "redirect":
            target = f"{request.path}?{request.query}" if request.query else request.path
            return WireReply(307, {"location": target}, b"")
    from exchcli.sandbox import digifinex_codes as codes

    if fault.name == "limited":
        seconds = max(1, int(fault.seconds))
        return too_many(seconds) if dgt else codes.refusal(codes.TOO_OFTEN)
    assert fault.name == "stale"
    if dgt:
        return json_reply({"detail": "The request has expired."}, 401)
    return codes.refusal(codes.BAD_TIMESTAMP)


def _failure(status: int) -> WireReply:
    words = {500: "Internal Server Error", 502: "Bad Gateway"}[status]
    body = f"<html><head><title>{status} {words}</title></head></html>\n".encode()
    return WireReply(status, {"content-type": "text/html"}, body)
