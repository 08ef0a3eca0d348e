"""Withdrawals."""

# Typer reads the annotations at run time, so they are not postponed here.
from typing import Annotated

import typer

from exchcli.cli.account import Direction
from exchcli.cli.lists import FromId, MaybeCurrency, maybe_counted_id
from exchcli.cli.market import typed_currency, whole_number
from exchcli.cli.registry import Group
from exchcli.cli.session import session
from exchcli.records import Transfer

group = Group("withdraw", "Withdrawals.")


@group.command("list", on=("dfx",), returns=Transfer)
def list_(
    ctx: typer.Context,
    currency: MaybeCurrency = None,
    limit: Annotated[
        str | None, typer.Option(metavar="N", help="At most N; any number [100].")
    ] = None,
    from_id: FromId = None,
    order: Direction = "desc",
) -> None:
    """Withdrawals, newest first. Their times are as DigiFinex says them, without a zone."""
    here = session(ctx)
    start = maybe_counted_id(from_id, "withdrawal")
    flow = here.exchange.withdrawals(typed_currency(currency), whole_number(limit), start, order)
    here.show(here.ask(flow))
