"""A process at a terminal of its own: what it shows is read, what is typed it gets."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time
from collections.abc import Mapping, Sequence


class Terminal:
    """Runs a command as its session's leader, so that /dev/tty is this terminal."""

    def __init__(self, argv: Sequence[str], env: Mapping[str, str]) -> None:
        self._handle, inner = pty.openpty()
        self.screen = ""
        self.process = subprocess.Popen(
            argv, env=dict(env), preexec_fn=lambda: os.login_tty(inner), pass_fds=[inner],
        )  # fmt: skip
        os.close(inner)

    def wait_for(self, text: str, seconds: float = 20) -> None:
        """Reads until the screen shows this."""
        end = time.monotonic() + seconds
        while text not in self.screen:
            assert time.monotonic() < end, f"{text!r} did not come; the screen: {self.screen!r}"
            if not self._read(0.1):
                assert text in self.screen, f"it ended; the screen: {self.screen!r}"

    def type(self, text: str) -> None:
        os.write(self._handle, text.encode())

    def end(self, seconds: float = 20) -> int:
        """The exit code, when everything it shows has been read."""
        end = time.monotonic() + seconds
        while self._read(0.1):
            assert time.monotonic() < end, f"it does not end; the screen: {self.screen!r}"
        os.close(self._handle)
        return self.process.wait(seconds)

    def _read(self, seconds: float) -> bool:
        """Whether it may show more."""
        if not select.select([self._handle], [], [], seconds)[0]:
            return True
        try:
            part = os.read(self._handle, 65536)
        except OSError:  # nobody is left at the terminal
            return False
        self.screen += part.decode()
        return bool(part)
