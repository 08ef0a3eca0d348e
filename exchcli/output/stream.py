"""Writing to stdout and stderr: what they can take, and what happens when they cannot."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TextIO

from exchcli.errors import StateError

_HINT = "Nothing more was written; free some space or send the output somewhere else."


def is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and not stream.closed and stream.isatty()


def encoding_of(stream: TextIO | None) -> str:
    return getattr(stream, "encoding", None) or "utf-8"


def takes_unicode(stream: TextIO | None) -> bool:
    return encoding_of(stream).lower().replace("_", "-").startswith("utf")


def encodable(text: str, encoding: str) -> str:
    """The text with \\-escapes in the place of what the encoding cannot say."""
    if text.isascii():
        return text
    return text.encode(encoding, "backslashreplace").decode(encoding)


def write(stream: TextIO | None, text: str) -> None:
    """Writes and flushes. Raises StateError, or BrokenPipeError when the reader has left."""
    stream = _opened(stream)
    with _told_in_words():
        stream.write(encodable(text, encoding_of(stream)))
        stream.flush()  # a full disk shows only now


def flush(stream: TextIO | None) -> None:
    """Writes what is still waiting. Raises as `write` does; without a stream nothing waits."""
    if stream is not None and not stream.closed:
        write(stream, "")


def write_raw(chunks: Iterable[bytes], stdout: TextIO | None) -> None:
    """The reply's own bytes, nothing added. Raises as `write` does."""
    stdout = _opened(stdout)
    buffer = getattr(stdout, "buffer", None)
    if buffer is None:
        write(stdout, b"".join(chunks).decode("utf-8", "backslashreplace"))
        return
    write(stdout, "")  # what text is still waiting goes first
    for chunk in chunks:
        with _told_in_words():
            buffer.write(chunk)
    with _told_in_words():
        buffer.flush()


def hush(stream: TextIO | None) -> None:
    """Points a stream at nothing, so that what it could not take is not complained of again."""
    try:
        if stream is not None:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    except (OSError, ValueError, AttributeError):
        pass


def _opened(stream: TextIO | None) -> TextIO:
    # Python starts with sys.stdout = None when its parent had closed it (`exch ... >&-`).
    if stream is None or stream.closed:
        raise StateError("The output cannot be written: it is closed.", _HINT)
    return stream


@contextmanager
def _told_in_words() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise StateError(f"The output cannot be written: {reason}.", _HINT) from error
