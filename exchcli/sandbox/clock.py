"""The clock of a sandbox that is served: one time for every process on the same file.

Orders, positions and payments move with time, and what has moved does not move back. So where a
server's clock stands, nobody else may go by real time: the server keeps its time in
sandbox.sqlite-clock, which it locks for as long as it lives, and all others read it there. A file
that nobody has locked was left by a server that is dead, and says nothing.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from exchcli.errors import StateError, UsageError

CLOCK = "sandbox.sqlite-clock"
_TRIES, _PAUSE = 100, 0.01


class Standing(NamedTuple):
    """The time of a clock that stands, and by how much it was moved on; both in nanoseconds."""

    moment: int
    moved: int = 0


def standing(folder: Path) -> Standing | None:
    """The time that a server keeps for this sandbox; None if there is no such server.

    Raises StateError if what it keeps cannot be read.
    """
    try:
        handle = os.open(f"{folder}/{CLOCK}", os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None  # as nearly always, so nothing is imported before
    except OSError as error:
        raise _unreadable(folder, str(error)) from error
    try:
        for _ in range(_TRIES):
            if not _is_locked(handle):
                return None
            # Twice the same, or it was read while it was written.
            words = os.pread(handle, 200, 0).split()
            if len(words) == 4 and words[:2] == words[2:]:
                return Standing(int(words[0]), int(words[1]))
            time.sleep(_PAUSE)
    except (OSError, ValueError) as error:
        raise _unreadable(folder, str(error)) from error
    finally:
        os.close(handle)
    raise _unreadable(folder, "it is no time")


def discard(folder: Path) -> None:
    """Removes the file that a dead server left. Raises OSError."""
    if standing(folder) is None:
        (folder / CLOCK).unlink(missing_ok=True)


class Following:
    """Real time, or that of the server whose clock stands, as each of them comes and goes.

    Where a server's clock was ahead of real time and the server is gone, time goes on from
    there: what has happened at the exchange is never later than its own clock.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ahead = 0

    def at_least(self, moment: int) -> None:
        """Has real time count from this moment on, if it is not there yet (nanoseconds)."""
        self._ahead = max(self._ahead, moment - time.time_ns())

    def now(self) -> int:
        """Nanoseconds since the epoch."""
        kept = standing(self._folder)
        return time.time_ns() + self._ahead if kept is None else kept.moment

    def pace(self) -> int:
        """What limits go by: real time, and what a standing clock was moved on beside it."""
        kept = standing(self._folder)
        return time.time_ns() + (0 if kept is None else kept.moved)


class Keeper:
    """The side of the server: its time, as all others see it until it is closed."""

    def __init__(self, folder: Path, time: Standing) -> None:
        """Raises UsageError if another server keeps this sandbox's clock, and StateError."""
        self._path = folder / CLOCK
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._handle = self._locked()
        except OSError as error:
            raise _unwritable(self._path, error) from error
        try:
            self.tell(time)
        except BaseException:
            self.close()
            raise

    def tell(self, time: Standing) -> None:
        """Has all others go by this time from now on. Raises StateError."""
        # Always as long as before, so that nothing is left behind of what it replaces.
        words = f"{time.moment:025d} {time.moved:025d}\n"
        try:
            os.pwrite(self._handle, (words * 2).encode(), 0)
        except OSError as error:
            raise _unwritable(self._path, error) from error

    def close(self) -> None:
        with suppress(OSError):
            self._path.unlink()
        os.close(self._handle)

    def _locked(self) -> int:
        import fcntl

        for _ in range(_TRIES):  # those who look hold it too, for an instant
            handle = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # The one before may have removed it between the two lines above.
                if os.path.samestat(os.fstat(handle), self._path.stat()):
                    return handle
            except (BlockingIOError, FileNotFoundError):
                pass
            except BaseException:
                os.close(handle)
                raise
            os.close(handle)
            time.sleep(_PAUSE)
        raise UsageError(
            "Another `exch sandbox serve` keeps this sandbox's clock, and there can be one time.",
            "Leave --clock out to go by that one, or stop it first.",
        )


def _is_locked(handle: int) -> bool:
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _unwritable(path: Path, error: OSError) -> StateError:
    return StateError(
        f"The clock in {path} cannot be kept: {error}.",
        "See to that folder, or set EXCH_HOME to a folder of your own.",
    )


def _unreadable(folder: Path, why: str) -> StateError:
    return StateError(
        f"The time of the sandbox's server in {folder / CLOCK} cannot be read: {why}.",
        "Stop the server and start it again.",
    )
