"""Many orders of one pair from a file: ten a call, each call all or none, one after the other."""

from __future__ import annotations

import hashlib
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from exchcli.cli.checking import Rules, check_minimums, check_types, fitting
from exchcli.cli.confirm import check_answerable, confirm, watched
from exchcli.cli.doing import Keeping
from exchcli.cli.following import placed
from exchcli.cli.guarding import check_order_guard
from exchcli.cli.placing import book_of, check_free
from exchcli.cli.rows import orders_of, read_file
from exchcli.cli.telling import batch_summary, place_of
from exchcli.cli.trading_options import OnAbsentPolicy, once_key
from exchcli.cli.wanted import rules_for, same_symbol
from exchcli.errors import (
    ExchError,
    GuardRefused,
    Interrupted,
    NoAnswer,
    OnceAbsent,
    OnceAmbiguous,
    OnceConflict,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    UsageError,
    hinted,
)
from exchcli.exchanges.listing import Progress, unseen
from exchcli.execution.advice import given_key
from exchcli.execution.endings import Done
from exchcli.execution.intent import Intent
from exchcli.money import short
from exchcli.records import Market, NewOrder, Order, Placed, Unsent

if TYPE_CHECKING:
    from exchcli.cli.session import Session
    from exchcli.execution.journal import Entry


class BatchHow(NamedTuple):
    """The options of a batch that are not its orders."""

    once: str | None
    on_absent: OnAbsentPolicy
    dry_run: bool
    yes: bool


class Part(NamedTuple):
    """One call of a batch. `intent` tells which part of which file it is: a file that was changed
    is another one under every key.
    """

    news: tuple[NewOrder, ...]
    intent: Intent
    key: str | None


class Pace:
    """Keeps orders so far apart that the exchange's lists can be had whole: without that, nothing
    could be found out about one that got no answer.
    """

    def __init__(
        self,
        listable: tuple[int, float] | None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._most, self._seconds = listable or (0, 0.0)
        self._clock = clock
        self._sleep = sleep
        self._sent: deque[tuple[float, int]] = deque()

    def wait(self, count: int) -> None:
        """Returns when so many orders may be sent."""
        if not self._most:
            return
        while sum(one for _, one in self._sent) + count > self._most:
            at, _ = self._sent[0]
            left = at + self._seconds - self._clock()
            if left > 0:
                self._sleep(left)
            self._sent.popleft()

    def sent(self, count: int) -> None:
        """So many were sent, just now at the latest."""
        self._sent.append((self._clock(), count))


def place_file(here: Session, symbol: str, file: str, margin: bool, how: BatchHow) -> None:
    """Places the orders of a file and prints them, in the order of the file."""
    key = once_key(how.once, how.on_absent)
    if how.dry_run:
        here.settings.returns = Unsent
    else:
        check_answerable(how.yes)
    here.begin()
    market: Market = "margin" if margin else "spot"
    text, most = read_file(file), here.exchange.most_orders
    base = Keeping(here, None, how.on_absent)
    if key is not None and not how.dry_run:
        # What was placed is not for the market to tell: a file that was is answered first.
        known = _sent_before(base.under(f"{key}#1").entry(), symbol, text, market)
        parts = _parts(known, key, most)
        if known and all(base.under(part.key).is_answered(part.intent) for part in parts):
            _place(here, parts, lambda: rules_for(here, symbol, margin=margin), market, how)
            return
    with base.asking(None if how.dry_run else key):
        rules = rules_for(here, symbol, margin=margin)
        news = _checked(orders_of(text, rules.symbol.symbol, market), rules)
        parts = _parts(news, key, most)
        if how.dry_run:
            _dry_run(here, base, parts, rules, market)
            return
        left = _unsettled(base, parts)
        if left:
            if not how.yes:  # before the question; under the lock it is checked anyway
                _check_whole(here, base, left, rules)
            _agree(here, news, rules, how.yes)
    _place(here, parts, lambda: rules, market, how)


def _sent_before(first: Entry | None, symbol: str, text: str, market: Market) -> list[NewOrder]:
    """The orders of a file whose `first` call was sent before, as a pair without rules has them;
    none where the exchange has to be asked which pair it is.
    """
    item = first and first.intent.items[0]
    if not isinstance(item, NewOrder) or not same_symbol(symbol, item.symbol):
        return []
    return [
        new._replace(amount=_bare(new.amount), price=_bare(new.price))
        for new in orders_of(text, item.symbol, market)
    ]


def _bare(number: Decimal | None) -> Decimal | None:
    """Without zeros at its end, as `fitting` has it."""
    return None if number is None else Decimal(short(number))


def _unsettled(keeping: Keeping, parts: Sequence[Part]) -> list[Part]:
    """The calls that may still be sent."""
    return [part for part in parts if not keeping.under(part.key).is_settled(part.intent)]


def _checks(
    here: Session, keeping: Keeping, parts: Sequence[Part], rules: Rules
) -> list[Callable[[], object]]:
    """Each raises GuardRefused or UsageError where these calls cannot all be sent."""
    news = [new for part in parts for new in part.news]
    calls = [part.news for part in parts]
    return [
        lambda: check_order_guard(here, keeping, news, rules),
        lambda: check_free(here, news, rules),
        lambda: keeping.check_placing(calls, lambda: book_of(here, rules)),
    ]


def _check_whole(here: Session, keeping: Keeping, parts: Sequence[Part], rules: Rules) -> None:
    for check in _checks(here, keeping, parts, rules):
        check()


def _dry_run(
    here: Session, base: Keeping, parts: Sequence[Part], rules: Rules, market: Market
) -> None:
    from exchcli.cli.dryrun import check_unused, show_unsent

    here.settings.raw = False  # the requests have no replies

    def checks() -> Iterator[Callable[[], object]]:
        for part in parts:
            yield partial(check_unused, base.under(part.key), part.intent)
        left = _unsettled(base, parts) if base.journal.entries(1) else parts
        if left:
            yield from _checks(here, base, left, rules)

    flows = [here.exchange.place_batch(rules.symbol.symbol, p.news, market) for p in parts]
    show_unsent(here, flows, checks())


def _place(
    here: Session,
    parts: Sequence[Part],
    rules: Callable[[], Rules],
    market: Market,
    how: BatchHow,
) -> None:
    """One call after the other. What was placed is printed also when a later one fails."""
    done: list[tuple[Part, Done]] = []
    checked = False

    def check() -> None:
        """Before the first call that is sent, for all that is still to come: what could not go
        out whole is not begun. Before each of the others, for its own orders once more."""
        nonlocal checked
        part = parts[len(done)]
        pace.wait(len(part.news))
        if checked:
            check_order_guard(here, keeping, part.news, rules())
            return
        left = [part, *_unsettled(base, parts[len(done) + 1 :])]
        _check_whole(here, keeping, left, rules())
        checked = True

    base = keeping = Keeping(here, None, how.on_absent)
    pace = Pace(here.exchange.listable)
    failed: ExchError | None = None
    try:
        with _bar() as told:
            for part in parts:
                here.connected().renew()
                keeping = base.under(part.key)
                one = keeping.place_all(part.intent, checks=check)
                done.append((part, one))
                if not one.replayed:
                    pace.sent(len(part.news))
                told(len(done), len(parts))
    except ExchError as error:
        failed = error
    except KeyboardInterrupt:  # perhaps when a call was answered and is not among these yet
        failed = here.settings.underway.interrupted(sum(not one.replayed for _, one in done))
        if isinstance(failed, Interrupted):
            failed.message = "Interrupted before they were sent."
    except Exception as error:
        if not done:
            raise
        failed = OutcomeUnknown(f"a bug in exch: {type(error).__name__}: {error}.")
    if done:
        rows, another = _records(here, done, market, how)
        here.show_done(rows, last=failed is None and another is None)
        if another is not None and (failed is None or len(done) == len(parts)):
            raise another
    if failed is not None and len(done) < len(parts):
        raise _told(failed, parts, [part for part, _ in done])


def _told(error: ExchError, parts: Sequence[Part], done: Sequence[Part]) -> ExchError:
    """The error of one call, with what happened to the others.

    Where some are placed it is 7 whatever it was: every other code says that nothing happened. A
    key keeps what is placed from being placed again; without one a script may think that the
    whole file can be run again.
    """
    failed = parts[len(done)]
    before = sum(len(part.news) for part in done)
    every = sum(len(part.news) for part in parts)
    # What the first is refused for here, it is for the whole file.
    if every == len(failed.news) or (isinstance(error, UsageError | GuardRefused) and not done):
        return error
    first, last = before + 1, before + len(failed.news)
    spoken = _spoken(first, last)
    error.message = f"{spoken.capitalize()} of {every}: {error.message}"
    behind = ""
    if last < every:
        behind = f"; {_spoken(last + 1, every)} {'were' if last + 1 < every else 'was'} not sent"
    if not done:
        return hinted(error, f"None was placed before them{behind}.")
    told = f"Orders 1 to {before} are placed{behind}."
    if failed.key is not None:
        error = _under_key(error, told, given_key(failed.key), first)
        if isinstance(error, OnceConflict | OnceAmbiguous):  # which never say that there is none
            return error
        return _in_part(error, error.hint)
    # What says that it may be run again means one call, and not the file.
    open_ = isinstance(error, OutcomeUnknown | OnceAmbiguous)
    hint = error.hint if error.hint and (open_ or "again" not in error.hint) else ""
    told = (
        f"{told} Do not run the whole file again: place what is left of it, from order {first} on"
    )
    told += ", when it is known what became of these." if open_ else "."
    return _in_part(error, f"{told} {hint}".strip())


def _in_part(error: ExchError, hint: str | None) -> OutcomeUnknown:
    return OutcomeUnknown(error.message, hint, exchange=error.exchange, code=error.code)


def _spoken(first: int, last: int) -> str:
    return f"order {first}" if first == last else f"orders {first} to {last}"


def _under_key(error: ExchError, told: str, key: str, first: int) -> ExchError:
    """The same where a key keeps what is placed from being placed again."""
    again = f"Run the same again with --once {key}: what is placed stays as it is."
    if isinstance(error, OnceAbsent):  # the same again would find the same
        again = f"Run it again with --once {key} --on-absent resend: what is placed stays as it is."
    if isinstance(error, NoAnswer | RateLimited | Interrupted | OnceAbsent):
        error.hint = again
    elif f"with --once {key}" not in (error.hint or ""):
        error.hint = f"{error.hint} {again}" if error.hint else again
    if isinstance(error, UsageError | Rejected | GuardRefused):
        error.hint = (
            f"{error.hint} If the orders have to change, place those from {first} on from a file "
            "of their own, under another key."
        )
    return hinted(error, told)


def _records(
    here: Session, done: Sequence[tuple[Part, Done]], market: Market, how: BatchHow
) -> tuple[list[Placed], OutcomeUnknown | None]:
    """The orders as the exchange tells them now; those that it does not, as they were sent. And
    the error of the first under whose id it shows another one: none of them keeps the rest from
    being printed.
    """
    ids = [order_id for _, one in done for order_id in one.ids]
    found: dict[str, Order] = {}
    try:
        with here.asking_anew():
            orders = here.ask(here.exchange.orders_by_id(ids, market), quietly=True)
            found = dict(zip(ids, orders, strict=True))
    except ExchError as error:
        here.trace(f"The orders were not told: {error.message}")
    except KeyboardInterrupt:
        here.say("exch: interrupted; what follows is placed.")
    rows, another = [], None
    for part, one in done:
        for new, order_id in zip(part.news, one.ids, strict=True):
            told = partial(
                placed, new, order_id, once=how.once, replayed=one.replayed, evidence=one.evidence
            )
            try:
                rows.append(told(found.get(order_id)))
            except OutcomeUnknown as error:
                another = another or error
                rows.append(told(None))
    return rows, another


def _parts(news: Sequence[NewOrder], key: str | None, most: int) -> list[Part]:
    text = "\n".join(map(repr, news)).encode()
    digest = hashlib.sha256(text).hexdigest()[:8]
    chunks = [tuple(news[start : start + most]) for start in range(0, len(news), most)]
    return [
        Part(
            chunk,
            Intent(f"batch {number}/{len(chunks)} of {digest}", chunk),
            None if key is None else f"{key}#{number}",
        )
        for number, chunk in enumerate(chunks, 1)
    ]


def _checked(news: Sequence[NewOrder], rules: Rules) -> list[NewOrder]:
    good = []
    for number, new in enumerate(news, 1):
        try:
            check_types(new, rules)
            fit = fitting(new, rules, rounded=False)
            check_minimums(fit, rules)
        except UsageError as error:
            error.message = f"Order {number}: {error.message}"
            error.hint = (error.hint or "").replace(", or use --round", "")
            raise
        good.append(fit)
    return good


def _agree(here: Session, news: Sequence[NewOrder], rules: Rules, yes: bool) -> None:
    """Says on a terminal what the orders come to, and asks."""
    name, title = rules.symbol.symbol, here.exchange.title
    if watched():
        for line in batch_summary(title, news, rules, book_of(here, rules)):
            here.say(line)
    count = f"{len(news)} orders" if len(news) > 1 else "1 order"
    confirm(f"Place {count} of {name} on {place_of(title, news[0])}?", yes)


@contextmanager
def _bar() -> Iterator[Progress]:
    if not watched():
        yield unseen
        return
    from exchcli.output.progress import Bar

    bar = Bar(sys.stderr, "placing")
    try:
        yield bar.told
    finally:
        bar.close()
