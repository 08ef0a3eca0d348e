"""Dgtmarket's withdrawals on the wire: to the address that is configured, by the clock."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from dgt_private import TRANSFER_FIELDS
from dgt_trading import TRANSFER, post, wallet

D = Decimal


@pytest.fixture
def two(trader):
    """25000 PLN, 3.5 BTC and 120 LTC."""
    return trader("dgt", 1)


def test_a_withdrawal_is_answered_as_the_list_shows_it(two):
    body = b'{"currency": "btc", "amount": 0.015}'
    reply = two.reply(TRANSFER, "POST", body, content_type="application/json")
    row = json.loads(reply.body)
    assert reply.status == 201
    assert list(row) == TRANSFER_FIELDS
    assert (row["id"], row["status"], row["transfer_type"]) == (413, "PENDING", "WITHDRAWAL")
    assert (row["amount"], row["fee"], row["currency"]) == ("0.01500000", "0.00050000", "BTC")
    assert row["address"] == two("/api/private/wallets/")[0]["outgoing_address"]
    assert two("/api/private/transfers/413/") == row
    assert two("/api/private/transfers/")["results"][0] == row
    assert wallet(two, "BTC") == (D("3.5"), D("0.0155"))


def test_a_withdrawal_is_realized_by_the_clock(two):
    number = post(two, TRANSFER, currency="PLN", amount="1000.50")[1]["id"]
    target = f"/api/private/transfers/{number}/"
    statuses = [(two.asked.at(second), two(target)["status"])[1] for second in (59, 60)]
    assert statuses == ["PENDING", "REALIZED"]
    assert wallet(two, "PLN") == (D("23999.5"), 0)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, ["currency", "amount"]),
        ({"currency": "USD", "amount": 1}, ["currency"]),
        ({"currency": 5, "amount": 1}, ["currency"]),
        ({"currency": "BTC", "amount": 0}, ["amount"]),
        ({"currency": "BTC", "amount": "0.0009"}, ["amount"]),
        ({"currency": "BTC", "amount": "0.0150000001"}, ["amount"]),
        ({"currency": "BTC", "amount": "3.4996"}, ["amount"]),
        ({"currency": "BTC", "amount": "1e30"}, ["amount"]),
        ({"currency": "LTC", "amount": "1"}, ["currency"]),
    ],
)
def test_a_withdrawal_that_cannot_be_is_400_by_its_field_and_holds_nothing(two, fields, wrong):
    status, answer = post(two, TRANSFER, **fields)
    assert (status, list(answer)) == (400, wrong)
    assert wallet(two, "BTC") == (D("3.5"), 0)


def test_the_singular_orders_and_the_plural_reads(two):
    plural = "/api/private/transfers/"
    reply = two.reply(plural, "POST", b'{"currency": "btc", "amount": 0.015}')
    assert (reply.status, reply.headers["allow"]) == (405, "GET")
    reply = two.reply(TRANSFER)
    assert (reply.status, reply.headers["allow"]) == (405, "POST")
    assert two(plural)["count"] == 3


def test_a_form_is_415(two):
    kind = "application/x-www-form-urlencoded"
    assert two.reply(TRANSFER, "POST", b"currency=btc&amount=1", content_type=kind).status == 415


def test_a_currency_can_be_closed_for_withdrawals(two):
    two.sandbox.mark("dgt", "btc", "no_withdrawals")
    assert post(two, TRANSFER, currency="btc", amount="0.1")[0] == 400
    two.sandbox.mark("dgt", "btc", "no_withdrawals", on=False)
    assert post(two, TRANSFER, currency="btc", amount="0.1")[0] == 201
