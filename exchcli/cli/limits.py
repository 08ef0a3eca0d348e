"""How much of an exchange's limits is used, bans, and what DigiFinex judges traders by."""

# Typer reads the annotations at run time, so they are not postponed here.
from typing import Annotated

import typer

from exchcli.cli.registry import Only
from exchcli.cli.session import Session, session
from exchcli.errors import CredentialsError
from exchcli.records import Indicator, Limits


def limits(
    ctx: typer.Context,
    indicators: Annotated[
        bool,
        typer.Option("--indicators", help="FR, FW and CR of the last 10 minutes, pair by pair."),
        Only(("dfx",)),
    ] = False,
    margin: Annotated[
        bool,
        typer.Option("--margin", help="With --indicators: of the orders on margin."),
        Only(("dfx",)),
    ] = False,
) -> None:
    """What this machine has used of the exchange's limits, and until when it is banned.

    Nothing is sent for that. DigiFinex bans whose orders are hardly ever filled (FR, FW) or
    mostly cancelled at once (CR): --indicators works these out from the order history.
    """
    here = session(ctx)
    if indicators:
        here.settings.returns = Indicator
        here.show(_indicators(here, margin))
    else:
        here.begin()
        here.show(used(here))
        if here.exchange.name == "dfx" and here.format == "table":
            here.say("--indicators shows the FR, FW and CR of each pair")


def used(here: Session) -> list[Limits]:
    """The limits of the exchange that this session asks. Raises StateError."""
    try:
        key = here.credentials().key
    except CredentialsError:  # without one, nothing private was asked
        key = None
    return [Limits(here.exchange.name, *row) for row in here.throttle().usage(key)]


def _indicators(here: Session, margin: bool) -> list[Indicator]:
    from exchcli.exchanges.indicators import PERIOD, indicators
    from exchcli.exchanges.listing import Listing

    here.ask(here.connected().ready_to_sign())
    now = here.now()
    listing = Listing(now, start=now - PERIOD, whole=True)
    orders = here.ask(here.exchange.orders(listing, market="margin" if margin else "spot"))
    return indicators(orders or [], now)
