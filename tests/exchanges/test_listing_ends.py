"""A list is read to its end or refused, whatever an exchange says of it: no walk is endless."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, NamedTuple

import pytest

from exchcli.errors import BadReply
from exchcli.exchanges.listing import Listing, Page, Window, Windows, by_page, by_time

BEGIN = 1_600_000_000
NOW = datetime.fromtimestamp(BEGIN + 1000, UTC)
FULL = 7
WINDOWS = Windows(
    longest=150,
    full=FULL,
    usual=timedelta(seconds=90),
    earliest=datetime.fromtimestamp(BEGIN - 1, UTC),
)
FAR_TOO_MANY = 10**12


def walked(
    answer: Callable[[int, int], Page[int]], most: int, **options: Any
) -> tuple[list[int], int]:
    """The rows of a list by pages, and after how many requests; `most` of them are answered.

    `answer` is told the number of the request, from 0, and the offset.
    """
    numbers = count()

    def ask(query: Any) -> Any:
        number = next(numbers)
        assert number < most, "it asks and asks"
        yield from ()
        return answer(number, int(query.get("offset", 0)))

    flow = by_page(ask, Listing(NOW, whole=True), size=100, key=lambda row: row % 10_000, **options)
    with pytest.raises(StopIteration) as done:
        next(flow)
    return done.value.value, next(numbers)


def hundred(offset: int) -> list[int]:
    return list(range(offset, offset + 100))


def test_a_next_link_that_repeats_a_page_of_a_list_that_says_to_be_long_is_refused() -> None:
    with pytest.raises(BadReply, match="lead nowhere"):
        walked(lambda _number, _offset: Page(FAR_TOO_MANY, hundred(0), {"offset": 0}), 3)


def test_a_count_that_falls_and_rises_again_and_again_is_refused() -> None:
    with pytest.raises(BadReply, match="lead nowhere"):
        walked(lambda n, offset: Page(100 if n % 2 else 1000, hundred(offset), None), 40)


def test_a_count_that_grows_with_each_page_is_refused() -> None:
    with pytest.raises(BadReply, match="lead nowhere"):
        walked(lambda n, _offset: Page(1000 * (n + 1), hundred(0), {"offset": 0}), 40)
    with pytest.raises(BadReply, match="lead nowhere"):
        walked(lambda n, _offset: Page(FAR_TOO_MANY + n, hundred(0), {"offset": 0}), 150)


def test_a_list_of_which_one_page_came_twice_is_read_to_its_end() -> None:
    def answer(number: int, offset: int) -> Page[int]:
        return Page(1000, hundred(0 if number == 1 else offset), None)

    found, requests = walked(answer, 20)
    assert (len(found), requests) == (1000, 20)


@pytest.mark.parametrize("counted", [0, 3, 99])
def test_a_list_of_more_rows_than_it_counts_is_refused(counted: int) -> None:
    with pytest.raises(BadReply, match="more rows than it counts"):
        walked(lambda _number, _offset: Page(counted, hundred(0), None), 3)


def test_a_row_that_came_between_the_count_and_the_rows_costs_one_more_walk() -> None:
    found, requests = walked(lambda n, _offset: Page(100 if n else 99, hundred(0), None), 3)
    assert (len(found), requests) == (100, 2)


def test_a_count_below_nothing_is_refused() -> None:
    with pytest.raises(BadReply, match="fewer rows than none"):
        walked(lambda _number, _offset: Page(-5, [1, 2], None), 1)


def test_of_a_row_that_changed_between_two_pages_only_the_last_word_counts() -> None:
    pages = [Page(3, [1, 2], None), Page(3, [10_002, 3], None)]
    found, _ = walked(lambda n, _offset: pages[n], 2, keep=lambda row: row < 10_000)
    assert found == [1, 3]


def test_each_row_is_looked_at_once_however_long_the_list() -> None:
    looked_at: list[int] = []

    def keep(row: int) -> bool:
        looked_at.append(row)
        return True

    found, _ = walked(lambda _number, offset: Page(5000, hundred(offset), None), 50, keep=keep)
    assert looked_at == found == list(range(5000))


class Row(NamedTuple):
    id: int
    second: int


def rows_of(seconds: dict[int, int]) -> list[Row]:
    every = [BEGIN + second for second, many in sorted(seconds.items()) for _ in range(many)]
    return [Row(id, second) for id, second in enumerate(every)]


def listed(answer: Callable[[Window], Iterable[Row]], listing: Listing) -> list[Row]:
    """The rows of a list by time; a window whose end is not later than its start is refused."""

    def ask(window: Window) -> Any:
        yield from ()
        assert window.asked_last is None or window.asked_last > window.first
        return list(answer(window))[:FULL]

    flow = by_time(
        ask,
        listing,
        WINDOWS,
        time=lambda row: row.second,
        keys=lambda page: [row.id for row in page],
    )
    with pytest.raises(StopIteration) as done:
        next(flow)
    found: list[Row] = done.value.value
    return sorted(found)


def within(rows: list[Row]) -> Callable[[Window], Iterable[Row]]:
    def answer(window: Window) -> Iterable[Row]:
        last = BEGIN + 1000 if window.asked_last is None else window.asked_last
        return (row for row in rows if window.first <= row.second <= last)

    return answer


def at(second: int) -> datetime:
    return datetime.fromtimestamp(BEGIN + second, UTC)


@pytest.mark.parametrize("first", range(490, 501))
def test_two_seconds_too_full_to_be_asked_for_together_are_asked_for_apart(first: int) -> None:
    rows = rows_of({500: FULL - 1, 501: FULL - 1, 503: 1})
    assert listed(within(rows), Listing(NOW, at(first), at(600))) == rows
    assert listed(within(rows), Listing(NOW, at(first), at(500))) == rows[: FULL - 1]
    assert listed(within(rows), Listing(NOW, at(501), at(501))) == rows[FULL - 1 : -1]


def test_two_full_seconds_at_the_open_end_are_asked_for_apart() -> None:
    rows = rows_of({999: FULL - 1, 1000: FULL - 1})
    assert listed(within(rows), Listing(NOW)) == rows
    assert listed(within(rows), Listing(NOW, at(999))) == rows


@pytest.mark.parametrize("seconds", [{500: FULL}, {500: 4, 501: 4, 502: 4}])
@pytest.mark.parametrize("first", [400, 499, 500])
def test_a_second_that_is_too_full_with_either_neighbour_is_refused(
    seconds: dict[int, int], first: int
) -> None:
    with pytest.raises(BadReply, match="rows of the same second"):
        listed(within(rows_of(seconds)), Listing(NOW, at(first), at(600)))


def test_an_exchange_that_heeds_no_times_has_them_heeded_here() -> None:
    rows = rows_of({100: 1, 400: 1, 500: 1, 501: 1, 900: 1})
    assert listed(lambda _window: rows, Listing(NOW, at(400), at(500))) == rows[1:3]
    assert listed(lambda _window: rows, Listing(NOW, at(500), at(500))) == rows[2:3]
    assert listed(lambda _window: rows, Listing(NOW, at(501))) == rows[3:]


def test_a_row_that_tells_no_time_is_left_in() -> None:
    untimed = Row(1, 0)
    assert listed(lambda _window: [untimed], Listing(NOW, at(400), at(500))) == [untimed]
