"""Symbols as people type them: any case, any separator, misspelt.

    btcpln  BTC/PLN  btc_usdt  BTC-USDT

An exchange whose symbols have a separator is asked directly when one is typed, and its list
is only fetched to resolve a name without one or to say what was meant. The list is cached;
a symbol that the cached list does not know is looked up in a fresh one, so a stale or
corrupt cache heals itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import TypeVar

from exchcli.cli.session import Session, keep_symbols
from exchcli.core.request import Flow
from exchcli.errors import BadReply, UnknownSymbol, UsageError
from exchcli.records import Symbol

T = TypeVar("T")

_TYPED = re.compile(r"([A-Za-z0-9]{1,20})(?:[/_\-: ]([A-Za-z0-9]{1,20}))?")


def resolve(here: Session, text: str) -> str:
    """The exchange's own name of a symbol that a user typed.

    Raises UsageError, with the nearest symbols, for one that does not exist.
    """
    found = _TYPED.fullmatch(text)
    if not found:
        raise UsageError(f"{text!r} is no symbol.", _how(here), exchange=here.exchange.name)
    known = here.exchange.known_symbols()
    if known is not None:
        return _pick(here, text, known)
    cached = here.symbol_cache.read()
    match = _match(text, cached or [])
    if match is not None:
        return match
    if cached is None and found.group(2):
        return f"{found.group(1)}_{found.group(2)}".upper()
    return _pick(here, text, _fresh(here))


def rules_of(here: Session, text: str, *, margin: bool = False, anew: bool = False) -> Symbol:
    """The symbol that a user typed, with what it asks of orders: from the cached list, unless
    it has to be fetched `anew`. Raises UsageError for one that does not exist.
    """
    known = here.exchange.known_symbols()
    if known is not None:
        name = resolve(here, text)
        return next(symbol for symbol in known if symbol.symbol == name)
    if margin:
        listed = here.ask(here.exchange.symbols("margin"), quietly=True)
    else:
        listed = (None if anew else here.symbol_cache.read()) or _fresh(here)
    if not _TYPED.fullmatch(text):
        raise UsageError(f"{text!r} is no symbol.", _how(here), exchange=here.exchange.name)
    found = _match(text, listed)
    if found is None and not margin and not anew:
        return rules_of(here, text, anew=True)
    name = found or _pick(here, text, listed)
    return next(symbol for symbol in listed if symbol.symbol == name)


def ask_about(here: Session, typed: Sequence[str], flow: Flow[T]) -> T:
    """Runs a flow about these symbols; one that the exchange does not know is a usage error."""
    try:
        return here.ask(flow)
    except UnknownSymbol:
        if here.exchange.known_symbols() is not None:
            raise
        fresh = _fresh(here)
        for text in typed:
            _pick(here, text, fresh)
        raise  # all of them are listed, so the exchange refuses them for a reason of its own


def _fresh(here: Session) -> list[Symbol]:
    symbols = here.ask(here.exchange.symbols(), quietly=True)
    if not symbols:
        raise BadReply(
            f"{here.exchange.title} lists no symbols at all.",
            "Nothing was changed; run it again later.",
            exchange=here.exchange.name,
        )
    keep_symbols(here, symbols)
    return symbols


def _match(text: str, symbols: Sequence[Symbol]) -> str | None:
    """The symbol that was typed; with a separator, base and quote have to be the same."""
    base, _, quote = re.sub(r"[^A-Z0-9]", "_", text.upper()).partition("_")
    if quote:
        return next((s.symbol for s in symbols if (s.base, s.quote) == (base, quote)), None)
    return next((s.symbol for s in symbols if s.base + s.quote == base), None)


def _pick(here: Session, text: str, symbols: Sequence[Symbol]) -> str:
    match = _match(text, symbols)
    if match is not None:
        return match
    names = {_key(symbol.symbol): symbol.symbol for symbol in symbols}
    wanted = _key(text)
    near = [names[key] for key in get_close_matches(wanted, names, n=4, cutoff=0.6)]
    near += [s.symbol for s in symbols if s.base == wanted and s.symbol not in near][:4]
    if not near:
        near = [symbol.symbol for symbol in symbols[:4]]
    raise UsageError(
        f"{here.exchange.title} has no symbol {text!r}.",
        f"Did you mean {_either(near[:4])}? `exch {here.exchange.name} symbols` lists all.",
        exchange=here.exchange.name,
    )


def _key(symbol: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", symbol.upper())


def _how(here: Session) -> str:
    return (
        f"Write base and quote, like {here.exchange.example}; "
        f"`exch {here.exchange.name} symbols` lists them."
    )


def _either(names: Sequence[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last
