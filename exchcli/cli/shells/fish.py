"""The completion script for fish: one `complete` a choice, each with the places it is for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from exchcli.cli.shells import filled
from exchcli.cli.shells.places import (
    CURRENCIES,
    FIELDS,
    FILES,
    SYMBOLS,
    Option,
    common,
    places,
)
from exchcli.cli.tree import ALIASES

_SCRIPT = r"""# Completion of exch for fish 3 and newer, made by `exch completion fish`.
# No process is started, but for names of symbols and currencies: `exch __complete`.

# Prints the commands before the cursor, like dgt/market, and the number of arguments after them.
function __exch_place
    set -l words (commandline -opc)
    set -e words[1]
    set -l place ''
    set -l given 0
    set -l ended ''
    set -l skip ''
    for word in $words
        if test -n "$skip"
            set skip ''
        else if test -z "$ended"; and string match -q -r -- '^-.' $word
            # Of letters in one, like -vo, the first that takes a value counts.
            set word (string replace -r -- '^-[@LETTERS@]+(?=.)' - $word)
            test "$word" = --; and set ended yes
            contains -- $word @VALUED@; and set skip yes
        else if contains -- "$place" @GROUPS@
            switch "$place/$word"
@ALIASES@
            end
            set place (string trim -l -c / -- "$place/$word")
            set ended ''
        else
            set given (math $given + 1)
        end
    end
    echo $place
    echo $given
end

# Whether the cursor is after the commands of one of these places.
function __exch_at
    set -l here (__exch_place)
    contains -- "$here[1]" $argv
end

# The same, where the argument of this number, or any at all, is to be typed.
function __exch_argument
    set -l here (__exch_place)
    contains -- $argv[1] $here[2] any; and contains -- "$here[1]" $argv[2..-1]
end

# The names of symbols or currencies that exch has cached.
function __exch_names
    set -l here (__exch_place)
    set -l exchange (string split -m 1 -- / $here[1])[1]
    set -l sandbox (string match -- --sandbox (commandline -opc))
    set -l typed (string replace -r -- '^--[^=]*=' '' (commandline -ct))
    string match -q -- '-*' $typed; and return
    command exch __complete $argv[1] $exchange $sandbox "$typed" 2>/dev/null
end

# These fields, after those that are typed already, with a comma between them.
function __exch_fields
    set -l typed (string replace -r -- '^--[^=]*=' '' (commandline -ct))
    set -l before (string match -r -- '.*,' "$typed")
    for field in $argv
        contains -- $field (string split -- , "$before"); or echo "$before$field"
    end
end

complete -c exch -f
@LINES@
"""

# Something that can be typed, and the places where it can.
Places = dict[Any, list[str]]

_VALUES = {
    SYMBOLS: "(__exch_names symbols)",
    CURRENCIES: "(__exch_names currencies)",
    "": "",
}


def script() -> str:
    found = places()
    everywhere = common()
    options = [*everywhere, *(option for place in found for option in place.options)]
    groups = [path for place, where in found.items() if place.commands for path in where]
    lines = [
        *_commands(found), *_arguments(found), "",
        *_fields(found), *_own_options(found), "",
        *_everywhere(everywhere, found),
    ]  # fmt: skip
    parts = {
        "VALUED": " ".join(dict.fromkeys(_flags(o for o in options if o.value is not None))),
        "LETTERS": "".join(
            flag[1] for flag in _flags(o for o in everywhere if o.value is None) if flag[1] != "-"
        ),
        "GROUPS": _listed(groups),
        "ALIASES": "\n".join(
            f"                case /{alias}\n                    set word {name}"
            for alias, name in ALIASES.items()
        ),
        "LINES": "\n".join(lines),
    }
    return filled(_SCRIPT, parts)


def _commands(found: Places) -> list[str]:
    shown: Places = {}
    for place, where in found.items():
        for command in place.commands:
            shown.setdefault(command, []).extend(where)
    return [
        f"complete -c exch{_at(where)} -a {name} -d {_quoted(summary)}"
        for (name, summary), where in shown.items()
    ]


def _arguments(found: Places) -> list[str]:
    taken: Places = {}
    for place, where in found.items():
        for position, argument in enumerate(place.arguments):
            if argument.value:
                number = "any" if argument.many else position
                taken.setdefault((number, argument.value), []).extend(where)
    return [
        f"complete -c exch -n {_quoted(f'__exch_argument {number} {_listed(where)}')}"
        + (" -F" if value == FILES else f" -a {_quoted(_words(value))}")
        for (number, value), where in taken.items()
    ]


def _fields(found: Places) -> list[str]:
    shown: Places = {}
    for place, where in found.items():
        if place.fields:
            shown.setdefault(place.fields, []).extend(where)
    return [
        f"complete -c exch{_at(where)} -l fields -x"
        f" -a {_quoted('(__exch_fields ' + ' '.join(names) + ')')}"
        for names, where in shown.items()
    ]


def _own_options(found: Places) -> list[str]:
    taken: Places = {}
    for place, where in found.items():
        for option in place.options:
            taken.setdefault(option, []).extend(where)
    return [_option(option, where) for option, where in taken.items()]


def _everywhere(options: Iterable[Option], found: Places) -> Iterator[str]:
    """The options of every command, each but where it means nothing."""
    for option in options:
        hidden = [
            path
            for place, where in found.items()
            if not set(place.hides).isdisjoint(option.flags)
            for path in where
        ]
        yield _option(option, but=hidden)


def _option(
    option: Option, where: Sequence[str] | None = None, but: Sequence[str] | None = None
) -> str:
    """Where it can be typed; or everywhere `but` there."""
    line = "complete -c exch"
    if where or but:
        line += _at(where) if where else _at(but or (), "not ")
    for flag in option.flags:
        line += f" -l {flag[2:]}" if flag.startswith("--") else f" -s {flag[1:]}"
    if option.value == FILES:
        line += " -r -F"
    elif option.value is not None:
        words = "" if option.value == FIELDS else _words(option.value)
        line += " -x" + (f" -k -a {_quoted(words)}" if words else "")
    return f"{line} -d {_quoted(option.help)}"


def _words(value: str) -> str:
    return _VALUES.get(value, value.replace(",", " "))


def _flags(options: Iterable[Option]) -> Iterator[str]:
    return (flag for option in options for flag in option.flags)


def _at(where: Sequence[str], negated: str = "") -> str:
    return f" -n {_quoted(f'{negated}__exch_at {_listed(where)}')}"


def _listed(where: Sequence[str]) -> str:
    return " ".join(path or '""' for path in where)


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
