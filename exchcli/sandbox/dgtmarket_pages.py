"""Dgtmarket's lists: filters that say what is wrong with them, and pages with links.

The document names the parameters, not their defaults nor how many rows are the most: those
here are this project's own choice. A larger limit is taken for the largest.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlencode

from exchcli.sandbox.call import Call
from exchcli.sandbox.dgtmarket_signed import Refused, refused
from exchcli.sandbox.wire import Malformed, json_reply, parameters

USUAL_ROWS, MOST_ROWS = 20, 100
_START = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_OFFSET = 10**9


class Page(NamedTuple):
    limit: int
    offset: int


class Filters:
    """The parameters of one list. What is wrong with any is refused with 400 by its name."""

    def __init__(self, call: Call) -> None:
        try:
            self._given = parameters(call.request.query)
        except Malformed as error:
            raise refused(400, f"Malformed query: {error}.") from error

    def word(self, name: str, words: Mapping[str, object]) -> str | None:
        """One of these words, in any case, or None."""
        if name not in self._given:
            return None
        word = self._given[name].upper()
        if word not in words:
            raise wrong(name, f"It is one of {', '.join(words)}.")
        return word

    def moment(self, name: str) -> int | None:
        """An ISO 8601 time in microseconds since the epoch; without a zone it is UTC."""
        if name not in self._given:
            return None
        try:
            time = datetime.fromisoformat(self._given[name])
            time = time.replace(tzinfo=UTC) if time.tzinfo is None else time
            return (time - _START) // timedelta(microseconds=1)
        except (ValueError, OverflowError):
            raise wrong(name, "It is a date or a time like 2016-07-29T10:13:47.") from None

    def page(self) -> Page:
        limit = self._whole("limit", USUAL_ROWS, 1)
        return Page(min(limit, MOST_ROWS), self._whole("offset", 0, 0))

    def _whole(self, name: str, usual: int, least: int) -> int:
        text = self._given.get(name)
        if text is None:
            return usual
        if not (text.isascii() and text.isdigit() and len(text) <= 18 and int(text) >= least):
            raise wrong(name, f"It is a whole number from {least} on.")
        return min(int(text), _MOST_OFFSET)

    def link(self, call: Call, page: Page, offset: int) -> str:
        """The absolute URL of another page of the same list."""
        query = {**self._given, "limit": str(page.limit), "offset": str(offset)}
        host = call.request.headers.get("host", "sandbox.invalid")
        scheme = "https" if host.endswith(".invalid") else "http"
        return f"{scheme}://{host}{call.request.path}?{urlencode(query)}"


def listed(
    call: Call, filters: Filters, page: Page, count: int, results: list[dict[str, object]]
) -> object:
    """An object of `count`, `previous`, `results` and `next`; links are null at the ends."""
    after = page.offset + page.limit
    before = max(0, page.offset - page.limit)
    return {
        "count": count,
        "previous": filters.link(call, page, before) if page.offset else None,
        "results": results,
        "next": filters.link(call, page, after) if after < count else None,
    }


def wrong(name: str, what: str) -> Refused:
    """400, with what is wrong under the name of the field."""
    return Refused(json_reply({name: [what]}, 400))
