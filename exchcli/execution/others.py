"""What is no order: each by its own rule.

withdrawals   never sent again; one that is unknown is looked for behind a watermark of ids
transfers     never sent again; no list tells of them, so a person has to settle one
closes        decided by the position: whether it is gone
cancels       safe to repeat, since they name what they cancel; decided by its status
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple, TypeVar

from exchcli.core.client import Client, Committed
from exchcli.core.request import Flow
from exchcli.core.sending import is_refusal
from exchcli.errors import ExchError, OutcomeUnknown, StateError
from exchcli.exchanges.base import Exchange
from exchcli.exchanges.sameness import same_number
from exchcli.execution.calls import Calls
from exchcli.execution.intent import (
    Cancelling,
    Closing,
    Intent,
    Item,
    Move,
    Withdrawal,
    handle,
)
from exchcli.execution.venue import Connected, Row
from exchcli.records import Cancelled, JournalState, Market, Order, Position, Snapshot, Transfer

T = TypeVar("T")

TRIES = 3  # of a cancel whose answers are lost
FINAL = ("filled", "canceled", "partially_canceled")


class Seen(NamedTuple):
    """A row of a listing that is no order; `transfer` is None where it stands for a position."""

    id: str
    created: datetime | None = None
    transfer: Transfer | None = None


class Withdrawals(Connected):
    """One withdrawal. Ids of withdrawals count up on both exchanges."""

    def __init__(
        self, client: Client, exchange: Exchange, key: Callable[[], str], wanted: Withdrawal
    ) -> None:
        super().__init__(client, exchange, key)
        self._wanted = wanted

    def snapshot(self) -> Snapshot:
        now = self.client.fresh_time()
        return Snapshot(self.client.run(self.exchange.newest_withdrawal()), (), now)

    def send(self, committed: Committed) -> Sequence[str]:
        return [self.client.send_once(self.exchange.withdraw(*self._wanted), committed)]

    def sightings(self, since: Snapshot, start: int, end: int) -> Sequence[Row]:
        flow = self.exchange.withdrawals_since(since.newest)
        rows = self.client.run(flow, settling=True)
        return [Seen(row.id or "", row.created, row) for row in rows]

    def shows(self, items: Sequence[Item], ids: Sequence[str]) -> bool:
        (item,), found = items, ids[:1]
        if not found or not found[0].isdecimal():
            return False
        rows = self.client.run(self.exchange.withdrawals_since(int(found[0]) - 1))
        return any(
            row.id == found[0] and self.same(item, Seen(row.id, row.created, row)) for row in rows
        )

    def same(self, item: Item, row: Row) -> bool:
        assert isinstance(item, Withdrawal) and isinstance(row, Seen) and row.transfer  # noqa: PT018
        return same_withdrawal(item, row.transfer)

    def near(self, item: Item, row: Row) -> bool:
        """No document says how a list writes addresses, nor which amount: so every new withdrawal
        of the currency may be it."""
        assert isinstance(item, Withdrawal) and isinstance(row, Seen) and row.transfer  # noqa: PT018
        return row.transfer.currency.upper() == item.currency.upper()


def same_withdrawal(wanted: Withdrawal, row: Transfer) -> bool:
    """Currency, amount (with its fee or without), and the address where both are known."""
    if row.currency.upper() != wanted.currency.upper():
        return False
    if wanted.address and row.address and wanted.address.casefold() != row.address.casefold():
        return False
    told = (row.amount, row.amount + (row.fee or Decimal(0)))
    return any(same_number(wanted.amount, amount) for amount in told)


class Moves(Connected):
    """One transfer between the account's own wallets."""

    lists = False

    def __init__(
        self, client: Client, exchange: Exchange, key: Callable[[], str], wanted: Move
    ) -> None:
        super().__init__(client, exchange, key)
        self._wanted = wanted

    def snapshot(self) -> Snapshot:
        return Snapshot(None, (), self.client.fresh_time())

    def send(self, committed: Committed) -> Sequence[str]:
        self.client.send_once(self.exchange.transfer_new(*self._wanted), committed)
        return []

    def sightings(self, since: Snapshot, start: int, end: int) -> Sequence[Row]:
        raise AssertionError("nothing lists transfers")

    def shows(self, items: Sequence[Item], ids: Sequence[str]) -> bool:
        return False  # nothing shows it to any key

    def same(self, item: Item, row: Row) -> bool:
        return False


class Closings(Connected):
    """The close of a position. What was there before is kept as the snapshot's ids."""

    def __init__(
        self, client: Client, exchange: Exchange, key: Callable[[], str], wanted: Closing
    ) -> None:
        super().__init__(client, exchange, key)
        self._wanted = wanted

    def snapshot(self) -> Snapshot:
        return Snapshot(None, self._there(), self.client.fresh_time())

    def send(self, committed: Committed) -> Sequence[str]:
        self.client.send_once(self.exchange.close_position(self._wanted.symbol), committed)
        return []

    def sightings(self, since: Snapshot, start: int, end: int) -> Sequence[Row]:
        """A sign that it was closed; none when all is as it was; two when it is otherwise."""
        now, symbol = self._there(), self._wanted.symbol
        if now == since.ids:
            return []
        if not now:
            return [Seen(f"{symbol}-closed-{start}")]
        return [Seen(f"{symbol}-changed-{start}"), Seen(f"{symbol}-opened-{start}")]

    def shows(self, items: Sequence[Item], ids: Sequence[str]) -> bool:
        return False  # what is gone is shown to no key

    def same(self, item: Item, row: Row) -> bool:
        return True

    def _there(self) -> tuple[str, ...]:
        rows: list[Position] = self.client.run(
            self.exchange.positions(self._wanted.symbol), settling=True
        )
        return tuple(sorted(f"{row.side} {row.amount} {row.entry_price}" for row in rows))


class Cancels(Calls):
    """Cancels, which take no lock: they must be possible whatever else goes on."""

    def orders(self, ids: Sequence[str], market: Market) -> list[Cancelled]:
        """What became of up to `most_cancels` orders. Raises OutcomeUnknown when the orders
        themselves do not tell it."""

        def look() -> list[Cancelled] | None:
            found: list[Order] = self.client.run(
                self.exchange.orders_by_id(ids, market), settling=True
            )
            if any(order.status not in FINAL for order in found):
                return None
            return [Cancelled(order.id, order.status) for order in found]

        intent = Intent("cancel", tuple(Cancelling(order_id, market) for order_id in ids))
        return self._repeated(intent, lambda: self.exchange.cancel(ids, market), look)

    def withdrawal(self, withdrawal_id: str) -> Cancelled:
        """What became of a withdrawal that was to be cancelled."""

        def look() -> Cancelled | None:
            rows = self.client.run(self.exchange.withdrawals(None, 100), settling=True)
            mine = [row for row in rows if row.id == withdrawal_id]
            gone = bool(mine) and mine[0].status in ("canceled", "rejected")
            return Cancelled(withdrawal_id, "canceled") if gone else None

        def flow() -> Flow[Cancelled]:
            told = yield from self.exchange.cancel_withdrawal(withdrawal_id)
            return Cancelled(told, "canceled")

        intent = Intent("withdraw cancel", (Cancelling(withdrawal_id, "withdrawal"),))
        return self._repeated(intent, flow, look, refused_if_done=True)

    def _repeated(
        self,
        intent: Intent,
        flow: Callable[[], Flow[T]],
        look: Callable[[], T | None],
        *,
        refused_if_done: bool = False,
    ) -> T:
        """Sends it until there is an answer, or until `look` sees that it was done; for what is
        `refused_if_done` before, also after a refusal.
        """
        name = handle()
        unknown: OutcomeUnknown | None = None
        for _ in range(TRIES):
            try:
                result = self.send(name, intent, flow)
                self.conclude(name, "placed")
                return result
            except OutcomeUnknown as error:
                unknown = error
                if isinstance(error.__cause__, KeyboardInterrupt):
                    break
                self.client.renew()
            except ExchError as error:
                before = self._looked(look) if refused_if_done and is_refusal(error) else None
                if before is not None:
                    self.conclude(name, "placed")
                    return before
                if unknown is None:
                    state: JournalState = "rejected" if is_refusal(error) else "not_sent"
                    self.conclude(name, state, error.message)
                    raise
                if isinstance(error, StateError):
                    break
            # It may have been done by the one that was not answered, and be refused since.
            seen = self._looked(look)
            if seen is not None:
                self.conclude(name, "placed")
                return seen
        assert unknown is not None
        self.conclude(name, "unknown", unknown.message)
        raise OutcomeUnknown(
            unknown.message,
            "Canceling is safe to repeat: run the same again.",
            exchange=self.account.exchange,
        ) from unknown

    def _looked(self, look: Callable[[], T | None]) -> T | None:
        try:
            return look()
        except ExchError:  # what cannot be seen tells nothing
            return None
