"""What was typed behind `buy` and `sell`, as an order: parsed, and checked as far as that goes
without asking an exchange.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from exchcli.cli.checking import Rules, check_minimums, check_types, fitting
from exchcli.cli.symbols import rules_of
from exchcli.errors import UsageError
from exchcli.execution.intent import Intent
from exchcli.money import typed_decimal
from exchcli.records import NewOrder, Side

if TYPE_CHECKING:
    from exchcli.cli.session import Session
    from exchcli.execution.journal import Entry


class Typed(NamedTuple):
    """The words of one order."""

    side: Side
    symbol: str
    amount: str | None
    price: str | None
    market: bool
    spend: str | None = None
    post_only: bool = False
    stop: str | None = None
    margin: bool = False
    round: bool = False


def read_order(here: Session, typed: Typed) -> tuple[NewOrder, Rules]:
    """The order, and the rules of its pair. Raises UsageError, or NotOffered.

    A pair's rules come from the cached list; what they refuse is held against a fresh one.
    """
    _check_words(here, typed)
    order = _parsed(typed)
    if order.spend is not None and here.exchange.name == "dgt":
        checked = order._replace(amount=Decimal(1))  # it is worked out from the book, later
    else:
        checked = order
    here.exchange.place(checked).close()
    rules = rules_for(here, typed.symbol, margin=typed.margin)
    try:
        return _checked(order, rules, typed), rules
    except UsageError:
        fresh = rules_for(here, typed.symbol, margin=typed.margin, anew=True)
        if fresh == rules:
            raise
        return _checked(order, fresh, typed), fresh


def check_typed(here: Session, typed: Typed) -> None:
    """Raises UsageError for what can be no order, whatever its pair."""
    _check_words(here, typed)
    _parsed(typed)


def sent_before(typed: Typed, entry: Entry | None) -> NewOrder | None:
    """The order of a key that was used before, where these words surely mean the same: so much
    is told without asking an exchange. None where it has to be asked.
    """
    if entry is None or len(entry.intent.items) != 1:
        return None
    (item,) = entry.intent.items
    if not isinstance(item, NewOrder) or not same_symbol(typed.symbol, item.symbol):
        return None
    meant = _parsed(typed)._replace(symbol=item.symbol)
    return item if Intent(meant.side, (meant,)).digest == entry.digest else None


def same_symbol(typed: str, name: str) -> bool:
    """Whether a symbol as it was typed has the letters of this one."""
    return "".join(filter(str.isalnum, typed)).upper() == name.replace("_", "")


def rules_for(here: Session, symbol: str, *, margin: bool, anew: bool = False) -> Rules:
    return Rules(rules_of(here, symbol, margin=margin, anew=anew), here.exchange.decimals)


def _checked(order: NewOrder, rules: Rules, typed: Typed) -> NewOrder:
    order = order._replace(symbol=rules.symbol.symbol)
    check_types(order, rules)
    order = fitting(order, rules, rounded=typed.round)
    check_minimums(order, rules)
    return order


def _parsed(typed: Typed) -> NewOrder:
    def number(text: str | None, what: str) -> Decimal | None:
        return None if text is None else typed_decimal(text, what)

    return NewOrder(
        symbol=typed.symbol,
        side=typed.side,
        amount=number(typed.amount, "AMOUNT"),
        price=number(typed.price, "--price"),
        spend=number(typed.spend, "--spend"),
        stop=number(typed.stop, "--stop"),
        post_only=typed.post_only,
        market="margin" if typed.margin else "spot",
    )


def _check_words(here: Session, typed: Typed) -> None:
    """Raises UsageError for words that do not go together."""
    if typed.market and typed.price is not None:
        raise UsageError("--price and --market are two kinds of order.", "Choose one of them.")
    if not typed.market and typed.price is None:
        raise UsageError(
            "It does not say at what price.",
            "Add --price P, or --market for whatever price the order book has.",
        )
    if typed.amount is not None and typed.spend is not None:
        raise UsageError("AMOUNT and --spend both say how much.", "Leave one of them out.")
    if typed.amount is None and typed.spend is None:
        raise UsageError("It does not say how much.", _how_much(typed))
    if typed.spend is not None and not typed.market:
        raise UsageError(
            "--spend is for an order at the market's price.",
            "Add --market, or name the AMOUNT in base currency.",
        )
    if typed.post_only and typed.market:
        raise UsageError(
            "An order at the market's price always takes: it cannot be post-only.",
            "Name a --price, or leave --post-only out.",
        )
    if here.exchange.name == "dfx" and typed.side == "buy" and typed.market and typed.amount:
        raise UsageError(
            "DigiFinex buys at the market's price for money, not by amount.",
            f"Say what to spend: `exch dfx buy {typed.symbol} --spend QUOTE --market`.",
        )


def _how_much(typed: Typed) -> str:
    if typed.side == "buy" and typed.market:
        return "Name the money with --spend, or where the exchange takes it the AMOUNT."
    return "Name the AMOUNT in base currency."
