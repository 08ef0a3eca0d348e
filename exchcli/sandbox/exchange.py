"""The sandbox: both exchanges, one store, and what stands between a request and its reply."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from threading import Lock

from exchcli.sandbox.floor import Floor
from exchcli.sandbox.store import Store
from exchcli.sandbox.wire import WireReply, WireRequest, json_reply


class Sandbox:
    """Both exchanges in one folder. Requests of several threads take turns."""

    def __init__(
        self,
        folder: Path,
        *,
        clock: Callable[[], int] = time.time_ns,
        seed: int | None = None,
    ) -> None:
        """Opens folder/sandbox.sqlite and makes it on first use: that moment is the opening.

        `clock` gives nanoseconds since the epoch. `seed` picks another market than the stored
        one. Raises StateError if the store cannot be used.
        """
        self._clock = clock
        self.lock = Lock()
        self.store = Store(folder, self.now(), seed)
        self.floor = Floor(self.store)

    def now(self) -> int:
        """The exchanges' clock, in whole seconds since the epoch."""
        return self._clock() // 1_000_000_000

    def handle(self, request: WireRequest) -> WireReply:
        """The exchange's reply, whatever was asked. Raises StateError if the store fails."""
        with self.lock, self.store.reading():
            self.floor.refresh()
            # One command speaks to one exchange: only its adapter is imported.
            if request.path.startswith("/api/"):
                from exchcli.sandbox import dgtmarket

                return dgtmarket.reply(self.floor, self.now(), request)
            if request.path.startswith("/v3/"):
                from exchcli.sandbox import digifinex

                return digifinex.reply(self.floor, self.now(), request)
        return json_reply({"detail": "Not found."}, 404)

    def close(self) -> None:
        """Waits for a request that is being answered: SQLite does not survive losing its file."""
        with self.lock:
            self.store.close()
