"""What is counted beforehand is what reading every row would find."""

from __future__ import annotations

from random import Random

import pytest

from exchcli.sandbox.accounts import ensure
from exchcli.sandbox.store import Store
from exchcli.sandbox.tallies import Listed

OPENED = 1772600807
NEWEST = 2**62
STATES = {
    "open": "status = 'open' AND filled = '0'",
    "open, part filled": "status = 'open' AND filled != '0'",
    "filled": "status = 'filled'",
    "canceled": "status = 'canceled' AND filled = '0'",
    "canceled, part filled": "status = 'canceled' AND filled != '0'",
}
PAIRS = ("BTCPLN", "LTCPLN", "LTCBTC")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """8,000 orders, close together and far apart, a third of which have another state by now."""
    store = Store(tmp_path_factory.mktemp("tallies"), OPENED)
    ensure(store, "dgt")
    draw, id_ = Random(5), 20_000
    with store.writing() as db:
        for number in range(8000):
            id_ += 1 if number % 500 else 300_000
            status, filled = draw.choice([("open", "0"), ("filled", "1"), ("canceled", "0.5")])
            db.execute(
                "INSERT INTO orders (exchange, id, code, account, wallet, symbol, side, price,"
                " amount, status, filled, cost, held, created, updated)"
                " VALUES ('dgt', ?, ?, ?, 'spot', ?, ?, '1', '1', ?, ?, '0', '0', ?, 0)",
                (id_, str(id_), draw.choice((101, 101, 102)), draw.choice(PAIRS),
                 draw.choice(("buy", "sell")), status, filled, OPENED * 10**6 + number),
            )  # fmt: skip
        for status, filled in (("open", "0.2"), ("canceled", "0"), ("filled", "1")):
            db.execute(
                "UPDATE orders SET status = ?, filled = ? WHERE id > 20000 AND id % 9 = ?",
                (status, filled, len(status) % 9),
            )
    yield store
    store.close()


def naive(store, condition, *values):
    return [id_ for (id_,) in store.rows(
        f"SELECT id FROM orders WHERE exchange = 'dgt' AND {condition} ORDER BY id DESC", *values
    )]  # fmt: skip


@pytest.mark.parametrize("state", [None, *STATES])
@pytest.mark.parametrize("side", [None, "buy"])
@pytest.mark.parametrize("pair", [None, "LTCPLN"])
def test_counts_and_pages_are_those_of_all_the_rows(store, pair, side, state):
    condition, values = "account = ?", [101]
    if pair:
        condition, values = condition + " AND symbol = ?", [*values, pair]
    if side:
        condition, values = condition + " AND side = ?", [*values, side]
    if state:
        condition += f" AND {STATES[state]}"
    every = naive(store, condition, *values)
    draw = Random(str((pair, side, state)))
    ids = naive(store, "id > 20000")
    for turn in range(40):
        low, high, *without = (0, NEWEST) if not turn else (
            *sorted(draw.sample(ids, 2)), *sorted(draw.sample(ids, 2)))  # fmt: skip
        rows = Listed(store, "orders", 101, name=pair, kind=side, state=state)
        if turn:
            rows.since(low)
            rows.until(high)
            rows.leave_out(*without)
        seen = [each for each in every if low <= each <= high
                and not (without and without[0] <= each <= without[1])]  # fmt: skip
        assert rows.count() == len(seen)
        offset, limit = draw.randrange(len(seen) + 3), draw.choice((1, 20, 100))
        assert rows.page(limit, offset) == seen[offset : offset + limit]
        assert rows.page(limit, 0) == seen[:limit]
    assert every


def test_an_account_that_has_nothing_sees_nothing(store):
    rows = Listed(store, "orders", 999)
    assert (rows.count(), rows.page(20, 0)) == (0, [])
    rows.since(NEWEST)
    rows.until(-1)
    assert (rows.count(), rows.page(20, 0)) == (0, [])
