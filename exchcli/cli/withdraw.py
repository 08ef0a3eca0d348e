"""Withdrawals."""

# Typer reads the annotations at run time, so they are not postponed here.
from typing import Annotated

import typer

from exchcli.cli.account import Direction
from exchcli.cli.lists import FromId, MaybeCurrency, counted_id, maybe_counted_id
from exchcli.cli.market import typed_currency, whole_number
from exchcli.cli.registry import Group, Only
from exchcli.cli.session import session
from exchcli.cli.trading_options import DryRun, Money, Once, Yes
from exchcli.errors import UsageError
from exchcli.records import Cancelled, Moved, Transfer

group = Group("withdraw", "Withdrawals: order, list and cancel them.")

DFX = Only(("dfx",))


@group.command(returns=Moved)
def new(
    ctx: typer.Context,
    currency: Annotated[str, typer.Argument(metavar="CURRENCY", help="Such as btc or USDT.")],
    amount: Money,
    address: Annotated[
        str | None,
        typer.Option(metavar="A", help="One of the withdrawal addresses of your settings."),
        DFX,
    ] = None,
    chain: Annotated[
        str | None, typer.Option(metavar="C", help="For USDT: ERC20 or OMNI."), DFX
    ] = None,
    memo: Annotated[
        str | None, typer.Option(metavar="M", help="The tag that some currencies need."), DFX
    ] = None,
    internal: Annotated[
        bool, typer.Option("--internal", help="To another user, whose id is the address."), DFX
    ] = False,
    once: Once = None,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Withdraw money. On Dgtmarket it goes to the address that is set there, which is shown first.

    It is never sent a second time: exit code 7 means that it may be on its way, and that the
    list of withdrawals has to be looked at before anything else.
    """
    from exchcli.cli.moving import Asked, typed_money, withdraw
    from exchcli.execution.intent import Withdrawal

    name = typed_currency(currency)
    assert name is not None
    for option, text in (("--address", address), ("--chain", chain), ("--memo", memo)):
        if text is not None and (not text.strip() or not text.isprintable() or len(text) > 256):
            raise UsageError(f"{option} {text[:40]!r} can be none.", "Copy it from your settings.")
    wanted = Withdrawal(name, typed_money(amount), address, chain, memo, internal)
    withdraw(session(ctx), wanted, Asked(once, dry_run, yes))


@group.command(on=("dfx",), returns=Cancelled)
def cancel(
    ctx: typer.Context,
    id: Annotated[str, typer.Argument(metavar="ID", help="Its id, as `list` shows it.")],
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Cancel a withdrawal that is not on its way yet. Safe to repeat."""
    from exchcli.cli.moving import Asked, cancel_withdrawal

    asked = Asked(None, dry_run, yes)
    cancel_withdrawal(session(ctx), counted_id(id, "withdrawal"), asked)


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
