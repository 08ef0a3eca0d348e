"""Printing what was done: nothing that goes wrong with the output makes it undone.

Exit code 12 promises that nothing was sent, and a reader that has left is no reason to say
nothing: so whatever stdout cannot take is told on stderr, and the exit code stays.
"""

from __future__ import annotations

import math
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from exchcli import output
from exchcli.errors import StateError

if TYPE_CHECKING:
    from exchcli.cli.session import Session

STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def anyway(here: Session, what: Callable[[], str], *, last: bool = True) -> Iterator[None]:
    """Inside, what was done is written to stdout: neither Ctrl-C nor an output that cannot be
    written is an error there. `what` tells it in one line, for stderr.
    """
    with uninterrupted():
        try:
            yield
        except (StateError, BrokenPipeError) as error:
            output.hush(sys.stdout)
            why = "Its reader has left." if isinstance(error, BrokenPipeError) else error.message
            here.say(f"exch: it was done, but not all of it was printed. {why} {what()}")
        here.settings.underway.told = last


def named(data: Any) -> str:
    """What was done, by the ids and what has become of them: 17167 (open), 17168 (canceled)."""
    rows: Sequence[Any] = data if isinstance(data, list) else [data]
    return f"Done: {', '.join(map(_named, rows))}." if rows else "Nothing is left of it."


def _named(row: Any) -> str:
    name = getattr(row, "id", None) or " ".join(
        str(value)
        for field in ("kind", "side", "amount", "currency", "symbol")
        if (value := getattr(row, field, None)) is not None
    )
    status = getattr(row, "status", None)
    return f"{name} ({status.replace('_', ' ')})" if status else name


def heed_signals() -> None:
    """From now on SIGTERM and SIGHUP are what Ctrl-C is: whoever ends a command, by `timeout` or
    a closed terminal, is told what became of what it had sent. Several within a second are one.
    """
    last = -math.inf

    def stop(_number: int, _frame: object) -> None:
        nonlocal last
        before, last = last, time.monotonic()
        if last - before > 1:
            raise KeyboardInterrupt

    for number in STOPS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, stop)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Inside, neither Ctrl-C nor its like does anything."""
    if threading.current_thread() is not threading.main_thread():  # which alone is interrupted
        yield
        return
    kept = {number: signal.getsignal(number) for number in STOPS}
    try:
        for number in STOPS:
            signal.signal(number, signal.SIG_IGN)
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
