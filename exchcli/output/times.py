"""Times for people: as short as the times of one table allow, in UTC."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time


def spelled(moment: datetime) -> str:
    """One time in full: 2020-05-19 07:44:54 UTC, or without UTC when the zone is unknown."""
    return _in_utc(moment).isoformat(" ") + _zone(moment)


class Times:
    """How the times of one table are written: all of them in the same way.

    `day` is the one day on which all of them are, if it need not stand in every row.
    """

    def __init__(self, moments: Iterable[datetime], *, may_share_day: bool) -> None:
        seen = list(moments)
        clock = {_in_utc(moment).time() for moment in seen}
        days = {_in_utc(moment).date() for moment in seen}
        self._whole_days = clock == {time()}
        exact = any(time.second or time.microsecond for time in clock)
        self._precision = "seconds" if exact else "minutes"
        self._zones = {_zone(moment) for moment in seen}
        share = may_share_day and len(days) == 1 and not self._whole_days
        self.day: date | None = days.pop() if share else None

    def text(self, moment: datetime) -> str:
        """One cell. Fractions of a second are left to JSON and CSV."""
        here = _in_utc(moment)
        zone = _zone(moment) if len(self._zones) > 1 else ""
        if self._whole_days:
            return here.date().isoformat() + zone
        clock = here.time().isoformat(self._precision)
        return (clock if self.day else f"{here.date().isoformat()} {clock}") + zone

    @property
    def title_suffix(self) -> str:
        """What a column's title says of the zone."""
        return " (UTC)" if self._zones == {" UTC"} else ""


def _in_utc(moment: datetime) -> datetime:
    """The same moment as a naive datetime in UTC; a naive one as it is."""
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)


def _zone(moment: datetime) -> str:
    return " UTC" if moment.tzinfo else ""
