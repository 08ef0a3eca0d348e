"""The sandbox on this machine: served to others, looked at, funded, replaced, started afresh."""

# Typer reads the annotations at run time, so they are not postponed here.
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from exchcli.cli.confirm import confirm
from exchcli.cli.embedding import whose_time
from exchcli.cli.registry import Group
from exchcli.cli.serving import serve
from exchcli.cli.session import session
from exchcli.errors import UsageError
from exchcli.sandbox.funding import Funded, currencies, fund, listed
from exchcli.sandbox.overview import Overview, overview, place

if TYPE_CHECKING:
    from exchcli.sandbox.exchange import Sandbox

group = Group("sandbox", "The exchange inside exch: serve it, look after it, or start afresh.")
group.command()(serve)


@group.command(returns=Overview)
def status(ctx: typer.Context) -> None:
    """Where the sandbox is, what time it has, whose keys it knows, and what they own.

    The secrets of the demo accounts are shown: they open nothing but this sandbox.
    """
    here = session(ctx)
    there = place(here.places.sandbox)
    if not there.size:
        here.say("There is no sandbox yet; the first command with --sandbox opens it.")
        here.show(there)
        return
    here.show(overview(here.embedded(), whose_time(here.places.sandbox)))


@group.command("fund", returns=Funded)
def fund_account(
    ctx: typer.Context,
    currency: Annotated[str, typer.Argument(metavar="CURRENCY", help="Such as PLN or USDT.")],
    amount: Annotated[str, typer.Argument(metavar="AMOUNT", help="How much, like 1500.25.")],
    exchange: Annotated[
        str | None,
        typer.Option(metavar="dgt|dfx", help="Left out, the one exchange with that currency."),
    ] = None,
    account: Annotated[
        int,
        typer.Option(metavar="1|2", show_default=False, help="Which of the two demo accounts [1]."),
    ] = 1,
) -> None:
    """Deposit money into a demo account; it is there at once.

    It is a deposit like any other, in the history and in the books of the sandbox.
    """
    here = session(ctx)
    sandbox = here.embedded()
    where = exchange or _only_exchange(sandbox, currency)
    here.show(fund(sandbox, where, account, currency, amount))


def _only_exchange(sandbox: "Sandbox", currency: str) -> str:
    """The exchange that has the currency. Raises UsageError if it is both, or neither."""
    name = currency.strip().upper()
    having = [each for each in ("dgt", "dfx") if name in currencies(sandbox, each)]
    if len(having) == 1:
        return having[0]
    if having:
        raise UsageError(
            f"Both exchanges have {name}.",
            "Say which one is meant, with --exchange dgt or --exchange dfx.",
        )
    raise UsageError(
        f"No exchange has {name}.",
        f"dgt has {listed(sandbox, 'dgt')}; dfx has {listed(sandbox, 'dfx')}.",
    )


@group.command("load")
def load_recording(
    ctx: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A CSV file of trades: time, price, amount ...")
    ],
    symbol: Annotated[
        str | None,
        typer.Option(metavar="SYMBOL", help="The pair; left out, the file's name tells it."),
    ] = None,
    live: Annotated[
        bool, typer.Option("--live", help="Play it from now on, instead of ending it just now.")
    ] = False,
) -> None:
    """Replay a recording of real trades in place of a pair's simulated market.

    The file has a header with the columns time (seconds, milliseconds or ISO 8601), price and
    amount, and perhaps id and side, in any order. Ticker, order book, trades and candles of
    the pair then show that market, shifted so that it ends now.
    """
    from exchcli.sandbox.recording import LoadedRecording, load

    here = session(ctx)
    sandbox = here.sandbox()
    ctx.call_on_close(sandbox.close)
    here.show(load(sandbox, file, symbol=symbol, live=live), LoadedRecording)


@group.command()
def reset(
    ctx: typer.Context,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove the sandbox's files; the next command opens a new one."""
    here = session(ctx)
    confirm(f"Remove the sandbox in {here.places.sandbox}, with all that was traded there?", yes)
    from exchcli.sandbox.recording import reset as remove_files

    remove_files(here.places.sandbox)
    here.say("The sandbox is removed; the next command with --sandbox opens a new one.")
