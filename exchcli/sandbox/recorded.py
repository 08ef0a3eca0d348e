"""The tape of a recorded market: real trades, read from the store."""

from __future__ import annotations

from exchcli.sandbox.bars import Bar, Block, Print
from exchcli.sandbox.store import Store
from exchcli.sandbox.tape import OwnTape

MINUTE = 60


class Recorded(OwnTape):
    """The trades of one row of `recordings`. Its cells are minutes, known in advance as bars."""

    cell = MINUTE

    def __init__(self, store: Store, market: int) -> None:
        self._store = store
        self._market = market
        ((self.listed,),) = store.rows(
            "SELECT time FROM trades WHERE market = ? ORDER BY time LIMIT 1", market
        )

    def blocks(self, start: int, end: int) -> list[Block]:
        rows = self._store.rows(
            "SELECT time, open, high, low, close, volume, quote FROM minutes"
            " WHERE market = ? AND time >= ? AND time < ? ORDER BY time",
            self._market, start, end,
        )  # fmt: skip
        return [
            Block(time, time + MINUTE, Bar(opening, high, low, close, int(volume), int(quote)))
            for time, opening, high, low, close, volume, quote in rows
        ]

    def prints(self, block: Block) -> list[Print]:
        return _prints(
            self._store.rows(
                "SELECT time, id, buy, price, amount FROM trades"
                " WHERE market = ? AND time >= ? AND time < ? ORDER BY time, seq",
                self._market, block.start, block.end,
            )
        )  # fmt: skip

    def latest(self, now: int, count: int) -> list[Print]:
        return _prints(
            self._store.rows(
                "SELECT time, id, buy, price, amount FROM trades"
                " WHERE market = ? AND time <= ? ORDER BY time DESC, seq DESC LIMIT ?",
                self._market, now, count,
            )
        )  # fmt: skip

    def free_id(self, time: int) -> int:
        """After all of the recording, whatever is still to come of it: ids stay unique."""
        ((newest,),) = self._store.rows("SELECT max(id) FROM trades WHERE market = ?", self._market)
        return newest + 1


def _prints(rows: list[tuple[int, ...]]) -> list[Print]:
    return [Print(time, id_, buy == 1, price, amount) for time, id_, buy, price, amount in rows]
