"""Your orders: listed here; placed in placing.py and batch.py, canceled in canceling.py."""

# Typer reads the annotations at run time, so they are not postponed here.
import re
from functools import partial
from typing import Annotated

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
from exchcli.cli.market import End, Start, SymbolArgument
from exchcli.cli.registry import Group
from exchcli.cli.session import session
from exchcli.cli.trading_options import (
    Amount,
    AtMarket,
    DryRun,
    OnAbsent,
    Once,
    OnMargin,
    PostOnly,
    Price,
    Round,
    Spend,
    Stop,
    Wait,
    Yes,
)
from exchcli.errors import UsageError
from exchcli.records import Cancelled, Order, Placed, Side

group = Group("order", "Your orders: place, cancel, and list them.")

# Statuses of orders that are open; any other one is looked for in the history.
OPEN = ("open", "partially_filled", "0", "1")


@group.command(everyday=True, returns=Placed)
def buy(
    ctx: typer.Context,
    symbol: SymbolArgument,
    amount: Amount = None,
    price: Price = None,
    market: AtMarket = False,
    spend: Spend = None,
    post_only: PostOnly = False,
    stop: Stop = None,
    margin: OnMargin = False,
    round_: Round = False,
    once: Once = None,
    on_absent: OnAbsent = "stop",
    wait: Wait = None,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Place an order that buys: --price P, or --market for what the order book has.

    On a terminal it shows what it will do and asks; elsewhere it needs --yes. Precision,
    minimum and funds are checked before anything is sent. With --spend on Dgtmarket the amount
    is worked out from the order book of the moment; when the market moves meanwhile, it costs
    a little more or less.

    --once KEY does it at most once under this key, whatever fails and however often it is run:
    a second run answers the same order, with "replayed": true. What it cannot tell apart is an
    order of yours from an identical one that somebody else placed in this account in the same
    seconds.

    --wait looks at the order until it is filled or canceled. When the time is up, the order is
    printed as it is then, and stays; the exit code is 0 all the same.

    Exit code 7 means that it may have been placed: `exch journal list` shows it, and how it is
    settled. Run it again with the same --once, never without.
    """
    from exchcli.cli.placing import How, place
    from exchcli.cli.wanted import Typed

    typed = Typed("buy", symbol, amount, price, market, spend, post_only, stop, margin, round_)
    place(session(ctx), typed, How(once, on_absent, wait, dry_run, yes))


@group.command(everyday=True, returns=Placed)
def sell(
    ctx: typer.Context,
    symbol: SymbolArgument,
    amount: Amount = None,
    price: Price = None,
    market: AtMarket = False,
    post_only: PostOnly = False,
    stop: Stop = None,
    margin: OnMargin = False,
    round_: Round = False,
    once: Once = None,
    on_absent: OnAbsent = "stop",
    wait: Wait = None,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Place an order that sells: --price P, or --market for what the order book has.

    All else is as with `buy`, whose help says more.
    """
    from exchcli.cli.placing import How, place
    from exchcli.cli.wanted import Typed

    typed = Typed("sell", symbol, amount, price, market, None, post_only, stop, margin, round_)
    place(session(ctx), typed, How(once, on_absent, wait, dry_run, yes))


@group.command(on=("dfx",), returns=Placed)
def batch(
    ctx: typer.Context,
    symbol: SymbolArgument,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="The orders: JSON or CSV; - reads stdin.")
    ],
    margin: OnMargin = False,
    once: Once = None,
    on_absent: OnAbsent = "stop",
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Place many orders of one pair from a file.

    The file is a JSON array, JSON objects one after another, or CSV with a header. Each order has
    side, amount and price, and may have post_only. They go out ten a call, and of each call all
    are placed or none.

    --once KEY holds for the whole file: its calls are KEY#1, KEY#2 and so on in the journal.
    Run it again with the same file, and what was placed is not placed again. What was placed is
    printed also when a later call fails. Without a key, the exit code is 7 then whatever it was
    that failed: never run the whole file again, but place what is left from another one.
    """
    from exchcli.cli.batch import BatchHow, place_file

    place_file(session(ctx), symbol, file, margin, BatchHow(once, on_absent, dry_run, yes))


@group.command(everyday=True, returns=Cancelled)
def cancel(
    ctx: typer.Context,
    ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ID]...", help="Ids, as `orders` shows them."),
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="All that are open.")] = False,
    symbol: Annotated[
        str | None, typer.Option(metavar="S", help="With --all: only of this pair.")
    ] = None,
    side: Annotated[
        Side | None, typer.Option(help="With --all: only these.", case_sensitive=False)
    ] = None,
    margin: OnMargin = False,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Cancel orders, by their ids or all that are open.

    Safe to repeat: one that is canceled already stays so, and prints the same. The exit code is
    4 when an order could not be canceled, for example because it was filled before, and 7 when
    that is not known; the others are tried all the same.
    """
    from exchcli.cli.canceling import cancel_all, cancel_some

    here = session(ctx)
    wanted = list(dict.fromkeys(typed_id(here.exchange.name, text) for text in ids or []))
    if all_ == bool(wanted):
        raise UsageError("Name the ids of orders, or --all.", "`orders` shows what is open.")
    if all_:
        cancel_all(here, maybe_resolve(here, symbol), side, market_of(margin), dry_run, yes)
    elif symbol or side:
        raise UsageError("--symbol and --side choose among all.", "Leave them out, or add --all.")
    else:
        cancel_some(here, wanted, market_of(margin), dry_run, yes)


@group.command(returns=Order)
def show(
    ctx: typer.Context,
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Ids, as `orders` shows them.")],
    margin: Margin = False,
) -> None:
    """One order with its fills, or several."""
    here = session(ctx)
    wanted = list(dict.fromkeys(typed_id(here.exchange.name, text) for text in ids))
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
    side: Annotated[Side | None, typer.Option(help="Only these.", case_sensitive=False)] = None,
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


def typed_id(exchange: str, text: str) -> str:
    """The id of an order as a user types it. Raises UsageError."""
    if exchange == "dgt":
        return counted_id(text, "order")
    if not re.fullmatch(r"[0-9A-Za-z_-]{1,64}", text, re.ASCII):
        raise UsageError(
            f"{text!r} is no order ID.",
            "Write one as `exch dfx orders` shows it; several with spaces between them.",
        )
    return text
