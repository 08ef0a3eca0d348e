"""What `exch sandbox status` shows: the file, the market's time, the accounts and their money."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from exchcli.sandbox.ledger import minus

if TYPE_CHECKING:
    from exchcli.sandbox.exchange import Sandbox


class DemoKey(NamedTuple):
    """Who may sign on the sandbox."""

    exchange: str
    account: int
    key: str
    secret: str
    username: str
    password: str


class DemoFunds(NamedTuple):
    """What a demo account has of a currency in one of its wallets."""

    exchange: str
    account: int
    wallet: str
    currency: str
    free: Decimal
    held: Decimal
    total: Decimal


class Whitelisted(NamedTuple):
    """Where a demo account may withdraw to; `chain` and `memo` are None where there is none."""

    exchange: str
    account: int
    currency: str
    chain: str | None
    address: str
    memo: str | None


class Overview(NamedTuple):
    """The sandbox of this machine; without a file there is nothing but its place to tell.

    `size` is in bytes, with the files beside it. `clock` says by what its time goes: "real
    time", "server" for one whose clock stands, or "EXCH_SANDBOX_CLOCK".
    """

    path: str
    size: int
    opened: datetime | None = None
    time: datetime | None = None
    clock: str | None = None
    seed: int | None = None
    open_orders: int | None = None
    recordings: tuple[str, ...] | None = None
    accounts: tuple[DemoKey, ...] | None = None
    funds: tuple[DemoFunds, ...] | None = None
    withdrawal_addresses: tuple[Whitelisted, ...] | None = None


def place(folder: Path) -> Overview:
    """The file's place and its size, whether it is there or not; nothing is made."""
    from exchcli.sandbox.clock import CLOCK
    from exchcli.sandbox.store import FILE

    return Overview(
        str(folder / FILE),
        sum(file.stat().st_size for file in folder.glob(f"{FILE}*") if file.name != CLOCK),
    )


def overview(sandbox: Sandbox, clock: str) -> Overview:
    """All of it, as of now; `clock` as in an Overview. Raises StateError."""
    from exchcli.sandbox.catalog import DFX, DGT
    from exchcli.sandbox.engine.desk import advance
    from exchcli.sandbox.limits import SECOND
    from exchcli.times import from_epoch

    keys = [
        DemoKey(exchange, number, *account)
        for exchange in (DGT, DFX)
        for number, account in enumerate(sandbox.accounts(exchange), 1)
    ]
    store, now = sandbox.store, sandbox.now()
    with sandbox.lock:
        for exchange in (DGT, DFX):
            advance(store, sandbox.floor, exchange, now * SECOND)
        with store.reading():
            ((orders,),) = store.rows("SELECT count(*) FROM orders WHERE status = 'open'")
            recordings = [rules.symbol for _, rules in store.recordings()]
            funds = store.select(
                "SELECT exchange, number + 1, wallet, currency, total, held"
                " FROM balances JOIN accounts USING (account)"
                " WHERE number >= 0 ORDER BY exchange DESC, number, wallet DESC, currency"
            )
            addresses = store.select(
                "SELECT exchange, number + 1, currency, nullif(chain, ''), address, nullif(tag, '')"
                " FROM addresses JOIN accounts USING (account) WHERE kind = 'withdrawal'"
                " ORDER BY exchange DESC, number, currency, chain, address"
            )
    return place(store.path.parent)._replace(
        opened=from_epoch(store.opened),
        time=from_epoch(now),
        clock=clock,
        seed=store.stored_seed,
        open_orders=orders,
        recordings=tuple(recordings),
        accounts=tuple(keys),
        funds=tuple(_funds(*row) for row in funds),
        withdrawal_addresses=tuple(Whitelisted(*row) for row in addresses),
    )


def _funds(
    exchange: str, account: int, wallet: str, currency: str, total: str, held: str
) -> DemoFunds:
    free = minus(Decimal(total), Decimal(held))
    return DemoFunds(exchange, account, wallet, currency, free, Decimal(held), Decimal(total))
