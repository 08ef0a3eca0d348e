"""What changes something is sent once: over which connection, and what came of it.

Rejected, RateLimited, CredentialsError   a complete refusal; nothing happened
NotSent, Interrupted                      no byte of it was written
OutcomeUnknown                            all else, once the first byte may have left
"""

from __future__ import annotations

from collections.abc import Callable

import httpx

from exchcli.errors import (
    CredentialsError,
    ExchError,
    Interrupted,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    Rejected,
)


class Line:
    """The connection for what is sent once: a fresh one each time. One that has brought an answer
    may bring another copy of it, which would be taken for the answer to what is sent next; or it
    may be closed at the other end, which is noticed only when the call is lost in it.

    Without `fresh`, it is the `shared` one, which is no connection but a transport of its own.
    """

    def __init__(
        self, fresh: Callable[[], httpx.BaseTransport] | None, shared: httpx.Client
    ) -> None:
        self._fresh = fresh
        self._shared = shared
        self._transport: httpx.BaseTransport | None = None
        self._http: httpx.Client | None = None
        self._handed_over = False

    @property
    def begun(self) -> bool:
        """Whether a byte of the last message may have left."""
        # Only the network knows better than that it was given a message.
        return self._handed_over and bool(getattr(self._transport, "sent", True))

    def send(self, message: httpx.Request) -> httpx.Response:
        http = self._opened()
        self._handed_over = True
        return http.send(message)

    def refused(self) -> None:
        """The last message was refused, so that nothing of it is on its way any more."""
        self._handed_over = False

    def close(self) -> None:
        if self._http is not None:
            self._http.close()
        self._http = self._transport = None
        self._handed_over = False

    def _opened(self) -> httpx.Client:
        if self._fresh is None:
            return self._shared
        self.close()
        self._transport = self._fresh()
        self._http = httpx.Client(transport=self._transport, trust_env=False)
        return self._http


def is_refusal(error: BaseException) -> bool:
    """Whether the exchange has said that it did not do it."""
    return isinstance(error, Rejected | RateLimited | CredentialsError)


def outcome(error: BaseException, title: str, *, begun: bool) -> BaseException:
    """What an error means that came up while something was sent, of which a byte had `begun`
    to leave or not: itself, or Interrupted or OutcomeUnknown.
    """
    if is_refusal(error) or isinstance(error, NotSent):
        return error
    if not begun:
        if isinstance(error, KeyboardInterrupt):
            return Interrupted("Interrupted; nothing was sent.")
        return error
    if isinstance(error, KeyboardInterrupt):
        why = "it was interrupted before the answer had come"
    elif isinstance(error, ExchError):
        why = error.message.removesuffix(".")
    else:
        why = f"{type(error).__name__}: {error}"
    unknown = OutcomeUnknown(
        f"It is not known whether {title} has done it: {why}.",
        "Do not send it again before you have looked.",
        code=error.code if isinstance(error, ExchError) else None,
    )
    unknown.reply = error.reply if isinstance(error, ExchError) else None
    return unknown
