"""The configuration file: where it is, what holds, and changing it."""

# Typer reads the annotations at run time, so they are not postponed here.
import os
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from exchcli.cli.registry import Group
from exchcli.cli.session import Session, session
from exchcli.config import set_value, unset_value
from exchcli.config.show import Setting, describe
from exchcli.errors import UsageError

group = Group("config", "The configuration file: what holds, where it is, and changing it.")

Key = Annotated[
    str, typer.Argument(metavar="KEY", help="A dotted name such as output or dgt.guard.halt.")
]


class Paths(NamedTuple):
    """Where things live on this machine."""

    config: str
    state: str
    sandbox: str


@group.command(returns=Setting)
def show(ctx: typer.Context) -> None:
    """Every setting, its value, and where that comes from."""
    here = session(ctx)
    here.show(describe(here.config, here.places.config_file, os.environ))


@group.command(returns=Paths)
def path(ctx: typer.Context) -> None:
    """Where the configuration file, the state and the sandbox are."""
    here = session(ctx)
    if here.settings.output is None:
        here.settings.output = _output_of(here)
    places = here.places
    here.show(Paths(str(places.config_file), str(places.state), str(places.sandbox)))


def _output_of(here: Session) -> str:
    """The configured format; where the file is, is also told of a file that is broken."""
    try:
        return here.config.output
    except UsageError:
        return "auto"


@group.command("set")
def set_(
    ctx: typer.Context,
    key: Key,
    value: Annotated[str, typer.Argument(metavar="VALUE", help="The value; lists with commas.")],
) -> None:
    """Set one value in the configuration file; the whole file is checked first."""
    here = session(ctx)
    backup = set_value(here.places.config_file, key, value)
    here.say(f"{key} is set in {here.places.config_file}.{_kept(backup)}")


@group.command()
def unset(ctx: typer.Context, key: Key) -> None:
    """Take one value out of the configuration file, so that its default holds."""
    here = session(ctx)
    backup = unset_value(here.places.config_file, key)
    here.say(f"{key} is not set in {here.places.config_file} now.{_kept(backup)}")


def _kept(backup: Path | None) -> str:
    return f" Its comments could not be kept; the old file is {backup}." if backup else ""
