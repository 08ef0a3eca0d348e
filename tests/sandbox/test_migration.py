"""Stores of earlier layouts are opened as if they had been made today."""

from __future__ import annotations

import sqlite3

import pytest
from trading_floor import TradingFloor

from exchcli.errors import StateError
from exchcli.sandbox.accounts import ensure
from exchcli.sandbox.engine.desk import trading
from exchcli.sandbox.floor import Floor
from exchcli.sandbox.migration import migrate
from exchcli.sandbox.store import FILE, VERSION, Store

OPENED = 1772600807
ADDED = ("stands", "place", "rank", "rest")


def content(path):
    """The layout of every table, and its rows."""
    db = sqlite3.connect(path)
    tables = [row[0] for row in db.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
    )]  # fmt: skip
    found = {
        name: (
            [row[1:] for row in db.execute(f"PRAGMA table_info({name})")],
            db.execute(f"SELECT * FROM {name} ORDER BY 1, 2").fetchall(),
        )
        for name in tables
    }
    indexes = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}
    assert db.execute("PRAGMA user_version").fetchone() == (VERSION,)
    db.close()
    return found, indexes


def as_layout_3(path):
    """Layout 3 as it first was: bars of a minute only, lists in the order of ids."""
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
