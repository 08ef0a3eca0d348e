"""DigiFinex's orders, placed and canceled on the wire: replies, lists and assets agree."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from dfx_private import HEX, ORDER, looks_like
from dfx_trading import asset, batch, order, post, shown

from exchcli.sandbox.recording import load

D = Decimal
NEW, CANCEL = "/spot/order/new", "/spot/order/cancel"


@pytest.fixture
def two(trader):
    """The account that has funds and no history: 25000 USDT, 2.5 BTC, and 5000 USDT on margin."""
    return trader("dfx", 1)


@pytest.fixture
def one(trader):
    return trader("dfx")


# --- placing ----------------------------------------------------------------------------------


def test_an_order_is_answered_with_its_id(two):
    body = b"symbol=btc_usdt&price=9000&amount=0.01&type=buy"
    reply = two.reply("/v3/spot/order/new", "POST", body)
    answer = json.loads(reply.body)
    assert (reply.status, list(answer), answer["code"]) == (200, ["code", "order_id"], 0)
    assert HEX.fullmatch(answer["order_id"])
    row = shown(two, answer["order_id"])
    looks_like(row, ORDER)
    assert (row["status"], row["type"], row["kind"]) == (0, "buy", "spot")
    assert two("/v3/spot/order/current")["data"] == [row]
    assert asset(two, "USDT") == (24910, 25000)


def test_an_order_across_the_book_is_filled_at_its_prices(two):
    number = order(two, "buy", "0.005", "9700")
    row = shown(two, number)
    assert (row["status"], row["executed_amount"], row["avg_price"]) == (
        2,
        D("0.005"),
        D("9592.23"),
    )
    (trade,) = two("/v3/spot/mytrades")["list"]
    assert (trade["order_id"], trade["is_maker"], trade["side"]) == (number, False, "buy")
    assert (trade["fee"], trade["fee_currency"]) == (D("0.00001"), "BTC")
    assert asset(two, "BTC") == (D("2.50499"), D("2.50499"))
    assert asset(two, "USDT")[1] == 25000 - D("0.005") * D("9592.23")


def test_the_average_price_is_that_of_the_fills_to_the_last_digit(one, two):
    """0.0091 at 0.022243 are worth 0.0002024113: what is paid is rounded, the average is not."""
    first = order(two, "sell", "0.0091", "0.022243", symbol="eth_btc")
    second = order(two, "sell", "0.0091", "0.022244", symbol="eth_btc")
    bought = order(one, "buy", "0.0182", "0.022244", symbol="eth_btc")
    prices = [shown(each, number)["avg_price"] for each, number in
              ((two, first), (two, second), (one, bought))]  # fmt: skip
    assert prices == [D("0.022243"), D("0.022244"), D("0.0222435")]
    detail = one(f"/v3/spot/order/detail?order_id={bought}")["data"]
    (listed,) = (row for row in one("/v3/spot/order/history")["data"]
                 if row["order_id"] == bought)  # fmt: skip
    assert detail["avg_price"] == listed["avg_price"] == D("0.0222435")


def test_the_average_price_is_as_fine_as_the_prices_of_a_recording(two, tmp_path):
    recording = tmp_path / "xrp_btc.csv"
    recording.write_text("time,price,amount\n1675329600,0.0000123456,500\n")
    load(two.asked.sandbox, recording)
    ((price, amount),) = two("/v3/order_book?symbol=xrp_btc&limit=1")["asks"]
    assert price != round(price, 8)
    bought = shown(two, order(two, "buy", str(amount), f"{price:f}", symbol="xrp_btc"))
    assert (bought["status"], bought["avg_price"]) == (2, price)


def test_what_is_done_in_this_second_is_found_from_now_on(two):
    number = order(two, "buy", "0.005", "9700")
    start = f"start_time={two.asked.now}"
    (row,) = two(f"/v3/spot/order/history?{start}")["data"]
    (trade,) = two(f"/v3/spot/mytrades?{start}")["list"]
    assert row["order_id"] == trade["order_id"] == number
    entries = two(f"/v3/spot/financelog?{start}")["data"]["finance"]
    assert [row["time"] for row in entries] == [two.asked.now] * 3
    assert {row["num"] for row in entries} == {D("0.005"), D("-0.00001"), D("-47.96115")}


def test_two_users_trade_with_each_other(one, two):
    bid = order(two, "buy", "0.02", "9592.10")
    ask = order(one, "sell", "0.01", "9592.05")
    assert (shown(two, bid)["status"], shown(one, ask)["status"]) == (1, 2)
    (made,) = two("/v3/spot/mytrades")["list"]
    taken = one("/v3/spot/mytrades")["list"][0]
    assert made["price"] == taken["price"] == D("9592.1")
    assert (made["is_maker"], taken["is_maker"]) == (True, False)
    assert (made["fee"], taken["fee"]) == (D("0.00001"), D("0.191842"))
    assert asset(two, "BTC")[1] == D("2.50999")


def test_a_market_buy_spends_quote(two):
    row = shown(two, order(two, "buy_market", "50", None))
    assert (row["type"], row["status"], row["cash_amount"], row["amount"]) == (
        "buy_market",
        2,
        50,
        0,
    )
    spent = 25000 - asset(two, "USDT")[1]
    assert 49 < spent <= 50
    assert asset(two, "USDT")[0] == asset(two, "USDT")[1]


def test_a_market_sale_is_of_base(two):
    row = shown(two, order(two, "sell_market", "0.5", None))
    assert (row["type"], row["status"], row["cash_amount"]) == ("sell_market", 2, 0)
    assert row["executed_amount"] == row["amount"] == D("0.5")
    assert asset(two, "BTC") == (2, 2)


def test_a_post_only_order_that_would_take_is_canceled_and_one_that_rests_stays(two):
    fields = {"symbol": "btc_usdt", "type": "buy", "amount": "0.01", "post_only": "1"}
    takes = post(two, NEW, price="9700", **fields)["order_id"]
    rests = post(two, NEW, price="9000", **fields)["order_id"]
    assert (shown(two, takes)["status"], shown(two, rests)["status"]) == (3, 0)
    assert asset(two, "BTC")[1] == D("2.5")


@pytest.mark.parametrize(
    ("kind", "where"),
    [
        ("application/x-www-form-urlencoded", "body"),
        ("application/octet-stream", "body"),
        ("application/json", "body"),
        (None, "body"),
        (None, "query"),
    ],
)
def test_a_form_is_read_whatever_its_type_and_wherever_it_stands(two, kind, where):
    form = "symbol=BTC_USDT&type=buy&amount=0.01&price=9000&market=margin"
    target, body = "/v3/spot/order/new", form.encode()
    if where == "query":
        target, body = f"{target}?{form}", b""
    answer = two(target, "POST", body, content_type=kind)
    assert answer["code"] == 0
    assert shown(two, answer["order_id"])["kind"] == "spot", "the path says the market"


def test_the_query_goes_before_the_body(two):
    target = "/v3/spot/order/new?amount=0.02&price=8000"
    number = two(target, "POST", b"symbol=btc_usdt&type=buy&amount=1&price=9000")["order_id"]
    assert (shown(two, number)["amount"], shown(two, number)["price"]) == (D("0.02"), 8000)


@pytest.mark.parametrize("amount", ["0.0100", "1e-2", "00.01", "0.01000000000"])
def test_a_number_may_be_written_in_any_way(two, amount):
    assert shown(two, order(two, amount=amount))["amount"] == D("0.01")


def test_a_bid_of_a_user_stands_in_the_public_book(two):
    order(two, "buy", "0.5", "9592.15")
    assert two.asked("/v3/order_book?symbol=btc_usdt")["bids"][0] == [D("9592.15"), D("0.5")]
    assert two.asked("/v3/ticker?symbol=btc_usdt")["ticker"][0]["buy"] == D("9592.15")


# --- refusals ---------------------------------------------------------------------------------

GOOD = {"symbol": "btc_usdt", "type": "buy", "amount": "0.01", "price": "9000"}


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"symbol": "btc_eur"}, 20019),
        ({"symbol": "BTCUSDT"}, 20019),
        ({"symbol": "eos_usdt", "price": "2"}, 20042),
        ({"type": "hold"}, 20012),
        ({"type": "BUY"}, 20012),
        ({"type": ""}, 20012),
        ({"amount": "many"}, 10004),
        ({"amount": "-1"}, 10004),
        ({"amount": "0"}, 10004),
        ({"amount": "1e999"}, 10004),
        ({"amount": "0.00001"}, 20008),
        ({"amount": "1.00001"}, 20008),
        ({"symbol": "trx_usdt", "amount": "0.5", "price": "9"}, 20009),
        ({"amount": "0.0001"}, 20010),
        ({"amount": "100"}, 20011),
        ({"type": "sell", "amount": "2.5001"}, 20011),
        ({"price": "9000.001"}, 20007),
        ({"price": "0"}, 10004),
        ({"price": ""}, 10004),
        ({"type": "buy_market", "amount": "1.99"}, 20010),
        ({"type": "buy_market", "amount": "25001"}, 20011),
        ({"type": "sell_market", "amount": "0.00001"}, 20008),
        ({"post_only": "2"}, 10004),
        ({"post_only": "true"}, 10004),
        ({"type": "sell_market", "post_only": "1"}, 10004),
    ],
)
def test_what_is_wrong_has_its_code_and_changes_nothing(two, fields, code):
    answer = post(two, NEW, **(GOOD | fields))
    assert (list(answer), answer["code"]) == (["code", "msg"], code)
    assert two("/v3/spot/order/current")["data"] == []
    assert asset(two, "USDT") == (25000, 25000)


@pytest.mark.parametrize(
    ("missing", "code"), [("symbol", 10004), ("type", 20012), ("amount", 10004), ("price", 10004)]
)
def test_a_missing_parameter_has_its_code(two, missing, code):
    fields = {name: value for name, value in GOOD.items() if name != missing}
    assert post(two, NEW, **fields)["code"] == code


@pytest.mark.parametrize(
    "body", [b"{}", b'{"symbol": "btc_usdt"}', b"\xff", b"a=%", b"symbol=btc_usdt&symbol=eth_usdt"]
)
def test_a_body_that_is_no_form_is_10004(two, body):
    assert two("/v3/spot/order/new", "POST", body)["code"] == 10004


@pytest.mark.parametrize("path", [NEW, "/spot/order/batch_new", CANCEL, "/transfer"])
@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT", "HEAD"])
def test_what_changes_something_is_asked_by_post(two, path, method):
    assert two(f"/v3{path}", method)["code"] == 10001


def test_a_body_that_was_not_signed_places_nothing(two):
    body = b"symbol=btc_usdt&price=9000&amount=0.01&type=buy"
    for headers, code in (({"access_sign": "0" * 64}, 10003), ({"access_key": None}, 10009)):
        assert two("/v3/spot/order/new", "POST", body, **headers)["code"] == code
    assert two("/v3/spot/order/current")["data"] == []


# --- batches ----------------------------------------------------------------------------------

BUY = {"type": "buy", "amount": 0.01, "price": 6000, "post_only": 1}
SELL = {"type": "sell", "amount": "0.01", "price": "16100", "post_only": "0"}


def test_a_batch_is_answered_with_the_ids_in_its_order(two):
    answer = batch(two, BUY, SELL | {"symbol": "BTC_USDT", "market": "margin"})
    assert (list(answer), answer["code"]) == (["code", "order_ids"], 0)
    rows = [shown(two, number) for number in answer["order_ids"]]
    assert [(row["type"], row["price"]) for row in rows] == [("buy", 6000), ("sell", 16100)]
    assert two("/v3/margin/order/current")["data"] == []


def test_ten_orders_are_a_batch_and_eleven_are_none(two):
    assert len(batch(two, *[BUY] * 10)["order_ids"]) == 10
    assert batch(two, *[BUY] * 11)["code"] == 10004
    assert batch(two)["code"] == 10004
    assert len(two("/v3/spot/order/current")["data"]) == 10


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ({"amount": "100"}, 20011),
        ({"price": "6000.001"}, 20007),
        ({"type": "hold"}, 20012),
        ({"amount": True}, 10004),
        ({"amount": [1]}, 10004),
        ({"post_only": True}, 10004),
        ({"symbol": "eth_usdt"}, 10004),
        ({"symbol": 5}, 10004),
    ],
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_all_of_a_batch_or_nothing_is_placed(two, bad, code, place):
    """Also what the orders before it have already taken from the book is given back."""
    items = [BUY | {"price": 9700, "post_only": 0}, SELL]
    items.insert(place, BUY | bad)
    assert batch(two, *items)["code"] == code
    assert two("/v3/spot/order/history")["data"] == []
    assert (asset(two, "USDT"), asset(two, "BTC")) == ((25000, 25000), (D("2.5"), D("2.5")))
    assert two.asked("/v3/order_book?symbol=btc_usdt")["asks"][-1] == [D("9592.23"), D("0.0087")]


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[", "[1]", "[[]]", "null", "[" * 10_000, "[NaN]", '[{"type":"buy","type":"sell"}]'],
)
def test_a_list_that_is_no_list_of_orders_is_10004(two, text):
    assert post(two, "/spot/order/batch_new", symbol="btc_usdt", list=text)["code"] == 10004


def test_a_batch_may_hold_market_orders(two):
    items = {"type": "buy_market", "amount": "20"}, {"type": "sell_market", "amount": 0.1}
    numbers = batch(two, *items)["order_ids"]
    assert [shown(two, number)["status"] for number in numbers] == [2, 2]


# --- canceling --------------------------------------------------------------------------------


def test_each_id_of_a_cancel_is_in_success_or_in_error(one, two):
    open_, over = order(two), order(two, "buy", "0.005", "9700")
    foreign, unknown = order(one), "0" * 32
    ids = f"{open_.upper()},{over},{foreign},{unknown},{open_}"
    answer = post(two, CANCEL, order_id=ids)
    assert answer == {"code": 0, "success": [open_], "error": [over, foreign, unknown]}
    assert shown(two, open_)["status"] == 3
    assert shown(one, foreign)["status"] == 0
    assert post(two, CANCEL, order_id=open_) == {"code": 0, "success": [], "error": [open_]}


def test_a_cancel_gives_back_what_was_held(two):
    number = order(two, amount="1")
    assert asset(two, "USDT") == (16000, 25000)
    post(two, CANCEL, order_id=number)
    assert asset(two, "USDT") == (25000, 25000)


def test_an_order_is_canceled_on_its_own_market_only(two):
    number = order(two)
    assert post(two, "/margin/order/cancel", order_id=number)["error"] == [number]
    assert shown(two, number)["status"] == 0


@pytest.mark.parametrize("ids", ["", ",", "a,,b", ",".join(map(str, range(1001)))])
def test_a_cancel_names_ids(two, ids):
    assert post(two, CANCEL, order_id=ids)["code"] == 10004


# --- margin -----------------------------------------------------------------------------------


def test_a_margin_order_opens_a_position_that_can_be_closed(two):
    number = order(two, "buy", "0.1", "9700", market="margin")
    assert shown(two, number, "margin")["kind"] == "margin"
    (row,) = two("/v3/margin/positions?symbol=btc_usdt")["positions"]
    assert (row["side"], row["amount"]) == ("long", "0.1")
    assert post(two, "/margin/position/close", symbol="BTC_USDT") == {"code": 0}
    assert two("/v3/margin/positions")["positions"] == []
    assert post(two, "/margin/position/close", symbol="btc_usdt")["code"] == 20030


@pytest.mark.parametrize(
    ("symbol", "amount", "code"), [("trx_usdt", "1000", 20019), ("btc_usdt", "2", 20011)]
)
def test_a_margin_order_needs_a_pair_on_margin_and_a_third_of_its_cost(two, symbol, amount, code):
    fields = {"symbol": symbol, "type": "buy", "amount": amount, "price": "9700"}
    assert post(two, "/margin/order/new", **fields)["code"] == code


@pytest.mark.parametrize("side", ["buy", "sell"])
def test_the_margin_rate_is_what_liquidation_goes_by(two, side):
    """A long position is worth the last price, a short one owes it."""
    assert two("/v3/margin/positions")["margin_rate"] == 0
    order(two, side, "0.1", "9900" if side == "buy" else "9300", market="margin")
    told = two("/v3/margin/positions")
    (row,) = told["positions"]
    last = two("/v3/ticker?symbol=btc_usdt")["ticker"][0]["last"]
    bound = Decimal(row["liquidation_price"])
    share = last / bound if side == "buy" else bound / last
    expected = (1 + Decimal(row["liquidation_rate"])) * share
    assert abs(told["margin_rate"] - expected) < Decimal("0.001")
    assert told["margin_rate"] > Decimal("1.3")


def test_no_order_has_the_id_of_one_of_a_sandbox_before(open_sandbox, sign_in):
    """What a client remembers of a sandbox that was started over is nobody's order in the next."""
    opened = 1772600807
    moments = (("one", opened), ("again", opened), ("next", opened + 1))
    one, again, later = (
        order(sign_in(open_sandbox(name, now=moment), "dfx", 1)) for name, moment in moments
    )
    assert one == again != later
