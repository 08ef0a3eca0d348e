"""`exch EXCHANGE api`: any endpoint, its reply byte for byte, and nothing sent twice."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from loopback import Answer, by_path, loopback, reply, sending, silence
from running import Exch

KEYS = {
    "EXCH_DGT_KEY": "a-key-for-tests",
    "EXCH_DGT_SECRET": "not-a-real-secret",
    "EXCH_DFX_KEY": "a-key-for-tests",
    "EXCH_DFX_SECRET": "not-a-real-secret",
}
TIME = {
    "/public/time/": reply('{"epoch": 1469386936}'),
    "/time": reply('{"server_time": 1589873762, "code": 0}'),
}


def of(requests: list[bytes], path: str) -> list[str]:
    """The requests whose path begins so."""
    return [head.decode() for head in requests if head.split(b" ")[1].startswith(path.encode())]


def test_a_reply_is_printed_byte_for_byte(exch: Exch) -> None:
    body = '{"code": 0,\t"list": [ ], "x": 1.50}\n'
    with loopback(by_path({**TIME, "/spot/assets": reply(body)})) as server:
        env = {"EXCH_DFX_URL": server.url, **KEYS}
        for words in (
            ["/spot/assets"],
            ["spot/assets"],
            ["GET", "/spot/assets"],
            ["get", "/spot/assets"],
        ):
            assert exch("dfx", "api", *words, **env) == (0, body, "")


def test_parameters_are_sent_as_given_and_encoded_once(exch: Exch) -> None:
    with loopback(by_path({**TIME, "/spot/order": reply('{"code": 0, "data": []}')})) as server:
        ran = exch(
            "dfx", "api", "/spot/order", "-f", "order_id=a,b", "-f", "note=1=2 %20&é",
            EXCH_DFX_URL=server.url, **KEYS,
        )  # fmt: skip
    assert ran.code == 0
    (head,) = of(server.requests, "/spot/order")
    assert head.startswith("GET /spot/order?order_id=a%2Cb&note=1%3D2+%2520%26%C3%A9 HTTP/1.1")
    assert "access-sign" in head.lower()


def test_a_public_endpoint_needs_no_key_and_is_not_signed(exch: Exch) -> None:
    ticker = "/public/ticker24/BTCPLN/"
    with loopback(by_path({ticker: reply("{}"), "/ping": reply('{"code": 0}')})) as server:
        assert exch("dgt", "api", ticker, EXCH_DGT_URL=server.url).out == "{}"
        assert exch("dfx", "api", "/ping", EXCH_DFX_URL=server.url).out == '{"code": 0}'
        assert exch("dfx", "api", "/spot/assets", EXCH_DFX_URL=server.url).code == 3
    assert len(server.requests) == 2
    assert all(b"access-" not in head.lower() for head in server.requests)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["https://example.org/steal"], "is no path of an endpoint"),
        (["//example.org/steal"], "is no path of an endpoint"),
        (["/spot/../../admin"], "leads elsewhere"),
        (["/spot/./assets"], "leads elsewhere"),
        (["/spot/%2e%2e/admin"], "is no path of an endpoint"),
        (["/spot\\assets"], "is no path of an endpoint"),
        (["/spot assets"], "is no path of an endpoint"),
        (["/spot/{market}"], "is no path of an endpoint"),
        (["/a\r\nHost: b"], "is no path of an endpoint"),
        (["/spot/order?order_id=1"], "has a query"),
        (["/spot/order#x"], "has a query"),
        (["FETCH", "/spot/order"], "'FETCH' is no method"),
        (["GET", "/spot/order", "x=1"], "a method and a path"),
        (["/spot/order", "-f", "novalue"], "-f 'novalue' is no parameter"),
        (["/spot/order", "-f", "=1"], "-f '=1' is no parameter"),
        (["/spot/order", "-f", "a=1", "-f", "a=2"], "-f a is given twice"),
    ],
    ids=lambda value: " ".join(value).replace("\r\n", "~") if isinstance(value, list) else "",
)
def test_a_path_stays_on_the_exchange_and_bad_ones_are_not_sent(
    exch: Exch, words: list[str], complaint: str
) -> None:
    with loopback(reply("{}")) as server:
        ran = exch("dfx", "api", *words, EXCH_DFX_URL=server.url, **KEYS)
    assert (ran.code, ran.out, server.requests) == (2, "", [])
    assert complaint in json.loads(ran.err)["error"]["message"]


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_anything_but_get_is_not_sent_where_nobody_can_agree(exch: Exch, method: str) -> None:
    with loopback(reply("{}")) as server:
        ran = exch("dgt", "api", method, "/private/offers/", EXCH_DGT_URL=server.url, **KEYS)
    assert (ran.code, ran.out, server.requests) == (2, "", [])
    assert "--yes" in json.loads(ran.err)["error"]["hint"]


@pytest.mark.parametrize(
    ("exchange", "method", "methods"),
    [
        ("dgt", "PATCH", "GET, POST, DELETE"),
        ("dgt", "PUT", "GET, POST, DELETE"),
        ("dfx", "DELETE", "GET, POST"),
    ],
)
def test_a_method_that_the_exchange_does_not_have_is_told_before_anything_is_asked(
    exch: Exch, exchange: str, method: str, methods: str
) -> None:
    for more in ([], ["--yes"]):
        ran = exch(exchange, "api", method, "/private/offers/", *more)
        error = json.loads(ran.err)["error"]
        assert (ran.code, error["hint"]) == (2, f"Choose {methods}.")
        assert f"{method!r} is no method of" in error["message"]


def test_a_person_is_asked_first_and_no_is_no(exch: Exch) -> None:
    with loopback(by_path({**TIME, "/private/offers/5/": reply("", "204 No Content")})) as server:
        words = ("dgt", "api", "DELETE", "/private/offers/5/")
        ran = exch(*words, terminal=True, typed="n\n", EXCH_DGT_URL=server.url, **KEYS)
        assert ran.code == 2
        assert "Send DELETE /private/offers/5/ to Dgtmarket? It may trade" in ran.err
        assert server.requests == []
        ran = exch(*words, terminal=True, typed="y\n", EXCH_DGT_URL=server.url, **KEYS)
    assert (ran.code, ran.out) == (0, "")
    (head,) = of(server.requests, "/private/")
    assert head.startswith("DELETE /private/offers/5/ HTTP/1.1")
    assert "content-type" not in head.lower()


def body_of(answered: list[bytes], with_body: bytes) -> Answer:
    """Takes the whole request, body and all, and then answers."""

    def answer(connection: socket.socket, head: bytes) -> None:
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        body = head.partition(b"\r\n\r\n")[2]
        while len(body) < length:
            body += connection.recv(65536)
        answered.append(body)
        reply(with_body)(connection, head)

    return answer


def test_parameters_of_a_post_go_in_the_body_as_each_exchange_takes_them(exch: Exch) -> None:
    bodies: list[bytes] = []
    taken = body_of(bodies, b'{"code": 0, "id": 1}')
    answers = {**TIME, "/private/offers/": taken, "/spot/order/new": taken}
    with loopback(by_path(answers)) as server:
        env = {"EXCH_DGT_URL": server.url, "EXCH_DFX_URL": server.url, **KEYS}
        fields = ("-f", "pair=btcpln", "-f", "amount=0.001")
        one = exch("dgt", "api", "POST", "/private/offers/", *fields, "--yes", **env)
        two = exch("dfx", "api", "POST", "/spot/order/new", *fields, "--yes", **env)
    assert (one.out, two.out) == ('{"code": 0, "id": 1}',) * 2
    assert bodies == [b'{"pair": "btcpln", "amount": "0.001"}', b"pair=btcpln&amount=0.001"]
    types = [
        head.lower().split("content-type: ")[1].split("\r\n")[0]
        for head in of(server.requests, "/private/") + of(server.requests, "/spot/")
    ]
    assert types == ["application/json", "application/x-www-form-urlencoded"]


@pytest.mark.parametrize(
    "answer",
    [
        reply("oops", "502 Bad Gateway"),
        reply("<html>busy</html>"),
        reply('{"code": 50000}'),
        sending(b""),
        sending(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"),
        reply("", "307 Temporary Redirect", "Location: /spot/order/new\r\n"),
    ],
    ids=["502", "HTML", "50000", "closed", "cut off", "redirected"],
)
def test_what_was_sent_without_a_trustworthy_answer_is_unknown_and_never_sent_again(
    exch: Exch, answer: Answer
) -> None:
    with loopback(by_path({**TIME, "/spot/order/new": answer})) as server:
        ran = exch(
            "dfx", "api", "POST", "/spot/order/new", "-f", "a=1", "--yes",
            EXCH_DFX_URL=server.url, **KEYS,
        )  # fmt: skip
    assert (ran.code, ran.out) == (7, "")
    error = json.loads(ran.err)["error"]
    assert (error["kind"], error["retry"]) == ("unknown", "never")
    assert "Look at the account" in error["hint"]
    assert len(of(server.requests, "/spot/order/new")) == 1
    (entry,) = json.loads(exch("journal", "list", "--json").out)
    assert (entry["command"], entry["state"]) == ("api", "unknown")
    assert f"exch journal resolve {entry['key']} --done" in error["hint"]


def test_ctrl_c_while_it_is_on_its_way_is_unknown_and_not_interrupted(tmp_path: Path) -> None:
    arrived = threading.Event()

    def keep_waiting(connection: socket.socket, head: bytes) -> None:
        arrived.set()
        silence(connection, head)

    with loopback(by_path({**TIME, "/spot/order/new": keep_waiting})) as server:
        process = subprocess.Popen(
            [sys.executable, "-m", "exchcli", "dfx", "api", "POST", "/spot/order/new", "--yes"],
            env={
                "PATH": os.environ["PATH"],
                "EXCH_HOME": str(tmp_path),
                "EXCH_DFX_URL": server.url,
                **KEYS,
            },
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert arrived.wait(20)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (7, "")
    assert "It is not known whether DigiFinex has done it" in err


def test_a_refusal_has_the_exit_code_of_its_kind(exch: Exch) -> None:
    answers = {
        **TIME,
        "/spot/order/new": reply('{"code": 20011}'),
        "/spot/assets": reply('{"code": 10005}'),
    }
    with loopback(by_path(answers)) as server:
        env = {"EXCH_DFX_URL": server.url, **KEYS}
        ran = exch("dfx", "api", "POST", "/spot/order/new", "--yes", **env)
        assert (ran.code, ran.out) == (4, "")
        assert json.loads(ran.err)["error"]["code"] == "20011"
        ran = exch("dfx", "api", "/spot/assets", "--no-wait", **env)
        assert (ran.code, ran.out) == (5, "")


def journal(exch: Exch) -> list[dict[str, str | None]]:
    """All that it has, newest first, without what differs from run to run."""
    rows = json.loads(exch("journal", "list", "--json").out)
    return [{name: row[name] for name in ("command", "state", "order_id")} for row in rows]


def test_what_it_changes_is_in_the_journal_and_its_orders_are_no_strangers(exch: Exch) -> None:
    fields = ("pair=btcpln", "amount=0.1", "quotation=2000", "order_type=BUY")
    words = [word for field in fields for word in ("-f", field)]
    placed = exch("--sandbox", "dgt", "api", "POST", "/private/offers/", *words, "--yes")
    number = str(json.loads(placed.out)["id"])
    rows = '[{"type":"buy","amount":0.05,"price":90},{"type":"buy","amount":0.05,"price":91}]'
    batch = exch(
        "--sandbox", "dfx", "api", "POST", "/spot/order/batch_new", "--yes",
        "-f", "symbol=eth_usdt", "-f", f"list={rows}",
    )  # fmt: skip
    refused = exch("--sandbox", "dgt", "api", "POST", "/private/offers/", "-f", "a=1", "--yes")
    assert (placed.code, batch.code, refused.code) == (0, 0, 4)
    ids = ",".join(json.loads(batch.out)["order_ids"])
    assert journal(exch) == [
        {"command": "api", "state": "rejected", "order_id": None},
        {"command": "api", "state": "placed", "order_id": ids},
        {"command": "api", "state": "placed", "order_id": number},
    ]
    for exchange in ("dgt", "dfx"):
        found = exch("--sandbox", "journal", "audit", exchange, "--start", "1m", "--json")
        told = [row["order_id"] for row in json.loads(found.out)]
        assert not {number, *ids.split(",")} & set(told)


def test_what_reads_is_not_in_the_journal(exch: Exch) -> None:
    assert exch("--sandbox", "dgt", "api", "/private/wallets/").code == 0
    assert journal(exch) == []


def test_no_password_is_in_the_journal(exch: Exch, tmp_path: Path) -> None:
    answers = {**TIME, "/token/": reply('{"ok": 1}')}
    with loopback(by_path(answers)) as server:
        ran = exch(
            "dgt", "api", "POST", "/token/", "--yes", "-f", "note=harmless",
            "-f", "password=hunter2-of-a-test", "-f", "otp_code=998877",
            EXCH_DGT_URL=server.url, **KEYS,
        )  # fmt: skip
    assert ran.code == 0
    kept = b"".join(file.read_bytes() for file in exch.home.rglob("journal.sqlite*"))
    assert b"note=harmless" in kept
    assert b"hunter2" not in kept
    assert b"998877" not in kept


def test_what_came_of_an_unknown_call_is_for_a_person_to_say(exch: Exch) -> None:
    with loopback(by_path({**TIME, "/private/offers/": reply("oops", "502 Bad Gateway")})) as up:
        env = {"EXCH_DGT_URL": up.url, **KEYS}
        assert exch("dgt", "api", "POST", "/private/offers/", "--yes", **env).code == 7
        (entry,) = json.loads(exch("journal", "list", "--json").out)
        asked = exch("journal", "resolve", entry["key"], **env)
        assert asked.code == 2
        error = json.loads(asked.err)["error"]
        assert error["message"] == "No list tells what came of POST /private/offers/."
        assert f"resolve {entry['key']} --done`, or --none" in error["hint"]
        assert exch("journal", "resolve", entry["key"], "--done", **env).code == 0
    assert journal(exch) == [{"command": "api", "state": "placed", "order_id": None}]


def test_without_a_journal_nothing_is_sent(exch: Exch) -> None:
    (exch.home / "state").mkdir(parents=True)
    (exch.home / "state" / "journal.sqlite").write_bytes(b"not a database, and long enough" * 99)
    with loopback(by_path({**TIME, "/private/offers/": reply('{"id": 1}')})) as server:
        ran = exch(
            "dgt", "api", "POST", "/private/offers/", "--yes", EXCH_DGT_URL=server.url, **KEYS
        )
    assert (ran.code, of(server.requests, "/private/")) == (12, [])


def test_the_sandbox_answers_too(exch: Exch) -> None:
    ran = exch("--sandbox", "dgt", "api", "/private/wallets/")
    assert ran.code == 0
    assert {row["currency"] for row in json.loads(ran.out)} == {"BTC", "LTC", "PLN"}
