"""Money that came in and went out, where the exchange has one list for both."""

# Typer reads the annotations at run time, so they are not postponed here.
from typing import Annotated

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
from exchcli.records import Transfer

group = Group("transfer", "Deposits and withdrawals.")


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
