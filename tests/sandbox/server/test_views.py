"""What the keeper of a sandbox sees of it: its state, its log, its page, and its errors."""

from __future__ import annotations

import asyncio
import json
import re
from base64 import b64encode
from collections.abc import Callable
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import httpx
import pytest
from served import Served

from exchcli.sandbox.exchange import Sandbox
from exchcli.sandbox.server import views
from exchcli.sandbox.server.app import App
from exchcli.sandbox.server.faults import plan
from exchcli.sandbox.server.live import Clock, Live
from exchcli.sandbox.wire import WireRequest

Serving = Callable[..., Served]
CLOCK = "2026-03-04T05:06:47Z"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("exchange=kraken", 404),
        ("symbol=DOGEPLN", 404),
        ("period=61", 404),
        ("period=x", 400),
        ("after=x", 400),
        ("exchange=dfx&symbol=btc_usdt&period=3600&after=0", 200),
    ],
)
def test_the_state_is_of_what_there_is(shared: Served, query: str, status: int) -> None:
    assert shared.get(f"/sandbox/state?{query}").status_code == status


def test_the_state_agrees_with_the_exchange(serving: Serving) -> None:
    server = serving("--clock", CLOCK)
    market = server.get("/sandbox/state?exchange=dfx&symbol=ETH_USDT").json()["market"]
    book = server.get("/v3/order_book?symbol=eth_usdt").text
    told = json.loads(book, parse_float=Decimal, parse_int=Decimal)
    shown = [[Decimal(price), Decimal(amount)] for price, amount in market["bids"]]
    assert shown[:10] == told["bids"]
    newest = server.get("/v3/trades?symbol=eth_usdt&limit=1").json()["data"][0]
    assert market["trades"][0][0] == str(newest["id"])
    assert market["trades"][0][4] == newest["date"]


def test_the_log_tells_whose_request_it_was_and_never_a_secret(serving: Serving) -> None:
    server = serving()
    server.ask("dgt", "/private/wallets/?limit=5")
    server.ask("dfx", "/spot/assets", account=1)
    server.get("/v3/spot/assets", headers={"access-key": "nobody's"})
    server.get("/api/public/token/?username=demo-one&password=hidden")
    reply = server.get("/sandbox/state")
    told = [
        (each["who"], each["method"], each["path"], each["status"], each["code"])
        for each in reply.json()["requests"]
    ]
    assert told[1:] == [
        ("unknown", "GET", "/v3/spot/assets", 200, 10002),
        ("demo two", "GET", "/v3/spot/assets", 200, 0),
        ("demo one", "GET", "/api/private/wallets/", 200, None),
    ]
    assert told[0][:3] == ("", "GET", "/api/public/token/")
    for exchange in ("dgt", "dfx"):
        for account in server.told[exchange]["accounts"]:
            assert account["key"] not in reply.text
            assert account["secret"] not in reply.text
    assert "hidden" not in reply.text


@pytest.mark.parametrize(
    "target",
    [
        "/kline?symbol=btc_usdt&period=1",
        "/order_book?symbol=btc_usdt&limit=100",
        "/ticker",
        "/markets",
        "/trades?symbol=btc_usdt",
        "/currencies",
        "/spot/symbols",
        "/margin/currencies",
        "/spot/assets",
        "/margin/assets",
        "/spot/mytrades?symbol=btc_usdt&start_time=1577836800",
        "/spot/order/history?symbol=btc_usdt&start_time=1577836800",
        "/spot/order/current",
        "/myfinance",
        "/deposit/history",
        "/time",
        "/no/such/path",
        "/../swap/v2/public/instruments",
    ],
)
def test_the_log_has_the_code_of_every_digifinex_reply(shared: Served, target: str) -> None:
    reply = shared.client.send(shared.signed("dfx", "GET", target))
    newest = shared.get("/sandbox/state?exchange=dfx").json()["requests"][0]
    assert newest["path"] == reply.request.url.path
    assert newest["code"] == reply.json()["code"]


def test_what_nothing_else_has_caught_is_told_where_the_server_was_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "state", lambda *_of: {"odd": object()})
    said: list[str] = []
    clock = Clock(tmp_path)
    app = App(Live(lambda: Sandbox(tmp_path, clock=clock.now), plan([]), clock, said.append),
              frozenset())  # fmt: skip

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport) as client:
            return await client.get("http://127.0.0.1/sandbox/state")

    try:
        reply = asyncio.run(ask())
        assert reply.status_code == 503
        assert reply.json() == {
            "detail": "A bug in the sandbox; the server says more where it was started."
        }
        assert said == [
            "A bug in the sandbox: TypeError: Object of type object is not JSON serializable"
        ]
    finally:
        app.close()


def test_the_page_allows_itself_nothing_but_its_own_script_and_style(shared: Served) -> None:
    reply = shared.get("/")
    policy = reply.headers["content-security-policy"]
    assert policy.startswith("default-src 'none';")
    for element in ("script", "style"):
        (content,) = re.findall(rf"<{element}>(.*?)</{element}>", reply.text, re.DOTALL)
        digest = b64encode(sha256(content.encode()).digest()).decode()
        assert f"{element}-src 'sha256-{digest}'" in policy
    assert "http://" not in reply.text.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in reply.text
    assert " style=" not in reply.text


def test_a_bug_is_told_where_the_server_was_started_and_is_not_the_end(tmp_path: Path) -> None:
    said: list[str] = []
    clock = Clock(tmp_path)
    live = Live(lambda: Sandbox(tmp_path, clock=clock.now), plan([]), clock, said.append)
    try:
        live.faulty.sandbox = None  # type: ignore[assignment]
        outcome = live.ask(WireRequest("GET", "/v3/ping", "", {}, b""))
        assert outcome.reply is not None
        assert outcome.reply.status == 503
        assert b"NoneType" not in outcome.reply.body
        assert "AttributeError" in said[0]
    finally:
        live.close()
