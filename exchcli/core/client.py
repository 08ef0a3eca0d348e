"""The thin HTTP core: runs a flow, sends what it asks for, checks every reply.

A read is tried up to three times, with a jittered pause between, within one deadline. The
transport is the only seam: the network, the embedded sandbox or a test's own.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any, ClassVar, Protocol, TypeVar

import httpx

from exchcli import __version__
from exchcli.core.deadline import Deadline
from exchcli.core.reply import Reply, parse
from exchcli.core.request import Flow, Request
from exchcli.errors import BadReply, ExchError, NoAnswer, NotSent, RateLimited, Unreadable

T = TypeVar("T")

TRIES = 3
FIRST_PAUSE = 0.25  # seconds; doubled at each try, and jittered by half
WORKERS = 5


class Checks(Protocol):
    """What the client has to know of an exchange."""

    name: ClassVar[str]
    title: ClassVar[str]

    def check(self, status: int, reply: Reply) -> None:
        """Raises the error that a reply stands for; returns when it is a success."""


class Client:
    """Talks to one exchange at one base URL.

    `seen` is given the bytes of every good reply, `trace` one line a request. Every error
    raised is an ExchError that names the exchange.
    """

    def __init__(
        self,
        exchange: Checks,
        url: str,
        transport: httpx.BaseTransport,
        deadline: Deadline,
        *,
        seen: Callable[[bytes], None] = lambda _body: None,
        trace: Callable[[str], None] = lambda _line: None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._exchange = exchange
        self._url = url.rstrip("/")
        self._http = httpx.Client(transport=transport, trust_env=False, follow_redirects=False)
        self._deadline = deadline
        self._seen = seen
        self._trace = trace
        self._sleep = sleep

    def run(self, flow: Flow[T]) -> T:
        """Drives a flow to its end and returns its result."""
        reply: Any = None
        try:
            while True:
                wanted = flow.send(reply)
                if isinstance(wanted, Request):
                    (reply,) = self._read_all([wanted])
                else:
                    reply = self._read_all(wanted)
        except StopIteration as done:
            result: T = done.value
            return result
        except ExchError as error:
            raise self._told(error) from error.__cause__

    def close(self) -> None:
        self._http.close()

    def _read_all(self, requests: list[Request]) -> list[Reply]:
        """The replies to all of these, side by side; seen in the order that was asked in."""
        if len(requests) == 1:
            answers = [self._read(requests[0])]
        else:
            from concurrent.futures import ThreadPoolExecutor

            workers = ThreadPoolExecutor(WORKERS)
            try:
                answers = list(workers.map(self._read, requests))
            finally:  # after an error or Ctrl-C, nothing that still waits is sent
                workers.shutdown(wait=False, cancel_futures=True)
        for _, content in answers:
            self._seen(content)
        return [reply for reply, _ in answers]

    def _read(self, request: Request) -> tuple[Reply, bytes]:
        """One read, tried again where that can help: the reply, and its bytes."""
        for tries in range(1, TRIES + 1):
            try:
                return self._send(request)
            except NoAnswer as error:
                pause = FIRST_PAUSE * 2 ** (tries - 1) * random.uniform(0.5, 1.5)
                if tries == TRIES or self._deadline.remaining() <= pause:
                    raise
                self._trace(f"{error.message}; trying again in {pause:.2f} s")
                self._sleep(pause)
        raise AssertionError("unreachable")

    def _send(self, request: Request) -> tuple[Reply, bytes]:
        query = request.query
        target = f"{self._url}{request.path}{'?' + query if query else ''}"
        message = httpx.Request(
            request.endpoint.method,
            target,
            headers={
                "accept": "application/json",
                "accept-encoding": "gzip",
                "user-agent": f"exch/{__version__}",
            },
        )
        self._trace(f"{message.method} {message.url}")
        started = time.monotonic()
        response = self._http.send(message)
        self._trace(
            f"{response.status_code} after {1000 * (time.monotonic() - started):.0f} ms, "
            f"{len(response.content)} bytes: {message.url}"
        )
        try:
            reply = self._checked(response)
            self._deadline.left()  # reading a large reply takes time too
            return reply, response.content
        except ExchError as error:
            error.reply = response.content
            raise

    def _checked(self, response: httpx.Response) -> Reply:
        status = response.status_code
        if status == 429:
            seconds = response.headers.get("retry-after", "")
            wait = f"{seconds} s" if seconds.isdigit() else "a minute"
            raise RateLimited(
                "it limits how often it may be asked (HTTP 429)", f"Wait {wait}, then run it again."
            )
        if status >= 500 or 300 <= status < 400:
            raise BadReply(f"HTTP {status}")
        try:
            reply = parse(response.content)
        except BadReply as error:
            raise BadReply(error.message if status == 200 else f"HTTP {status}, {error}") from None
        try:
            self._exchange.check(status, reply)
        except Unreadable as error:  # not even a code: no reply of this exchange
            raise BadReply(f"HTTP {status}, {error}" if status != 200 else error.message) from None
        return reply

    def _told(self, error: ExchError) -> ExchError:
        """The same error, as a sentence about this exchange and with a next step."""
        if error.exchange is not None:
            return error
        title = self._exchange.title
        error.exchange = self._exchange.name
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
        return error
