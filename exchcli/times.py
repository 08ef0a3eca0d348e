"""Points in time, in and out: aware and in UTC inside, text at both ends."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from exchcli.errors import UsageError

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_SECOND = 253402300799  # of the year 9999, where datetime ends
_AHEAD = timedelta(days=3653)

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DIGITS = re.compile(r"[0-9]+")
_AGO = re.compile(r"([0-9]{1,12})([smhdw])")
_ISO = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[Tt ]([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)([Zz]|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_FORMS = (
    "Write epoch seconds (1589874294), ISO 8601 (2020-05-19T07:44:54Z) or ago (90s 15m 2h 3d 1w)."
)


def typed_time(text: str, now: datetime) -> datetime:
    """A time from the command line, aware and in UTC. `now` is aware, and what ago counts from.

    Takes epoch seconds, an ISO 8601 date or date-time (UTC unless it names a zone), or ago:
    `90s 15m 2h 3d 1w`. Raises UsageError for all else, and for times before 2000 or more than
    ten years ahead, which nobody means.
    """
    if _DIGITS.fullmatch(text):
        moment = _from_digits(text, now)
    elif ago := _AGO.fullmatch(text):
        moment = _from_ago(int(ago[1]) * _SECONDS[ago[2]], now)
    elif found := _ISO.fullmatch(text):
        moment = _from_iso(*found.groups(default=""))
    else:
        raise UsageError(f"{_shown(text)} is not a time that exch can read.", _FORMS)
    if moment is None:
        raise UsageError(f"{_shown(text)} is not a time that exists.", _FORMS)
    if not _sensible(moment, now):
        raise UsageError(
            f"{_shown(text)} is {iso(moment)}: before 2000, or more than ten years ahead.", _FORMS
        )
    return moment


def iso(moment: datetime) -> str:
    """ISO 8601: `2020-05-19T07:44:54Z` for an aware time, without the `Z` for a naive one.

    Microseconds are shown only if there are any.
    """
    if moment.tzinfo is None:
        return moment.isoformat()
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def from_epoch(seconds: int) -> datetime:
    """The aware UTC time of whole epoch seconds. Raises ValueError before 1970 and after 9999."""
    if not 0 <= seconds <= _LAST_SECOND:
        raise ValueError("not a time in epoch seconds")
    return _EPOCH + timedelta(seconds=seconds)


def _from_digits(text: str, now: datetime) -> datetime | None:
    if _looks_like_date(text):
        date = f"{text[:4]}-{text[4:6]}-{text[6:]}"
        raise UsageError(f"{_shown(text)} looks like a date without hyphens.", f"Write {date}.")
    number = int(text) if len(text) <= 20 else 10**20
    for factor, unit in ((10**3, "milliseconds"), (10**6, "microseconds"), (10**9, "nanoseconds")):
        seconds = number // factor
        if 10**12 <= number < 10**13 or _is_sensible(seconds, now):
            raise UsageError(
                f"{_shown(text)} looks like {unit}; times are in epoch seconds.",
                f"Write {seconds} for {iso(from_epoch(seconds))}.",
            )
    return from_epoch(number) if number <= _LAST_SECOND else None


def _looks_like_date(text: str) -> bool:
    # As epoch seconds, eight digits end in March 1973: nothing that is allowed is lost here.
    return len(text) == 8 and "2000" <= text[:4] < "2100" and "01" <= text[4:6] <= "12"


def _from_ago(seconds: int, now: datetime) -> datetime | None:
    try:
        return now.astimezone(UTC) - timedelta(seconds=seconds)
    except OverflowError:
        return None


def _from_iso(date: str, clock: str, zone: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(f"{date}T{clock or '00:00'}{zone.upper() or 'Z'}")
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _is_sensible(seconds: int, now: datetime) -> bool:
    return seconds <= _LAST_SECOND and _sensible(from_epoch(seconds), now)


def _sensible(moment: datetime, now: datetime) -> bool:
    return EARLIEST <= moment <= now + _AHEAD


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:40] + "…")
