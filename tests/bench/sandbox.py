"""The sandbox under load, in one run: `python tests/bench/sandbox.py [ORDERS]`.

Orders a second through the engine alone, through signed requests inside the process, and
over HTTP with 8 clients; each order is a durable commit, and every second one is filled. Then
the same with 100,000 open orders, and after 1,000,000 trades. Exit code 1 if a bound is missed.
"""

from __future__ import annotations

import argparse
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

# A trade every two and a half seconds of the month before, two accounts in turns. The ids lie
# above those that there are, so that the engine goes on behind them.
_ALL = "WITH RECURSIVE past(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM past WHERE n + 1 < :trades)"
_WHEN = "(:now - (:trades - n) * 2500000)"
_PAST = [
    f"""{_ALL} INSERT INTO orders SELECT 'dfx', 10000000 + 2 * n + side,
        printf('%032x', 10000000 + 2 * n + side), 201 + side, 'spot', 'ETH_USDT',
        iif(side, 'buy', 'sell'), '213.36', NULL, '0.0500', NULL, 0, 'filled', '0.0500',
        '10.66800000', '0', {_WHEN}, {_WHEN}, NULL, NULL, NULL, 0
        FROM past, (SELECT 0 AS side UNION ALL SELECT 1)""",
    f"""{_ALL} INSERT INTO fills SELECT 'dfx', 100000000 + 2 * n + side, 10000000 + 2 * n + side,
        201 + side, '213.36', '0.0500', '10.66800000', '0.00010000',
        iif(side, 'ETH', 'USDT'), '0.002', side, {_WHEN}
        FROM past, (SELECT 0 AS side UNION ALL SELECT 1)""",
    f"""{_ALL} INSERT INTO entries SELECT 'dfx', 100000000 + 4 * n + part, 100000000 + 4 * n,
        201 + part % 2, 'spot', iif(part < 2, 'ETH', 'USDT'), 'trade', '0.0500', '1000.0000',
        {_WHEN} FROM past, (SELECT 0 AS part UNION ALL SELECT 1 UNION ALL SELECT 2
        UNION ALL SELECT 3)""",
    f"""{_ALL} INSERT INTO prints SELECT 'dfx', 'ETH_USDT', {_WHEN} / 1000000, n, n % 2, 21336, 500
        FROM past""",
    """INSERT OR IGNORE INTO print_bars
        SELECT exchange, symbol, period, time / period * period, min(time), max(time), 21336,
        21336, 21336, 21336, sum(amount), sum(price * amount) FROM prints,
        (SELECT 60 AS period UNION ALL SELECT 900 UNION ALL SELECT 14400)
        GROUP BY exchange, symbol, period, time / period""",
]


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
        self.keys = demo_accounts(self.sandbox.store, "dfx")
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
        """What clients look up all the time."""
        with self.sandbox.lock:
            ((code,),) = self.sandbox.store.select(
                "SELECT code FROM orders WHERE account = ? ORDER BY id DESC LIMIT 1", BUYER
            )
        start = self.now // 10**9 - 5
        targets = {
            "one order": f"/v3/spot/order?order_id={code}",
            "newest fills": f"/v3/spot/mytrades?symbol={SYMBOL}&limit=50&start_time={start}",
            "balances": "/v3/spot/assets",
            "book": f"/v3/order_book?symbol={SYMBOL}",
            "ticker": f"/v3/ticker?symbol={SYMBOL}",
            "trades": f"/v3/trades?symbol={SYMBOL}&limit=50",
            "candles": f"/v3/kline?symbol={SYMBOL}&period=15",
        }
        found = {}
        for name, target in targets.items():
            request = self._signed("GET", *target.partition("?")[::2], b"")

            def once(_number: int, request: WireRequest = request) -> None:
                assert self.sandbox.handle(request).body.startswith(b"{")

            found[name] = self._timed(once, 200)
        return found

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
        """Trades long ago, written straight into the tables: two orders and two fills each."""
        with self.sandbox.lock, self.sandbox.store.writing() as db:
            for statement in _PAST:
                db.execute(statement, {"trades": TRADES, "now": self.now // 1000})

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
        self, method: str, path: str, query: str, body: bytes, account: int = 1
    ) -> WireRequest:
        key = self.keys[account]
        headers = {
            "access-key": key.key,
            "access-timestamp": str(self.now // 10**9),
            "access-sign": signature(key.secret, body or query.encode()),
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
    print("\nhow much slower than with an empty book (p50):")
    for name in first:
        ratios = full[name].middle / first[name].middle, last[name].middle / first[name].middle
        print(f"  {name:28} {ratios[0]:5.2f} {ratios[1]:5.2f}")
        if max(ratios) > WORSE:
            failed.append(f"{name} is more than {WORSE} times slower")
    print(f"peak memory: {memory:.0f} MiB in process, {max(served, served_full):.0f} MiB served")
    if max(memory, served, served_full) > MEMORY:
        failed.append(f"more than {MEMORY} MiB")
    if first["signed, in process"].rate < AIM:
        failed.append(f"fewer than {AIM} orders a second in process")
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
