"""Intents, and attempts of them, as tests of the journal write them down."""

from __future__ import annotations

from decimal import Decimal

from exchcli.core.machine import SECOND, Reading
from exchcli.execution.intent import Account, Intent
from exchcli.execution.journal import Journal, Signed
from exchcli.records import NewOrder, Snapshot

ACCOUNT = Account("dfx", "https://exchange.invalid/v3", "default")
NEW = NewOrder("BTC_USDT", "buy", Decimal("0.01"), Decimal(30000))
BUY = Intent("buy", (NEW,))
NOW = Reading("boot", 5000 * SECOND, 1_700_000_000 * SECOND)
BEFORE = Snapshot(None, ("older",), 1_700_000_000)


def at(seconds: float) -> Reading:
    """So many seconds after NOW."""
    moved = int(seconds * SECOND)
    return NOW._replace(steady=NOW.steady + moved, wall=NOW.wall + moved)


def signed(second: int = 1_700_000_000, *, when: Reading = NOW, signer: str = "key") -> Signed:
    return Signed(second, second + 67, signer, when)


def sent(
    journal: Journal,
    key: str,
    intent: Intent = BUY,
    account: Account = ACCOUNT,
    attempt: Signed | None = None,
) -> None:
    """An attempt that was sent, and of which nothing is known yet."""
    found = journal.find(account, key)
    journal.sending(account, key, intent, BEFORE, attempt or signed(), found)
