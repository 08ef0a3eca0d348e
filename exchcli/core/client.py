"""The thin HTTP core: runs a flow, sends what it asks for, checks every reply.

    throttle -> stamp -> encode once -> sign -> send -> check

A read is tried up to three times, with a jittered pause between, within one deadline, or when a
short ban has ended; and once more when it was refused for a timestamp that was wrong. What changes
something is sent once (sending.py). The transport is the only seam: the network, the embedded
sandbox or a test's own.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, ClassVar, NamedTuple, Protocol, TypeVar

import httpx

from exchcli import __version__
from exchcli.core.answer import Judge, checked, told
from exchcli.core.clock import Bounds, Clock, Sample, Stamp
from exchcli.core.credentials import Credentials, Headers
from exchcli.core.deadline import Deadline
from exchcli.core.machine import SECOND, Span
from exchcli.core.reply import Reply
from exchcli.core.request import Endpoint, Flow, Request
from exchcli.core.sending import Line, is_refusal, outcome
from exchcli.core.throttle import Ban, Call, Throttle
from exchcli.errors import (
    CredentialsError,
    ExchError,
    NoAnswer,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    StateError,
)

T = TypeVar("T")

TRIES = 3
FIRST_PAUSE = 0.25  # seconds; doubled at each try, and jittered by half
WORKERS = 5
SIGNINGS = 3  # of one message, when writing it down takes too long

# Writes down for good the seconds that a message is signed with, before it is sent.
Committed = Callable[[int], None]


class Talks(Judge, Protocol):
    """What the client has to know of an exchange; see exchanges/base.py."""

    name: ClassVar[str]
    title: ClassVar[str]
    bans: ClassVar[Mapping[str, Ban]]
    stamp_refused: ClassVar[frozenset[str]]
    stamp_suspected: ClassVar[frozenset[str]]

    def budget(self, endpoint: Endpoint) -> str: ...

    def scopes(self, endpoint: Endpoint) -> tuple[str, ...]: ...

    def server_time(self) -> Flow[datetime]: ...

    def sign(
        self, credentials: Credentials, timestamp: int, method: str, target: str, body: bytes
    ) -> Headers: ...


class Answer(NamedTuple):
    """A good reply, its bytes, and when it was on its way: waits and failed tries not included."""

    reply: Reply
    content: bytes
    span: Span


class Client:
    """Talks to one exchange at one base URL.

    `seen` is given the bytes of every good reply, `trace` one line a request. Every error
    raised is an ExchError that names the exchange. Without a throttle nothing is counted;
    a clock that is not given is one that is cached nowhere. `span` is that of the last request
    that was answered, whatever the answer was worth.
    """

    span: Span

    def __init__(
        self,
        exchange: Talks,
        url: str,
        transport: httpx.BaseTransport,
        deadline: Deadline,
        *,
        credentials: Callable[[], Credentials] | None = None,
        clock: Clock | None = None,
        throttle: Throttle | None = None,
        fresh: Callable[[], httpx.BaseTransport] | None = None,
        seen: Callable[[bytes], None] = lambda _body: None,
        trace: Callable[[str], None] = lambda _line: None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._exchange = exchange
        self._url = url.rstrip("/")
        self._http = httpx.Client(transport=transport, trust_env=False, follow_redirects=False)
        self._deadline = deadline
        self._credentials = credentials
        self._clock = clock or Clock(None, exchange.name, url)
        self._throttle = throttle
        self._line = Line(fresh, self._http)
        self._settling = False
        self._seen = seen
        self._trace = trace
        self._sleep = sleep

    def run(self, flow: Flow[T], *, settling: bool = False) -> T:
        """Drives a flow to its end and returns its result.

        A `settling` one cancels an order, or finds out what became of one: for that, a part
        of each limit is kept.
        """
        self._settling = settling
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
            raise told(error, self._exchange.name, self._exchange.title) from error.__cause__

    def send_once(
        self,
        flow: Flow[T],
        committed: Committed = lambda _signed: None,
        *,
        settling: bool = False,
    ) -> T:
        """Drives a flow that changes something with one call, which is sent at most once.

        `committed` is called with the seconds that the call is signed with, when all is ready,
        and has to write them down for good before it returns; again when the call was refused
        for its timestamp or had waited for too long, and is signed anew. What it raises is
        passed on, and nothing is sent.

        Raises Rejected, RateLimited or CredentialsError for a refusal, NotSent and Interrupted
        when nothing was sent, and OutcomeUnknown for whatever else happens after the first byte.
        A `settling` call, such as a cancel, may use what is kept of each limit.
        """
        self._settling = settling
        self._line.refused()  # of what was sent before, nothing is open any more
        try:
            wanted = flow.send(None)
            while True:
                if wanted.endpoint.method == "GET":
                    (reply,) = self._read_all([wanted])
                else:
                    assert wanted.endpoint.auth, "what is not signed has no fence"
                    assert not self._line.begun, "one call changes something"
                    answer = self._send(wanted, committed)
                    self._seen(answer.content)
                    reply = answer.reply
                wanted = flow.send(reply)
        except StopIteration as done:
            result: T = done.value
            return result
        except (Exception, KeyboardInterrupt) as error:
            came = outcome(error, self._exchange.title, begun=self._line.begun)
            if not isinstance(came, ExchError):
                raise
            raise told(came, self._exchange.name, self._exchange.title) from error

    def fresh_time(self) -> int:
        """The exchange's clock at this moment, in whole seconds, from a reply of its own: no
        clock of this machine has a part in it.
        """
        return int(self.run(self._exchange.server_time(), settling=True).timestamp())

    def renew(self) -> None:
        """Gives what follows the whole time anew: to find out what became of an order."""
        self._deadline.renew()

    def ready_to_sign(self) -> Flow[None]:
        """Looks up the key and the exchange's time, which whatever is signed needs first."""
        self._pair()
        yield from ()

    def measured_clock(self) -> Bounds:
        """How far the exchange's clock is ahead, asked anew."""
        try:
            return self._clock.measured(self._sample)
        except ExchError as error:
            raise told(error, self._exchange.name, self._exchange.title) from error.__cause__

    def close(self) -> None:
        self._line.close()
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
        for answer in answers:
            self._seen(answer.content)
        return [answer.reply for answer in answers]

    def _read(self, request: Request) -> Answer:
        """One read, tried again where that can help; what is no read is sent once."""
        if request.endpoint.method != "GET":
            return self._send_unwritten(request)
        for tries in range(1, TRIES + 1):
            try:
                return self._send(request)
            except NoAnswer as error:
                pause = FIRST_PAUSE * 2 ** (tries - 1) * random.uniform(0.5, 1.5)
                if tries == TRIES or self._deadline.remaining() <= pause:
                    raise
                self._trace(f"{error.message}; trying again in {pause:.2f} s")
                self._sleep(pause)
            except RateLimited as error:
                if tries == TRIES or not self._waits_for(error):
                    raise
                self._trace(f"{error.message}; trying again when the throttle grants it")
        raise AssertionError("unreachable")

    def _send_unwritten(self, request: Request) -> Answer:
        """What changes something, for `run`: nobody writes it down."""
        try:
            return self._send(request)
        except NotSent:
            raise
        except NoAnswer as error:
            raise OutcomeUnknown(f"No answer that can be trusted came: {error.message}.") from error

    def _send(self, request: Request, committed: Committed | None = None) -> Answer:
        """Sends a request; again, once, if it was refused for a wrong timestamp, and is a read
        or is written down before it is sent.
        """
        stamps: list[Stamp] = []
        try:
            return self._post(request, stamps, committed)
        except ExchError as error:
            if not is_refusal(error):
                raise
            if committed is not None:
                self._line.refused()
            elif request.endpoint.method != "GET":
                raise
            if not self._stamp_was_wrong(error, stamps):
                raise
        self._trace("the exchange's clock was read again; sending with its time now")
        return self._post(request, stamps, committed)

    def _post(
        self, request: Request, stamps: list[Stamp], committed: Committed | None = None
    ) -> Answer:
        """Sends a request when its turn has come, stamped and signed at that moment."""
        pair = self._pair() if request.endpoint.auth else None
        call = self._call(request.endpoint, pair)
        if self._throttle is not None:
            self._throttle.reserve(call)
        message = self._message(request)
        if pair is not None:
            self._stamp(message, pair, stamps, committed)
        self._trace(f"{message.method} {message.url}")
        changing = message.method != "GET"
        line = self._line if changing else self._http
        sent = self._clock.now()
        with self._deadline.asking():
            response = line.send(message)
        self.span = span = Span(sent, self._clock.now())
        self._trace(
            f"{response.status_code} after {span.nanoseconds / 1e6:.0f} ms, "
            f"{len(response.content)} bytes: {message.url}"
        )
        try:
            with self._deadline.asking():
                reply = checked(self._exchange, response, changing=changing)
            if not changing:  # what was done is not undone by reading it slowly
                self._deadline.left()
            return Answer(reply, response.content, span)
        except ExchError as error:
            error.reply = response.content
            if isinstance(error, RateLimited):
                self._remember_ban(call, error)
            raise

    def _stamp(
        self,
        message: httpx.Request,
        pair: Credentials,
        stamps: list[Stamp],
        committed: Committed | None,
    ) -> None:
        """Signs a message with the time that it is; anew when writing that down took too long."""
        if committed is not None and self._deadline.remaining() < self._deadline.seconds / 3:
            raise self._deadline.passed()  # sending it with no time to answer asks for trouble
        for _ in range(SIGNINGS):
            stamps.append(self._clock.stamp())
            self._sign(message, pair, stamps[-1])
            if committed is None:
                return
            committed(stamps[-1].seconds)
            if self._clock.now().steady - stamps[-1].when.steady <= SECOND:
                return
        raise StateError(
            "Writing down what is about to be sent takes longer than a second.",
            "Nothing was sent; look why the disk is so slow.",
        )

    def _call(self, endpoint: Endpoint, pair: Credentials | None) -> Call:
        exchange = self._exchange
        key = None if pair is None else pair.key
        budget, scopes = exchange.budget(endpoint), exchange.scopes(endpoint)
        return Call(budget, scopes, key, endpoint.weight, self._settling)

    def _pair(self) -> Credentials:
        """The key to sign with, when the time to sign with is known too."""
        if self._credentials is None:
            raise CredentialsError("This needs an API key.")
        pair = self._credentials()
        self._clock.prepare(self._sample)
        return pair

    def _message(self, request: Request) -> httpx.Request:
        query = request.query
        return httpx.Request(
            request.endpoint.method,
            f"{self._url}{request.path}{'?' + query if query else ''}",
            headers={
                "accept": "application/json",
                "accept-encoding": "gzip",
                "user-agent": f"exch/{__version__}",
                **({"content-type": request.content_type} if request.content_type else {}),
            },
            content=request.body or None,
        )

    def _sign(self, message: httpx.Request, pair: Credentials, stamp: Stamp) -> None:
        """Signs what is about to be sent, byte for byte."""
        target = message.url.raw_path.decode("ascii")
        message.headers.update(
            self._exchange.sign(pair, stamp.seconds, message.method, target, message.content)
        )

    def _sample(self) -> Sample:
        """The exchange's clock, between two looks at ours."""
        flow = self._exchange.server_time()
        answer = self._read(next(flow))
        sent, received = answer.span
        try:
            flow.send(answer.reply)
        except StopIteration as done:
            return sent.steady, int(done.value.timestamp()), received.steady
        raise AssertionError("the time takes one request")

    def _stamp_was_wrong(self, error: ExchError, stamps: list[Stamp]) -> bool:
        """Whether a refusal was one of the timestamp; the clock is read again to know that."""
        refused = error.code in self._exchange.stamp_refused
        if not stamps or not (refused or error.code in self._exchange.stamp_suspected):
            return False
        try:
            return self._clock.corrected(stamps[-1], self._sample) or refused
        except ExchError:  # the refusal at hand tells more
            return False

    def _waits_for(self, error: RateLimited) -> bool:
        """Whether the throttle will wait for the end of this ban, as any other command would."""
        return (
            self._throttle is not None
            and error.until is not None
            and self._throttle.waits_for(error.until)
        )

    def _remember_ban(self, call: Call, error: RateLimited) -> None:
        ban = self._exchange.bans.get(error.code or "")
        if ban is None or self._throttle is None:
            return
        scope, seconds = ban.scope or call.scopes[0], error.seconds or ban.seconds
        try:
            error.until = self._throttle.ban(call, scope, seconds, error.message)
        except StateError as unusable:  # the refusal at hand tells more
            self._trace(f"{unusable.message} Other commands do not know of the ban.")
