"""Dgtmarket in plain Python, signing as its document shows: what anybody would write from it."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from decimal import Decimal
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from served import Served


class Plain:
    """The document's recipe: timestamp + METHOD + path with its query + body, JSON bodies."""

    def __init__(self, server: Served, number: int) -> None:
        self.server = server
        self.key = server.told["dgt"]["accounts"][number]["key"]
        self.secret = server.told["dgt"]["accounts"][number]["secret"]

    def __call__(self, method: str, path: str, data: object = None) -> tuple[int, Any]:
        body = b"" if data is None else json.dumps(data).encode()
        stamp = str(int(time.time()))
        message = (stamp + method + "/api" + path).encode() + body
        headers = {
            "ACCESS-SIGN": hmac.new(self.secret.encode(), message, hashlib.sha256).hexdigest(),
            "ACCESS-TIMESTAMP": stamp,
            "ACCESS-KEY": self.key,
            "Content-Type": "application/json",
        }
        url = f"{self.server.url}/api{path}"
        try:
            with urlopen(Request(url, body or None, headers, method=method), timeout=10) as reply:
                text = reply.read()
                return reply.status, json.loads(text) if text else None
        except HTTPError as error:
            with error:
                return error.code, json.loads(error.read())

    def wallet(self, currency: str) -> dict[str, str]:
        _, rows = self("GET", "/private/wallets/")
        return next(row for row in rows if row["currency"] == currency)


@pytest.fixture(scope="module")
def one(server: Served) -> Plain:
    return Plain(server, 0)


@pytest.fixture(scope="module")
def two(server: Served) -> Plain:
    return Plain(server, 1)


def between(one: Plain) -> str:
    """A price at which nobody stands, between the best two."""
    with urlopen(f"{one.server.url}/api/public/offers/BTCPLN/", timeout=10) as reply:
        book = json.loads(reply.read())
    best = Decimal(book["bids"][0]["quotation"]), Decimal(book["asks"][0]["quotation"])
    return str((sum(best) / 2).quantize(Decimal("0.01")))


def test_its_users_trade_with_each_other(one: Plain, two: Plain) -> None:
    price = between(one)
    had = Decimal(two.wallet("BTC")["balance"])
    offer = {"pair": "btcpln", "amount": 0.02, "quotation": price, "order_type": "sell"}
    status, placed = one("POST", "/private/offers/", offer)
    assert status in (200, 201)
    assert (placed["pair"], placed["order_type"]) == ("BTCPLN", "SELL")
    assert list(placed) == [
        "any_price", "activation_limit", "order_type", "amount", "pair", "id", "quotation",
    ]  # fmt: skip
    _, taken = two("POST", "/private/offers/", {**offer, "order_type": "buy", "amount": "0.005"})

    _, sold = one("GET", f"/private/offers/{placed['id']}/")
    _, bought = two("GET", f"/private/offers/{taken['id']}/")
    assert (sold["status"], sold["filled_amount"]) == ("PARTIALLY_REALIZED", "0.00500000")
    assert (bought["status"], len(bought["transactions"])) == ("REALIZED_CLOSED", 1)
    _, fill = two("GET", f"/private/transactions/{bought['transactions'][0]}/")
    assert Decimal(fill["quotation"]) == Decimal(price)
    fee = Decimal("0.005") * Decimal(fill["commission"]) / 100
    assert Decimal(two.wallet("BTC")["balance"]) == had + Decimal("0.005") - fee

    assert one("DELETE", f"/private/offers/{placed['id']}/") == (204, None)
    _, over = one("GET", f"/private/offers/{placed['id']}/")
    assert over["status"] == "PARTIALLY_REALIZED_CANCELED"


def test_a_market_offer_and_a_stop(two: Plain) -> None:
    sale = {"pair": "btcpln", "amount": "0.01", "order_type": "sell"}
    _, market = two("POST", "/private/offers/", {**sale, "any_price": True})
    _, seen = two("GET", f"/private/offers/{market['id']}/")
    assert (seen["status"], seen["filled_amount"]) == ("REALIZED_CLOSED", "0.01000000")
    stop = {**sale, "quotation": "1000.00", "activation_limit": "1100.00"}
    _, waiting = two("POST", "/private/offers/", stop)
    _, seen = two("GET", f"/private/offers/{waiting['id']}/")
    assert (seen["status"], seen["activation_limit"]) == ("ACTIVE", "1100.00000000")
    assert two("DELETE", f"/private/offers/{waiting['id']}/")[0] == 204


def test_a_withdrawal_goes_to_the_configured_address(two: Plain) -> None:
    status, _ = two("POST", "/private/transfer/", {"currency": "btc", "amount": 0.015})
    assert status in (200, 201)
    _, listed = two("GET", "/private/transfers/?transfer_type=WITHDRAWAL&limit=1")
    row = listed["results"][0]
    assert (row["status"], row["amount"]) == ("PENDING", "0.01500000")
    assert row["address"] == two.wallet("BTC")["outgoing_address"]


def test_a_new_token_revokes_the_pair_before_it(server: Served) -> None:
    user = server.told["dgt"]["accounts"][1]
    form = urlencode({"username": user["username"], "password": user["password"]}).encode()
    with urlopen(f"{server.url}/api/public/token/", form, timeout=10) as reply:
        pair = json.loads(reply.read())
    before, after = Plain(server, 1), Plain(server, 1)
    after.key, after.secret = pair["key"], pair["secret"]
    assert before("GET", "/private/wallets/")[0] == 401
    assert after("GET", "/private/wallets/")[0] == 200
