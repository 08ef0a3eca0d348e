"""Everything that can go wrong, and the exit code that each case has.

    ExchError
    ├── UsageError          2   the arguments, the configuration
    ├── CredentialsError    3   no key, or one that the exchange refused
    ├── Rejected            4   the exchange refused; nothing happened
    ├── RateLimited         5   limited or banned; nothing happened
    ├── NoAnswer            6   safe to run again
    │   ├── NotSent             no byte of the request was written
    │   └── BadReply            a read that got no trustworthy answer
    │       └── Unreadable          a whole reply that is not what the document says
    ├── OutcomeUnknown      7   sent, and no trustworthy answer
    ├── GuardRefused        8   refused here, by a guard
    ├── OnceConflict        9   --once: other parameters, or another run holds the key
    ├── OnceAbsent         10   --once: proven absent, and not sent again
    ├── OnceAmbiguous      11   --once: several orders could be this one
    ├── StateError         12   files on this machine; nothing was sent
    ├── NotOffered         13   this exchange does not have that
    └── Interrupted       130   Ctrl-C, and nothing was sent that changes anything

An error's message says what happened, its hint what to do next. Both are one line.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, ClassVar, Literal

if TYPE_CHECKING:
    from datetime import datetime

Retry = Literal["safe", "never", "after", "fix"]


class Exit(IntEnum):
    """Every exit code of `exch`, in one place."""

    DONE = 0
    BUG = 1
    USAGE = 2
    CREDENTIALS = 3
    REJECTED = 4
    RATE_LIMITED = 5
    NO_ANSWER = 6
    UNKNOWN = 7
    GUARD = 8
    ONCE_CONFLICT = 9
    ONCE_ABSENT = 10
    ONCE_AMBIGUOUS = 11
    STATE = 12
    NOT_OFFERED = 13
    INTERRUPTED = 130


def retry_of(exit_code: Exit) -> Retry:
    """Whether a script may run the same command again after this exit code."""
    if exit_code is Exit.NO_ANSWER:
        return "safe"
    if exit_code is Exit.RATE_LIMITED:
        return "after"
    if exit_code is Exit.UNKNOWN:
        return "never"
    return "fix"


class ExchError(Exception):
    """An error that a user can cause or meet: told in words, never as a traceback.

    `code` is the exchange's own error code as text, `exchange` its short name.
    """

    exit: ClassVar[Exit] = Exit.BUG
    kind: ClassVar[str] = "bug"

    def __init__(
        self,
        message: str,
        hint: str | None = None,
        *,
        exchange: str | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.exchange = exchange
        self.code = code
        # The reply that led to it, byte for byte, for --raw.
        self.reply: bytes | None = None

    def __str__(self) -> str:
        return self.message


def hinted(error: ExchError, first: str) -> ExchError:
    """The error with another next step before the one that it has."""
    error.hint = f"{first} {error.hint}" if error.hint else first
    return error


class UsageError(ExchError):
    exit = Exit.USAGE
    kind = "usage"


class CredentialsError(ExchError):
    exit = Exit.CREDENTIALS
    kind = "credentials"


class Rejected(ExchError):
    exit = Exit.REJECTED
    kind = "rejected"


class UnknownSymbol(Rejected):
    """The exchange says that it has no such pair; the command line turns this into exit 2."""


class UnknownCurrency(Rejected):
    """The exchange says that it has no such currency; likewise exit 2 on the command line."""


class RateLimited(ExchError):
    """`seconds` is for how long the exchange wants to be left alone, where it says so; `until`
    when exch asks again, where that is remembered for all commands."""

    exit = Exit.RATE_LIMITED
    kind = "rate_limited"
    seconds: int | None = None
    until: datetime | None = None


class NoAnswer(ExchError):
    """A read without an answer that can be trusted. Nothing was changed."""

    exit = Exit.NO_ANSWER
    kind = "no_answer"


class NotSent(NoAnswer):
    """Not reached: the name, the connection or TLS failed before a byte was written."""

    kind = "not_sent"


class BadReply(NoAnswer):
    """5xx, HTML, a truncated or outsized body, or a record that is not what the document says."""

    kind = "bad_reply"


class Unreadable(BadReply):
    """A whole reply of the exchange with a field that is not what its document says."""


class OutcomeUnknown(ExchError):
    exit = Exit.UNKNOWN
    kind = "unknown"


class GuardRefused(ExchError):
    exit = Exit.GUARD
    kind = "guard"


class OnceConflict(ExchError):
    exit = Exit.ONCE_CONFLICT
    kind = "once_conflict"


class OnceAbsent(ExchError):
    exit = Exit.ONCE_ABSENT
    kind = "once_absent"


class OnceAmbiguous(ExchError):
    exit = Exit.ONCE_AMBIGUOUS
    kind = "once_ambiguous"


class StateError(ExchError):
    exit = Exit.STATE
    kind = "state"


class NotOffered(ExchError):
    exit = Exit.NOT_OFFERED
    kind = "not_offered"


class Interrupted(ExchError):
    exit = Exit.INTERRUPTED
    kind = "interrupted"
