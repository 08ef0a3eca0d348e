"""Canceling orders. It is safe to repeat: what counts is what each order is in the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from exchcli.cli.confirm import check_answerable, confirm, watched
from exchcli.cli.doing import Keeping
from exchcli.errors import (
    BadReply,
    ExchError,
    GuardRefused,
    Interrupted,
    OutcomeUnknown,
    Rejected,
)
from exchcli.money import short
from exchcli.records import Cancelled, Market, Order, Side, Unsent

if TYPE_CHECKING:
    from exchcli.cli.session import Session

GONE = ("canceled", "partially_canceled")
# What says of one call that it was not done, or that nobody knows, and nothing of the next one.
OF_THIS_CALL = (Rejected, GuardRefused, OutcomeUnknown, BadReply)
MOST_TOLD = 10  # orders that are told one by one before the question


def cancel_all(
    here: Session,
    symbol: str | None,
    side: Side | None,
    market: Market,
    dry_run: bool,
    yes: bool,
) -> None:
    """Cancels what is open, of one pair and side or of all."""
    from exchcli.exchanges.listing import Listing

    _begin(here, dry_run, yes)
    flow = here.exchange.open_orders(Listing(here.now(), whole=True), symbol, side, market)
    orders = here.ask(flow, quietly=True)
    _tell_others(here, symbol, side, market)
    if not orders:
        here.say("exch: no such order is open.")
        here.show([])
        return
    if watched():
        for line in _told(orders):
            here.say(line)
    _cancel(here, [order.id for order in orders], market, dry_run, yes)


def _tell_others(here: Session, symbol: str | None, side: Side | None, market: Market) -> None:
    """Says what stays open in the other account, where there are two: "all" may have meant it."""
    from exchcli.exchanges.listing import Listing

    if here.exchange.name != "dfx":
        return
    other: Market = "spot" if market == "margin" else "margin"
    try:
        flow = here.exchange.open_orders(Listing(here.now(), whole=True), symbol, side, other)
        count = len(here.ask(flow, quietly=True))
    except ExchError as error:
        here.trace(f"The orders of the {other} account were not told: {error.message}")
        return
    if count:
        stays, them = ("1 order stays", "it") if count == 1 else (f"{count} orders stay", "those")
        way = "--margin cancels" if other == "margin" else "leaving --margin out cancels"
        here.say(f"exch: {stays} open in the {other} account; {way} {them}.")


def cancel_some(
    here: Session, ids: Sequence[str], market: Market, dry_run: bool, yes: bool
) -> None:
    """Cancels the orders with these ids."""
    _begin(here, dry_run, yes)
    _cancel(here, ids, market, dry_run, yes)


def _begin(here: Session, dry_run: bool, yes: bool) -> None:
    if dry_run:
        here.settings.returns = Unsent
    else:
        check_answerable(yes)
    here.begin()


def _cancel(here: Session, ids: Sequence[str], market: Market, dry_run: bool, yes: bool) -> None:
    most = here.exchange.most_cancels
    parts = [ids[start : start + most] for start in range(0, len(ids), most)]
    if dry_run:
        from exchcli.cli.dryrun import show_unsent

        show_unsent(here, [here.exchange.cancel(part, market) for part in parts])
        return
    what = f"the order {ids[0]}" if len(ids) == 1 else f"{len(ids)} orders"
    confirm(f"Cancel {what} on {here.exchange.title}?", yes)
    tried = _tried(here, parts, market)
    if tried.stopped and not tried.sent:
        raise tried.stopped
    done = [tried.done.get(order_id, Cancelled(order_id, "unknown")) for order_id in ids]
    done, missing = _now(here, done, market)
    left = [one for one in done if one.status not in GONE]
    here.show_done(done, last=not left)
    if left:
        raise _not_canceled(here, tried, left, missing)


class Tried:
    """What came of the calls: each id is in one of these, or was not tried, as nothing more
    could be sent behind what `stopped` it.
    """

    def __init__(self) -> None:
        self.done: dict[str, Cancelled] = {}
        self.unknown: dict[str, ExchError] = {}
        self.refused: dict[str, ExchError] = {}
        self.stopped: ExchError | None = None

    @property
    def sent(self) -> bool:
        """Whether the exchange was told to cancel anything, and has not only been out of reach."""
        answered = [error for error in self.refused.values() if error is not self.stopped]
        return bool(self.done or self.unknown or answered)

    def failed(self, part: Sequence[str], error: ExchError) -> None:
        where = self.unknown if isinstance(error, OutcomeUnknown) else self.refused
        where |= dict.fromkeys(part, error)
        if not isinstance(error, OF_THIS_CALL) or _by_hand(error):
            self.stopped = error


def _tried(here: Session, parts: Sequence[Sequence[str]], market: Market) -> Tried:
    """Tries one call after the other: who cancels all wants as many gone as can be."""
    tried, keeping = Tried(), Keeping(here)
    underway, counted = here.settings.underway, 0
    for part in parts:
        try:
            here.connected().renew()
            tried.done |= zip(part, keeping.cancel(part, market), strict=True)
            counted = len(underway.done)
        except ExchError as error:
            tried.failed(part, error)
        except KeyboardInterrupt:
            tried.stopped = underway.interrupted(counted)
            tried.failed(part, tried.stopped)
        if tried.stopped:
            break
    else:  # what could not be told in time may be by now
        here.connected().renew()
    return tried


def _by_hand(error: ExchError) -> bool:
    """Whether it came of Ctrl-C: what it comes of is the last try, and that of what ended it."""
    return isinstance(getattr(error.__cause__, "__cause__", None), KeyboardInterrupt)


def _now(
    here: Session, done: Sequence[Cancelled], market: Market
) -> tuple[list[Cancelled], set[str]]:
    """The same with what each order is in the end, where the exchange tells it; and the ids of
    those that it says it does not have.
    """
    ids = [one.id for one in done]
    found: dict[str, Order] = {}
    missing: set[str] = set()
    most = 1 if here.exchange.most_cancels == 1 else len(ids) or 1
    waiting = [ids[start : start + most] for start in range(0, len(ids), most)]
    while waiting:
        part = waiting.pop()
        try:
            orders = here.ask(here.exchange.orders_by_id(part, market), quietly=True)
            found |= dict(zip(part, orders, strict=True))
        except Rejected:
            if len(part) == 1:
                missing.add(part[0])
            else:  # one that is not there hides the others
                waiting += [[one] for one in part]
        except ExchError as error:
            here.trace(f"The orders were not told: {error.message}")
        except KeyboardInterrupt:
            break
    return [
        # What the exchange says of a cancel that it has just done may not be in its lists yet.
        Cancelled(one.id, order.status)
        if (order := found.get(one.id)) and (order.status in GONE or one.status not in GONE)
        else one
        for one in done
    ], missing


def _not_canceled(
    here: Session, tried: Tried, left: Sequence[Cancelled], missing: set[str]
) -> ExchError:
    """Why these are `left`, which of them may be canceled yet, and which were not even tried."""
    name, title = here.exchange.name, here.exchange.title
    # One that is filled cannot be canceled any more, whatever became of the call.
    unknown = [one for one in left if one.id in tried.unknown and one.status != "filled"]
    tried_ids = {*tried.done, *tried.unknown, *tried.refused}
    untried = [one for one in left if one.id not in tried_ids]
    others = [one for one in left if one not in unknown and one not in untried]
    gone = [one.id for one in others if one.id in missing]
    refused = [one for one in others if one.id not in missing]
    error = _reason(tried, unknown, refused)
    if error is None:
        error = Rejected(
            "",
            f"`exch {name} order list --history` lists them"
            + ("; --margin looks in the margin account." if name == "dfx" else "."),
            exchange=name,
        )
    parts = [error.message] if error.message else []
    for what, some in (("Unknown", unknown), ("Not canceled", refused), ("Not tried", untried)):
        parts += [f"{what}: {', '.join(map(_with_status, some))}."] if some else []
    parts += [f"{title} has no order {', '.join(gone)}."] if gone else []
    error.message = " ".join(parts)
    return error


def _reason(
    tried: Tried, unknown: Sequence[Cancelled], refused: Sequence[Cancelled]
) -> ExchError | None:
    """The worst of what came up, to be told: what is not known, what ended it, a refusal."""
    again = "Canceling is safe to repeat: run the same again."
    if unknown:
        first = tried.unknown[unknown[0].id]
        return OutcomeUnknown(first.message, again, exchange=first.exchange, code=first.code)
    # Never that nothing was sent, nor that something is unknown which is seen to be done.
    if isinstance(tried.stopped, Interrupted) or (tried.stopped and _by_hand(tried.stopped)):
        return OutcomeUnknown("Interrupted; no other order was canceled.", again)
    if tried.stopped:
        return tried.stopped
    return next((tried.refused[one.id] for one in refused if one.id in tried.refused), None)


def _with_status(one: Cancelled) -> str:
    return one.id if one.status == "unknown" else f"{one.id} ({one.status.replace('_', ' ')})"


def _told(orders: Sequence[Order]) -> list[str]:
    lines = [
        f"{order.id}  {order.side} {'' if order.amount is None else short(order.amount)} "
        f"{order.symbol}" + (f" at {short(order.price)}" if order.price is not None else "")
        for order in orders[:MOST_TOLD]
    ]
    if len(orders) > MOST_TOLD:
        lines.append(f"and {len(orders) - MOST_TOLD} more")
    return lines
