"""The command tree, built only as far as the command line goes into it.

    exch                      Root
      dgt, dfx                ExchangeGroup: groups of commands, and the everyday ones
        market, margin ...    SpecGroup: declared in market.py, margin.py ...
      sandbox, config ...     SpecGroup, of no exchange
      doctor                  Leaf, a command that stands alone

This is the one module that knows the inside of Typer, whose own builder would import and
inspect every command at each start.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from difflib import get_close_matches
from importlib import import_module
from typing import Any, get_args

from typer._click import Command as ClickCommand
from typer._click import Context
from typer._click.formatting import HelpFormatter
from typer.core import TyperCommand, TyperGroup, TyperOption
from typer.main import get_command_from_info
from typer.models import CommandInfo

from exchcli import __version__, output
from exchcli.cli.options import LOCAL_OPTIONS, common_options, help_option
from exchcli.cli.registry import Alone, Group, Only, Spec
from exchcli.errors import NotOffered, UsageError
from exchcli.output.fields import names_of

TITLES = {"dgt": "Dgtmarket", "dfx": "DigiFinex"}
ALIASES = {"dgtmarket": "dgt", "digifinex": "dfx"}
# The module of every group; an exchange shows a group if it has a command in it.
EXCHANGE_GROUPS = {
    "market": "exchcli.cli.market",
    "account": "exchcli.cli.account",
    "order": "exchcli.cli.order",
    "transfer": "exchcli.cli.transfer",
    "withdraw": "exchcli.cli.withdraw",
    "margin": "exchcli.cli.margin",
    "auth": "exchcli.cli.auth",
}
# What stands directly on an exchange and is not of the group `market`; the last is of no group.
EVERYDAY = {
    "balances": "exchcli.cli.account",
    "fills": "exchcli.cli.account",
    "orders": "exchcli.cli.order",
    "buy": "exchcli.cli.order",
    "sell": "exchcli.cli.order",
    "cancel": "exchcli.cli.order",
    "api": "exchcli.cli.api",
}
TOP_GROUPS = {
    "journal": "exchcli.cli.journal",
    "sandbox": "exchcli.cli.sandbox",
    "config": "exchcli.cli.config",
    "completion": "exchcli.cli.completion",
}
# Commands that stand alone; the module of each declares a group of that one.
TOP_COMMANDS = {"doctor": "exchcli.cli.doctor"}
COMMON_SECTION = "Options of every command"


def group_of(module: str) -> Group:
    """The group that a module of commands declares."""
    group = import_module(module).group
    assert isinstance(group, Group)
    return group


class Leaf(TyperCommand):
    """A command, with the common options behind its own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.common = common_options()
        self.params = [*self.params, *self.common]
        self.spec: Spec | None = None
        self.exchange: str | None = None
        # Options that may stand without a value, and what they mean then.
        self.alone: dict[str, str] = {}
        # Options that only other exchanges have.
        self.elsewhere: dict[str, tuple[str, ...]] = {}

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, _completed(args, self.alone) if self.alone else args)

    def get_help_option(self, ctx: Context) -> TyperOption:
        return help_option()

    def invoke(self, ctx: Context) -> Any:
        ctx.obj.returns = self.spec.returns if self.spec else None
        return super().invoke(ctx)

    def collect_usage_pieces(self, ctx: Context) -> list[str]:
        return [piece.strip("{}") for piece in super().collect_usage_pieces(ctx)]

    def format_options(self, ctx: Context, formatter: HelpFormatter) -> None:
        _write_options(self, ctx, formatter, show_common=True)

    def format_epilog(self, ctx: Context, formatter: HelpFormatter) -> None:
        if self.spec and self.spec.returns:
            with formatter.section("Fields"):
                formatter.write_text(", ".join(names_of(self.spec.returns)))


class Branch(TyperGroup):
    """A group that makes its commands when they are asked for."""

    def __init__(self, name: str, text: str, **kwargs: Any) -> None:
        super().__init__(
            name=name, help=text, rich_markup_mode=None, no_args_is_help=False,
            subcommand_metavar="COMMAND", invoke_without_command=True,
            callback=lambda **_ignored: None, **kwargs,
        )  # fmt: skip
        self.common = common_options()
        self.params = [*self.params, *self.common]
        self.options_metavar = "[OPTIONS]"

    def get_help_option(self, ctx: Context) -> TyperOption:
        return help_option()

    def names(self) -> list[str]:
        """The commands that help and completion show."""
        raise NotImplementedError

    def make(self, name: str) -> ClickCommand | None:
        """The command of this name, if there is one."""
        raise NotImplementedError

    def summaries(self) -> list[tuple[str, str]]:
        """Every shown command with its first sentence."""
        raise NotImplementedError

    def list_commands(self, ctx: Context) -> list[str]:
        return self.names()

    def get_command(self, ctx: Context, cmd_name: str) -> ClickCommand | None:
        return self.make(cmd_name)

    def having(self, option: str) -> list[str]:
        """The commands of this group that have the option."""
        made = {name: self.make(name) for name in self.names()}
        return [
            name
            for name, command in made.items()
            if isinstance(command, Leaf) and any(option in param.opts for param in command.params)
        ]

    def missing(self, ctx: Context, name: str) -> Exception:
        """What to say to a command that is not there."""
        near = get_close_matches(name.lower(), self.names(), n=2)
        meant = f"Did you mean {' or '.join(near)}? " if near else ""
        return UsageError(
            f"There is no command {name!r} in `{ctx.command_path}`.",
            f"{meant}`{ctx.command_path} --help` lists them all.",
        )

    def resolve_command(
        self, ctx: Context, args: list[str]
    ) -> tuple[str | None, ClickCommand | None, list[str]]:
        command = self.get_command(ctx, args[0])
        if command is None:
            if args[0].startswith("-"):
                return super().resolve_command(ctx, args)
            raise self.missing(ctx, args[0])
        ctx.obj.path = f"{ctx.command_path} {args[0]}"
        return command.name, command, args[1:]

    def invoke(self, ctx: Context) -> Any:
        if not ctx._protected_args:
            if sys.stdout is None or not sys.stdout.isatty():
                raise UsageError(
                    f"A command is missing behind `{ctx.command_path}`.",
                    f"`{ctx.command_path} --help` lists them all.",
                )
            output.write(sys.stdout, ctx.get_help() + "\n")
            ctx.exit()
        return super().invoke(ctx)

    def format_options(self, ctx: Context, formatter: HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(self.summaries())
        _write_options(self, ctx, formatter, show_common=ctx.parent is None)


class SpecGroup(Branch):
    """The commands of one group, as one exchange has them."""

    def __init__(self, group: Group, exchange: str | None) -> None:
        super().__init__(group.name, group.help)
        self.group = group
        self.exchange = exchange

    def specs(self) -> list[Spec]:
        return [s for s in self.group.specs.values() if not self.exchange or self.exchange in s.on]

    def names(self) -> list[str]:
        return [spec.name for spec in self.specs()]

    def summaries(self) -> list[tuple[str, str]]:
        return [(spec.name, spec.summary) for spec in self.specs()]

    def make(self, name: str) -> ClickCommand | None:
        spec = self.group.specs.get(name)
        if spec is None:
            return None
        if self.exchange and self.exchange not in spec.on:
            raise lacks(self.exchange, name, self.group.name)
        return build(spec, self.exchange)


class ExchangeGroup(Branch):
    """One exchange: its groups, and its everyday commands."""

    def __init__(self, exchange: str) -> None:
        super().__init__(exchange, f"{TITLES[exchange]}: all that can be asked of it.")
        self.exchange = exchange

    def groups(self) -> dict[str, SpecGroup]:
        found = {}
        for name, module in EXCHANGE_GROUPS.items():
            group = SpecGroup(group_of(module), self.exchange)
            if group.specs():
                found[name] = group
        return found

    def everyday(self) -> dict[str, Spec]:
        modules = dict.fromkeys([EXCHANGE_GROUPS["market"], *EVERYDAY.values()])
        groups = [SpecGroup(group_of(module), self.exchange) for module in modules]
        return {s.everyday: s for group in groups for s in group.specs() if s.everyday}

    def names(self) -> list[str]:
        return [*self.everyday(), *self.groups()]

    def summaries(self) -> list[tuple[str, str]]:
        everyday = [(name, spec.summary) for name, spec in self.everyday().items()]
        return everyday + [(g.name or "", g.help or "") for g in self.groups().values()]

    def make(self, name: str) -> ClickCommand | None:
        if name in EXCHANGE_GROUPS:
            group = SpecGroup(group_of(EXCHANGE_GROUPS[name]), self.exchange)
            if not group.specs():
                raise lacks(self.exchange, name)
            return group
        module = EVERYDAY.get(name, EXCHANGE_GROUPS["market"])
        for spec in group_of(module).specs.values():
            if spec.everyday == name:
                return build(spec, self.exchange, name)
        return None

    def invoke(self, ctx: Context) -> Any:
        ctx.obj.exchange = self.exchange
        return super().invoke(ctx)


class Root(Branch):
    """`exch` itself."""

    def __init__(self) -> None:
        super().__init__("exch", "Trade on Dgtmarket and DigiFinex, or on the sandbox of both.")
        version = TyperOption(
            param_decls=["version", "--version"], is_flag=True, is_eager=True,
            expose_value=False, callback=_say_version, help="Print the version and leave.",
        )  # fmt: skip
        self.params.insert(0, version)

    def names(self) -> list[str]:
        return [*TITLES, *TOP_GROUPS, *TOP_COMMANDS]

    def summaries(self) -> list[tuple[str, str]]:
        exchanges = [(name, f"The exchange {title}.") for name, title in TITLES.items()]
        others = {**TOP_GROUPS, **TOP_COMMANDS}
        return exchanges + [(name, group_of(module).summary) for name, module in others.items()]

    def make(self, name: str) -> ClickCommand | None:
        name = ALIASES.get(name, name)
        if name in TITLES:
            return ExchangeGroup(name)
        if name in TOP_GROUPS:
            return SpecGroup(group_of(TOP_GROUPS[name]), None)
        if name in TOP_COMMANDS:
            return build(group_of(TOP_COMMANDS[name]).specs[name], None)
        return None

    def missing(self, ctx: Context, name: str) -> Exception:
        for module in EXCHANGE_GROUPS.values():
            if name in group_of(module).specs or name in EXCHANGE_GROUPS or name in EVERYDAY:
                return UsageError(
                    f"{name!r} is a command of an exchange.",
                    f"Name the exchange first: `exch dgt {name}` or `exch dfx {name}`.",
                )
        return super().missing(ctx, name)


def lacks(exchange: str, what: str, group: str = "") -> NotOffered:
    where = f"{exchange} {group}".strip()
    return NotOffered(
        f"{TITLES[exchange]} does not offer `{f'{group} {what}'.strip()}`.",
        f"`exch {where} --help` lists what it offers.",
        exchange=exchange,
    )


def build(spec: Spec, exchange: str | None, name: str | None = None) -> ClickCommand:
    """The Typer command of a declared function, without the options another exchange has;
    called `name` where it stands directly on the exchange.

    Raises NotOffered when this exchange does not have the command at all.
    """
    if exchange and exchange not in spec.on:
        raise lacks(exchange, spec.name)
    info = CommandInfo(name=name or spec.name, callback=spec.function, cls=Leaf)
    command = get_command_from_info(info, pretty_exceptions_short=True, rich_markup_mode=None)
    assert isinstance(command, Leaf)
    command.spec, command.exchange = spec, exchange
    foreign = _foreign(spec.function, exchange)
    command.elsewhere = {
        option: foreign[param.name]
        for param in command.params
        if param.name in foreign
        for option in param.opts
    }
    command.params = [param for param in command.params if param.name not in foreign]
    command.alone = {
        f"--{name.replace('_', '-')}": mark.value
        for name, annotation in spec.function.__annotations__.items()
        for mark in get_args(annotation)
        if isinstance(mark, Alone)
    }
    return command


def _completed(args: list[str], alone: dict[str, str]) -> list[str]:
    """The words, with a value behind each of these options that has none."""
    completed = []
    for here, following in zip(args, [*args[1:], ""], strict=False):  # there may be no words
        completed.append(here)
        if here == "--":
            return [*completed, *args[len(completed) :]]
        if here in alone and not following.replace(".", "", 1).isdigit():
            completed.append(alone[here])
    return completed


def _foreign(function: Callable[..., None], exchange: str | None) -> dict[str, tuple[str, ...]]:
    """The parameters that only other exchanges have, and which those are."""
    if exchange is None:
        return {}
    return {
        name: mark.exchanges
        for name, annotation in function.__annotations__.items()
        for mark in get_args(annotation)
        if isinstance(mark, Only) and exchange not in mark.exchanges
    }


def _write_options(
    command: Leaf | Branch, ctx: Context, formatter: HelpFormatter, *, show_common: bool
) -> None:
    arguments, own, common = [], [], []
    for param in command.get_params(ctx):
        row = param.get_help_record(ctx)
        if row is None:
            continue
        if param.param_type_name == "argument":
            arguments.append(row)
        elif param not in command.common:
            own.append(row)
        elif means_something(command, param):
            common.append(row)
    sections = [("Arguments", arguments), ("Options", own)]
    if show_common:
        sections.append((COMMON_SECTION, common))
    for title, rows in sections:
        if rows:
            with formatter.section(title):
                formatter.write_dl(rows)


def means_something(command: Leaf | Branch, option: Any) -> bool:
    """Whether a common option does anything here: a command of no exchange asks none."""
    if not isinstance(command, Leaf) or command.exchange or command.spec is None:
        return True
    heeded = (*LOCAL_OPTIONS, *command.spec.heeds)
    return command.spec.asks or any(flag in heeded for flag in option.opts)


def _say_version(ctx: Any, param: Any, value: bool) -> None:
    if value:
        output.write(sys.stdout, f"exch {__version__}\n")
        ctx.exit()
