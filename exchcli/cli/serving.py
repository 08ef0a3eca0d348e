"""`exch sandbox serve`: both exchanges over HTTP, for any client, until it is stopped."""

# Typer reads the annotations at run time, so they are not postponed here.
import json
import sys
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from exchcli import output
from exchcli.cli.embedding import stopped
from exchcli.cli.session import Session, session
from exchcli.errors import UsageError
from exchcli.sandbox.clock import standing
from exchcli.times import from_epoch, iso, typed_time

if TYPE_CHECKING:
    from exchcli.sandbox.exchange import Sandbox
    from exchcli.sandbox.server.live import Clock

PORT = 8420
_TITLES = {"dgt": ("Dgtmarket", "/api"), "dfx": ("DigiFinex", "/v3")}


class Access(NamedTuple):
    """One demo account over HTTP, a row of -o csv."""

    exchange: str
    url: str
    account: int
    key: str
    secret: str
    username: str
    password: str


def serve(
    ctx: typer.Context,
    host: Annotated[
        str,
        typer.Option(
            metavar="HOST",
            show_default=False,
            help="Where to listen [127.0.0.1: this machine alone].",
        ),
    ] = "127.0.0.1",
    port: Annotated[
        int,
        typer.Option(
            metavar="N",
            min=0,
            max=65535,
            show_default=False,
            help=f"The port; 0 picks one [{PORT}].",
        ),
    ] = PORT,
    seed: Annotated[
        int | None, typer.Option(metavar="N", help="The market that a new sandbox gets.")
    ] = None,
    clock: Annotated[
        str | None, typer.Option(metavar="TIME", help="Stop the clock there; it can be moved.")
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=RATE",
            help="Let this go wrong, in so many of all signed requests (0 to 1); repeatable; "
            "some take NAME=RATE:SECONDS. The names: lost-before, drop-reply, delay, late, "
            "error-500, error-502, error-500-after, truncate, limited, stale, lag, html, redirect.",
        ),
    ] = None,
    fault_only: Annotated[
        list[str] | None,
        typer.Option(metavar="METHOD|/PATH", help="Only requests of this kind; repeatable."),
    ] = None,
    fault_seed: Annotated[
        int, typer.Option(metavar="N", show_default=False, help="Other faults, as often [0].")
    ] = 0,
    no_limits: Annotated[
        bool, typer.Option("--no-limits", help="No rate limits, no bans: for measurements.")
    ] = False,
    window: Annotated[
        int | None,
        typer.Option(
            metavar="SECONDS",
            min=1,
            max=3600,
            help="How late a signed request may arrive, for tests of settling in seconds "
            "[dgt 30, dfx 5].",
        ),
    ] = None,
) -> None:
    """Serve the sandbox over HTTP, with a page to watch it, until it is stopped.

    The exchanges are the ones of --sandbox, in the same file, at the same time. Their base URLs
    and the keys of two funded demo accounts are printed; with --json in one line, as soon as
    connections are accepted. Ctrl-C or SIGTERM stop it.
    """
    here = session(ctx)
    run, live_, faults = _server()
    plan = faults.plan(fault or [], fault_only or [], fault_seed)
    if here.settings.fields:
        raise UsageError("--fields has nothing to choose from here.", "Leave it out.")
    host = host.strip("[]")  # of an IPv6 address in a URL
    with ExitStack() as undoing:
        bound = undoing.enter_context(run.listening(host, port))
        time = live_.Clock(here.places.sandbox, _stopped(here, clock))
        undoing.callback(time.close)
        opening = _opening(here, time, seed, limited=not no_limits, window=window)
        live = live_.Live(opening, plan, time, here.say)
        undoing.pop_all()
    accesses = _accesses(live.sandbox, run.url_of(host, bound))
    if run.open_to_others(bound):
        here.say(f"Warning: whoever reaches {host} can trade in this sandbox and move its clock.")

    def ready() -> None:
        output.write(sys.stdout, _told(accesses, here.format))
        if plan.faults and here.format == "table":
            here.say(f"Going wrong on demand: {', '.join(map(str, plan.faults))}.")

    run.serve(live, bound, host, ready)


def _server() -> tuple[Any, Any, Any]:
    """The modules of the server. Raises UsageError where what they need is not installed."""
    try:
        from exchcli.sandbox.server import faults, live, run
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in ("starlette", "uvicorn", "h11", "anyio"):
            raise
        raise UsageError(
            f"The server needs {error.name}, which is not installed.",
            "Install what it needs: in exch's own folder pip install '.[serve]', elsewhere"
            " pip install 'exchcli[serve]'.",
        ) from None
    return run, live, faults


def _stopped(here: Session, text: str | None) -> int | None:
    """Where the clock is to stand, in epoch seconds; None to go by that of others.

    EXCH_SANDBOX_CLOCK gives way to a server whose clock stands already, as everywhere.
    """
    if text is not None:
        moment: datetime | None = typed_time(text, datetime.now(UTC))
    else:
        moment = None if standing(here.places.sandbox) else stopped()
    return None if moment is None else int(moment.timestamp())


def _opening(
    here: Session, clock: "Clock", seed: int | None, *, limited: bool, window: int | None
) -> "Callable[[], Sandbox]":
    """How the sandbox is opened, at first and after a reset."""
    from exchcli.sandbox.exchange import Sandbox

    def opened() -> Sandbox:
        sandbox = Sandbox(
            here.places.sandbox,
            clock=clock.now,
            pace=clock.pace,
            seed=seed,
            limited=limited,
            window=window,
        )
        store = sandbox.store
        clock.at_least(sandbox.come() * 1_000_000_000)
        wrong: UsageError | None = None
        if seed not in (None, store.stored_seed):
            wrong = UsageError(
                f"The sandbox in {store.path} was made with seed {store.stored_seed}.",
                "Leave --seed out, or start it over with `exch sandbox reset --yes`.",
            )
        elif sandbox.now() < (come := max(store.opened, sandbox.come())):
            wrong = UsageError(
                f"This sandbox has come to {iso(from_epoch(come))} already.",
                "Give a later --clock, or start it over with `exch sandbox reset --yes`.",
            )
        if wrong:
            sandbox.close()
            raise wrong
        return sandbox

    return opened


def _accesses(sandbox: "Sandbox", url: str) -> list[Access]:
    return [
        Access(exchange, url + path, number, *account)
        for exchange, (_, path) in _TITLES.items()
        for number, account in enumerate(sandbox.accounts(exchange), 1)
    ]


def _told(accesses: list[Access], format: output.Format) -> str:
    """What the server says of itself when it is ready."""
    if format == "csv":
        from exchcli.output.as_csv import as_csv

        return as_csv(accesses, Access._fields, for_terminal=False)
    if format != "table":
        return json.dumps(_as_object(accesses)) + "\n"
    return _card(accesses)


def _as_object(accesses: list[Access]) -> dict[str, object]:
    """{"dgt": {"url", "accounts": [{"key", "secret", "username", "password"}, ...]}, "dfx": ...}"""
    told: dict[str, dict[str, Any]] = {}
    for each in accesses:
        there = told.setdefault(each.exchange, {"url": each.url, "accounts": []})
        there["accounts"].append({name: getattr(each, name) for name in Access._fields[3:]})
    return dict(told)


def _card(accesses: list[Access]) -> str:
    page = accesses[0].url.removesuffix(_TITLES[accesses[0].exchange][1])
    lines = [f"The page to watch it   {page}/"]
    before = None
    for each in accesses:
        if each.exchange != before:
            before = each.exchange
            lines += ["", f"{_TITLES[before][0]}   {each.url}"]
        lines += [
            f"  demo {each.account}  key       {each.key}",
            f"          secret    {each.secret}",
            f"          user      {each.username}",
            f"          password  {each.password}",
        ]
    return "\n".join([*lines, "", "Ctrl-C stops it.", ""])
