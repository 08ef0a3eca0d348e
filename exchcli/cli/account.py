"""What there is in an account, and what changed it."""

# Typer reads the annotations at run time, so they are not postponed here.
from typing import Annotated, Literal

import typer

from exchcli.cli.limits import limits
from exchcli.cli.lists import (
    All,
    FromId,
    Limit,
    Margin,
    MaybeCurrency,
    MaybeSymbol,
    Offset,
    ask_of,
    counted_id,
    listing,
    looking_for,
    market_of,
    maybe_counted_id,
    maybe_resolve,
)
from exchcli.cli.market import End, Start, typed_currency, whole_number
from exchcli.cli.registry import Group
from exchcli.cli.session import session
from exchcli.errors import UsageError
from exchcli.records import Address, Balance, Fill, Ledger, Limits, Transfer

group = Group("account", "Balances, fills, and what came in and went out.")

Direction = Annotated[
    Literal["asc", "desc"], typer.Option("--order", help="From old to new, or from new to old.")
]


@group.command(everyday=True, returns=Balance)
def balances(ctx: typer.Context, margin: Margin = False) -> None:
    """What there is of each currency: free, held by orders, in all.

    On Dgtmarket with the addresses of each wallet.
    """
    here = session(ctx)
    here.show(here.ask(here.exchange.balances(market_of(margin))))


@group.command(everyday=True, returns=Fill)
def fills(
    ctx: typer.Context,
    symbol: MaybeSymbol = None,
    start: Start = None,
    end: End = None,
    limit: Limit = None,
    all_: All = False,
    margin: Margin = False,
    offset: Offset = None,
) -> None:
    """Your own trades, newest first.

    Without --start, --limit or --all: the newest 100 on Dgtmarket, those of the last 3 days
    on DigiFinex; there, --limit without --start goes back until it has found N, a year at
    most. Dgtmarket tells times without a zone; --start and --end are compared with them as
    they are written.
    """
    here = session(ctx)
    name = maybe_resolve(here, symbol)
    if offset is not None and name is None:
        raise UsageError("--offset counts the fills of one pair.", "Name the pair as well.")
    with listing(here, start, end, limit, all_, offset) as wanted:
        rows = ask_of(here, symbol, here.exchange.fills(wanted, name, market_of(margin)))
    here.show(rows)


@group.command(on=("dgt",), returns=Fill)
def fill(
    ctx: typer.Context,
    id: Annotated[str, typer.Argument(metavar="ID", help="The fill's id, as `fills` shows it.")],
) -> None:
    """One of your own trades."""
    here = session(ctx)
    with looking_for(here, "fill", [counted_id(id, "fill")], "fills --all"):
        found = here.ask(here.exchange.fill(id))
    here.show(found)


@group.command(on=("dfx",), returns=Ledger)
def ledger(
    ctx: typer.Context,
    currency: MaybeCurrency = None,
    start: Start = None,
    end: End = None,
    limit: Limit = None,
    margin: Margin = False,
    otc: Annotated[bool, typer.Option("--otc", help="The OTC account's.")] = False,
) -> None:
    """Every change of a balance, newest first: 100 of them unless you say more."""
    here = session(ctx)
    if margin and otc:
        raise UsageError("--margin and --otc are two accounts.", "Ask for one after the other.")
    name = typed_currency(currency)
    account: Literal["spot", "margin", "otc"] = "otc" if otc else market_of(margin)
    with listing(here, start, end, limit) as wanted:
        rows = here.ask(here.exchange.ledger(wanted, name, account))
    here.show(rows)


@group.command(on=("dfx",), returns=Transfer)
def deposits(
    ctx: typer.Context,
    currency: MaybeCurrency = None,
    limit: Annotated[
        str | None, typer.Option(metavar="N", help="At most N; any number [100].")
    ] = None,
    from_id: FromId = None,
    order: Direction = "desc",
) -> None:
    """Deposits, newest first. Their times are as DigiFinex says them, without a zone."""
    here = session(ctx)
    start = maybe_counted_id(from_id, "deposit")
    flow = here.exchange.deposits(typed_currency(currency), whole_number(limit), start, order)
    here.show(here.ask(flow))


@group.command(on=("dfx",), returns=Address)
def deposit_address(
    ctx: typer.Context,
    currency: Annotated[str, typer.Argument(metavar="CURRENCY", help="Such as btc or USDT.")],
) -> None:
    """Where a currency is deposited: one address a chain, some with a memo."""
    here = session(ctx)
    name = typed_currency(currency)
    assert name is not None
    here.show(here.ask(here.exchange.deposit_addresses(name)))


group.command(returns=Limits)(limits)
