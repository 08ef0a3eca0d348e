"""Seeded numbers by address: the same question always has the same answer.

The simulated market is a pure function of its seed and the time, so nothing here keeps a
state. A draw is named by integers (which candle, which level, what for), and any draw can
be asked for alone, in any order and in any process.
"""

from __future__ import annotations

from hashlib import shake_128
from struct import pack, unpack

# A draw is a whole number of 0 .. SPAN - 1.
SPAN = 1 << 16


class Noise:
    """The numbers of one market: `key` is its seed and its name."""

    __slots__ = ("_key",)

    def __init__(self, seed: int, name: str) -> None:
        self._key = shake_128(f"{seed}:{name}".encode()).digest(16)

    def draw(self, count: int, *address: int) -> tuple[int, ...]:
        """`count` numbers of 0 .. SPAN - 1 at this address; a longer draw begins like a shorter."""
        where = pack(f"<{len(address)}q", *address)
        return unpack(f"<{count}H", shake_128(self._key + where).digest(2 * count))
