"""A machine whose clocks a test moves, and the calls and limits that it is asked about."""

from __future__ import annotations

from pathlib import Path

from exchcli.config import Limit
from exchcli.core.machine import SECOND, Reading
from exchcli.core.throttle import Call, Notices, Throttle
from exchcli.errors import RateLimited

URL = "https://dgtmarket.com/api"
LIMITS = {"public": Limit(10, 60), "private": Limit(20, 60)}
PUBLIC = Call("public", ("public",))
PRIVATE = Call("private", ("private",), key="fakekey")
ORDER = Call("private", ("private", "trading"), key="fakekey")


class Machine:
    """Clocks that the test sets, and throttles of as many processes as it wants."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.boot, self.steady, self.wall = "boot-1", 10**12, 1_600_000_000 * SECOND
        self.slept: list[float] = []
        self.told: list[tuple[float, str]] = []
        self.traced: list[str] = []
        self.warned: list[str] = []
        self._throttles: list[Throttle] = []

    def close(self) -> None:
        for throttle in self._throttles:
            throttle.close()

    def read(self) -> Reading:
        return Reading(self.boot, self.steady, self.wall)

    def pass_(self, seconds: float) -> None:
        self.steady += int(seconds * SECOND)
        self.wall += int(seconds * SECOND)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.pass_(seconds)

    def throttle(
        self, url: str = URL, *, patient: bool = True, limits: dict[str, Limit] = LIMITS
    ) -> Throttle:
        notices = Notices(
            lambda seconds, why: self.told.append((seconds, why)),
            self.traced.append,
            self.warned.append,
        )
        throttle = Throttle(
            self.folder, "dgt", "Dgtmarket", url, limits, patient=patient, notices=notices,
            clock=self.read, sleep=self.sleep,
        )  # fmt: skip
        self._throttles.append(throttle)
        return throttle

    def granted(self, call: Call, url: str = URL) -> bool:
        """Whether a process that does not wait may make this call."""
        one = self.throttle(url, patient=False)
        try:
            one.reserve(call)
        except RateLimited:
            return False
        finally:
            one.close()
        return True

    def waited(self, call: Call) -> float:
        """Seconds that a process waits for this call."""
        before = self.steady
        one = self.throttle()
        one.reserve(call)
        one.close()
        return (self.steady - before) / SECOND
