"""cancel: by id or all; what counts is what each order is in the end."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from running import Exch, Ran

from exchcli.cli.guarding import Recent
from exchcli.errors import GuardRefused
from exchcli.exchanges.digifinex import DigiFinex
from exchcli.sandbox.exchange import Sandbox
from exchcli.sandbox.wire import WireReply, WireRequest, json_reply


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
    some = done(still("dfx", "cancel", "--all", "--symbol", "ethusdt", "--side", "Sell", "--yes"))
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


Befalls = Callable[[WireRequest], WireReply | None]


def broken(monkeypatch: pytest.MonkeyPatch, befalls: Befalls) -> list[str]:
    """Lets the sandbox answer so instead of doing what is asked, where this answers at all; the
    calls that would change something, as they come.
    """
    handle = Sandbox.handle
    changing: list[str] = []

    def handled(self: Sandbox, request: WireRequest) -> WireReply:
        if request.method != "GET":
            changing.append(f"{request.path}?{request.body.decode()}")
        return befalls(request) or handle(self, request)

    monkeypatch.setattr(Sandbox, "handle", handled)
    return changing


def canceling(order_id: str, answer: Callable[[], WireReply]) -> Befalls:
    """What befalls the cancel of this order."""
    return lambda request: (
        answer()
        if request.method != "GET" and order_id in request.path + request.body.decode()
        else None
    )


def failure() -> WireReply:
    return WireReply(500, {}, b"<html>")


def limited() -> WireReply:
    return WireReply(429, {"retry-after": "7"}, b"{}")


def told(ran: Ran, code: int) -> Any:
    assert ran.code == code, ran
    return json.loads(ran.err)["error"]


def test_one_that_is_unknown_does_not_keep_the_others_from_being_canceled(
    still: Exch, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = (placed(still, *DGT) for _ in range(3))
    broken(monkeypatch, canceling(second, failure))
    ran = still("dgt", "cancel", first, second, third, "--yes")
    error = told(ran, 7)
    assert error["message"] == (
        f"It is not known whether Dgtmarket has done it: HTTP 500. Unknown: {second} (open)."
    )
    assert error["hint"] == "Canceling is safe to repeat: run the same again."
    assert json.loads(ran.out) == [
        {"id": first, "status": "canceled"},
        {"id": second, "status": "open"},
        {"id": third, "status": "canceled"},
    ]


def test_all_goes_on_behind_a_call_that_is_unknown(
    still: Exch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DigiFinex, "most_cancels", 2)
    ids = [row["id"] for row in done(still("dfx", "orders"))]
    assert len(ids) > 4

    def befalls(request: WireRequest) -> WireReply | None:
        if ids[0] in request.body.decode():
            raise httpx.ReadError("reset")
        return None

    broken(monkeypatch, befalls)
    ran = still("dfx", "cancel", "--all", "--yes")
    error = json.loads(ran.err.splitlines()[-1])["error"]
    assert (ran.code, error["kind"]) == (7, "unknown")
    assert f" Unknown: {ids[0]} (" in error["message"]
    rows = json.loads(ran.out)
    assert [row["id"] for row in rows] == ids
    assert {row["status"] for row in rows[2:]} <= {"canceled", "partially_canceled"}
    assert [row["id"] for row in done(still("dfx", "orders"))] == ids[:2]


def test_one_that_is_unknown_and_cannot_be_looked_at_is_printed_all_the_same(
    still: Exch, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = placed(still, *DGT)
    broken(monkeypatch, lambda request: failure() if order_id in request.path else None)
    ran = still("dgt", "cancel", order_id, "--yes")
    assert told(ran, 7)["message"].endswith(f" Unknown: {order_id}.")
    assert json.loads(ran.out) == [{"id": order_id, "status": "unknown"}]


def test_one_whose_order_tells_that_it_was_canceled_is_not_unknown(
    still: Exch, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = placed(still, *DGT)
    handle = Sandbox.handle

    def lost(self: Sandbox, request: WireRequest) -> WireReply:
        answer = handle(self, request)
        return failure() if request.method == "DELETE" else answer

    monkeypatch.setattr(Sandbox, "handle", lost)
    assert done(still("dgt", "cancel", order_id, "--yes")) == [
        {"id": order_id, "status": "canceled"}
    ]


def test_one_that_is_seen_to_be_filled_is_not_unknown_but_cannot_be_canceled(
    still: Exch, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = done(still("dgt", "sell", "btcpln", "0.01", "--market", "--yes"))["id"]
    broken(monkeypatch, canceling(order_id, failure))
    ran = still("dgt", "cancel", order_id, "--yes")
    assert told(ran, 4)["message"].startswith(f"Not canceled: {order_id} (filled).")
    assert json.loads(ran.out) == [{"id": order_id, "status": "filled"}]


def test_ctrl_c_behind_a_cancel_that_is_seen_to_be_done_says_what_was_not_tried(
    still: Exch, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (placed(still, *DGT) for _ in range(2))
    handle = Sandbox.handle

    def lost(self: Sandbox, request: WireRequest) -> WireReply:
        answer = handle(self, request)
        if request.method == "DELETE":
            raise KeyboardInterrupt
        return answer

    monkeypatch.setattr(Sandbox, "handle", lost)
    ran = still("dgt", "cancel", first, second, "--yes")
    assert told(ran, 7)["message"] == (
        f"Interrupted; no other order was canceled. Not tried: {second} (open)."
    )


def test_a_limit_ends_it_and_what_was_not_tried_is_named(
    still: Exch, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = (placed(still, *DGT) for _ in range(3))
    calls = broken(monkeypatch, canceling(second, limited))
    ran = still("dgt", "cancel", first, second, third, "--yes", "--no-wait")
    error = told(ran, 5)
    assert error["message"].startswith("Dgtmarket refused: it limits how often it may be asked")
    assert error["message"].endswith(f" Not canceled: {second}. Not tried: {third}.")
    assert json.loads(ran.out) == [
        {"id": first, "status": "canceled"},
        {"id": second, "status": "unknown"},
        {"id": third, "status": "unknown"},
    ]
    assert not any(third in call for call in calls)


def test_where_the_first_is_limited_nothing_is_printed(
    still: Exch, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [placed(still, *DGT) for _ in range(2)]
    broken(monkeypatch, canceling(ids[0], limited))
    ran = still("dgt", "cancel", *ids, "--yes", "--no-wait")
    assert (ran.code, ran.out) == (5, "")


def test_why_the_exchange_refused_is_told_with_its_code(
    still: Exch, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = placed(still, *DFX)
    broken(monkeypatch, canceling(order_id, lambda: json_reply({"code": 10008})))
    ran = still("dfx", "cancel", order_id, "--yes")
    error = told(ran, 4)
    assert (error["kind"], error["code"]) == ("rejected", "10008")
    assert error["message"] == (
        "DigiFinex refused: the request's timestamp was not accepted [10008]. "
        f"Not canceled: {order_id} (open)."
    )
    assert error["hint"] == "Check this machine's clock."
    assert json.loads(ran.out) == [{"id": order_id, "status": "open"}]


def test_one_that_is_not_there_hides_not_why_another_was_refused(
    still: Exch, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = placed(still, *DGT)
    broken(
        monkeypatch, canceling(order_id, lambda: json_reply({"detail": "Not at this hour."}, 400))
    )
    error = told(still("dgt", "cancel", "99", order_id, "--yes"), 4)
    assert error["code"] == "400"
    assert error["message"] == (
        "Dgtmarket refused the request (HTTP 400): Not at this hour. "
        f"Not canceled: {order_id} (open). Dgtmarket has no order 99."
    )


def interrupt() -> WireReply:
    raise KeyboardInterrupt


def test_ctrl_c_ends_it_and_what_was_not_tried_is_named(
    still: Exch, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = (placed(still, *DGT) for _ in range(3))
    calls = broken(monkeypatch, canceling(second, interrupt))
    ran = still("dgt", "cancel", first, second, third, "--yes")
    error = told(ran, 7)
    assert error["message"].endswith(f" Unknown: {second} (open). Not tried: {third} (open).")
    assert json.loads(ran.out) == [
        {"id": first, "status": "canceled"},
        {"id": second, "status": "open"},
        {"id": third, "status": "open"},
    ]
    assert len(calls) == 2


def test_a_guard_that_spares_one_call_does_not_keep_the_others_from_being_canceled(
    still: Exch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DigiFinex, "most_cancels", 1)
    young, old = placed(still, *DFX), placed(still, *DFX)

    def check_cancel(_self: Recent, ids: list[str], _market: str) -> None:
        if young in ids:
            raise GuardRefused("Too soon.", "Wait.")

    monkeypatch.setattr(Recent, "check_cancel", check_cancel)
    ran = still("dfx", "cancel", young, old, "--yes")
    assert told(ran, 8)["message"] == f"Too soon. Not canceled: {young} (open)."
    assert [row["status"] for row in json.loads(ran.out)] == ["open", "canceled"]
