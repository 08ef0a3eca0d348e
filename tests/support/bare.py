"""Another client of both exchanges, in a page: it signs by itself and shares nothing with exch."""

from __future__ import annotations

import hmac
import json
import time
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx


class Bare:
    """`exchange` is "dgt" or "dfx", `url` its base URL, `account` a pair as the server told it."""

    def __init__(self, exchange: str, url: str, account: dict[str, str]) -> None:
        self._dgt = exchange == "dgt"
        self._url = url
        self._path = urlsplit(url).path
        self._account = account
        self._http = httpx.Client(trust_env=False)

    def order(self, symbol: str, side: str, amount: str, price: str) -> str:
        """Places an order with a price and returns its id."""
        if self._dgt:
            offer = {"pair": symbol, "amount": amount, "quotation": price,
                     "order_type": side.upper()}  # fmt: skip
            return str(self._asked("POST", "/private/offers/", json.dumps(offer))["id"])
        form = {"market": "spot", "symbol": symbol.lower(), "price": price, "amount": amount,
                "type": side}  # fmt: skip
        return str(self._asked("POST", "/spot/order/new", urlencode(form))["order_id"])

    def _asked(self, method: str, path: str, body: str) -> dict[str, Any]:
        stamp = str(int(time.time()))
        message = f"{stamp}{method}{self._path}{path}{body}" if self._dgt else body
        sign = hmac.digest(self._account["secret"].encode(), message.encode(), "sha256").hex()
        form = "json" if self._dgt else "x-www-form-urlencoded"
        headers = {"access-key": self._account["key"], "access-timestamp": stamp,
                   "access-sign": sign, "content-type": f"application/{form}"}  # fmt: skip
        reply = self._http.request(method, self._url + path, content=body, headers=headers)
        reply.raise_for_status()
        found: dict[str, Any] = reply.json()
        return found

    def close(self) -> None:
        self._http.close()
