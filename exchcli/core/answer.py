"""What an answer is worth: a parsed reply, or the error that it stands for, told in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from exchcli.core.reply import Reply, parse
from exchcli.errors import (
    BadReply,
    CredentialsError,
    ExchError,
    NoAnswer,
    NotSent,
    RateLimited,
    Rejected,
    Unreadable,
)
from exchcli.times import iso

if TYPE_CHECKING:
    from datetime import datetime

    import httpx


class Judge(Protocol):
    """What an exchange says to a reply that has come whole."""

    def check(self, method: str, status: int, reply: Reply) -> None:
        """Raises the error that the reply to a call of this HTTP method stands for; returns when
        it is a success. The reply to a call that says nothing (204) has the value None."""

    def refuses(self, status: int, reply: Reply | None) -> bool:
        """Whether what `check` takes for a refusal is surely one of the exchange, which has done
        nothing; `None` stands for a body that nobody has looked at."""


def checked(exchange: Judge, response: httpx.Response, *, changing: bool = False) -> Reply:
    """The reply, parsed and found to be a success. Raises what else it is.

    Of a call that is `changing` something, a refusal is believed only when it can be nothing
    else: all others are BadReply.
    """
    status = response.status_code
    if status == 429 and (not changing or exchange.refuses(status, None)):
        raise _limited(response.headers.get("retry-after", ""))
    if status >= 500 or 300 <= status < 400:
        raise BadReply(f"HTTP {status}")
    try:
        reply = Reply(None) if status == 204 else parse(response.content, strict=changing)
    except BadReply as error:
        raise BadReply(error.message if status == 200 else f"HTTP {status}, {error}") from None
    try:
        exchange.check(response.request.method, status, reply)
    except Unreadable as error:  # not even a code: no reply of this exchange
        raise BadReply(f"HTTP {status}, {error}" if status != 200 else error.message) from None
    except (Rejected, RateLimited, CredentialsError) as error:
        if changing and not exchange.refuses(status, reply):
            bad = BadReply(f"HTTP {status}, which need be no refusal")
            bad.code = error.code
            raise bad from None
        raise
    return reply


def _limited(retry_after: str) -> RateLimited:
    known = retry_after.isascii() and retry_after.isdigit() and len(retry_after) <= 9
    wait = f"{int(retry_after)} s" if known else "a minute"
    error = RateLimited(
        "it limits how often it may be asked (HTTP 429)",
        f"Wait {wait}, then run it again.",
        code="429",
    )
    error.seconds = int(retry_after) if known else None
    return error


def told(error: ExchError, name: str, title: str) -> ExchError:
    """The same error, as a sentence about this exchange and with a next step."""
    if error.exchange is not None:
        return error
    error.exchange = name
    if isinstance(error, NotSent):
        error.message = f"{title} was not reached: {error.message}."
        error.hint = "Check the network (exch -v shows the address), then run it again."
    elif isinstance(error, BadReply):
        error.message = f"{title} gave no answer that can be trusted: {error.message}."
        error.hint = error.hint or "Nothing was changed; run it again, or look with --raw -v."
    elif isinstance(error, NoAnswer):
        error.message = f"{title} did not answer: {error.message}."
        error.hint = "Nothing was changed; run it again, or give it longer with --timeout."
    elif isinstance(error, RateLimited):
        error.message = f"{title} refused: {error.message}."
        if error.until is not None:
            error.hint = again(name, error.until)
    return error


def again(name: str, until: datetime) -> str:
    """The next step after a ban that is remembered."""
    return f"Run it again after {iso(until)}; `exch {name} account limits` shows it."
