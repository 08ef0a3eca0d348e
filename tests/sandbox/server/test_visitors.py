"""Who is let in: no name that is not the server's, and no page of another origin, on any path."""

from __future__ import annotations

import socket

import httpx
import pytest
from raw import exchange
from served import Served

from exchcli.sandbox.server.visitors import refusal

PATHS = [
    "/",
    "/sandbox/state",
    "/v3/time",
    "/v3/spot/assets",
    "/v3/nothing",
    "/api/public/time/",
    "/api/public/token/?username=demo-two&password=x",
    "/api/private/wallets/",
    "/elsewhere",
]
ELSEWHERE = [
    {"host": "evil.example"},
    {"host": "127.0.0.1.evil.example:80"},
    {"host": ""},
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": "http://127.0.0.1:1"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
]


@pytest.mark.parametrize("headers", ELSEWHERE, ids=str)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_nobody_from_elsewhere_is_let_in_on_any_path(
    shared: Served, method: str, headers: dict[str, str]
) -> None:
    for path in PATHS:
        reply = shared.client.request(method, path, headers=headers)
        assert reply.status_code == 403
        assert reply.json()["detail"].endswith(".")
        assert not [name for name in reply.headers if name.startswith("access-control")]


def test_no_other_page_can_end_a_key_by_fetching_a_new_one(shared: Served) -> None:
    account = shared.told["dgt"]["accounts"][1]
    query = f"username={account['username']}&password={account['password']}"
    headers = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    for method in ("GET", "POST"):
        reply = shared.client.request(method, f"/api/public/token/?{query}", headers=headers)
        assert reply.status_code == 403
    wallets = shared.client.send(shared.signed("dgt", "GET", "/private/wallets/", account=1))
    assert wallets.status_code == 200


def test_a_request_without_a_host_is_refused(shared: Served) -> None:
    assert exchange(shared.port, b"GET /v3/time HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 403")


def test_a_link_elsewhere_may_lead_to_the_page_and_to_nothing_else(shared: Served) -> None:
    followed = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    assert shared.get("/", headers=followed).status_code == 200
    assert shared.get("/sandbox/state", headers=followed).status_code == 403
    assert shared.get("/v3/time", headers=followed).status_code == 403
    assert shared.client.post("/", headers=followed).status_code == 403


@pytest.mark.parametrize("path", ["/", "/v3/time", "/api/public/time/"])
def test_programs_and_the_servers_own_page_are_let_in(shared: Served, path: str) -> None:
    own = {"origin": shared.url, "sec-fetch-site": "same-origin"}
    typed = {"sec-fetch-site": "none", "sec-fetch-mode": "navigate"}
    for headers in ({}, own, typed, {"host": "localhost:1"}, {"host": "[::1]:9"}):
        assert shared.get(path, headers=headers).status_code == 200


def test_a_server_open_to_all_answers_under_its_addresses_and_its_own_name() -> None:
    everywhere = frozenset({"*"})
    for host in ("192.168.1.7:80", "[fe80::1]:80", socket.gethostname(), "localhost"):
        assert refusal("GET", "/v3/time", {"host": host}, everywhere) is None
    for host in ("evil.example", ""):
        assert refusal("GET", "/v3/time", {"host": host}, everywhere) is not None
    named = frozenset({"box.local"})
    assert refusal("GET", "/v3/time", {"host": "Box.local:80"}, named) is None
    assert refusal("GET", "/v3/time", {"host": "192.168.1.7"}, named) is not None


def test_what_is_refused_is_not_executed_nor_shown_in_the_log(shared: Served) -> None:
    url = f"{shared.url}/v3/from/elsewhere"
    reply = httpx.post(url, content=b"x" * 1000, headers={"host": "evil.example"}, trust_env=False)
    assert reply.status_code == 403
    told = shared.get("/sandbox/state?exchange=dfx").json()["requests"]
    assert not any("elsewhere" in each["path"] for each in told)
