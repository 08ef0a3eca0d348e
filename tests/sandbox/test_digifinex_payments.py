"""DigiFinex's transfers and withdrawals on the wire."""

from __future__ import annotations

from decimal import Decimal

import pytest
from dfx_private import WITHDRAWAL, looks_like
from dfx_trading import asset, post

from exchcli.sandbox.funding import fund
from exchcli.sandbox.recording import load

D = Decimal
BITCOIN = {"currency": "btc", "amount": "0.5", "address": "sandbox-dfx-someone-btc"}
TETHER = {"currency": "usdt", "amount": "100", "address": "sandbox-dfx-someone-usdt-erc20"}
SPOT, MARGIN, OTC = 1, 2, 3


@pytest.fixture
def two(trader):
    """25000 USDT, 2.5 BTC and more in the spot wallet, 5000 USDT in the margin wallet."""
    return trader("dfx", 1)


def move(account, currency, num, from_, to):
    return post(account, "/transfer", currency_mark=currency, num=num, from_=from_, to=to)["code"]


def newest(account):
    return account("/v3/withdraw/history?direct=next&size=1")["data"][0]


# --- transfers --------------------------------------------------------------------------------


def test_a_transfer_moves_money_between_wallets(two):
    answer = post(two, "/transfer", currency_mark="usdt", num="1000.5", from_=SPOT, to=MARGIN)
    assert answer == {"code": 0}
    assert asset(two, "USDT") == (D("23999.5"), D("23999.5"))
    assert asset(two, "USDT", "margin") == (D("6000.5"), D("6000.5"))
    assert move(two, "USDT", 6000, MARGIN, SPOT) == 0
    assert asset(two, "USDT")[1] == D("29999.5")
    log = two("/v3/margin/financelog?limit=2")["data"]["finance"]
    assert [(row["type"], row["num"]) for row in log] == [(3, -6000), (3, D("1000.5"))]


def test_otc_is_reached_from_spot_alone(two):
    assert move(two, "BTC", "1", SPOT, OTC) == 0
    assert two("/v3/otc/financelog")["data"]["finance"][0]["balance"] == 1
    assert move(two, "BTC", "1", OTC, MARGIN) == 20023
    assert move(two, "USDT", "1", MARGIN, OTC) == 20023
    assert move(two, "BTC", "1", OTC, SPOT) == 0
    assert asset(two, "BTC") == (D("2.5"), D("2.5"))


@pytest.mark.parametrize(
    ("currency", "num", "from_", "to", "code"),
    [
        ("USDT", "1", 1, 1, 20023),
        ("USDT", "1", 1, 4, 20023),
        ("USDT", "1", "spot", "margin", 20023),
        ("USDT", "1", "٣", 1, 20023),
        ("PLN", "1", 1, 2, 20021),
        ("", "1", 1, 2, 10004),
        ("USDT", "", 1, 2, 10004),
        ("USDT", "1", "", 2, 10004),
        ("USDT", "1", 1, "", 10004),
        ("USDT", "0", 1, 2, 20024),
        ("USDT", "-1", 1, 2, 20024),
        ("USDT", "all", 1, 2, 20024),
        ("USDT", "1e99", 1, 2, 20024),
        ("USDT", "0.000000001", 1, 2, 20024),
        ("TRX", "1", 1, 2, 20025),
        ("USDT", "25000.00000001", 1, 2, 20026),
        ("USDT", "5000.1", 2, 1, 20026),
        ("BTC", "0.1", 2, 1, 20026),
    ],
)
def test_a_transfer_that_cannot_be_has_its_code_and_moves_nothing(
    two, currency, num, from_, to, code
):
    assert move(two, currency, num, from_, to) == code
    assert asset(two, "USDT") == (25000, 25000)
    assert asset(two, "USDT", "margin") == (5000, 5000)


def test_what_orders_hold_cannot_be_transferred(two):
    post(two, "/spot/order/new", symbol="btc_usdt", type="buy", amount="1", price="9000")
    assert move(two, "USDT", "16000.01", SPOT, MARGIN) == 20026
    assert move(two, "USDT", "16000", SPOT, MARGIN) == 0


def test_the_transfers_of_a_day_have_a_limit(two):
    for _ in range(20):
        assert move(two, "USDT", "25000", SPOT, OTC) == 0
        assert move(two, "USDT", "25000", OTC, SPOT) == 0
    assert move(two, "USDT", "0.00000001", SPOT, OTC) == 20029
    assert asset(two, "USDT")[1] == 25000
    two.asked.at(86399)
    assert move(two, "USDT", "1", SPOT, OTC) == 20029
    two.asked.at(86400)
    assert move(two, "USDT", "1", SPOT, OTC) == 0


# --- withdrawals ------------------------------------------------------------------------------


def test_a_withdrawal_is_answered_with_its_id_and_held(two):
    assert post(two, "/withdraw/new", **BITCOIN) == {"code": 200, "withdraw_id": 1172}
    row = newest(two)
    looks_like(row, WITHDRAWAL, free={"state", "finished_date"})
    assert (row["id"], row["state"], row["amount"], row["fee"]) == (1172, 1, D("0.5"), D("0.0005"))
    assert asset(two, "BTC") == (D("1.9995"), D("2.5"))


def test_a_withdrawal_goes_its_way_by_the_clock(two):
    post(two, "/withdraw/new", **BITCOIN)
    states = [(two.asked.at(second), newest(two)["state"])[1] for second in (59, 60, 179, 180)]
    assert states == [1, 2, 2, "safe"]
    assert asset(two, "BTC") == (D("1.9995"), D("1.9995"))
    assert two("/v3/spot/financelog?limit=2")["data"]["finance"][0]["balance"] == D("1.9995")


def test_a_withdrawal_can_be_canceled_while_it_is_pending(two):
    number = post(two, "/withdraw/new", **BITCOIN)["withdraw_id"]
    answer = post(two, "/withdraw/cancel", withdraw_id=number)
    assert answer == {"code": 200, "withdraw_id": number}
    assert (newest(two)["state"], asset(two, "BTC")) == (4, (D("2.5"), D("2.5")))
    assert post(two, "/withdraw/cancel", withdraw_id=number)["code"] == 20039


def test_a_withdrawal_that_is_confirmed_can_no_longer_be_canceled(two):
    number = post(two, "/withdraw/new", **BITCOIN)["withdraw_id"]
    two.asked.at(60)
    assert post(two, "/withdraw/cancel", withdraw_id=number)["code"] == 20039


def test_a_withdrawal_of_another_account_is_unknown(two, trader):
    number = post(two, "/withdraw/new", **BITCOIN)["withdraw_id"]
    assert post(trader("dfx"), "/withdraw/cancel", withdraw_id=number)["code"] == 20033
    assert newest(two)["state"] == 1


@pytest.mark.parametrize(
    ("number", "code"), [("", 10004), ("x", 10004), ("-1", 10004), ("1", 20033), ("9" * 30, 10004)]
)
def test_a_withdrawal_to_cancel_has_a_number(two, number, code):
    assert post(two, "/withdraw/cancel", withdraw_id=number)["code"] == code


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        (BITCOIN | {"currency": "pln"}, 20021),
        (BITCOIN | {"currency": ""}, 10004),
        (BITCOIN | {"amount": ""}, 10004),
        (BITCOIN | {"amount": "0"}, 20024),
        (BITCOIN | {"amount": "some"}, 20024),
        (BITCOIN | {"amount": "0.0049"}, 20035),
        (BITCOIN | {"amount": "2.4"}, 20041),
        (BITCOIN | {"address": ""}, 10004),
        (BITCOIN | {"address": "sandbox-dfx-nobody"}, 20038),
        (BITCOIN | {"chain": "ERC20"}, 20037),
        (BITCOIN | {"memo": "7"}, 20037),
        (BITCOIN | {"type": "gift"}, 10004),
        (BITCOIN | {"type": "internal"}, 20038),
        (BITCOIN | {"type": "internal", "address": "2"}, 20038),
        (TETHER, 20037),
        (TETHER | {"chain": "OMNI"}, 20037),
        (TETHER | {"chain": "ERC20", "amount": "25000"}, 20011),
    ],
)
def test_a_withdrawal_that_cannot_be_has_its_code_and_holds_nothing(two, fields, code):
    answer = post(two, "/withdraw/new", **fields)
    assert answer["code"] == code
    assert asset(two, "BTC") == (D("2.5"), D("2.5"))
    assert asset(two, "USDT") == (25000, 25000)


@pytest.mark.parametrize("chain", ["ERC20", "erc20"])
def test_tether_names_its_chain(two, chain):
    assert post(two, "/withdraw/new", **TETHER, chain=chain)["code"] == 200
    assert (newest(two)["chain"], newest(two)["fee"]) == ("ERC20", 2)
    assert asset(two, "USDT") == (24898, 25000)


def test_an_internal_withdrawal_is_with_the_other_account_at_once(two, trader):
    one = trader("dfx")
    before = asset(one, "BTC")[1]
    fields = BITCOIN | {"type": "internal", "address": "1"}
    assert post(two, "/withdraw/new", **fields)["code"] == 200
    assert asset(one, "BTC")[1] == before + D("0.5")
    assert asset(two, "BTC") == (2, 2)


def test_four_withdrawals_in_a_minute_are_one_too_many(two):
    small = BITCOIN | {"amount": "0.005"}
    codes = [post(two, "/withdraw/new", **small)["code"] for _ in range(4)]
    assert codes == [200, 200, 200, 20040]
    two.asked.at(60)
    assert post(two, "/withdraw/new", **small)["code"] == 200


# --- a currency that a recording brought ------------------------------------------------------


def test_what_only_a_recording_knows_is_traded_and_neither_comes_nor_goes(two, tmp_path):
    path = tmp_path / "doge_usdt.csv"
    path.write_text("time,side,price,amount\n1675329600,buy,0.09,500\n1675329660,sell,0.08,70\n")
    load(two.sandbox, path)
    (row,) = two("/v3/currencies?currency=doge")["data"]
    assert (row["deposit_status"], row["withdraw_status"]) == (0, 0)
    fund(two.sandbox, "dfx", 2, "DOGE", "1000")
    sale = {"symbol": "doge_usdt", "type": "sell", "amount": "100", "price": "5"}
    assert post(two, "/spot/order/new", **sale)["code"] == 0
    assert asset(two, "DOGE") == (900, 1000)
    assert move(two, "DOGE", "1", SPOT, MARGIN) == 20025
    assert move(two, "DOGE", "1", SPOT, OTC) == 0
    assert post(two, "/withdraw/new", currency="doge", amount="9", address="d")["code"] == 20034
