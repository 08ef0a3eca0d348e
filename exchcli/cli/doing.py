"""From a command to `execution`: whose journal, which lock, what is checked right before a call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from exchcli.core.window import kept
from exchcli.execution.intent import Account, Intent
from exchcli.execution.intent import order as order_intent
from exchcli.execution.journal import Entry
from exchcli.execution.lock import Lock
from exchcli.execution.placement import Done, Placement
from exchcli.execution.settling import Rules
from exchcli.execution.venue import Orders, Venue
from exchcli.records import NewOrder

if TYPE_CHECKING:
    from exchcli.cli.session import Session
    from exchcli.cli.trading_options import OnAbsentPolicy

Checks = Callable[[], None]


def nothing_to_check() -> None:
    """The checks of what has none."""


class Keeping:
    """What the commands of one session have done, and do, under a key or without one."""

    def __init__(
        self, here: Session, key: str | None = None, on_absent: OnAbsentPolicy = "stop"
    ) -> None:
        self._here = here
        self._key = key
        self._on_absent = on_absent
        self.account = account_of(here)
        self.journal = here.journal()

    def is_settled(self, intent: Intent) -> bool:
        """Whether nothing can be sent under this key: so there is nothing to ask about.

        What becomes of it then is for the execution to say, which looks again under the lock.
        """
        entry = self._entry()
        if entry is None or entry.state in ("rejected", "not_sent", "prepared"):
            return False
        if entry.digest != intent.digest or entry.state == "placed":
            return True
        return self._on_absent == "stop"

    def place(self, new: NewOrder, *, checks: Checks = nothing_to_check) -> Done:
        """Places one order."""
        return self._orders(order_intent(new), [new], checks)

    def place_all(self, intent: Intent, *, checks: Checks = nothing_to_check) -> Done:
        """Places the orders of one call, all or none."""
        news = [item for item in intent.items if isinstance(item, NewOrder)]
        return self._orders(intent, news, checks)

    def _orders(self, intent: Intent, news: Sequence[NewOrder], checks: Checks) -> Done:
        here = self._here
        venue = Orders(here.connected(), here.exchange, lambda: here.credentials().key, news)
        return self._placement(venue, checks).run(intent, self._key)

    def _placement(self, venue: Venue, checks: Checks) -> Placement:
        here = self._here
        return Placement(
            self.journal,
            Lock(here.places.state, self.account, float(here.settings.seconds)),
            venue,
            self.account,
            self.rules(),
            guard=checks,
            warn=lambda line: here.say(f"exch: {line}"),
        )

    def rules(self) -> Rules:
        """The fence: as configured, or shorter where `doctor` has measured that."""
        here = self._here
        config = here.config.exchange(here.exchange.name)
        measured = kept(here.places.state, here.exchange.name, here.url)
        window = config.window if measured is None else min(config.window, measured)
        return Rules(window, config.settle_delay, self._on_absent)

    def _entry(self) -> Entry | None:
        return None if self._key is None else self.journal.find(self.account, self._key)


def account_of(here: Session) -> Account:
    """Whose orders these are. A sandbox that was started over is another one."""
    name = here.exchange.name
    profile = here.settings.named_profile() or here.config.exchange(name).profile
    url = here.url
    if here.sandboxed:
        url = f"{url}#{here.embedded().store.opened}"
    return Account(name, url, profile)
