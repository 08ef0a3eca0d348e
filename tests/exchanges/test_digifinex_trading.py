"""What changes something at DigiFinex, against the requests and replies of its own document."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import pytest
from driving import drive

from exchcli.core.credentials import Credentials, Secret
from exchcli.errors import BadReply, NotOffered, Unreadable, UsageError
from exchcli.exchanges.digifinex import DigiFinex
from exchcli.records import Cancelled, NewOrder, Snapshot

D = Decimal
T = 1562303000
FIRST, SECOND = "198361cecdc65f9c8c9bb2fa68faec40", "3fb0d98e51c18954f10d439a9cf57de0"
THIRD = "78a7104e3c65cc0c5a212a53e76d0205"
BUY = NewOrder("BTC_USDT", "buy", D("0.1"), D(6000))
PLACED = {"code": 0, "order_id": FIRST}
ORDER = {
    "symbol": "BTC_USDT",
    "order_id": FIRST,
    "created_date": 1562303547,
    "finished_date": 0,
    "price": 6000,
    "amount": 0.1,
    "cash_amount": 0,
    "executed_amount": 0,
    "avg_price": 0,
    "status": 0,
    "type": "buy",
    "kind": "spot",
}
WITHDRAWAL = {
    "id": 1171,
    "currency": "xrp",
    "hash": "",
    "chain": "",
    "amount": 7.457467,
    "address": "rae93V8d2mdoUQHwBDBdM4NHCMehRJAsbm",
    "memo": "100040",
    "fee": 0,
    "state": "safe",
    "created_date": "2020-04-20 11:23:00",
    "finished_date": "2020-04-20 13:23:00",
}


@pytest.fixture
def dfx() -> DigiFinex:
    return DigiFinex()


def data(*rows: Any) -> dict[str, Any]:
    return {"code": 0, "data": list(rows)}


def test_the_documents_worked_example_is_sent_and_signed_to_the_letter(dfx: DigiFinex) -> None:
    request = next(dfx.place(NewOrder("TRX_USDT", "buy", D(1), D("0.01"))))
    assert request.path == "/spot/order/new"
    assert request.body == b"symbol=trx_usdt&price=0.01&amount=1&type=buy"
    key = Credentials("0123456789abcd", Secret("01234567890123456789abcd"), "a test")
    signed = dfx.sign(key, 1589872188, "POST", "/v3/spot/order/new", request.body)
    assert signed == {
        "ACCESS-KEY": "0123456789abcd",
        "ACCESS-TIMESTAMP": "1589872188",
        "ACCESS-SIGN": "7e2d0636cab21fd41c828b8c6ce8f77e643febecdeaeab0771c01dc4d7dbef38",
    }


@pytest.mark.parametrize(
    ("new", "asked"),
    [
        (BUY, "/spot/order/new symbol=btc_usdt&price=6000&amount=0.1&type=buy"),
        (
            BUY._replace(post_only=True, market="margin"),
            "/margin/order/new symbol=btc_usdt&price=6000&amount=0.1&type=buy&post_only=1",
        ),
        (
            NewOrder("BTC_USDT", "sell", D("0.00000001"), None),
            "/spot/order/new symbol=btc_usdt&amount=0.00000001&type=sell_market",
        ),
        (
            NewOrder("BTC_USDT", "buy", None, None, spend=D("100.50")),
            "/spot/order/new symbol=btc_usdt&amount=100.50&type=buy_market",
        ),
    ],
    ids=["limit", "post-only on margin", "sell at the market", "buy for money at the market"],
)
def test_an_order_is_a_form_and_its_id_is_read(dfx: DigiFinex, new: NewOrder, asked: str) -> None:
    assert drive(dfx.place(new), PLACED) == (FIRST, [f"POST {asked}"])


@pytest.mark.parametrize(
    ("new", "error"),
    [
        (BUY._replace(stop=D(1)), NotOffered),
        (BUY._replace(price=None), UsageError),
        (BUY._replace(amount=None), UsageError),
        (NewOrder("BTC_USDT", "sell", None, None, spend=D(5)), UsageError),
        (NewOrder("BTC_USDT", "sell", D(1), None, post_only=True), UsageError),
    ],
    ids=["stop", "a buy of an amount", "no amount", "a sell for money", "post-only market"],
)
def test_what_digifinex_does_not_take_is_refused_before_anything_is_sent(
    dfx: DigiFinex, new: NewOrder, error: Any
) -> None:
    with pytest.raises(error):
        dfx.place(new)


def test_a_batch_is_a_list_in_json_with_every_digit(dfx: DigiFinex) -> None:
    news = [BUY, NewOrder("BTC_USDT", "sell", D("0.10000001"), D(6100), post_only=True)]
    ids, asked = drive(dfx.place_batch("BTC_USDT", news), {"code": 0, "order_ids": [FIRST, SECOND]})
    assert ids == [FIRST, SECOND]
    (line,) = asked
    path, _, body = line.removeprefix("POST ").partition(" ")
    fields = dict(parse_qsl(body))
    assert path == "/spot/order/batch_new"
    assert fields["symbol"] == "btc_usdt"
    assert json.loads(fields["list"], parse_float=str) == [
        {"type": "buy", "amount": "0.1", "price": 6000, "post_only": 0},
        {"type": "sell", "amount": "0.10000001", "price": 6100, "post_only": 1},
    ]


@pytest.mark.parametrize(
    "ids",
    [[FIRST], [FIRST, FIRST], [FIRST, FIRST, SECOND], [FIRST, SECOND, THIRD], []],
    ids=lambda ids: len(ids),
)
def test_an_answer_with_other_than_an_id_for_each_order_is_no_answer(
    dfx: DigiFinex, ids: list[str]
) -> None:
    with pytest.raises(Unreadable):
        drive(dfx.place_batch("BTC_USDT", [BUY, BUY]), {"code": 0, "order_ids": ids})


def test_a_batch_is_of_one_pair_with_prices_and_no_longer_than_ten(dfx: DigiFinex) -> None:
    for news in (
        [],
        [BUY] * 11,
        [BUY, BUY._replace(symbol="ETH_USDT")],
        [BUY._replace(market="margin")],
        [NewOrder("BTC_USDT", "sell", D(1), None)],
    ):
        with pytest.raises(UsageError):
            dfx.place_batch("BTC_USDT", news)


def test_a_cancel_names_several_and_says_of_each_whether_it_was(dfx: DigiFinex) -> None:
    reply = {"code": 0, "success": [FIRST.upper(), SECOND], "error": [THIRD]}
    done, asked = drive(dfx.cancel([FIRST, THIRD, SECOND], "margin"), reply)
    assert asked == [f"POST /margin/order/cancel order_id={FIRST}%2C{THIRD}%2C{SECOND}"]
    assert done == [
        Cancelled(FIRST, "canceled"),
        Cancelled(THIRD, "unknown"),
        Cancelled(SECOND, "canceled"),
    ]


def test_transfers_withdrawals_and_closes_are_as_documented(dfx: DigiFinex) -> None:
    flow: Any = dfx.transfer_new("USDT", D("0.50"), "spot", "margin")
    asked = "POST /transfer currency_mark=USDT&num=0.50&from=1&to=2"
    assert drive(flow, {"code": 0}) == (None, [asked])
    flow = dfx.withdraw("ETH", D("0.05"), "0xde709f", chain="ERC20", memo="7")
    assert drive(flow, {"code": 200, "withdraw_id": 700}) == (
        "700",
        ["POST /withdraw/new currency=eth&address=0xde709f&amount=0.05&chain=ERC20&memo=7"],
    )
    flow = dfx.withdraw("ETH", D("0.05"), "12345", internal=True)
    assert next(flow).body == b"type=internal&currency=eth&address=12345&amount=0.05"
    with pytest.raises(UsageError, match="where the money is to go"):
        dfx.withdraw("ETH", D("0.05"))
    flow = dfx.cancel_withdrawal("700")
    assert drive(flow, {"code": 200, "withdraw_id": 700}) == (
        "700",
        ["POST /withdraw/cancel withdraw_id=700"],
    )
    flow = dfx.close_position("BTC_USDT")
    assert drive(flow, {"code": 0}) == (None, ["POST /margin/position/close symbol=BTC_USDT"])


def test_a_snapshot_is_what_is_open_and_what_is_recent_of_all_pairs(dfx: DigiFinex) -> None:
    taken, asked = drive(
        dfx.snapshot("BTC_USDT", "spot", 1562303600),
        data({**ORDER, "order_id": THIRD, "symbol": "ETH_USDT"}, ORDER),
        data(ORDER, {**ORDER, "order_id": SECOND}),
    )
    assert taken == Snapshot(None, (THIRD, FIRST, SECOND), 1562303600)
    assert asked == [
        "GET /spot/order/current",
        "GET /spot/order/history?limit=100&start_time=1562303539&end_time=1562303602",
    ]


def test_sightings_are_in_current_or_else_in_history(dfx: DigiFinex) -> None:
    found, asked = drive(
        dfx.sightings("BTC_USDT", "margin", Snapshot(None, (), 0), 1562303540, 1562303550),
        data(ORDER, {**ORDER, "order_id": THIRD, "symbol": "ETH_USDT"}),
        data({**ORDER, "order_id": SECOND, "status": 2}),
    )
    assert [seen.id for seen in found] == [FIRST, SECOND]
    assert {seen.order.market for seen in found} == {"margin"}
    assert asked == [
        "GET /margin/order/current",
        "GET /margin/order/history?limit=100&start_time=1562303538&end_time=1562303552",
    ]


def test_a_full_page_of_history_is_asked_for_in_halves(dfx: DigiFinex) -> None:
    def at(second: int, count: int) -> list[Any]:
        return [
            {**ORDER, "order_id": f"{second}-{n}", "created_date": second} for n in range(count)
        ]

    early, late = at(T + 3, 60), at(T + 8, 50)
    flow = dfx.sightings("BTC_USDT", "spot", Snapshot(None, (), 0), T, T + 10)
    full = data(*early, *late[:40])
    found, asked = drive(flow, data(), full, data(*early), data(*late))
    assert len(found) == 60 + 50
    assert [line.rpartition("limit=100&")[2] for line in asked[1:]] == [
        f"start_time={T - 2}&end_time={T + 12}",
        f"start_time={T - 2}&end_time={T + 5}",
        f"start_time={T + 5}&end_time={T + 12}",
    ]


def test_a_second_too_crowded_to_be_listed_whole_is_an_error(dfx: DigiFinex) -> None:
    rows = [{**ORDER, "order_id": str(n), "created_date": T} for n in range(100)]
    flow = dfx.sightings("BTC_USDT", "spot", Snapshot(None, (), 0), T, T)
    with pytest.raises(BadReply):
        drive(flow, data(), *[data(*rows)] * 20)


@pytest.mark.parametrize(("amount", "cash"), [(100.5, 0), (0, 100.5), (0.01, 100.5)])
def test_the_money_of_a_buy_at_the_market_is_in_one_of_two_fields(
    dfx: DigiFinex, amount: float, cash: float
) -> None:
    row = {**ORDER, "type": "buy_market", "amount": amount, "cash_amount": cash}
    flow = dfx.sightings("BTC_USDT", "spot", Snapshot(None, (), 0), T, T + 10)
    found, _ = drive(flow, data(row), data())
    assert D("100.5") in found[0].spends
    assert found[0].order.amount is None


def test_withdrawals_are_known_by_their_ids(dfx: DigiFinex) -> None:
    page = {"code": 200, "data": [{**WITHDRAWAL, "id": n} for n in (1173, 1172, 1171)]}
    assert drive(dfx.newest_withdrawal(), page)[0] == 1173
    found, asked = drive(dfx.withdrawals_since(1171), page)
    assert [row.id for row in found] == ["1173", "1172"]
    assert asked == ["GET /withdraw/history?size=500&direct=next"]
    with pytest.raises(BadReply):
        drive(dfx.withdrawals_since(1171), {**page, "data": page["data"][::-1]})
