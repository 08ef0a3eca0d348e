"""Dgtmarket's public half as its document has it: paths, keys, types, refusals."""

from __future__ import annotations

import re

import pytest

AMOUNT = re.compile(r"[0-9]+\.[0-9]{8}")
PAIRS = ["BTCPLN", "LTCPLN", "LTCBTC"]


@pytest.mark.parametrize("pair", PAIRS)
def test_every_pair_has_ticker_offers_and_transactions(ask, pair):
    for resource in ("ticker24", "offers", "transactions"):
        assert ask.reply(f"/api/public/{resource}/{pair}/").status == 200


@pytest.mark.parametrize("pair", ["btcpln", "BtcPln", "BTCPLN"])
@pytest.mark.parametrize("end", ["", "/"])
def test_pairs_in_any_case_and_the_last_slash_may_be_missing(ask, pair, end):
    asked = ask.reply(f"/api/public/ticker24/{pair}{end}")
    assert asked == ask.reply("/api/public/ticker24/BTCPLN/")


def test_a_ticker_is_six_texts_of_eight_decimals(ask):
    ticker = ask("/api/public/ticker24/LTCBTC/")
    assert sorted(ticker) == ["ask", "bid", "high", "last", "low", "volume"]
    assert all(AMOUNT.fullmatch(value) for value in ticker.values())


def test_offers_are_the_best_thirty_of_each_side_best_first(ask):
    offers = ask.at(4000)("/api/public/offers/BTCPLN/")
    assert sorted(offers) == ["asks", "bids"]
    for side, reverse in (("asks", False), ("bids", True)):
        assert len(offers[side]) == 30
        prices = [float_free(each["quotation"]) for each in offers[side]]
        assert prices == sorted(prices, reverse=reverse)
        for offer in offers[side]:
            assert sorted(offer) == ["amount", "any_price", "quotation"]
            assert offer["any_price"] is False
            assert AMOUNT.fullmatch(offer["amount"])
            assert AMOUNT.fullmatch(offer["quotation"])


def float_free(text):
    whole, fraction = text.split(".")
    return int(whole + fraction)


def test_transactions_are_an_array_of_the_last_thirty_newest_first(ask):
    transactions = ask.at(50_000)("/api/public/transactions/LTCPLN/")
    assert isinstance(transactions, list)
    assert len(transactions) == 30
    for each in transactions:
        assert sorted(each) == ["amount", "date", "price", "tid"]
        assert isinstance(each["date"], str)
        assert isinstance(each["tid"], int)
        assert AMOUNT.fullmatch(each["amount"])
        assert AMOUNT.fullmatch(each["price"])
    ids = [each["tid"] for each in transactions]
    assert ids == sorted(ids, reverse=True)


def test_the_time_is_a_number_of_whole_seconds(ask):
    assert ask("/api/public/time/") == {"epoch": ask.now}


def test_the_sample_trades_before_the_opening_are_counted_down_from_7557(ask):
    ids = [each["tid"] for each in ask("/api/public/transactions/BTCPLN/")]
    assert ids == list(range(7557, 7527, -1))


@pytest.mark.parametrize(
    "path",
    [
        "/api/public/ticker24/XXXYYY/",
        "/api/public/ticker24/BTC_USDT/",
        "/api/public/ticker24/",
        "/api/public/ticker24",
        "/api/public/ticker24/BTCPLN/more/",
        "/api/public/ticker24//",
        "/api/public/ticker24/BTCPLN//",
        "/api/public/ticker/BTCPLN/",
        "/api/public/../public/time/",
        "/api//public/time/",
        "/api/public/time/%00",
        "/api/public/ticker24/%ff%fe/",
        "/api/public/ticker24/%zz/",
        "/api/public/ticker24/%",
        "/api/public/ticker24/BTCPLN\u0130/",
        "/api/public/ticker24/" + "A" * 100_000,
        "/api/",
        "/api/private/nothing/",
        "/elsewhere",
        "/",
        "",
        "api/public/time/",
    ],
)
def test_an_unknown_pair_or_path_is_404_with_a_detail(ask, path):
    reply = ask.reply(path)
    assert reply.status == 404
    assert reply.headers["content-type"] == "application/json"
    assert reply.body == b'{"detail":"Not found."}'


@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT", "HEAD", "get", 'X"Y'])
@pytest.mark.parametrize("path", ["/api/public/time/", "/api/public/offers/BTCPLN/"])
def test_another_method_is_405_with_a_detail(ask, path, method):
    reply = ask.reply(path, method)
    assert (reply.status, reply.headers["allow"]) == (405, "GET")
    assert ask(path, method) == {"detail": f'Method "{method}" not allowed.'}


def test_a_query_changes_nothing(ask):
    asked = ask.reply("/api/public/ticker24/BTCPLN/?limit=%zz&limit=2")
    assert asked == ask.reply("/api/public/ticker24/BTCPLN/")
