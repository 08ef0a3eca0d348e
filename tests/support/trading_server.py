"""Both exchanges on loopback: what only reads is answered well, and the rest as a test says."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from loopback import Answer, Loopback, loopback, reply
from running import Exch, Ran

KEYS = {
    "EXCH_DGT_KEY": "a-key-for-tests",
    "EXCH_DGT_SECRET": "not-a-real-secret",
    "EXCH_DFX_KEY": "a-key-for-tests",
    "EXCH_DFX_SECRET": "not-a-real-secret",
}
WALLETS = [
    {
        "currency": currency,
        "balance": "9999",
        "blocked": "0",
        "incoming_address": None,
        "outgoing_address": "an-address",
    }
    for currency in ("BTC", "PLN")
]
ASSETS = {"code": 0, "list": [{"currency": "USDT", "free": 9999, "total": 9999}]}
NO_OFFERS = {"count": 0, "results": [], "next": None, "previous": None}
SYMBOL = {
    "symbol": "BTC_USDT",
    "base_asset": "BTC",
    "quote_asset": "USDT",
    "price_precision": 2,
    "amount_precision": 4,
    "minimum_amount": 0.0001,
    "minimum_value": 2,
    "status": "TRADING",
    "order_types": ["LIMIT", "MARKET"],
}
BUY = {
    "dgt": ["dgt", "buy", "btcpln", "0.05", "--price", "2570"],
    "dfx": ["dfx", "buy", "btc_usdt", "0.05", "--price", "9000"],
}


@contextmanager
def exchange(to_what_changes: Answer) -> Iterator[Loopback]:
    """Both exchanges on loopback: reads are answered as they should be, and the rest so."""

    def answer(connection: socket.socket, head: bytes) -> None:
        method, target, *_ = head.decode().split()
        path = target.partition("?")[0]
        told: Any = {"code": 0, "data": []}
        if path.rstrip("/").endswith("/time"):
            now = int(time.time())
            told = {"code": 0, "server_time": now, "epoch": now}
        elif path == "/spot/symbols":
            told = {"code": 0, "symbol_list": [SYMBOL]}
        elif path == "/private/wallets/":
            told = WALLETS
        elif path == "/spot/assets":
            told = ASSETS
        elif path in ("/private/offers/", "/private/transfers/"):
            told = NO_OFFERS
        if method == "GET":
            reply(json.dumps(told))(connection, head)
        else:
            to_what_changes(connection, head)

    with loopback(answer) as server:
        yield server


def changing(server: Loopback) -> int:
    """How many calls there were that could change something."""
    return sum(not head.startswith(b"GET ") for head in server.requests)


def run(exch: Exch, server: Loopback, *words: str, **env: str) -> Ran:
    urls = {"EXCH_DGT_URL": server.url, "EXCH_DFX_URL": server.url}
    return exch(*words, **(urls | KEYS | env))
