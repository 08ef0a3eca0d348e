"""A Dgtmarket that hands out keys, and a home whose key is rotated, also by a dying process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

from dgt_keys import PASSWORD, USERNAME, Keys
from running import Exch, Ran

KILLED = """
import os, signal, sys
from exchcli.core.credentials import rotation
step, when, *arguments = sys.argv[1:]
whole = getattr(rotation, step)
def dies(*given, **named):
    if when == "after":
        whole(*given, **named)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(rotation, step, dies)
from exchcli.cli.app import run
run(arguments)
"""
ROTATE = ["dgt", "auth", "rotate", "--username", USERNAME, "--password-stdin", "--yes"]


class Rotating:
    """An exchange, and a home with its old key in a file."""

    def __init__(self, exch: Exch, keys: Keys, url: str) -> None:
        self.exch = exch
        self.keys = keys
        self.env = {"EXCH_DGT_URL": url}
        self.folder = exch.home / "state" / "credentials"
        stored = exch(
            "dgt", "auth", "login", "--store", "file", "--key", "old-key", "--secret-stdin",
            typed="fake-old-secret", **self.env,
        )  # fmt: skip
        assert stored.code == 0, stored.err

    def __call__(self, *arguments: str, typed: str = "") -> Ran:
        return self.exch("dgt", "auth", *arguments, "-o", "table", typed=typed, **self.env)

    def rotate(self, *more: str) -> Ran:
        return self.exch(*ROTATE, "-o", "table", *more, typed=PASSWORD, **self.env)

    def die(self, step: str, when: str) -> None:
        """Rotates in a process that is killed before or after one step."""
        ran = subprocess.run(
            [sys.executable, "-c", KILLED, step, when, *ROTATE],
            env={**self.exch.env, **self.env, "PATH": os.environ["PATH"]},
            input=PASSWORD, text=True, capture_output=True, timeout=60, check=False,
        )  # fmt: skip
        assert ran.returncode == -signal.SIGKILL, ran.stderr

    def key(self) -> str:
        """The beginning of the key that commands use now."""
        shown = self.exch("dgt", "auth", "status", "--json", **self.env)
        assert shown.code == 0, shown.err
        key: str = json.loads(shown.out)["key"]
        return key

    def files(self) -> set[str]:
        return {path.name for path in self.folder.iterdir()}


CLEAN = {"dgt-default.json", "dgt-default.lock"}
FINISHED = "The rotation is finished: the new key is in the file "
