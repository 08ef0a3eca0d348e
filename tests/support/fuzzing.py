"""Requests that are nearly right: those of both documents, bent by a seeded random."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import quote_plus

from exchcli.sandbox.wire import WireRequest

# Values that have broken parsers: numbers of all sizes, half characters, other scripts, code.
NASTY = [
    "", " ", "0", "-1", "-0", "+1", "1e999999", "1e-999999", "1E400", "9" * 5000,
    "0." + "0" * 5000 + "1", "NaN", "Infinity", "-Infinity", "1_000", "0x1F", "１２", "٣", "1,5",
    ".", "1.2.3", "1e", "null", "true", "\x00", "a\x00b", "\x7f", "İ", "ß", "é", "\u202e",
    "\U0001f4b8", "\ufeff", "\\", "'", '"', "' OR 1=1 --", "%", "%25", "%00", "../..", "/", "?",
    "#", "&a=1", "a=b", ";", "[", "{}", "[]", "[[]]", "BTCPLN", "btc_usdt", "BTC_USDT",
    "eos_usdt", "buy", "SELL", "buy_market", "0.001", "100", "9600", "2600",
    "18446744073709551616", "9" * 38, "4611686018427387904", "1" * 40, "A" * 20000,
]  # fmt: skip
VALUES = [
    None, True, False, 0, 1, -1, 2**63, 10**30, 0.1, 1e300, 1e-300, [], {}, [1], {"a": 1},
    "\ud800", "x" * 9999,
]  # fmt: skip
METHODS = [
    "GET",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "HEAD",
    "OPTIONS",
    "TRACE",
    "",
    "get",
    "\ud800",
    "GE T",
]
TAILS = [
    "",
    "/",
    "//",
    "/..",
    "/%2e%2e/",
    "%00",
    "/1/",
    "/-1",
    "/" + "9" * 40,
    "?",
    "?a=%",
    "?a=1&a=2",
    "/\ud800",
]
TYPES = [
    "application/json",
    "application/json; charset=utf-8",
    "application/x-www-form-urlencoded",
    "text/html",
    "",
]

BATCH = (
    '[{"type":"buy","amount":0.01,"price":9000,"post_only":1},'
    '{"type":"sell","amount":"0.01","price":"9999"}]'
)


class Sample(NamedTuple):
    """A request that is right: `fields` go into the query of a GET, else into the body."""

    exchange: str
    method: str
    path: str
    fields: Mapping[str, object] = MappingProxyType({})


SAMPLES = [
    Sample("dgt", "GET", "/api/public/ticker24/BTCPLN/"),
    Sample("dgt", "GET", "/api/public/offers/LTCPLN/"),
    Sample("dgt", "POST", "/api/public/token/", {"username": "nobody", "password": "demo"}),
    Sample("dgt", "GET", "/api/private/wallets/"),
    Sample("dgt", "GET", "/api/private/offers/", {"pair": "BTCPLN", "limit": "3", "offset": "1"}),
    Sample("dgt", "GET", "/api/private/offers/", {"date_start": "2016-07-29", "order_type": "BUY"}),
    Sample("dgt", "GET", "/api/private/transactions/", {"pair": "BTCPLN", "limit": "3"}),
    Sample("dgt", "GET", "/api/private/transfers/", {"currency": "BTC"}),
    Sample("dgt", "POST", "/api/private/offers/", {
        "pair": "btcpln", "amount": 0.01, "quotation": 2570, "order_type": "buy",
        "activation_limit": 0, "any_price": False,
    }),
    Sample("dgt", "POST", "/api/private/offers/", {
        "pair": "LTCPLN", "amount": "2.5", "order_type": "SELL", "any_price": True,
    }),
    Sample("dgt", "POST", "/api/private/offers/", {
        "pair": "BTCPLN", "amount": "0.02", "quotation": "2700", "order_type": "BUY",
        "activation_limit": "2690.00",
    }),
    Sample("dgt", "DELETE", "/api/private/offers/17167/"),
    Sample("dgt", "POST", "/api/private/transfer/", {"currency": "btc", "amount": 0.015}),
    Sample("dfx", "GET", "/v3/kline", {"symbol": "btc_usdt", "period": "1", "start_time": "1"}),
    Sample("dfx", "GET", "/v3/order_book", {"symbol": "eth_usdt", "limit": "3"}),
    Sample("dfx", "GET", "/v3/spot/assets"),
    Sample("dfx", "GET", "/v3/margin/positions", {"symbol": "btc_usdt"}),
    Sample("dfx", "GET", "/v3/spot/order/history", {"symbol": "btc_usdt", "limit": "10"}),
    Sample("dfx", "GET", "/v3/margin/mytrades", {"start_time": "1", "end_time": "2"}),
    Sample("dfx", "GET", "/v3/withdraw/history", {"currency": "btc", "from": "1", "size": "3"}),
    Sample("dfx", "POST", "/v3/spot/order/new", {
        "symbol": "btc_usdt", "type": "buy", "amount": "0.01", "price": "9000", "post_only": "0",
    }),
    Sample("dfx", "POST", "/v3/spot/order/new", {
        "symbol": "ETH_USDT", "type": "buy_market", "amount": "25", "market": "spot",
    }),
    Sample("dfx", "POST", "/v3/margin/order/new", {
        "symbol": "btc_usdt", "type": "sell", "amount": "0.01", "price": "9000",
    }),
    Sample("dfx", "POST", "/v3/spot/order/batch_new", {"symbol": "btc_usdt", "list": BATCH}),
    Sample("dfx", "POST", "/v3/spot/order/cancel", {"order_id": "0" * 32 + ",a,b"}),
    Sample("dfx", "POST", "/v3/transfer", {
        "currency_mark": "USDT", "num": "10", "from": "1", "to": "2",
    }),
    Sample("dfx", "POST", "/v3/margin/position/close", {"symbol": "btc_usdt"}),
    Sample("dfx", "POST", "/v3/withdraw/new", {
        "currency": "btc", "address": "sandbox-dfx-someone-btc", "amount": "0.01", "chain": "",
        "memo": "",
    }),
    Sample("dfx", "POST", "/v3/withdraw/cancel", {"withdraw_id": "1172"}),
]  # fmt: skip


Sign = Callable[[str, WireRequest], dict[str, str]]


def straight(sample: Sample, sign: Sign) -> WireRequest:
    """The request as it should be."""
    in_query = sample.method in ("GET", "DELETE")
    as_json = sample.exchange == "dgt"
    body = json.dumps(dict(sample.fields)) if as_json else _form(sample.fields)
    query, body = (_form(sample.fields), "") if in_query else ("", body)
    request = WireRequest(sample.method, sample.path, query, {}, body.encode())
    return request._replace(headers=sign(sample.exchange, request))


class Bender:
    """Makes requests of one seed; `sign` puts the headers on, for the exchange named."""

    def __init__(self, seed: int, sign: Sign) -> None:
        self._random = random.Random(seed)
        self._sign = sign

    def request(self) -> WireRequest:
        """A sample, bent in none to three places, and mostly signed as it then is."""
        draw = self._random
        sample = draw.choice(SAMPLES)
        fields: dict[str, object] = dict(sample.fields)
        method, path = sample.method, sample.path
        for _ in range(draw.choice((0, 1, 1, 2, 3))):
            bend = draw.randrange(8)
            if bend < 4 and fields:
                name = draw.choice(list(fields))
                fields[name] = draw.choice(NASTY if draw.random() < 0.8 else VALUES)
            elif bend == 4 and fields:
                del fields[draw.choice(list(fields))]
            elif bend == 5:
                fields[draw.choice(NASTY)] = draw.choice(NASTY)
            elif bend == 6:
                method = draw.choice(METHODS)
            else:
                path = path.rstrip("/") + draw.choice(TAILS)
        body = self._body(sample, fields)
        query = ""
        if sample.method in ("GET", "DELETE") or draw.random() < 0.1:
            query, body = _form(fields), draw.choice((b"", b"", b"", body))
        elif draw.random() < 0.1:
            query = draw.choice(("a=1", "symbol=btc_usdt", "%", "a=1&a=1", "amount=1"))
        path, _, tail = path.partition("?")
        return self._headers(sample.exchange, method, path, tail or query, self._broken(body))

    def _body(self, sample: Sample, fields: dict[str, object]) -> bytes:
        as_json = (sample.exchange == "dgt") != (self._random.random() < 0.1)
        return json.dumps(fields).encode() if as_json else _form(fields).encode()

    def _broken(self, body: bytes) -> bytes:
        draw = self._random
        if draw.random() > 0.15:
            return body
        place = draw.randrange(len(body) + 1)
        return draw.choice((
            body[:place],
            body[:place] + bytes([draw.randrange(256)]) + body[place:],
            b"[" * 10_000,
            b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
            b'{"amount": 1' + b"0" * 5000 + b', "pair": "BTCPLN"}',
            b'{"amount": NaN}',
            body.decode().encode("utf-16"),
            b"\xef\xbb\xbf" + body,
            body + body,
            b"\x00" * 50,
        ))  # fmt: skip

    def _headers(
        self, exchange: str, method: str, path: str, query: str, body: bytes
    ) -> WireRequest:
        draw = self._random
        request = WireRequest(method, path, query, {}, body)
        headers = dict(self._sign(exchange, request)) if draw.random() < 0.92 else {}
        if draw.random() < 0.3:
            headers["content-type"] = draw.choice(TYPES)
        if headers and draw.random() < 0.1:
            name = draw.choice(list(headers))
            headers[name] = draw.choice((*NASTY, "\ud800", "-5"))
        if headers and draw.random() < 0.05:
            del headers[draw.choice(list(headers))]
        return request._replace(headers=headers)


def _form(fields: Mapping[str, object]) -> str:
    return "&".join(
        f"{quote_plus(str(name), errors='replace')}={quote_plus(str(value), errors='replace')}"
        for name, value in fields.items()
    )
