"""The keys of a torture: what each is to buy or sell, in sizes that no other key has."""

from __future__ import annotations

import json
from decimal import Decimal
from itertools import count
from pathlib import Path
from random import Random
from typing import NamedTuple

# The amounts of the other client of the same accounts begin here; no key reaches it.
OTHERS = Decimal(30)
_TICKS = {"BTC_USDT": ("100.00", "15000.00"), "ETH_USDT": ("20.00", "400.00"),
          "LTC_USDT": ("25.00", "90.00")}  # fmt: skip


class Wanted(NamedTuple):
    """One key. `arguments` follow the exchange; `sizes` are its orders' amounts in base, or, of
    a buy that spends, in quote currency. Twins are two keys that want the same.
    """

    key: str
    exchange: str
    arguments: tuple[str, ...]
    sizes: tuple[Decimal, ...]
    kind: str


class Wishes:
    """Makes keys one after the other, by a seed. `folder` takes the files of batches."""

    def __init__(self, folder: Path, random: Random) -> None:
        self._folder = folder
        self._random = random
        self._number = count(1)

    def more(self, exchange: str) -> list[Wanted]:
        """The next key of this exchange, or the next two that want the same."""
        number = next(self._number)
        kind, arguments, sizes = self._dgt(number) if exchange == "dgt" else self._dfx(number)
        policy = self._random.choice((["--on-absent", "resend"], []))
        twins = 2 if self._random.random() < 0.15 and kind != "batch" else 1
        keys = [f"k{number}{'ab'[twin] if twins == 2 else ''}" for twin in range(twins)]
        return [
            Wanted(key, exchange, (*arguments, *policy, "--once", key), sizes, kind) for key in keys
        ]

    def _dgt(self, number: int) -> tuple[str, list[str], tuple[Decimal, ...]]:
        size = Decimal(1_000_000 + number).scaleb(-8)
        kind = self._random.choice(("rests", "rests", "takes", "market"))
        side = self._random.choice(("buy", "sell"))
        if kind == "market":
            return kind, ["order", side, "BTCPLN", str(size), "--market"], (size,)
        low = (side == "buy") == (kind == "rests")
        price = "1000.00" if low else "9000.00"
        return kind, ["order", side, "BTCPLN", str(size), "--price", price], (size,)

    def _dfx(self, number: int) -> tuple[str, list[str], tuple[Decimal, ...]]:
        symbol = self._random.choice(list(_TICKS))
        low, high = _TICKS[symbol]
        size = Decimal(1_000 + number).scaleb(-4)
        kind = self._random.choice(("rests", "post-only", "takes", "market", "spends", "batch"))
        side = self._random.choice(("buy", "sell"))
        if kind == "spends":
            spend = Decimal(10_000 + number).scaleb(-2)
            return kind, ["order", "buy", symbol, "--spend", str(spend), "--market"], (spend,)
        if kind == "market":
            return kind, ["order", "sell", symbol, str(size), "--market"], (size,)
        price = low if (side == "buy") == (kind != "takes") else high
        if kind == "batch":
            sizes = (size, size + 1, size + 2)
            file = self._folder / f"batch-{number}.json"
            rows = [{"side": side, "amount": str(each), "price": price} for each in sizes]
            file.write_text(json.dumps(rows))
            return kind, ["order", "batch", symbol, str(file)], sizes
        more = ["--post-only"] if kind == "post-only" else []
        return kind, ["order", side, symbol, str(size), "--price", price, *more], (size,)
