"""The sandbox: both exchanges, one store, and what stands between a request and its reply."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from exchcli.errors import StateError
from exchcli.sandbox.catalog import DFX, DGT
from exchcli.sandbox.clock import Following
from exchcli.sandbox.floor import Floor
from exchcli.sandbox.limits import DFX_WEIGHT, DGT_PUBLIC, Limits, NoLimits, too_many
from exchcli.sandbox.store import FILE, Store
from exchcli.sandbox.wire import WireReply, WireRequest, json_reply

if TYPE_CHECKING:
    from exchcli.sandbox.accounts import DemoAccount
    from exchcli.sandbox.call import Call

# Orders and positions that time has not passed for.
_WAITING = (
    "SELECT 1 FROM engine WHERE exchange = ? AND advanced < ? AND ("
    "EXISTS (SELECT 1 FROM orders WHERE exchange = engine.exchange AND stands IS NOT NULL) OR "
    "EXISTS (SELECT 1 FROM accounts a JOIN positions USING (account)"
    " WHERE a.exchange = engine.exchange))"
)
# A path of DigiFinex outside of /v3 that clients ask for.
INSTRUMENTS = "/swap/v2/public/instruments"


class Sandbox:
    """Both exchanges in one folder. Requests of several threads take turns."""

    def __init__(
        self,
        folder: Path,
        *,
        clock: Callable[[], int] | None = None,
        pace: Callable[[], int] | None = None,
        seed: int | None = None,
        limited: bool = True,
        window: int | None = None,
    ) -> None:
        """Opens folder/sandbox.sqlite and makes it on first use: that moment is the opening.

        `clock` gives nanoseconds since the epoch, and so does `pace`, by which requests are
        limited: a clock that stands still would never free what was used. Left out, they are
        real time, or the time of a server whose clock stands. `seed` picks
        another market than the stored one. Without `limited` there are no limits, no bans and
        no rules of conduct, for measurements. `window` is how many seconds late a signed request
        may arrive, in place of the exchanges' own 30 and 5. Raises StateError if the store
        cannot be used.
        """
        following = Following(folder)
        self._clock = clock or following.now
        self._pace = pace or clock or following.pace
        self.lock = Lock()
        self.store = Store(folder, self.now(), seed)
        following.at_least(self.come() * 1_000_000_000)
        self.floor = Floor(self.store)
        self.limited = limited
        self.limits = Limits(folder / f"{FILE}-limits") if limited else NoLimits()
        self._window = None if window is None else window * 1_000_000_000
        self._closed = False

    def now(self) -> int:
        """The exchanges' clock, in whole seconds since the epoch."""
        return self._clock() // 1_000_000_000

    def come(self) -> int:
        """The second that time has passed up to for orders and payments; 0 if it has not."""
        ((second,),) = self.store.rows("SELECT coalesce(max(advanced), 0) FROM engine")
        return second

    def handle(self, request: WireRequest) -> WireReply:
        """The exchange's reply, whatever was asked. Raises StateError if the store fails."""
        # One command speaks to one exchange: only its adapter is imported, and what signed
        # requests need only for those.
        with self.lock:
            if self._closed:
                raise StateError("The sandbox is closed.", "Open it again.")
            if request.path.startswith("/api/"):
                return self._dgtmarket(request)
            if request.path.startswith("/v3/") or request.path == INSTRUMENTS:
                return self._digifinex(request)
        return json_reply({"detail": "Not found."}, 404)

    def accounts(self, exchange: str) -> list[DemoAccount]:
        """The two funded accounts of "dgt" or "dfx", each with its newest key."""
        from exchcli.sandbox.accounts import demo_accounts

        with self.lock:
            return demo_accounts(self.store, exchange)

    def mark_key(self, key: str, state: str) -> None:
        """What the exchange thinks of a key from now on, for tests of refusals.

        `state` is active, revoked, expired, no_permission or ip_not_allowed. Raises ValueError
        for another word and for a key that does not exist.
        """
        from exchcli.sandbox.accounts import mark_key

        with self.lock:
            mark_key(self.store, key, state)

    def mark(self, exchange: str, name: str, word: str, *, on: bool = True) -> None:
        """Suspends, closes or bars something, or no longer, for tests of refusals.

        `name` is a pair ("suspended"), a currency ("no_withdrawals", "no_transfers") or the user
        name of an account (the same two, "abnormal"). Raises ValueError for another word.
        """
        from exchcli.sandbox.accounts import ensure
        from exchcli.sandbox.marks import mark

        with self.lock:
            ensure(self.store, exchange)
            mark(self.store, exchange, name, word, on=on)

    def close(self) -> None:
        """Waits for the request that another thread is at: its database must not go away.

        Later requests raise StateError.
        """
        with self.lock:
            self._closed = True
            self.store.close()
            self.limits.close()

    def _dgtmarket(self, request: WireRequest) -> WireReply:
        if request.path.startswith(("/api/private/", "/api/public/token")):
            from exchcli.sandbox import dgtmarket_private

            return dgtmarket_private.reply(self._call(request))
        if wait := self.limits.wait("dgt:public", DGT_PUBLIC, self._pace()):
            return too_many(wait)
        from exchcli.sandbox import dgtmarket

        self._pass_time(DGT)
        with self.store.reading():
            self.floor.refresh()
            return dgtmarket.reply(self.floor, self.now(), request)

    def _digifinex(self, request: WireRequest) -> WireReply:
        from exchcli.sandbox import digifinex, digifinex_codes

        if not digifinex.is_public(request):
            from exchcli.sandbox import digifinex_private

            return digifinex_private.reply(self._call(request))
        if self.limits.wait("dfx:public", DFX_WEIGHT, self._pace(), banning=True):
            return digifinex_codes.refusal(digifinex_codes.TOO_OFTEN)
        self._pass_time(DFX)
        with self.store.reading():
            self.floor.refresh()
            return digifinex.reply(self.floor, self.now(), request)

    def _pass_time(self, exchange: str) -> None:
        """What everybody sees depends on what the market did to the orders of users, if any wait
        for it; a signed request lets time pass in any case.
        """
        if self.store.rows(_WAITING, exchange, self.now()):
            from exchcli.sandbox.engine.desk import advance

            advance(self.store, self.floor, exchange, self._clock())

    def _call(self, request: WireRequest) -> Call:
        from exchcli.sandbox.call import Call

        return Call(
            request,
            self.floor,
            self.store,
            self.limits,
            self._clock(),
            self._pace(),
            watched=self.limited,
            window=self._window,
        )
