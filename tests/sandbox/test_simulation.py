"""The pieces of the simulated market keep their promises one by one."""

from __future__ import annotations

import ast
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import exchcli.sandbox
from exchcli.sandbox.bars import Bar, Block, Print, bar_of, merged
from exchcli.sandbox.book import Depth, book, touch
from exchcli.sandbox.catalog import SIMULATIONS, scaled
from exchcli.sandbox.noise import SPAN, Noise
from exchcli.sandbox.prints import FEWEST, prints_of
from exchcli.sandbox.simulated import IDS_A_SECOND, Simulated
from exchcli.sandbox.tree import CELL, PERIODS, Node, Tree, divide

PACKAGE = Path(exchcli.sandbox.__file__).parent
ROLL = st.integers(0, SPAN - 1)


@st.composite
def nodes(draw, most_volume=10**12):
    low = draw(st.integers(1, 10**9))
    high = low + draw(st.integers(0, 10**5))
    opening, close = (draw(st.integers(low, high)) for _ in range(2))
    # Enough to be divided among prints that are this far apart.
    least = 100 * (high - low) + 1000
    return Node(opening, high, low, close, draw(st.integers(least, least + most_volume)))


@given(node=nodes(), parts=st.integers(2, 8), data=st.data())
def test_the_parts_of_a_candle_amount_to_it(node, parts, data):
    rolls = data.draw(st.lists(ROLL, min_size=4 * parts, max_size=4 * parts))
    shares = data.draw(st.lists(st.integers(1, 900), min_size=parts, max_size=parts))
    found = divide(node, shares, rolls)
    assert len(found) == parts
    assert found[0].open == node.open
    assert found[-1].close == node.close
    assert max(each.high for each in found) == node.high
    assert min(each.low for each in found) == node.low
    assert sum(each.volume for each in found) == node.volume
    for before, after in pairwise(found):
        assert before.close == after.open
    for each in found:
        assert each.low <= min(each.open, each.close) <= max(each.open, each.close) <= each.high


@settings(max_examples=200, deadline=None)
@given(node=nodes(), count=st.integers(FEWEST, 70), length=st.integers(1, CELL), data=st.data())
def test_prints_amount_to_their_block_to_the_last_digit(node, count, length, data):
    rolls = Noise(data.draw(st.integers(0, 10**6)), "any").draw(3 * count, 0)
    block = Block(1000, 1000 + length, Bar(*node, node.quote))
    found = prints_of(block, rolls, lambda times: range(len(times)))
    assert bar_of(found) == block.bar
    assert len(found) == count
    assert all(each.amount > 0 for each in found)
    times = [each.time for each in found]
    assert times == sorted(times)
    assert times[0] >= block.start
    assert times[-1] < block.end


@settings(max_examples=50)
@given(seed=st.integers(), level=st.integers(0, len(PERIODS) - 1), first=st.integers(0, 3000))
def test_a_candle_of_the_tree_is_the_same_alone_and_in_a_row(seed, level, first):
    tree = Tree(Noise(seed, "any"), 10**9)
    row = tree.nodes(level, first, first + 20)
    assert len(row) == 20
    assert row[13] == tree.nodes(level, first + 13, first + 14)[0]
    assert all(each.low > 0 and each.volume > 0 for each in row)


@given(seed=st.integers(), address=st.lists(st.integers(-(2**63), 2**63 - 1), max_size=4))
def test_noise_answers_the_same_question_the_same(seed, address):
    one, two = Noise(seed, "a"), Noise(seed, "a")
    assert one.draw(8, *address) == two.draw(8, *address)
    assert one.draw(3, *address) == one.draw(8, *address)[:3]
    assert one.draw(8, *address) != Noise(seed, "b").draw(8, *address)


@settings(max_examples=200, deadline=None)
@given(
    price=st.integers(1, 10**12),
    buy=st.booleans(),
    spread=st.integers(1, 10**6),
    step=st.integers(1, 10**6),
    now=st.integers(0, 10**11),
)
def test_any_price_has_a_book_around_it(price, buy, spread, step, now):
    depth = Depth(spread, price, step, 5)
    best = touch(Noise(1, "any"), depth, Print(now, 1, buy, price, 1), now)
    bids, asks = book(Noise(1, "any"), depth, best, now, 50)
    assert bids[0].price < asks[0].price
    assert bids[0].price <= price <= asks[0].price
    assert bids[-1].price >= 1
    assert len(asks) == 50
    for side, better in ((bids, 1), (asks, -1)):
        places = [level.price * better for level in side]
        assert places == sorted(set(places), reverse=True)


def test_ids_of_one_second_differ_and_leave_room_for_others():
    tape = Simulated(SIMULATIONS["dfx", "BTC_USDT"], Noise(1, "any"), 1000)
    ids = tape._numbered([1500, 1500, 1500, 1501, 1600])
    assert [each - ids[0] for each in ids] == [0, 1, 2, IDS_A_SECOND, 100 * IDS_A_SECOND]


def test_no_bar_is_made_of_nothing():
    assert bar_of([]) is None
    assert merged([]) is None
    assert merged([None, None]) is None
    assert merged([None, Bar(1, 2, 1, 2, 5, 8), None]) == Bar(1, 2, 1, 2, 5, 8)


@pytest.mark.parametrize("simulation", SIMULATIONS.values(), ids=lambda each: each.rules.symbol)
def test_the_catalog_is_as_fine_as_its_rules(simulation):
    rules, opening, pace = simulation
    bid, last, ask = (rules.ticks(each) for each in (opening.bid, opening.last, opening.ask))
    assert bid <= last <= ask
    assert bid < ask
    assert rules.ticks(opening.low) <= last <= rules.ticks(opening.high)
    assert rules.units(opening.volume) > 0
    assert rules.ticks(pace.step) > 0
    assert rules.units(pace.size) > 0
    assert rules.units(rules.min_amount) > 0
    # All levels of a side must fit below the price, also when it has fallen far.
    levels = 30 if rules.exchange == "dgt" else 150
    assert levels * rules.ticks(pace.step) < last / 6
    # Below this a minute could pass without a trade, and charts would show holes.
    assert rules.exchange == "dgt" or pace.trades >= 40


def test_a_decimal_finer_than_its_scale_is_an_error():
    assert scaled("1.5", 3) == 1500
    with pytest.raises(ValueError, match="more than 1 decimals"):
        scaled("1.55", 1)


ALLOWED = ("exchcli.errors", "exchcli.money", "exchcli.records", "exchcli.times", "exchcli.sandbox")


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.name)
def test_the_sandbox_shares_nothing_with_the_client(path):
    is_carrier = path.parent.name == "server"
    for node in ast.walk(ast.parse(path.read_text())):
        names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        for name in names:
            assert not name.startswith("exchcli") or name.startswith(ALLOWED)
            assert name != "httpx" or path.name == "transport.py"
        # Seconds that a carrier waits are no money.
        assert is_carrier or not (isinstance(node, ast.Name) and node.id == "float")
