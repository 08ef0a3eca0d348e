"""DigiFinex's accounts: assets, financial logs, positions, deposits and withdrawals.

Deposits and withdrawals tell their times without a zone, and none is invented.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from exchcli.core.reply import Reply
from exchcli.core.request import Flow, Steps, Value
from exchcli.errors import Unreadable
from exchcli.exchanges.base import Exchange
from exchcli.exchanges.digifinex.orders import EARLIEST, LONGEST
from exchcli.exchanges.endpoint import get
from exchcli.exchanges.listing import Listing, Window, Windows, by_id, by_time, numbered
from exchcli.records import (
    Address,
    Balance,
    Ledger,
    Market,
    Position,
    Transfer,
    TransferKind,
    TransferStatus,
)

# The document limits the rows of a financial log, not its window: as careful as for orders.
LOGS = Windows(longest=LONGEST, full=1000, usual=timedelta(days=29), earliest=EARLIEST)
MOST_TRANSFERS = 500

DEPOSITS: dict[str, TransferStatus] = {
    "1": "pending",
    "2": "confirming",
    "3": "completed",
    "4": "stopped",
}
WITHDRAWALS: dict[str, TransferStatus] = {
    "1": "pending",
    "2": "confirming",
    "3": "completed",
    "4": "rejected",
}
# What the exchange calls its two directions: from old to new, and from new to old.
DIRECTIONS = {"asc": "prev", "desc": "next"}


class Account(Exchange):
    """What the holder of a key may ask of DigiFinex about money."""

    def balances(self, market: Market = "spot") -> Flow[list[Balance]]:
        return self.margin_assets() if market == "margin" else self.spot_assets()

    @get("/spot/assets", auth=True)
    def spot_assets(self) -> Steps[list[Balance]]:
        """Spot account assets: `free` and `total`."""
        reply = yield {}
        return [_balance(row) for row in reply["list"]]

    @get("/margin/assets", auth=True)
    def margin_assets(self) -> Steps[list[Balance]]:
        """Margin assets: the same, under sums of the account, which --raw shows."""
        reply = yield {}
        return [_balance(row) for row in reply["list"]]

    def ledger(
        self,
        listing: Listing,
        currency: str | None = None,
        account: Literal["spot", "margin", "otc"] = "spot",
    ) -> Flow[list[Ledger]]:
        """Changes of balances, newest first: without a time, what one reply has of them."""
        listing.checked()
        limit = listing.limit
        dated = listing.start is not None or listing.end is not None
        if not dated and (limit is None or limit <= LOGS.full):
            rows = yield from self.finance_log(None, currency, account, limit)
        else:
            rows = yield from by_time(
                lambda window: self.finance_log(window, currency, account, LOGS.full),
                listing if dated else listing._replace(whole=True),
                LOGS,
                time=lambda row: int(row.time.timestamp()),
                keys=numbered,
            )
        return sorted(rows, key=lambda row: row.time, reverse=True)[:limit]

    @get("/{market}/financelog", auth=True)
    def finance_log(
        self, window: Window | None, currency: str | None, account: str, limit: int | None
    ) -> Steps[list[Ledger]]:
        """Spot, margin, OTC financial logs: up to 1000 rows, 100 when nothing is said.

        The document's sample is a copy of the assets; in practice it is `data.finance`.
        """
        params: dict[str, Value] = {"market": account}
        if currency is not None:
            params["currency_mark"] = currency
        if window is not None:
            params["start_time"] = window.first
            if window.asked_last is not None:
                params["end_time"] = window.asked_last
        if limit is not None:
            params["limit"] = limit
        reply = yield params
        if reply.get("data") is None and "list" in reply:
            raise Unreadable("data.finance is missing; what came in its place is a list of assets")
        return [_ledger(row) for row in reply["data"]["finance"]]

    @get("/margin/positions", auth=True)
    def positions(self, symbol: str | None = None) -> Steps[list[Position]]:
        """Margin positions; the sums of the account above them are left to --raw, and so is the
        row without side and amount that stands for a pair without a position.
        """
        reply = yield {"symbol": symbol} if symbol else {}
        found = [_position(row) for row in reply["positions"]]
        return [position for position in found if position.side or position.amount]

    @get("/deposit/address", auth=True)
    def deposit_addresses(self, currency: str) -> Steps[list[Address]]:
        """Deposit address inquiry: an address a chain."""
        reply = yield {"currency": currency.lower()}
        return [
            Address(
                currency=row["currency"].text().upper(),
                address=row["address"].text(),
                memo=_text(row, "addressTag"),
                chain=_text(row, "chain"),
            )
            for row in reply["data"]
        ]

    def deposits(
        self,
        currency: str | None = None,
        limit: int | None = None,
        from_id: str | None = None,
        order: Literal["asc", "desc"] = "desc",
    ) -> Flow[list[Transfer]]:
        """Deposits from an id on, or else from the newest (`desc`) or the oldest (`asc`)."""
        return by_id(
            lambda start, size: self.deposit_history(currency, start, size, order),
            limit=limit,
            start=from_id,
            most=MOST_TRANSFERS,
            key=lambda deposit: str(deposit.id),
        )

    def withdrawals(
        self,
        currency: str | None = None,
        limit: int | None = None,
        from_id: str | None = None,
        order: Literal["asc", "desc"] = "desc",
    ) -> Flow[list[Transfer]]:
        """Withdrawals, listed as deposits are."""
        return by_id(
            lambda start, size: self.withdraw_history(currency, start, size, order),
            limit=limit,
            start=from_id,
            most=MOST_TRANSFERS,
            key=lambda withdrawal: str(withdrawal.id),
        )

    @get("/deposit/history", auth=True)
    def deposit_history(
        self, currency: str | None, start: str | None, size: int | None, order: str
    ) -> Steps[list[Transfer]]:
        """Deposit history: up to 500 rows, 100 when nothing is said."""
        reply = yield _part(currency, start, size, order)
        return [_transfer(row, "deposit", DEPOSITS) for row in reply["data"]]

    @get("/withdraw/history", auth=True)
    def withdraw_history(
        self, currency: str | None, start: str | None, size: int | None, order: str
    ) -> Steps[list[Transfer]]:
        """Withdrawal history: the same with `memo` and `fee`."""
        reply = yield _part(currency, start, size, order)
        return [_transfer(row, "withdrawal", WITHDRAWALS) for row in reply["data"]]


def _part(
    currency: str | None, start: str | None, size: int | None, order: str
) -> dict[str, Value]:
    params: dict[str, Value] = {}
    if currency is not None:
        params["currency"] = currency.lower()
    if start is not None:
        params["from"] = start
    if size is not None:
        params["size"] = size
    params["direct"] = DIRECTIONS[order]
    return params


def _text(row: Reply, name: str) -> str | None:
    found = row.get(name)
    return None if found is None else found.text()


def _balance(row: Reply) -> Balance:
    free, total = row["free"].decimal(), row["total"].decimal()
    return Balance(
        currency=row["currency"].text().upper(),
        free=free,
        held=max(total - free, Decimal(0)),
        total=total,
    )


def _ledger(row: Reply) -> Ledger:
    return Ledger(
        currency=row["currency_mark"].text().upper(),
        type=row["type"].text(),
        amount=row["num"].decimal(),
        balance=row["balance"].decimal(),
        time=row["time"].moment(),
    )


def _position(row: Reply) -> Position:
    side = _text(row, "side")
    if side not in ("long", "short", None):
        raise Unreadable(f"{row.path}.side is neither long nor short: {side!r}")
    return Position(
        symbol=row["symbol"].text().upper(),
        side="long" if side == "long" else "short" if side == "short" else None,
        leverage=row["leverage_ratio"].decimal(),
        amount=row["amount"].decimal(),
        entry_price=row["entry_price"].decimal(),
        unrealized_pnl=row["unrealized_pnl"].decimal(),
        liquidation_price=row["liquidation_price"].decimal(),
        liquidation_rate=row["liquidation_rate"].decimal(),
    )


def _moment(row: Reply, name: str) -> datetime | None:
    found = row.get(name)
    # A database's way to say "not yet".
    if found is None or found.value == 0 or str(found.value).startswith("0000"):
        return None
    return found.stated()


def _transfer(row: Reply, kind: TransferKind, statuses: dict[str, TransferStatus]) -> Transfer:
    """`state` has been seen as a number and as a word that the document does not explain."""
    state = _text(row, "state")
    fee = row.get("fee")
    return Transfer(
        id=row["id"].text(),
        kind=kind,
        currency=row["currency"].text().upper(),
        chain=_text(row, "chain"),
        amount=row["amount"].decimal(),
        fee=None if fee is None else fee.decimal(),
        address=_text(row, "address"),
        memo=_text(row, "memo"),
        hash=_text(row, "hash"),
        status=statuses.get(state or "", "unknown"),
        exchange_status=state,
        created=_moment(row, "created_date"),
        updated=_moment(row, "finished_date"),
    )
