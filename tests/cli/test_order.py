"""Orders: arguments in; exact stdout, stderr and exit code out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from loopback import by_path, loopback, reply
from running import Exch, Ran

KEYS = {
    "EXCH_DGT_KEY": "a-key-for-tests",
    "EXCH_DGT_SECRET": "not-a-real-secret",
    "EXCH_DFX_KEY": "a-key-for-tests",
    "EXCH_DFX_SECRET": "not-a-real-secret",
}
CLOCK = "2020-05-19T07:44:54Z"
ORDER = {
    "symbol": "BTC_USDT",
    "order_id": "dd3164b333a4afa9d5730bb87f6db8b3",
    "created_date": 1562303547,
    "finished_date": 0,
    "price": 0.1,
    "amount": 1,
    "cash_amount": 1,
    "executed_amount": 0,
    "avg_price": 0,
    "status": 1,
    "type": "buy",
    "kind": "margin",
}


@pytest.fixture
def sandboxed(exch: Exch) -> Exch:
    """`exch` whose sandbox stands still."""
    exch.env |= {"EXCH_SANDBOX": "1", "EXCH_SANDBOX_CLOCK": CLOCK}
    return exch


def rows(ran: Ran) -> Any:
    assert (ran.code, ran.err) == (0, "")
    return json.loads(ran.out)


def ids(ran: Ran) -> list[str]:
    return [row["id"] for row in rows(ran)]


@pytest.mark.parametrize("words", [["orders"], ["order", "list"]], ids=" ".join)
def test_open_orders_have_the_keys_of_the_contract(exch: Exch, words: list[str]) -> None:
    answers = {
        "/time": reply('{"server_time": 1589873762, "code": 0}'),
        "/spot/order/current": reply(json.dumps({"code": 0, "data": [ORDER]})),
    }
    with loopback(by_path(answers)) as server:
        ran = exch("dfx", *words, EXCH_DFX_URL=server.url, **KEYS)
    assert ran == (
        0,
        '[{"id": "dd3164b333a4afa9d5730bb87f6db8b3", "symbol": "BTC_USDT", "market": "spot", '
        '"side": "buy", "type": "limit", "price": "0.1", "stop_price": null, "amount": "1", '
        '"filled": "0", "average_price": null, "cost": "0", "status": "partially_filled", '
        '"exchange_status": "1", "post_only": null, "created": "2019-07-05T05:12:27Z", '
        '"updated": null, "fills": null}]\n',
        "",
    )


@pytest.mark.parametrize("exchange", ["dgt", "dfx"])
def test_orders_are_the_open_ones_and_history_is_all_of_them(
    sandboxed: Exch, exchange: str
) -> None:
    still_open = rows(sandboxed(exchange, "orders"))
    every = rows(sandboxed(exchange, "order", "list", "--history", "--start", "20d"))
    assert {row["status"] for row in still_open} <= {"open", "partially_filled"}
    assert {row["status"] for row in every} >= {"open", "filled", "canceled"}
    assert still_open == [row for row in every if row["status"] in ("open", "partially_filled")]


@pytest.mark.parametrize("exchange", ["dgt", "dfx"])
def test_a_status_looks_where_such_orders_are(sandboxed: Exch, exchange: str) -> None:
    every = rows(sandboxed(exchange, "orders", "--history", "--start", "20d"))
    for status in ("open", "partially_filled", "filled", "canceled", "partially_canceled"):
        found = ids(sandboxed(exchange, "orders", "--status", status, "--start", "20d"))
        assert found == [row["id"] for row in every if row["status"] == status], status
    word = next(row["exchange_status"] for row in every if row["status"] == "filled")
    assert ids(sandboxed(exchange, "orders", "--status", word.lower(), "--start", "20d")) == [
        row["id"] for row in every if row["status"] == "filled"
    ]
    (one,) = rows(sandboxed(exchange, "orders", "--status", "open", "--limit", "1"))
    assert one["status"] == "open"


@pytest.mark.parametrize("exchange", ["dgt", "dfx"])
def test_orders_are_filtered_by_pair_side_and_number(sandboxed: Exch, exchange: str) -> None:
    every = rows(sandboxed(exchange, "orders", "--history", "--start", "20d"))
    pair = every[0]["symbol"]
    assert ids(sandboxed(exchange, "orders", pair.lower(), "--history", "--start", "20d")) == [
        row["id"] for row in every if row["symbol"] == pair
    ]
    assert ids(sandboxed(exchange, "orders", "--history", "--start", "20d", "--side", "buy")) == [
        row["id"] for row in every if row["side"] == "buy"
    ]
    assert ids(sandboxed(exchange, "orders", "--history", "--start", "20d", "--side", "BUY")) == [
        row["id"] for row in every if row["side"] == "buy"
    ]
    newest = sandboxed(exchange, "orders", "--history", "--start", "20d", "--limit", "3")
    assert [row["created"] for row in rows(newest)] == [row["created"] for row in every[:3]]


@pytest.mark.parametrize("exchange", ["dgt", "dfx"])
def test_one_order_is_an_object_and_several_are_an_array_in_the_asked_order(
    sandboxed: Exch, exchange: str
) -> None:
    first, second, *_ = ids(sandboxed(exchange, "orders", "--history", "--start", "20d"))
    assert rows(sandboxed(exchange, "order", "show", first))["id"] == first
    assert ids(sandboxed(exchange, "order", "show", second, first)) == [second, first]
    assert rows(sandboxed(exchange, "order", "show", first, first))["id"] == first


def test_an_order_on_margin_is_shown_with_margin(sandboxed: Exch) -> None:
    (order, *_) = rows(sandboxed("dfx", "orders", "--margin", "--history", "--start", "20d"))
    assert order["market"] == "margin"
    shown = rows(sandboxed("dfx", "order", "show", "--margin", order["id"]))
    assert (shown["id"], shown["market"]) == (order["id"], "margin")
    assert sandboxed("dfx", "order", "show", order["id"]).code == 4


def test_an_order_that_is_not_there_is_told_with_the_place_where_ids_are(sandboxed: Exch) -> None:
    ran = sandboxed("dgt", "order", "show", "99999")
    assert (ran.code, ran.out) == (4, "")
    error = json.loads(ran.err)["error"]
    assert error["message"] == "Dgtmarket has no order 99999."
    assert error["hint"] == "`exch dgt order list --history` lists them."
    there, *_ = ids(sandboxed("dgt", "orders"))
    ran = sandboxed("dgt", "order", "show", "99999", there, "99998")
    assert "Dgtmarket has no order 99999, 99998." in ran.err


@pytest.mark.parametrize(
    ("words", "step"),
    [
        ("dgt orders --status foo", "`exch dgt orders --history`"),
        ("dgt transfer list --type foo", "`exch dgt transfer list`"),
        ("dgt api /nonsense", "Check the path"),
        ("dgt api DELETE /private/wallets/ --yes", "another method"),
        ("dfx order show x", "`exch dfx order list --history`"),
        ("dfx api /nonsense", "Check the path"),
        ("dfx api POST /spot/assets --yes", "GET and POST"),
        ("dfx api /spot/order/history -f start_time=x", "parameters"),
        ("dfx api /spot/order/history -f start_time=9 -f end_time=8", "later than --start"),
    ],
)
def test_a_refusal_names_the_next_step(sandboxed: Exch, words: str, step: str) -> None:
    ran = sandboxed(*words.split())
    assert ran.code == 4
    assert step in json.loads(ran.err)["error"]["hint"]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["dgt", "order", "show", "abc"], "'abc' is no order ID."),
        (["dgt", "order", "show", "17169", "dd3164b3"], "'dd3164b3' is no order ID."),
        (["dgt", "order", "show", "1" * 19], "is no order ID."),
        (["dfx", "order", "show", "a,b"], "'a,b' is no order ID."),
        (["dfx", "order", "show", "../x"], "'../x' is no order ID."),
        (["dfx", "order", "show", "x" * 65], "is no order ID."),
        (["dfx", "order", "show"], "ID... is missing."),
        (["dfx", "orders", "--history", "--status", "done"], "no order status 'done'"),
        (["dfx", "orders", "--side", "both"], "'both' is not one of"),
        (["dfx", "orders", "--limit", "0"], "--limit 0 asks for nothing."),
        (["dfx", "orders", "--offset", "2"], "has no option --offset."),
        (["dgt", "orders", "--margin"], "has no option --margin."),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
def test_bad_arguments_are_told_before_anything_is_sent(
    exch: Exch, words: list[str], complaint: str
) -> None:
    with loopback(reply("{}")) as server:
        ran = exch(*words, EXCH_DGT_URL=server.url, EXCH_DFX_URL=server.url, **KEYS)
    assert (ran.code, ran.out) == (2, "")
    assert complaint in json.loads(ran.err)["error"]["message"]
    assert server.requests == []


def test_orders_on_a_terminal_are_a_table_with_what_decides_first(sandboxed: Exch) -> None:
    ran = sandboxed("dgt", "orders", terminal=True)
    assert ran.code == 0
    heading = next(line for line in ran.out.splitlines() if line.startswith("ID"))
    assert heading.split()[:5] == ["ID", "Symbol", "Side", "Price", "Stop"]
    assert "Status" in heading
    every = sandboxed("dgt", "orders", "--history", terminal=True).out
    heading = next(line for line in every.splitlines() if line.startswith("ID"))
    assert heading.split()[:6] == ["ID", "Symbol", "Side", "Price", "Amount", "Filled"]
