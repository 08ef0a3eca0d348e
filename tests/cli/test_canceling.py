"""cancel: by id or all; what counts is what each order is in the end."""

from __future__ import annotations

import json
from typing import Any

import pytest
from running import Exch, Ran


def done(ran: Ran) -> Any:
    assert (ran.code, ran.err) == (0, "")
    return json.loads(ran.out)


def placed(exch: Exch, *words: str) -> str:
    found: str = done(exch(*words, "--yes"))["id"]
    return found


DGT = ["dgt", "buy", "btcpln", "0.01", "--price", "2500"]
DFX = ["dfx", "buy", "btc_usdt", "0.001", "--price", "9000"]


@pytest.mark.parametrize("words", [DGT, DFX], ids=["dgt", "dfx"])
def test_an_order_is_canceled_and_canceling_it_again_says_the_same(
    still: Exch, words: list[str]
) -> None:
    name, order_id = words[0], placed(still, *words)
    first = done(still(name, "cancel", order_id, "--yes"))
    assert first == [{"id": order_id, "status": "canceled"}]
    assert done(still(name, "order", "cancel", order_id, "--yes")) == first
    assert done(still(name, "order", "show", order_id))["status"] == "canceled"


@pytest.mark.parametrize("words", [DGT, DFX], ids=["dgt", "dfx"])
def test_several_are_canceled_in_one_command(still: Exch, words: list[str]) -> None:
    name = words[0]
    ids = [placed(still, *words) for _ in range(3)]
    canceled = done(still(name, "cancel", *ids, ids[0], "--yes"))
    assert canceled == [{"id": order_id, "status": "canceled"} for order_id in ids]


def test_all_is_what_is_open_of_a_pair_and_a_side(still: Exch) -> None:
    before = done(still("dfx", "orders"))
    some = done(still("dfx", "cancel", "--all", "--symbol", "ethusdt", "--side", "sell", "--yes"))
    wanted = [o["id"] for o in before if (o["symbol"], o["side"]) == ("ETH_USDT", "sell")]
    assert wanted
    assert [one["id"] for one in some] == wanted
    assert {one["status"] for one in some} == {"canceled", "partially_canceled"}
    ran = still("dfx", "cancel", "--all", "--yes")
    assert len(json.loads(ran.out)) == len(before) - len(wanted)
    assert done(still("dfx", "orders")) == []


def test_what_stays_open_in_the_other_account_is_told(still: Exch) -> None:
    borrowed = done(still("dfx", "orders", "--margin"))
    assert len(borrowed) == 1
    ran = still("dfx", "cancel", "--all", "--yes")
    assert ran.err == "exch: 1 order stays open in the margin account; --margin cancels it.\n"
    assert done(still("dfx", "orders", "--margin")) == borrowed
    placed(still, *DFX)
    placed(still, *DFX)
    ran = still("dfx", "cancel", "--all", "--margin", "--yes")
    assert ran.err == (
        "exch: 2 orders stay open in the spot account; leaving --margin out cancels those.\n"
    )
    ran = still("dfx", "cancel", "--all", "--side", "sell", "--margin", "--yes")
    assert ran.err == "exch: no such order is open.\n"  # of the others, only what was asked for


def test_where_nothing_is_open_nothing_is_canceled(still: Exch) -> None:
    done(still("dgt", "cancel", "--all", "--yes"))
    ran = still("dgt", "cancel", "--all", "--yes")
    assert (ran.code, ran.out) == (0, "[]\n")


def test_an_order_that_was_filled_is_told_with_4(still: Exch) -> None:
    filled = placed(still, "dfx", "buy", "btc_usdt", "0.001", "--price", "9700")
    rests = placed(still, *DFX)
    ran = still("dfx", "cancel", filled, rests, "--yes")
    assert ran.code == 4
    assert json.loads(ran.out) == [
        {"id": filled, "status": "filled"},
        {"id": rests, "status": "canceled"},
    ]
    assert json.loads(ran.err)["error"]["message"] == f"Not canceled: {filled} (filled)."


def test_an_order_that_is_not_there_is_told_and_hides_no_other(still: Exch) -> None:
    for name, words, nowhere in (("dgt", DGT, "99"), ("dfx", DFX, "f" * 32)):
        there = placed(still, *words)
        ran = still(name, "cancel", nowhere, there, "--yes")
        assert ran.code == 4
        assert json.loads(ran.out) == [
            {"id": nowhere, "status": "unknown"},
            {"id": there, "status": "canceled"},
        ]
        error = json.loads(ran.err)["error"]
        assert error["message"].endswith(f"has no order {nowhere}.")
        assert "order list --history" in error["hint"]


def test_it_asks_on_a_terminal_and_shows_what_it_would_cancel(still: Exch) -> None:
    placed(still, *DFX)
    ran = still(
        "dfx", "cancel", "--all", "--symbol", "btc_usdt", "--side", "buy", terminal=True, typed="n"
    )
    assert ran.code == 2
    assert "buy 0.001 BTC_USDT at 9000" in ran.err
    assert "Cancel 3 orders on DigiFinex? [y/N]" in ran.err
    assert still("dfx", "cancel", "--all").code == 2


def test_a_dry_run_shows_the_calls(still: Exch) -> None:
    ids = ["a" * 32, "b" * 32]
    unsent = done(still("dfx", "cancel", *ids, "--margin", "--dry-run"))
    assert unsent["url"].endswith("/v3/margin/order/cancel")
    assert unsent["body"] == f"order_id={ids[0]}%2C{ids[1]}"
    many = done(still("dfx", "cancel", *(f"{n:032}" for n in range(21)), "--dry-run"))
    assert [row["body"].count("%2C") for row in many] == [19, 0]
    both = done(still("dgt", "cancel", "1", "2", "--dry-run"))
    assert [(row["method"], row["url"][-18:]) for row in both] == [
        ("DELETE", "/private/offers/1/"),
        ("DELETE", "/private/offers/2/"),
    ]


@pytest.mark.parametrize(
    "words",
    [
        ["dgt", "cancel"],
        ["dgt", "cancel", "1", "--all"],
        ["dgt", "cancel", "1", "--side", "buy"],
        ["dgt", "cancel", "x"],
        ["dfx", "cancel", "a,b"],
        ["dgt", "cancel", "--all", "--symbol", "doge"],
    ],
    ids=" ".join,
)
def test_what_cannot_be_is_a_usage_error(still: Exch, words: list[str]) -> None:
    ran = still(*words, "--yes")
    assert (ran.code, ran.out) == (2, "")
    assert json.loads(ran.err)["error"]["hint"]
