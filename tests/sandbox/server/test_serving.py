"""The server as a process: how it starts, what it tells, and how it ends."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from raw import get, read_all
from running import Exch
from served import EXCH, Served, command

from exchcli.sandbox.exchange import Sandbox
from exchcli.sandbox.server import run
from exchcli.sandbox.server.run import hosts_of, listening, url_of

Serving = Callable[..., Served]


def test_the_first_line_has_the_urls_and_the_keys_of_two_accounts_each(shared: Served) -> None:
    assert list(shared.told) == ["dgt", "dfx"]
    for exchange, path in (("dgt", "/api"), ("dfx", "/v3")):
        there = shared.told[exchange]
        assert there["url"] == f"http://127.0.0.1:{shared.port}{path}"
        assert len(there["accounts"]) == 2
        for account in there["accounts"]:
            assert list(account) == ["key", "secret", "username", "password"]
            assert all(account.values())


def test_every_key_that_it_prints_signs(shared: Served) -> None:
    for account in (0, 1):
        wallets = shared.ask("dgt", "/private/wallets/", account=account)
        assert {row["currency"] for row in wallets} == {"BTC", "LTC", "PLN"}
        assert shared.ask("dfx", "/spot/assets", account=account)["code"] == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_nothing_to_say(serving: Serving, number: int) -> None:
    server = serving()
    server.get("/api/public/time/")
    assert server.stop(number) == (0, "")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port))


def test_connections_that_ask_nothing_do_not_hold_it_up(serving: Serving) -> None:
    server = serving()
    with (
        socket.create_connection(("127.0.0.1", server.port)),
        socket.create_connection(("127.0.0.1", server.port)) as half,
    ):
        half.sendall(b"GET /api/public/time/ HTT")
        began = time.monotonic()
        assert server.stop()[0] == 0
        assert time.monotonic() - began < 8


@pytest.mark.parametrize("path", [b"/v3/spot/order/new", b"/sandbox/fund"])
def test_a_body_that_is_still_to_come_does_not_hold_it_up(serving: Serving, path: bytes) -> None:
    server = serving()
    kind = b"Content-Type: application/json"
    head = get(path, b"Content-Length: 100", kind, method=b"POST")
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(head + b"half")
        server.get("/v3/ping")
        began = time.monotonic()
        assert server.stop() == (0, "")
        assert time.monotonic() - began < 8
        assert read_all(connection) == b""


def test_requests_at_hand_are_answered_when_it_is_stopped(serving: Serving) -> None:
    server = serving("--fault", "delay=1:600", "--fault-only", "/time")
    replies: list[int] = []
    asking = threading.Thread(
        target=lambda: replies.append(server.get("/v3/time", timeout=30).status_code)
    )
    asking.start()
    while not server.get("/sandbox/faults").json()["happened"]:
        pass
    assert server.stop()[0] == 0
    asking.join()
    assert replies == [200]


def test_a_second_server_on_the_same_port_says_so(shared: Served, tmp_path: Path) -> None:
    words, env = command(tmp_path, "--port", str(shared.port))
    ran = subprocess.run(words, env=env, capture_output=True, text=True, timeout=30)
    assert ran.returncode == 2
    error = json.loads(ran.stderr)["error"]
    assert f"Port {shared.port}" in error["message"]
    assert "--port 0" in error["hint"]
    assert not ran.stdout


def test_on_a_terminal_it_shows_a_card(tmp_path: Path) -> None:
    words, env = command(tmp_path, "-o", "table")
    process = subprocess.Popen(
        words, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    lines = []
    while not lines or "Ctrl-C" not in lines[-1]:
        lines.append(process.stdout.readline())
        assert lines[-1]
    process.terminate()
    process.communicate(timeout=30)
    text = "".join(lines)
    assert all(len(line) <= 80 for line in lines)
    assert [line.split()[-2] for line in lines if "-secret-" in line] == ["secret"] * 4
    assert "/api\n" in text
    assert "/v3\n" in text


def test_commands_with_sandbox_and_the_server_are_one_exchange(serving: Serving) -> None:
    server = serving()
    offer = {"pair": "BTCPLN", "order_type": "BUY", "amount": "0.01", "quotation": "2000.00"}
    placed = server.ask("dgt", "/private/offers/", "POST", json.dumps(offer).encode())
    within = Exch(server.home)
    ran = within("--sandbox", "dgt", "orders", "--json")
    assert str(placed["id"]) in {order["id"] for order in json.loads(ran.out)}
    funded = within("sandbox", "fund", "pln", "1000", "--account", "2", "--json")
    total = Decimal(json.loads(funded.out)["total"])
    wallets = server.ask("dgt", "/private/wallets/", account=1)
    assert [row["balance"] for row in wallets if row["currency"] == "PLN"] == [
        f"{float(total):.8f}"
    ]


def test_two_accounts_trade_with_each_other(serving: Serving) -> None:
    server = serving()
    book = server.get("/api/public/offers/BTCPLN").json()
    bid, ask = (Decimal(book[side][0]["quotation"]) for side in ("bids", "asks"))
    between = f"{(bid + ask) / 2:.2f}"
    offer = {"pair": "BTCPLN", "amount": "0.01", "quotation": between}
    made = [
        server.ask(
            "dgt", "/private/offers/", "POST",
            json.dumps({**offer, "order_type": side}).encode(), account=account,
        )
        for account, side in enumerate(("SELL", "BUY"))
    ]  # fmt: skip
    for account, placed in enumerate(made):
        told = server.ask("dgt", f"/private/offers/{placed['id']}/", account=account)
        assert told["status"] == "REALIZED_CLOSED"


def test_a_reset_under_a_running_server_is_noticed(serving: Serving) -> None:
    server = serving()
    offer = {"pair": "BTCPLN", "order_type": "BUY", "amount": "0.01", "quotation": "2000.00"}
    placed = server.ask("dgt", "/private/offers/", "POST", json.dumps(offer).encode())
    within = Exch(server.home)
    assert within("sandbox", "reset", "--yes").code == 0
    gone = server.client.send(server.signed("dgt", "GET", f"/private/offers/{placed['id']}/"))
    assert gone.status_code == 404
    assert (server.home / "sandbox" / "sandbox.sqlite").exists()
    assert within("--sandbox", "dgt", "orders").code == 0
    code, said = server.stop()
    assert code == 0
    assert said.count("was reset") == 1


def test_a_broken_store_is_a_refusal_and_not_the_end(serving: Serving) -> None:
    server = serving()
    store = server.home / "sandbox" / "sandbox.sqlite"
    store.unlink()
    store.write_bytes(b"this is no database" * 100)
    for _ in range(3):
        reply = server.get("/v3/time")
        assert reply.status_code == 503
        assert "damaged" in reply.json()["detail"]
    store.unlink()
    assert server.get("/v3/time").status_code == 200
    code, said = server.stop()
    assert code == 0
    assert said.count("damaged") == 1
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--fault", "lost=1"], "There is no fault 'lost'"),
        (["--fault", "delay=1", "--fault", "html=1"], "add up to more than 1"),
        (["--fault-only", "post"], "no request"),
        (["--clock", "yesterday"], "not a time"),
        (["--clock", "2001-01-01"], "has come to"),
        (["--seed", "7"], "seed 20200519"),
        (["--port", "99999"], "99999"),
        (["--host", "no.such.host.invalid"], "no address of this machine"),
        (["--host", "203.0.113.7"], "cannot be served from"),
        (["--fields", "key"], "--fields"),
    ],
)
def test_what_it_cannot_do_is_told_in_one_line(exch: Exch, arguments: list[str], said: str) -> None:
    assert exch("--sandbox", "dfx", "time").code == 0
    ran = exch("sandbox", "serve", "--port", "0", *arguments, "-o", "table")
    assert ran.code == 2
    assert said in ran.err
    assert not ran.out


def test_a_window_of_its_own_is_how_late_a_signed_request_may_come(serving: Serving) -> None:
    server = serving("--window", "3600")
    assert server.ask("dfx", "/spot/assets", now=int(time.time()) - 60)["code"] == 0
    assert server.ask("dfx", "/spot/assets", now=int(time.time()) - 3605)["code"] == 10008
    assert server.ask("dgt", "/private/wallets/", now=int(time.time()) - 60)[0]["currency"]


def test_a_seed_makes_the_market_of_a_new_sandbox(serving: Serving) -> None:
    server = serving("--seed", "7")
    sandbox = Sandbox(server.home / "sandbox")
    try:
        assert sandbox.store.stored_seed == 7
    finally:
        sandbox.close()


def test_without_the_extra_it_says_how_to_install_it(tmp_path: Path) -> None:
    (tmp_path / "uvicorn.py").write_text("raise ModuleNotFoundError('none', name='uvicorn')\n")
    _, env = command(tmp_path)
    ran = subprocess.run(
        [EXCH, "sandbox", "serve", "--port", "0", "-o", "table"],
        env={**env, "PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    assert ran.returncode == 2
    assert "needs uvicorn" in ran.stderr
    assert "pip install '.[serve]'" in " ".join(ran.stderr.split()).partition("elsewhere")[0]


def test_it_warns_when_others_can_reach_it(exch: Exch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "open_to_others", lambda bound: True)
    monkeypatch.setattr(run, "serve", lambda live, bound, *_more: (live.close(), bound.close()))
    ran = exch("sandbox", "serve", "--port", "0")
    assert ran.code == 0
    assert ran.err.startswith("Warning: whoever reaches 127.0.0.1")


@pytest.mark.parametrize(
    ("addresses", "others"),
    [("127.0.0.1 127.9.9.9 ::1", False), ("0.0.0.0 :: 192.168.1.2 fe80::1%eth0", True)],
)
def test_only_loopback_addresses_are_closed_to_others(addresses: str, others: bool) -> None:
    for address in addresses.split():
        assert run.open_to_others(_bound(address)) is others


def _bound(address: str) -> Any:
    class Bound:
        def getsockname(self) -> tuple[str, int]:
            return address, 80

    return Bound()


def test_urls_name_addresses_that_can_be_asked() -> None:
    bound = listening("127.0.0.1", 0)
    try:
        port = bound.getsockname()[1]
        assert url_of("localhost", bound) == f"http://localhost:{port}"
        assert url_of("::1", bound) == f"http://[::1]:{port}"
        assert url_of("::", bound) == f"http://[::1]:{port}"
    finally:
        bound.close()
    assert hosts_of("Box.local") == {"box.local"}
    assert hosts_of("::") == {"*"}
