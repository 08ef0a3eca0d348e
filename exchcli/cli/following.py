"""What became of an order: asked once, or again and again until nothing more can."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from exchcli.errors import ExchError, OutcomeUnknown, UsageError
from exchcli.exchanges.sameness import difference
from exchcli.money import typed_decimal
from exchcli.records import Evidence, Market, NewOrder, Order, Placed

if TYPE_CHECKING:
    from exchcli.cli.session import Session

FINAL = ("filled", "canceled", "partially_canceled")
LONGEST_WAIT = 7 * 86400
# Seconds between two looks: often at first, then so that a minute's limit is not used up by it.
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 5.0


def seconds_of(text: str | None) -> float | None:
    """How long --wait is to wait; None where it is not given. Raises UsageError."""
    if text is None:
        return None
    try:
        seconds = typed_decimal(text, "--wait")
    except UsageError:
        raise UsageError(
            f"--wait {text[:40]!r} is no number of seconds.",
            "Write --wait 120, or --wait alone for 60 seconds.",
        ) from None
    if seconds > LONGEST_WAIT:
        raise UsageError("--wait takes a week at most.", f"Give up to {LONGEST_WAIT} seconds.")
    return float(seconds)  # seconds, not money


def look(here: Session, order_id: str, market: Market) -> Order | None:
    """The order as the exchange tells it now; None where it does not, or after Ctrl-C. It is
    placed all the same.
    """
    try:
        return _told(here, order_id, market)
    except KeyboardInterrupt:
        here.say(f"exch: interrupted; the order {order_id} is placed.")
        return None


def follow(here: Session, order_id: str, market: Market, seconds: float) -> Order | None:
    """The order when it is filled or canceled, or as it is when the time is up, or at Ctrl-C.

    It was placed: so a look that fails is followed by another, and no error ends the wait.
    """
    end, pause = time.monotonic() + seconds, FIRST_PAUSE
    found: Order | None = None
    try:
        while True:
            with here.asking_anew():
                found = _told(here, order_id, market) or found
            if found is not None and found.status in FINAL:
                return found
            left = end - time.monotonic()
            if left <= 0:
                status = "not told" if found is None else found.status.replace("_", " ")
                here.say(f"exch: after {seconds:g} s the order {order_id} is {status}; it stays.")
                return found
            time.sleep(min(pause, left))
            pause = min(LONGEST_PAUSE, pause * 1.5)
    except KeyboardInterrupt:
        here.say(f"exch: no longer waiting; the order {order_id} stays.")
        return found


def _told(here: Session, order_id: str, market: Market) -> Order | None:
    try:
        return here.ask(here.exchange.order(order_id, market), quietly=True)
    except ExchError as error:
        here.trace(f"The order was not told: {error.message}")
        return None


def placed(
    new: NewOrder,
    order_id: str,
    order: Order | None,
    *,
    once: str | None,
    replayed: bool,
    evidence: Evidence,
) -> Placed:
    """The record of an order that was placed; of one that is not told, what was asked for.

    Raises OutcomeUnknown where the exchange shows something else under an id of an earlier run.
    """
    if order is not None:
        # Who has decided that it is this order has seen how it differs.
        wrong = difference(new, order) if replayed and evidence != "manual" else None
        if wrong is not None:
            raise OutcomeUnknown(
                f"{once} was placed as {order_id}, and under that id the exchange now shows an "
                f"order {wrong}: it is not what {once} placed.",
                "Was the exchange a sandbox that was started over? Then use another key. Else look "
                "at `order list --history`, and do not place it again before you know.",
            )
        return Placed(*order, once=once, replayed=replayed, evidence=evidence)
    return Placed(
        id=order_id,
        symbol=new.symbol,
        market=new.market,
        side=new.side,
        type="limit" if new.price is not None else "market",
        price=new.price,
        stop_price=new.stop,
        amount=new.amount,
        filled=None,
        average_price=None,
        cost=None,
        status="unknown",
        exchange_status=None,
        post_only=new.post_only or None,
        once=once,
        replayed=replayed,
        evidence=evidence,
    )
