"""Whatever an exchange answers to an order, the exit code says what a script may rely on."""

from __future__ import annotations

import json
import socket
import time
from typing import Any

import pytest
from loopback import Answer, loopback, reply, sending
from running import Exch, Ran
from trading_server import BUY, KEYS, changing, exchange, run


def error(ran: Ran) -> Any:
    assert ran.out == ""
    return json.loads(ran.err)["error"]


ID = "3fb0d98e51c18954f10d439a9cf57de0"
UNKNOWN = {
    "a server's error": reply("{}", "500 Internal Server Error"),
    "a proxy's error": reply("<html>Bad gateway</html>", "502 Bad Gateway"),
    "HTML": reply("<html>Hello</html>"),
    "half a reply": sending(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"),
    "nothing": sending(b""),
    "a redirect": reply("", "307 Temporary Redirect", "Location: /elsewhere\r\n"),
    "no id": reply('{"code": 0}'),
    "exception error": reply('{"code": 50000}', "503 Service Unavailable"),
}


@pytest.mark.parametrize("name", ["dgt", "dfx"])
@pytest.mark.parametrize("answer", UNKNOWN.values(), ids=UNKNOWN)
def test_what_is_no_answer_is_7_is_sent_once_and_names_the_way_on(
    exch: Exch, name: str, answer: Answer
) -> None:
    with exchange(answer) as server:
        ran = run(exch, server, *BUY[name], "--yes", "--once", "k")
        assert ran.code == 7
        told = error(ran)
        assert (told["kind"], told["retry"], told["exchange"]) == ("unknown", "never", name)
        assert "--once k" in told["hint"]
        assert "exch journal resolve k" in told["hint"]
        again = run(exch, server, *BUY[name], "--yes", "--once", "k")
        assert again.code == 7
        assert changing(server) == 1
    shown = json.loads(exch("journal", "show", "k").out)
    assert (shown["state"], shown["command"], shown["attempts"]) == ("unknown", "buy", 1)


def test_without_a_key_an_unknown_order_has_a_name_in_the_journal(exch: Exch) -> None:
    with exchange(UNKNOWN["HTML"]) as server:
        told = error(run(exch, server, *BUY["dgt"], "--yes"))
        name = json.loads(exch("journal", "list").out)[0]["key"]
        assert f"exch journal resolve {name}" in told["hint"]
        words = ["journal", "resolve", name, "--order", "17167"]
        assert run(exch, server, *words).code != 0  # this exchange shows no such order
        resolved = run(exch, server, *words, "--yes")
        assert "written down all the same" in resolved.err
    record = json.loads(resolved.out)
    assert (record["state"], record["order_id"], record["evidence"]) == (
        "placed",
        "17167",
        "manual",
    )


def test_who_decides_that_there_is_none_may_send_again(exch: Exch) -> None:
    with exchange(UNKNOWN["HTML"]) as server:
        assert run(exch, server, *BUY["dgt"], "--yes", "--once", "k").code == 7
        assert run(exch, server, "journal", "resolve", "k", "--none").code == 0
        ran = run(exch, server, *BUY["dgt"], "--yes", "--once", "k")
        assert (ran.code, error(ran)["kind"]) == (10, "once_absent")
        assert changing(server) == 1


@pytest.mark.parametrize(
    ("name", "answer", "code", "said"),
    [
        ("dgt", reply('{"detail": "Too small."}', "400 Bad Request"), 4, "Too small."),
        ("dgt", reply('{"detail": "Bad key."}', "401 Unauthorized"), 3, "comes from"),
        ("dgt", reply("{}", "429 Too Many Requests", "Retry-After: 7\r\n"), 5, "limits how often"),
        ("dfx", reply('{"code": 20011}'), 4, "the balance is too small"),
        ("dfx", reply('{"code": 10002}'), 3, "comes from"),
        ("dfx", reply('{"code": 20018}'), 5, "banned from trading"),
    ],
)
def test_a_refusal_did_nothing_and_the_same_key_may_be_used_again(
    exch: Exch, name: str, answer: Answer, code: int, said: str
) -> None:
    with exchange(answer) as server:
        ran = run(exch, server, *BUY[name], "--yes", "--once", "k")
    assert ran.code == code
    told = error(ran)
    assert said in f"{told['message']} {told['hint']}"
    assert json.loads(exch("journal", "show", "k").out)["state"] == "rejected"


def test_an_exchange_that_is_not_reached_is_6(exch: Exch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    ran = exch(*BUY["dgt"], "--yes", "--timeout", "0.3", **KEYS, EXCH_DGT_URL=url)
    assert (ran.code, error(ran)["retry"]) == (6, "safe")


def test_raw_is_the_reply_to_the_order_and_nothing_else(exch: Exch) -> None:
    placed = '{"id": 17167,  "spaces": "kept"}'
    with exchange(reply(placed)) as server:
        ran = run(exch, server, *BUY["dgt"], "--yes", "--raw")
        assert (ran.code, ran.out, ran.err) == (0, placed, "")


def test_an_order_that_is_not_listed_yet_is_printed_as_it_was_sent(exch: Exch) -> None:
    with exchange(reply(f'{{"code": 0, "order_id": "{ID}"}}')) as server:
        ran = run(exch, server, *BUY["dfx"], "--yes")
    order = json.loads(ran.out)
    assert (ran.code, ran.err) == (0, "")
    assert (order["id"], order["status"], order["exchange_status"]) == (ID, "unknown", None)
    assert (order["amount"], order["price"], order["filled"]) == ("0.05", "9000", None)


def test_a_withdrawal_that_is_unknown_says_so_in_capital_letters(exch: Exch) -> None:
    with exchange(UNKNOWN["HTML"]) as server:
        words = ["dgt", "withdraw", "new", "btc", "1", "--yes", "--once", "w"]
        ran = run(exch, server, *words)
        assert ran.code == 7
        assert error(ran)["message"].startswith("WHETHER THIS WITHDRAWAL WAS DONE IS NOT KNOWN.")
        assert run(exch, server, *words).code == 7
        assert changing(server) == 1


def test_a_cancel_without_an_answer_is_tried_again_and_decided_by_its_order(exch: Exch) -> None:
    with exchange(UNKNOWN["HTML"]) as server:
        ran = run(exch, server, "dgt", "cancel", "17167", "--yes")
        assert changing(server) == 3
    assert ran.code == 7
    assert "safe to repeat" in json.loads(ran.err)["error"]["hint"]
    assert json.loads(ran.out) == [{"id": "17167", "status": "unknown"}]


def test_doctor_tells_what_waits_for_an_answer(exch: Exch) -> None:
    with exchange(UNKNOWN["HTML"]) as server:
        assert run(exch, server, *BUY["dgt"], "--yes", "--once", "k").code == 7
        rows = json.loads(run(exch, server, "doctor", "--exchange", "dgt").out)
    (row,) = [row for row in rows if row["name"] == "journal"]
    assert (row["status"], row["hint"]) == ("warning", "exch journal resolve k")
    assert row["what"] == "what became of k is not known."


def test_the_source_of_a_refused_key_is_told_once(exch: Exch) -> None:
    """The funds are looked at from within the placing, and both tell whose key it was."""

    def answer(connection: socket.socket, head: bytes) -> None:
        if b"/time" in head:
            now = int(time.time())
            reply(json.dumps({"code": 0, "server_time": now, "epoch": now}))(connection, head)
        else:
            reply('{"detail": "Bad key."}', "401 Unauthorized")(connection, head)

    with loopback(answer) as server:
        ran = run(exch, server, *BUY["dgt"], "--yes")
    assert ran.code == 3
    assert error(ran)["hint"].count("comes from") == 1
