"""The sandbox behind httpx: any host, no port, the same bytes."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from exchcli.errors import StateError
from exchcli.sandbox.exchange import Sandbox
from exchcli.sandbox.transport import SandboxTransport
from exchcli.sandbox.wire import SANDBOX_URLS


@pytest.fixture
def client(ask):
    with httpx.Client(transport=SandboxTransport(ask.sandbox)) as client:
        yield client


def test_a_client_reads_what_the_sandbox_answers(ask, client):
    for url, target in (
        (f"{SANDBOX_URLS['dgt']}/public/ticker24/BTCPLN/", "/api/public/ticker24/BTCPLN/"),
        (f"{SANDBOX_URLS['dfx']}/ticker?symbol=btc_usdt", "/v3/ticker?symbol=btc_usdt"),
        ("http://127.0.0.1:1/v3/ping", "/v3/ping"),
    ):
        reply, expected = client.get(url), ask.reply(target)
        assert reply.status_code == expected.status
        assert reply.content == expected.body
        assert reply.headers["content-type"] == "application/json"
        assert int(reply.headers["content-length"]) == len(expected.body)


def test_errors_pass_as_they_are(client):
    assert client.get("https://any.example/api/nope").status_code == 404
    assert client.post(f"{SANDBOX_URLS['dgt']}/public/time/").status_code == 405
    assert client.get(f"{SANDBOX_URLS['dfx']}/nope").json()["code"] == 10009
    assert client.post(f"{SANDBOX_URLS['dfx']}/time").json()["code"] == 10001


def test_a_reply_can_be_streamed_and_cut_into_pieces(client):
    with client.stream("GET", f"{SANDBOX_URLS['dfx']}/ticker") as reply:
        pieces = list(reply.iter_raw(100))
    assert max(map(len, pieces)) == 100
    assert b"".join(pieces).startswith(b'{"ticker":[')


def test_the_query_arrives_as_it_was_sent(ask, client, monkeypatch):
    seen = []
    handle = ask.sandbox.handle
    monkeypatch.setattr(
        ask.sandbox, "handle", lambda request: seen.append(request) or handle(request)
    )
    client.request(
        "POST",
        "https://sandbox.invalid/v3/a%2Fb?x=1&y=a%20b&&z",
        content=b"\x00raw",
        headers={"ACCESS-KEY": "k"},
    )
    (request,) = seen
    assert (request.method, request.path, request.query) == ("POST", "/v3/a%2Fb", "x=1&y=a%20b&&z")
    assert request.body == b"\x00raw"
    assert request.headers["access-key"] == "k"


def test_closing_the_client_leaves_the_sandbox_open(ask):
    with httpx.Client(transport=SandboxTransport(ask.sandbox)) as client:
        client.get(f"{SANDBOX_URLS['dfx']}/ping")
    assert ask("/v3/ping")["msg"] == "pong"


def test_a_failing_store_is_told_as_such(ask, client):
    ask.sandbox.close()
    with pytest.raises(StateError):
        client.get(f"{SANDBOX_URLS['dfx']}/ticker")


def test_a_sandbox_that_is_closed_under_its_callers_answers_or_refuses(tmp_path: Path) -> None:
    for _ in range(5):
        sandbox = Sandbox(tmp_path)
        client = httpx.Client(transport=SandboxTransport(sandbox))
        calling = threading.Barrier(5)

        def call(client: httpx.Client = client, calling: threading.Barrier = calling) -> None:
            calling.wait()
            with suppress(StateError):
                for _ in range(50):
                    client.get("https://sandbox.invalid/v3/ticker")

        threads = [threading.Thread(target=call) for _ in range(4)]
        for thread in threads:
            thread.start()
        calling.wait()
        sandbox.close()
        for thread in threads:
            thread.join()
        client.close()
