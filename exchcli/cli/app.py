"""`exch` as a function: arguments in, an exit code out, every error told in one line."""

from __future__ import annotations

import os
import re
import sys
import traceback
from collections.abc import Sequence
from itertools import pairwise

from typer._click.exceptions import ClickException, MissingParameter, NoSuchOption
from typer._click.exceptions import UsageError as ClickUsageError
from typer.exceptions import Abort
from typer.exceptions import Exit as Leave

from exchcli import output
from exchcli.cli.options import OUTPUTS, Settings
from exchcli.cli.printing import uninterrupted
from exchcli.cli.tree import TITLES, Branch, Leaf, Root
from exchcli.errors import ExchError, Exit, UsageError


def run(arguments: Sequence[str]) -> int:
    """Runs one command line and returns its exit code; never raises."""
    settings = Settings()
    try:
        return _run(arguments, settings)
    except (KeyboardInterrupt, Abort):  # wherever it was: what was begun or done is known here
        return _interrupted(arguments, settings)


def _interrupted(arguments: Sequence[str], settings: Settings) -> int:
    code: int | None = None
    while code is None:
        try:
            with uninterrupted():
                if settings.underway.told:
                    code = Exit.DONE
                else:
                    code = _tell(settings.underway.interrupted(), arguments, settings)
        except KeyboardInterrupt:  # two often come at once, as when a terminal is closed
            pass
    return code


def _run(arguments: Sequence[str], settings: Settings) -> int:
    try:
        return _invoke(arguments, settings)
    except ExchError as error:
        return _tell(error, arguments, settings)
    except ClickException as error:
        return _tell(_usage(error, arguments, settings), arguments, settings)
    except Abort:
        raise
    except BrokenPipeError:
        # The reader has what it wanted (`| head`). Nobody is left to write to.
        output.hush(sys.stdout)
        return Exit.DONE
    except Exception as error:
        bug = _bug(error, settings)
        if settings.underway.is_open:  # 1 does not say that something was sent
            unknown = settings.underway.interrupted()
            unknown.message = f"{unknown.message} It was {bug.message}"
            bug = unknown
        return _tell(bug, arguments, settings)


def _invoke(arguments: Sequence[str], settings: Settings) -> int:
    root = Root()
    try:
        with root.make_context("exch", list(arguments), obj=settings) as ctx:
            root.invoke(ctx)
    except Leave as leave:
        code = leave.exit_code
    else:
        code = Exit.DONE
    output.flush(sys.stdout)
    return code


def _tell(error: ExchError, arguments: Sequence[str], settings: Settings) -> int:
    error.exchange = error.exchange or settings.exchange
    if sys.stderr is not None:
        as_json = _errors_as_json(arguments, settings)
        try:
            output.show_error(error, as_json=as_json, stderr=sys.stderr)
        except OSError:
            pass  # stderr is closed or full; the exit code still tells
    return error.exit


def _errors_as_json(arguments: Sequence[str], settings: Settings) -> bool:
    """Whether the one who reads stderr is a script.

    A command line that could not be parsed may not have reached its --json, so the words
    are looked at too. With `auto`, a person at a terminal gets words even when stdout is
    a pipe.
    """
    asked = settings.output or _output_word(arguments) or _configured_output()
    if asked in (None, "auto"):
        return not _is_terminal(sys.stdout) and not _is_terminal(sys.stderr)
    return asked in ("json", "ndjson")


def _output_word(arguments: Sequence[str]) -> str | None:
    """The last format that the words name, of those that there are."""
    found = None
    for word, following in zip(arguments, [*arguments[1:], ""], strict=False):
        named = {"--json": "json", "-o": following, "--output": following}.get(word)
        if named is None and word.startswith(("--output=", "-o")):
            named = word.removeprefix("--output=").removeprefix("-o")
        if named in OUTPUTS:
            found = named
    return found


def _configured_output() -> str | None:
    from exchcli.config import load
    from exchcli.state import places

    try:
        return load(places(os.environ).config_file, os.environ).output
    except Exception:  # whatever it is, the error at hand is the one to tell
        return None


def _is_terminal(stream: object) -> bool:
    try:
        return bool(stream is not None and stream.isatty())  # type: ignore[attr-defined]
    except ValueError:
        return False


def _usage(error: ClickException, arguments: Sequence[str], settings: Settings) -> UsageError:
    """Typer's complaint in exch's words: one line, and what to type instead."""
    context = error.ctx if isinstance(error, ClickUsageError) else None
    path = context.command_path if context else settings.path
    hint = f"`{path} --help` shows how it is used."
    leaf = context.command if context and isinstance(context.command, Leaf) else None
    if isinstance(error, NoSuchOption):
        message = f"`{path}` has no option {error.option_name}."
        meant = _meant(error)
        hint = f"{meant} {hint}" if meant else hint
    elif isinstance(error, MissingParameter) and error.param is not None and context:
        name = error.param.make_metavar(context)
        if error.param.param_type_name == "option":
            name = f"{error.param.opts[0]} {name}"
        message = f"{name} is missing."
        hint = f"{' '.join(context.get_usage().split())}. {hint}"
    else:
        message = error.format_message().rstrip(".") + "."
        message = re.sub(r"Got unexpected extra argument\S*", "There is no place for", message)
        option = _left_alone(leaf, arguments, message) if leaf else None
        if option:
            message += f" {option} takes a plain number of seconds, or nothing."
    return UsageError(message, hint)


def _meant(error: NoSuchOption) -> str:
    """Where the option is, or which other one may have been meant."""
    option, context = error.option_name, error.ctx
    leaf = context.command if context and isinstance(context.command, Leaf) else None
    if leaf and option in leaf.elsewhere:
        return f"Only {' and '.join(TITLES[name] for name in leaf.elsewhere[option])} has it."
    if option[1:2].isdigit():
        return "Put `--` before a value that begins with a minus."
    group = context.parent.command if context and context.parent else None
    having = group.having(option) if isinstance(group, Branch) else []
    if having:
        return f"Those that have it: {', '.join(having)}."
    if error.possibilities:
        return f"Did you mean {' or '.join(error.possibilities[:2])}?"
    return ""


def _left_alone(leaf: Leaf, arguments: Sequence[str], message: str) -> str | None:
    """The option before the word that there is no place for, if it may stand without a value:
    then the word was meant to be one.
    """
    for option, word in pairwise(arguments):
        if option in leaf.alone and re.search(rf"\({re.escape(word)}\b", message):
            return option
    return None


def _bug(error: Exception, settings: Settings) -> ExchError:
    if settings.verbose and sys.stderr is not None:
        traceback.print_exception(error)
    place = traceback.extract_tb(error.__traceback__)[-1]
    name = os.path.basename(place.filename)  # noqa: PTH119
    return ExchError(
        f"a bug in exch: {type(error).__name__}: {error} ({name}:{place.lineno}).",
        "Run it again with -v and report what it prints.",
    )
