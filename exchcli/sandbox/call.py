"""One private request and what answers it."""

from __future__ import annotations

from typing import NamedTuple

from exchcli.sandbox.floor import Floor
from exchcli.sandbox.limits import Limits
from exchcli.sandbox.store import Store
from exchcli.sandbox.wire import WireRequest


class Call(NamedTuple):
    """`time` is the exchange's clock in nanoseconds, `asked` the one that limits go by;
    `account` is 0 until the key is checked; `watched` says whether the rules of conduct hold;
    `window`, in nanoseconds, is how late a signed request may arrive, if not as documented.
    """

    request: WireRequest
    floor: Floor
    store: Store
    limits: Limits
    time: int
    asked: int
    account: int = 0
    watched: bool = True
    window: int | None = None

    @property
    def now(self) -> int:
        """Whole epoch seconds."""
        return self.time // 1_000_000_000
