"""Long lists are walked without a gap or a double row, whatever happens between two requests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchcli.errors import BadReply, UsageError
from exchcli.exchanges.listing import (
    Listing,
    Page,
    Watched,
    Window,
    Windows,
    by_id,
    by_page,
    by_time,
    numbered,
)

BEGIN = 1_600_000_000
NOW = datetime.fromtimestamp(BEGIN + 1000, UTC)
FULL = 7
WINDOWS = Windows(
    longest=150,
    full=FULL,
    usual=timedelta(seconds=90),
    earliest=datetime.fromtimestamp(BEGIN - 1, UTC),
)
Flow = Any


class Row(NamedTuple):
    id: int
    second: int


def run(flow: Flow) -> Any:
    """The result of a flow whose requests are answered by the fake exchanges themselves."""
    with pytest.raises(StopIteration) as done:
        next(flow)
    return done.value.value


def answering(answer: Callable[..., Any]) -> Callable[..., Flow]:
    """A flow that asks nobody: it returns what the fake exchange answers."""

    def flow(*arguments: Any) -> Flow:
        yield from ()
        return answer(*arguments)

    return flow


# How many rows there are in which second; two seconds never fill a reply.
busy = st.dictionaries(st.integers(1, 999), st.integers(1, 3), max_size=150)


def rows_of(seconds: dict[int, int]) -> list[Row]:
    every = [BEGIN + second for second, count in sorted(seconds.items()) for _ in range(count)]
    return [Row(id, second) for id, second in enumerate(every)]


class Exchange:
    """Gives the rows of a window, but only so many: which ones is up to `picks`."""

    def __init__(self, rows: Iterable[Any], closed: str, picks: str) -> None:
        self.rows = list(rows)
        self.closed = closed
        self.picks = picks
        self.windows: list[Window] = []

    def ask(self, window: Window) -> list[Any]:
        self.windows.append(window)
        first = window.first + (self.closed == "at the end")
        last = window.last
        if last is None:
            last = BEGIN + 1000
        elif self.closed == "at the start":
            last -= 1
        found = [row for row in self.rows if first <= row.second <= last]
        return {
            "newest": found[::-1][:FULL],
            "oldest": found[:FULL],
            "middle": found[max(0, len(found) - FULL) // 2 :][:FULL],
        }[self.picks]


closings = st.sampled_from(["at both ends", "at the start", "at the end"])
pickings = st.sampled_from(["newest", "oldest", "middle"])


def walked(exchange: Exchange, listing: Listing, keys: Any) -> list[Any]:
    flow = by_time(
        answering(exchange.ask), listing, WINDOWS, time=lambda row: row.second, keys=keys
    )
    found: list[Any] = run(flow)
    return found


@given(seconds=busy, closed=closings, picks=pickings)
def test_all_rows_of_all_windows_are_found_once(
    seconds: dict[int, int], closed: str, picks: str
) -> None:
    exchange = Exchange(rows_of(seconds), closed, picks)
    found = walked(exchange, Listing(NOW, whole=True), lambda page: [row.id for row in page])
    assert sorted(found) == exchange.rows
    assert all((w.last or BEGIN + 1000) - w.first <= WINDOWS.longest for w in exchange.windows)


@given(seconds=busy, limit=st.integers(1, 60), picks=pickings)
def test_a_limit_stops_early_and_still_has_the_newest(
    seconds: dict[int, int], limit: int, picks: str
) -> None:
    exchange = Exchange(rows_of(seconds), "at both ends", picks)
    listing = Listing(NOW, whole=True, limit=limit)
    found = walked(exchange, listing, lambda page: [row.id for row in page])
    assert sorted(found)[-limit:] == exchange.rows[-limit:]
    assert len(found) == len(set(found))


class Change(NamedTuple):
    """A row without an id, of which there may be two that are the same."""

    second: int
    amount: int


@given(
    seconds=st.dictionaries(
        st.integers(1, 999), st.lists(st.integers(1, 2), min_size=1, max_size=3), max_size=150
    ),
    closed=closings,
)
def test_rows_without_an_id_are_found_as_often_as_they_happened(
    seconds: dict[int, list[int]], closed: str
) -> None:
    changes = [Change(BEGIN + at, amount) for at, some in seconds.items() for amount in some]
    exchange = Exchange(sorted(changes), closed, "newest")
    found = walked(exchange, Listing(NOW, whole=True), numbered)
    assert Counter(found) == Counter(changes)


def test_more_rows_of_one_second_than_a_reply_takes_are_an_error_and_not_a_shorter_list() -> None:
    exchange = Exchange(rows_of({500: FULL}), "at both ends", "newest")
    with pytest.raises(BadReply, match="rows of the same second"):
        walked(exchange, Listing(NOW, whole=True), lambda page: [row.id for row in page])


def test_an_exchange_that_forgets_rows_between_two_windows_is_an_error() -> None:
    exchange = Exchange(rows_of(dict.fromkeys(range(990, 999), 1)), "at both ends", "newest")
    answers = [exchange.ask(Window(BEGIN, None)), [], []]
    flow = by_time(
        answering(lambda _window: answers.pop(0)),
        Listing(NOW, start=datetime.fromtimestamp(BEGIN + 900, UTC)),
        WINDOWS,
        time=lambda row: row.second,
        keys=lambda page: [row.id for row in page],
    )
    with pytest.raises(BadReply, match="parts do not agree"):
        run(flow)


def windows_of(listing: Listing) -> list[tuple[int, int | None]]:
    return [
        (first - BEGIN, None if last is None else last - BEGIN)
        for first, last in WINDOWS.of(listing)
    ]


def at(second: float) -> datetime:
    return datetime.fromtimestamp(BEGIN + second, UTC)


def test_windows_go_from_now_back_to_the_start_and_share_their_edges() -> None:
    assert windows_of(Listing(NOW)) == [(910, None)]
    assert windows_of(Listing(NOW, start=at(600))) == [(850, None), (700, 850), (600, 700)]
    assert windows_of(Listing(NOW, start=at(600), end=at(700))) == [(600, 700)]
    assert windows_of(Listing(NOW, end=at(700))) == [(610, 700)]
    assert windows_of(Listing(NOW, start=at(600.5), end=at(700.5))) == [(601, 700)]
    assert windows_of(Listing(NOW, end=at(-500))) == []


def test_a_listing_that_can_have_no_row_is_refused() -> None:
    with pytest.raises(UsageError, match="--start is later than --end"):
        windows_of(Listing(NOW, start=at(700), end=at(699)))
    with pytest.raises(UsageError, match="--start is in the future"):
        windows_of(Listing(NOW, start=at(1001)))
    with pytest.raises(UsageError, match="--limit 0"):
        windows_of(Listing(NOW, limit=0))


def test_one_second_is_a_stretch() -> None:
    assert windows_of(Listing(NOW, start=at(700), end=at(700))) == [(700, 700)]
    assert windows_of(Listing(NOW, start=NOW)) == [(1000, 1000)]


def test_one_second_is_asked_for_with_the_next_whose_rows_are_left_out() -> None:
    exchange = Exchange(rows_of({699: 1, 700: 2, 701: 3}), "at both ends", "newest")

    def ask(window: Window) -> list[Any]:
        return exchange.ask(Window(window.first, window.asked_last))

    found = run(
        by_time(
            answering(ask),
            Listing(NOW, start=at(700), end=at(700)),
            WINDOWS,
            time=lambda row: row.second,
            keys=lambda page: [row.id for row in page],
        )
    )
    assert exchange.windows == [(BEGIN + 700, BEGIN + 701)]
    assert [row.second - BEGIN for row in found] == [700, 700]


@given(seconds=busy, limit=st.integers(1, 60), picks=pickings)
def test_a_limit_alone_goes_back_until_it_has_that_many(
    seconds: dict[int, int], limit: int, picks: str
) -> None:
    exchange = Exchange(rows_of(seconds), "at both ends", picks)
    told: list[timedelta] = []
    listing = Listing(NOW, limit=limit, cut=told.append)
    found = walked(exchange, listing, lambda page: [row.id for row in page])
    assert sorted(found)[-limit:] == exchange.rows[-limit:]
    assert told == ([] if len(exchange.rows) >= limit else [timedelta(days=365)])


def test_a_limit_alone_looks_at_a_year_in_few_requests() -> None:
    month = 30 * 86400
    long_ago = datetime.fromtimestamp(0, UTC)
    windows = Windows(longest=month, full=FULL, usual=timedelta(days=3), earliest=long_ago)
    every = list(windows.of(Listing(NOW, limit=1)))
    edges = [int((NOW - timedelta(days=days)).timestamp()) for days in (3, 33, 365)]
    assert (every[0].first, every[1].first, every[-1].first) == tuple(edges)
    assert len(every) == 14


def test_a_limit_alone_ends_with_an_error_when_it_costs_too_many_requests() -> None:
    exchange = Exchange(rows_of(dict.fromkeys(range(1, 999), 1)), "at both ends", "newest")
    flow = by_time(
        answering(exchange.ask),
        Listing(NOW, limit=1),
        WINDOWS,
        time=lambda row: row.second,
        keys=lambda page: [row.id for row in page],
        keep=lambda _row: False,
    )
    with pytest.raises(UsageError, match="100 requests") as told:
        run(flow)
    assert "--start" in (told.value.hint or "")
    assert len(exchange.windows) == 100


def test_progress_goes_from_nothing_to_all_of_it() -> None:
    told: list[tuple[int, int | None]] = []
    exchange = Exchange(rows_of(dict.fromkeys(range(1, 999), 1)), "at both ends", "newest")
    listing = Listing(NOW, whole=True, progress=lambda done, of: told.append((done, of)))
    walked(exchange, listing, lambda page: [row.id for row in page])
    assert {whole for _, whole in told} == {1001}
    parts = [done for done, _ in told]
    assert parts == sorted(parts)
    assert parts[-1] == 1001


def test_the_progress_of_two_walks_is_the_sum_of_both() -> None:
    told: list[tuple[int, int | None]] = []
    watched = Watched(lambda done, of: told.append((done, of)))
    one, other = watched.part(), watched.part()
    one(1, 10)
    other(2, 20)
    one(10, 10)
    assert told == [(1, None), (3, 30), (12, 30)]


class Pages:
    """A list by limit and offset, newest first, that changes before each request.

    `changes` are, one a request, how many rows are new and which of the old ones go away.
    """

    def __init__(self, rows: int, changes: list[tuple[int, list[int]]], most: int) -> None:
        self.rows = list(range(rows, 0, -1))
        self.changes = list(changes)
        self.most = most
        self.always = set(self.rows)
        self.queries: list[dict[str, Any]] = []

    def ask(self, query: Any) -> Page[int]:
        self.queries.append(dict(query))
        if self.changes and len(self.queries) > 1:
            new, gone = self.changes.pop(0)
            for index in gone:
                if index < len(self.rows):
                    self.always.discard(self.rows.pop(index))
            for _ in range(new):
                self.rows.insert(0, max([*self.rows, *self.always, 1000]) + 1)
        size, offset = min(int(query["limit"]), self.most), int(query.get("offset", 0))
        rows = self.rows[offset : offset + size]
        more = offset + len(rows) < len(self.rows)
        following = {"limit": str(size), "offset": str(offset + size)} if more else None
        return Page(len(self.rows), rows, following)


def paged(pages: Pages, listing: Listing, **options: Any) -> list[int]:
    found: list[int] = run(
        by_page(answering(pages.ask), listing, size=10, key=lambda row: row, **options)
    )
    return found


@given(
    rows=st.integers(0, 90),
    most=st.integers(5, 12),
    changes=st.lists(
        st.tuples(st.integers(0, 4), st.lists(st.integers(0, 30), max_size=4)), max_size=12
    ),
)
def test_what_is_there_from_first_to_last_page_is_listed_once(
    rows: int, most: int, changes: list[tuple[int, list[int]]]
) -> None:
    pages = Pages(rows, changes, most)
    found = paged(pages, Listing(NOW, whole=True))
    assert len(found) == len(set(found))
    assert pages.always <= set(found)


def test_pages_are_asked_for_by_the_query_of_the_next_link() -> None:
    pages = Pages(25, [], most=10)
    assert paged(pages, Listing(NOW, whole=True)) == list(range(25, 0, -1))
    assert pages.queries == [
        {"limit": 10},
        {"limit": "10", "offset": "10"},
        {"limit": "10", "offset": "20"},
    ]


def test_a_page_that_lost_its_next_link_is_followed_by_the_count() -> None:
    pages = Pages(25, [], most=10)
    without = answering(lambda query: pages.ask(query)._replace(next=None))
    found = run(by_page(without, Listing(NOW, whole=True), size=10, key=lambda row: row))
    assert found == list(range(25, 0, -1))


def test_an_offset_leaves_out_the_newest() -> None:
    pages = Pages(25, [], most=10)
    assert paged(pages, Listing(NOW, whole=True, offset=12)) == list(range(13, 0, -1))
    assert pages.queries[0] == {"limit": 10, "offset": 12}


def test_pages_stop_at_the_limit_and_where_the_rows_are_too_old() -> None:
    pages = Pages(60, [], most=10)
    assert len(paged(pages, Listing(NOW, limit=15))) >= 15
    assert len(pages.queries) == 2
    pages = Pages(60, [], most=10)
    paged(pages, Listing(NOW, whole=True), past=lambda row: row < 45)
    assert len(pages.queries) == 3


def test_a_list_that_never_adds_up_is_an_error() -> None:
    pages = {0: Page(30, [1, 2, 3], None)}
    short = answering(lambda query: pages.get(query.get("offset", 0), Page(30, [], None)))
    with pytest.raises(BadReply, match="changed each time"):
        run(by_page(short, Listing(NOW, whole=True), size=10, key=lambda row: row))


def test_a_next_link_that_leads_in_circles_ends() -> None:
    circle = answering(lambda _query: Page(3, [1, 2, 3], {"offset": "0"}))
    found = run(by_page(circle, Listing(NOW, whole=True), size=10, key=lambda row: row))
    assert found == [1, 2, 3]


@given(
    rows=st.integers(0, 40),
    limit=st.integers(1, 50),
    most=st.integers(2, 12),
    inclusive=st.booleans(),
    descending=st.booleans(),
)
def test_rows_from_an_id_on_are_walked_whether_or_not_it_is_among_them(
    rows: int, limit: int, most: int, inclusive: bool, descending: bool
) -> None:
    every = list(range(1, rows + 1))[:: -1 if descending else 1]

    def ask(start: str | None, size: int | None) -> list[int]:
        assert size is not None
        assert size <= most
        begin = 0 if start is None else every.index(int(start)) + (not inclusive)
        return every[begin : begin + size]

    found = run(by_id(answering(ask), limit=limit, start=None, most=most, key=str))
    assert found == every[:limit]


def test_without_a_limit_one_reply_is_taken_as_it_comes() -> None:
    found = run(by_id(answering(lambda *a: [a]), limit=None, start="7", most=5, key=str))
    assert found == [("7", None)]
    with pytest.raises(UsageError, match="--limit 0"):
        run(by_id(answering(lambda *a: [a]), limit=0, start=None, most=5, key=str))
