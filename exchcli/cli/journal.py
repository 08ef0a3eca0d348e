"""What was meant, sent and answered: looking at it, finding out, deciding."""

# Typer reads the annotations at run time, so they are not postponed here.
from copy import copy
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from exchcli.cli.market import whole_number
from exchcli.cli.registry import Group
from exchcli.cli.session import Session, session
from exchcli.errors import OnceAmbiguous, UsageError
from exchcli.records import Finding, JournalEntry, Market

if TYPE_CHECKING:
    from exchcli.execution.intent import Account
    from exchcli.execution.journal import Entry

group = Group("journal", "Every call that was to change something, and what became of it.")

Key = Annotated[
    str, typer.Argument(metavar="KEY", help="The key of --once, or the @name that `list` shows.")
]
EXCHANGES = ("dgt", "dfx")


@group.command("list", returns=JournalEntry)
def list_(
    ctx: typer.Context,
    limit: Annotated[str | None, typer.Option(metavar="N", help="The newest N [all].")] = None,
) -> None:
    """All that was written down, newest first."""
    here = session(ctx)
    most = whole_number(limit)
    here.show([entry.record() for entry in here.journal().entries(most)])


@group.command(returns=JournalEntry)
def show(ctx: typer.Context, key: Key) -> None:
    """What became of one key. One that several accounts have is an array of them."""
    here = session(ctx)
    records = [entry.record() for entry in _named(here, key)]
    here.show(records[0] if len(records) == 1 else records)


@group.command(returns=JournalEntry, asks=True)
def resolve(
    ctx: typer.Context,
    key: Key,
    order: Annotated[
        list[str] | None,
        typer.Option("--order", metavar="ID", help="It is this order; of a batch, name each."),
    ] = None,
    none: Annotated[bool, typer.Option("--none", help="It was not done.")] = False,
    exchange: Annotated[
        str | None,
        typer.Option(metavar="EXCHANGE", help="dgt or dfx, where both have this key."),
    ] = None,
) -> None:
    """Find out what became of a key, or write down what you have found out yourself.

    Without --order and --none the exchange is asked: once nothing that was sent can arrive any
    more, its lists tell. Nothing is sent again. Exit code 7 means that it cannot be told yet,
    and says from when on it can; 11 that several orders could be it.

    --order ID and --none are your decision, after you have looked at the exchange. A wrong one
    can make you pay twice.
    """
    here = session(ctx)
    if order and none:
        raise UsageError("--order and --none exclude each other.", "Decide for one.")
    entry = _one(_named(here, key), exchange)
    if not order and not none:
        from exchcli.cli.doing import Keeping

        there = _session_of(ctx, entry.account)
        settled = Keeping(there).settle(entry)
    else:
        from exchcli.execution.lock import Lock
        from exchcli.execution.resolving import resolve as decide

        lock = Lock(here.places.state, entry.account, float(here.settings.seconds))
        settled = decide(here.journal(), lock, entry.account, key, order or [])
    if settled.state == "ambiguous":
        raise OnceAmbiguous(
            f"Several orders could be {key}: it {settled.reason}.",
            f"Look which it is, then `exch journal resolve {key} --order ID`, or --none.",
            exchange=settled.account.exchange,
        )
    here.show(settled.record())


@group.command(returns=Finding, asks=True)
def audit(
    ctx: typer.Context,
    exchanges: Annotated[
        list[str] | None,
        typer.Argument(metavar="[EXCHANGE]...", help="dgt or dfx [those in the journal]."),
    ] = None,
    start: Annotated[
        str, typer.Option(metavar="TIME", help="Since then: epoch, ISO 8601 or ago.")
    ] = "1d",
) -> None:
    """Compare the exchange's orders with the journal; what is odd is printed.

    ghost: an order that looks like one that was settled as not placed. stranger: an order that
    no journal knows; perhaps you placed it on the website. missing: one that was placed, and
    that the exchange does not list.
    """
    here = session(ctx)
    since = here.moment(start)
    assert since is not None
    findings: list[Finding] = []
    for there in _audited(ctx, here, exchanges or []):
        findings += _findings(there, since)
    here.show(findings)


def _findings(there: Session, since: datetime) -> list[Finding]:
    from exchcli.cli.doing import account_of
    from exchcli.execution.audit import audit as compare

    exchange = there.exchange
    markets: tuple[Market, ...] = ("spot", "margin") if exchange.name == "dfx" else ("spot",)
    there.synchronize()
    now = there.now()
    seen = []
    for market in markets:
        rows = there.ask(exchange.seen_since(market, since, now), quietly=True)
        # Times without a zone say nothing of being too early.
        seen += [
            row for row in rows
            if row.created is None or row.created.tzinfo is None or row.created >= since
        ]  # fmt: skip
    return compare(there.journal(), account_of(there), seen, since)


def _audited(ctx: typer.Context, here: Session, exchanges: list[str]) -> list[Session]:
    """A session for each account to look at: those named, or those that the journal has."""
    from exchcli.cli.doing import account_of

    for name in exchanges:
        _check_exchange(name)
    if exchanges:
        return [_session(ctx, name, here.settings.profile) for name in dict.fromkeys(exchanges)]
    known = dict.fromkeys(entry.account for entry in here.journal().entries())
    sessions = [_session(ctx, account.exchange, account.profile) for account in known]
    pairs = zip(known, sessions, strict=True)
    return [there for account, there in pairs if account_of(there) == account]


def _named(here: Session, key: str) -> "list[Entry]":
    found = here.journal().named(key)
    if not found:
        raise UsageError(f"The journal has no {key}.", "`exch journal list` shows what it has.")
    return found


def _one(entries: "list[Entry]", exchange: str | None) -> "Entry":
    if exchange is not None:
        _check_exchange(exchange)
    wanted = [entry for entry in entries if exchange in (None, entry.account.exchange)]
    if not wanted:
        raise UsageError(f"That key is none of {exchange}'s.", "Name the other exchange.")
    if len(wanted) > 1:
        open_ones = [e for e in wanted if e.state in ("sending", "unknown", "ambiguous")]
        if len(open_ones) != 1:
            accounts = ", ".join(f"{e.account.exchange} {e.account.profile}" for e in wanted)
            raise UsageError(
                f"Several accounts have this key: {accounts}.", "Name one with --exchange."
            )
        wanted = open_ones
    return wanted[0]


def _check_exchange(name: str) -> None:
    if name not in EXCHANGES:
        raise UsageError(f"{name!r} is no exchange.", f"Name {' or '.join(EXCHANGES)}.")


def _session_of(ctx: typer.Context, account: "Account") -> Session:
    """A session that asks the exchange of this account, with its key."""
    from exchcli.cli.doing import account_of
    from exchcli.sandbox.wire import SANDBOX_URLS

    sandboxed = account.url.startswith(SANDBOX_URLS[account.exchange])
    there = _session(ctx, account.exchange, account.profile, sandboxed=sandboxed)
    if account_of(there) == account:
        return there
    if sandboxed:
        raise UsageError(
            "It was sent to a sandbox that was since started over.",
            "Decide with --none: nothing of it is left.",
        )
    raise UsageError(
        f"It was sent to {account.url}, and {account.exchange} is now {there.url}.",
        f"Set EXCH_{account.exchange.upper()}_URL={account.url} to ask there.",
    )


def _session(
    ctx: typer.Context, exchange: str, profile: str | None, *, sandboxed: bool | None = None
) -> Session:
    settings = copy(ctx.obj)
    settings.exchange, settings.profile = exchange, profile
    if sandboxed is not None:
        settings.sandbox = sandboxed
    there = Session(settings)
    ctx.call_on_close(there.close)
    return there
