"""Times from the command line and back: what is taken, what is refused, and what that says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchcli.errors import UsageError
from exchcli.times import EARLIEST, from_epoch, iso, typed_time

NOW = datetime(2020, 5, 19, 12, 0, 0, tzinfo=UTC)
DOCUMENTED = datetime(2020, 5, 19, 7, 44, 54, tzinfo=UTC)

sensible_times = st.timedeltas(timedelta(), timedelta(days=30 * 365)).map(EARLIEST.__add__)


@pytest.mark.parametrize(
    "text",
    [
        "1589874294",
        "2020-05-19T07:44:54Z",
        "2020-05-19T07:44:54",
        "2020-05-19 07:44:54",
        "2020-05-19t07:44:54z",
        "2020-05-19T09:44:54+02:00",
        "2020-05-19T09:44:54+0200",
        "2020-05-19T00:44:54.000-07:00",
    ],
)
def test_one_moment_can_be_typed_in_many_ways(text: str) -> None:
    assert typed_time(text, NOW) == DOCUMENTED


def test_a_date_is_its_first_moment_in_utc() -> None:
    assert typed_time("2020-05-19", NOW) == datetime(2020, 5, 19, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "ago"),
    [
        ("90s", timedelta(seconds=90)),
        ("15m", timedelta(minutes=15)),
        ("2h", timedelta(hours=2)),
        ("3d", timedelta(days=3)),
        ("1w", timedelta(weeks=1)),
        ("0s", timedelta()),
    ],
)
def test_ago_counts_back_from_now(text: str, ago: timedelta) -> None:
    assert typed_time(text, NOW) == NOW - ago


def test_a_typed_time_is_in_utc_wherever_now_is() -> None:
    somewhere = NOW.astimezone(timezone(timedelta(hours=-7)))
    assert typed_time("2h", somewhere).tzinfo is UTC
    assert typed_time("2020-05-19T09:44:54+02:00", somewhere).tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        *["", " ", "now", "NaN", "inf", "1e9", "-1589874294", "+1589874294", "1_589_874_294"],
        *["1589874294.5", " 1589874294", "1589874294\n", "１５８９８７４２９４", "١٥٨٩٨٧٤٢٩٤"],
        *["2 h", "-2h", "h", "2y", "2H", "1.5h", "２h", "1d2h"],
        *["2020-05", "2020-W21-2", "2020-140", "20200519T074454Z", "2020-5-19", "2020/05/19"],
        *["2020-05-19Z", "2020-05-19T", "2020-05-19T07", "2020-05-19T07:44:54 Z", "19-05-2020"],
        *["2020-05-19T07:44:54+2", "2020-05-19T07:44:54Europe/Berlin", "２０２０-05-19"],
    ],
)
def test_what_is_in_no_known_form_is_refused_and_the_forms_are_shown(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        typed_time(text, NOW)
    assert repr(text) in refused.value.message
    hint = refused.value.hint or ""
    assert "1589874294" in hint
    assert "2020-05-19T07:44:54Z" in hint
    assert "90s 15m 2h 3d 1w" in hint


@pytest.mark.parametrize(
    "text",
    [
        *["0000-01-01", "2020-02-30", "2020-13-01", "2020-05-19T24:30", "2020-05-19T23:59:60"],
        *["2020-05-19T00:00+25:00", "0001-01-01T00:00+10:00", "9999-12-31T23:59-10:00"],
        *["999999999999w", "9" * 20, "9" * 5000],
    ],
)
def test_a_time_that_does_not_exist_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not a time that exists"):
        typed_time(text, NOW)


@pytest.mark.parametrize(
    "text",
    ["0", "2020", "946684799", "1999-12-31", "0001-01-01", "1100w", "2031-01-01", "4102444800"],
)
def test_times_that_nobody_means_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="before 2000, or more than ten years ahead"):
        typed_time(text, NOW)


def test_the_first_moment_of_2000_is_taken() -> None:
    assert typed_time("946684800", NOW) == typed_time("2000-01-01", NOW) == EARLIEST


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("1589874294000", "milliseconds"),
        ("1589874294999", "milliseconds"),
        ("1589874294000000", "microseconds"),
        ("1589874294000000000", "nanoseconds"),
    ],
)
def test_finer_epochs_are_refused_with_the_right_seconds(text: str, unit: str) -> None:
    with pytest.raises(UsageError, match=f"looks like {unit}") as refused:
        typed_time(text, NOW)
    assert refused.value.hint == "Write 1589874294 for 2020-05-19T07:44:54Z."


def test_thirteen_digits_are_milliseconds_even_of_a_strange_year() -> None:
    with pytest.raises(UsageError, match="looks like milliseconds"):
        typed_time("9999999999999", NOW)


def test_a_date_without_hyphens_is_refused_with_the_right_date() -> None:
    with pytest.raises(UsageError, match="without hyphens") as refused:
        typed_time("20200519", NOW)
    assert refused.value.hint == "Write 2020-05-19."


def test_a_message_stays_one_short_line_whatever_was_typed() -> None:
    with pytest.raises(UsageError) as refused:
        typed_time("\x1b[2J\n" * 1000, NOW)
    assert refused.value.message.isprintable()
    assert len(refused.value.message) < 200


@given(sensible_times)
def test_what_iso_writes_typed_time_reads(moment: datetime) -> None:
    assert typed_time(iso(moment), NOW) == moment


@given(sensible_times, st.integers(-23 * 60, 23 * 60))
def test_a_moment_is_the_same_from_every_zone(moment: datetime, minutes: int) -> None:
    there = moment.astimezone(timezone(timedelta(minutes=minutes)))
    assert typed_time(there.isoformat(), NOW) == moment
    assert iso(there) == iso(moment)


@given(st.integers(946684800, 1893456000))
def test_epoch_seconds_round_trip(seconds: int) -> None:
    moment = typed_time(str(seconds), NOW)
    assert moment == from_epoch(seconds)
    assert typed_time(iso(moment), NOW) == moment


@given(st.text(max_size=30) | st.from_regex(r"[0-9TZ:+. wdhms-]{1,30}", fullmatch=True))
def test_any_text_is_a_sensible_time_or_a_usage_error(text: str) -> None:
    try:
        moment = typed_time(text, NOW)
    except UsageError:
        return
    assert moment.tzinfo is UTC
    assert EARLIEST <= moment <= NOW + timedelta(days=3653)


def test_iso_shows_microseconds_only_if_there_are_any() -> None:
    assert iso(DOCUMENTED) == "2020-05-19T07:44:54Z"
    assert iso(DOCUMENTED.replace(microsecond=1500)) == "2020-05-19T07:44:54.001500Z"


def test_iso_claims_no_zone_for_a_time_without_one() -> None:
    assert iso(DOCUMENTED.replace(tzinfo=None)) == "2020-05-19T07:44:54"


def test_from_epoch_covers_1970_to_9999() -> None:
    assert from_epoch(0) == datetime(1970, 1, 1, tzinfo=UTC)
    assert iso(from_epoch(253402300799)) == "9999-12-31T23:59:59Z"


@pytest.mark.parametrize("seconds", [-1, 253402300800, 1589874294000, 10**30])
def test_from_epoch_refuses_what_is_beyond(seconds: int) -> None:
    with pytest.raises(ValueError, match="not a time"):
        from_epoch(seconds)
