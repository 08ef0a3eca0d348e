"""Run by Python itself before `exch` in a child process, where PYTHONPATH names this folder.

EXCH_MEDDLE is JSON that says what to meddle with; see the functions, which are named alike. So
the product has no hooks for tests, and what is tested is the installed command.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any


def plain_root(_yes: bool) -> None:
    """Root, but bound by the permissions of files like anybody else (without CAP_DAC_*)."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    data = (ctypes.c_uint32 * 6)()
    get, put = (125, 126) if os.uname().machine == "x86_64" else (90, 91)
    if libc.syscall(get, header, data):
        raise OSError(ctypes.get_errno(), "capget")
    for each in (0, 1):  # effective and permitted, of the first 32: DAC_OVERRIDE, _READ_SEARCH
        data[each] &= ~0b110
    if libc.syscall(put, header, data):
        raise OSError(ctypes.get_errno(), "capset")


def wall(steps: list[list[float]]) -> None:
    """The wall clock is set: [[after, ahead], ...] is by how many seconds it is ahead, from so
    many seconds after the start on."""
    import datetime
    import time

    began, real = time.monotonic(), (time.time, time.time_ns)

    def ahead() -> float:
        since = time.monotonic() - began
        return [0.0, *(seconds for after, seconds in steps if after <= since)][-1]

    moment = datetime.datetime

    class Either(type):
        def __instancecheck__(cls, value: object) -> bool:
            return isinstance(value, moment)

    class Stepped(moment, metaclass=Either):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return moment.fromtimestamp(time.time(), tz)

    datetime.datetime = Stepped  # type: ignore[misc]
    time.time = lambda: real[0]() + ahead()
    time.time_ns = lambda: real[1]() + int(ahead() * 1e9)


def full_after(commits: int) -> None:
    """The disk is full from the moment that the journal was committed so often."""
    import resource
    import sqlite3

    connect, counted = sqlite3.connect, [0]

    class Journal(sqlite3.Connection):
        def execute(self, sql: str, *more: Any) -> sqlite3.Cursor:
            if sql.startswith("BEGIN") and counted[0] == commits:
                resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
            result = super().execute(sql, *more)
            counted[0] += sql == "COMMIT"
            return result

    def connected(path: Any, *args: Any, **more: Any) -> sqlite3.Connection:
        if "journal.sqlite" in os.fspath(path):
            more["factory"] = Journal
        return connect(path, *args, **more)

    sqlite3.connect = connected  # type: ignore[assignment]


def counted(file: str) -> None:
    """Adds a line to this file for each durable commit to SQLite and each connection made."""
    import socket
    import sqlite3
    from pathlib import Path

    connect, dial = sqlite3.connect, socket.create_connection

    def add(what: str) -> None:
        with Path(file).open("a") as lines:
            lines.write(what + "\n")

    class Counted(sqlite3.Connection):
        def execute(self, sql: str, *more: Any) -> sqlite3.Cursor:
            result = super().execute(sql, *more)
            if sql == "COMMIT" and super().execute("PRAGMA synchronous").fetchone()[0] >= 2:
                add("commit")
            return result

    def connected(*args: Any, **more: Any) -> sqlite3.Connection:
        return connect(*args, **{"factory": Counted} | more)

    def dialed(*args: Any, **more: Any) -> socket.socket:
        add("connection")
        return dial(*args, **more)

    sqlite3.connect = connected  # type: ignore[assignment]
    socket.create_connection = dialed


def mutant(name: str) -> None:
    """A protocol with this mistake."""
    from pathlib import Path

    sys.path.insert(0, str(Path(__file__).parents[1]))
    import mutants

    mutants.apply(name)


for _name, _value in json.loads(os.environ.get("EXCH_MEDDLE") or "{}").items():
    globals()[_name](_value)
