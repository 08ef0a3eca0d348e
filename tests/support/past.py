"""A long past of two accounts, written straight into the tables of a sandbox."""

from __future__ import annotations

import sqlite3

# Above those that there are, so that the engine goes on behind them.
FIRST_ORDER, FIRST_FILL, FIRST_ENTRY = 10_000_000, 100_000_000, 100_000_000
SELLERS = {"dgt": 101, "dfx": 201}  # the first demo accounts; the second buy

_ALL = "WITH RECURSIVE past(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM past WHERE n + 1 < :trades)"
_SIDES = "(SELECT 0 AS side UNION ALL SELECT 1)"
_WHEN = "(:now - (:trades - n) * :every)"
_PAST = [
    f"""{_ALL} INSERT INTO orders (exchange, id, code, account, wallet, symbol, side, price, amount,
        status, filled, cost, held, created, updated, rest)
        SELECT :exchange, :order + 2 * n + side,
        iif(:exchange = 'dgt', :order + 2 * n + side, printf('%032x', :order + 2 * n + side)),
        :seller + side, 'spot', :symbol, iif(side, 'buy', 'sell'), '213.36', '0.0500', 'filled',
        '0.0500', '10.66800000', '0', {_WHEN}, {_WHEN}, 0 FROM past, {_SIDES}""",
    f"""{_ALL} INSERT INTO fills (exchange, id, "order", account, wallet, symbol, price, amount,
        cost, fee, fee_currency, fee_rate, maker, time)
        SELECT :exchange, :fill + 2 * n + side, :order + 2 * n + side, :seller + side, 'spot',
        :symbol, '213.36', '0.0500', '10.66800000', '0.00010000', iif(side, :base, :quote),
        '0.002', side, {_WHEN} FROM past, {_SIDES}""",
    f"""{_ALL} INSERT INTO entries SELECT :exchange, :entry + 4 * n + part, :entry + 4 * n,
        :seller + part % 2, 'spot', iif(part < 2, :base, :quote), 'trade', '0.0500', '1000.0000',
        {_WHEN} FROM past, (SELECT 0 AS part UNION ALL SELECT 1 UNION ALL SELECT 2
        UNION ALL SELECT 3)""",
    f"""{_ALL} INSERT INTO prints SELECT :exchange, :symbol, {_WHEN} / 1000000, n, n % 2, 21336, 500
        FROM past""",
    """INSERT OR IGNORE INTO print_bars
        SELECT exchange, symbol, period, time / period * period, min(time), max(time), 21336,
        21336, 21336, 21336, sum(amount), sum(price * amount) FROM prints,
        (SELECT 60 AS period UNION ALL SELECT 900 UNION ALL SELECT 14400)
        GROUP BY exchange, symbol, period, time / period""",
]


def write_past(db: sqlite3.Connection, exchange: str, symbol: str, trades: int, now: int) -> None:
    """As many trades of `symbol` between the two demo accounts, over the 29 days before `now`
    (microseconds): two orders, two fills and four entries each. `db` is in a transaction.
    """
    base, quote = symbol.split("_") if "_" in symbol else (symbol[:3], symbol[3:])
    values = {
        "exchange": exchange, "symbol": symbol, "base": base, "quote": quote,
        "trades": trades, "now": now, "every": 29 * 86400 * 1_000_000 // trades,
        "order": FIRST_ORDER, "fill": FIRST_FILL, "entry": FIRST_ENTRY,
        "seller": SELLERS[exchange],
    }  # fmt: skip
    for statement in _PAST:
        db.execute(statement, values)
