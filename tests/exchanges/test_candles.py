"""Candles of any stretch: split into calls, joined, and never more or fewer than asked for."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from driving import drive
from hypothesis import given
from hypothesis import strategies as st

from exchcli.core.reply import parse
from exchcli.errors import UsageError
from exchcli.exchanges.digifinex import DigiFinex
from exchcli.records import Candle

NOW = datetime(2020, 5, 19, tzinfo=UTC)


@pytest.fixture
def dfx() -> DigiFinex:
    return DigiFinex()


BEGIN = datetime(2020, 5, 1, tzinfo=UTC)


def exchange_of_minutes(asked: str, began: datetime) -> dict[str, Any]:
    """What an exchange with a candle for every minute answers to one kline request."""
    start = int(asked.partition("start_time=")[2].split("&")[0])
    end = int(asked.partition("end_time=")[2])
    assert start < end, "an exchange refuses this with 20022"
    first = max(-(-start // 60) * 60, int(began.timestamp()))
    rows = [[second, 1, 4, 5, 2, 3] for second in range(first, end + 1, 60)]
    assert len(rows) <= 500, "more than one call gives"
    return {"code": 0, "data": rows[:500]}


def fetch(
    flow: Any, began: datetime = datetime(2019, 1, 1, tzinfo=UTC)
) -> tuple[list[Candle], int]:
    """Drives a flow of candles against `exchange_of_minutes`; the candles, and the calls."""
    calls = 0
    replies: Any = None
    try:
        while True:
            wanted = flow.send(replies)
            calls += len(wanted)
            replies = [
                parse(json.dumps(exchange_of_minutes(r.query, began)).encode()) for r in wanted
            ]
    except StopIteration as done:
        return done.value, calls


@given(minutes=st.integers(0, 3000), offset=st.integers(0, 59))
def test_a_long_stretch_is_split_and_joined_without_a_gap_or_a_double_row(
    minutes: int, offset: int
) -> None:
    start = BEGIN + timedelta(seconds=offset)
    end = start + timedelta(minutes=minutes)
    candles, _ = fetch(DigiFinex().candles("BTC_USDT", "1m", NOW, start, end))
    times = [candle.time for candle in candles]
    first = BEGIN if offset == 0 else BEGIN + timedelta(minutes=1)
    count = minutes + 1 if offset == 0 else minutes
    assert times == [first + timedelta(minutes=n) for n in range(count)]


@given(minutes=st.integers(0, 30), limit=st.integers(1, 1200))
def test_a_market_that_began_after_start_still_gives_its_first_candles(
    minutes: int, limit: int
) -> None:
    now = BEGIN + timedelta(days=2)
    began = BEGIN + timedelta(minutes=997 + minutes)
    flow = DigiFinex().candles("BTC_USDT", "1m", now, BEGIN, None, limit)
    candles, _ = fetch(flow, began)
    assert [c.time for c in candles] == [began + timedelta(minutes=n) for n in range(limit)]


@pytest.mark.parametrize("limit", [1, 2, 200, 201, 498, 499, 500, 997, 998, 999, 1497])
def test_an_end_in_the_future_is_now(limit: int) -> None:
    now = BEGIN + timedelta(days=9)
    for end in (None, now, now + timedelta(days=365)):
        flow = DigiFinex().candles("BTC_USDT", "1m", now, None, end, limit)
        if limit <= 200 and end is None:
            continue  # the exchange itself is asked for the newest
        candles, _ = fetch(flow)
        assert len(candles) == limit
        assert candles[-1].time == now


def test_without_a_limit_the_last_are_200_also_on_the_edge_of_a_period() -> None:
    candles, _ = fetch(DigiFinex().candles("BTC_USDT", "1m", NOW, None, BEGIN))
    assert len(candles) == 200


@given(limit=st.integers(1, 1500))
def test_a_limit_takes_the_first_candles_after_start_and_else_the_last_before_end(
    limit: int,
) -> None:
    start, end = BEGIN, BEGIN + timedelta(days=3)
    first, _ = fetch(DigiFinex().candles("BTC_USDT", "1m", NOW, start, end, limit))
    assert [c.time for c in first] == [start + timedelta(minutes=n) for n in range(limit)]
    last, _ = fetch(DigiFinex().candles("BTC_USDT", "1m", NOW, None, end, limit))
    assert len(last) == limit
    assert last[-1].time == end


def test_a_start_in_the_future_is_refused_before_anything_is_sent(dfx: DigiFinex) -> None:
    with pytest.raises(UsageError, match="--start is in the future"):
        drive(dfx.candles("BTC_USDT", "1m", NOW, NOW + timedelta(days=1)))


def test_a_start_after_the_end_is_refused_before_anything_is_sent(dfx: DigiFinex) -> None:
    with pytest.raises(UsageError, match="--start is later"):
        drive(dfx.candles("BTC_USDT", "1m", NOW, BEGIN, BEGIN - timedelta(days=1)))


def test_a_stretch_that_would_take_too_many_calls_is_refused(dfx: DigiFinex) -> None:
    with pytest.raises(UsageError, match="more than 249500 candles"):
        drive(dfx.candles("BTC_USDT", "1m", BEGIN + timedelta(days=365), BEGIN))
    with pytest.raises(UsageError, match="--limit 0"):
        drive(dfx.candles("BTC_USDT", "1m", NOW, limit=0))
