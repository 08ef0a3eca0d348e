"""Margin trading, where the exchange has it."""

# Typer reads the annotations at run time, so they are not postponed here.
from typing import Annotated

import typer

from exchcli.cli.lists import MaybeSymbol, ask_of, maybe_resolve
from exchcli.cli.market import SymbolArgument, ask_about_currency, typed_currency
from exchcli.cli.registry import Group
from exchcli.cli.session import session
from exchcli.cli.symbols import resolve
from exchcli.cli.trading_options import DryRun, Once, Yes
from exchcli.records import Balance, MarginCurrency, Position, Symbol

group = Group("margin", "Margin trading: its pairs, what borrowing costs, and your positions.")


@group.command(on=("dfx",), returns=Symbol)
def symbols(ctx: typer.Context) -> None:
    """The pairs that can be traded on margin, with their liquidation rates."""
    here = session(ctx)
    here.show(here.ask(here.exchange.symbols("margin")))


@group.command(on=("dfx",), returns=MarginCurrency)
def currencies(
    ctx: typer.Context,
    currency: Annotated[
        str | None, typer.Argument(metavar="[CURRENCY]", help="One currency, such as usdt.")
    ] = None,
) -> None:
    """What can be borrowed, and what that costs."""
    here = session(ctx)
    name = typed_currency(currency)
    here.show(ask_about_currency(here, name, here.exchange.margin_currencies(name)))


@group.command(on=("dfx",), returns=Balance)
def balances(ctx: typer.Context) -> None:
    """What there is in the margin account."""
    here = session(ctx)
    here.show(here.ask(here.exchange.balances("margin")))


@group.command(on=("dfx",), returns=Position)
def positions(ctx: typer.Context, symbol: MaybeSymbol = None) -> None:
    """Your open positions."""
    here = session(ctx)
    name = maybe_resolve(here, symbol)
    here.show(ask_of(here, symbol, here.exchange.positions(name)))


@group.command(on=("dfx",), returns=Position)
def close(
    ctx: typer.Context,
    symbol: SymbolArgument,
    once: Once = None,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Close a position at the market's price; what is printed is what is left of it.

    It is never sent a second time: exit code 7 means that it may have been done.
    """
    from exchcli.cli.doing import Keeping
    from exchcli.cli.moving import Asked, close_position

    here = session(ctx)
    with Keeping(here, None if dry_run else once).asking():
        name = resolve(here, symbol)
    close_position(here, name, Asked(once, dry_run, yes))
