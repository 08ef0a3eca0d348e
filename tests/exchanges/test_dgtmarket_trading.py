"""What changes something at Dgtmarket, against the replies of its own document."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from driving import drive

from exchcli.core.request import Request
from exchcli.errors import BadReply, NotOffered, Unreadable, UsageError
from exchcli.exchanges.dgtmarket import Dgtmarket
from exchcli.records import Cancelled, NewOrder, Snapshot

D = Decimal
BUY = NewOrder("BTCPLN", "buy", D("0.001"), D(2570))
PLACED = {
    "any_price": False,
    "activation_limit": "0.00000000",
    "order_type": "BUY",
    "amount": "0.00100000",
    "pair": "BTCPLN",
    "id": 17167,
    "quotation": "2570.00000000",
}
OFFER = {
    "status": "REALIZED_CLOSED",
    "any_price": False,
    "updated": "2016-07-29T10:13:47.086269",
    "activation_limit": "0.00000000",
    "order_type": "BUY",
    "created": "2016-07-29T10:13:47.018452",
    "transactions": [],
    "filled_amount": "0.09846107",
    "commission": "0.00000000",
    "amount": "0.09846107",
    "pair": "BTCPLN",
    "blocked": "253.03214996",
    "id": 17169,
    "quotation": "2569.87000000",
}
TRANSFER = {"id": 9, "currency": "BTC", "amount": "0.1", "type": "WITHDRAWAL", "status": "PENDING"}


@pytest.fixture
def dgt() -> Dgtmarket:
    return Dgtmarket()


def offers(*ids: int, count: int | None = None, **other: Any) -> dict[str, Any]:
    rows = [{**OFFER, "id": number, **other} for number in ids]
    return {"count": len(rows) if count is None else count, "results": rows, "next": ""}


def sent(flow: Any) -> tuple[str, Any]:
    """The one request of a flow: its method and path, and its body read as JSON."""
    request = next(flow)
    assert isinstance(request, Request)
    assert request.endpoint.auth
    assert request.content_type == ("application/json" if request.body else None)
    line = f"{request.endpoint.method} {request.path}"
    return line, json.loads(request.body) if request.body else None


def test_the_documented_offer_is_placed_as_json_and_its_id_read(dgt: Dgtmarket) -> None:
    placed, asked = drive(dgt.place(BUY), PLACED)
    assert placed == "17167"
    assert asked == [
        'POST /private/offers/ {"pair": "BTCPLN", "amount": "0.001", "quotation": "2570", '
        '"order_type": "BUY"}'
    ]


def test_a_stop_is_sent_as_activation_limit(dgt: Dgtmarket) -> None:
    _, body = sent(dgt.place(BUY._replace(side="sell", stop=D("2500.5"))))
    assert body == {
        "pair": "BTCPLN",
        "amount": "0.001",
        "quotation": "2570",
        "order_type": "SELL",
        "activation_limit": "2500.5",
    }


def test_an_order_at_any_price_names_the_price_of_the_moment(dgt: Dgtmarket) -> None:
    new = NewOrder("LTCPLN", "buy", D("0.00000001"), None, near=D("16.50"))
    line, body = sent(dgt.place(new))
    assert line == "POST /private/offers/"
    assert body == {
        "pair": "LTCPLN",
        "amount": "0.00000001",
        "quotation": "16.50",
        "order_type": "BUY",
        "any_price": True,
    }
    _, body = sent(dgt.place(new._replace(near=None)))
    assert "quotation" not in body


def test_what_dgtmarket_does_not_take_is_refused_before_anything_is_sent(dgt: Dgtmarket) -> None:
    for new in (BUY._replace(post_only=True), BUY._replace(market="margin")):
        with pytest.raises(NotOffered, match="Dgtmarket does not offer"):
            dgt.place(new)
    with pytest.raises(UsageError, match="not money to spend"):
        dgt.place(NewOrder("BTCPLN", "buy", None, None, spend=D(100)))
    for flow in (
        lambda: dgt.place_batch("BTCPLN", [BUY]),
        lambda: dgt.close_position("BTCPLN"),
        lambda: dgt.transfer_new("BTC", D(1), "spot", "margin"),
        lambda: dgt.cancel_withdrawal("9"),
        lambda: dgt.withdraw("BTC", D(1), "1JKhwNU45UE2j1f4CaEQLSHnPbycKqCKzG"),
    ):
        with pytest.raises(NotOffered):
            flow()


def test_an_answer_without_an_id_is_no_answer(dgt: Dgtmarket) -> None:
    with pytest.raises(Unreadable):
        drive(dgt.place(BUY), {"pair": "BTCPLN"})


def test_a_cancel_is_a_delete_without_a_body(dgt: Dgtmarket) -> None:
    assert sent(dgt.cancel(["17167"])) == ("DELETE /private/offers/17167/", None)
    done, _ = drive(dgt.cancel(["17167"]), "null")
    assert done == [Cancelled("17167", "canceled")]


def test_a_withdrawal_goes_to_the_singular_and_without_an_id_nothing_is_known(
    dgt: Dgtmarket,
) -> None:
    withdrawn, asked = drive(dgt.withdraw("BTC", D("0.015")), {"id": 700})
    assert asked == ['POST /private/transfer/ {"currency": "BTC", "amount": "0.015"}']
    assert withdrawn == "700"
    for reply in ({"status": "PENDING"}, "null", [], {"id": None}, {"id": 0}, {"id": "-1"}):
        with pytest.raises(Unreadable):
            drive(dgt.withdraw("BTC", D("0.015")), reply)


def test_a_snapshot_is_the_highest_id_of_the_whole_account(dgt: Dgtmarket) -> None:
    taken, asked = drive(dgt.snapshot("BTCPLN", "spot", 99), offers(17169, 17165, count=1965))
    assert taken == Snapshot(17169, (), 99)
    assert asked == ["GET /private/offers/?limit=30"]
    assert drive(dgt.snapshot("BTCPLN", "spot", 99), offers())[0] == Snapshot(None, (), 99)


@pytest.mark.parametrize(
    "page", [offers(17165, 17169), offers(count=4), offers(17169, count=0)], ids=str
)
def test_a_list_that_hides_the_highest_id_makes_no_snapshot(dgt: Dgtmarket, page: Any) -> None:
    with pytest.raises(BadReply):
        drive(dgt.snapshot("BTCPLN", "spot", 99), page)


def test_sightings_are_what_is_above_the_snapshot_of_one_pair(dgt: Dgtmarket) -> None:
    page = offers(17171, 17170, 17169, 17160, count=1965)
    page["results"][1]["pair"] = "LTCPLN"
    found, asked = drive(dgt.sightings("BTCPLN", "spot", Snapshot(17169, (), 99), 90, 120), page)
    assert [seen.id for seen in found] == ["17171"]
    assert asked == ["GET /private/offers/?limit=500"]


def test_sightings_are_walked_down_to_the_snapshot(dgt: Dgtmarket) -> None:
    flow = dgt.sightings("BTCPLN", "spot", Snapshot(10, (), 99), 90, 120)
    found, asked = drive(
        flow, offers(15, 14, count=7), offers(13, 12, count=7), offers(11, 10, count=7)
    )
    assert sorted(int(seen.id) for seen in found) == [11, 12, 13, 14, 15]
    assert asked[1:] == [
        "GET /private/offers/?limit=500&offset=2",
        "GET /private/offers/?limit=500&offset=4",
    ]


def test_a_row_that_moved_to_an_earlier_page_is_still_seen(dgt: Dgtmarket) -> None:
    flow = dgt.sightings("BTCPLN", "spot", Snapshot(10, (), 99), 90, 120)
    # 14 is gone after the first page: 12 moves up to it, and is not on the second.
    found, _ = drive(
        flow,
        offers(15, 14, 13, count=6),
        offers(10, 9, count=5),
        offers(12, 10, 9, count=5),
    )
    assert "12" in {seen.id for seen in found}


def test_a_list_in_another_order_is_walked_to_its_end(dgt: Dgtmarket) -> None:
    flow = dgt.sightings("BTCPLN", "spot", Snapshot(10, (), 99), 90, 120)
    found, _ = drive(flow, offers(9, 10, count=4), offers(12, 8, count=4))
    assert [seen.id for seen in found] == ["12"]


def test_a_listing_that_does_not_hold_what_it_counts_is_an_error(dgt: Dgtmarket) -> None:
    flow = dgt.sightings("BTCPLN", "spot", Snapshot(10, (), 99), 90, 120)
    with pytest.raises(BadReply):
        drive(flow, *[offers(15, count=3), offers(count=3)] * 3)


def test_all_of_an_account_that_had_nothing_is_new(dgt: Dgtmarket) -> None:
    flow = dgt.sightings("BTCPLN", "spot", Snapshot(None, (), 99), 90, 120)
    found, _ = drive(flow, offers(2, 1))
    assert [seen.id for seen in found] == ["2", "1"]


def test_withdrawals_are_known_by_their_ids(dgt: Dgtmarket) -> None:
    page = {"count": 2, "results": [TRANSFER, {**TRANSFER, "id": 8}], "next": None}
    assert drive(dgt.newest_withdrawal(), page)[0] == 9
    found, asked = drive(dgt.withdrawals_since(8), page)
    assert [row.id for row in found] == ["9"]
    assert asked == ["GET /private/transfers/?limit=500"]
    page["results"][0] = {**TRANSFER, "type": "DEPOSIT"}
    assert drive(dgt.withdrawals_since(8), page)[0] == []
