"""DigiFinex's trading rules on the wire: who breaks them places no orders for a while."""

from __future__ import annotations

import pytest
from dfx_trading import asset, batch, order, post, shown

FAR = {"type": "buy", "amount": "0.001", "price": "5000"}
MINUTE = 60


@pytest.fixture
def two(trader):
    return trader("dfx", 1)


def place(account, number, market="spot", symbol="btc_usdt"):
    """So many orders that nobody will take; the code of the last batch."""
    while number:
        part = min(number, 10)
        answer = batch(account, *[FAR] * part, market=market, symbol=symbol)
        number -= part
    return answer["code"]


def test_fifty_orders_of_which_nothing_is_filled_are_too_many(two):
    assert place(two, 49) == 0
    assert order(two, price="5000")
    answer = post(two, "/spot/order/new", symbol="btc_usdt", **FAR)
    assert (list(answer), answer["code"]) == (["code", "msg"], 20020)
    assert place(two, 1) == 20020
    assert place(two, 1, symbol="eth_usdt") == 20020


def test_whoever_is_banned_reads_cancels_transfers_and_closes(two):
    order(two, "buy", "0.01", "9700", market="margin")
    place(two, 50)
    number = two("/v3/spot/order/current")["data"][0]["order_id"]
    assert post(two, "/spot/order/cancel", order_id=number)["success"] == [number]
    assert post(two, "/margin/position/close", symbol="btc_usdt") == {"code": 0}
    assert post(two, "/transfer", currency_mark="USDT", num=1, from_=1, to=2) == {"code": 0}
    assert two("/v3/spot/assets")["code"] == 0


def test_a_ban_ends_after_30_minutes(two):
    place(two, 50)
    two.asked.at(30 * MINUTE - 1)
    assert place(two, 1) == 20020
    two.asked.at(30 * MINUTE)
    assert place(two, 1) == 0


def test_the_third_ban_within_three_hours_is_20018_for_a_day(two):
    for start in (0, 31 * MINUTE, 62 * MINUTE):
        two.asked.at(start)
        assert place(two, 50) == 0
    assert place(two, 1) == 20018
    two.asked.at(62 * MINUTE + 86399)
    assert place(two, 1) == 20018
    two.asked.at(62 * MINUTE + 86400)
    assert place(two, 1) == 0


def test_whoever_cancels_nearly_everything_at_once_is_banned(two):
    """The weight and the number of what is filled are fine; 96 of 100 are canceled."""
    for _ in range(4):
        order(two, "buy", "0.01", "9700")
    for _ in range(96):
        number = order(two, "buy", "0.001", "5000")
        assert post(two, "/spot/order/cancel", order_id=number)["success"] == [number]
    assert place(two, 1) == 20020
    ((why,),) = two.sandbox.store.select("SELECT why FROM bans")
    assert why == "CR of BTC_USDT (spot)"


def test_fills_by_another_user_count_for_the_order_that_rested(two, trader):
    """49 orders and one that is filled later: a weight of more than a hundredth."""
    place(two, 48)
    resting = order(two, "buy", "0.1", "9592.10")
    order(trader("dfx"), "sell", "0.1", "9592.10")
    assert shown(two, resting)["status"] == 2
    assert place(two, 20) == 0
    assert order(two, price="5000")


def test_the_other_account_and_the_margin_market_are_counted_by_themselves(two, trader):
    place(two, 45)
    assert place(two, 45, market="margin") == 0
    assert order(trader("dfx"), price="5000")
    assert order(two, price="5000")


def test_refused_batches_do_not_count(two):
    for _ in range(10):
        assert batch(two, FAR, FAR, FAR, FAR, FAR, FAR | {"amount": "999"})["code"] == 20011
    assert order(two, price="5000")
    assert asset(two, "USDT")[0] < 25000


def test_a_sandbox_without_limits_bans_nobody(trader):
    two = trader("dfx", 1)
    two.asked.unlimited()
    assert place(two, 300) == 0
    assert two.sandbox.store.select("SELECT count(*) FROM conduct") == [(0,)]
