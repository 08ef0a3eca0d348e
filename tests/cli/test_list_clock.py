"""Lists by time, on a machine whose own clock is wrong."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from listing_dfx import LIST
from loopback import Loopback, by_path, loopback, reply, with_time
from running import Exch, Ran

KEY = {"EXCH_DFX_KEY": "a-key-for-tests", "EXCH_DFX_SECRET": "not-a-real-secret"}
WRONG = [timedelta(hours=-2), timedelta(days=4), timedelta(days=-300)]
NONE = reply('{"code": 0, "list": [], "data": {"finance": []}}')
ANSWERS = {
    "/spot/mytrades": NONE,
    "/spot/financelog": NONE,
    "/spot/symbols": LIST,
    "/kline": reply('{"code": 0, "data": []}'),
}


@pytest.fixture(params=WRONG, ids=str)
def wrong_clock(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine's wall clock is wrong for as long as the test runs."""
    off: timedelta = request.param

    class Wrong(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(tz) + off

    monkeypatch.setattr("exchcli.cli.session.datetime", Wrong)


@pytest.fixture
def server() -> Iterator[Loopback]:
    with loopback(with_time(by_path(ANSWERS))) as running:
        yield running


def dfx(exch: Exch, server: Loopback, *arguments: str) -> Ran:
    return exch("dfx", *arguments, EXCH_DFX_URL=server.url, **KEY)


def asked(server: Loopback) -> list[str]:
    return [head.split(b" ")[1].decode() for head in server.requests]


def starts(server: Loopback) -> list[int]:
    return [
        int(found[1]) for path in asked(server) if (found := re.search(r"start_time=(\d+)", path))
    ]


@pytest.mark.usefixtures("wrong_clock")
def test_a_list_is_of_the_exchanges_time_whatever_this_machine_takes_it_to_be(
    exch: Exch, server: Loopback
) -> None:
    now = time.time()
    for words in (
        ["fills"],
        ["fills", "--start", "3d"],
        ["account", "ledger", "usdt", "--start", "3d"],
    ):
        ran = dfx(exch, server, *words)
        assert (ran.code, ran.out, ran.err) == (0, "[]\n", "")
    assert len(starts(server)) >= 3
    assert all(abs(start - (now - 3 * 86400)) < 60 for start in starts(server))
    assert sum(path.startswith("/time") for path in asked(server)) == 1


@pytest.mark.usefixtures("wrong_clock")
def test_what_is_in_the_future_is_told_by_the_exchanges_time(exch: Exch, server: Loopback) -> None:
    ago, ahead = (datetime.fromtimestamp(time.time() + n, UTC).isoformat() for n in (-600, 600))
    assert dfx(exch, server, "fills", "--start", ago).code == 0
    ran = dfx(exch, server, "fills", "--start", ahead)
    assert ran.code == 2
    assert "--start is in the future" in ran.err


@pytest.mark.parametrize("option", [["--start", "yesterday"], ["--end", "x"], ["--limit", "many"]])
def test_what_cannot_be_read_is_refused_before_anything_is_asked(
    exch: Exch, server: Loopback, option: list[str]
) -> None:
    assert dfx(exch, server, "fills", *option).code == 2
    assert asked(server) == []


def test_a_public_command_asks_for_no_time(exch: Exch, server: Loopback) -> None:
    assert dfx(exch, server, "candles", "btcusdt", "--start", "3d").code == 0
    assert not any(path.startswith("/time") for path in asked(server))


@pytest.mark.usefixtures("wrong_clock")
def test_a_public_command_takes_the_time_that_another_one_was_told(
    exch: Exch, server: Loopback
) -> None:
    dfx(exch, server, "fills")
    before = len(server.requests)
    ran = dfx(exch, server, "candles", "btcusdt", "--start", "3d")
    assert ran.code == 0, ran.err
    assert not any(path.startswith("/time") for path in asked(server)[before:])
    candles = [path for path in asked(server)[before:] if path.startswith("/kline")]
    (start,) = re.findall(r"start_time=(\d+)", candles[0])
    assert abs(int(start) - (time.time() - 3 * 86400)) < 3700


def test_a_kept_time_that_is_none_is_not_used(exch: Exch, server: Loopback) -> None:
    dfx(exch, server, "fills")
    (file,) = (exch.home / "state" / "clock").iterdir()
    kept = json.loads(file.read_text())
    far = 10**30
    file.write_text(json.dumps({**kept, "lower": far, "upper": far}))
    ran = dfx(exch, server, "candles", "btcusdt", "--start", "3d")
    assert (ran.code, ran.err) == (0, "")
