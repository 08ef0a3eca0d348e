"""Dgtmarket's private endpoints that read, against the replies of its own document."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from driving import drive

from exchcli.errors import NotOffered, Unreadable
from exchcli.exchanges.dgtmarket import Dgtmarket
from exchcli.exchanges.listing import Listing
from exchcli.records import Balance, Fill, Order, Transfer

NOW = datetime(2016, 7, 29, 12, tzinfo=UTC)
WALLETS = """[
    {"outgoing_address": null, "currency": "LTC", "balance": "0.00000000",
     "incoming_address": "LeZNStaj1q8eseLa9Gqr8nvwp4iaGiX6rU", "blocked": "0.00000000"},
    {"outgoing_address": null, "currency": "BTC", "balance": "0.33759934",
     "incoming_address": "1JKhwNU45UE2j1f4CaEQLSHnPbycKqCKzG", "blocked": "0.00000000"},
    {"outgoing_address": null, "currency": "PLN", "balance": "0.01557254",
     "incoming_address": "78 1010 1023 0000 2613 9520 0000", "blocked": "0.00000000"}]"""
# The ids of an offer's transactions were lost from the saved page; this one fits by its figures.
OFFER = {
    "status": "REALIZED_CLOSED",
    "any_price": False,
    "updated": "2016-07-29T10:13:47.086269",
    "activation_limit": "0.00000000",
    "order_type": "BUY",
    "created": "2016-07-29T10:13:47.018452",
    "transactions": [8033],
    "filled_amount": "0.09846107",
    "commission": "0.00000000",
    "amount": "0.09846107",
    "pair": "BTCPLN",
    "blocked": "253.03214996",
    "id": 17169,
    "quotation": "2569.87000000",
}
SOLD = {
    **OFFER,
    "updated": "2016-07-29T09:47:28.853000",
    "order_type": "SELL",
    "created": "2016-07-29T09:47:28.504034",
    "filled_amount": "0.07800980",
    "amount": "0.07800980",
    "blocked": "0.07800980",
    "id": 17165,
    "quotation": "2570.29000000",
}
TRANSACTION = {
    "date": "2016-07-29T10:13:47.037002",
    "transaction_type": "BUY",
    "commission": "0.30000000",
    "amount": "0.09846107",
    "pair": "BTCPLN",
    "id": 8033,
    "quotation": "2569.87000000",
}
LATER = {
    **TRANSACTION,
    "date": "2016-07-29T10:43:34.681738",
    "transaction_type": "SELL",
    "amount": "0.05935927",
    "id": 8034,
    "quotation": "2570.71000000",
}


def page(*rows: dict[str, Any], count: int | None = None, following: str | None = None) -> Any:
    total = len(rows) if count is None else count
    return {"count": total, "previous": None, "results": list(rows), "next": following}


@pytest.fixture
def dgt() -> Dgtmarket:
    return Dgtmarket()


def test_the_documented_wallets_are_read_with_both_addresses(dgt: Dgtmarket) -> None:
    balances, asked = drive(dgt.balances(), WALLETS)
    assert asked == ["GET /private/wallets/"]
    assert [balance.currency for balance in balances] == ["LTC", "BTC", "PLN"]
    assert balances[1] == Balance(
        currency="BTC",
        free=Decimal("0.33759934"),
        held=Decimal("0.00000000"),
        total=Decimal("0.33759934"),
        address="1JKhwNU45UE2j1f4CaEQLSHnPbycKqCKzG",
        withdraw_address=None,
    )


@pytest.mark.parametrize(
    ("balance", "blocked", "free"), [("10", "4", "6"), ("10", "10", "0"), ("3", "10", "0")]
)
def test_no_more_is_free_than_there_is_whether_or_not_the_balance_includes_what_is_blocked(
    dgt: Dgtmarket, balance: str, blocked: str, free: str
) -> None:
    wallet = {"currency": "pln", "balance": balance, "blocked": blocked}
    (read,), _ = drive(dgt.balances(), [wallet])
    assert (read.currency, read.free, read.held, read.total) == (
        "PLN",
        Decimal(free),
        Decimal(blocked),
        Decimal(balance),
    )


def test_the_documented_offer_is_read_and_its_times_get_no_zone(dgt: Dgtmarket) -> None:
    order, asked = drive(dgt.order("17169"), OFFER)
    assert asked == ["GET /private/offers/17169/"]
    assert order == Order(
        id="17169",
        symbol="BTCPLN",
        market="spot",
        side="buy",
        type="limit",
        price=Decimal("2569.87000000"),
        stop_price=None,
        amount=Decimal("0.09846107"),
        filled=Decimal("0.09846107"),
        average_price=None,
        cost=None,
        status="filled",
        exchange_status="REALIZED_CLOSED",
        post_only=None,
        created=datetime.fromisoformat("2016-07-29T10:13:47.018452"),
        updated=datetime.fromisoformat("2016-07-29T10:13:47.086269"),
        fills=(Fill("8033", "17169", "BTCPLN", "spot", "buy", None, None),),
    )


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ("REALIZED_CLOSED", "filled"),
        ("ACTIVE", "open"),
        ("PARTIALLY_REALIZED", "partially_filled"),
        ("CANCELED", "canceled"),
        ("PARTIALLY_REALIZED_CANCELED", "partially_canceled"),
        ("WAITING_FOR_GODOT", "unknown"),
    ],
)
def test_a_status_that_is_not_known_is_passed_through(
    dgt: Dgtmarket, told: str, status: str
) -> None:
    order, _ = drive(dgt.order("1"), {**OFFER, "status": told})
    assert (order.status, order.exchange_status) == (status, told)


def test_an_offer_at_any_price_is_a_market_order_and_an_activation_limit_a_stop(
    dgt: Dgtmarket,
) -> None:
    told = {"any_price": True, "activation_limit": "2500.5", "filled_amount": "0.00000000"}
    order, _ = drive(dgt.order("1"), {**OFFER, **told})
    assert (order.type, order.price, order.stop_price) == ("market", None, Decimal("2500.5"))
    assert order.cost == 0


def test_orders_are_filtered_in_the_exchanges_own_words(dgt: Dgtmarket) -> None:
    listing = Listing(NOW, datetime(2016, 7, 28, tzinfo=UTC), NOW, limit=3)
    orders, asked = drive(
        dgt.orders(listing, "BTCPLN", "buy", "filled"), page(OFFER, SOLD, count=2)
    )
    assert asked == [
        "GET /private/offers/?limit=3&pair=BTCPLN&order_type=BUY&offer_status=REALIZED_CLOSED"
        "&date_start=2016-07-28T00%3A00%3A00&date_end=2016-07-29T12%3A00%3A00"
    ]
    assert [order.id for order in orders] == ["17169", "17165"]
    assert orders[1].side == "sell"


@pytest.mark.parametrize(
    ("asked_for", "filter"), [("active", "&offer_status=ACTIVE"), ("open", "")]
)
def test_a_word_of_the_exchange_is_sent_and_one_of_ours_is_looked_for(
    dgt: Dgtmarket, asked_for: str, filter: str
) -> None:
    rows = [{**OFFER, "status": "ACTIVE"}, {**SOLD, "status": "ACTIVE"}]
    if not filter:
        rows.append({**SOLD, "id": 1})
    orders, asked = drive(dgt.orders(Listing(NOW), status=asked_for), page(*rows))
    assert asked == [f"GET /private/offers/?limit={100 if filter else 500}{filter}"]
    assert [order.status for order in orders] == ["open", "open"]


def test_open_orders_are_all_that_are_not_known_to_be_final_from_all_pages(dgt: Dgtmarket) -> None:
    link = "https://elsewhere.example/api/private/offers/?limit=500&offset=2&page=b"
    first = page({**OFFER, "status": "ODD", "id": 9}, {**OFFER, "id": 8}, count=3, following=link)
    second = page({**OFFER, "status": "ACTIVE", "id": 7}, count=3)
    orders, asked = drive(dgt.open_orders(Listing(NOW)), first, second)
    assert asked == [
        "GET /private/offers/?limit=500",
        "GET /private/offers/?limit=500&offset=2&page=b",
    ]
    assert [(order.id, order.status) for order in orders] == [("9", "unknown"), ("7", "open")]


def test_several_orders_come_in_the_asked_order(dgt: Dgtmarket) -> None:
    orders, asked = drive(dgt.orders_by_id(["17165", "17169"]), SOLD, OFFER)
    assert asked == ["GET /private/offers/17165/", "GET /private/offers/17169/"]
    assert [order.id for order in orders] == ["17165", "17169"]


def test_the_documented_transaction_is_read_with_its_fee_as_a_percentage(dgt: Dgtmarket) -> None:
    fill, asked = drive(dgt.fill("8033"), TRANSACTION)
    assert asked == ["GET /private/transactions/8033/"]
    assert fill == Fill(
        id="8033",
        order_id=None,
        symbol="BTCPLN",
        market="spot",
        side="buy",
        price=Decimal("2569.87000000"),
        amount=Decimal("0.09846107"),
        fee=None,
        fee_currency=None,
        fee_percent=Decimal("0.30000000"),
        maker=None,
        time=datetime.fromisoformat("2016-07-29T10:13:47.037002"),
    )


def test_fills_of_no_pair_are_those_of_all_three_and_not_only_of_the_default(
    dgt: Dgtmarket,
) -> None:
    fills, asked = drive(
        dgt.fills(Listing(NOW)),
        page(LATER, TRANSACTION),
        page({**TRANSACTION, "id": 9000, "pair": "LTCPLN"}),
        page(),
    )
    assert asked == [
        "GET /private/transactions/?limit=100&pair=BTCPLN",
        "GET /private/transactions/?limit=100&pair=LTCPLN",
        "GET /private/transactions/?limit=100&pair=LTCBTC",
    ]
    assert [(fill.id, fill.symbol) for fill in fills] == [
        ("9000", "LTCPLN"),
        ("8034", "BTCPLN"),
        ("8033", "BTCPLN"),
    ]


def test_fills_are_compared_with_start_and_end_as_their_times_are_written(dgt: Dgtmarket) -> None:
    edge = datetime(2016, 7, 29, 10, 13, 47, 37002, tzinfo=UTC)
    old = {**TRANSACTION, "id": 1, "date": "2016-07-29T10:13:47.037001"}
    rows = page(LATER, TRANSACTION, old, count=1000, following="?limit=500&offset=3")
    end = page({**old, "id": 0}, count=1000)
    fills, _ = drive(dgt.fills(Listing(NOW, start=edge), "BTCPLN"), rows, end)
    assert [fill.id for fill in fills] == ["8034", "8033"]
    fills, _ = drive(dgt.fills(Listing(NOW, end=edge), "BTCPLN"), page(LATER, TRANSACTION, old))
    assert [fill.id for fill in fills] == ["8033", "1"]


def test_a_transfer_is_read_from_what_there_is_of_it(dgt: Dgtmarket) -> None:
    told = {"id": 5, "currency": "btc", "amount": "0.015"}
    transfer, asked = drive(dgt.transfer("5"), told)
    assert asked == ["GET /private/transfers/5/"]
    assert transfer == Transfer(
        id="5",
        kind="transfer",
        currency="BTC",
        chain=None,
        amount=Decimal("0.015"),
        fee=None,
        address=None,
        memo=None,
        hash=None,
        status="unknown",
        exchange_status=None,
    )


def test_transfers_are_filtered_in_the_exchanges_own_words(dgt: Dgtmarket) -> None:
    row = {
        "id": 7,
        "currency": "PLN",
        "amount": "100.00",
        "transfer_type": "WITHDRAWAL",
        "status": "PENDING",
        "created": "2016-07-29T10:13:47.018452",
    }
    transfers, asked = drive(
        dgt.transfers(Listing(NOW, limit=7), "PLN", "withdrawal", "pending"), page(row)
    )
    assert asked == [
        "GET /private/transfers/?limit=7&currency=PLN&transfer_type=WITHDRAWAL"
        "&transfer_status=PENDING"
    ]
    assert (transfers[0].kind, transfers[0].status) == ("withdrawal", "pending")
    assert transfers[0].created == datetime.fromisoformat("2016-07-29T10:13:47.018452")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"order_type": "GIFT"}, "order_type is neither BUY nor SELL: 'GIFT'"),
        ({"created": "yesterday"}, "created is not a date with a time"),
        ({"created": "2016-07-29"}, "created is not a date with a time"),
        ({"filled_amount": None}, "filled_amount is missing"),
        ({"any_price": "maybe"}, "any_price is neither true nor false"),
    ],
)
def test_an_offer_that_is_not_as_documented_names_the_field(
    dgt: Dgtmarket, change: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(Unreadable) as caught:
        drive(dgt.order("1"), {**OFFER, **change})
    assert complaint in caught.value.message


def test_what_only_digifinex_has_is_not_offered(dgt: Dgtmarket) -> None:
    for ask in (
        lambda: dgt.ledger(Listing(NOW)),
        dgt.deposits,
        dgt.withdrawals,
        lambda: dgt.deposit_addresses("BTC"),
        dgt.positions,
    ):
        with pytest.raises(NotOffered, match="Dgtmarket does not offer"):
            ask()
