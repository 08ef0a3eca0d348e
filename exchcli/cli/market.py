"""Market data: what anybody may ask, without an account."""

# Typer reads the annotations at run time, so they are not postponed here.
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal, TypeVar

import typer

from exchcli.cli.registry import Group, Only
from exchcli.cli.session import Session, keep_symbols, session
from exchcli.cli.symbols import ask_about, resolve
from exchcli.core.request import Flow
from exchcli.errors import UnknownCurrency, UsageError
from exchcli.records import (
    Book,
    Candle,
    Currency,
    MarginCurrency,
    Ping,
    ServerTime,
    Symbol,
    Ticker,
    Trade,
)

group = Group("market", "Prices, order books, trades and the rules of each pair.")

T = TypeVar("T")

Period = Literal["1m", "5m", "15m", "30m", "1h", "4h", "12h", "1d", "1w"]
Source = Literal["markets", "spot", "margin", "api"]

SymbolArgument = Annotated[
    str, typer.Argument(metavar="SYMBOL", help="A pair such as btcpln, BTC/PLN or btc_usdt.")
]
Start = Annotated[
    str | None,
    typer.Option("--start", metavar="TIME", help="From then on: epoch, ISO 8601 or ago (3d)."),
]
End = Annotated[
    str | None,
    typer.Option("--end", metavar="TIME", help="Up to and with then: epoch, ISO 8601 or ago (2h)."),
]


def whole_number(text: str | None, option: str = "--limit") -> int | None:
    """A count from the command line: ASCII digits, nothing else."""
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise UsageError(f"{option} {text!r} is not a whole number.", "Write digits, like 20.")
    return int(text)


@group.command(everyday=True, returns=Ticker)
def ticker(
    ctx: typer.Context,
    symbols: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SYMBOL]...", help="Pairs such as btcpln; none for all of them."),
    ] = None,
) -> None:
    """The last 24 hours of one market, of several or of all."""
    here = session(ctx)
    typed = symbols or []
    wanted = list(dict.fromkeys(resolve(here, text) for text in typed))
    rows = ask_about(here, typed, here.exchange.tickers(wanted))
    here.show(rows[0] if rows and len(typed) == 1 else rows)


@group.command(everyday=True, returns=Book)
def book(
    ctx: typer.Context,
    symbol: SymbolArgument,
    limit: Annotated[
        str | None,
        typer.Option(metavar="N", help="Levels a side: up to 30 on dgt, 150 on dfx [10]."),
    ] = None,
) -> None:
    """The order book, best prices first."""
    here = session(ctx)
    most = whole_number(limit)
    here.show(ask_about(here, [symbol], here.exchange.book(resolve(here, symbol), most)))


@group.command(everyday=True, returns=Trade)
def trades(
    ctx: typer.Context,
    symbol: SymbolArgument,
    limit: Annotated[
        str | None,
        typer.Option(metavar="N", help="Trades: up to 30 on dgt [30], 500 on dfx [100]."),
    ] = None,
) -> None:
    """The latest public trades, newest first."""
    here = session(ctx)
    most = whole_number(limit)
    here.show(ask_about(here, [symbol], here.exchange.trades(resolve(here, symbol), most)))


@group.command(on=("dfx",), everyday=True, returns=Candle)
def candles(
    ctx: typer.Context,
    symbol: SymbolArgument,
    period: Annotated[Period, typer.Option(help="The length of one candle.")] = "1h",
    start: Start = None,
    end: End = None,
    limit: Annotated[
        str | None,
        typer.Option(metavar="N", help="At most N: the first from --start, else the last."),
    ] = None,
) -> None:
    """Candles (open, high, low, close, volume), oldest first.

    Without --start these are the last 200, or the last --limit, up to --end. A stretch of any
    length can be asked for; it is fetched in parts and joined.
    """
    here = session(ctx)
    first, last, most = here.moment(start), here.moment(end), whole_number(limit)
    name = resolve(here, symbol)
    here.show(
        ask_about(
            here, [symbol], here.exchange.candles(name, period, here.now(), first, last, most)
        )
    )


@group.command(everyday=True, returns=Symbol)
def symbols(
    ctx: typer.Context,
    source: Annotated[
        Source | None,
        typer.Option(help="Which of the exchange's lists [spot].", case_sensitive=False),
        Only(("dfx",)),
    ] = None,
) -> None:
    """The pairs that can be traded, with the rules that the exchange tells."""
    here = session(ctx)
    rows = here.ask(here.exchange.symbols(source))
    if rows and source in (None, "spot") and here.exchange.known_symbols() is None:
        keep_symbols(here, rows)
    here.show(rows)


@group.command(on=("dfx",), everyday=True, returns=Currency)
def currencies(
    ctx: typer.Context,
    currency: Annotated[
        str | None, typer.Argument(metavar="[CURRENCY]", help="One currency, such as xrp.")
    ] = None,
    margin: Annotated[
        bool, typer.Option("--margin", help="What can be borrowed, and what that costs.")
    ] = False,
) -> None:
    """How each currency is deposited and withdrawn, and the fees."""
    here = session(ctx)
    name = typed_currency(currency)
    if margin:
        here.settings.returns = MarginCurrency
        here.show(ask_about_currency(here, name, here.exchange.margin_currencies(name)))
    else:
        here.show(ask_about_currency(here, name, here.exchange.currencies(name)))


@group.command(everyday=True, returns=ServerTime)
def time(ctx: typer.Context) -> None:
    """The exchange's clock, and how far it is ahead of this machine's.

    The exchanges tell whole seconds, so the offset is known to about half a second.
    """
    here = session(ctx)
    moment = here.ask(here.exchange.server_time())
    sent, received = here.connected().span
    name, before, after = here.exchange.name, sent.wall, received.wall
    here.show(moment and ServerTime(name, moment, offset(moment, before, after)))


@group.command(on=("dfx",), everyday=True, returns=Ping)
def ping(ctx: typer.Context) -> None:
    """Whether the exchange answers, and how fast."""
    here = session(ctx)
    word = here.ask(here.exchange.ping())
    took = here.connected().span.nanoseconds
    here.show(Ping(here.exchange.name, word, took // 1_000_000))


def typed_currency(text: str | None) -> str | None:
    """A currency as a user types it, in upper case."""
    if text is None:
        return None
    if not (text.isascii() and text.isalnum() and len(text) <= 20):
        raise UsageError(f"{text!r} is no currency.", "Write its code, like btc or USDT.")
    return text.upper()


def ask_about_currency(here: Session, name: str | None, flow: Flow[T]) -> T:
    """Runs a flow about a currency; one that the exchange does not know is a usage error."""
    try:
        return here.ask(flow)
    except UnknownCurrency as error:
        raise UsageError(
            f"{here.exchange.title} has no currency {name!r} here.",
            f"`exch {here.exchange.name} currencies` lists them all.",
            exchange=here.exchange.name,
            code=error.code,
        ) from None


def offset(moment: datetime, before: int, after: int) -> Decimal:
    """Seconds that a clock of whole seconds is ahead, seen between two local nanoseconds.

    It was somewhere in its second while the answer came: the middle of what that allows.
    """
    billion = Decimal(1_000_000_000)
    told = Decimal(int(moment.timestamp()))
    middle = told + Decimal("0.5") - (Decimal(before) + Decimal(after)) / 2 / billion
    return middle.quantize(Decimal("0.1")) + 0  # which makes -0.0 a plain 0.0
