"""What crosses the wire: the bytes that were sent, bounds, and requests that are none."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from raw import exchange, get, read_all
from served import Served

from exchcli.sandbox.server import bodies
from exchcli.sandbox.server.app import App
from exchcli.sandbox.wire import WireReply, WireRequest, json_reply


class Recorder:
    """In the place of a sandbox: keeps the requests, and answers them all alike."""

    def __init__(self, reply: WireReply) -> None:
        self.requests: list[WireRequest] = []
        self._reply = reply

    def ask(self, request: WireRequest) -> Any:
        from exchcli.sandbox.server.faulty import Outcome

        self.requests.append(request)
        return Outcome(self._reply)

    def close(self) -> None:
        pass


def received(target: str, method: str = "GET", body: bytes = b"", **headers: str) -> WireRequest:
    """The request as the sandbox gets it, for what came in over ASGI."""
    recorder = Recorder(json_reply({}))
    app = App(recorder, frozenset())  # type: ignore[arg-type]
    path, _, query = target.partition("?")
    headers = {"host": "127.0.0.1", **headers}
    scope = {
        "type": "http",
        "method": method,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
        "state": {"transport": None},
    }
    messages = [
        {"type": "http.request", "body": body[:1], "more_body": True},
        {"type": "http.request", "body": body[1:]},
    ]

    async def receive() -> Any:
        return messages.pop(0)

    async def send(_message: Any) -> None:
        pass

    try:
        asyncio.run(app(scope, receive, send))  # type: ignore[arg-type]
    finally:
        app.close()
    (request,) = recorder.requests
    return request


@pytest.mark.parametrize(
    "target",
    [
        "/api/%70ublic/time/",
        "/v3/../v3/time",
        "/v3//time?symbol=btc%5Fusdt&a=b+c&&x=%e2%82%ac",
        "/v3/time?",
        "/v3/%2e%2e/time?a?b",
        "/elsewhere",
    ],
)
def test_paths_and_queries_come_as_they_were_sent(target: str) -> None:
    request = received(target)
    path, _, query = target.partition("?")
    assert (request.path, request.query) == (path, query)


@given(st.binary(max_size=300))
@settings(max_examples=30)
def test_bodies_come_byte_for_byte(body: bytes) -> None:
    assert received("/v3/spot/order/new", "POST", body).body == body


def test_a_header_that_came_twice_is_joined_so_that_no_signature_is_chosen(shared: Served) -> None:
    request = shared.signed("dfx", "GET", "/spot/assets")
    once = shared.client.send(request)
    assert once.json()["code"] == 0
    twice = shared.signed("dfx", "GET", "/spot/assets")
    pairs = [*twice.headers.raw, (b"ACCESS-SIGN", twice.headers["access-sign"].encode())]
    reply = shared.client.send(httpx.Request("GET", twice.url, headers=pairs))
    assert reply.json()["code"] == 10003


def test_a_whole_url_in_the_request_line_is_its_path(shared: Served) -> None:
    reply = exchange(shared.port, get(b"http://127.0.0.1:1/v3/ping?x=1"))
    assert reply.startswith(b"HTTP/1.1 200")
    assert b"pong" in reply


def test_an_encoded_path_is_signed_as_it_was_sent(shared: Served) -> None:
    wallets = shared.ask("dgt", "/private/wallet%73/")
    assert {row["currency"] for row in wallets} == {"BTC", "LTC", "PLN"}


def test_a_reply_without_a_body_has_none(shared: Served) -> None:
    offer = {"pair": "BTCPLN", "order_type": "BUY", "amount": "0.01", "quotation": "2000.00"}
    made = shared.ask("dgt", "/private/offers/", "POST", json.dumps(offer).encode())
    gone = shared.client.send(shared.signed("dgt", "DELETE", f"/private/offers/{made['id']}/"))
    assert gone.status_code == 204
    assert gone.content == b""
    assert "content-length" not in gone.headers
    assert shared.get("/v3/ping").status_code == 200  # on the same connection


def test_one_connection_carries_many_requests_also_ahead_of_their_replies(shared: Served) -> None:
    ping = b"GET /v3/ping HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    replies = exchange(shared.port, ping * 20 + get(b"/v3/time"))
    assert replies.count(b"HTTP/1.1 200 OK") == 21
    assert replies.count(b"pong") == 20
    assert replies.rindex(b"pong") < replies.index(b"server_time")


def test_a_body_above_a_mebibyte_is_refused(shared: Served) -> None:
    size = bodies.MOST + 1
    reply = shared.client.post("/v3/spot/order/new", content=b"x" * size)
    assert reply.status_code == 413
    assert "1 MiB" in reply.json()["detail"]
    fits = shared.client.post("/v3/spot/order/new", content=b"x" * bodies.MOST)
    assert fits.status_code == 200


def test_a_body_of_unknown_length_is_bounded_too(shared: Served) -> None:
    def parts() -> Any:
        for _ in range(20):
            yield b"x" * 100_000

    assert shared.client.post("/v3/spot/order/new", content=parts()).status_code == 413
    assert shared.client.post("/v3/ping", content=iter([b"a=b"])).json()["code"] == 10001


def test_who_asks_before_sending_too_much_is_told_at_once(shared: Served) -> None:
    head = get(
        b"/v3/spot/order/new", b"Expect: 100-continue", b"Content-Length: 99999999", method=b"POST"
    )
    with socket.create_connection(("127.0.0.1", shared.port), timeout=20) as connection:
        connection.sendall(head)
        assert read_all(connection).startswith(b"HTTP/1.1 413")


def test_a_body_that_does_not_come_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "SECONDS", 0.01)

    async def never() -> Any:
        await asyncio.Event().wait()

    async def read() -> None:
        await bodies.body_of({"headers": []}, never)

    with pytest.raises(bodies.Refused) as refused:
        asyncio.run(read())
    assert refused.value.status == 408


def test_a_request_whose_body_breaks_off_is_not_executed(shared: Served) -> None:
    count = len(shared.get("/sandbox/state?exchange=dfx").json()["requests"])
    head = get(b"/v3/broken/off", b"Content-Length: 100", method=b"POST")
    exchange(shared.port, head + b"half")
    shared.get("/v3/ping")
    told = shared.get("/sandbox/state?exchange=dfx").json()["requests"]
    assert len(told) == min(60, count + 1)
    assert not any("broken" in each["path"] for each in told)


@pytest.mark.parametrize(
    "nonsense",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100),
        b"GET /v3/ping\r\n\r\n",
        b"G\x00T /v3/ping HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /v3/\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /v3/ping HTTP/1.1\r\n\r\n",
        b"GET /v3/ping HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        b"POST /v3/ping HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /v3/ping HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"POST /v3/ping HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /v3/" + b"a" * 600_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /v3/ping HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 600_000 + b"\r\n\r\n",
        b"\r\n" * 1000,
    ],
    ids=range(12),
)
def test_what_is_no_request_is_refused_and_harms_nobody(shared: Served, nonsense: bytes) -> None:
    reply = exchange(shared.port, nonsense)
    assert reply == b"" or reply.startswith(b"HTTP/1.1 4")
    assert shared.get("/v3/ping").status_code == 200


@pytest.mark.parametrize("method", ["HEAD", "PUT", "PATCH", "OPTIONS", "TRACE", "BREW", "get"])
@pytest.mark.parametrize("path", ["/", "/api/public/time/", "/v3/time", "/sandbox/state", "*"])
def test_other_methods_are_refused_in_words(shared: Served, method: str, path: str) -> None:
    reply = exchange(shared.port, get(path.encode(), method=method.encode()))
    status = int(reply.split()[1])
    assert status in (200, 404, 405)
    if path == "/v3/time" and method != "HEAD":
        assert b"10001" in reply


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/", "GET, HEAD"),
        ("/sandbox/state", "GET, HEAD"),
        ("/sandbox/faults", "GET, HEAD, POST"),
        ("/sandbox/clock", "GET, HEAD, POST"),
        ("/sandbox/fund", "POST"),
        ("/api/public/time/", "GET"),
        ("/api/private/offers/", "GET, POST"),
        ("/api/private/offers/1/", "DELETE, GET"),
    ],
)
def test_a_method_that_is_refused_comes_with_those_that_are_allowed(
    shared: Served, path: str, allowed: str
) -> None:
    private = path.startswith("/api/private/")
    request = (
        shared.signed("dgt", "PUT", path.removeprefix("/api"))
        if private
        else shared.client.build_request("PUT", path)
    )
    reply = shared.client.send(request)
    assert reply.status_code == 405
    assert ", ".join(sorted(reply.headers["allow"].split(", "))) == allowed


@pytest.mark.parametrize("target", [b"/v3/ping", b"/", b"/sandbox/state", b"127.0.0.1:80"])
def test_a_tunnel_is_refused(shared: Served, target: bytes) -> None:
    with socket.create_connection(("127.0.0.1", shared.port), timeout=20) as connection:
        connection.sendall(b"CONNECT " + target + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        reply = read_all(connection)
    assert reply.startswith(b"HTTP/1.1 405")
    assert b"\r\nallow: GET, POST, DELETE\r\n" in reply
    assert reply.endswith(b'{"detail":"Method \\"CONNECT\\" not allowed."}')


def test_an_upgrade_to_a_websocket_is_an_ordinary_request(shared: Served) -> None:
    wish = (b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Version: 13")
    reply = exchange(shared.port, get(b"/v3/ping", *wish, b"Sec-WebSocket-Key: x"))
    assert reply.startswith((b"HTTP/1.1 200", b"HTTP/1.1 4"))


@given(st.binary(max_size=200), st.sampled_from([b"GET", b"POST", b"DELETE"]))
@settings(max_examples=60)
def test_no_request_whatever_is_an_error_of_the_server(
    shared: Served, noise: bytes, method: bytes
) -> None:
    path = b"/" + noise.replace(b"\r", b"").replace(b"\n", b"").replace(b" ", b"%20")
    for start in (b"", b"/api/private", b"/v3/spot", b"/sandbox"):
        length = b"Content-Length: %d" % len(noise)
        reply = exchange(shared.port, get(start + path, length, method=method) + noise)
        assert reply.startswith((b"HTTP/1.1 2", b"HTTP/1.1 4"))
