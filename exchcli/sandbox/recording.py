"""Loading a recording: real trades take the place of a simulated market."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from exchcli.errors import UsageError
from exchcli.sandbox.bars import Print, bar_of
from exchcli.sandbox.catalog import DFX, DGT, SIMULATIONS, scaled
from exchcli.sandbox.engine.desk import advance
from exchcli.sandbox.engine.relisting import take_over
from exchcli.sandbox.exchange import Sandbox
from exchcli.sandbox.reading import Row, check, read
from exchcli.sandbox.recorded import MINUTE
from exchcli.sandbox.store import reset

__all__ = ["LoadedRecording", "load", "reset"]

# Dgtmarket writes eight decimals; more than twelve nobody trades in.
_FINEST = {DGT: 8, DFX: 12}
_LARGEST = 2**63 - 1
_LONGEST = 10 * 366 * 86_400_000  # milliseconds: ten years
# In a file's name only these make a pair of two words: `my_trades.csv` is none.
_QUOTES = ("USDT", "USDC", "TUSD", "USD", "EUR", "PLN", "BTC", "ETH")


class LoadedRecording(NamedTuple):
    """What was loaded. `first` and `last` are when the trades happen in the sandbox, in UTC;
    `recorded_first` and `recorded_last` when they did in reality.
    """

    symbol: str
    exchange: str
    trades: int
    first: datetime
    last: datetime
    recorded_first: datetime
    recorded_last: datetime
    live: bool


class _Pair(NamedTuple):
    exchange: str
    symbol: str
    base: str
    quote: str


def load(
    sandbox: Sandbox, path: Path, *, symbol: str | None = None, live: bool = False
) -> LoadedRecording:
    """Makes a recording (CSV) the market of its pair, in place of what was there.

    The pair is `symbol`, or what the file's name begins with. The trades are moved by whole
    minutes so that they end just now; with `live` they begin now and go on at their own pace.
    Raises UsageError for anything wrong with the file, and then nothing has changed.
    """
    check(path)
    pair = _pair(path, symbol)
    store, floor = sandbox.store, sandbox.floor
    with sandbox.lock:
        now = sandbox.now()
        time = now * 1_000_000_000
        # What was there up to now happens on the market that was there.
        advance(store, floor, pair.exchange, time)
        try:
            with store.writing() as db:
                loaded = _load(db, now, path, pair, live)
                floor.reload()
                market = floor.market(pair.exchange, pair.symbol)
                assert market is not None
                take_over(db, store, floor, market.rules, time)
        except BaseException:
            floor.reload()
            raise
    return loaded


def _load(db: sqlite3.Connection, now: int, path: Path, pair: _Pair, live: bool) -> LoadedRecording:
    db.execute("DROP TABLE IF EXISTS temp.read")
    db.execute("CREATE TEMP TABLE read (line, time, id, buy, price, amount)")
    db.executemany("INSERT INTO temp.read VALUES (?, ?, ?, ?, ?, ?)", read(path))
    count, first, last = db.execute(
        "SELECT count(*), min(time), max(time) FROM temp.read"
    ).fetchone()
    if not count:
        raise UsageError(f"{path} has a header and no trades.", "Load a file with trades in it.")
    if last - first > _LONGEST:
        raise UsageError(
            f"{path} reaches over {(last - first) // 86_400_000} days.",
            "Ten years are the most; is one of its times in another unit?",
        )
    _refuse_duplicates(db, path)
    precisions = _precision(db, path, pair, "price"), _precision(db, path, pair, "amount")
    shift = now - first // 1000 if live else (now - last // 1000) // MINUTE * MINUTE
    market = _new_market(db, pair, precisions)
    minutes: list[tuple[object, ...]] = []
    db.executemany(
        "INSERT INTO trades VALUES (?, ?, ?, ?, ?, ?, ?)",
        _trades(_prints(db, path, precisions, shift), market, minutes),
    )
    db.executemany("INSERT INTO minutes VALUES (?, ?, ?, ?, ?, ?, ?, ?)", minutes)
    db.execute("DROP TABLE temp.read")
    begin, end = first // 1000, last // 1000
    return LoadedRecording(
        pair.symbol,
        pair.exchange,
        count,
        first=_utc(begin + shift),
        last=_utc(end + shift),
        recorded_first=_utc(begin),
        recorded_last=_utc(end),
        live=live,
    )


def _refuse_duplicates(db: sqlite3.Connection, path: Path) -> None:
    twice = db.execute(
        "SELECT max(line), id, min(line) FROM temp.read WHERE id IS NOT NULL"
        " GROUP BY id HAVING count(*) > 1 ORDER BY 1 LIMIT 1"
    ).fetchone()
    if twice:
        raise UsageError(
            f"{path}, line {twice[0]}: id {twice[1]} was in line {twice[2]} already.",
            "Every trade has an id of its own; remove the repeated lines.",
        )


def _precision(db: sqlite3.Connection, path: Path, pair: _Pair, column: str) -> int:
    """How many decimals the market needs: its own or the recording's, whichever are more."""
    point = f"instr({column}, '.')"
    decimals = f"CASE {point} WHEN 0 THEN 0 ELSE length({column}) - {point} END"
    # `column` is one of two words of this module.
    query = f"SELECT max({decimals}), line FROM temp.read"  # noqa: S608
    needed, line = db.execute(query).fetchone()
    if needed > _FINEST[pair.exchange]:
        raise UsageError(
            f"{path}, line {line}: a {column} of {needed} decimals.",
            f"{_FINEST[pair.exchange]} decimals are the most for {pair.symbol}.",
        )
    known = SIMULATIONS.get((pair.exchange, pair.symbol))
    own = getattr(known.rules, f"{column}_precision") if known else 0
    return max(int(needed), int(own))


def _new_market(db: sqlite3.Connection, pair: _Pair, precisions: tuple[int, int]) -> int:
    """The pair's number for its trades, after whatever recording it had is gone."""
    db.execute(
        "DELETE FROM recordings WHERE exchange = ? AND symbol = ?", (pair.exchange, pair.symbol)
    )
    made = db.execute(
        "INSERT INTO recordings (exchange, symbol, base, quote, price_precision, amount_precision)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (*pair, *precisions),
    )
    return int(made.lastrowid or 0)


def _trades(
    prints: Iterator[Print], market: int, minutes: list[tuple[object, ...]]
) -> Iterator[tuple[object, ...]]:
    """The rows of `trades`; meanwhile `minutes` fills with what each minute amounts to."""
    seq = 0
    for minute, group in groupby(prints, lambda each: each.time // MINUTE * MINUTE):
        inside = list(group)
        if bar := bar_of(inside):
            minutes.append((market, minute, *bar[:4], str(bar.volume), str(bar.quote)))
        for each in inside:
            seq += 1
            yield (market, each.time, seq, each.id, int(each.buy), each.price, each.amount)


def _prints(
    db: sqlite3.Connection, path: Path, precisions: tuple[int, int], shift: int
) -> Iterator[Print]:
    """The trades in the order of their times, and of one time in that of the file.

    Without ids they are counted from 1; without sides, up was bought and down was sold.
    """
    (ends,) = db.execute(
        "SELECT (SELECT time FROM temp.read ORDER BY rowid LIMIT 1),"
        " (SELECT time FROM temp.read ORDER BY rowid DESC LIMIT 1)"
    )
    rows = db.execute(
        "SELECT line, time, id, buy, price, amount FROM temp.read ORDER BY time, line * ?",
        (-1 if ends[0] > ends[1] else 1,),
    )
    buy, before = True, 0
    for count, row in enumerate(map(Row._make, rows), 1):
        price, amount = (
            scaled(text, precision)
            for text, precision in zip((row.price, row.amount), precisions, strict=True)
        )
        if max(price, amount) > _LARGEST:
            raise UsageError(
                f"{path}, line {row.line}: the number is too large.",
                f"Prices and amounts below {_LARGEST // 10 ** max(precisions)} can be replayed.",
            )
        if price != before:
            buy = price > before
        before = price
        number = count if row.id is None else row.id
        side = buy if row.buy is None else bool(row.buy)
        yield Print(row.time // 1000 + shift, number, side, price, amount)


def _pair(path: Path, symbol: str | None) -> _Pair:
    """The pair by its name, or by the beginning of the file's name."""
    if symbol is not None:
        pair = _known(symbol.strip().upper().replace("-", "_").replace("/", "_"))
        if pair is None:
            raise UsageError(
                f"{symbol!r} is not a pair.", "Write base and quote, like eth_usdt, or btcpln."
            )
        return pair
    words = re.findall(r"[A-Z0-9]+", path.name.upper())
    pair = _known(words[0]) if words else None
    if pair is None and len(words) > 1 and words[1] in _QUOTES:
        pair = _known(f"{words[0]}_{words[1]}")
    if pair is None:
        raise UsageError(
            f"The name {path.name!r} does not tell which pair was recorded.",
            "Name the pair, as in --symbol eth_usdt, or begin the file's name with it.",
        )
    return pair


def _known(name: str) -> _Pair | None:
    """BTCPLN is a pair of Dgtmarket, ETH_USDT one of DigiFinex, and so is ETHUSDT."""
    joined = name.replace("_", "")
    if (DGT, joined) in SIMULATIONS and (name == joined or joined.endswith("PLN")):
        rules = SIMULATIONS[DGT, joined].rules
        return _Pair(DGT, joined, rules.base, rules.quote)
    if name == joined:
        quote = next((each for each in _QUOTES if name.endswith(each)), "")
        name = f"{name.removesuffix(quote)}_{quote}"
    if not re.fullmatch(r"[A-Z0-9]{1,20}_[A-Z0-9]{1,20}", name):
        return None
    base, quote = name.split("_")
    return _Pair(DFX, name, base, quote)


def _utc(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
