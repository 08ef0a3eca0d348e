"""How often one may ask: counted exactly, in every window, over all processes."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchcli.errors import StateError
from exchcli.sandbox.exchange import Sandbox
from exchcli.sandbox.limits import SECOND, WINDOW, Limits
from exchcli.sandbox.wire import WireRequest

TICKER = "/api/public/ticker24/BTCPLN/"
WALLETS, ASSETS = "/api/private/wallets/", "/v3/spot/assets"


def test_the_61st_public_request_of_a_minute_is_429(ask):
    assert [ask.reply(TICKER).status for _ in range(61)] == [200] * 60 + [429]
    reply = ask.at(20).reply(TICKER)
    assert reply.status == 429
    assert reply.headers["retry-after"] == "40"
    assert list(json.loads(reply.body)) == ["detail"]


def test_after_the_time_that_it_said_there_is_room_again(ask):
    for _ in range(60):
        ask.reply(TICKER)
    wait = int(ask.at(7).reply(TICKER).headers["retry-after"])
    assert ask.at(7 + wait - 1).reply(TICKER).status == 429
    assert ask.at(7 + wait).reply(TICKER).status == 200


def test_what_was_refused_is_not_counted(ask):
    for second in range(60):
        for _ in range(3):
            ask.at(second).reply(TICKER)
    assert ask.at(60).reply(TICKER).status == 200


def test_a_clock_that_stands_still_does_not_keep_what_was_used(tmp_path):
    seconds = iter(range(200))
    sandbox = Sandbox(tmp_path, clock=lambda: 10**18, pace=lambda: next(seconds) * SECOND)
    request = WireRequest("GET", TICKER, "", {}, b"")
    assert {sandbox.handle(request).status for _ in range(150)} == {200}
    sandbox.close()


def test_the_window_slides(ask):
    """60 requests in the last half of one minute leave no room in the first half of the next."""
    for second in range(30, 60):
        assert [ask.at(second).reply(TICKER).status for _ in range(2)] == [200, 200]
    assert ask.at(61).reply(TICKER).status == 429
    assert [ask.at(90).reply(TICKER).status for _ in range(3)] == [200, 200, 429]


def test_every_path_of_the_public_half_counts_the_token_too(ask):
    targets = [TICKER, "/api/public/time/", "/api/public/token/", "/api/public/nothing/"]
    statuses = [ask.reply(targets[number % 4]).status for number in range(61)]
    assert 429 not in statuses[:60]
    assert statuses[60] == 429
    assert ask.reply("/api/public/token/", "POST", b"username=a&password=b").status == 429


def test_the_101st_private_request_of_an_account_is_429(ask, signed):
    one, two = signed("dgt"), signed("dgt", 1)
    assert [one.reply(WALLETS).status for _ in range(101)] == [200] * 100 + [429]
    assert one.reply(WALLETS).headers["retry-after"] == "60"
    assert two.reply(WALLETS).status == 200
    assert ask.reply(TICKER).status == 200


def test_a_new_token_does_not_begin_a_new_count(ask, signed):
    account = signed("dgt")
    assert [account.reply(WALLETS).status for _ in range(100)] == [200] * 100
    named = f"username={account.account.username}&password={account.account.password}"
    pair = ask("/api/public/token/", "POST", named.encode())
    account.account = account.account._replace(**pair)
    assert account.reply(WALLETS).status == 429
    account.asked.at(60)
    assert account.reply(WALLETS).status == 200


def test_bad_signatures_count_for_their_account(signed):
    account = signed("dgt")
    for _ in range(100):
        assert account.reply(WALLETS, access_sign="0" * 64).status == 401
    assert account.reply(WALLETS).status == 429


def test_unknown_keys_are_counted_together(signed):
    account = signed("dgt")
    statuses = [account.reply(WALLETS, access_key=f"demo-{n}").status for n in range(101)]
    assert statuses == [401] * 100 + [429]
    assert account.reply(WALLETS).status == 200


def test_the_1201st_weight_of_digifinex_is_10005(ask, signed):
    one, two = signed("dfx"), signed("dfx", 1)
    codes = [one(ASSETS)["code"] for _ in range(1201)]
    assert codes == [0] * 1200 + [10005]
    assert one.reply(ASSETS).status == 200
    assert two(ASSETS)["code"] == 0
    assert ask("/v3/time")["code"] == 0
    codes = [one.asked.at(second) and one(ASSETS)["code"] for second in (60, 119, 120)]
    assert codes == [10005, 10005, 0]


def test_requests_without_a_key_have_a_budget_of_their_own(ask, signed):
    codes = [ask("/v3/time")["code"] for _ in range(1201)]
    assert codes == [0] * 1200 + [10005]
    assert signed("dfx")(ASSETS, access_key=None)["code"] == 10005
    assert signed("dfx")(ASSETS)["code"] == 0
    assert ask(TICKER)["last"]


@pytest.mark.parametrize(
    ("target", "method", "code"),
    [("/v3/nothing", "GET", 10009), ("/v3/spot/assets", "POST", 10001)],
)
def test_what_no_endpoint_answers_counts_as_a_public_request(ask, signed, target, method, code):
    codes = [ask(target, method)["code"] for _ in range(1201)]
    assert codes == [code] * 1200 + [10005]
    assert ask("/v3/time")["code"] == 10005
    assert signed("dfx")(ASSETS)["code"] == 0


def test_a_clock_that_was_set_back_locks_nobody_out(ask):
    ask.at(10**6)
    for _ in range(60):
        ask.reply(TICKER)
    assert ask.reply(TICKER).status == 429
    assert ask.at(0).reply(TICKER).status == 200


def test_a_reset_forgets_the_counts(ask, open_sandbox):
    from exchcli.sandbox.recording import reset

    for _ in range(61):
        ask.reply(TICKER)
    ask.sandbox.close()
    reset(ask.folder)
    assert not list(ask.folder.iterdir())
    assert open_sandbox().reply(TICKER).status == 200


def test_separate_processes_share_one_count(tmp_path):
    code = (
        "import pathlib, sys\n"
        "from exchcli.sandbox.exchange import Sandbox\n"
        "from exchcli.sandbox.wire import WireRequest\n"
        "request = WireRequest('GET', '/api/public/time/', '', {}, b'')\n"
        "for _ in range(30):\n"
        "    sandbox = Sandbox(pathlib.Path(sys.argv[1]), clock=lambda: 1772600807 * 10**9)\n"
        "    print(sandbox.handle(request).status)\n"
        "    sandbox.close()\n"
    )
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    answers = [each.communicate() for each in running]
    assert [errors for _, errors in answers] == [""] * 3
    statuses = "".join(output for output, _ in answers).split()
    assert (statuses.count("200"), statuses.count("429")) == (60, 30)


def test_counts_that_cannot_be_kept_are_told_in_words(ask):
    ask.sandbox.limits._path.write_bytes(b"this is not a database, but long enough" * 40)
    with pytest.raises(StateError) as caught:
        ask.reply(TICKER)
    assert "limits" in caught.value.message
    assert "sandbox reset" in caught.value.hint


GAPS = st.lists(
    st.one_of(st.just(0), st.integers(1, 10**9), st.integers(1, 90 * 10**9)), max_size=60
)


@settings(max_examples=40, deadline=None)
@given(gaps=GAPS, most=st.integers(1, 8))
def test_no_window_ever_holds_more_than_the_limit_nor_refuses_one_that_fits(
    tmp_path_factory, gaps, most
):
    limits = Limits(tmp_path_factory.mktemp("limits") / "limits")
    taken = []
    for now in accumulate(gaps, initial=10**18):
        inside = [time for time in taken if time > now - WINDOW]
        wait = limits.wait("here", most, now)
        assert (wait == 0) == (len(inside) < most)
        if not wait:
            taken.append(now)
            continue
        # The seconds are whole ones, rounded up, and not one too many.
        free = inside[len(inside) - most] + WINDOW
        assert (wait - 1) * SECOND < free - now <= wait * SECOND
    limits.close()
    for first in taken:
        assert sum(first <= time < first + WINDOW for time in taken) <= most


@settings(max_examples=30, deadline=None)
@given(weights=st.lists(st.integers(1, 5), max_size=40), most=st.integers(5, 20))
def test_weights_add_up(tmp_path_factory, weights, most):
    limits = Limits(tmp_path_factory.mktemp("limits") / "limits")
    used = 0
    for weight in weights:
        fits = used + weight <= most
        assert (limits.wait("here", most, 10**18, weight) == 0) == fits
        used += weight if fits else 0
    limits.close()
