"""What a person at a terminal is told before an order: what it is, what it costs, how it stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from typing import TYPE_CHECKING

from exchcli.cli.checking import EXACT, Rules, up_to, worth_of
from exchcli.cli.estimating import (
    Fee,
    Taking,
    best_price,
    distance,
    estimate,
    last_fee,
    other_side,
    takes,
    waits_for_stop,
)
from exchcli.errors import ExchError
from exchcli.money import short
from exchcli.records import Book, NewOrder

if TYPE_CHECKING:
    from exchcli.cli.session import Session

# As far back as the newest trade is looked for, to estimate a fee by.
LATELY = timedelta(days=3)
LOOKED_THROUGH = 50  # of the newest trades
_INDENT = "  "


def tell_order(here: Session, new: NewOrder, rules: Rules, book: Book) -> None:
    """The summary of one order, on stderr."""
    fee = _fee(here, new, rules, book)
    for line in summary(here.exchange.title, new, rules, book, fee):
        here.say(line)


def summary(title: str, new: NewOrder, rules: Rules, book: Book, fee: Fee | None) -> Iterator[str]:
    """The lines of a summary. `fee` is what the most alike of the newest trades paid."""
    words = spoken(new, rules)
    yield f"On {place_of(title, new)}: {words[:1].lower()}{words[1:]}"
    for line in (
        *_costs(new, rules, book),
        _fee_told(new, rules, book, fee),
        _stand(new, rules, book),
    ):
        yield f"{_INDENT}{line}"


def batch_summary(title: str, news: Sequence[NewOrder], rules: Rules, book: Book) -> Iterator[str]:
    """The lines of many orders with a price: what they come to, and the farthest of them."""
    pair = rules.symbol
    yield f"On {place_of(title, news[0])}:"
    for side in ("buy", "sell"):
        some = [new for new in news if new.side == side]
        if not some:
            continue
        amount = worth = Decimal(0)
        for new in some:
            amount = EXACT.add(amount, new.amount or Decimal(0))
            worth = EXACT.add(worth, worth_of(new) or Decimal(0))
        yield (
            f"{len(some)} to {side}: {short(amount)} {pair.base} for {short(worth)} {pair.quote}"
        )
        best = best_price(some[0], book)
        if best is None:
            yield f"{_INDENT}{_nobody(some[0])}"
            continue
        price = max((new.price or best for new in some), key=lambda price: abs(price - best))
        taking = sum(takes(new, book) for new in some)
        now = "none trades at once" if not taking else f"{taking} of them would trade at once"
        yield (
            f"{_INDENT}{_best(some[0], best, pair.quote)}; the farthest is at {short(price)}, "
            f"{_where(price, best)} it; {now}"
        )


def place_of(title: str, new: NewOrder) -> str:
    """Which of the accounts there it is for."""
    return f"{title}'s margin account" if new.market == "margin" else title


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


def _costs(new: NewOrder, rules: Rules, book: Book) -> Iterator[str]:
    """What it comes to, and how far down the book it goes."""
    pair = rules.symbol
    does = "costs" if new.side == "buy" else "brings"
    if new.price is not None:
        yield f"{does} {rounded(worth_of(new) or Decimal(0))} {pair.quote}"
        return
    found = estimate(new, book)
    if found is None:
        yield "the order book does not show as much as it takes: what it comes to is not known"
        return
    at_stop = " at the stop price" if waits_for_stop(new, book) else ""
    if new.amount is None:
        yield f"buys about {rounded(found.amount)} {pair.base}{at_stop}"
    else:
        yield f"{does} about {rounded(found.cost)} {pair.quote}{at_stop}"
    if not at_stop and found.worst != best_price(new, book):
        yield f"down the book to {short(found.worst)} {pair.quote}"


def _makes(new: NewOrder, book: Book) -> bool | None:
    """Whether it will be the maker of its trades; None where that shows only later."""
    if new.price is None or new.post_only:
        return new.post_only
    return None if waits_for_stop(new, book) else not takes(new, book)


def _fee_told(new: NewOrder, rules: Rules, book: Book, fee: Fee | None) -> str:
    if fee is None:
        return "fee not known: no late trade of yours in this pair tells it"
    makes, percent = _makes(new, book), f"{short(fee.percent)} %"
    if fee.maker is None:
        return f"fee about {percent} (as last time; whether maker's or taker's is not told)"
    paid = "maker" if fee.maker else "taker"
    if makes is None:
        return f"fee not known yet: last time {percent} as {paid}"
    if makes != fee.maker:
        other = "maker" if makes else "taker"
        return f"fee not known: last time {percent} as {paid}, and this one is {other}"
    of = _fee_of(new, rules, book, fee)
    if of is None:
        return f"fee about {percent} as {paid}, as last time"
    with localcontext(EXACT):
        amount = rounded(of * fee.percent / 100)
    return f"fee about {amount} {fee.currency} ({percent} as {paid}, as last time)"


def _fee_of(new: NewOrder, rules: Rules, book: Book, fee: Fee) -> Decimal | None:
    """What the fee is a part of: the amount or the value, as it is taken from either."""
    found = None
    if new.price is None:
        found = estimate(new, book)
    elif new.amount is not None:
        found = Taking(new.amount, EXACT.multiply(new.amount, new.price), new.price)
    if found is None:
        return None
    return {rules.symbol.base: found.amount, rules.symbol.quote: found.cost}.get(fee.currency or "")


def _stand(new: NewOrder, rules: Rules, book: Book) -> str:
    """How far from the market it is."""
    best, quote = best_price(new, book), rules.symbol.quote
    if best is None:
        return _nobody(new)
    at = _best(new, best, quote)
    if new.stop is not None:
        if waits_for_stop(new, book):
            where = _where(new.stop, best)
            return f"{at}: it waits until the price reaches {short(new.stop)}, {where} it"
        return f"{at}: the price is at {short(new.stop)} or beyond it, so it may be active at once"
    if new.price is None:
        return at
    where = f"{at}: {_where(new.price, best)} it"
    if not takes(new, book):
        own = book.bids if new.side == "buy" else book.asks
        first = not own or abs(new.price - best) < abs(own[0].price - best)
        as_best = f" as the best {'bid' if new.side == 'buy' else 'ask'}" if first else ""
        return f"{where}, so it waits in the book{as_best}"
    if new.post_only:
        return f"{where}, so it would take, and is canceled"
    now = _at_once(new, book)
    if now is not None:
        rest = (
            f"{short(now)} {rules.symbol.base} of it trade at once, and the rest waits in the book"
        )
        return f"{where}, so {rest}"
    return f"{where}, so it trades at once"


def _at_once(new: NewOrder, book: Book) -> Decimal | None:
    """How much there is at its price or a better one; None where that is enough for all of it,
    or the levels that are shown end before that price.
    """
    if new.price is None or new.amount is None:
        return None
    good = Decimal(0)
    for level in other_side(new, book):
        if level.price > new.price if new.side == "buy" else level.price < new.price:
            return good if good < new.amount else None
        good = EXACT.add(good, level.amount)
    return None


def _nobody(new: NewOrder) -> str:
    return (
        f"the book shows no {'ask' if new.side == 'buy' else 'bid'}: nobody is there to trade with"
    )


def _best(new: NewOrder, best: Decimal, quote: str) -> str:
    return f"the best {'ask' if new.side == 'buy' else 'bid'} is {short(best)} {quote}"


def _where(price: Decimal, best: Decimal) -> str:
    """How far above or below a price is: `5 % below`; `at`."""
    if price == best:
        return "at"
    percent = abs(distance(price, best))
    far = f"{short(percent)} %" if percent else "less than 0.01 %"
    return f"{far} {'above' if price > best else 'below'}"


def _fee(here: Session, new: NewOrder, rules: Rules, book: Book) -> Fee | None:
    """What the newest trades of this pair paid. An order does not fail over it."""
    from exchcli.exchanges.listing import Listing

    now = here.now()
    start = None if here.exchange.name == "dgt" else now - LATELY
    lately = Listing(now, start=start, limit=LOOKED_THROUGH)
    try:
        flow = here.exchange.fills(lately, rules.symbol.symbol, new.market)
        fills = here.ask(flow, quietly=True)
    except ExchError:
        return None
    return last_fee(fills, new.side, _makes(new, book), rules.symbol.base)
