"""Canceling orders. It is safe to repeat: what counts is what each order is in the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from exchcli.cli.confirm import check_answerable, confirm, watched
from exchcli.cli.doing import Keeping
from exchcli.errors import ExchError, Interrupted, OutcomeUnknown, Rejected
from exchcli.money import short
from exchcli.records import Cancelled, Market, Order, Side, Unsent

if TYPE_CHECKING:
    from exchcli.cli.session import Session

GONE = ("canceled", "partially_canceled")
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
    keeping = Keeping(here)
    done: list[Cancelled] = []
    failed: ExchError | None = None
    underway, counted = here.settings.underway, 0
    for part in parts:
        try:
            here.connected().renew()
            done += keeping.cancel(part, market)
            counted = len(underway.done)
        except Rejected as error:  # the others may be canceled all the same
            done += [Cancelled(order_id, "unknown") for order_id in part]
            failed = failed or error
        except ExchError as error:
            failed = error
            break
        except KeyboardInterrupt:
            failed = _stopped(underway.interrupted(counted), done)
            break
    done, missing = _now(here, done, market)
    left = [one for one in done if one.status not in GONE]
    if done:
        here.show_done(done, last=not left and failed is None)
    if left and (failed is None or isinstance(failed, Rejected)):
        raise _not_canceled(here, left, missing)
    if failed is not None and not isinstance(failed, Rejected):
        raise failed


def _stopped(error: ExchError, done: Sequence[Cancelled]) -> ExchError:
    """What Ctrl-C means behind some that are canceled: never that nothing was sent."""
    again = "Canceling is safe to repeat: run the same again."
    if isinstance(error, Interrupted) and done:
        return OutcomeUnknown("Interrupted; no other order was canceled.", again)
    if not isinstance(error, Interrupted):
        error.hint = again
    return error


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


def _not_canceled(here: Session, left: Sequence[Cancelled], missing: set[str]) -> ExchError:
    title, name = here.exchange.title, here.exchange.name
    gone = [one.id for one in left if one.id in missing]
    told = [f"{one.id} ({one.status.replace('_', ' ')})" for one in left if one.id not in missing]
    parts = [f"{title} has no order {', '.join(gone)}."] if gone else []
    parts += [f"Not canceled: {', '.join(told)}."] if told else []
    return Rejected(
        " ".join(parts),
        f"`exch {name} order list --history` lists them"
        + ("; --margin looks in the margin account." if name == "dfx" else "."),
        exchange=name,
    )


def _told(orders: Sequence[Order]) -> list[str]:
    lines = [
        f"{order.id}  {order.side} {'' if order.amount is None else short(order.amount)} "
        f"{order.symbol}" + (f" at {short(order.price)}" if order.price is not None else "")
        for order in orders[:MOST_TOLD]
    ]
    if len(orders) > MOST_TOLD:
        lines.append(f"and {len(orders) - MOST_TOLD} more")
    return lines
