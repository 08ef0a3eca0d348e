"""What a person at a terminal is told before an order: what it is, what it costs, how it stands."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from typing import TYPE_CHECKING

from exchcli.cli.checking import EXACT, Rules, short, up_to, worth_of
from exchcli.cli.estimating import Taking, best_price, distance, fee_percent, other_side, taking
from exchcli.errors import ExchError
from exchcli.records import Book, NewOrder

if TYPE_CHECKING:
    from exchcli.cli.session import Session

# As far back as the newest trade is looked for, to estimate a fee by.
LATELY = timedelta(days=3)
_INDENT = "  "


def tell_order(here: Session, new: NewOrder, rules: Rules, book: Book) -> None:
    """The summary of one order, on stderr."""
    for line in summary(here.exchange.title, new, rules, book, _fee(here, rules)):
        here.say(line)


def summary(
    title: str, new: NewOrder, rules: Rules, book: Book, fee: Decimal | None
) -> Iterator[str]:
    """The lines of a summary. `fee` is in percent, of the newest trade; None if not known."""
    pair = rules.symbol
    words = spoken(new, rules)
    where = f"{title}'s margin account" if new.market == "margin" else title
    yield f"On {where}: {words[:1].lower()}{words[1:]}"
    cost = _cost(new, book)
    if cost is not None:
        about = "about " if new.price is None and new.spend is None else ""
        does = "costs" if new.side == "buy" else "brings"
        yield f"{_INDENT}{does} {about}{rounded(cost)} {pair.quote}"
    taken = _taken(new, book)
    if new.price is None and taken is not None and taken.worst != best_price(new, book):
        yield f"{_INDENT}down the book to {short(taken.worst)} {pair.quote}"
    if fee is None:
        yield f"{_INDENT}fee not known: no trade of the last {LATELY.days} days tells it"
    elif cost is not None:
        with localcontext(EXACT):
            amount = rounded(cost * fee / 100)
        yield f"{_INDENT}fee about {amount} {pair.quote} ({short(fee)} %, as last time)"
    yield f"{_INDENT}{_stand(new, rules, book)}"


def spoken(new: NewOrder, rules: Rules) -> str:
    """Buy 0.05 BTC at 2570 PLN"""
    pair = rules.symbol
    what = f"{new.side.capitalize()} "
    if new.amount is None:
        what += f"{pair.base} for {short(new.spend or Decimal(0))} {pair.quote}"
    else:
        what += f"{short(new.amount)} {pair.base}"
    if new.price is not None:
        what += f" at {short(new.price)} {pair.quote}"
    else:
        what += " at the market's price"
    if new.stop is not None:
        what += f", once the price reaches {short(new.stop)}"
    return what + (", post-only" if new.post_only else "")


def rounded(number: Decimal) -> str:
    """A number that is no more than an estimate, with 8 decimals at most."""
    return short(up_to(number, 8, ROUND_HALF_EVEN))


def _cost(new: NewOrder, book: Book) -> Decimal | None:
    if new.price is not None:
        return worth_of(new)
    taken = _taken(new, book)
    return taken.cost if taken is not None else new.spend


def _taken(new: NewOrder, book: Book) -> Taking | None:
    return None if new.amount is None else taking(other_side(new, book), new.amount)


def _stand(new: NewOrder, rules: Rules, book: Book) -> str:
    """How far from the market it is."""
    best = best_price(new, book)
    other = "ask" if new.side == "buy" else "bid"
    if best is None:
        return f"the book shows no {other}: nobody is there to trade with"
    at = f"the best {other} is {short(best)} {rules.symbol.quote}"
    if new.price is None:
        return at
    percent = distance(new.price, best)
    takes = new.price >= best if new.side == "buy" else new.price <= best
    where = f"{short(abs(percent))} % {'above' if percent > 0 else 'below'}" if percent else "at"
    if takes and new.post_only:
        return f"{at}: {where} it, so it would take, and is canceled"
    return f"{at}: {where} it, so it {'trades at once' if takes else 'waits in the book'}"


def _fee(here: Session, rules: Rules) -> Decimal | None:
    """What the newest trade of this pair paid, in percent. An order does not fail over it."""
    from exchcli.exchanges.listing import Listing

    now = here.now()
    start = None if here.exchange.name == "dgt" else now - LATELY
    lately = Listing(now, start=start, limit=1)
    try:
        flow = here.exchange.fills(lately, rules.symbol.symbol)
        return fee_percent(here.ask(flow, quietly=True), rules.symbol.base)
    except ExchError:
        return None
