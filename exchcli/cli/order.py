"""Your orders."""

# Typer reads the annotations at run time, so they are not postponed here.
import re
from functools import partial
from typing import Annotated, Literal

import typer

from exchcli.cli.lists import (
    All,
    Limit,
    Margin,
    MaybeSymbol,
    Offset,
    ask_of,
    counted_id,
    in_own_words,
    listing,
    looking_for,
    market_of,
    maybe_resolve,
)
from exchcli.cli.market import End, Start
from exchcli.cli.registry import Group
from exchcli.cli.session import Session, session
from exchcli.errors import UsageError
from exchcli.records import Order

group = Group("order", "Your orders: the open ones, those of the past, and single ones.")

# Statuses of orders that are open; any other one is looked for in the history.
OPEN = ("open", "partially_filled", "0", "1")


@group.command(returns=Order)
def show(
    ctx: typer.Context,
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Ids, as `orders` shows them.")],
    margin: Margin = False,
) -> None:
    """One order with its fills, or several."""
    here = session(ctx)
    wanted = list(dict.fromkeys(_typed_id(here, text) for text in ids))
    market = market_of(margin)
    one = partial(here.exchange.order, market=market)
    with looking_for(here, "order", wanted, "order list --history", one):
        found: Order | list[Order]
        if len(wanted) == 1:
            found = here.ask(here.exchange.order(wanted[0], market))
        else:
            found = here.ask(here.exchange.orders_by_id(wanted, market))
    here.show(found)


@group.command("list", everyday="orders", returns=Order)
def list_(
    ctx: typer.Context,
    symbol: MaybeSymbol = None,
    history: Annotated[
        bool, typer.Option("--history", help="Also those that are filled or canceled.")
    ] = False,
    start: Start = None,
    end: End = None,
    status: Annotated[
        str | None,
        typer.Option(
            metavar="S",
            help="open, partially_filled, filled, canceled, partially_canceled, unknown, "
            "or the exchange's own word. Looks in the history where needed.",
        ),
    ] = None,
    side: Annotated[Literal["buy", "sell"] | None, typer.Option(help="Only these.")] = None,
    limit: Limit = None,
    all_: All = False,
    margin: Margin = False,
    offset: Offset = None,
) -> None:
    """Your orders, newest first: the open ones, or with --history all of them.

    Open is what is not known to be final. Without --start, --limit or --all, the history is
    the newest 100 on Dgtmarket, the last 3 days on DigiFinex; there, --limit without --start
    goes back until it has found N, a year at most. Dgtmarket reads --start and --end in its
    own zone, which it does not tell.
    """
    here = session(ctx)
    name, market = maybe_resolve(here, symbol), market_of(margin)
    word = status.lower() if status else None
    with listing(here, start, end, limit, all_, offset) as wanted:
        if history or word not in (None, *OPEN):
            flow = here.exchange.orders(wanted, name, side, status, market)
            with in_own_words(here, [status], f"{here.exchange.name} orders --history"):
                rows = ask_of(here, symbol, flow)
        else:
            most = None if word else wanted.limit
            flow = here.exchange.open_orders(wanted._replace(limit=most), name, side, market)
            rows = _of_status(ask_of(here, symbol, flow), word, wanted.limit)
    here.show(rows)


def _of_status(rows: list[Order], word: str | None, limit: int | None) -> list[Order]:
    if word is None or not rows:
        return rows
    return [row for row in rows if word in (row.status, row.exchange_status.lower())][:limit]


def _typed_id(here: Session, text: str) -> str:
    if here.exchange.name == "dgt":
        return counted_id(text, "order")
    if not re.fullmatch(r"[0-9A-Za-z_-]{1,64}", text, re.ASCII):
        raise UsageError(
            f"{text!r} is no order ID.",
            "Write one as `exch dfx orders` shows it; several with spaces between them.",
        )
    return text
