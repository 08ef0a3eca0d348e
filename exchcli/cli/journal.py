"""What was meant, sent and answered: looking at it, finding out, deciding."""

# Typer reads the annotations at run time, so they are not postponed here.
from collections.abc import Callable
from copy import copy
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from exchcli.cli.market import whole_number
from exchcli.cli.registry import Group
from exchcli.cli.session import Session, session
from exchcli.errors import UsageError
from exchcli.records import Finding, JournalEntry, Market

if TYPE_CHECKING:
    from exchcli.execution.intent import Account
    from exchcli.execution.journal import Entry

group = Group("journal", "Every call that was to change something, and what became of it.")

Key = Annotated[
    str, typer.Argument(metavar="KEY", help="The key of --once, or the @name that `list` shows.")
]
EXCHANGES = ("dgt", "dfx")


@group.command("list", returns=JournalEntry, heeds=("--sandbox",))
def list_(
    ctx: typer.Context,
    limit: Annotated[str | None, typer.Option(metavar="N", help="The newest N [all].")] = None,
) -> None:
    """All that was written down, newest first; with --sandbox, what the sandbox was sent."""
    from exchcli.cli.doing import meant_by

    here = session(ctx)
    most = whole_number(limit)
    entries = meant_by(here, here.journal().entries(None if here.sandboxed else most))
    here.show([entry.record() for entry in entries[:most]])


@group.command(returns=JournalEntry, heeds=("--sandbox",))
def show(ctx: typer.Context, key: Key) -> None:
    """What became of one key. One that several accounts have is an array of them (the sandbox's is
    shown alone with --sandbox), and so is a batch: one for each of its calls.
    """
    here = session(ctx)
    records = [entry.record() for entry in _named(here, key)]
    here.show(records[0] if len(records) == 1 else records)


@group.command(returns=JournalEntry, asks=True)
def resolve(
    ctx: typer.Context,
    key: Key,
    order: Annotated[
        list[str] | None,
        typer.Option("--order", metavar="ID,...", help="It is this order; of a batch, name each."),
    ] = None,
    done: Annotated[
        bool, typer.Option("--done", help="It was done: what has no id, such as a transfer.")
    ] = False,
    none: Annotated[bool, typer.Option("--none", help="It was not done.")] = False,
    exchange: Annotated[
        str | None,
        typer.Option(metavar="EXCHANGE", help="dgt or dfx, where both have this key."),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Whatever the exchange says of the order.")
    ] = False,
) -> None:
    """Find out what became of a key, or write down what you have found out yourself.

    Without --order, --done and --none the exchange is asked: once nothing that was sent can
    arrive any more, its lists tell. Nothing is sent again. Exit code 7 means that it cannot be
    told yet, and says from when on it can; 11 that several orders could be it.

    --order ID, --done and --none are your decision, after you have looked at the exchange. A
    wrong one can make you pay twice. An order that the exchange does not show, that looks
    otherwise or was there before is refused; so is --none while the exchange lists an order that
    can be it, or cannot be asked. --yes says that you know better. A decision may be changed by
    another one.
    """
    here = session(ctx)
    if sum((bool(order), done, none)) > 1:
        raise UsageError("--order, --done and --none exclude each other.", "Decide for one.")
    entry = _one(ctx, _named(here, key), exchange)

    def there() -> Session:
        return _session_of(ctx, entry.account)

    if order or done or none:
        from exchcli.cli.deciding import decide, typed_ids

        settled = decide(here, entry, typed_ids(entry, order or []), done, yes, there)
    else:
        from exchcli.cli.doing import Keeping

        settled = Keeping(there()).settle(entry)
    if settled.state == "ambiguous":
        from exchcli.execution.endings import ambiguous

        raise ambiguous(settled, settled.candidates)
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

    ghost: an order that looks like one that was settled as not placed. unsettled: one that looks
    like one of which that is not known yet; `journal resolve KEY` finds it out. stranger: an order
    that no journal knows; perhaps you placed it on the website. missing: one that was placed, and
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
    from exchcli.cli.doing import meant_by

    found = here.journal().named(key) or here.journal().parts(key)
    if not found:
        raise UsageError(f"The journal has no {key}.", "`exch journal list` shows what it has.")
    meant = meant_by(here, found)
    if not meant:
        raise UsageError(
            f"The sandbox has no {key} in the journal.",
            f"It was sent to {found[0].account.url}: look at it without --sandbox (EXCH_SANDBOX).",
        )
    return meant


def _one(ctx: typer.Context, entries: "list[Entry]", exchange: str | None) -> "Entry":
    """The one of these that is meant: of several accounts, or of the calls of a batch."""
    if exchange is not None:
        _check_exchange(exchange)
    wanted = [entry for entry in entries if exchange in (None, entry.account.exchange)]
    if not wanted:
        raise UsageError(f"That key is none of {exchange}'s.", "Name the other exchange.")
    profile = ctx.obj.named_profile()
    wanted = [entry for entry in wanted if profile in (None, entry.account.profile)]
    if not wanted:
        raise UsageError(
            f"That key is none of the profile {profile}.", "`exch journal show KEY` tells whose."
        )
    narrower: list[Callable[[Entry], bool]] = [
        lambda entry: entry.state in ("sending", "unknown", "ambiguous"),
        lambda entry: _is_here(ctx, entry.account),
    ]
    for fits in narrower:
        if len(wanted) > 1:
            wanted = list(filter(fits, wanted)) or wanted
    if len(wanted) > 1 and len({entry.account for entry in wanted}) == 1:
        keys = ", ".join(entry.key for entry in wanted)
        raise UsageError(f"That is a batch of {len(wanted)} calls: {keys}.", "Name one of them.")
    if len(wanted) > 1:
        accounts = ", ".join(" ".join(entry.account) for entry in wanted)
        raise UsageError(
            f"Several accounts have this key: {accounts}.", "Name one with --exchange or --profile."
        )
    return wanted[0]


def _is_here(ctx: typer.Context, account: "Account") -> bool:
    """Whether this account is one that a command of now would use: of the sandbox, or not."""
    from exchcli.cli.doing import account_of

    return account_of(_session(ctx, account.exchange, account.profile)) == account


def _check_exchange(name: str) -> None:
    if name not in EXCHANGES:
        raise UsageError(f"{name!r} is no exchange.", f"Name {' or '.join(EXCHANGES)}.")


def _session_of(ctx: typer.Context, account: "Account") -> Session:
    """A session that asks the exchange of this account, with its key."""
    from exchcli.cli.deciding import StartedOver
    from exchcli.cli.doing import account_of, is_of_sandbox

    sandboxed = is_of_sandbox(account)
    there = _session(ctx, account.exchange, account.profile, sandboxed=sandboxed)
    if account_of(there) == account:
        return there
    if sandboxed:
        raise StartedOver(
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
