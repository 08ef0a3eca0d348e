"""One question before something happens; where nobody can answer, --yes is the answer."""

from __future__ import annotations

import sys

from exchcli.errors import UsageError
from exchcli.output import printable


def confirm(question: str, yes: bool) -> None:
    """Returns when the user agrees. Raises UsageError otherwise; nothing has happened then."""
    if yes:
        return
    check_answerable(yes)
    print(f"{printable(question)} [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise UsageError("Nothing was done: the answer was not yes.", "Answer y, or use --yes.")


def check_answerable(yes: bool) -> None:
    """Raises UsageError where a question could not be answered, before anything is asked."""
    if not yes and (sys.stdin is None or not sys.stdin.isatty()):
        raise UsageError(
            "This asks before it does anything, and nobody is there to answer.",
            "Run it again with --yes.",
        )


def watched() -> bool:
    """Whether a person reads stderr."""
    return sys.stderr is not None and sys.stderr.isatty()
