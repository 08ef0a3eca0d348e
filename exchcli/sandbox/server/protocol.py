"""uvicorn's HTTP/1.1 connection, with five things more: it can be cut, it does not wait for ever
for what does not come, it takes no more than it can answer, it leaves files to open for others,
and it answers who has said all and closed that side.

h11 reads it: strict about what a request may be, pure Python, and httpx brings it anyway.
"""

from __future__ import annotations

import asyncio
import resource
from functools import cache
from typing import Any

import h11
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.h11_impl import H11Protocol

# So long may it take until a head is there, the first one of a connection as any other; until a
# body is there, a little after the app has given it up; and until a part of a reply is read.
HEAD_SECONDS, BODY_SECONDS, REPLY_SECONDS = 20.0, 20.0, 60.0
# Connections that idle are closed by uvicorn; a little later, if nobody reads its last bytes.
_LAST_SECONDS = 5.0
# A head is no longer than this; and while more than this has come and has not been looked at, no
# more is read. Less than a head would be too little: one that is half there would never be whole.
LONGEST_HEAD = 64 << 10
# So much is read at once: a body may be in chunks of one byte each, and others wait meanwhile.
_READ_AT_ONCE = 8 << 10
# Open files that are left for the store, and for whoever is accepted at the same moment.
_SPARE_FILES, _FEWEST = 64, 16

_HEAD, _BODY, _IDLE = "head", "body", "idle"


class Protocol(H11Protocol):
    """Gives every request its transport, as scope["state"]["transport"]."""

    _deadline: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None
    # What it waits for, after which request, and since when by the loop's clock.
    _waits: tuple[str | None, object] = None, None
    _since = 0.0
    _ended = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.flow = _Flow(transport, self.conn)
        transport.max_size = _READ_AT_ONCE  # type: ignore[attr-defined]
        self.app_state: dict[str, Any] = {**self.app_state, "transport": transport}
        self._watch()
        if len(self.connections) > most_connections():
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._deadline, self._unread):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def eof_received(self) -> bool:  # type: ignore[override]
        """Keeps the other side open while a whole request has no reply yet."""
        self._ended = True
        cycle = self.cycle
        return cycle is not None and not cycle.response_complete and not cycle.more_body

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._ended and self.cycle.response_complete:  # and none is waiting behind it
            self.transport.close()
        self._watch()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread = self.loop.call_later(REPLY_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()

    def _watch(self) -> None:
        """Begins a deadline with each new thing to wait for; more of the same moves none."""
        waits = self._waited_for(), self.cycle
        if waits == self._waits:
            return
        self._waits, self._since = waits, self.loop.time()
        if self._deadline is not None:
            self._deadline.cancel()
        seconds = {
            _HEAD: HEAD_SECONDS,
            _BODY: BODY_SECONDS,
            _IDLE: self.timeout_keep_alive + _LAST_SECONDS,
        }
        self._deadline = None
        if waits[0] is not None:
            self._deadline = self.loop.call_later(seconds[waits[0]], self.transport.abort)

    def _waited_for(self) -> str | None:
        """What the other side has to send; None if it has sent all, and a reply is due to it."""
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            return _BODY if cycle.more_body else None
        if self.conn.their_state is h11.SEND_BODY:
            return _BODY
        return _HEAD if cycle is None or self.conn.trailing_data[0] else _IDLE

    def _make_room(self) -> None:
        """Cuts the connection that has waited longest, for a request or for the rest of one: so
        that there is a file to open for whoever has something to ask.
        """
        waiting = [
            each
            for each in self.connections
            if isinstance(each, Protocol)
            and each._waits[0] is not None
            and not each.transport.is_closing()
        ]
        min(waiting, key=lambda each: each._since).transport.abort()


class _Flow(FlowControl):
    """Reads on only when what has come is nearly used up.

    uvicorn itself reads on with every request, also with those of which more have come already: so
    requests that are sent without end would fill the memory.
    """

    def __init__(self, transport: asyncio.Transport, conn: h11.Connection) -> None:
        super().__init__(transport)
        self._conn = conn

    def resume_reading(self) -> None:
        if self.read_paused and len(self._conn.trailing_data[0]) <= LONGEST_HEAD:
            super().resume_reading()


@cache
def most_connections() -> float:
    """How many connections there may be at once, by how many files the process may open."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY:
        return float("inf")
    return max(_FEWEST, files - _SPARE_FILES)
