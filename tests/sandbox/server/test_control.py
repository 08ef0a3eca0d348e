"""The endpoints under /sandbox/: the clock, the faults, money, a fresh start, and who may ask."""

from __future__ import annotations

import asyncio
import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from fuzzing import NASTY, VALUES
from hypothesis import given, settings
from hypothesis import strategies as st
from running import Exch
from served import Served, served

from exchcli.sandbox.exchange import Sandbox
from exchcli.sandbox.server import views
from exchcli.sandbox.server.app import App
from exchcli.sandbox.server.faults import plan
from exchcli.sandbox.server.live import Clock, Live
from exchcli.sandbox.wire import WireRequest

Serving = Callable[..., Served]
CLOCK = "2026-03-04T05:06:47Z"
SECONDS = 1772600807
OFFER = json.dumps(
    {"pair": "BTCPLN", "order_type": "BUY", "amount": "0.01", "quotation": "2000.00"}
).encode()


def offers(server: Served, now: int | None = None) -> Any:
    return server.ask("dgt", "/private/offers/", now=now)["count"]


def test_a_clock_that_stands_is_moved_by_a_time_or_by_seconds(serving: Serving) -> None:
    server = serving("--clock", CLOCK)
    assert server.get("/v3/time").json()["server_time"] == SECONDS
    assert server.control("clock", advance=60)["time"] == "2026-03-04T05:07:47Z"
    assert server.get("/v3/time").json()["server_time"] == SECONDS + 60
    assert server.control("clock", time="2026-03-05")["stands"] is True
    assert server.get("/sandbox/clock").json()["time"] == "2026-03-05T00:00:00Z"
    assert server.ask("dgt", "/private/wallets/", now=SECONDS)["detail"]
    reply = server.client.post("/sandbox/clock", json={"time": "2026-03-01"})
    assert reply.status_code == 400
    assert "2026-03-04T05:07:47Z" in reply.json()["detail"]  # what has happened is never later


def test_real_time_cannot_be_moved(shared: Served) -> None:
    reply = shared.client.post("/sandbox/clock", json={"advance": 60})
    assert reply.status_code == 400
    assert "--clock" in reply.json()["detail"]
    assert not shared.get("/sandbox/clock").json()["stands"]


def test_limits_go_by_a_clock_that_is_moved(serving: Serving) -> None:
    server = serving("--clock", CLOCK)
    statuses = [server.get("/api/public/time/").status_code for _ in range(61)]
    assert statuses == [200] * 60 + [429]
    server.control("clock", advance=60)
    assert server.get("/api/public/time/").status_code == 200


def test_without_limits_one_may_ask_for_ever(shared: Served) -> None:
    assert {shared.get("/api/public/time/").status_code for _ in range(150)} == {200}


def test_faults_are_replaced_while_it_runs_and_counted(serving: Serving) -> None:
    server = serving("--fault", "stale=1", "--fault-only", "POST")
    before = server.get("/sandbox/faults").json()
    assert before == {"faults": ["stale=1"], "only": ["POST"], "seed": 0, "happened": {}}
    assert server.ask("dgt", "/private/offers/", "POST", OFFER)["detail"]
    assert server.get("/sandbox/faults").json()["happened"] == {"stale": 1}
    told = server.control("faults", faults=["delay=0.5:0.01"], seed=9)
    assert told == {"faults": ["delay=0.5:0.01"], "only": [], "seed": 9, "happened": {}}
    assert server.control("faults", faults=[])["faults"] == []
    assert server.ask("dgt", "/private/offers/", "POST", OFFER)["id"]


@pytest.mark.parametrize(
    "fields",
    [
        {"faults": ["lost=1"]},
        {"faults": "delay=1"},
        {"faults": [1]},
        {"faults": ["delay=1"], "only": ["post"]},
        {"faults": [], "seed": "x"},
        {"fault": []},
    ],
    ids=str,
)
def test_a_plan_that_makes_no_sense_changes_nothing(shared: Served, fields: Any) -> None:
    reply = shared.client.post("/sandbox/faults", json=fields)
    assert reply.status_code == 400
    assert reply.json()["detail"]
    assert shared.get("/sandbox/faults").json()["faults"] == []


def test_connections_are_cut_before_and_after_the_request_is_executed(serving: Serving) -> None:
    server = serving()
    before = offers(server)
    for fault, executed in (("lost-before=1", 0), ("drop-reply=1", 1)):
        server.control("faults", faults=[fault], only=["POST"])
        with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
            server.ask("dgt", "/private/offers/", "POST", OFFER)
        assert offers(server) == before + executed


def test_half_a_reply_is_noticed_by_a_client(serving: Serving) -> None:
    server = serving("--fault", "truncate=1", "--fault-only", "/spot/assets")
    seen = set()
    for _ in range(20):
        try:
            server.ask("dfx", "/spot/assets")
        except httpx.RemoteProtocolError as error:
            seen.add("length" if "body" in str(error) else str(error))
        except json.JSONDecodeError:
            seen.add("json")
    assert seen == {"length", "json"}


def test_a_delayed_reply_keeps_nobody_else_waiting(serving: Serving) -> None:
    server = serving("--fault", "delay=1:600", "--fault-only", "/v3/ping")
    with httpx.Client(trust_env=False) as other:
        with pytest.raises(httpx.ReadTimeout):
            other.get(f"{server.url}/v3/ping", timeout=0.2)
        assert other.get(f"{server.url}/v3/time").status_code == 200
        server.control("faults", faults=["delay=1:0.05"], only=["/v3/ping"])
        assert other.get(f"{server.url}/v3/ping").json()["msg"] == "pong"
    assert server.get("/sandbox/faults").json()["happened"] == {"delay": 1}


def test_a_late_request_is_executed_in_its_own_time_though_nobody_asks(serving: Serving) -> None:
    server = serving("--fault", "late=1:0.3", "--fault-only", "POST")
    before = offers(server)
    with pytest.raises(httpx.RemoteProtocolError):
        server.ask("dgt", "/private/offers/", "POST", OFFER)
    # The page's state executes nothing: it only tells what was.
    late = []
    while not late:
        told = server.get("/sandbox/state?exchange=dgt").json()["requests"]
        late = [each for each in told if each["fault"] == "late" and each["status"] == 201]
    assert offers(server) == before + 1


def test_a_late_request_waits_for_a_clock_that_stands(serving: Serving) -> None:
    server = serving("--clock", CLOCK, "--fault", "late=1:20", "--fault-only", "POST")
    before = offers(server, SECONDS)
    with pytest.raises(httpx.RemoteProtocolError):
        server.client.send(
            server.signed("dgt", "POST", "/private/offers/", OFFER, now=SECONDS), stream=False
        )
    server.control("clock", advance=19)
    assert offers(server, SECONDS + 19) == before
    server.control("clock", advance=1)
    assert offers(server, SECONDS + 20) == before + 1


def test_money_comes_in_at_once(serving: Serving) -> None:
    server = serving()
    told = server.control("fund", exchange="dgt", account=2, currency="pln", amount="12.34")
    assert told["currency"] == "PLN"
    assert (told["account"], told["amount"]) == (2, "12.34")
    assert type(told["deposit_id"]) is int
    wallets = server.ask("dgt", "/private/wallets/", account=1)
    (pln,) = (row["balance"] for row in wallets if row["currency"] == "PLN")
    assert Decimal(pln) == Decimal(told["total"])
    for wrong in ({"account": 3}, {"currency": "DOGE"}, {"amount": "-1"}, {"exchange": "kraken"}):
        fields = {"exchange": "dgt", "account": 1, "currency": "PLN", "amount": "1", **wrong}
        assert server.client.post("/sandbox/fund", json=fields).status_code == 400


@pytest.mark.parametrize(
    ("amount", "plain"),
    [
        ("0.0000001", "0.0000001"),
        ("1e-8", "0.00000001"),
        ("25E+2", "2500"),
        ('"0.0000001"', "0.0000001"),
    ],
)
def test_an_amount_is_taken_as_json_writes_numbers_and_told_in_plain_notation(
    serving: Serving, amount: str, plain: str
) -> None:
    server = serving()
    body = f'{{"exchange": "dfx", "account": 2, "currency": "BTC", "amount": {amount}}}'
    headers = {"content-type": "application/json"}
    reply = server.client.post("/sandbox/fund", content=body, headers=headers)
    assert reply.status_code == 200, reply.text
    told = reply.json()
    assert told["amount"] == plain
    assert Decimal(told["total"]) == Decimal(told["free"]) == Decimal("2.5") + Decimal(plain)


@pytest.mark.parametrize(
    "amount", ["1e999999999999999999", "1e101", "-1", "1e-9", "0e999999999999999999", '"1e-7"']
)
def test_an_amount_that_nobody_has_is_refused_in_a_few_words(shared: Served, amount: str) -> None:
    body = f'{{"exchange": "dfx", "account": 2, "currency": "BTC", "amount": {amount}}}'
    headers = {"content-type": "application/json"}
    reply = shared.client.post("/sandbox/fund", content=body, headers=headers)
    assert reply.status_code == 400
    assert len(reply.json()["detail"]) < 200


def test_a_reset_by_request_begins_anew(serving: Serving) -> None:
    server = serving()
    before = offers(server)
    server.ask("dgt", "/private/offers/", "POST", OFFER)
    assert "opened" in server.control("reset")
    assert offers(server) == before
    assert Exch(server.home)("--sandbox", "dgt", "orders").code == 0


POSTS = ["clock", "faults", "fund", "reset"]


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded"])
def test_what_changes_something_takes_json_alone(
    shared: Served, path: str, kind: str | None
) -> None:
    headers = {"content-type": kind} if kind else {}
    reply = shared.client.post(f"/sandbox/{path}", content=b"{}", headers=headers)
    assert reply.status_code == 415
    assert shared.get(f"/sandbox/{path}").status_code in (200, 405)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", ""])
@pytest.mark.parametrize("path", ["/", "/sandbox/state", "/sandbox/faults"])
def test_other_names_of_this_machine_are_refused(shared: Served, host: str, path: str) -> None:
    assert shared.get(path, headers={"host": host}).status_code == 403


def test_other_names_are_refused_for_posts_too(shared: Served) -> None:
    for path in POSTS:
        reply = shared.client.post(f"/sandbox/{path}", json={}, headers={"host": "evil.example"})
        assert reply.status_code == 403


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost:8420", "[::1]:9", "LOCALHOST", "a.localhost"]
)
def test_names_of_loopback_are_welcome(shared: Served, host: str) -> None:
    assert shared.get("/", headers={"host": host}).status_code == 200


def test_no_other_origin_is_let_in(shared: Served) -> None:
    origin = {"origin": "https://evil.example", "access-control-request-method": "POST"}
    replies = [
        shared.client.options("/sandbox/clock", headers=origin),
        shared.get("/sandbox/state", headers=origin),
        shared.get("/", headers=origin),
    ]
    for reply in replies:
        assert reply.status_code == 403
        assert not [name for name in reply.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:1"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
@pytest.mark.parametrize("path", POSTS)
def test_what_says_that_it_comes_from_another_origin_changes_nothing(
    shared: Served, path: str, headers: dict[str, str]
) -> None:
    reply = shared.client.post(f"/sandbox/{path}", json={}, headers=headers)
    assert reply.status_code == 403
    assert reply.json()["detail"]


def test_its_own_page_may_change_something(shared: Served) -> None:
    own = {"origin": shared.url, "sec-fetch-site": "same-origin"}
    assert shared.client.post("/sandbox/faults", json={}, headers=own).status_code == 200


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b"\xff", b'"x"', b'{"time": []}', b'{"advance": 1e999}', b"[" * 9999]
)
def test_a_body_that_makes_no_sense_is_told_so(shared: Served, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    for path in ("clock", "fund"):
        reply = shared.client.post(f"/sandbox/{path}", content=body, headers=headers)
        assert reply.status_code == 400
        assert reply.json()["detail"]


HALF = r'"\ud800"'


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("clock", '{"advance": 1e99999999999999999999}'),
        ("clock", f'{{"time": {HALF}}}'),
        ("fund", '{"exchange": "dgt", "currency": "PLN", "amount": 1E+9999999999999999999999}'),
        ("fund", f'{{"exchange": "dgt", "currency": {HALF}, "amount": 1}}'),
        ("faults", r'{"faults": [], "only": ["/\ud800"]}'),
        ("faults", f'{{"faults": [{HALF}]}}'),
        ("faults", f"{{{HALF}: 1}}"),
        ("reset", f"{{{HALF}: 1}}"),
    ],
)
def test_numbers_without_bound_and_half_characters_are_refused(
    shared: Served, path: str, body: str
) -> None:
    headers = {"content-type": "application/json"}
    before = shared.get("/sandbox/faults").json()
    reply = shared.client.post(f"/sandbox/{path}", content=body.encode(), headers=headers)
    assert (reply.status_code, reply.json()) == (400, {"detail": "The body is no JSON."})
    assert shared.get("/sandbox/faults").json() == before


def _written(values: list[str]) -> st.SearchStrategy[str]:
    """Fields as JSON, each with one of these texts or with something well known for trouble."""
    names = ["time", "advance", "exchange", "account", "currency", "amount", "faults", "only",
             "seed", "no"]  # fmt: skip
    nasty = [json.dumps(each) for each in [*NASTY, *VALUES]]
    raw = ["1e99999999999999999999", "-1E+9999999999999999999999", "1e-9999999999999999999",
           "1e999999999999999999", "NaN", "-Infinity", "-0", "9" * 4000, "9" * 5000,
           r'["/\ud800"]', r'{"\udfff": 1}', "[" * 2000]  # fmt: skip
    told = st.sampled_from([*values, *nasty, *raw])
    fields = st.dictionaries(st.sampled_from(names), told, max_size=4)
    return fields.map(
        lambda given: "{" + ",".join(f"{json.dumps(k)}:{v}" for k, v in given.items()) + "}"
    )


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("standing"), ["--no-limits", "--clock", CLOCK]) as server:
        yield server


@given(
    st.sampled_from(["clock", "faults", "fund"]),
    _written(
        ['"dgt"', '"dfx"', '"PLN"', '"1"', "1", "60", '["delay=1"]', '["POST"]', f'"{CLOCK}"']
    ),
)
@settings(max_examples=300, deadline=None)
def test_no_fields_whatever_are_an_error_of_the_server(
    standing: Served, path: str, body: str
) -> None:
    headers = {"content-type": "application/json"}
    reply = standing.client.post(f"/sandbox/{path}", content=body.encode(), headers=headers)
    assert reply.status_code in (200, 400)
    assert reply.status_code == 200 or reply.json()["detail"]
    for shown in ("clock", "faults"):
        assert standing.get(f"/sandbox/{shown}").status_code == 200


@given(st.dictionaries(st.sampled_from(["exchange", "symbol", "period", "after"]),
                       st.sampled_from([*NASTY, "dgt", "dfx", "60", "\udfff"])))  # fmt: skip
@settings(max_examples=100, deadline=None)
def test_no_query_whatever_is_an_error_of_the_server(shared: Served, query: Any) -> None:
    told = urlencode(query, errors="surrogatepass")
    reply = shared.get(f"/sandbox/state?{told}")
    assert reply.status_code in (200, 400, 404)


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
