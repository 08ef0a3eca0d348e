"""DigiFinex's private records as its document shows them, and how a test reads them all."""

from __future__ import annotations

import re
from decimal import Decimal

DAY = 86400
NUMBER = (int, Decimal)
ORDER = {
    "symbol": "BTC_USDT",
    "order_id": "dd3164b333a4afa9d5730bb87f6db8b3",
    "created_date": 1562303547,
    "finished_date": 0,
    "price": Decimal("0.1"),
    "amount": 1,
    "cash_amount": 1,
    "executed_amount": 0,
    "avg_price": 0,
    "status": 1,
    "type": "buy",
    "kind": "margin",
}
DETAIL = {
    "tid": 63194988,
    "date": 1574665459,
    "executed_amount": Decimal("0.58"),
    "executed_price": 6000,
}
TRADE = {
    "symbol": "BTC_USDT",
    "order_id": "6707cbdcda0edfaa7f4ab509e4cbf966",
    "id": 28457,
    "price": Decimal("0.1"),
    "amount": 0,
    "fee": Decimal("0.096"),
    "fee_currency": "USDT",
    "timestamp": 1499865549,
    "side": "buy",
    "is_maker": True,
}
ASSET = {"currency": "BTC", "free": Decimal("4723846.89208129"), "total": 0}
FINANCE = {
    "currency_mark": "USDT",
    "type": 100,
    "num": Decimal("-10.0"),
    "balance": Decimal("90.0"),
    "time": 1546272000,
}
POSITION = {
    "symbol": "BTC_USDT",
    "leverage_ratio": "3.0",
    "side": "long",
    "amount": "3.0",
    "entry_price": "40",
    "unrealized_pnl": "55",
    "liquidation_price": "25.999999999999996",
    "liquidation_rate": "0.3",
}
ADDRESS = {
    "currency": "btc",
    "address": "1PSRjPg53cX7hMRYAXGJnL8mqHtzmQgPUs",
    "addressTag": "",
    "chain": "",
}
DEPOSIT = {
    "id": 1171,
    "currency": "xrp",
    "hash": "ed03094b84eafbe4bc16e7ef766ee959885ee5bcb265872baaa9c64e1cf86c2b",
    "chain": "",
    "amount": Decimal("7.457467"),
    "address": "rae93V8d2mdoUQHwBDBdM4NHCMehRJAsbm",
    "state": 3,
    "created_date": "2020-04-20 11:23:00",
    "finished_date": "2020-04-20 13:23:00",
}
WITHDRAWAL = {
    "id": 1171,
    "currency": "xrp",
    "hash": "ed03094b84eafbe4bc16e7ef766ee959885ee5bcb265872baaa9c64e1cf86c2b",
    "chain": "",
    "amount": Decimal("7.457467"),
    "address": "rae93V8d2mdoUQHwBDBdM4NHCMehRJAsbm",
    "memo": "100040",
    "fee": 0,
    "state": "safe",
    "created_date": "2020-04-20 11:23:00",
    "finished_date": "2020-04-20 13:23:00",
}
HEX = re.compile(r"[0-9a-f]{32}")
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
# Whole numbers of the document; all other numbers may have a fraction.
WHOLE = {"created_date", "finished_date", "status", "tid", "date", "id", "timestamp", "time"}
WHOLE |= {"type", "state"}


def looks_like(row, sample, *, free=()):
    """The same keys in the same order, values of the same types; those in `free` may differ."""
    assert list(row) == list(sample)
    for name, value in row.items():
        if name in free:
            continue
        if isinstance(sample[name], NUMBER) and not isinstance(sample[name], bool):
            kinds = (int,) if name in WHOLE else NUMBER
            assert isinstance(value, kinds), name
            assert not isinstance(value, bool), name
        else:
            assert type(value) is type(sample[name]), name


def everything(account, path, **filters):
    """All rows of a window's list, in windows of a day, each with fewer rows than its limit."""
    most = 500 if path.endswith("mytrades") else 100
    name = "list" if path.endswith("mytrades") else "data"
    more = "".join(f"&{key}={value}" for key, value in filters.items())
    now = account.asked.now
    rows = []
    for day in range(45):
        start, end = now - (day + 1) * DAY, now - day * DAY - 1
        reply = account(f"{path}?limit={most}&start_time={start}&end_time={end}{more}")
        assert len(reply[name]) < most
        rows += reply[name]
    return rows + account(f"{path}?limit={most}&start_time={now - 1}{more}")[name]
