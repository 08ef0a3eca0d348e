"""What a person is told of an intent: what it is, in words, and what to do where nobody knows."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from exchcli.execution.intent import (
    HANDLE,
    Calling,
    Cancelling,
    Closing,
    Intent,
    Item,
    Move,
    Withdrawal,
)
from exchcli.money import short
from exchcli.records import NewOrder

MOST_TOLD = 3  # orders of a batch that are told one by one


def spoken(intent: Intent) -> str:
    """An intent in words: buy 0.05 BTCPLN at 2570."""
    items = intent.items
    if isinstance(items[0], Calling):
        return _spoken(items[0])
    if len(items) == 1 and not intent.command.startswith("batch"):
        return _spoken(items[0])
    told = ", ".join(map(_spoken, items[:MOST_TOLD]))
    more = f" and {len(items) - MOST_TOLD} more" if len(items) > MOST_TOLD else ""
    return f"{intent.command} ({told}{more})"


def has_no_id(item: Item) -> bool:
    """Whether the exchange tells no id by which a person could name it."""
    return isinstance(item, Move | Closing | Cancelling | Calling)


def is_listed(item: Item) -> bool:
    """Whether the exchange shows anything by which it can be found out what became of it."""
    return not isinstance(item, Move | Cancelling | Calling)


def given_key(key: str) -> str:
    """What --once was given: a batch counts its calls behind a #."""
    return key.rpartition("#")[0] if "#" in key else key


def finding_out(key: str, when: str = "", *, again: bool = True) -> str:
    """How to have it found out what became of a key; `again` where the command at hand is
    that of the key, and so may be repeated."""
    look = f"`exch journal resolve {key}` finds out what became of it{when}"
    if key.startswith(HANDLE) or not again:
        return f"{look}, and sends nothing."
    what = "the same file" if "#" in key else "the same"
    return f"Run {what} again with --once {given_key(key)}, which sends nothing twice; or {look}."


def deciding(key: str, exchange: str, items: Sequence[Item]) -> str:
    """How a person looks what became of it, and writes it down."""
    item, count = items[0], len(items)
    resolve = f"`exch journal resolve {key}"
    if has_no_id(item):
        return f"{_where(exchange, item)} Then {resolve} --done`, or --none."
    if count == 1:
        return f"{_where(exchange, item)} Then {resolve} --order ID`, or --none."
    return (
        f"{_where(exchange, item)} Then {resolve} --order ID,ID,...` with its {count} orders, or "
        "--none where it was not done."
    )


def ambiguity(key: str, items: Sequence[Item], ids: Sequence[str]) -> str:
    """Why it cannot be told which of these it is."""
    item, count = items[0], len(items)
    if isinstance(item, Closing):
        return (
            f"The position on {item.symbol} is another one than before, which the close {key} "
            "alone does not explain."
        )
    what = "withdrawals" if isinstance(item, Withdrawal) else "orders"
    told = ", ".join(ids)
    if 0 < len(ids) < count:
        return f"{key} is {count} orders, all or none, and {len(ids)} of them were seen: {told}."
    if len(ids) == 1:
        return f"{told} could be {key}, but is not told as that was sent."
    each = f"the {count} of {key}" if count > 1 else key
    return f"Several {what} could be {each}: {told}."


def _where(exchange: str, item: Item) -> str:
    if isinstance(item, Move):
        wallet = "spot" if "spot" in (item.source, item.target) else item.source
        flag = "" if wallet == "spot" else f" --{wallet}"
        return (
            f"`exch {exchange} account ledger {item.currency}{flag}` shows whether "
            f"{short(item.amount)} {item.currency} went from {item.source} to {item.target}."
        )
    if isinstance(item, Closing):
        return f"`exch {exchange} margin positions {item.symbol}` shows what is left of it."
    if isinstance(item, Cancelling):
        return f"`exch {exchange} order show {item.id}` shows it."
    if isinstance(item, Withdrawal):
        lists = "transfer list" if exchange == "dgt" else "withdraw list"
        return f"`exch {exchange} {lists} {item.currency}` shows the id."
    if isinstance(item, Calling):
        return "Look at the account, whether it was done, before you send it again."
    flag = " --margin" if isinstance(item, NewOrder) and item.market == "margin" else ""
    return f"`exch {exchange} order list --history{flag}` shows the id."


def _spoken(item: Item) -> str:
    if isinstance(item, NewOrder):
        return _spoken_order(item)
    if isinstance(item, Withdrawal):
        parts = [
            f"withdraw {short(item.amount)} {item.currency}",
            f"to {'the user ' if item.internal else ''}{item.address}" if item.address else "",
            f"on {item.chain}" if item.chain else "",
            f"with the memo {item.memo}" if item.memo else "",
        ]
        return " ".join(part for part in parts if part)
    if isinstance(item, Move):
        return f"move {short(item.amount)} {item.currency} from {item.source} to {item.target}"
    if isinstance(item, Cancelling):
        return f"cancel {item.id}"
    if isinstance(item, Calling):
        return f"send {item.method} {item.path}" + (f" with {item.params}" if item.params else "")
    return f"close the position on {item.symbol}"


def _spoken_order(new: NewOrder) -> str:
    size = f"{new.symbol} for {short(new.spend)}" if new.spend is not None else (
        f"{short(new.amount or Decimal(0))} {new.symbol}"
    )  # fmt: skip
    parts = [
        f"{new.side} {size}",
        "at the market's price" if new.price is None else f"at {short(new.price)}",
        "" if new.stop is None else f"with the stop {short(new.stop)}",
        "post-only" if new.post_only else "",
        "on margin" if new.market == "margin" else "",
    ]
    return " ".join(part for part in parts if part)
