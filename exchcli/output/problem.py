"""Errors on stderr: one line for a person, one JSON object for a script."""

from __future__ import annotations

from contextlib import suppress
from typing import TextIO

from exchcli.errors import ExchError, retry_of
from exchcli.output.stream import encodable, encoding_of, takes_unicode
from exchcli.output.text import printable

_LONGEST = 600


def show_error(error: ExchError, *, as_json: bool, stderr: TextIO | None) -> None:
    """Writes one line. Never raises: the exit code has to come through in any case."""
    if stderr is None or stderr.closed:
        return
    line = _as_json(error, stderr) if as_json else _as_words(error)
    with suppress(OSError):
        stderr.write(encodable(line, encoding_of(stderr)) + "\n")
        stderr.flush()


def _as_words(error: ExchError) -> str:
    parts = ("exch:", _bounded(error.message), error.hint)
    return " ".join(printable(part) for part in parts if part)


def _bounded(message: str) -> str:
    """The message, in which an exchange or a command line may have put a text of any length."""
    return message if len(message) <= _LONGEST else f"{message[:_LONGEST]}..."


def _as_json(error: ExchError, stderr: TextIO) -> str:
    from exchcli.output.as_json import dumps

    told = {
        "kind": error.kind,
        "message": _bounded(error.message),
        "hint": error.hint,
        "exchange": error.exchange,
        "code": error.code,
        "retry": retry_of(error.exit),
        "exit": int(error.exit),
    }
    return dumps({"error": told}, unicode=takes_unicode(stderr))
