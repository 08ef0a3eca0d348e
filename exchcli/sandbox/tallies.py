"""How many rows Dgtmarket's lists have, and which of them a page shows, without reading them all.

Its lists say how long they are, under every filter, and pages begin anywhere. So rows are counted
as they are written, by triggers, for blocks of 64, 4096 and 262144 ids: a list is as long as a few
blocks say, and the place of a page is found by going down from large blocks to small ones. It
takes about 64 blocks of each size for each combination of what can be filtered for.
"""

from __future__ import annotations

from collections.abc import Iterator

from exchcli.sandbox.store import Store

# The sizes of blocks as powers of two. Whoever changes them has a new layout of the store.
_SHIFTS = (18, 12, 6)
_STEP = 6
_NEWEST = 2**62

# Of an order: its status, and whether anything of it is filled where that says more.
OPEN, PART_FILLED = "open", "open, part filled"
FILLED = "filled"
CANCELED, PART_CANCELED = "canceled", "canceled, part filled"
_STATE = (
    "CASE WHEN {row}status = 'filled' OR {row}filled = '0' THEN {row}status"
    " ELSE {row}status || ', part filled' END"
)
# What each list can be filtered for: expressions over a row for name, kind and state.
_LISTS = {
    "orders": ("{row}symbol", "{row}side", _STATE),
    "fills": ("{row}symbol", "''", "''"),
    "payments": ("{row}currency", "{row}kind", "{row}status"),
}
_COLUMNS = ("name", "kind", "state")

_TABLE = """
-- How many of an account's orders, fills and payments at Dgtmarket are in each block of
-- 2 ** shift ids, by what lists are filtered for; '' where there is no such filter.
CREATE TABLE IF NOT EXISTS tallies (
    account INTEGER NOT NULL REFERENCES accounts,
    list    TEXT NOT NULL,
    shift   INTEGER NOT NULL,
    block   INTEGER NOT NULL,       -- id >> shift
    name    TEXT NOT NULL,          -- a pair, or a currency
    kind    TEXT NOT NULL,          -- a side, or deposit, withdrawal
    state   TEXT NOT NULL,
    counted INTEGER NOT NULL,
    PRIMARY KEY (account, list, shift, block, name, kind, state)
) WITHOUT ROWID;
"""
_SIZES = " UNION ALL ".join(f"SELECT {shift} AS shift" for shift in _SHIFTS)


def layout() -> str:
    """The table and its triggers, one for new rows and one for states that change."""
    return _TABLE + "".join(_triggers(table) for table in _LISTS)


def recount() -> str:
    """Counts what was there before the triggers were."""
    script = "DELETE FROM tallies;\n"
    for table, filters in _LISTS.items():
        columns = ", ".join(each.format(row="") for each in filters)
        script += (
            f"INSERT INTO tallies SELECT account, '{table}', shift, id >> shift, {columns},"  # noqa: S608
            f" count(*) FROM {table}, ({_SIZES}) WHERE exchange = 'dgt'"
            " GROUP BY 1, 2, 3, 4, 5, 6, 7;\n"
        )
    return script


def _triggers(table: str) -> str:
    *_, state = _LISTS[table]
    made = (
        f"CREATE TRIGGER IF NOT EXISTS {table}_counted AFTER INSERT ON {table}"
        f" WHEN new.exchange = 'dgt' BEGIN {_counting(table, 'new', 1)} END;\n"
    )
    if state == "''":
        return made
    old, new = (state.format(row=f"{row}.") for row in ("old", "new"))
    return made + (
        f"CREATE TRIGGER IF NOT EXISTS {table}_recounted AFTER UPDATE ON {table}"
        f" WHEN new.exchange = 'dgt' AND {old} != {new}"
        f" BEGIN {_counting(table, 'old', -1)} {_counting(table, 'new', 1)} END;\n"
    )


def _counting(table: str, row: str, by: int) -> str:
    columns = ", ".join(each.format(row=f"{row}.") for each in _LISTS[table])
    return (
        f"INSERT INTO tallies SELECT {row}.account, '{table}', shift, {row}.id >> shift, {columns},"  # noqa: S608
        f" {by} FROM ({_SIZES}) WHERE true"
        " ON CONFLICT DO UPDATE SET counted = counted + excluded.counted;"
    )


class Listed:
    """The rows of one of Dgtmarket's lists that an account sees, newest first; all by their ids.

    `table` is "orders", "fills" or "payments"; filters are `name`, `kind` and `state`, see
    `tallies`, and None is no filter.
    """

    def __init__(self, store: Store, table: str, account: int, **filters: str | None) -> None:
        self._store = store
        wanted = {column: word for column, word in filters.items() if word is not None}
        # Names are of this module, values always parameters.
        tallied = "".join(f" AND {column} = ?" for column in wanted)
        self._blocks = (
            "FROM tallies WHERE account = ? AND list = ? AND shift = ? AND block BETWEEN ? AND ?"
            + tallied
        )
        of = dict(zip(_COLUMNS, _LISTS[table], strict=True))
        rows = "".join(f" AND {of[column].format(row='')} = ?" for column in wanted)
        self._rows = (
            f"SELECT id FROM {table} WHERE exchange = 'dgt' AND id BETWEEN ? AND ?"  # noqa: S608
            f" AND account = ?{rows} ORDER BY id DESC"
        )
        self._account, self._table, self._words = account, table, tuple(wanted.values())
        self._spans = [(0, _NEWEST)]

    def since(self, first: int) -> None:
        """Without what is before this id."""
        self._spans = [(max(low, first), high) for low, high in self._spans if high >= first]

    def until(self, last: int) -> None:
        """Without what is after this id."""
        self._spans = [(low, min(high, last)) for low, high in self._spans if low <= last]

    def leave_out(self, first: int, last: int) -> None:
        """Without what is from one id to another."""
        self._spans = [
            span
            for low, high in self._spans
            for span in ((max(low, last + 1), high), (low, min(high, first - 1)))
            if span[0] <= span[1]
        ]

    def count(self) -> int:
        return sum(self._up_to(high) - self._up_to(low - 1) for low, high in self._spans)

    def page(self, limit: int, offset: int) -> list[int]:
        """The ids of at most `limit` rows, after the `offset` newest."""
        found: list[int] = []
        for low, high in self._spans:
            newest = self._up_to(high)
            there = newest - self._up_to(low - 1)
            if offset < there:
                wanted = min(limit - len(found), there - offset)
                found += self._from(self._up_to(_NEWEST) - newest + offset, wanted)
            offset = max(0, offset - there)
        return found

    def _up_to(self, last: int) -> int:
        """How many rows have this id or one before it."""
        found, first, end = 0, 0, last + 1
        for shift in _SHIFTS:
            if first < end >> shift:
                found += self._sum(shift, first, (end >> shift) - 1)
            first = end >> shift << _STEP
        first = end >> _SHIFTS[-1] << _SHIFTS[-1]
        if first < end:
            found += len(self._ids(first, last))
        return found

    def _from(self, skipped: int, wanted: int) -> list[int]:
        """So many ids, after so many newest ones of the whole list."""
        found: list[int] = []
        for block, more in self._leaves(skipped, 0, 0, _NEWEST):
            if len(found) >= wanted:
                break
            first = block << _SHIFTS[-1]
            found += self._ids(first, first + (1 << _SHIFTS[-1]) - 1)[more:]
        return found[:wanted]

    def _leaves(self, skipped: int, depth: int, first: int, last: int) -> Iterator[tuple[int, int]]:
        """The smallest blocks with rows behind the skipped ones, each with how many are skipped
        in it; `depth` is an index of _SHIFTS, `first` and `last` are blocks of that size.
        """
        for block, counted in self._sums(_SHIFTS[depth], first, last):
            if skipped >= counted:
                skipped -= counted
                continue
            if depth == len(_SHIFTS) - 1:
                yield block, skipped
            else:
                inner = block << _STEP
                yield from self._leaves(skipped, depth + 1, inner, inner + (1 << _STEP) - 1)
            skipped = 0

    def _sum(self, shift: int, first: int, last: int) -> int:
        sql = f"SELECT coalesce(sum(counted), 0) {self._blocks}"
        ((found,),) = self._store.rows(sql, *self._of(shift, first, last))
        return found

    def _sums(self, shift: int, first: int, last: int) -> list[tuple[int, ...]]:
        sql = f"SELECT block, sum(counted) {self._blocks} GROUP BY block ORDER BY block DESC"
        return self._store.rows(sql, *self._of(shift, first, last))

    def _of(self, shift: int, first: int, last: int) -> tuple[object, ...]:
        return self._account, self._table, shift, first, last, *self._words

    def _ids(self, first: int, last: int) -> list[int]:
        values = first, last, self._account, *self._words
        return [id_ for (id_,) in self._store.rows(self._rows, *values)]
