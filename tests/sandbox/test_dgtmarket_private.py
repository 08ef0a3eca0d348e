"""Dgtmarket's private half, against its document: shapes, filters, pages, refusals."""

from __future__ import annotations

import json
from decimal import Decimal
from urllib.parse import parse_qsl, urlsplit

import pytest
from dgt_private import (
    EIGHT,
    OFFER,
    STATUSES,
    TIME,
    TRANSACTION,
    TRANSFER_FIELDS,
    WALLET,
    everything,
    looks_like,
)
from hypothesis import given, settings
from hypothesis import strategies as st

# --- wallets ----------------------------------------------------------------------------------


def test_wallets_are_a_list_like_the_samples(dgt):
    wallets = dgt("/api/private/wallets/")
    assert [each["currency"] for each in wallets] == ["BTC", "LTC", "PLN"]
    for each in wallets:
        looks_like(each, WALLET)
        assert each["outgoing_address"] is None or each["outgoing_address"].startswith("sandbox-")
        assert each["incoming_address"].startswith("sandbox-")
    assert wallets[1]["outgoing_address"] is None


def test_what_is_blocked_is_what_open_offers_and_withdrawals_block(dgt):
    blocked = {each["currency"]: Decimal(0) for each in dgt("/api/private/wallets/")}
    for offer in everything(dgt, "offers"):
        if offer["status"] in ("ACTIVE", "PARTIALLY_REALIZED"):
            pair = offer["pair"]
            currency = pair[:3] if offer["order_type"] == "SELL" else pair[3:]
            blocked[currency] += Decimal(offer["blocked"])
    for transfer in everything(dgt, "transfers", transfer_type="WITHDRAWAL"):
        if transfer["status"] == "PENDING":
            blocked[transfer["currency"]] += Decimal(transfer["amount"]) + Decimal(transfer["fee"])
    assert blocked == {
        each["currency"]: Decimal(each["blocked"]) for each in dgt("/api/private/wallets/")
    }


# --- offers -----------------------------------------------------------------------------------


def test_offers_are_pages_of_rows_like_the_sample_newest_first(dgt):
    rows = everything(dgt, "offers")
    for row in rows:
        looks_like(row, OFFER)
        assert all(type(number) is int for number in row["transactions"])
    assert [row["id"] for row in rows] == sorted({row["id"] for row in rows}, reverse=True)
    assert rows[0]["id"] == 17166, "the next one is the document's 17167"


def test_an_offer_alone_is_the_offer_in_the_list(dgt):
    for row in everything(dgt, "offers"):
        assert dgt(f"/api/private/offers/{row['id']}/") == row


def test_what_an_offer_blocked_is_still_told_when_it_is_over(dgt):
    """As in the samples: a buy its amount times quotation, a sale its amount."""
    for row in everything(dgt, "offers", offer_status="REALIZED_CLOSED"):
        if row["order_type"] == "SELL":
            assert row["blocked"] == row["amount"]
        elif not row["any_price"]:
            exact = Decimal(row["amount"]) * Decimal(row["quotation"])
            assert 0 <= Decimal(row["blocked"]) - exact < Decimal("0.00000001")


def test_offers_of_every_kind_are_there(dgt):
    rows = everything(dgt, "offers")
    assert {row["status"] for row in rows} == set(STATUSES)
    assert any(row["any_price"] for row in rows)
    assert sum(row["activation_limit"] != "0.00000000" for row in rows) == 1
    for row in rows:
        assert row["any_price"] == (row["quotation"] == "0.00000000")


@pytest.mark.parametrize("status", STATUSES)
def test_offers_are_filtered_by_status(dgt, status):
    rows = everything(dgt, "offers", offer_status=status)
    assert rows == [row for row in everything(dgt, "offers") if row["status"] == status]
    assert rows
    if STATUSES[status]:
        assert len(rows) == STATUSES[status]


@pytest.mark.parametrize("side", ["BUY", "sell"])
def test_offers_are_filtered_by_side_in_any_case(dgt, side):
    rows = everything(dgt, "offers", order_type=side)
    assert rows
    assert rows == [r for r in everything(dgt, "offers") if r["order_type"] == side.upper()]


@pytest.mark.parametrize("pair", ["BTCPLN", "ltcpln", "LTCBTC"])
def test_offers_are_filtered_by_pair_in_any_case(dgt, pair):
    rows = everything(dgt, "offers", pair=pair)
    assert rows
    assert rows == [row for row in everything(dgt, "offers") if row["pair"] == pair.upper()]


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_dates_include_both_ends_to_the_microsecond(dgt, data):
    rows = everything(dgt, "offers")
    times = sorted({row["created"] for row in rows})
    first, last = sorted(data.draw(st.sampled_from(times)) for _ in range(2))
    found = everything(dgt, "offers", date_start=first, date_end=last)
    assert found == [row for row in rows if first <= row["created"] <= last]


def test_a_date_alone_is_its_midnight(dgt):
    rows = everything(dgt, "offers")
    day = rows[20]["created"][:10]
    later = everything(dgt, "offers", date_start=day)
    earlier = everything(dgt, "offers", date_end=day)
    assert later == [row for row in rows if row["created"] >= day]
    assert earlier == [row for row in rows if row["created"] <= day]


def test_a_time_with_a_zone_is_taken_at_its_word(dgt):
    rows = everything(dgt, "offers")
    created = rows[10]["created"]
    hour = int(created[11:13])
    shifted = f"{created[:11]}{hour:02d}{created[13:]}+00:00"
    assert len(everything(dgt, "offers", date_start=shifted)) == 11


def test_filters_work_together(dgt):
    asked = {"pair": "BTCPLN", "order_type": "BUY", "offer_status": "REALIZED_CLOSED"}
    rows = everything(dgt, "offers", **asked)
    assert rows == [
        row
        for row in everything(dgt, "offers")
        if (row["pair"], row["order_type"], row["status"]) == tuple(asked.values())
    ]


@settings(max_examples=60, deadline=None)
@given(limit=st.integers(1, 130), offset=st.integers(0, 60))
@pytest.mark.parametrize("resource", ["offers", "transactions", "transfers"])
def test_pages_leave_no_gap_and_no_row_is_there_twice(dgt, resource, limit, offset):
    rows = everything(dgt, resource)
    assert everything(dgt, resource, limit=limit) == rows
    page = dgt(f"/api/private/{resource}/?limit={limit}&offset={offset}")
    shown = min(limit, 100)
    assert page["count"] == len(rows)
    assert page["results"] == rows[offset : offset + shown]
    assert (page["next"] is None) == (offset + shown >= len(rows))
    assert (page["previous"] is None) == (offset == 0)


def test_links_keep_the_filters_and_lead_back(dgt):
    page = dgt("/api/private/offers/?pair=btcpln&limit=2&offset=2")
    following, before = (
        dict(parse_qsl(urlsplit(page[name]).query)) for name in ("next", "previous")
    )
    assert following == {"pair": "btcpln", "limit": "2", "offset": "4"}
    assert before == {"pair": "btcpln", "limit": "2", "offset": "0"}


def test_links_name_the_host_that_was_asked(dgt):
    page = dgt("/api/private/offers/?limit=1", host="127.0.0.1:8123")
    assert page["next"].startswith("http://127.0.0.1:8123/api/private/offers/?limit=1&")


def test_without_a_limit_a_page_has_twenty_rows(dgt):
    assert len(dgt("/api/private/offers/")["results"]) == 20


# --- transactions -----------------------------------------------------------------------------


def test_transactions_are_those_of_btcpln_unless_told(dgt):
    rows = everything(dgt, "transactions")
    assert rows == everything(dgt, "transactions", pair="btcpln")
    for row in rows:
        looks_like(row, TRANSACTION)
        assert row["pair"] == "BTCPLN"
        assert row["commission"] in ("0.20000000", "0.30000000")
    assert [row["id"] for row in rows] == sorted({row["id"] for row in rows}, reverse=True)


def test_offers_and_transactions_name_each_other(dgt):
    offers = everything(dgt, "offers")
    named = [(number, offer) for offer in offers for number in offer["transactions"]]
    for number, offer in named:
        row = dgt(f"/api/private/transactions/{number}/")
        looks_like(row, TRANSACTION)
        assert (row["id"], row["pair"]) == (number, offer["pair"])
        assert row["transaction_type"] == offer["order_type"]
    of_pairs = [
        row["id"]
        for pair in ("BTCPLN", "LTCPLN", "LTCBTC")
        for row in everything(dgt, "transactions", pair=pair)
    ]
    assert sorted(of_pairs) == sorted(number for number, _ in named)


# --- transfers --------------------------------------------------------------------------------


def test_transfers_are_deposits_and_withdrawals_newest_first(dgt):
    rows = everything(dgt, "transfers")
    for row in rows:
        assert list(row) == TRANSFER_FIELDS
        assert all(EIGHT.fullmatch(row[name]) for name in ("amount", "fee"))
        assert all(TIME.fullmatch(row[name]) for name in ("created", "updated"))
    assert {row["transfer_type"] for row in rows} == {"DEPOSIT", "WITHDRAWAL"}
    assert {row["status"] for row in rows} == {"PENDING", "REALIZED", "CANCELED"}
    assert [row["id"] for row in rows] == sorted({row["id"] for row in rows}, reverse=True)


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("currency", "currency", "BTC"),
        ("currency", "currency", "pln"),
        ("transfer_type", "transfer_type", "DEPOSIT"),
        ("transfer_status", "status", "REALIZED"),
        ("transfer_status", "status", "canceled"),
    ],
)
def test_transfers_are_filtered(dgt, name, field, value):
    rows = everything(dgt, "transfers", **{name: value})
    assert rows
    assert rows == [row for row in everything(dgt, "transfers") if row[field] == value.upper()]


def test_a_transfer_alone_is_the_transfer_in_the_list(dgt):
    for row in everything(dgt, "transfers"):
        assert dgt(f"/api/private/transfers/{row['id']}/") == row


# --- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "field"),
    [
        ("offers/?order_type=HOLD", "order_type"),
        ("offers/?offer_status=DONE", "offer_status"),
        ("offers/?pair=BTCEUR", "pair"),
        ("offers/?date_start=yesterday", "date_start"),
        ("offers/?date_end=2016-13-01", "date_end"),
        ("offers/?limit=0", "limit"),
        ("offers/?limit=-1", "limit"),
        ("offers/?limit=ten", "limit"),
        ("offers/?limit=%D9%A3", "limit"),
        ("offers/?offset=-1", "offset"),
        ("offers/?offset=", "offset"),
        ("transactions/?pair=", "pair"),
        ("transfers/?currency=USD", "currency"),
        ("transfers/?transfer_type=GIFT", "transfer_type"),
        ("transfers/?transfer_status=LOST", "transfer_status"),
    ],
)
def test_a_bad_filter_is_400_under_its_own_name(dgt, target, field):
    reply = dgt.reply(f"/api/private/{target}")
    assert reply.status == 400
    answer = json.loads(reply.body)
    assert list(answer) == [field]
    assert isinstance(answer[field][0], str)


@pytest.mark.parametrize("query", ["limit=1&limit=2", "pair=%zz"])
def test_a_malformed_query_is_400_with_a_detail(dgt, query):
    reply = dgt.reply(f"/api/private/offers/?{query}")
    assert reply.status == 400
    assert list(json.loads(reply.body)) == ["detail"]


@pytest.mark.parametrize("resource", ["offers", "transactions", "transfers"])
@pytest.mark.parametrize("number", ["1", "999999", "x", "-1", "9" * 30, "1.0", "%D9%A3"])
def test_an_unknown_id_is_404(dgt, resource, number):
    reply = dgt.reply(f"/api/private/{resource}/{number}/")
    assert (reply.status, json.loads(reply.body)) == (404, {"detail": "Not found."})


@pytest.mark.parametrize("resource", ["offers", "transactions"])
def test_what_belongs_to_another_account_is_404(dgt, other_dgt, resource):
    number = dgt(f"/api/private/{resource}/?limit=1")["results"][0]["id"]
    assert other_dgt.reply(f"/api/private/{resource}/{number}/").status == 404
    assert other_dgt(f"/api/private/{resource}/")["results"] == []


@pytest.mark.parametrize("path", ["/api/private/", "/api/private/offers/1/2/", "/api/private/x/1/"])
def test_an_unknown_path_is_404(dgt, path):
    assert dgt.reply(path).status == 404


@pytest.mark.parametrize("method", ["DELETE", "PUT"])
def test_another_method_is_405(dgt, method):
    assert dgt.reply("/api/private/wallets/", method).status == 405


def test_a_path_without_the_last_slash_is_the_same(dgt):
    assert dgt("/api/private/wallets") == dgt("/api/private/wallets/")
