"""Money that came in and went out, where the exchange has one list for both; and money that
moves between the account's own wallets.
"""

# Typer reads the annotations at run time, so they are not postponed here.
from typing import Annotated, Literal

import typer

from exchcli.cli.lists import (
    All,
    Limit,
    MaybeCurrency,
    Offset,
    counted_id,
    in_own_words,
    listing,
    looking_for,
)
from exchcli.cli.market import typed_currency
from exchcli.cli.registry import Group
from exchcli.cli.session import session
from exchcli.cli.trading_options import DryRun, Money, Once, Yes
from exchcli.records import Moved, Transfer

group = Group("transfer", "Money that comes in, goes out, or moves between accounts.")

Wallet = Literal["spot", "margin", "otc"]


@group.command(on=("dfx",), returns=Moved)
def new(
    ctx: typer.Context,
    currency: Annotated[str, typer.Argument(metavar="CURRENCY", help="Such as btc or USDT.")],
    amount: Money,
    source: Annotated[
        Wallet,
        typer.Option("--from", help="The account that it leaves.", case_sensitive=False),
    ],
    target: Annotated[
        Wallet,
        typer.Option("--to", help="The account that it comes to.", case_sensitive=False),
    ],
    once: Once = None,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Move money between your spot, margin and OTC accounts.

    It is never sent a second time: exit code 7 means that it may have been done, and that the
    balances have to be looked at. DigiFinex gives it no id.
    """
    from exchcli.cli.moving import Asked, move, typed_money
    from exchcli.execution.intent import Move

    name = typed_currency(currency)
    assert name is not None
    wanted = Move(name, typed_money(amount), source, target)
    move(session(ctx), wanted, Asked(once, dry_run, yes))


@group.command("list", on=("dgt",), returns=Transfer)
def list_(
    ctx: typer.Context,
    currency: MaybeCurrency = None,
    type: Annotated[
        str | None, typer.Option(metavar="T", help="Dgtmarket's word for it, such as DEPOSIT.")
    ] = None,
    status: Annotated[
        str | None, typer.Option(metavar="S", help="Dgtmarket's word for it, such as PENDING.")
    ] = None,
    limit: Limit = None,
    all_: All = False,
    offset: Offset = None,
) -> None:
    """Deposits and withdrawals, newest first: 100 of them unless you say more."""
    here = session(ctx)
    name = typed_currency(currency)
    with listing(here, limit=limit, whole=all_, offset=offset) as wanted:
        with in_own_words(here, [type, status], "dgt transfer list"):
            rows = here.ask(here.exchange.transfers(wanted, name, type, status))
    here.show(rows)


@group.command(on=("dgt",), returns=Transfer)
def show(
    ctx: typer.Context,
    id: Annotated[str, typer.Argument(metavar="ID", help="Its id, as `list` shows it.")],
) -> None:
    """One deposit or withdrawal."""
    here = session(ctx)
    with looking_for(here, "transfer", [counted_id(id, "transfer")], "transfer list --all"):
        found = here.ask(here.exchange.transfer(id))
    here.show(found)
