"""How a command is declared: once, as a function, for the exchanges that have it.

    market = Group("market", "Prices, order books, trades and candles.")

    @market.command(on=("dfx",), everyday=True, returns=Candle)
    def candles(ctx: typer.Context, symbol: SymbolArgument) -> None:
        "Candles of one market."

Nothing is built here; tree.py turns only the command that runs into a Typer command.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

F = TypeVar("F", bound=Callable[..., None])

BOTH = ("dgt", "dfx")


class Only(NamedTuple):
    """Put in a parameter's Annotated: only these exchanges have the option."""

    exchanges: tuple[str, ...]


class Alone(NamedTuple):
    """Put in a parameter's Annotated: the option may stand without a value, and then has this.

    What follows it is its value where it is a plain number.
    """

    value: str


class Spec(NamedTuple):
    """One declared command. `returns` is the record it shows, for --fields and the docs;
    `everyday` its name directly on the exchange, if it stands there too; `asks` says that it
    asks an exchange though it is of none; `heeds` are the options of every command that mean
    something to it though it asks none.
    """

    name: str
    function: Callable[..., None]
    on: tuple[str, ...]
    everyday: str | None
    returns: type | None
    asks: bool = False
    heeds: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """The first sentence of its help."""
        return _first_paragraph(self.function.__doc__ or "")


class Group:
    """A group of commands. `everyday` ones also stand directly on the exchange, under the same
    name or under the one that is given.
    """

    def __init__(self, name: str, help: str) -> None:
        self.name = name
        self.help = help
        self.specs: dict[str, Spec] = {}

    @property
    def summary(self) -> str:
        """The first sentence of its help."""
        return _first_paragraph(self.help)

    def command(
        self,
        name: str | None = None,
        *,
        on: tuple[str, ...] = BOTH,
        everyday: bool | str = False,
        returns: type | None = None,
        asks: bool = False,
        heeds: tuple[str, ...] = (),
    ) -> Callable[[F], F]:
        """Declares a function to be a command of this group."""

        def declare(function: F) -> F:
            called = name or getattr(function, "__name__", "").replace("_", "-")
            there = (called if everyday is True else everyday) or None
            self.specs[called] = Spec(called, function, on, there, returns, asks, heeds)
            return function

        return declare


def _first_paragraph(text: str) -> str:
    return " ".join(text.strip().split("\n\n")[0].split())
