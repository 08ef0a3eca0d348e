"""The sandbox that is served: its clock, its faults, its log, and the file that may be replaced.

Everything here runs in one thread, one call at a time, in the order of asking.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from exchcli.errors import StateError
from exchcli.sandbox.clock import Following, Keeper, Standing
from exchcli.sandbox.exchange import Sandbox
from exchcli.sandbox.limits import SECOND
from exchcli.sandbox.server.faults import Plan
from exchcli.sandbox.server.faulty import Faulty, Outcome
from exchcli.sandbox.server.log import Log
from exchcli.sandbox.wire import WireRequest, json_reply


class Clock:
    """Real time, or a moment that stands still until it is moved; in nanoseconds.

    One that stands is the clock of all who use the sandbox in this folder, until it is closed.
    One that does not goes by that of another server, if there is one that stands.
    """

    def __init__(self, folder: Path, seconds: int | None = None) -> None:
        """Raises UsageError if another server's clock stands already, and StateError."""
        self.stands = seconds is not None
        self._following = Following(folder)
        self._standing = Standing((seconds or 0) * SECOND)
        self._keeper = Keeper(folder, self._standing) if self.stands else None

    def now(self) -> int:
        return self._standing.moment if self.stands else self._following.now()

    def at_least(self, moment: int) -> None:
        """Has time go on from this moment, if it does not stand (nanoseconds)."""
        self._following.at_least(moment)

    def pace(self) -> int:
        """What limits go by: real time, and what a standing clock was moved on beside it."""
        return time.time_ns() + self._standing.moved if self.stands else self._following.pace()

    def move(self, moment: int) -> None:
        """Lets a standing clock stand at another moment. Raises StateError."""
        on = max(0, moment - self._standing.moment)
        standing = Standing(moment, self._standing.moved + on)
        if self._keeper is not None:
            self._keeper.tell(standing)
        self._standing = standing

    def close(self) -> None:
        if self._keeper is not None:
            self._keeper.close()


class Live:
    """Opens the sandbox by `opening`, and anew when its file is no longer the one it opened."""

    def __init__(
        self,
        opening: Callable[[], Sandbox],
        plan: Plan,
        clock: Clock,
        say: Callable[[str], None] = lambda _line: None,
    ) -> None:
        """`say` takes one line for the person who started the server. Raises StateError."""
        self.clock = clock
        self.log = Log()
        self._opening = opening
        self._say = say
        self._told: str | None = None
        self._sandbox = opening()
        self._file = _identity(self._sandbox)
        self.faulty = Faulty(self._sandbox, plan, clock.now)

    @property
    def sandbox(self) -> Sandbox:
        """The sandbox whose file is in its place now. Raises StateError.

        `exch sandbox reset` removes the file, and another process may have made a new one.
        """
        if _identity(self._sandbox) != self._file:
            self._sandbox.close()
            self._sandbox = self._opening()
            self._file = _identity(self._sandbox)
            self.faulty.moved(self._sandbox)
            self._say("The sandbox was reset; the server goes on with a new one.")
        return self._sandbox

    def ask(self, request: WireRequest) -> Outcome:
        """The exchange's reply to one request, and what goes wrong about it. Never raises."""
        began, moment = time.perf_counter_ns(), self.clock.now()
        try:
            _ = self.sandbox
            self.catch_up()
            outcome = self.faulty.carry(request)
            self._told = None
        except StateError as error:
            self._tell(error)
            detail = {"detail": f"{error.message} {error.hint or ''}".strip()}
            outcome = Outcome(json_reply(detail, 503))
        except Exception as error:
            outcome = Outcome(json_reply({"detail": self.told_of_bug(error)}, 503))
        took = time.perf_counter_ns() - began
        self.log.add(request, outcome.reply, time=moment, took=took, fault=outcome.fault)
        return outcome

    def told_of_bug(self, error: Exception) -> str:
        """Says what went wrong here, and returns what is said to the one who asked.

        Nothing that is sent may end the server or show its inside.
        """
        self._say(f"A bug in the sandbox: {type(error).__name__}: {error}")
        return "A bug in the sandbox; the server says more where it was started."

    def catch_up(self) -> None:
        """Executes late requests that are due. Raises StateError."""
        for request, reply in self.faulty.catch_up():
            self.log.add(request, reply, time=self.clock.now(), took=0, fault="late")

    def settle(self) -> None:
        """As catch_up, when nobody is there to be told of an error."""
        try:
            _ = self.sandbox
            self.catch_up()
        except StateError as error:
            self._tell(error)

    def move(self, moment: int) -> None:
        """Moves a standing clock. Raises StateError."""
        self.clock.move(moment)
        self.catch_up()

    def reset(self) -> None:
        """Removes the sandbox's files and opens a new one. Raises StateError."""
        from exchcli.sandbox.store import reset

        self._sandbox.close()
        reset(self._sandbox.store.path.parent)
        _ = self.sandbox

    def close(self) -> None:
        self._sandbox.close()
        self.clock.close()

    def _tell(self, error: StateError) -> None:
        """Says what is wrong with the store, once and not at every request."""
        if error.message != self._told:
            self._told = error.message
            self._say(f"{error.message} {error.hint or ''}".strip())


def _identity(sandbox: Sandbox) -> tuple[int, int] | None:
    """Which file lies in the store's place; None if there is none."""
    try:
        found = os.stat(sandbox.store.path)  # noqa: PTH116 -- asked at every request
    except OSError:
        return None
    return found.st_dev, found.st_ino
