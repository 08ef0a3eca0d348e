"""An answer that says it was done is believed when it can be nothing else, and else nothing is."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest
from dgt_private import OFFER
from loopback import Answer, loopback, reply
from running import Exch, Ran
from trading_server import SYMBOL, changing, exchange, run

EMPTY = reply("", "204 No Content")
CLOSE = ["dfx", "margin", "close", "btc_usdt", "--yes", "--once", "k"]
MOVE = ["dfx", "transfer", "new", "usdt", "1", "--from", "spot", "--to", "margin", "--yes"]
FIRST, SECOND = "198361cecdc65f9c8c9bb2fa68faec40", "3fb0d98e51c18954f10d439a9cf57de0"
OPEN_OFFER = OFFER | {
    "id": 17167,
    "status": "ACTIVE",
    "transactions": [],
    "filled_amount": "0.00000000",
}
ORDER = {
    "symbol": "BTC_USDT",
    "created_date": 1562303547,
    "finished_date": 0,
    "price": 6000,
    "amount": 0.1,
    "executed_amount": 0,
    "avg_price": 0,
    "type": "buy",
}
POSITION = {
    "symbol": "BTC_USDT",
    "side": "long",
    "leverage_ratio": 3,
    "amount": 1,
    "entry_price": 9000,
    "unrealized_pnl": 0,
    "liquidation_price": 1,
    "liquidation_rate": 1,
}


def unknown(ran: Ran) -> Any:
    """What is told of an outcome that is not known."""
    assert (ran.code, ran.out) == (7, ""), ran
    told = json.loads(ran.err)["error"]
    assert (told["kind"], told["retry"]) == ("unknown", "never")
    return told


def shows(told: dict[str, Any], to_what_changes: Answer) -> Any:
    """Exchanges on loopback where these paths, asked for, tell this, and nothing else differs."""

    def either(connection: socket.socket, head: bytes) -> None:
        method, target, *_ = head.decode().split()
        found = told.get(target.partition("?")[0])
        if target.rstrip("/").endswith("/time"):
            with_time(connection, head)
        elif method == "GET" and found is not None:
            reply(json.dumps(found))(connection, head)
        elif method != "GET":
            to_what_changes(connection, head)
        else:
            reply("{}", "404 Not Found")(connection, head)

    with_time = reply(json.dumps({"code": 0, "server_time": 1562303600, "epoch": 1562303600}))
    return loopback(either)


@pytest.mark.parametrize(
    "answer",
    [
        EMPTY,
        reply(""),
        reply('{"code": 200}'),
        reply('{"code": 0, "order_id": "1"}'),
        reply('{"code": 0, "data": {}}'),
        reply('{"code": 0, "success": [], "error": []}'),
        reply("null"),
    ],
    ids=["204", "empty", "another code", "an order's", "a list's", "a cancel's", "null"],
)
def test_a_transfer_is_done_when_digifinex_says_its_code_and_nothing_else(
    exch: Exch, answer: Answer
) -> None:
    with exchange(answer) as server:
        told = unknown(run(exch, server, *MOVE, "--once", "k"))
        assert "WHETHER THIS TRANSFER WAS DONE IS NOT KNOWN" in told["message"]
        unknown(run(exch, server, *MOVE, "--once", "k"))
        assert changing(server) == 1
    assert json.loads(exch("journal", "show", "k").out)["state"] == "unknown"


def test_its_own_words_beside_the_code_change_nothing(exch: Exch) -> None:
    with exchange(reply('{"code": "0", "msg": "success"}')) as server:
        assert run(exch, server, *MOVE).code == 0


@pytest.mark.parametrize(
    "answer", [EMPTY, reply('{"code": 0, "data": []}')], ids=["204", "a list's"]
)
def test_a_position_that_is_still_there_was_not_closed(exch: Exch, answer: Answer) -> None:
    symbols = {"code": 0, "symbol_list": [SYMBOL | {"liquidation_rate": 0.3}]}
    told = {
        "/margin/positions": {"code": 0, "positions": [POSITION]},
        "/margin/symbols": symbols,
        "/spot/symbols": symbols,
    }
    with shows(told, answer) as server:
        ran = run(exch, server, *CLOSE)
    unknown(ran)
    assert json.loads(exch("journal", "show", "k").out)["state"] == "unknown"


@pytest.mark.parametrize(
    "answer",
    [
        reply('{"status": "maintenance"}'),
        reply("null"),
        reply("{}", "201 Created"),
        reply(json.dumps(OPEN_OFFER)),
    ],
    ids=["maintenance", "null", "201", "the offer"],
)
def test_an_offer_is_canceled_when_dgtmarket_says_204(exch: Exch, answer: Answer) -> None:
    with shows({"/private/offers/17167/": OPEN_OFFER}, answer) as server:
        ran = run(exch, server, "dgt", "cancel", "17167", "--yes")
    assert (ran.code, json.loads(ran.out)) == (7, [{"id": "17167", "status": "open"}])
    with shows({"/private/offers/17167/": {**OPEN_OFFER, "status": "CANCELED"}}, answer) as server:
        ran = run(exch, server, "dgt", "cancel", "17167", "--yes")
    assert (ran.code, json.loads(ran.out)) == (0, [{"id": "17167", "status": "canceled"}])


@pytest.mark.parametrize("status", ["200 OK", "201 Created"])
def test_any_call_that_deletes_is_done_when_dgtmarket_says_204(exch: Exch, status: str) -> None:
    with shows({}, reply('{"status": "maintenance"}', status)) as server:
        unknown(run(exch, server, "dgt", "api", "DELETE", "/private/offers/17167/", "--yes"))
    with shows({}, EMPTY) as server:
        unknown(run(exch, server, "dgt", "api", "POST", "/private/offers/", "--yes"))
        ran = run(exch, server, "dgt", "api", "DELETE", "/private/offers/17167/", "--yes")
        assert (ran.code, ran.out) == (0, "")
        unknown(run(exch, server, "dfx", "api", "POST", "/transfer", "--yes"))


def test_an_order_that_is_both_canceled_and_not_is_what_it_is(exch: Exch) -> None:
    answer = reply(json.dumps({"code": 0, "success": [FIRST, SECOND], "error": [SECOND.upper()]}))
    rows = [
        {**ORDER, "order_id": FIRST, "status": 3},
        {**ORDER, "order_id": SECOND, "status": 0},
    ]
    with shows({"/spot/order": {"code": 0, "data": rows}}, answer) as server:
        ran = run(exch, server, "dfx", "cancel", FIRST, SECOND, "--yes")
    assert json.loads(ran.out) == [
        {"id": FIRST, "status": "canceled"},
        {"id": SECOND, "status": "open"},
    ]
    assert ran.code == 4
    assert json.loads(ran.err)["error"]["message"] == f"Not canceled: {SECOND} (open)."


def test_a_withdrawal_is_canceled_when_its_own_id_is_told(exch: Exch) -> None:
    with exchange(reply('{"code": 200, "withdraw_id": 701}')) as server:
        unknown(run(exch, server, "dfx", "withdraw", "cancel", "700", "--yes"))
    with exchange(reply('{"code": 200, "withdraw_id": 700}')) as server:
        ran = run(exch, server, "dfx", "withdraw", "cancel", "700", "--yes")
    assert json.loads(ran.out) == {"id": "700", "status": "canceled"}


@pytest.mark.parametrize(
    "other",
    [{"pair": "LTCPLN"}, {"order_type": "SELL"}],
    ids=str,
)
def test_an_offer_that_was_not_asked_for_is_no_answer(exch: Exch, other: dict[str, Any]) -> None:
    told = {"id": 17167, "pair": "BTCPLN", "order_type": "BUY", "amount": "0.05000000"}
    words = ["dgt", "buy", "btcpln", "0.05", "--price", "2570", "--yes"]
    with exchange(reply(json.dumps(told | other), "201 Created")) as server:
        unknown(run(exch, server, *words, "--once", "k"))
    with exchange(reply(json.dumps(told), "201 Created")) as server:
        assert run(exch, server, *words).code == 0


def test_a_withdrawal_of_another_currency_is_no_answer(exch: Exch) -> None:
    words = ["dgt", "withdraw", "new", "btc", "0.1", "--yes"]
    with exchange(reply('{"id": 700, "currency": "PLN"}', "201 Created")) as server:
        unknown(run(exch, server, *words, "--once", "k"))
