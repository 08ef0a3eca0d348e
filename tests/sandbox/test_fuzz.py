"""Thousands of requests that are nearly right: none breaks the sandbox, and no money is lost."""

from __future__ import annotations

import hmac
import json
from decimal import Decimal

import pytest
from dfx_codes import TABLE
from fuzzing import SAMPLES, Bender, straight

SEEDS, REQUESTS = range(20), 500


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory):
    from exchcli.sandbox.exchange import Sandbox

    second = 1772600807
    sandbox = Sandbox(
        tmp_path_factory.mktemp("fuzz") / "sandbox",
        clock=lambda: second * 1_000_000_000 + 5,
        limited=False,
    )
    accounts = {exchange: sandbox.accounts(exchange)[1] for exchange in ("dgt", "dfx")}

    def sign(exchange, request):
        account = accounts[exchange]
        # In this process a query may hold what no wire carries.
        query = request.query.encode("utf-8", "surrogatepass")
        path = request.path.encode("utf-8", "surrogatepass")
        if exchange == "dgt":
            method = request.method.upper().encode("utf-8", "surrogatepass")
            target = path + b"?" + query if query else path
            message = str(second).encode() + method + target + request.body
        else:
            message = b"&".join(part for part in (query, request.body) if part)
        digest = hmac.new(account.secret.encode(), message, "sha256").hexdigest()
        return {
            "access-key": account.key,
            "access-timestamp": str(second),
            "access-sign": digest,
            "host": "127.0.0.1",
        }

    sandbox.sign = sign
    yield sandbox
    sandbox.close()


def answer_of(sandbox, request):
    """The status and the JSON of a reply, which has to be of the kind that clients expect."""
    reply = sandbox.handle(request)
    assert reply.status < 500, request
    if reply.status == 204:
        assert reply.body == b""
        return 204, None
    answer = json.loads(reply.body)
    if request.path.startswith("/v3/"):
        assert reply.status == 200, request
        assert answer["code"] in TABLE | {200}, request
    else:
        assert reply.status in (200, 201, 400, 401, 404, 405, 409, 415), request
    return reply.status, answer


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample.method} {sample.path}")
def test_what_is_bent_is_right_before(fuzzed, sample):
    """Otherwise the requests below would not get far: all are understood, most are done."""
    status, answer = answer_of(fuzzed, straight(sample, fuzzed.sign))
    if sample.exchange == "dfx":
        assert answer["code"] in (0, 200, 20013, 20015, 20030, 20033, 20039)
    else:
        assert status in (200, 201, 204) or "token" in sample.path or "17167" in sample.path


@pytest.mark.parametrize("seed", SEEDS)
def test_no_request_breaks_the_sandbox(fuzzed, seed):
    bender = Bender(seed, fuzzed.sign)
    seen = [answer_of(fuzzed, bender.request())[0] for _ in range(REQUESTS)]
    assert {200, 201, 400, 401, 404, 405} <= set(seen)


def test_afterwards_no_money_is_lost_and_everything_answers(fuzzed):
    """Runs after those above, and by itself."""
    sums = {}
    rows = fuzzed.store.select("SELECT account, wallet, currency, total, held FROM balances")
    for account, _, currency, total, held in rows:
        sums[currency] = sums.get(currency, Decimal(0)) + Decimal(total)
        if account not in (100, 200):
            assert 0 <= Decimal(held) <= Decimal(total)
    assert set(sums.values()) == {Decimal(0)}
    for sample in SAMPLES:
        answer_of(fuzzed, straight(sample, fuzzed.sign))
