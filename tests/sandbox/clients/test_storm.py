"""kill -9 in a storm of orders: nothing that was answered is lost, and nothing is doubled."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import threading
import time
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from auditing import audit
from served import Served, served

_ANSWERS, _USERS, _ROUNDS = 200, 4, 3
_PRICE = Decimal("44.27")
_EACH = 400  # orders of one program, at most


class Trader(threading.Thread):
    """One user's program: places orders, each of an amount of its own, until nobody answers."""

    def __init__(self, server: Served, number: int, first: int) -> None:
        super().__init__()
        self.port = int(server.url.rpartition(":")[2])
        self.account = server.told["dfx"]["accounts"][number % 2]
        self.side = "buy" if number % 2 else "sell"
        self.next = first
        self.answered: dict[str, Decimal] = {}
        self.asked: list[Decimal] = []

    def run(self) -> None:
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            for _ in range(_EACH):
                self.next += 1
                amount = Decimal(self.next).scaleb(-4)  # 0.05 and more: worth the least value
                self.asked.append(amount)
                reply = self.post(link, "/v3/spot/order/new", amount)
                assert reply["code"] == 0, reply
                self.answered[reply["order_id"]] = amount
        except (OSError, http.client.HTTPException, ValueError):
            pass  # killed: the answer did not come, or came in part
        finally:
            link.close()

    def post(self, link: http.client.HTTPConnection, path: str, amount: Decimal) -> Any:
        order = {
            "symbol": "ltc_usdt",
            "type": self.side,
            "amount": str(amount),
            "price": str(_PRICE),
        }
        body = urlencode(order)
        sign = hmac.new(self.account["secret"].encode(), body.encode(), hashlib.sha256).hexdigest()
        headers = {
            "ACCESS-KEY": self.account["key"],
            "ACCESS-TIMESTAMP": str(int(time.time())),
            "ACCESS-SIGN": sign,
        }
        link.request("POST", path, body, headers)
        return json.loads(link.getresponse().read())


def test_a_killed_exchange_has_lost_nothing_and_doubled_nothing(tmp_path: Path) -> None:
    traders: list[Trader] = []
    for round_ in range(_ROUNDS):
        with served(tmp_path / "home", ["--no-limits"]) as server:
            started = [
                Trader(server, number, 500 + _EACH * (round_ * _USERS + number))
                for number in range(_USERS)
            ]
            traders += started
            for trader in started:
                trader.start()
            while sum(len(trader.answered) for trader in started) < _ANSWERS:
                assert any(trader.is_alive() for trader in started)
                time.sleep(0.01)  # polls a condition
            server.process.kill()
            for trader in started:
                trader.join()
    orders = audit(tmp_path / "home" / "sandbox")
    for trader in traders:
        for code, amount in trader.answered.items():
            assert orders["dfx", code].amount == amount, "an answered order is gone"
    asked = {amount for trader in traders for amount in trader.asked}
    placed = [
        order.amount
        for order in orders.values()
        if (order.symbol, order.price) == ("LTC_USDT", _PRICE) and order.amount in asked
    ]
    assert len(placed) == len(set(placed)), "an order was placed twice"
