"""Long lists, asked for in parts and joined without a gap or a double row.

    by_time    windows of time, halved while one holds more rows than a reply     (DigiFinex)
    by_page    limit and offset, over rows that move while they are read          (Dgtmarket)
    by_id      from an id on                                                      (DigiFinex)

Each stops early where a `limit` allows it, and raises BadReply rather than give a list of
which it knows that it is not whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence, Set
from datetime import datetime, timedelta
from typing import Any, Generic, NamedTuple, TypeVar

from exchcli.core.request import Flow, Value, gather
from exchcli.errors import BadReply, UsageError

T = TypeVar("T")

SIDE_BY_SIDE = 5  # windows
MOST_WALKS = 3
SPARE_PAGES = 20  # of one walk, for rows that are new and for steps back
# How far back a `limit` is looked for where no start is given, and in how many requests that
# bring not one wanted row. Halving 30 days to a second takes less than 50.
FARTHEST = timedelta(days=365)
MOST_IN_VAIN = 100

# Called with how much is done, and of how much; None while that is not known.
Progress = Callable[[int, int | None], None]


def unseen(_done: int, _all: int | None) -> None:
    """The progress that nobody watches."""


def untold(_back: timedelta) -> None:
    """What nobody wants to be told."""


def check_stretch(now: datetime, start: datetime | None, end: datetime | None) -> None:
    """Raises UsageError when nothing can lie between `start` and `end`, both included."""
    if start is None:
        return
    if start > now:
        raise UsageError("--start is in the future.", "Give a time that has been, like 3d.")
    if end is not None and start > end:
        raise UsageError("--start is later than --end.", "Swap them, or leave --end out.")


class Watched:
    """One progress over several walks that go on side by side."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._parts: list[tuple[int, int | None]] = []

    def part(self) -> Progress:
        """The progress of one more walk."""
        index = len(self._parts)
        self._parts.append((0, None))

        def told(done: int, all_: int | None) -> None:
            self._parts[index] = (done, all_)
            known = [part[1] for part in self._parts if part[1] is not None]
            whole = sum(known) if len(known) == len(self._parts) else None
            self._progress(sum(part[0] for part in self._parts), whole)

        return told


class Listing(NamedTuple):
    """The rows that are wanted: from `start` to `end`, both included; the `limit` newest ones.

    `whole` asks for all that there are. Without it and without a start, a list by time goes
    back until it has `limit` rows, a year at most; without a limit as far as the exchange goes
    when it is not told. `cut` is called with how far that was, where there may be more behind.
    The newest `offset` rows are left out, where the exchange can do that. `now` is the
    exchange's time, as far as it is known; `settle` makes it known, once a flow runs.
    """

    now: datetime
    start: datetime | None = None
    end: datetime | None = None
    limit: int | None = None
    whole: bool = False
    offset: int = 0
    progress: Progress = unseen
    cut: Callable[[timedelta], None] = untold
    settle: Callable[[Listing], Listing] = lambda told: told

    def settled(self) -> Listing:
        """The same by the exchange's time, which is asked for unless it is known.

        What is wrong whatever the time is raises UsageError before that.
        """
        self._replace(now=max(self.now, self.start or self.now)).checked()
        return self.settle(self)

    @property
    def unbounded(self) -> bool:
        """Whether nobody said how far back to go."""
        return self.start is None and not self.whole

    def checked(self) -> Listing:
        """This listing. Raises UsageError when no row can be in it."""
        if self.limit == 0:
            raise UsageError("--limit 0 asks for nothing.", "Ask for one or more.")
        check_stretch(self.now, self.start, self.end)
        return self


class Window(NamedTuple):
    """Seconds from `first` to `last`, both included; until now when `last` is None."""

    first: int
    last: int | None

    @property
    def asked_last(self) -> int | None:
        """The end to ask for: exchanges refuse one that is not later than the start."""
        return None if self.last is None else max(self.last, self.first + 1)


class Windows(NamedTuple):
    """How an exchange cuts its lists: no more than `longest` seconds and `full` rows at once.

    `usual` is how far back it goes when it is not told, `earliest` before all its rows.
    """

    longest: int
    full: int
    usual: timedelta
    earliest: datetime

    def of(self, listing: Listing) -> Iterator[Window]:
        """The windows of a listing, newest first. Neighbours share the second between them."""
        listing.checked()
        end = listing.end or listing.now
        start = listing.start or (self.earliest if listing.whole else end - self.back(listing))
        first = -int(-max(start, self.earliest).timestamp() // 1)
        last: int | None = None if listing.end is None else int(end.timestamp())
        below = int(end.timestamp())
        if first > below:
            return
        # What is looked for is most often new.
        step = int(self.usual.total_seconds()) if listing.unbounded else self.longest
        while below - first > step:
            below -= step
            yield Window(below, last)
            last, step = below, self.longest
        yield Window(first, below if first == below else last)

    def back(self, listing: Listing) -> timedelta:
        """How far back a listing goes that does not say it."""
        return self.usual if listing.limit is None else FARTHEST


def by_time(
    ask: Callable[[Window], Flow[list[T]]],
    listing: Listing,
    windows: Windows,
    *,
    time: Callable[[T], int],
    keys: Callable[[Sequence[T]], Iterable[Hashable]],
    keep: Callable[[T], bool] = lambda _row: True,
) -> Flow[list[T]]:
    """The rows of a listing that `keep` wants, in no order yet; at least the newest `limit`.

    `ask` gives the rows of one window, `time` a row's second (0 where it is not told), and
    `keys` what tells the rows of one reply from others. A window is halved while its reply is
    full, whichever rows the exchange leaves out then. Raises UsageError when a limit without a
    start costs too many requests.
    """
    listing = listing.settled()
    waiting = list(windows.of(listing))[::-1]
    inside = _inside(waiting)
    crowded: set[int] = set()
    now = int(listing.now.timestamp())
    whole = sum((window.last or now) - window.first for window in waiting)
    found: dict[Hashable, T] = {}
    left_behind: set[Hashable] = set()
    kept = [0]  # how many after each request
    while waiting:
        turn = waiting[-SIDE_BY_SIDE if listing.limit is None else -1 :]
        del waiting[-len(turn) :]
        pages = yield from gather(ask(window) for window in turn)
        for window, page in zip(turn, pages, strict=True):
            named = zip(keys(page), page, strict=True)
            wanted = {name: row for name, row in named if inside(time(row))}
            if len(page) < windows.full:
                found |= wanted
                continue
            left_behind |= wanted.keys()
            waiting += _parts(window, max(now, *map(time, page)), windows.full, crowded)
        waiting.sort(key=lambda window: window.first)
        left = sum((w.last or now) - w.first for w in waiting)
        listing.progress(max(0, whole - left), whole)
        if listing.limit is not None:
            kept.append(sum(map(keep, found.values())))
            if kept[-1] >= listing.limit:
                return list(filter(keep, found.values()))
            _check_patience(listing, kept)
    if left_behind - found.keys():
        raise BadReply("a list whose parts do not agree")
    if listing.unbounded:
        listing.cut(windows.back(listing))
    return list(filter(keep, found.values()))


def _check_patience(listing: Listing, kept: Sequence[int]) -> None:
    if not listing.unbounded or kept[-1] > kept[-1 - MOST_IN_VAIN :][0]:
        return
    if len(kept) > MOST_IN_VAIN:
        raise UsageError(
            f"After {kept[-1]} of {listing.limit} rows, {MOST_IN_VAIN} requests found no other.",
            "Say how far back to look with --start, such as --start 30d.",
        )


def _inside(waiting: Sequence[Window]) -> Callable[[int], bool]:
    """Whether a second lies in these windows, oldest first. Not every exchange heeds the times."""
    first = waiting[0].first if waiting else 0
    last = waiting[-1].last if waiting else 0
    return lambda second: not second or (first <= second and (last is None or second <= last))


def _parts(window: Window, now: int, full: int, crowded: set[int]) -> tuple[Window, Window]:
    """What to ask for instead of a window whose reply was full.

    A second cannot be asked for alone. Two that are too many together are asked for with their
    other neighbours; where one of them is too many there as well, it cannot be known whole.
    `crowded` are the first seconds of such pairs.
    """
    last = now if window.last is None else window.last
    if last - window.first > 1:
        middle = (window.first + last) // 2
        return Window(window.first, middle), Window(middle, window.last)
    first = window.first
    if {first - 1, first, first + 1} & crowded:
        raise BadReply(f"more than {full - 1} rows of the same second, and it lists no more")
    crowded.add(first)
    return Window(first - 1, first), Window(first + 1, first + 2)


def numbered(page: Sequence[Hashable]) -> list[Hashable]:
    """Keys of rows that have no id: the row itself, and the how manieth of its kind it is.

    Two changes of a balance can be the same in every respect; the same one, read in two
    windows, has the same number in both.
    """
    seen: Counter[Hashable] = Counter()
    named: list[Hashable] = []
    for row in page:
        named.append((row, seen[row]))
        seen[row] += 1
    return named


class Page(NamedTuple, Generic[T]):
    """A part of a list: how many rows there are in all, these, and what to ask for next."""

    total: int
    rows: list[T]
    next: Mapping[str, Value] | None


def by_page(
    ask: Callable[[Mapping[str, Value]], Flow[Page[T]]],
    listing: Listing,
    *,
    size: int,
    key: Callable[[T], Hashable],
    keep: Callable[[T], bool] = lambda _row: True,
    past: Callable[[T], bool] = lambda _row: False,
) -> Flow[list[T]]:
    """The rows that `keep` wants, walked page by page; `past` a page of nothing else, it ends.

    `key` tells rows apart. New rows push the others to later pages, where they are met twice;
    rows that went away pull them to earlier ones, which shows in the count, and then the walk
    steps back by as many. Should there still be fewer or more than counted, it starts anew.
    """
    listing.checked()
    found: set[Hashable] = set()
    wanted: dict[Hashable, T] = {}
    for _ in range(MOST_WALKS):
        walk = _Walk(listing, size)
        while walk.query is not None:
            page = yield from ask(walk.query)
            rows = {key(row): row for row in page.rows}
            walk.take(page, rows.keys())
            found |= rows.keys()
            for name, row in rows.items():
                if keep(row):
                    wanted[name] = row
                else:
                    wanted.pop(name, None)
            listing.progress(len(found), page.total)
            enough = listing.limit is not None and len(wanted) >= listing.limit
            if enough or (page.rows and all(map(past, page.rows))):
                return list(wanted.values())
        if walk.adds_up and len(found) >= walk.least:
            return list(wanted.values())
    if not walk.adds_up:
        raise BadReply("a list of more rows than it counts")
    raise BadReply("a list that changed each time that it was read")


class _Walk:
    """One way through the pages; `query` is what to ask for next, None at the end.

    It ends whatever the replies say: `_left` is how many it may still take, of twice as many
    as the first one lets expect, and only so many of them may tell nothing new.
    """

    def __init__(self, listing: Listing, size: int) -> None:
        self.least = self._most = 0
        self.query: Mapping[str, Value] | None = {"limit": size}
        if listing.offset:
            self.query = {"limit": size, "offset": listing.offset}
        self._seen: set[Hashable] = set()
        self._size = size
        self._start = self._offset = listing.offset
        self._count: int | None = None
        self._left = 0
        self._in_vain = 0
        self._repeats = 1  # pages that may be all known: more where rows have moved

    @property
    def adds_up(self) -> bool:
        """Whether it has met no more rows than were ever counted."""
        return len(self._seen) <= self._most

    def take(self, page: Page[Any], rows: Set[Hashable]) -> None:
        """What comes after a page. Raises BadReply where the pages lead nowhere."""
        if page.total < 0:
            raise BadReply("a list that counts fewer rows than none")
        if self._count is None:
            self._left = 2 * (page.total // max(1, len(rows))) + SPARE_PAGES
        self._left -= 1
        news = len(rows - self._seen)
        self._seen |= rows
        gone = self._counted(page.total)
        if not news and self._offset < page.total:
            self._in_vain += 1
        if gone:
            self._repeats += 1 + abs(gone) // max(1, len(rows))
        if self._left <= 0 or self._in_vain > min(MOST_IN_VAIN, self._repeats):
            raise BadReply("a list whose pages lead nowhere")
        if gone > 0 and self._offset > self._start:
            self._offset = max(self._start, self._offset - gone)
            self.query = {"limit": self._size, "offset": self._offset}
            return
        self._offset += len(page.rows)
        if page.rows and self._offset < page.total:
            self.query = page.next or {"limit": self._size, "offset": self._offset}
        else:
            self.query = page.next if news else None

    def _counted(self, total: int) -> int:
        """Notes how many rows there are now; how many fewer than before that is."""
        here = max(0, total - self._start)
        self.least = here if self._count is None else min(self.least, here)
        self._most = max(self._most, here)
        gone = 0 if self._count is None else self._count - total
        self._count = total
        return gone


def by_id(
    ask: Callable[[str | None, int | None], Flow[list[T]]],
    *,
    limit: int | None,
    start: str | None,
    most: int,
    key: Callable[[T], str],
) -> Flow[list[T]]:
    """Up to `limit` rows from the id `start` on; without a limit, one reply as it comes.

    The document does not say whether the reply begins with that id or behind it, so each
    further part begins with the last row of the one before.
    """
    if limit is None:
        return (yield from ask(start, None))
    if limit == 0:
        raise UsageError("--limit 0 asks for nothing.", "Ask for one or more.")
    found: dict[str, T] = {}
    while len(found) < limit:
        size = min(most, limit - len(found) + (1 if found else 0))
        page = yield from ask(start, size)
        before = len(found)
        found |= {key(row): row for row in page}
        if len(page) < size or len(found) == before:
            break
        start = key(page[-1])
    return list(found.values())[:limit]
