"""The ledger: every change of a balance is an entry, and every entry has its other side.

Kept in memory and handed over as rows, so that whoever posts decides when it is written.
Amounts of money are whole hundred-millionths where a price or a rate made them; amounts of
a base currency are as fine as their pair.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal

UNIT = Decimal("0.00000001")
# Wide enough for any price times any amount; what is rounded is rounded by down() and up().
_WIDE = Context(prec=80)

Place = tuple[int, str, str]  # account, wallet, currency


def times(one: Decimal, other: Decimal) -> Decimal:
    """The exact product."""
    return _WIDE.multiply(one, other)


def down(value: Decimal) -> Decimal:
    """What somebody receives for it: the next whole UNIT below."""
    return value.quantize(UNIT, ROUND_FLOOR, _WIDE)


def up(value: Decimal) -> Decimal:
    """What is held for it, or taken as a fee: the next whole UNIT above.

    up(a + b) is never less than down(a) + up(b), so a hold covers its fills, one by one.
    """
    return value.quantize(UNIT, ROUND_CEILING, _WIDE)


def text(value: Decimal) -> str:
    """A decimal as the store keeps it."""
    return format(value, "f")


class Ledger:
    """The balances of one exchange, and the entries made since this was opened."""

    def __init__(self, exchange: str, house: int) -> None:
        self._exchange = exchange
        self._house = house
        self.totals: dict[Place, Decimal] = {}
        self.held: dict[Place, Decimal] = {}
        self.entries: list[tuple[object, ...]] = []

    def free(self, place: Place) -> Decimal:
        return self.totals.get(place, Decimal(0)) - self.held.get(place, Decimal(0))

    def move(
        self, kind: str, source: Place, target: Place, amount: Decimal, time: int, deed: int = 0
    ) -> int:
        """Moves `amount` at `time` (microseconds); returns its deed, for what belongs to it."""
        deed = deed or len(self.entries) + 1
        self._post(deed, kind, source, -amount, time)
        self._post(deed, kind, target, amount, time)
        return deed

    def house(self, wallet: str, currency: str) -> Place:
        return self._house, wallet, currency

    def hold(self, place: Place, amount: Decimal) -> None:
        """Holds so much more, or, below zero, less."""
        self.held[place] = self.held.get(place, Decimal(0)) + amount

    def balance_rows(self) -> list[tuple[object, ...]]:
        """Rows of `balances`."""
        return [
            (*place, text(total), text(self.held.get(place, Decimal(0))))
            for place, total in self.totals.items()
        ]

    def _post(self, deed: int, kind: str, place: Place, amount: Decimal, time: int) -> None:
        total = self.totals.get(place, Decimal(0)) + amount
        self.totals[place] = total
        self.entries.append(
            (
                self._exchange,
                len(self.entries) + 1,
                deed,
                *place,
                kind,
                text(amount),
                text(total),
                time,
            )
        )
