"""The last requests that the server answered, for its page: never a secret, a query or a body."""

from __future__ import annotations

import re
from collections import deque
from typing import NamedTuple

from exchcli.sandbox.wire import WireReply, WireRequest

KEPT = 200
_LONGEST = 160  # of a path
# DigiFinex tells errors in the body, whose first or last field is the code.
_FIRST, _LAST = re.compile(rb'\{"code":([0-9]{1,6})[,}]'), re.compile(rb'"code":([0-9]{1,6})\}\Z')
_FIELD = len('"code":123456}')


class Entry(NamedTuple):
    """One request; `time` in nanoseconds since the epoch, `took` in nanoseconds.

    `status` is None where no reply was sent. `key` is for finding out whose it is, and is
    not shown.
    """

    id: int
    time: int
    method: str
    path: str
    status: int | None
    code: int | None
    took: int
    key: str | None
    fault: str | None


class Log:
    """A ring of entries, numbered from 1."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=KEPT)
        self.count = 0

    def add(
        self,
        request: WireRequest,
        reply: WireReply | None,
        *,
        time: int,
        took: int,
        fault: str | None = None,
    ) -> None:
        self.count += 1
        self._entries.append(
            Entry(
                self.count,
                time,
                request.method,
                request.path[:_LONGEST],
                None if reply is None else reply.status,
                None if reply is None else _code(reply),
                took,
                request.headers.get("access-key"),
                fault,
            )
        )

    def after(self, number: int, most: int) -> list[Entry]:
        """The newest entries with a higher number, newest first."""
        newer = [entry for entry in self._entries if entry.id > number]
        return newer[: -most - 1 : -1]


def _code(reply: WireReply) -> int | None:
    """The `code` of a DigiFinex reply; others have none."""
    found = _FIRST.match(reply.body) or _LAST.search(reply.body[-_FIELD:])
    return int(found[1]) if found else None
