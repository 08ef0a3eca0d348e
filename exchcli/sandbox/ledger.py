"""The ledger: every change of a balance is an entry, and every entry has its other side.

Kept in memory and handed over as rows, so that whoever posts decides when it is written.
Amounts of money are whole hundred-millionths where a price or a rate made them; amounts of
a base currency are as fine as their pair.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal

UNIT = Decimal("0.00000001")
# Wide enough for any price times any amount, and for any sum of them; what is rounded is rounded
# by down() and up(). The operators round to 28 digits, which is not enough for either.
_WIDE = Context(prec=80)
_NOTHING = Decimal(0)

Place = tuple[int, str, str]  # account, wallet, currency


def times(one: Decimal, other: Decimal) -> Decimal:
    """The exact product."""
    return _WIDE.multiply(one, other)


def over(one: Decimal, other: Decimal) -> Decimal:
    """The quotient, to far more digits than any that is rounded to a UNIT needs."""
    return _WIDE.divide(one, other)


def plus(one: Decimal, other: Decimal) -> Decimal:
    """The exact sum."""
    return _WIDE.add(one, other)


def minus(one: Decimal, other: Decimal) -> Decimal:
    """The exact difference."""
    return _WIDE.subtract(one, other)


def shifted(value: Decimal, places: int) -> Decimal:
    """Exactly value * 10 ** places."""
    return _WIDE.scaleb(value, places)


def down(value: Decimal) -> Decimal:
    """What somebody receives for it: the next whole UNIT below."""
    return value.quantize(UNIT, ROUND_FLOOR, _WIDE)


def up(value: Decimal, unit: Decimal = UNIT) -> Decimal:
    """What is held for it, or taken as a fee: the next whole unit above.

    up(a + b) is never less than down(a) + up(b), so a hold covers its fills, one by one.
    """
    return value.quantize(unit, ROUND_CEILING, _WIDE)


def rounded(value: Decimal, unit: Decimal = UNIT) -> Decimal:
    """What is told of it: the nearest whole unit."""
    return value.quantize(unit, ROUND_HALF_EVEN, _WIDE)


def text(value: Decimal) -> str:
    """A decimal as the store keeps it."""
    # The usual case first: str() takes a third of the time.
    shown = str(value)
    return format(value, "f") if "E" in shown else shown


class Ledger:
    """The balances of one exchange, and the entries made since this was opened."""

    def __init__(self, exchange: str, house: int, newest: int = 0) -> None:
        """`newest` is the id of the last entry that there is already."""
        self._exchange = exchange
        self._house = house
        self._newest = newest
        self.totals: dict[Place, Decimal] = {}
        self.held: dict[Place, Decimal] = {}
        self.entries: list[tuple[object, ...]] = []

    def total(self, place: Place) -> Decimal:
        """All that is there, what is held included."""
        return self.totals.get(place, _NOTHING)

    def hold_of(self, place: Place) -> Decimal:
        """What of it is held."""
        return self.held.get(place, _NOTHING)

    def free(self, place: Place) -> Decimal:
        return minus(self.total(place), self.hold_of(place))

    def move(
        self, kind: str, source: Place, target: Place, amount: Decimal, time: int, deed: int = 0
    ) -> int:
        """Moves `amount` at `time` (microseconds); returns its deed, for what belongs to it."""
        deed = deed or self._newest + 1
        self._post(deed, kind, source, minus(_NOTHING, amount), time)
        self._post(deed, kind, target, amount, time)
        return deed

    def house(self, wallet: str, currency: str) -> Place:
        return self._house, wallet, currency

    def hold(self, place: Place, amount: Decimal) -> None:
        """Holds so much more, or, below zero, less."""
        self.held[place] = plus(self.hold_of(place), amount)

    def balance_rows(self) -> list[tuple[object, ...]]:
        """Rows of `balances`."""
        return [
            (*place, text(total), text(self.hold_of(place))) for place, total in self.totals.items()
        ]

    def _post(self, deed: int, kind: str, place: Place, amount: Decimal, time: int) -> None:
        total = plus(self.total(place), amount)
        self.totals[place] = total
        self._newest += 1
        self.entries.append(
            (self._exchange, self._newest, deed, *place, kind, text(amount), text(total), time)
        )
