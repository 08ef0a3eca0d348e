"""The options that every command takes, wherever they are typed.

Each group and each command carries its own copy of them; whichever is given on the command
line writes to the one `Settings`, so `exch --json dgt ticker` and `exch dgt ticker --json`
are the same.
"""

from __future__ import annotations

import sys
from decimal import Decimal
from typing import Any

from typer._types import TyperChoice
from typer.core import TyperOption

from exchcli import output
from exchcli.config.values import profile_name
from exchcli.errors import UsageError
from exchcli.execution.underway import Underway
from exchcli.money import typed_decimal

# Those that mean something to a command that asks no exchange.
LOCAL_OPTIONS = ("--output", "--json", "--fields", "--verbose")
OUTPUTS = ("auto", "table", "json", "ndjson", "csv")
LONGEST_TIMEOUT = 86400
DEFAULT_TIMEOUT = Decimal(30)


class Settings:
    """What the options of every command say; None and False where they were not given."""

    def __init__(self) -> None:
        self.output: str | None = None
        self.fields: str | None = None
        self.raw = False
        self.sandbox = False
        self.profile: str | None = None
        self.timeout: str | None = None
        self.no_wait = False
        self.verbose = False
        # Not options: the command and the exchange that were named, and the record it shows.
        self.path = "exch"
        self.exchange: str | None = None
        self.returns: type | None = None
        # What the command has begun and done by now.
        self.underway = Underway()

    @property
    def seconds(self) -> Decimal:
        """The total deadline of this command."""
        if self.timeout is None:
            return DEFAULT_TIMEOUT
        seconds = typed_decimal(self.timeout, "--timeout")
        if not 0 < seconds <= LONGEST_TIMEOUT:
            raise UsageError(
                f"--timeout {self.timeout} is out of range.",
                f"Give seconds above 0 and up to {LONGEST_TIMEOUT}.",
            )
        return seconds

    def named_profile(self) -> str | None:
        """The name of --profile, if one was given. Raises UsageError for what can be none."""
        if self.profile is None:
            return None
        try:
            return profile_name(self.profile)
        except ValueError as error:
            raise UsageError(f"--profile {error}", "Correct it.") from None


def help_option() -> TyperOption:
    """--help and -h, printed like any other output: a full disk is told in words."""

    def show(ctx: Any, _param: Any, value: bool) -> None:
        if value and not ctx.resilient_parsing:
            output.write(sys.stdout, ctx.get_help() + "\n")
            ctx.exit()

    return TyperOption(
        param_decls=["-h", "--help"], is_flag=True, is_eager=True, expose_value=False,
        callback=show, help="Show this message and exit.",
    )  # fmt: skip


def common_options() -> list[TyperOption]:
    """A fresh set of the common options, to be appended to a command's own."""
    return [
        _value("output", ["-o", "--output"], "FORMAT", "Print as auto, table, json, ndjson or csv "
               "(auto: a table on a terminal, else JSON).", OUTPUTS),
        _flag("output", ["--json"], "The same as -o json.", "json"),
        _value("fields", ["--fields"], "A,B", "Only these fields, in this order."),
        _flag("raw", ["--raw"], "The exchange's own reply, byte for byte, whatever -o says."),
        _flag("sandbox", ["--sandbox"], "Use the exchange inside exch: no network, no account."),
        _value("profile", ["--profile"], "NAME", "The profile whose settings and key are used."),
        _value("timeout", ["--timeout"], "SECONDS", "Give up after this long in all [30]."),
        _flag("no_wait", ["--no-wait"], "Fail (exit 5) instead of waiting for a rate limit."),
        _flag("verbose", ["-v", "--verbose"], "Tell on stderr what is sent."),
    ]  # fmt: skip


def _flag(name: str, flags: list[str], text: str, stands_for: object = True) -> TyperOption:
    def keep(ctx: Any, _param: Any, value: bool) -> None:
        if value:
            setattr(ctx.find_root().obj, name, stands_for)

    return TyperOption(
        param_decls=flags, is_flag=True, default=False, expose_value=False, callback=keep,
        help=text,
    )  # fmt: skip


def _value(
    name: str, flags: list[str], metavar: str, text: str, choices: tuple[str, ...] = ()
) -> TyperOption:
    def keep(ctx: Any, _param: Any, value: str | None) -> None:
        if value is not None:
            setattr(ctx.find_root().obj, name, value)

    return TyperOption(
        param_decls=flags, expose_value=False, callback=keep, metavar=metavar, help=text,
        type=TyperChoice(choices) if choices else None,
    )  # fmt: skip
