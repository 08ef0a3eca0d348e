"""The completion script for bash: a table of the tree, and a walk along the command line."""

from __future__ import annotations

from exchcli.cli.shells import filled
from exchcli.cli.shells.places import Option, Place, common, places
from exchcli.cli.tree import ALIASES

_SCRIPT = r"""# Completion of exch for bash 3.2 and newer, made by `exch completion bash`.
# No process is started, but for names of symbols and currencies: `exch __complete`.

# What can be typed after the commands $1. An option that takes a value ends with "=" and what
# that can be; @symbols and the like are looked up, "-" is anything, "..." is any number. The
# options of every command that mean nothing here are `hides`.
_exch_table() {
    commands= takes= options= fields= hides=
    case $1 in
@TABLE@
    esac
}

# Puts the words up to the cursor into `words`. bash parts them at "=" and ":"; here they are
# joined again, and `apart` is what stands before the part that bash will replace.
_exch_words() {
    local i word part=${COMP_WORDS[COMP_CWORD]} line=${COMP_LINE-}
    line=${line:0:${COMP_POINT:-0}}
    for ((i = 1; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if ((i == COMP_CWORD)) && [[ -n $line ]]; then
            while [[ $line != *"$word" ]]; do word=${word%?}; done
            part=$word
        fi
        if ((i > 1)) && [[ $word == [=:]* || ${COMP_WORDS[i - 1]} == *[=:] ]]; then
            words[${#words[@]} - 1]+=$word
        else
            words[${#words[@]}]=$word
        fi
    done
    [[ $part == [=:] ]] && part=
    apart=${words[${#words[@]} - 1]%"$part"}
}

_exch() {
    local IFS=$' \t\n' commands takes options fields hides words=() apart
    local common='@COMMON@'
    local word i place= option= ended= sandbox= given=0 kind= typed before= list
    COMPREPLY=()
    _exch_words
    _exch_table ''
    for ((i = 0; i < ${#words[@]} - 1; i++)); do
        word=${words[i]}
        if [[ -n $option ]]; then
            option=
        elif [[ -z $ended && $word == -?* ]]; then
            # Of letters in one, like -vo, the first that takes a value counts.
            while [[ $word == -[!-]?* && " $common " == *" ${word:0:2} "* ]]; do
                word=-${word:2}
            done
            [[ $word == -- ]] && ended=1
            [[ $word == --sandbox ]] && sandbox=$word
            [[ " $options $common " == *" $word="* ]] && option=$word
        elif [[ -n $commands ]]; then
            [[ -n $place ]] || case $word in
@ALIASES@
            esac
            place+=${place:+/}$word ended=
            _exch_table "$place"
        else
            given=$((given + 1))
        fi
    done

    typed=${words[i]}
    if [[ -z $option$ended && $typed == --*=* ]]; then
        option=${typed%%=*} before=$option= typed=${typed#*=}
    fi
    if [[ -n $option ]]; then
        list=" $options $common "
        [[ $list == *" $option="* ]] && kind=${list#*" $option="} kind=${kind%% *}
    elif [[ -z $ended && $typed == -* ]]; then
        for word in $options $common; do
            word=${word%%=*}
            [[ " $hides " == *" $word "* ]] || kind+=$word,
        done
    elif [[ -n $commands ]]; then
        kind=${commands// /,}
    else
        for word in $takes; do
            [[ $given == 0 || $word == *... ]] && kind=${word%...} && break
            given=$((given - 1))
        done
    fi
    _exch_offer
}

# Offers what `kind` says that the word can be.
_exch_offer() {
    local i exchange=${place%%/*}
    case $kind in
        @files)
            compopt -o filenames 2>/dev/null
            while IFS= read -r word; do
                COMPREPLY[${#COMPREPLY[@]}]=$before$word
            done < <(compgen -f -- "$typed")
            list= ;;
        @symbols | @currencies)
            list=$(command exch __complete "${kind#@}" "$exchange" $sandbox "$typed" 2>/dev/null) ;;
        @fields)
            compopt -o nospace 2>/dev/null
            [[ $typed == *,* ]] && before+=${typed%,*},
            list=
            for word in ${fields//,/ }; do [[ ,$typed == *,$word,* ]] || list+="$word "; done
            typed=${typed##*,} ;;
        -)
            list= ;;
        *)
            list=${kind//,/ } ;;
    esac
    for word in $list; do
        [[ $word == "$typed"* ]] && COMPREPLY[${#COMPREPLY[@]}]=$before$word
    done
    for ((i = 0; i < ${#COMPREPLY[@]}; i++)); do
        COMPREPLY[i]=${COMPREPLY[i]#"$apart"}
    done
}

complete -F _exch exch
"""


def script() -> str:
    table = "".join(_row(place, where) for place, where in places().items()).rstrip()
    aliases = "\n".join(f"                {a}) word={name} ;;" for a, name in ALIASES.items())
    parts = {"TABLE": table, "ALIASES": aliases, "COMMON": _options(common())}
    return filled(_SCRIPT, parts)


def _row(place: Place, where: list[str]) -> str:
    columns = {
        "commands": " ".join(name for name, _ in place.commands),
        "takes": " ".join((a.value or "-") + "..." * a.many for a in place.arguments),
        "options": _options(place.options),
        "fields": ",".join(place.fields),
        "hides": " ".join(place.hides),
    }
    told = "".join(f"\n            {name}='{text}'" for name, text in columns.items() if text)
    paths = " | ".join(path or "''" for path in where)
    return f"        {paths}){told} ;;\n" if told else ""


def _options(options: tuple[Option, ...]) -> str:
    return " ".join(
        flag if option.value is None else f"{flag}={option.value}"
        for option in options
        for flag in option.flags
    )
