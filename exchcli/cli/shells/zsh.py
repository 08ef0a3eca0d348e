"""The completion script for zsh: one call of `_arguments` for each command on the way."""

from __future__ import annotations

from exchcli.cli.shells import filled
from exchcli.cli.shells.places import (
    CURRENCIES,
    FIELDS,
    FILES,
    SYMBOLS,
    Option,
    Place,
    common,
    places,
)
from exchcli.cli.tree import ALIASES

_SCRIPT = r"""#compdef exch
# Completion of exch for zsh, made by `exch completion zsh`.
# No process is started, but for names of symbols and currencies: `exch __complete`.

# Completes what can be typed after the commands $1.
_exch_after() {
    local place=$1 curcontext=$curcontext context state state_descr hidden ret=1
    local -a line commands takes fields hides common
    local -A opt_args
    case $place in
@TABLE@
    esac
    common=(
@COMMON@
    )
    # What means nothing here is not offered.
    for hidden in $hides; do
        common=(${common:#(|*\))${hidden}[\[=+]*})
    done
    if (( $#commands )); then
        _arguments -C -s -S -A '-*' : $common $takes '1: :->command' '*:: :->next' && ret=0
    else
        _arguments -C -s -S : $common $takes && ret=0
    fi
    case $state in
        command)
            _describe -t commands command commands && ret=0 ;;
        next)
            # Without an option before it, _arguments leaves this one where it is.
            [[ $words[1] == -- ]] && shift words && (( CURRENT-- ))
            [[ -n $place ]] || case $words[1] in
@ALIASES@
            esac
            _exch_after ${place:+$place/}$words[1] && ret=0 ;;
    esac
    return ret
}

# The names of symbols or currencies ($1) that exch has cached.
_exch_names() {
    local -a names expl
    [[ $PREFIX != -* ]] || return
    names=(${(f)"$(command exch __complete $1 ${place%%/*} $sandbox "$PREFIX" 2>/dev/null)"})
    _wanted $1 expl $1 compadd -a names
}

# The fields of the record that a command shows, with commas between them.
_exch_fields() {
    (( $#fields )) && _values -s , field $fields
}

_exch() {
    local -a sandbox
    sandbox=(${(M)words[2,CURRENT-1]:#--sandbox})
    _exch_after ''
}

# This file is autoloaded as the function _exch, or was sourced.
if [[ $funcstack[1] == _exch ]]; then
    _exch "$@"
else
    compdef _exch exch
fi
"""

_ACTIONS = {
    SYMBOLS: " _exch_names symbols",
    CURRENCIES: " _exch_names currencies",
    FIELDS: " _exch_fields",
    FILES: "_files",
    "": " ",
}


def script() -> str:
    table = "".join(_row(place, where) for place, where in places().items()).rstrip()
    aliases = "\n".join(f"                {a}) words[1]={name} ;;" for a, name in ALIASES.items())
    everywhere = "\n".join(f"        {spec}" for spec in _options(common()))
    return filled(_SCRIPT, {"TABLE": table, "ALIASES": aliases, "COMMON": everywhere})


def _row(place: Place, where: list[str]) -> str:
    arguments = [
        _quoted(f"{'*' * argument.many}:{argument.name.lower()}:{_action(argument.value)}")
        for argument in place.arguments
    ]
    columns = {
        "commands": [_quoted(f"{name}:{summary}") for name, summary in place.commands],
        "takes": arguments + _options(place.options),
        "fields": list(place.fields),
        "hides": list(place.hides),
    }
    told = ""
    for name, items in columns.items():
        if name in ("fields", "hides") and items:
            told += f"\n            {name}=({' '.join(items)})"
        elif items:
            lines = "".join(f"\n                {item}" for item in items)
            told += f"\n            {name}=({lines}\n            )"
    paths = " | ".join(path or "''" for path in where)
    return f"        {paths}){told} ;;\n" if told else ""


def _options(options: tuple[Option, ...]) -> list[str]:
    """One specification a spelling; each spelling excludes all of them."""
    specs = []
    for option in options:
        others = f"({' '.join(option.flags)})" if len(option.flags) > 1 else ""
        for flag in option.flags:
            spec = f"{others}{flag}"
            if option.value is not None:
                spec += "=" if flag.startswith("--") else "+"
            spec += f"[{_escaped(option.help)}]"
            if option.value is not None:
                spec += f":{option.name}:{_action(option.value)}"
            specs.append(_quoted(spec))
    return specs


def _action(value: str) -> str:
    return _ACTIONS.get(value) or f"({value.replace(',', ' ')})"


def _escaped(text: str) -> str:
    for special in "\\[]:":
        text = text.replace(special, "\\" + special)
    return text


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
