"""The arguments of commands that list what an account did, and their listing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from exchcli.cli.market import whole_number
from exchcli.cli.registry import Only
from exchcli.cli.session import Session
from exchcli.cli.symbols import ask_about, resolve
from exchcli.errors import Rejected, UsageError
from exchcli.records import Market

if TYPE_CHECKING:
    from exchcli.core.request import Flow
    from exchcli.exchanges.listing import Listing

T = TypeVar("T")

MaybeSymbol = Annotated[
    str | None,
    typer.Argument(metavar="[SYMBOL]", help="One pair, such as btcpln; none for all of them."),
]
MaybeCurrency = Annotated[
    str | None, typer.Argument(metavar="[CURRENCY]", help="One currency, such as btc.")
]
Limit = Annotated[str | None, typer.Option("--limit", metavar="N", help="The newest N.")]
All = Annotated[bool, typer.Option("--all", help="All that there are, however many pages.")]
Margin = Annotated[bool, typer.Option("--margin", help="The margin account's."), Only(("dfx",))]
Offset = Annotated[
    str | None,
    typer.Option("--offset", metavar="N", help="Leave out the newest N."),
    Only(("dgt",)),
]
FromId = Annotated[
    str | None, typer.Option("--from-id", metavar="ID", help="Begin there [the newest].")
]


@contextmanager
def listing(
    here: Session,
    start: str | None = None,
    end: str | None = None,
    limit: str | None = None,
    whole: bool = False,
    offset: str | None = None,
) -> Iterator[Listing]:
    """What these options ask for. A person at a terminal sees a progress bar over all of it,
    and is told where a list is cut though nobody asked for that.
    """
    from exchcli.exchanges.listing import Listing

    most, left_out = whole_number(limit), whole_number(offset, "--offset") or 0

    def timed(told: Listing) -> Listing:
        # The time comes after the start and the end, so that 0s is not in the future.
        return told._replace(start=here.moment(start), end=here.moment(end), now=here.now())

    def settle(told: Listing) -> Listing:
        here.synchronize()
        return timed(told)

    wanted = timed(Listing(here.now(), limit=most, whole=whole, offset=left_out, settle=settle))
    if sys.stderr is None or not sys.stderr.isatty():
        yield wanted
        return
    if not whole:
        before = "the last {} days were" if end is None else "the {} days before --end were"

        def cut(back: timedelta) -> None:
            here.say(f"Only {before.format(back.days)} looked at; --start goes further back.")

        yield wanted._replace(cut=cut)
        return
    from exchcli.output.progress import Bar

    bar = Bar(sys.stderr)
    try:
        yield wanted._replace(progress=bar.told)
    finally:
        bar.close()


def market_of(margin: bool) -> Market:
    return "margin" if margin else "spot"


def maybe_resolve(here: Session, symbol: str | None) -> str | None:
    return None if symbol is None else resolve(here, symbol)


def ask_of(here: Session, symbol: str | None, flow: Flow[T]) -> T:
    """Runs a flow about one symbol or about all."""
    return ask_about(here, [] if symbol is None else [symbol], flow)


@contextmanager
def looking_for(
    here: Session,
    what: str,
    ids: list[str],
    where: str,
    one: Callable[[str], Flow[object]] | None = None,
) -> Iterator[None]:
    """Tells a plain "not found" as what was not found, and where ids are listed.

    Of several, each is asked for by `one`, since the refusal does not say which it means.
    """
    try:
        yield
    except Rejected as error:
        if error.code == "404":
            several = one is not None and len(ids) > 1
            gone = [id for id in ids if one and _is_gone(here, one(id))] if several else ids
            error.message = f"{here.exchange.title} has no {what} {', '.join(gone or ids)}."
            error.hint = f"`exch {here.exchange.name} {where}` lists them."
        raise


def _is_gone(here: Session, flow: Flow[object]) -> bool:
    try:
        here.ask(flow, quietly=True)
    except Rejected as error:
        if error.code == "404":
            return True
        raise
    return False


@contextmanager
def in_own_words(here: Session, words: Sequence[str | None], command: str) -> Iterator[None]:
    """Tells where the exchange's own words are shown, if it refuses a filter by some of them:
    they are not documented, and so cannot be checked here.
    """
    try:
        yield
    except Rejected as error:
        said = " or ".join(repr(word) for word in words if word)
        if said and error.code == "400":
            error.hint = f"{said} may be no word of its own: `exch {command}` shows those it has."
        raise


def counted_id(text: str, what: str) -> str:
    """An id that is a number, as all of Dgtmarket's are and those of DigiFinex's transfers."""
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise UsageError(f"{text!r} is no {what} ID.", "Write its digits, like 17169.")
    return text


def maybe_counted_id(text: str | None, what: str) -> str | None:
    return None if text is None else counted_id(text, what)
