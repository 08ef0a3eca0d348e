"""DigiFinex's money of one account: assets, positions, the financial log, deposits, withdrawals."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from exchcli.sandbox import statement
from exchcli.sandbox.call import Call
from exchcli.sandbox.catalog import DFX
from exchcli.sandbox.currencies import CHAINS
from exchcli.sandbox.digifinex import Query, limit_of, market_of, whole_of
from exchcli.sandbox.digifinex_codes import BAD_TIMES, ILLEGAL, NO_CURRENCY, Refused
from exchcli.sandbox.engine import margin
from exchcli.sandbox.ledger import minus, over, plus, rounded, shifted, times
from exchcli.sandbox.plain import plain
from exchcli.sandbox.statement import MICRO, PaymentRow, PositionRow, Where

_LATEST = 10**11

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 -- dates are told without a zone
# The type 100 is in the sample; what it and the others mean there is not documented, so these
# are this project's own choice.
_TYPES = {
    "deposit": 1,
    "withdrawal": 2,
    "transfer": 3,
    "trade": 100,
    "fee": 101,
    "profit": 102,
}
_DEPOSIT_STATES = {"pending": 1, "confirming": 2, "done": 3, "canceled": 4}
# The sample's word for a withdrawal that is over, where the table has numbers.
_WITHDRAWAL_STATES: dict[str, object] = {**_DEPOSIT_STATES, "done": "safe"}


def spot_assets(call: Call, _query: Query) -> object:
    """#spot-account-assets -- `free` and `total` of every currency."""
    return {"code": 0, "list": _assets(call, "spot")}


def margin_assets(call: Call, _query: Query) -> object:
    """#margin-assets -- the same, under their sums in USDT at the last prices."""
    total = free = Decimal(0)
    for currency, all_, held in statement.balances(call.store, call.account, "margin"):
        price = _in_usdt(call, currency)
        total = plus(total, times(all_, price))
        free = plus(free, times(minus(all_, held), price))
    return {
        "code": 0,
        "total": plain(rounded(total)),
        "free": plain(rounded(free)),
        "unrealized_pnl": plain(_unrealized(call, _open(call))),
        "list": _assets(call, "margin"),
    }


def margin_positions(call: Call, query: Query) -> object:
    """#margin-positions -- of one `symbol` or of all; a pair without a position has an empty side.

    The margin rate is what the positions' assets are worth for each USDT that they owe, at the
    last prices. A position alone is liquidated when it has come down to 1 + liquidation_rate.
    """
    positions = _open(call)
    shown = positions
    if "symbol" in query:
        symbol = market_of(call.floor, query).rules.symbol
        shown = [each for each in positions if each.symbol == symbol] or [_none(symbol)]
    held = worth = owed = Decimal(0)
    for each in positions:
        last = _last(call, each.symbol)
        sums = margin.worth_and_debt(each.side, each.amount, each.cost, each.held, last)
        held, worth, owed = plus(held, each.held), plus(worth, sums[0]), plus(owed, sums[1])
    rate = over(worth, owed) if owed else Decimal(0)
    return {
        "code": 0,
        "margin": str(plain(held)),
        "margin_rate": plain(rounded(rate, Decimal("0.0001"))),
        "unrealized_pnl": str(plain(_unrealized(call, positions))),
        "positions": [_position(call, each) for each in shown],
    }


def finance_log(call: Call, query: Query, wallet: str) -> object:
    """#financial-logs -- newest first, 100 rows unless `limit` says more, at most 1000.

    Rows as they are in practice: the document's sample is a copy of that of the assets.
    """
    currency = currency_of(call, query["currency_mark"]) if "currency_mark" in query else None
    start = whole_of(query, "start_time", 0)
    end = whole_of(query, "end_time", _LATEST)
    if end <= start:
        raise Refused(BAD_TIMES)
    found = statement.entries(
        call.store, call.account, wallet, limit_of(query, 100, 1000),
        currency=currency, first=start * MICRO, end=(end + 1) * MICRO,
    )  # fmt: skip
    rows = [
        {
            "currency_mark": entry.currency,
            "type": _TYPES[entry.kind],
            "num": plain(entry.amount),
            "balance": plain(entry.balance),
            "time": entry.time // MICRO,
        }
        for entry in found
    ]
    return {"code": 0, "data": {"finance": rows}}


def deposit_address(call: Call, query: Query) -> object:
    """#deposit-address-inquiry -- one row for each chain of a `currency`. Success is 200."""
    if "currency" not in query:
        raise Refused(ILLEGAL)
    rows = call.store.select(
        "SELECT currency, address, tag, chain FROM addresses"
        " WHERE account = ? AND kind = 'deposit' AND currency = ? ORDER BY chain",
        call.account,
        currency_of(call, query["currency"]),
    )
    data = [
        {"currency": currency.lower(), "address": address, "addressTag": tag, "chain": chain}
        for currency, address, tag, chain in rows
    ]
    return {"code": 200, "data": data}


def deposit_history(call: Call, query: Query) -> object:
    """#deposit-history -- see _payments() for the parameters."""
    return {"code": 200, "data": [_deposit(row) for row in _payments(call, query, "deposit")]}


def withdraw_history(call: Call, query: Query) -> object:
    """#withdrawal-history -- the same with `memo` and `fee`."""
    return {"code": 200, "data": [_withdrawal(row) for row in _payments(call, query, "withdrawal")]}


def _payments(call: Call, query: Query, kind: str) -> list[PaymentRow]:
    """`size` (100, at most 500) rows from the id `from` on, itself included: `direct` is prev
    for older to newer, from 1 on, or next for newer to older, from the newest on."""
    where = Where("account = ? AND kind = ?", call.account, kind)
    if query.get("currency"):
        where.also("currency = ?", currency_of(call, query["currency"]))
    direct = query.get("direct", "prev")
    if direct not in ("prev", "next"):
        raise Refused(ILLEGAL)
    if "from" in query:
        where.also("id >= ?" if direct == "prev" else "id <= ?", whole_of(query, "from", 1))
    size = whole_of(query, "size", 100)
    if not 1 <= size <= 500:
        raise Refused(ILLEGAL)
    return statement.payments(call.store, where, size, oldest=direct == "prev")


def _deposit(row: PaymentRow) -> dict[str, object]:
    over = row.status in ("done", "canceled")
    return {
        "id": row.id,
        "currency": row.currency.lower(),
        "hash": row.hash,
        "chain": row.chain,
        "amount": plain(row.amount),
        "address": row.address,
        "state": _DEPOSIT_STATES[row.status],
        "created_date": _written(row.created),
        "finished_date": _written(row.updated) if over else "",
    }


def _withdrawal(row: PaymentRow) -> dict[str, object]:
    return {
        "id": row.id,
        "currency": row.currency.lower(),
        "hash": row.hash if row.status == "done" else "",
        "chain": row.chain,
        "amount": plain(row.amount),
        "address": row.address,
        "memo": row.tag,
        "fee": plain(row.fee),
        "state": _WITHDRAWAL_STATES[row.status],
        "created_date": _written(row.created),
        "finished_date": _written(row.updated),
    }


def _written(time: int) -> str:
    """A date as the document writes it; its zone is not told, and is UTC here."""
    return (_EPOCH + timedelta(seconds=time // MICRO)).isoformat(" ")


def _assets(call: Call, wallet: str) -> list[dict[str, object]]:
    return [
        {"currency": currency, "free": plain(minus(total, held)), "total": plain(total)}
        for currency, total, held in statement.balances(call.store, call.account, wallet)
    ]


def currency_of(call: Call, text: str) -> str:
    """A currency that the exchange has, in upper case."""
    known = {chain.currency.upper() for chain in CHAINS}
    for rules in call.floor.rules(DFX):
        known |= {rules.base, rules.quote}
    if text.upper() not in known:
        raise Refused(NO_CURRENCY)
    return text.upper()


def _open(call: Call) -> list[PositionRow]:
    return statement.positions(call.store, call.account)


def _none(symbol: str) -> PositionRow:
    """The row of a pair without a position."""
    zero = Decimal(0)
    return PositionRow(symbol, "", Decimal(3), zero, zero, zero)


def _position(call: Call, row: PositionRow) -> dict[str, object]:
    market = call.floor.market(DFX, row.symbol)
    rate = Decimal((market and market.rules.liquidation_rate) or 0)
    entry = over(row.cost, row.amount) if row.amount else Decimal(0)
    liquidation = margin.liquidation_price(row.side, row.amount, row.cost, row.held, rate)
    return {
        "symbol": row.symbol,
        "leverage_ratio": f"{row.leverage:.1f}",
        "side": row.side,
        "amount": str(plain(row.amount)),
        "entry_price": str(plain(rounded(entry))),
        "unrealized_pnl": str(plain(_unrealized(call, [row]))),
        "liquidation_price": str(plain(rounded(liquidation))),
        "liquidation_rate": str(plain(rate)),
    }


def _unrealized(call: Call, positions: list[PositionRow]) -> Decimal:
    """What closing them at the last prices would bring, in USDT."""
    profit = Decimal(0)
    for row in positions:
        last = _last(call, row.symbol)
        profit = plus(profit, margin.unrealized(row.side, row.amount, row.cost, last))
    return rounded(profit)


def _in_usdt(call: Call, currency: str) -> Decimal:
    return Decimal(1) if currency == "USDT" else _last(call, f"{currency}_USDT")


def _last(call: Call, symbol: str) -> Decimal:
    market = call.floor.market(DFX, symbol)
    if market is None:
        return Decimal(0)
    return shifted(Decimal(market.ticker(call.now).last), -market.rules.price_precision)
