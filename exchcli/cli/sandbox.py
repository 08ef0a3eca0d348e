"""The sandbox on this machine: served to others, looked at, funded, replaced, started afresh."""

# Typer reads the annotations at run time, so they are not postponed here.
from pathlib import Path
from typing import Annotated

import typer

from exchcli.cli.confirm import confirm
from exchcli.cli.registry import Group
from exchcli.cli.serving import serve
from exchcli.cli.session import session

group = Group("sandbox", "The exchange inside exch: serve it, look after it, or start afresh.")
group.command()(serve)


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
