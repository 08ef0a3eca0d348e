"""The sandbox under load, in one run: `python tests/bench/sandbox.py [ORDERS]`.

Orders a second through the engine alone, through signed requests inside the process, and
over HTTP with 8 clients; each order is a durable commit, and every second one is filled. And what
clients look up: lists in their usual and their longest window, of the pair that is traded, of
another and of all, and Dgtmarket's pages with their counts. Then the same with 100,000 open orders,
and after 1,000,000 trades at each exchange. Exit code 1 if a bound is missed.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import hmac
import http.client
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

sys.path.append(str(Path(__file__).parents[1] / "support"))
from past import write_past

from exchcli.sandbox.accounts import demo_accounts
from exchcli.sandbox.engine.desk import NewOrder, trading
from exchcli.sandbox.exchange import Sandbox
from exchcli.sandbox.wire import WireRequest

EXCH = str(Path(sys.executable).with_name("exch"))
AIM = 2000  # orders a second in process
WORSE = 2  # times, at most, with everything there
MEMORY = 200  # MiB
OPEN, TRADES = 100_000, 1_000_000
CLIENTS = 8
SYMBOL, PRICE = "ETH_USDT", "213.36"  # between the best two when the market opens
SELLER, BUYER = 201, 202
LOOKUPS, ROUNDS = 200, 3  # of each kind

DAY = 86400


class Figures:
    """Seconds of every single call of one kind."""

    def __init__(self, seconds: list[float], whole: float | None = None) -> None:
        self.rate = len(seconds) / (whole or sum(seconds))
        self.middle = statistics.median(seconds)
        self.slow = sorted(seconds)[int(len(seconds) * 0.99)]

    def __str__(self) -> str:
        return (
            f"{self.rate:8,.0f} a second   p50 {self.middle * 1000:6.3f} ms"
            f"   p99 {self.slow * 1000:6.3f} ms"
        )


class Bench:
    """One sandbox, whose clock stands still so that the simulated market does not join in."""

    def __init__(self, folder: Path, orders: int) -> None:
        now = time.time_ns()
        self.folder = folder
        self.orders = orders
        self.sandbox = Sandbox(folder, clock=lambda: now, limited=False)
        self.now = now
        self.keys = {name: demo_accounts(self.sandbox.store, name) for name in ("dfx", "dgt")}
        self.long = False  # whether there is a past
        with self.trading() as desk:
            for account in (SELLER, BUYER):
                desk.fund(account, "ETH", Decimal(10**9))
                desk.fund(account, "USDT", Decimal(10**12))

    def trading(self) -> Any:
        return trading(self.sandbox.store, self.sandbox.floor, "dfx", self.now)

    def engine(self) -> Figures:
        """Sales and purchases in turns, each its own transaction."""

        def once(number: int) -> None:
            with self.trading() as desk:
                desk.place(self._new(number % 2))

        return self._timed(once)

    def signed(self) -> Figures:
        """The same as requests: signature, parameters, reply."""
        requests = [self._request(number % 2) for number in range(self.orders)]

        def once(number: int) -> None:
            reply = self.sandbox.handle(requests[number])
            assert b'"code":0' in reply.body, reply.body

        return self._timed(once)

    def reads(self) -> dict[str, Figures]:
        """What clients look up. The seller has a past of his own in BTC_USDT, which stays."""
        with self.sandbox.lock:
            ((code,),) = self.sandbox.store.select(
                "SELECT code FROM orders WHERE account = ? ORDER BY id DESC LIMIT 1", SELLER
            )
        month = f"start_time={self.now // 10**9 - 30 * DAY + 1}"
        middle = TRADES // 2 if self.long else 20
        targets = {
            "one order": f"/v3/spot/order?order_id={code}",
            "fills": "/v3/spot/mytrades",
            "fills, pair": f"/v3/spot/mytrades?symbol={SYMBOL}",
            "fills, other pair": "/v3/spot/mytrades?symbol=btc_usdt",
            "fills, other pair, month": f"/v3/spot/mytrades?symbol=btc_usdt&{month}",
            "fills, margin, month": f"/v3/margin/mytrades?{month}",
            "orders": "/v3/spot/order/history",
            "orders, other pair": "/v3/spot/order/history?symbol=btc_usdt",
            "orders, other pair, month": f"/v3/spot/order/history?symbol=btc_usdt&{month}",
            "open orders, other pair": "/v3/spot/order/current?symbol=btc_usdt",
            "financial log": "/v3/spot/financelog",
            "financial log, other": f"/v3/spot/financelog?currency_mark=btc&{month}",
            "balances": "/v3/spot/assets",
            "book": f"/v3/order_book?symbol={SYMBOL}",
            "ticker": f"/v3/ticker?symbol={SYMBOL}",
            "trades": f"/v3/trades?symbol={SYMBOL}&limit=50",
            "candles": f"/v3/kline?symbol={SYMBOL}&period=15",
            "offers": "/api/private/offers/",
            "offers, other pair": "/api/private/offers/?pair=BTCPLN",
            "offers, by status": "/api/private/offers/?offer_status=CANCELED",
            "offers, by status and side": (
                "/api/private/offers/?offer_status=REALIZED_CLOSED&order_type=SELL"
            ),
            "offers, by date": f"/api/private/offers/?date_start={self.date(20)}",
            "offers, in the middle": f"/api/private/offers/?offset={middle}",
            "transactions": "/api/private/transactions/?pair=LTCPLN",
            "transactions, other pair": "/api/private/transactions/?pair=BTCPLN",
        }
        found = {}
        for name, target in targets.items():
            request = self._signed("GET", *target.partition("?")[::2], b"")

            def once(_number: int, request: WireRequest = request) -> None:
                reply = self.sandbox.handle(request)
                assert reply.status == 200, reply.body
                assert not reply.body.startswith(b'{"code":1'), reply.body

            # What else the machine does only adds: the best of a few rounds.
            rounds = [self._timed(once, LOOKUPS) for _ in range(ROUNDS)]
            found[name] = min(rounds, key=lambda figures: figures.slow)
        return found

    def date(self, days: int) -> str:
        """So many days ago, as Dgtmarket writes it."""
        return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(self.now // 10**9 - days * DAY))

    def fill_the_book(self) -> None:
        """Open orders of both sides, away from the market, at 20,000 prices each."""
        for start in range(0, OPEN, 5000):
            with self.trading() as desk:
                for number in range(start, start + 5000):
                    away = Decimal(number % 40_000 // 2) / 100 + 1
                    price = Decimal(PRICE) + (away if number % 2 == 0 else -away)
                    new = self._new(number % 2)
                    desk.place(new._replace(price=price, amount=Decimal("0.5")))

    def fill_the_past(self) -> None:
        """Trades of the month before, two orders and two fills each, at both exchanges."""
        with self.sandbox.lock, self.sandbox.store.writing() as db:
            for exchange, symbol in (("dfx", SYMBOL), ("dgt", "LTCPLN")):
                write_past(db, exchange, symbol, TRADES, self.now // 1000)
        self.long = True

    def _timed(self, once: Callable[[int], None], count: int | None = None) -> Figures:
        seconds = []
        for number in range(count or self.orders):
            before = time.perf_counter()
            once(number)
            seconds.append(time.perf_counter() - before)
        return Figures(seconds)

    def _new(self, buys: int) -> NewOrder:
        account, side = (BUYER, "buy") if buys else (SELLER, "sell")
        return NewOrder(account, SYMBOL, side, amount=Decimal("0.05"), price=Decimal(PRICE))

    def _request(self, buys: int) -> WireRequest:
        body = order_body("buy" if buys else "sell")
        return self._signed("POST", "/v3/spot/order/new", "", body, 1 if buys else 0)

    def _signed(
        self, method: str, path: str, query: str, body: bytes, account: int = 0
    ) -> WireRequest:
        exchange = "dgt" if path.startswith("/api/") else "dfx"
        key, stamp = self.keys[exchange][account], str(self.now // 10**9)
        target = f"{path}?{query}" if query else path
        message = f"{stamp}{method}{target}" if exchange == "dgt" else query
        headers = {
            "access-key": key.key,
            "access-timestamp": stamp,
            "access-sign": signature(key.secret, body or message.encode()),
        }
        return WireRequest(method, path, query, headers, body)


def order_body(side: str) -> bytes:
    order = {"symbol": SYMBOL.lower(), "type": side, "amount": "0.05", "price": PRICE}
    return urlencode(order).encode()


def signature(secret: str, message: bytes) -> str:
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def client(url: str, key: str, secret: str, side: str, count: int) -> None:
    """One client of eight, as a process of its own: prints the seconds of every order."""
    link = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
    body = order_body(side)
    sign = signature(secret, body)
    seconds = []
    link.connect()
    sys.stdin.readline()  # all begin together
    for _ in range(count):
        headers = {
            "ACCESS-KEY": key,
            "ACCESS-TIMESTAMP": str(int(time.time())),
            "ACCESS-SIGN": sign,
        }
        before = time.perf_counter()
        link.request("POST", "/v3/spot/order/new", body, headers)
        reply = json.loads(link.getresponse().read())
        seconds.append(time.perf_counter() - before)
        assert reply["code"] == 0, reply
    print(json.dumps(seconds))


def fund(url: str, account: int, currency: str) -> None:
    fields = {"exchange": "dfx", "account": account, "currency": currency, "amount": "1000000"}
    link = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
    link.request("POST", "/sandbox/fund", json.dumps(fields), {"content-type": "application/json"})
    assert link.getresponse().status == 200
    link.close()


def over_http(home: Path, orders: int) -> tuple[Figures, float]:
    """Orders of 8 clients at once, and the server's peak memory in MiB."""
    server = subprocess.Popen(
        [EXCH, "sandbox", "serve", "--port", "0", "--json", "--no-limits"],
        env={**os.environ, "EXCH_HOME": str(home)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    told = json.loads(server.stdout.readline())["dfx"]
    url = told["url"].removesuffix("/v3")
    for account in (1, 2):
        for currency in ("ETH", "USDT"):
            fund(url, account, currency)
    clients = []
    for number in range(CLIENTS):
        key = told["accounts"][number % 2]
        words = [url, key["key"], key["secret"], ("sell", "buy")[number % 2]]
        command = [sys.executable, __file__, "--client", *words, str(orders // CLIENTS)]
        clients.append(
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        )
    time.sleep(1)  # until all are connected; what is measured begins after it
    before = time.perf_counter()
    for each in clients:
        assert each.stdin is not None
        each.stdin.write("\n")
        each.stdin.flush()
    seconds = [time for each in clients for time in json.loads(each.communicate()[0])]
    whole = time.perf_counter() - before
    with Path(f"/proc/{server.pid}/status").open() as status:
        (memory,) = (int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))
    server.terminate()
    server.communicate()
    return Figures(seconds, whole), memory


def main(orders: int) -> int:
    failed = []
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        bench = Bench(home / "sandbox", orders)
        gc.freeze()  # as the server does
        first = stage(bench, "an empty book, no past")
        http_empty, served = over_http(home / "served", orders)
        print(f"  over HTTP, {CLIENTS} clients      {http_empty}")
        bench.fill_the_book()
        full = stage(bench, f"{OPEN:,} open orders")
        bench.fill_the_past()
        last = stage(bench, f"{OPEN:,} open orders, {TRADES:,} trades")
        bench.sandbox.close()
        http_full, served_full = over_http(home, orders)
        print(f"  over HTTP, {CLIENTS} clients      {http_full}")
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print("\nhow much slower than with an empty book (open orders: p50, p99; and trades):")
    for name, empty in first.items():
        ratios = [
            (each[name].middle / empty.middle, each[name].slow / empty.slow)
            for each in (full, last)
        ]
        print(f"  {name:28}" + "".join(f"   {middle:5.2f} {slow:5.2f}" for middle, slow in ratios))
        for what, worst in zip(("p50", "p99"), map(max, zip(*ratios, strict=True)), strict=True):
            if worst > WORSE:
                failed.append(f"{name}: {what} is {worst:.1f} times slower, not {WORSE} at most")
    print(f"peak memory: {memory:.0f} MiB in process, {max(served, served_full):.0f} MiB served")
    if max(memory, served, served_full) > MEMORY:
        failed.append(f"more than {MEMORY} MiB")
    for title, stages in (("an empty book", first), (f"{OPEN:,} open orders", full)):
        rate = stages["signed, in process"].rate
        print(f"{AIM:,} orders a second in process, {title}: {rate:,.0f}", end=", ")
        print("met" if rate >= AIM else "not met")
        if rate < AIM:
            failed.append(f"{rate:,.0f} orders a second in process with {title}, not {AIM:,}")
    for what in failed:
        print(f"MISSED: {what}")
    return 1 if failed else 0


def stage(bench: Bench, title: str) -> dict[str, Figures]:
    print(title)
    found = {"engine": bench.engine(), "signed, in process": bench.signed(), **bench.reads()}
    for name, figures in found.items():
        print(f"  {name:28} {figures}")
    return found


def arguments() -> argparse.Namespace:
    reads = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    reads.add_argument(
        "orders", nargs="?", type=int, default=4000, help="orders of each stage (4000)"
    )
    reads.add_argument("--client", nargs=5, help=argparse.SUPPRESS)  # what over_http starts
    given = reads.parse_args()
    if given.orders < CLIENTS:
        reads.error(f"ORDERS is at least {CLIENTS}, one of each client")
    return given


if __name__ == "__main__":
    given = arguments()
    if given.client is not None:
        *link, count = given.client
        client(*link, int(count))
    else:
        sys.exit(main(given.orders))
