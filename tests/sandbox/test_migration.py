"""Stores of earlier layouts are opened as if they had been made today."""

from __future__ import annotations

import sqlite3

import pytest
from trading_floor import TradingFloor

from exchcli.errors import StateError
from exchcli.sandbox import statement
from exchcli.sandbox.accounts import ensure
from exchcli.sandbox.engine.desk import trading
from exchcli.sandbox.floor import Floor
from exchcli.sandbox.migration import migrate
from exchcli.sandbox.store import FILE, VERSION, Store
from exchcli.sandbox.tallies import Listed

OPENED = 1772600807
ADDED = ("stands", "place", "rank", "rest")
LAYOUT_4 = {
    "entries_of": "entries (account, wallet, time, id)",
    "orders_of": "orders (account, wallet, created, id)",
    "fills_of": "fills (account, time, id)",
    "orders_open_of": "orders (account, wallet, created, id) WHERE status = 'open'",
}


def content(path):
    """The layout of every table, and its rows; and the names of indexes and triggers."""
    db = sqlite3.connect(path)
    tables = [row[0] for row in db.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
    )]  # fmt: skip
    found = {
        name: (
            [row[1:] for row in db.execute(f"PRAGMA table_info({name})")],
            sorted(db.execute(f"SELECT * FROM {name}").fetchall(), key=repr),
        )
        for name in tables
    }
    # What was counted and is not there any more leaves a 0.
    layout, rows = found["tallies"]
    found["tallies"] = layout, [row for row in rows if row[-1]]
    others = dict(db.execute(
        "SELECT name, sql FROM sqlite_master WHERE type IN ('index', 'trigger')"
    ))  # fmt: skip
    assert db.execute("PRAGMA user_version").fetchone() == (VERSION,)
    db.close()
    return found, others


def as_layout_4(path):
    """Nothing is counted, and fills say neither wallet nor pair."""
    db = sqlite3.connect(path)
    kept = "('orders_by_code', 'orders_standing', 'fills_of_order', 'payments_due', 'payments_of')"
    for kind, name in db.execute(
        "SELECT type, name FROM sqlite_master WHERE type = 'trigger' OR type = 'index' AND"
        f" tbl_name IN ('orders', 'fills', 'entries', 'payments') AND name NOT IN {kept}"
        " AND sql IS NOT NULL"
    ).fetchall():
        db.execute(f"DROP {kind} {name}")
    db.execute("DROP TABLE tallies")
    for column in ("wallet", "symbol"):
        db.execute(f"ALTER TABLE fills DROP COLUMN {column}")
    for index, what in LAYOUT_4.items():
        db.execute(f"CREATE INDEX {index} ON {what}")
    db.execute("PRAGMA user_version = 4")
    db.commit()
    db.close()


def as_layout_3(path):
    """Layout 3 as it first was: bars of a minute only, lists in the order of ids."""
    as_layout_4(path)
    db = sqlite3.connect(path)
    db.execute("DROP TABLE print_bars")
    db.execute("CREATE TABLE print_minutes (exchange, symbol, time, volume)")
    for index in ("entries_of", "fills_of", "orders_open_of", "transfers_of"):
        db.execute(f"DROP INDEX {index}")
    db.execute("CREATE INDEX entries_of ON entries (account, wallet, time)")
    db.execute("CREATE INDEX fills_of ON fills (account, time)")
    db.execute("DELETE FROM sqlite_stat1")
    db.execute("PRAGMA user_version = 3")
    db.commit()
    db.close()


def as_layout_2(path):
    """Takes everything away that layout 3 has added."""
    as_layout_4(path)
    db = sqlite3.connect(path)
    for index in ("orders_standing", "orders_open_of", "payments_due"):
        db.execute(f"DROP INDEX {index}")
    for column in ADDED:
        db.execute(f"ALTER TABLE orders DROP COLUMN {column}")
    for column in ("fee_currency", "due"):
        db.execute(f"ALTER TABLE payments DROP COLUMN {column}")
    for table in ("engine", "eaten", "prints", "print_bars"):
        db.execute(f"DROP TABLE {table}")
    db.execute("CREATE INDEX orders_open ON orders (exchange, symbol) WHERE status = 'open'")
    for (table,) in db.execute("SELECT name FROM sqlite_master WHERE name LIKE 'conduct%'"
                               " AND type = 'table'").fetchall():  # fmt: skip
        db.execute(f"DROP TABLE {table}")
    db.execute("PRAGMA user_version = 2")
    db.commit()
    db.close()


@pytest.fixture
def path(tmp_path):
    """A store in which both exchanges have their accounts."""
    store = Store(tmp_path, OPENED)
    for exchange in ("dgt", "dfx"):
        ensure(store, exchange)
    store.close()
    return tmp_path / FILE


def test_a_store_of_layout_2_becomes_what_a_new_one_is(path):
    before = content(path)
    as_layout_2(path)
    Store(path.parent, OPENED + 99).close()
    assert content(path) == before


def test_a_store_of_layout_3_keeps_its_users_trades_in_its_candles(path):
    floor = TradingFloor(path.parent, "dgt")
    for _ in range(80):
        floor.wait(430)
        floor.place(0, "LTCPLN", "buy", 1, 9999)
    floor.close()
    before = content(path)
    assert len(before[0]["print_bars"][1]) > 80
    as_layout_3(path)
    Store(path.parent, OPENED).close()
    assert content(path) == before


@pytest.mark.parametrize(("exchange", "pair"), [("dgt", "LTCPLN"), ("dfx", "LTC_USDT")])
def test_a_store_of_layout_4_is_indexed_and_counted_like_a_new_one(path, exchange, pair):
    floor = TradingFloor(path.parent, exchange)
    floor.fund(0, LTC=1000)
    for number in range(70):
        floor.wait(100)
        order = floor.place(0, pair, "sell", 1, "9999" if number % 3 else "5")
        if number % 3 == 2:
            floor.cancel(0, order)
    floor.close()
    before = content(path)
    as_layout_4(path)
    Store(path.parent, OPENED).close()
    assert content(path) == before


@pytest.mark.parametrize("make_older", [as_layout_2, as_layout_3, as_layout_4])
def test_whoever_migrates_plans_like_everybody_after(path, make_older):
    """SQLite reads what it goes by when it plans as it opens a store: that was the old one's."""
    make_older(path)
    plans = []
    for _ in range(2):
        store = Store(path.parent, OPENED)
        plans.append(
            [
                store.select(f"EXPLAIN QUERY PLAN {sql}", *(1,) * sql.count("?"))
                for sql in (
                    Listed(store, "orders", 1, name="BTCPLN")._rows,
                    Listed(store, "fills", 1)._rows,
                    f"{statement._ORDERS} WHERE account = ? AND wallet = ? AND status = 'open'"
                    " ORDER BY created DESC, id DESC",
                )
            ]
        )
        store.close()
    assert plans[0] == plans[1]


def test_its_open_orders_are_in_the_book_and_can_be_canceled(path):
    as_layout_2(path)
    store = Store(path.parent, OPENED)
    standing = store.select("SELECT stands, count(*) FROM orders GROUP BY 1 ORDER BY 1")
    assert dict(standing) | {None: 0} == {None: 0, "buy": 5, "fall": 1, "sell": 4}
    ((code, account),) = store.select("SELECT code, account FROM orders WHERE stands = 'fall'")
    with trading(store, Floor(store), "dgt", OPENED * 10**9) as desk:
        assert desk.cancel(account, code).status == "canceled"
    store.close()


def test_a_store_of_layout_1_gets_everything_but_accounts(tmp_path):
    Store(tmp_path, OPENED).close()
    path = tmp_path / FILE
    before = content(path)
    db = sqlite3.connect(path)
    market = ("sandbox", "recordings", "trades", "minutes")
    for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        if table not in market:
            db.execute(f"DROP TABLE {table}")
    db.execute("PRAGMA user_version = 1")
    db.commit()
    db.close()
    Store(tmp_path, OPENED).close()
    assert content(path) == before


def test_of_two_that_migrate_at_once_the_second_finds_it_done(path):
    as_layout_2(path)
    one, two = (sqlite3.connect(path, isolation_level=None) for _ in range(2))
    migrate(one)
    before = content(path)
    migrate(two)
    one.close()
    two.close()
    assert content(path) == before


def test_a_migration_that_fails_half_way_changes_nothing(path):
    as_layout_2(path)
    db = sqlite3.connect(path)
    # What cannot be a number stops it after the tables have been made.
    db.execute("UPDATE orders SET price = 'much' WHERE status = 'open' AND symbol = 'BTCPLN'")
    db.commit()
    db.close()
    with pytest.raises((StateError, ArithmeticError)):
        Store(path.parent, OPENED)
    db = sqlite3.connect(path)
    assert db.execute("PRAGMA user_version").fetchone() == (2,)
    assert not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'engine'").fetchall()
    db.close()
