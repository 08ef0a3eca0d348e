"""Every code of DigiFinex's table that can be provoked, provoked by what it describes."""

from __future__ import annotations

import pytest
from dfx_codes import NEVER, TABLE
from dfx_trading import batch, order, post

from exchcli.sandbox.digifinex_codes import MESSAGES

ASSETS, HISTORY = "/v3/spot/assets", "/v3/spot/order/history"
FIELDS = {"symbol": "btc_usdt", "type": "buy", "amount": "0.01", "price": "9000"}
COINS = {"currency": "btc", "amount": "0.005", "address": "sandbox-dfx-someone-btc"}
MOVE = {"currency_mark": "USDT", "num": 1, "from_": 1, "to": 2}


def new(account, **fields):
    return post(account, "/spot/order/new", **(FIELDS | fields))


def withdraw(account, **fields):
    return post(account, "/withdraw/new", **(COINS | fields))


def move(account, **fields):
    return post(account, "/transfer", **(MOVE | fields))


def key(account, state):
    account.sandbox.mark_key(account.account.key, state)
    return account(ASSETS)


def marked(account, name, word, ask):
    account.sandbox.mark("dfx", name, word)
    return ask(account)


def too_often(account):
    for _ in range(1200):
        account(ASSETS)
    return account(ASSETS)


def banned(account, times=1):
    for number in range(times):
        account.asked.at(number * 1900)
        for _ in range(5):
            batch(account, *[{"type": "buy", "amount": "0.001", "price": "5000"}] * 10)
    return new(account)


def often(account):
    return [withdraw(account) for _ in range(4)][-1]


def moved_a_lot(account):
    for _ in range(20):
        move(account, num=25000, to=3)
        move(account, num=25000, from_=3, to=1)
    return move(account, to=3)


def late_cancel(account):
    number = withdraw(account)["withdraw_id"]
    account.asked.at(60)
    return post(account, "/withdraw/cancel", withdraw_id=number)


def window(account, start, end):
    return account(f"{HISTORY}?start_time={start}&end_time={end}")


PROVOKED = {
    0: new,
    10001: lambda account: account("/v3/spot/order/new"),
    10002: lambda account: account(ASSETS, access_key="demo-nobody"),
    10003: lambda account: account(ASSETS, access_sign="0" * 64),
    10004: lambda account: new(account, amount="some"),
    10005: too_often,
    10006: lambda account: key(account, "no_permission"),
    10007: lambda account: key(account, "ip_not_allowed"),
    10008: lambda account: account(ASSETS, access_timestamp=str(account.asked.now - 6)),
    10009: lambda account: account("/v3/spot/order/newest", "POST"),
    10011: lambda account: key(account, "expired"),
    20002: lambda account: marked(account, "btc_usdt", "suspended", new),
    20007: lambda account: new(account, price="9000.001"),
    20008: lambda account: new(account, amount="0.00001"),
    20009: lambda account: new(account, symbol="trx_usdt", amount="0.5", price="10"),
    20010: lambda account: new(account, price="199.99"),
    20011: lambda account: new(account, amount="9"),
    20012: lambda account: new(account, type="hold"),
    20013: lambda account: account(f"/v3/spot/order?order_id={'0' * 32}"),
    20015: lambda account: window(account, 1, 2592002),
    20018: lambda account: banned(account, 3),
    20019: lambda account: new(account, symbol="btc-usdt"),
    20020: banned,
    20021: lambda account: move(account, currency_mark="PLN"),
    20022: lambda account: window(account, 2, 1),
    20023: lambda account: move(account, from_=2, to=3),
    20024: lambda account: move(account, num=0),
    20025: lambda account: move(account, currency_mark="TRX"),
    20026: lambda account: move(account, num=25001),
    20027: lambda account: marked(account, "demo-two", "abnormal", new),
    20028: lambda account: marked(account, "demo-two", "no_transfers", move),
    20029: moved_a_lot,
    20030: lambda account: post(account, "/margin/position/close", symbol="btc_usdt"),
    20032: lambda account: marked(account, "demo-two", "no_withdrawals", withdraw),
    20033: lambda account: post(account, "/withdraw/cancel", withdraw_id=1),
    20034: lambda account: marked(account, "BTC", "no_withdrawals", withdraw),
    20035: lambda account: withdraw(account, amount="0.0049"),
    20037: lambda account: withdraw(account, chain="OMNI"),
    20038: lambda account: withdraw(account, address="sandbox-dfx-nobody"),
    20039: late_cancel,
    20040: often,
    20041: lambda account: withdraw(account, amount="2.4"),
    20042: lambda account: new(account, symbol="eos_usdt", amount="10", price="2"),
}


@pytest.mark.parametrize("code", sorted(PROVOKED))
def test_a_code_is_provoked_by_what_it_describes(trader, code):
    answer = PROVOKED[code](trader("dfx", 1))
    assert answer["code"] == code
    if code:
        assert answer["msg"] == MESSAGES[code]


def test_every_code_of_the_table_is_provoked_or_never_given():
    assert PROVOKED.keys() | NEVER.keys() == TABLE
    assert not PROVOKED.keys() & NEVER.keys()
    assert MESSAGES.keys() == PROVOKED.keys() - {0}


@pytest.mark.parametrize(
    ("name", "word", "ask"),
    [
        ("btc_usdt", "suspended", new),
        ("demo-two", "abnormal", new),
        ("demo-two", "no_transfers", move),
        ("USDT", "no_transfers", move),
        ("demo-two", "no_withdrawals", withdraw),
        ("btc", "no_withdrawals", withdraw),
    ],
)
def test_what_was_barred_can_be_allowed_again_and_nobody_else_was_barred(trader, name, word, ask):
    one, two = trader("dfx"), trader("dfx", 1)
    assert marked(two, name, word, ask)["code"] >= 20002
    if name == "demo-two" and ask is not withdraw:
        assert ask(one)["code"] == 0
    two.sandbox.mark("dfx", name, word, on=False)
    assert ask(two)["code"] in (0, 200)


def test_a_mark_is_one_of_those_that_there_are(trader):
    with pytest.raises(ValueError, match="suspended"):
        trader("dfx").sandbox.mark("dfx", "btc_usdt", "asleep")


def test_whoever_is_out_of_order_still_reads(trader):
    two = trader("dfx", 1)
    number = order(two)
    two.sandbox.mark("dfx", "demo-two", "abnormal")
    assert post(two, "/spot/order/cancel", order_id=number)["code"] == 20027
    assert two(ASSETS)["code"] == 0
