"""One look at everything that has to be right before a command can be trusted to run alone."""

# Typer reads the annotations at run time, so they are not postponed here.
import copy
import os
import platform
import shlex
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import typer

from exchcli import __version__
from exchcli.cli.keys import scope_of
from exchcli.cli.registry import BOTH, Group
from exchcli.cli.session import Session, session
from exchcli.config import without_file
from exchcli.errors import CredentialsError, ExchError, Exit, Rejected, UsageError
from exchcli.output import printable, write
from exchcli.state import check_folder
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
    broken = _fault(here)
    here.begin()
    report = Report()
    report.run("python", _python)
    report.run("folders", lambda: _folders(here))
    report.run("configuration", lambda: _configuration(here, broken))
    report.run("journal", lambda: _journal(here))
    for name in [exchange] if exchange else BOTH:
        settings = copy.copy(here.settings)
        settings.exchange = name
        there = Session(settings)
        there.assume(here.config)
        ctx.call_on_close(there.close)
        for what, look in _checks(there, measure_window, broken):
            report.run(f"{name} {what}", look)
    _show(here, report.rows)
    if report.code is not None:
        raise typer.Exit(report.code)


def _fault(here: Session) -> UsageError | None:
    """What is wrong with the configuration; the other checks then go on with the defaults."""
    try:
        _ = here.config
    except UsageError as error:
        here.assume(without_file(here.places.config_file, os.environ))
        return error
    return None


def _show(here: Session, rows: list["Check"]) -> None:
    """The rows; in a table of all fields, the hints below it, where no column cuts them off."""
    if here.format != "table" or here.settings.fields:
        here.show(rows)
        return
    here.settings.fields = "name,status,what"
    here.show(rows)
    hints = [f"{row.name}: {row.hint}" for row in rows if row.hint]
    if hints:
        write(sys.stdout, "\n" + "".join(f"{printable(hint)}\n" for hint in hints))


class Report:
    """The rows so far, and the exit code of the first failure."""

    def __init__(self) -> None:
        self.rows: list[Check] = []
        self.code: Exit | None = None

    def run(self, name: str, look: Callable[[], str]) -> None:
        """Adds the row of one check."""
        try:
            self.rows.append(Check(name, "ok", look()))
            return
        except Problem as problem:
            what, hint, code = problem.what, problem.hint, problem.code
        except ExchError as error:
            what, hint, code = error.message, error.hint, error.exit
        self.rows.append(Check(name, "failed" if code else "warning", what, hint))
        self.code = self.code or code


def _checks(
    there: Session, measure: bool, broken: UsageError | None
) -> Iterator[tuple[str, Callable[[], str]]]:
    yield "credentials", lambda: _credentials(there)
    if not there.sandboxed and _no_key(there) is None:
        yield "cron", lambda: _cron(there)
    yield "clock", lambda: _clock(there)
    yield "limits", lambda: _limits(there)
    if measure:
        yield "window", lambda: _window(there, broken)


def _python() -> str:
    return f"exch {__version__} on Python {platform.python_version()}"


def _folders(here: Session) -> str:
    """Whether what exch keeps is its owner's alone."""
    places = here.places
    for folder in (places.config_file.parent, places.state, places.sandbox):
        check_folder(folder)
    for path in (places.config_file.parent, places.config_file):
        _check_writers(path)
    for path in (places.state, *sorted(places.state.rglob("*"))):
        mode = _mode(path)
        if mode & 0o077:
            wanted = "700" if path.is_dir() else "600"
            raise Problem(
                f"{path} has the mode {mode:04o}: others can look into it.",
                f"chmod {wanted} {shlex.quote(str(path))}",
            )
    return f"configuration in {places.config_file.parent}, state in {places.state}"


def _check_writers(path: Path) -> None:
    """Whoever can write the configuration chooses the program that is run for a key, and the
    address that requests go to."""
    try:
        about = path.stat()
    except OSError:  # not there (yet); reading it tells of all else
        return
    mode, danger = stat.S_IMODE(about.st_mode), "that decides which programs exch runs"
    if about.st_uid not in (0, os.geteuid()):
        raise Problem(
            f"{path} belongs to another user (uid {about.st_uid}): {danger}.",
            f"Make it your own: chown {os.geteuid()} {shlex.quote(str(path))}",
        )
    if mode & 0o022:
        raise Problem(
            f"{path} has the mode {mode:04o}: others can write it, and {danger}.",
            f"chmod go-w {shlex.quote(str(path))}",
        )


def _mode(path: Path) -> int:
    try:
        about = path.lstat()
    except OSError:  # not there (yet), or gone meanwhile
        return 0
    return 0 if stat.S_ISLNK(about.st_mode) else stat.S_IMODE(about.st_mode)


def _configuration(here: Session, broken: UsageError | None) -> str:
    file = here.places.config_file
    if broken is not None:
        told = f"{broken.message} What follows is of the defaults."
        raise Problem(told, broken.hint, broken.exit)
    return f"{file} is valid" if file.exists() else f"all defaults: there is no {file}"


def _journal(here: Session) -> str:
    """Whether the journal can be read, and whether anything in it waits for an answer."""
    from exchcli.cli.doing import meant_by

    entries = meant_by(here, here.journal().entries())
    waiting = [e for e in entries if e.state in ("sending", "unknown", "ambiguous")]
    if waiting:
        from exchcli.execution.advice import deciding, is_listed

        first, keys = waiting[0], [entry.key for entry in waiting[:3]]
        step = f"exch journal resolve {first.key}"
        items = first.intent.items
        if first.state == "ambiguous" or not is_listed(items[0]):  # nobody else can find it out
            step = deciding(first.key, first.account.exchange, items)
        raise Problem(
            f"what became of {', '.join(keys)}{' and others' if waiting[3:] else ''} is not known.",
            step,
        )
    return f"{len(entries)} calls, and what became of each is known" if entries else "empty"


def _no_key(there: Session) -> CredentialsError | None:
    """The error that says that no key is configured; a broken one is no matter of this."""
    from exchcli.core.credentials.lookup import find

    try:
        find(scope_of(there))
    except CredentialsError as error:
        return error
    return None


def _credentials(there: Session) -> str:
    none = None if there.sandboxed else _no_key(there)
    if none is not None:
        _check_rotation(there, none.message)
        raise Problem(f"{none.message} Public data only.", none.hint)
    pair = there.credentials()
    what = f"the key {pair.key[:4]}... comes from {pair.source}"
    if there.sandboxed:
        return what
    _check_rotation(there, what[0].upper() + what[1:] + ".")
    return f"{what}; not tried ({scope_of(there).command('auth test')} does)"


def _check_rotation(there: Session, what: str) -> None:
    """A rotation that was interrupted: the key may be one that no longer holds."""
    from exchcli.core.credentials.pending import PendingSource, read_intent

    scope = scope_of(there)
    if PendingSource(scope).exists() or read_intent(scope) is not None:
        raise Problem(
            f"A rotation of this key was not finished. {what}",
            f"Run {scope.command('auth recover')}.",
        )


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

    check_folder(there.places.state)  # where they are counted, or would be
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


def _window(there: Session, broken: UsageError | None) -> str:
    if broken is not None:  # the key may be one of another place than the default one
        raise Problem("Nothing is signed while the configuration is broken.", None)
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
