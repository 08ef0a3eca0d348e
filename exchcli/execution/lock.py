"""One run at a time for an exchange at one URL: a lock of the kernel, which ends with its process.

Two profiles may be one account, by one API key or by two: so they wait for each other.

Never a lease that runs out: a process that was stopped and goes on later must not find that
another one has taken its place.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from exchcli.errors import OnceConflict
from exchcli.execution.intent import Account
from exchcli.state import cannot, make_folder

LOOK = 0.05  # seconds between looks


class Lock:
    """The lock of an account's exchange and URL in the state folder. `patience` is how long to
    wait, in seconds."""

    def __init__(
        self,
        state: Path,
        account: Account,
        patience: float,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        where = "\0".join((account.exchange, account.url))
        name = hashlib.sha256(where.encode()).hexdigest()[:16]
        self.path = state / "locks" / f"{account.exchange}-{name}.lock"
        self._patience = patience
        self._sleep = sleep
        self._handle: int | None = None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Holds it inside. Raises OnceConflict when another run does for too long, and
        StateError where there can be none.
        """
        handle = self._handle = self._taken()
        try:
            yield
        finally:
            self._handle = None
            os.close(handle)

    def check(self) -> None:
        """Raises OnceConflict where it is no longer held, since its file was removed: another run
        may hold the lock on a new one.
        """
        if self._handle is None or not self._is_there(self._handle):
            raise OnceConflict(
                f"The file of the lock that one run at a time has was removed: {self.path}.",
                "Nothing was sent. Run it again when no other run goes on.",
            )

    def is_held(self) -> bool:
        """Whether any process holds it, this one included."""
        try:
            handle = os.open(self.path, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            return not _locked(handle)
        finally:
            os.close(handle)

    def _taken(self) -> int:
        end = time.monotonic() + self._patience
        while True:
            handle = self._opened()
            if _locked(handle) and self._is_there(handle):
                return handle
            os.close(handle)
            if time.monotonic() >= end:
                raise OnceConflict(
                    f"Another run of exch has been placing something at this exchange for more "
                    f"than {self._patience:g} s.",
                    "Nothing was sent. Run it again when the other has ended, or look for one "
                    "that was stopped.",
                )
            self._sleep(LOOK)

    def _opened(self) -> int:
        make_folder(self.path.parent)
        try:
            return os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise cannot("use", self.path, error) from error

    def _is_there(self, handle: int) -> bool:
        """A lock on a file that was removed meanwhile would be shared with nobody."""
        try:
            held, there = os.fstat(handle), self.path.stat()
            return (held.st_dev, held.st_ino) == (there.st_dev, there.st_ino)
        except OSError:
            return False


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise cannot("lock", Path("the file of locks"), error) from error
    return True
