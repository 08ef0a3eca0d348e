"""Any endpoint of an exchange, for what has no command of its own."""

# Typer reads the annotations at run time, so they are not postponed here.
import re
import sys
from contextlib import suppress
from typing import Annotated

import typer

from exchcli import output
from exchcli.cli.confirm import confirm
from exchcli.cli.printing import anyway
from exchcli.cli.registry import Group
from exchcli.cli.session import Session, session
from exchcli.core.reply import Reply
from exchcli.core.request import Endpoint
from exchcli.errors import BadReply, UsageError

group = Group("api", "Any endpoint.")

# Parameters that may be a password, a key or a code of the second factor.
_SECRET = re.compile("pass|secret|token|key|user|pin|otp|2fa|code", re.IGNORECASE)


@group.command(everyday=True)
def api(
    ctx: typer.Context,
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="[METHOD] PATH", help="GET unless it is said; the path behind the base URL."
        ),
    ],
    field: Annotated[
        list[str] | None,
        typer.Option("-f", "--field", metavar="KEY=VALUE", help="A parameter; may be repeated."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Call any endpoint, signed where it needs a key, and print the reply as it came.

    Anything but GET may trade or move money: it asks first, is written into the journal, sent once
    and never again. Of the guard, only the halt switch knows it.
    """
    here = session(ctx)
    method, path = _method_and_path(here, words)
    fields = _fields(field or [])
    endpoint = here.exchange.endpoint(method, path)
    if method == "GET":
        here.ask(here.exchange.any_endpoint(endpoint, fields))
        output.write_raw(here.replies, sys.stdout)
    else:
        if not yes:  # before the question, and behind it: an answer may take its time
            _check_halted(here, method, path)
        confirm(f"Send {method} {path} to {here.exchange.title}? It may trade or move money.", yes)
        _check_halted(here, method, path)
        _send(here, endpoint, fields)
        with anyway(here, lambda: f"The reply: {b''.join(here.replies).decode(errors='replace')}"):
            output.write_raw(here.replies, sys.stdout)


def _check_halted(here: Session, method: str, path: str) -> None:
    """Raises GuardRefused while the halt switch is on, which lets pass what can only cancel."""
    if method != "DELETE" and not path.rstrip("/").endswith("/cancel"):
        from exchcli.cli.guarding import check_halted

        check_halted(here)


def _send(here: Session, endpoint: Endpoint, fields: dict[str, str]) -> None:
    """Sends what changes something, as the journal has it."""
    from exchcli.cli.doing import Keeping
    from exchcli.execution.intent import Calling

    def ids(reply: Reply) -> list[str]:
        with suppress(BadReply):
            return here.exchange.ids_in(reply)
        return []  # that it was done is known all the same

    told = " ".join(f"{key}={_kept(key, value)}" for key, value in fields.items())
    Keeping(here).call(
        Calling(endpoint.method, endpoint.path, told),
        lambda: here.exchange.any_endpoint(endpoint, fields),
        here.exchange.orders_in(endpoint, fields),
        ids,
    )


def _kept(key: str, value: str) -> str:
    """What the journal may have of a parameter."""
    from exchcli.cli.dryrun import REDACTED

    return REDACTED if _SECRET.search(key) else value


def _method_and_path(here: Session, words: list[str]) -> tuple[str, str]:
    if len(words) > 2:
        raise UsageError("api takes a method and a path.", "Write parameters as -f key=value.")
    method = words[0].upper() if len(words) == 2 else "GET"
    if method not in here.exchange.methods:
        raise UsageError(
            f"{words[0]!r} is no method of {here.exchange.title}.",
            f"Choose {', '.join(here.exchange.methods)}.",
        )
    return method, _path(words[-1])


def _path(typed: str) -> str:
    """A path behind the exchange's base URL, and nowhere else."""
    if "?" in typed or "#" in typed:
        raise UsageError(
            f"The path {typed!r} has a query.", "Write its parameters as -f key=value."
        )
    if not typed.strip("/"):
        raise UsageError("The path is empty.", "Write it like /spot/assets.")
    path = typed if typed.startswith("/") else f"/{typed}"
    if not re.fullmatch(r"(/[A-Za-z0-9_.~,:@-]*)+", path) or "//" in path or ":/" in path:
        raise UsageError(
            f"{typed!r} is no path of an endpoint.", "Write it like /spot/assets, without a host."
        )
    if any(part in (".", "..") for part in path.split("/")):
        raise UsageError(
            f"The path {typed!r} leads elsewhere.", "Write it like /spot/assets, without dots."
        )
    return path


def _fields(typed: list[str]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for text in typed:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise UsageError(f"-f {text!r} is no parameter.", "Write it as -f key=value.")
        if key in fields:
            raise UsageError(f"-f {key} is given twice.", "Give each parameter once.")
        fields[key] = value
    return fields
