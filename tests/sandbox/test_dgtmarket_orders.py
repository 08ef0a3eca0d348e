"""Dgtmarket's offers, placed and canceled on the wire: replies, lists and wallets agree."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from dgt_private import OFFER, looks_like
from dgt_trading import OFFERS, offer, post, shown, wallet


@pytest.fixture
def two(trader):
    """The account that has funds and no history: 25000 PLN, 3.5 BTC, 120 LTC."""
    return trader("dgt", 1)


@pytest.fixture
def one(trader):
    return trader("dgt")


# --- placing ----------------------------------------------------------------------------------


def test_an_offer_is_answered_as_in_the_sample(two):
    body = b'{"pair": "btcpln", "amount": 0.001, "quotation": 2570, "order_type": "buy"}'
    reply = two.reply(OFFERS, "POST", body, content_type="application/json")
    assert reply.status == 201
    assert reply.headers["content-type"] == "application/json"
    assert reply.body.decode() == (
        '{"any_price":false,"activation_limit":"0.00000000","order_type":"BUY",'
        '"amount":"0.00100000","pair":"BTCPLN","id":17167,"quotation":"2570.00000000"}'
    )


def test_an_offer_that_rests_is_active_and_blocks_what_it_would_cost(two):
    number = offer(two, amount="0.001", quotation="2570")
    row = shown(two, number)
    looks_like(row, OFFER)
    assert row["status"] == "ACTIVE"
    assert (row["blocked"], row["filled_amount"]) == ("2.57000000", "0.00000000")
    assert row["transactions"] == []
    assert two(OFFERS)["results"] == [row]
    assert wallet(two, "PLN") == (25000, Decimal("2.57"))


@pytest.mark.parametrize(
    "fields",
    [
        {"amount": 0.001, "quotation": 2570},
        {"amount": "0.001", "quotation": "2570.00"},
        {"amount": "0.00100000", "quotation": "2.57e3"},
        {"amount": "0.001", "quotation": 2570, "any_price": None, "activation_limit": 0},
        {"amount": "0.001", "quotation": 2570, "any_price": "false", "colour": ["blue"]},
        {"amount": "0.001", "quotation": 2570, "pair": "BtcPln", "order_type": "BUY"},
    ],
)
def test_numbers_may_be_text_and_words_in_any_case(two, fields):
    assert offer(two, **fields) == 17167
    assert shown(two, 17167)["blocked"] == "2.57000000"


def test_every_digit_counts(two):
    """More digits than a binary fraction has."""
    number = offer(two, "sell", "3.12345679", "1234567890.12")
    assert shown(two, number)["quotation"] == "1234567890.12000000"
    assert shown(two, number)["amount"] == "3.12345679"
    assert wallet(two, "BTC") == (Decimal("3.5"), Decimal("3.12345679"))


def test_an_offer_across_the_book_takes_at_its_prices_and_pays_the_fee(two):
    number = offer(two, amount="0.1", quotation="2700")
    row = shown(two, number)
    assert (row["status"], row["filled_amount"]) == ("REALIZED_CLOSED", "0.10000000")
    (transaction,) = row["transactions"]
    told = two(f"/api/private/transactions/{transaction}/")
    assert (told["quotation"], told["amount"]) == ("2652.50000000", "0.10000000")
    assert (told["commission"], told["transaction_type"]) == ("0.30000000", "BUY")
    assert wallet(two, "PLN") == (Decimal("24734.75"), 0)
    assert wallet(two, "BTC") == (Decimal("3.5997"), 0)


def test_two_users_trade_with_each_other_inside_the_spread(one, two):
    before = wallet(one, "PLN")[0], wallet(one, "BTC")[0]
    bid = offer(two, amount="0.25", quotation="2645")
    ask = offer(one, "sell", "0.1", "2644")
    assert shown(two, bid)["status"] == "PARTIALLY_REALIZED"
    assert shown(one, ask)["status"] == "REALIZED_CLOSED"
    (bought,) = shown(two, bid)["transactions"]
    (sold,) = shown(one, ask)["transactions"]
    for account, number, commission in ((two, bought, "0.2"), (one, sold, "0.3")):
        row = account(f"/api/private/transactions/{number}/")
        assert (row["quotation"], row["amount"]) == ("2645.00000000", "0.10000000")
        assert Decimal(row["commission"]) == Decimal(commission)
    assert wallet(two, "PLN") == (Decimal("24735.5"), Decimal("396.75"))
    assert wallet(two, "BTC") == (Decimal("3.5998"), 0)
    after = wallet(one, "PLN")[0], wallet(one, "BTC")[0]
    assert after == (before[0] + Decimal("263.7065"), before[1] - Decimal("0.1"))


def test_an_offer_at_any_price_takes_what_is_there(two):
    fields = {"pair": "LTCPLN", "order_type": "SELL", "amount": "3", "any_price": True}
    status, answer = post(two, OFFERS, **fields)
    assert status == 201
    assert (answer["any_price"], answer["quotation"]) == (True, "0.00000000")
    row = shown(two, answer["id"])
    assert (row["any_price"], row["status"]) == (True, "REALIZED_CLOSED")
    assert wallet(two, "LTC") == (117, 0)
    assert wallet(two, "PLN")[0] > 25000


def test_a_quotation_beside_any_price_says_nothing(two):
    number = offer(two, amount="0.01", quotation="1", any_price="TRUE")
    assert shown(two, number)["status"] == "REALIZED_CLOSED"


def test_an_offer_with_an_activation_limit_waits_and_holds(two):
    number = offer(two, amount="0.1", quotation="2800", activation_limit="2790.50")
    row = shown(two, number)
    assert (row["status"], row["activation_limit"]) == ("ACTIVE", "2790.50000000")
    assert wallet(two, "PLN") == (25000, 280)
    offers = two.asked("/api/public/offers/BTCPLN/")
    assert "2800.00000000" not in {each["quotation"] for each in offers["bids"]}


def test_a_limit_that_is_reached_already_activates_at_once(two):
    number = offer(two, amount="0.1", quotation="2700", activation_limit="2600")
    row = shown(two, number)
    assert (row["status"], row["activation_limit"]) == ("REALIZED_CLOSED", "2600.00000000")


def test_a_bid_of_a_user_stands_in_the_public_book(two):
    offer(two, amount="0.123", quotation="2641.11")
    (best, *_) = two.asked("/api/public/offers/BTCPLN/")["bids"]
    assert (best["quotation"], best["amount"]) == ("2641.11000000", "0.12300000")
    assert two.asked("/api/public/ticker24/BTCPLN/")["bid"] == "2641.11000000"


# --- canceling --------------------------------------------------------------------------------


def test_a_canceled_offer_is_204_without_a_body_and_holds_nothing(two):
    number = offer(two)
    reply = two.reply(f"{OFFERS}{number}/", "DELETE")
    assert (reply.status, reply.headers, reply.body) == (204, {}, b"")
    assert shown(two, number)["status"] == "CANCELED"
    assert wallet(two, "PLN") == (25000, 0)


def test_what_was_filled_before_the_cancel_stays(one, two):
    number = offer(two, amount="0.25", quotation="2645")
    offer(one, "sell", "0.1", "2645")
    assert two.reply(f"{OFFERS}{number}/", "DELETE").status == 204
    row = shown(two, number)
    assert (row["status"], row["filled_amount"]) == ("PARTIALLY_REALIZED_CANCELED", "0.10000000")
    assert wallet(two, "PLN") == (Decimal("24735.5"), 0)


def test_an_offer_that_is_over_is_409(two):
    for number in (offer(two), offer(two, amount="0.01", quotation="2700")):
        statuses = [two.reply(f"{OFFERS}{number}/", "DELETE").status for _ in range(2)]
        assert statuses[1] == 409
    assert list(json.loads(two.reply(f"{OFFERS}{number}/", "DELETE").body)) == ["detail"]


def test_an_offer_of_another_account_is_404_and_stays(one, two):
    number = offer(two)
    assert one.reply(f"{OFFERS}{number}/", "DELETE").status == 404
    assert shown(two, number)["status"] == "ACTIVE"


@pytest.mark.parametrize("number", ["1", "x", "-1", "9" * 30, "%D9%A3", "17167.0"])
def test_an_unknown_offer_is_404(two, number):
    offer(two)
    assert two.reply(f"{OFFERS}{number}/", "DELETE").status == 404


# --- refusals ---------------------------------------------------------------------------------

GOOD = {"pair": "BTCPLN", "order_type": "BUY", "amount": "0.1", "quotation": "2500"}


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"pair": None}, ["pair"]),
        ({"pair": "BTCEUR"}, ["pair"]),
        ({"pair": "BTC_PLN"}, ["pair"]),
        ({"pair": 7}, ["pair"]),
        ({"pair": ["BTCPLN"]}, ["pair"]),
        ({"order_type": None}, ["order_type"]),
        ({"order_type": "HOLD"}, ["order_type"]),
        ({"amount": None}, ["amount"]),
        ({"amount": 0}, ["amount"]),
        ({"amount": "-1"}, ["amount"]),
        ({"amount": "NaN"}, ["amount"]),
        ({"amount": "1e400"}, ["amount"]),
        ({"amount": True}, ["amount"]),
        ({"amount": "0.123456789"}, ["amount"]),
        ({"amount": "0.00099999"}, ["amount"]),
        ({"amount": "0.001", "quotation": "1999.99"}, ["amount"]),
        ({"amount": "10.01"}, ["amount"]),
        ({"quotation": None}, ["quotation"]),
        ({"quotation": "0.00"}, ["quotation"]),
        ({"quotation": "2500.001"}, ["quotation"]),
        ({"quotation": "1e18"}, ["quotation"]),
        ({"quotation": "many"}, ["quotation"]),
        ({"any_price": "maybe"}, ["any_price"]),
        ({"any_price": 1}, ["any_price"]),
        ({"activation_limit": "-1"}, ["activation_limit"]),
        ({"activation_limit": "2700.001"}, ["activation_limit"]),
        ({"pair": "x", "amount": "x", "any_price": "x"}, ["pair", "amount", "any_price"]),
        ({"amount": None, "quotation": None}, ["amount", "quotation"]),
    ],
)
def test_what_is_wrong_is_400_under_its_own_name_and_changes_nothing(two, fields, wrong):
    status, answer = post(two, OFFERS, **(GOOD | fields))
    assert status == 400
    assert list(answer) == wrong
    assert all(isinstance(sentence, str) for told in answer.values() for sentence in told)
    assert two(OFFERS)["count"] == 0
    assert wallet(two, "PLN") == (25000, 0)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"BTCPLN"',
        b"null",
        b"\xff\xfe",
        b"{} {}",
        b"[" * 10_000,
        b'{"a":1,"a":1}',
    ],
)
def test_a_body_that_is_no_json_object_is_400(two, body):
    reply = two.reply(OFFERS, "POST", body, content_type="application/json")
    assert reply.status == 400
    assert list(json.loads(reply.body)) == ["detail"]


FORM = b"pair=btcpln&amount=0.001&quotation=2570&order_type=buy"


def test_a_form_as_in_the_samples_is_415_and_says_what_is_wanted(two):
    """The samples post a form; the text wants JSON, and the text is right."""
    kind = "application/x-www-form-urlencoded"
    reply = two.reply(OFFERS, "POST", FORM, content_type=kind)
    assert reply.status == 415
    assert "application/json" in json.loads(reply.body)["detail"]
    assert two.reply(OFFERS, "POST", FORM).status == 400


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON", None])
def test_json_may_have_a_charset_or_no_type_at_all(two, kind):
    reply = two.reply(OFFERS, "POST", json.dumps(GOOD).encode(), content_type=kind)
    assert reply.status == 201


def test_an_offer_beyond_the_free_funds_is_refused_and_one_up_to_them_is_not(two):
    assert post(two, OFFERS, **(GOOD | {"amount": "10.00000001"}))[0] == 400
    assert post(two, OFFERS, **(GOOD | {"amount": "10"}))[0] == 201
    assert wallet(two, "PLN") == (25000, 25000)
    assert post(two, OFFERS, **(GOOD | {"amount": "0.001"}))[0] == 400


def test_a_suspended_pair_takes_no_offers_until_it_goes_on(two):
    two.sandbox.mark("dgt", "BTCPLN", "suspended")
    assert post(two, OFFERS, **GOOD) == (400, {"pair": ["Trading of this pair is suspended."]})
    assert offer(two, pair="LTCPLN", amount="1", quotation="16") == 17167
    two.sandbox.mark("dgt", "BTCPLN", "suspended", on=False)
    assert offer(two) == 17168


@pytest.mark.parametrize("method", ["PUT", "PATCH", "HEAD", "OPTIONS", "DELETE", "get"])
def test_another_method_is_405_and_names_those_that_are_there(two, method):
    reply = two.reply(OFFERS, method)
    # The signature is over the method in upper case.
    assert reply.status == (401 if method == "get" else 405)
    if reply.status == 405:
        assert reply.headers["allow"] == "GET, POST"


def test_a_body_that_was_not_signed_places_nothing(two):
    body = json.dumps(GOOD).encode()
    for headers in ({"access_sign": "0" * 64}, {"access_key": None}, {"access_timestamp": "1"}):
        reply = two.reply(OFFERS, "POST", body, content_type="application/json", **headers)
        assert reply.status == 401
    assert two(OFFERS)["count"] == 0


def test_the_101st_request_of_a_minute_places_nothing(two):
    for _ in range(99):
        two("/api/private/wallets/")
    assert post(two, OFFERS, **GOOD)[0] == 201
    status, answer = post(two, OFFERS, **GOOD)
    assert (status, list(answer)) == (429, ["detail"])
    two.asked.at(60)
    assert two(OFFERS)["count"] == 1


def test_a_key_that_was_renewed_places_no_more(two):
    old = two.account
    body = f"username={old.username}&password={old.password}".encode()
    pair = two.asked("/api/public/token/", "POST", body)
    assert post(two, OFFERS, **GOOD)[0] == 401
    two.account = old._replace(**pair)
    assert post(two, OFFERS, **GOOD)[0] == 201


def test_what_one_sandbox_placed_another_over_the_same_file_knows(two, signed, open_sandbox):
    number = offer(two)
    second = signed("dgt", 1, of=open_sandbox())
    assert shown(second, number)["status"] == "ACTIVE"
    assert second.reply(f"{OFFERS}{number}/", "DELETE").status == 204
    assert shown(two, number)["status"] == "CANCELED"
    assert offer(two) == number + 1


def test_a_canceled_offer_blocks_what_was_filled_of_it_and_no_more(one, two):
    bid, ask = offer(two, amount="0.25", quotation="2645"), offer(one, "sell", "0.1", "2644")
    assert shown(two, bid)["blocked"] == "396.75000000"
    two.reply(f"{OFFERS}{bid}/", "DELETE")
    row = shown(two, bid)
    assert (row["status"], row["blocked"]) == ("PARTIALLY_REALIZED_CANCELED", "264.50000000")
    assert shown(one, ask)["blocked"] == "0.10000000"
    untouched = offer(two, amount="0.25", quotation="2500")
    two.reply(f"{OFFERS}{untouched}/", "DELETE")
    assert shown(two, untouched)["blocked"] == "0.00000000"


def test_what_funds_are_missing_is_told_in_usual_digits(two):
    body = {"pair": "BTCPLN", "order_type": "BUY", "amount": "33.33333333", "any_price": True}
    status, answer = post(two, OFFERS, **body)
    assert status == 400
    (said,) = answer["amount"]
    missing = said.partition("less than ")[2].partition(" ")[0]
    assert len(missing.partition(".")[2]) <= 8
    status, answer = post(
        two, OFFERS, **body | {"amount": "20", "any_price": False, "quotation": "2570"}
    )
    assert answer["amount"] == ["There is less than 51400 PLN free (spot)."]
