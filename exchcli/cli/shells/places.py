"""The command tree as the completion scripts need it: what can be typed at each place.

A place is the commands before the cursor, like `dgt/market/ticker`; the root is "". Places
where the same can be typed are one `Place`, so a script tells it once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from typer._click import Context

from exchcli.cli.registry import BOTH
from exchcli.cli.tree import Branch, Leaf, Root, means_something
from exchcli.config.keys import KEYS
from exchcli.output import names_of
from exchcli.sandbox.server.faults import KINDS

# What a value can be, where it is not words with commas between them. "" is anything.
SYMBOLS, CURRENCIES, FILES, FIELDS = "@symbols", "@currencies", "@files", "@fields"
_BY_METAVAR = {
    "SYMBOL": SYMBOLS,
    "CURRENCY": CURRENCIES,
    "FILE": FILES,
    "A,B": FIELDS,
    "EXCHANGE": ",".join(BOTH),
    # A rate to begin with: no shell can be told everywhere not to put a blank behind the `=`.
    "NAME=RATE": ",".join(f"{name}=0.1" for name in KINDS),
    "C": "ERC20,OMNI",  # the chains that DigiFinex's document names
    # Without those in which the user chooses a name.
    "KEY": ",".join(".".join(path) for path in KEYS if "*" not in path),
}
_CHOICES = re.compile(r"[a-z0-9]+(\|[a-z0-9]+)+")


class Argument(NamedTuple):
    """One argument of a command. `many`: it takes all that follow."""

    name: str
    value: str
    many: bool


class Option(NamedTuple):
    """One option under all its spellings. `value` is None for one that takes none."""

    flags: tuple[str, ...]
    help: str
    value: str | None
    name: str


class Place(NamedTuple):
    """The commands of a group with their summaries, or what a command takes. `hides` are the
    options of every command that mean nothing to it.
    """

    commands: tuple[tuple[str, str], ...]
    arguments: tuple[Argument, ...]
    options: tuple[Option, ...]
    fields: tuple[str, ...]
    hides: tuple[str, ...] = ()


def places() -> dict[Place, list[str]]:
    """Every place of the tree, and where it is found."""
    found: dict[Place, list[str]] = {}
    for where, place in _walk(Root(), ""):
        found.setdefault(place, []).append(where)
    return found


def common() -> tuple[Option, ...]:
    """The options that can be typed at every place."""
    root = Root()
    asking = root.get_help_option(Context(root))
    assert asking is not None
    return tuple(_option(param) for param in (*root.common, asking))


def _walk(command: Any, where: str) -> Iterator[tuple[str, Place]]:
    own = [p for p in command.params if p not in command.common]
    options = tuple(_option(p) for p in own if p.param_type_name == "option" and not p.hidden)
    if isinstance(command, Branch):
        yield where, Place(tuple(command.summaries()), (), options, ())
        for name in command.names():
            yield from _walk(command.make(name), f"{where}/{name}" if where else name)
        return
    assert isinstance(command, Leaf)
    assert command.spec is not None
    arguments = tuple(_argument(p) for p in own if p.param_type_name == "argument")
    if not where.startswith("config/"):  # a key of --once or of the journal is no setting
        keys = _BY_METAVAR["KEY"]
        arguments = tuple(a._replace(value="") if a.value == keys else a for a in arguments)
        options = tuple(o._replace(value="") if o.value == keys else o for o in options)
    returns = command.spec.returns
    hides = tuple(f for p in command.common if not means_something(command, p) for f in p.opts)
    yield where, Place((), arguments, options, names_of(returns) if returns else (), hides)


def _argument(param: Any) -> Argument:
    return Argument(_name(param), _value(param), param.nargs == -1)


def _option(param: Any) -> Option:
    flags = tuple(sorted((*param.opts, *param.secondary_opts), key=len))
    value = None if param.is_flag else _value(param)
    return Option(flags, " ".join((param.help or "").split()), value, _name(param).lower())


def _value(param: Any) -> str:
    choices, name = getattr(param.type, "choices", None), _name(param)
    if choices or _CHOICES.fullmatch(name):
        return ",".join(choices or name.split("|"))
    return SYMBOLS if param.name == "symbol" else _BY_METAVAR.get(name, "")


def _name(param: Any) -> str:
    """`SYMBOL` of a metavar like `[SYMBOL]...`, or what the parameter is called."""
    return str(param.metavar or param.name).strip("[].")
