"""uvicorn's HTTP/1.1 connection, with three things more: it can be cut, it does not wait for
ever for a request that does not come, and it answers who has said all and closed that side.

h11 reads it: strict about what a request may be, pure Python, and httpx brings it anyway.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

# A connection that was opened has so long to send the head of its first request.
HEAD_SECONDS = 20.0


class Protocol(H11Protocol):
    """Gives every request its transport, as scope["state"]["transport"]."""

    _waiting: asyncio.TimerHandle | None = None
    _ended = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state: dict[str, Any] = {**self.app_state, "transport": transport}
        self._waiting = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.cycle is not None:
            self._stop_waiting()

    def eof_received(self) -> bool:  # type: ignore[override]
        """Keeps the other side open while a whole request has no reply yet."""
        self._ended = True
        cycle = self.cycle
        return cycle is not None and not cycle.response_complete and not cycle.more_body

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._ended and self.cycle.response_complete:  # and none is waiting behind it
            self.transport.close()

    def _give_up(self) -> None:
        if self.cycle is None:
            self.transport.abort()

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
