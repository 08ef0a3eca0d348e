"""Signatures, against DigiFinex's worked example and a computation of its own for Dgtmarket."""

from __future__ import annotations

import hashlib
import hmac
import pickle

import pytest

from exchcli.core.credentials import Credentials, Secret
from exchcli.exchanges.dgtmarket import Dgtmarket
from exchcli.exchanges.digifinex import DigiFinex

FAKE = Credentials("0123456789abcd", Secret("01234567890123456789abcd"), "a test")


def test_digifinex_signs_its_own_worked_example() -> None:
    body = b"symbol=trx_usdt&price=0.01&amount=1&type=buy"
    assert DigiFinex().sign(FAKE, 1589872188, "POST", "/v3/spot/order/new", body) == {
        "ACCESS-KEY": "0123456789abcd",
        "ACCESS-TIMESTAMP": "1589872188",
        "ACCESS-SIGN": "7e2d0636cab21fd41c828b8c6ce8f77e643febecdeaeab0771c01dc4d7dbef38",
    }


@pytest.mark.parametrize(
    ("target", "body", "signed"),
    [
        ("/v3/spot/assets", b"", b""),
        ("/v3/spot/order?order_id=a%2Cb", b"", b"order_id=a%2Cb"),
        ("/v3/x?a=1&b=2", b"c=3", b"a=1&b=2&c=3"),
    ],
)
def test_digifinex_signs_query_and_body_as_they_are_sent(
    target: str, body: bytes, signed: bytes
) -> None:
    expected = hmac.digest(b"01234567890123456789abcd", signed, "sha256").hex()
    assert DigiFinex().sign(FAKE, 1, "GET", target, body)["ACCESS-SIGN"] == expected


def test_dgtmarket_signs_timestamp_method_path_with_query_and_body() -> None:
    target = "/api/private/offers/?offer_status=REALIZED_CLOSED&limit=3"
    message = b"1469386936GET" + target.encode()
    key = b"01234567890123456789abcd"
    block = key.ljust(64, b"\0")  # RFC 2104, written out
    inner = hashlib.sha256(bytes(b ^ 0x36 for b in block) + message).digest()
    expected = hashlib.sha256(bytes(b ^ 0x5C for b in block) + inner).hexdigest()
    assert Dgtmarket().sign(FAKE, 1469386936, "GET", target, b"") == {
        "ACCESS-KEY": "0123456789abcd",
        "ACCESS-TIMESTAMP": "1469386936",
        "ACCESS-SIGN": expected,
    }


def test_a_secret_shows_itself_nowhere() -> None:
    secret = Secret("fake-canary-secret")
    for shown in (repr(secret), str(secret), f"{secret}", f"{FAKE}", repr([secret]), repr(FAKE)):
        assert "canary" not in shown
        assert "01234567890123456789abcd" not in shown
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    assert secret == Secret("fake-canary-secret")
    assert secret != Secret("another")
    assert secret != "fake-canary-secret"
