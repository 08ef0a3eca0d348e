"""Who may in: keys, signatures over the bytes received, and the edges of the time windows."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest

from exchcli.sandbox.exchange import Sandbox
from exchcli.sandbox.wire import WireRequest

WALLETS, ASSETS = "/api/private/wallets/", "/v3/spot/assets"
NANO = 1_000_000_000


def flipped(sign):
    return ("1" if sign[0] == "0" else "0") + sign[1:]


# --- DigiFinex --------------------------------------------------------------------------------

# The document's worked example: this secret, over these bytes, in this order.
EXAMPLE_SECRET = "01234567890123456789abcd"
EXAMPLE = "symbol=trx_usdt&price=0.01&amount=1&type=buy"
EXAMPLE_SIGN = "7e2d0636cab21fd41c828b8c6ce8f77e643febecdeaeab0771c01dc4d7dbef38"


@pytest.fixture
def example(signed):
    """A request that carries the document's example, in the query or in the body."""
    account = signed("dfx")
    with account.sandbox.store.writing() as db:
        db.execute(
            "UPDATE keys SET secret = ? WHERE key = ?", (EXAMPLE_SECRET, account.account.key)
        )

    def code(query="", body=b"", sign=EXAMPLE_SIGN, content_type=None):
        target = f"/v3/spot/order/current?{query}" if query else "/v3/spot/order/current"
        return account(target, body=body, access_sign=sign, content_type=content_type)["code"]

    return code


def test_the_documents_example_is_a_good_signature_in_the_query(example):
    assert example(query=EXAMPLE) == 0


@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded", None, "application/octet-stream"]
)
def test_the_documents_example_is_a_good_signature_in_the_body(example, content_type):
    assert example(body=EXAMPLE.encode(), content_type=content_type) == 0


def test_hex_case_does_not_matter(example):
    assert example(query=EXAMPLE, sign=EXAMPLE_SIGN.upper()) == 0


@pytest.mark.parametrize(
    "query",
    [
        "amount=1&price=0.01&symbol=trx_usdt&type=buy",
        EXAMPLE + "&",
        EXAMPLE.replace("_", "%5F"),
        EXAMPLE.upper(),
        "",
    ],
)
def test_the_same_parameters_in_other_bytes_are_another_signature(example, query):
    assert example(query=query) == 10003


def test_query_and_body_are_signed_together_in_this_order(dfx):
    path = "/v3/spot/order/current?symbol=btc_usdt"
    assert dfx(path, body=b"market=spot")["code"] == 0
    signed_alone = dfx.reply(path)
    assert json.loads(signed_alone.body)["code"] == 0


def test_the_query_goes_before_the_body(dfx):
    rows = dfx("/v3/spot/order/current?symbol=eth_usdt", body=b"symbol=btc_usdt")["data"]
    assert {row["symbol"] for row in rows} == {"ETH_USDT"}


def test_nothing_to_sign_is_the_hmac_of_nothing(dfx):
    assert dfx(ASSETS)["code"] == 0
    assert dfx(ASSETS, access_sign="")["code"] == 10003


@pytest.mark.parametrize("sign", ["", "0" * 64, "g" * 64, "é", "7e2d", "7e" * 5000, None])
def test_another_signature_is_10003(dfx, sign):
    assert dfx(ASSETS, access_sign=sign)["code"] == 10003


@pytest.mark.parametrize(("key", "code"), [(None, 10009), ("", 10009), ("demo-none", 10002)])
def test_a_key_is_needed_and_known(dfx, key, code):
    assert dfx(ASSETS, access_key=key)["code"] == code


def test_a_key_of_the_other_exchange_is_unknown(dfx, dgt):
    assert dfx(ASSETS, access_key=dgt.account.key)["code"] == 10002
    assert dgt.reply(WALLETS, access_key=dfx.account.key).status == 401


def test_a_secret_of_another_account_signs_nothing(dfx, other_dfx):
    assert dfx(ASSETS, access_key=other_dfx.account.key)["code"] == 10003


@pytest.mark.parametrize(
    ("state", "code"),
    [("revoked", 10002), ("expired", 10011), ("no_permission", 10006), ("ip_not_allowed", 10007)],
)
def test_a_key_can_be_out_of_use_at_digifinex(signed, state, code):
    account = signed("dfx")
    account.sandbox.mark_key(account.account.key, state)
    assert account(ASSETS)["code"] == code


class Clock:
    """A sandbox whose clock moves in nanoseconds around a second."""

    def __init__(self, folder, second, **options):
        self.time = second * NANO
        self.second = second
        self.sandbox = Sandbox(folder, clock=lambda: self.time, **options)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    clock = Clock(tmp_path_factory.mktemp("clock") / "sandbox", 1772600807)
    yield clock
    clock.sandbox.close()


@pytest.fixture
def clock(made):
    made.time = made.second * NANO
    return made


def asked(clock, exchange, target, **headers):
    """A request signed for the clock's own second, at whatever time it is now."""
    account = clock.sandbox.accounts(exchange)[0]
    timestamp = str(clock.second)
    message = f"{timestamp}GET{target}" if exchange == "dgt" else ""
    sent = {
        "access-key": account.key,
        "access-timestamp": timestamp,
        "access-sign": hmac.new(
            account.secret.encode(), message.encode(), hashlib.sha256
        ).hexdigest(),
        **headers,
    }
    return clock.sandbox.handle(WireRequest("GET", target, "", sent, b""))


@pytest.mark.parametrize(
    ("late", "code"),
    [
        (0, 0),
        (5 * NANO, 0),
        (5 * NANO + 1, 10008),
        (60 * NANO, 10008),
        (-NANO, 0),
        (-NANO - 1, 10008),
    ],
)
def test_digifinex_takes_5_seconds_late_and_1_early(clock, late, code):
    clock.time += late
    assert json.loads(asked(clock, "dfx", ASSETS).body)["code"] == code


@pytest.mark.parametrize(
    ("window", "late", "code"),
    [
        ("30", 30 * NANO, 0),
        ("30", 30 * NANO + 1, 10008),
        ("2", 3 * NANO, 10008),
        ("8000", 8 * NANO, 0),
        ("8000", 8 * NANO + 1, 10008),
        ("1500", 2 * NANO, 10008),
        ("1000", 60 * NANO, 0),
        ("1000", 60 * NANO + 1, 10008),
        ("90000", 60 * NANO, 0),
        ("90000", 60 * NANO + 1, 10008),
        ("30", -NANO - 1, 10008),
        ("soon", 0, 10004),
        ("-5", 0, 10004),
        ("", 0, 10004),
    ],
)
def test_a_receive_window_is_in_seconds_or_above_1000_in_milliseconds(clock, window, late, code):
    clock.time += late
    reply = asked(clock, "dfx", ASSETS, **{"access-recv-window": window})
    assert json.loads(reply.body)["code"] == code


@pytest.mark.parametrize("timestamp", ["", "now", "1772600807.0", "-1", "٣", "9" * 40, None])
def test_a_timestamp_is_a_number_of_seconds(dfx, dgt, timestamp):
    assert dfx(ASSETS, access_timestamp=timestamp)["code"] == 10008
    assert dgt.reply(WALLETS, access_timestamp=timestamp).status == 401


def test_milliseconds_are_far_ahead(dfx):
    assert dfx(ASSETS, access_timestamp=str(dfx.asked.now * 1000))["code"] == 10008


# --- Dgtmarket --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("late", "status"),
    [
        (0, 200),
        (30 * NANO, 200),
        (30 * NANO + 1, 401),
        (-30 * NANO, 200),
        (-30 * NANO - 1, 401),
        (3600 * NANO, 401),
    ],
)
def test_dgtmarket_takes_30_seconds_either_way(clock, late, status):
    clock.time += late
    reply = asked(clock, "dgt", WALLETS)
    assert reply.status == status
    if status == 401:
        assert list(json.loads(reply.body)) == ["detail"]


@pytest.mark.parametrize("sign", ["", "0" * 64, "é", "7e2d", None])
def test_another_signature_is_401(dgt, sign):
    assert dgt.reply(WALLETS, access_sign=sign).status == 401


@pytest.mark.parametrize("key", [None, "", "demo-none"])
def test_a_key_is_needed_and_known_at_dgtmarket(dgt, key):
    assert dgt.reply(WALLETS, access_key=key).status == 401


def test_every_byte_is_signed(dgt):
    """The signature of one request is none of another: path, query, method, time, body."""
    now = str(dgt.asked.now)

    def sign(message):
        return hmac.new(dgt.account.secret.encode(), message.encode(), hashlib.sha256).hexdigest()

    target = "/api/private/offers/?limit=3&pair=BTCPLN"
    right = sign(f"{now}GET{target}")
    assert dgt.reply(target, access_sign=right).status == 200
    assert dgt.reply(target, access_sign=right.upper()).status == 200
    for other in (
        "/api/private/offers/?limit=4&pair=BTCPLN",
        "/api/private/offers/?pair=BTCPLN&limit=3",
        "/api/private/offers/?limit=3&pair=%42TCPLN",
        "/api/private/offers?limit=3&pair=BTCPLN",
        "/api/private/transactions/?limit=3&pair=BTCPLN",
    ):
        assert dgt.reply(other, access_sign=right).status == 401
    assert dgt.reply(target, method="POST", access_sign=right).status == 401
    assert dgt.reply(target, body=b"{}", access_sign=right).status == 401
    assert dgt.reply(target, access_sign=flipped(right)).status == 401
    later = str(dgt.asked.now + 1)
    assert dgt.reply(target, access_timestamp=later, access_sign=right).status == 401
    # The base URL ends in /api, so the path that is signed begins with it.
    assert dgt.reply(target, access_sign=sign(f"{now}GET{target[4:]}")).status == 401


@pytest.mark.parametrize(
    ("state", "status"),
    [("revoked", 401), ("expired", 401), ("no_permission", 403), ("ip_not_allowed", 403)],
)
def test_a_key_can_be_out_of_use_at_dgtmarket(signed, state, status):
    account = signed("dgt")
    account.sandbox.mark_key(account.account.key, state)
    reply = account.reply(WALLETS)
    assert reply.status == status
    assert list(json.loads(reply.body)) == ["detail"]


@pytest.mark.parametrize("state", ["no_permission", "ip_not_allowed"])
def test_who_cannot_sign_does_not_learn_what_the_key_lacks(signed, state):
    account = signed("dgt")
    account.sandbox.mark_key(account.account.key, state)
    assert account.reply(WALLETS, access_sign="0" * 64).status == 401


# --- another window ---------------------------------------------------------------------------


@pytest.mark.parametrize(("late", "taken"), [(2 * NANO, True), (2 * NANO + 1, False)])
def test_a_sandbox_may_have_another_window_for_both_exchanges(tmp_path, late, taken):
    clock = Clock(tmp_path, 1772600807, window=2)
    try:
        clock.time += late
        assert asked(clock, "dgt", WALLETS).status == (200 if taken else 401)
        assert json.loads(asked(clock, "dfx", ASSETS).body)["code"] == (0 if taken else 10008)
        given = asked(clock, "dfx", ASSETS, **{"access-recv-window": "30"})
        assert json.loads(given.body)["code"] == 0
    finally:
        clock.sandbox.close()
