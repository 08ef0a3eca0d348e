"""One look at everything that has to be right before a command can be trusted to run alone."""

# Typer reads the annotations at run time, so they are not postponed here.
import copy
import os
import platform
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import typer

from exchcli import __version__
from exchcli.cli.registry import BOTH, Group
from exchcli.cli.session import Session, session
from exchcli.errors import CredentialsError, ExchError, Exit, Rejected
from exchcli.times import iso

group = Group("doctor", "Check this machine, the configuration, keys, clocks and limits.")

OFF = 2  # seconds of a clock's offset that are worth a word


class Check(NamedTuple):
    """One thing that was looked at: `status` is ok, warning or failed."""

    name: str
    status: Literal["ok", "warning", "failed"]
    what: str
    hint: str | None = None


class Problem(Exception):
    """A check that found something: a warning, or a failure when it has an exit code."""

    def __init__(self, what: str, hint: str | None, code: Exit | None = None) -> None:
        super().__init__(what)
        self.what, self.hint, self.code = what, hint, code


@group.command(returns=Check)
def doctor(
    ctx: typer.Context,
    exchange: Annotated[
        Literal["dgt", "dfx"] | None, typer.Option("--exchange", help="Only this exchange [both].")
    ] = None,
    measure_window: Annotated[
        bool,
        typer.Option(
            "--measure-window",
            help="Also find out with late signed reads how late a request may arrive.",
        ),
    ] = False,
) -> None:
    """Check this machine, the configuration, keys, clocks and limits, one row a check.

    The exit code is 0 if nothing failed, warnings or not, and else that of the first failure.
    Nothing is changed anywhere; the exchanges are asked for their time, and with
    --measure-window for balances. What was measured is kept with the state.
    """
    here = session(ctx)
    here.begin()
    report = Report()
    report.run("python", _python)
    report.run("folders", lambda: _folders(here))
    if report.run("configuration", lambda: _configuration(here)):
        for name in [exchange] if exchange else BOTH:
            settings = copy.copy(here.settings)
            settings.exchange = name
            there = Session(settings)
            ctx.call_on_close(there.close)
            for what, look in _checks(there, measure_window):
                report.run(f"{name} {what}", look)
    here.show(report.rows)
    if report.code is not None:
        raise typer.Exit(report.code)


class Report:
    """The rows so far, and the exit code of the first failure."""

    def __init__(self) -> None:
        self.rows: list[Check] = []
        self.code: Exit | None = None

    def run(self, name: str, look: Callable[[], str]) -> bool:
        """Adds the row of one check; whether it did not fail."""
        try:
            self.rows.append(Check(name, "ok", look()))
            return True
        except Problem as problem:
            what, hint, code = problem.what, problem.hint, problem.code
        except ExchError as error:
            what, hint, code = error.message, error.hint, error.exit
        self.rows.append(Check(name, "failed" if code else "warning", what, hint))
        self.code = self.code or code
        return code is None


def _checks(there: Session, measure: bool) -> Iterator[tuple[str, Callable[[], str]]]:
    yield "credentials", lambda: _credentials(there)
    if not there.sandboxed and _no_key(there) is None:
        yield "cron", lambda: _cron(there)
    yield "clock", lambda: _clock(there)
    yield "limits", lambda: _limits(there)
    if measure:
        yield "window", lambda: _window(there)


def _python() -> str:
    return f"exch {__version__} on Python {platform.python_version()}"


def _folders(here: Session) -> str:
    """Whether what exch keeps is its owner's alone."""
    places = here.places
    for folder in (places.config_file.parent, places.state, places.sandbox):
        if folder.exists() and not os.access(folder, os.W_OK | os.X_OK):
            raise Problem(
                f"{folder} cannot be written.", "Make it writable for yourself.", Exit.STATE
            )
    for path in (places.state, *sorted(places.state.rglob("*"))):
        mode = _mode(path)
        if mode & 0o077:
            wanted = "700" if path.is_dir() else "600"
            raise Problem(
                f"{path} has the mode {mode:04o}: others can look into it.",
                f"chmod {wanted} {path}",
            )
    return f"configuration in {places.config_file.parent}, state in {places.state}"


def _mode(path: Path) -> int:
    try:
        about = path.lstat()
    except OSError:  # not there (yet), or gone meanwhile
        return 0
    return 0 if stat.S_ISLNK(about.st_mode) else stat.S_IMODE(about.st_mode)


def _configuration(here: Session) -> str:
    file = here.places.config_file
    _ = here.config  # raises UsageError, with the place
    return f"{file} is valid" if file.exists() else f"all defaults: there is no {file}"


def _no_key(there: Session) -> CredentialsError | None:
    """The error that says that no key is configured; a broken one is no matter of this."""
    from exchcli.cli.keys import scope_of
    from exchcli.core.credentials.lookup import find

    try:
        find(scope_of(there))
    except CredentialsError as error:
        return error
    return None


def _credentials(there: Session) -> str:
    none = None if there.sandboxed else _no_key(there)
    if none is not None:
        raise Problem(f"{none.message} Public data only.", none.hint)
    pair = there.credentials()
    return f"the key {pair.key[:4]}... comes from {pair.source}"


def _cron(there: Session) -> str:
    """Whether a cron job of this user would find the key: without a session bus or a display."""
    import json
    import subprocess

    home, user = os.environ.get("HOME", "/"), os.environ.get("LOGNAME", "")
    env = {"HOME": home, "LOGNAME": user, "SHELL": "/bin/sh", "PATH": "/usr/bin:/bin"}
    moved = os.environ.get("EXCH_HOME")
    if moved:
        env["EXCH_HOME"] = moved
    profile = ["--profile", there.settings.profile] if there.settings.profile else []
    command = [sys.executable, "-P", "-m", "exchcli", there.exchange.name, "auth", "status"]
    try:
        ran = subprocess.run(  # noqa: S603 -- this very program
            [*command, "--json", *profile], env=env, cwd="/", stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=20, check=False,
        )  # fmt: skip
        answer = json.loads(ran.stdout if ran.returncode == 0 else ran.stderr)
        if ran.returncode == 0:
            also = f"; its line has to set EXCH_HOME={moved}" if moved else ""
            return f"a cron job finds the key in {answer['source']}{also}"
        error = answer["error"]
        raise Problem(f"A cron job would find no key: {error['message']}", error["hint"])
    except (OSError, ValueError, KeyError, TypeError, subprocess.SubprocessError) as error:
        raise Problem(f"What a cron job would find is not known: {error}", None) from None


def _clock(there: Session) -> str:
    bounds = there.connected().measured_clock()
    at = bounds.at
    middle = (bounds.lower + bounds.upper) / 2 + at.steady - at.wall
    offset = round(middle / 1e9, 1)
    margin = (bounds.upper - bounds.lower) / 2e9
    way = "ahead of" if offset > 0 else "behind"
    what = f"{there.exchange.title}'s clock is {abs(offset):g} s {way} this one (to {margin:.1f} s)"
    if abs(offset) - margin > OFF:
        raise Problem(
            f"{what}; exch signs with {there.exchange.title}'s time.",
            "Let the system keep its clock right: timedatectl set-ntp true",
        )
    return what


def _limits(there: Session) -> str:
    from exchcli.cli.limits import used

    rows = used(there)
    banned = [row for row in rows if row.banned_until is not None]
    if banned:
        told = " and ".join(f"{row.scope} until {iso(row.banned_until)}" for row in banned)  # type: ignore[arg-type]
        raise Problem(
            f"{there.exchange.title} has banned {told}.", "Wait; exch does not ask before then."
        )
    return ", ".join(
        f"{row.scope} {row.used or 0} of {row.limit} in {row.window_seconds} s"
        for row in rows
        if row.limit is not None
    )


def _window(there: Session) -> str:
    from exchcli.core.request import Flow, Request
    from exchcli.core.window import LONGEST, LateClock, keep, measured

    exchange = there.exchange
    clock = LateClock(None, exchange.name, there.url, trace=there.trace)
    client = there.connect(clock)

    def probe() -> Flow[None]:
        yield Request(exchange.probe, {})

    def accepts(late: int) -> tuple[bool, int]:
        clock.late = late
        try:
            client.run(probe())
        except (Rejected, CredentialsError) as error:
            if error.code in exchange.stamp_refused | exchange.stamp_suspected:
                return False, client.span.nanoseconds
            raise
        return True, client.span.nanoseconds

    client.run(probe())  # with the right time: if that is refused, it is not the time
    seconds = measured(accepts)
    if seconds is None:
        raise Problem(
            f"{exchange.title} takes requests that are {LONGEST} s late.",
            "The configured window holds on.",
        )
    keep(there.places.state, exchange.name, there.url, seconds)
    return f"{exchange.title} refuses what is more than {seconds} s late; that is kept"
