"""One order's way: read, checked, told, asked about, placed once, looked at, printed.

words -> [journal: is this key settled?] -> NewOrder -> book -> summary, question
      -> execution -> order id -> what it is now -> stdout
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from exchcli.cli.checking import Rules, check_funds, check_minimums
from exchcli.cli.confirm import check_answerable, confirm, watched
from exchcli.cli.doing import Keeping, intent_of
from exchcli.cli.estimating import LEVELS, amount_for, best_price, waits_for_stop
from exchcli.cli.following import follow, look, placed, seconds_of
from exchcli.cli.guarding import check_order_guard
from exchcli.cli.telling import spoken, tell_order
from exchcli.cli.trading_options import OnAbsentPolicy, once_key
from exchcli.cli.wanted import Typed, check_typed, read_order, rules_for, sent_before
from exchcli.errors import UsageError
from exchcli.money import short
from exchcli.records import Book, NewOrder, Unsent

if TYPE_CHECKING:
    from exchcli.cli.session import Session


class How(NamedTuple):
    """The options of an order that are not the order."""

    once: str | None
    on_absent: OnAbsentPolicy
    wait: str | None
    dry_run: bool
    yes: bool


def place(here: Session, typed: Typed, how: How) -> None:
    """Places the order and prints it."""
    key, seconds = once_key(how.once, how.on_absent), seconds_of(how.wait)
    if how.dry_run:
        here.settings.returns = Unsent
    else:
        check_typed(here, typed)  # first what is missing, then that nobody can be asked
        check_answerable(how.yes)
    here.begin()
    if how.dry_run:
        _dry_run(here, *read_order(here, typed), key, how.on_absent)
        return
    keeping = Keeping(here, key, how.on_absent)
    # Whether it was done is not for the market to tell: a key that was used is answered first.
    known = sent_before(typed, keeping.entry())
    if known is not None and keeping.is_answered(intent_of(known)):
        new, known_rules = known, None
    else:
        with keeping.asking():
            new, known_rules = _asked(here, keeping, typed, how)

    def checks() -> None:
        rules = known_rules or rules_for(here, typed.symbol, margin=typed.margin)
        check_order_guard(here, keeping, [new], rules)
        check_free(here, [new], rules, new.near)

    done = keeping.place(new, checks=checks)
    (order_id,) = done.ids
    if seconds is None:
        order = look(here, order_id, new.market)
    else:
        order = follow(here, order_id, new.market, seconds)
    here.show_done(
        placed(new, order_id, order, once=key, replayed=done.replayed, evidence=done.evidence)
    )


def _asked(here: Session, keeping: Keeping, typed: Typed, how: How) -> tuple[NewOrder, Rules]:
    """The order, when the exchange's rules allow it and the user has agreed to it."""
    new, rules = read_order(here, typed)
    if not keeping.is_settled(intent_of(new)):
        try:
            new = _ready(here, keeping, new, rules, how.yes)
        except UsageError:  # unless another run with this key has just changed the book
            if not how.yes or not keeping.is_begun():
                raise
    return new, rules


def _ready(here: Session, keeping: Keeping, new: NewOrder, rules: Rules, yes: bool) -> NewOrder:
    """The order with what only the book of this moment tells, when the user has agreed to it."""
    told = watched()
    book = None
    if told or new.price is None:
        book = book_of(here, rules)
        new = at_book(here, new, rules, book)
    if told and book is not None:
        tell_order(here, new, rules, book)
    if not yes:  # before the question; under the lock it is checked anyway
        check_order_guard(here, keeping, [new], rules)
        check_free(here, [new], rules, new.near)
    confirm(f"{spoken(new, rules)}?", yes)
    if told and yes:
        here.say("")
    return new


def book_of(here: Session, rules: Rules) -> Book:
    """As much of the pair's book as the exchange shows."""
    flow = here.exchange.book(rules.symbol.symbol, LEVELS[here.exchange.name])
    return here.ask(flow, quietly=True)


def at_book(here: Session, new: NewOrder, rules: Rules, book: Book) -> NewOrder:
    """An order at the market's price with the price of the moment, and for an exchange that
    takes no money to spend with the amount that it buys.
    """
    if new.price is not None:
        return new
    waits = waits_for_stop(new, book)
    new = new._replace(near=new.stop if waits else best_price(new, book))
    if new.spend is None or here.exchange.name != "dgt":
        return new
    found = amount_for(new, book, rules)
    if watched():
        here.say(
            f"{short(new.spend)} {rules.symbol.quote} buy {short(found.amount)} "
            f"{rules.symbol.base} at {'the stop price' if waits else 'the order book of now'}, "
            f"for {short(found.cost)}."
        )
    new = new._replace(amount=found.amount)
    check_minimums(new, rules)
    return new


def check_free(
    here: Session, news: list[NewOrder], rules: Rules, worst: Decimal | None = None
) -> None:
    """Raises UsageError where the money is not there. What is lent on margin is not known here."""
    if news[0].market == "spot":
        balances = here.ask(here.exchange.balances(), quietly=True)
        check_funds(news, rules.symbol, balances, worst)


def _dry_run(
    here: Session, new: NewOrder, rules: Rules, key: str | None, on_absent: OnAbsentPolicy
) -> None:
    from exchcli.cli.dryrun import check_unused, show_unsent

    if new.price is None:
        book = book_of(here, rules)
        new = at_book(here, new, rules, book)
    here.settings.raw = False  # the request has no reply
    keeping = Keeping(here, key, on_absent)
    checks = (
        lambda: check_unused(keeping, intent_of(new)),
        lambda: check_order_guard(here, keeping, [new], rules),
        lambda: check_free(here, [new], rules, new.near),
        lambda: keeping.check_placing([[new]], lambda: book_of(here, rules)),
    )
    show_unsent(here, [here.exchange.place(new)], checks)
