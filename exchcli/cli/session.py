"""One command's way from its arguments to an exchange and back to the screen.

The only place where the parts meet: settings and configuration, the exchange, the
transport (network or sandbox), and the output.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from importlib import import_module
from io import StringIO
from typing import TYPE_CHECKING, Any, TypeVar

from exchcli import output
from exchcli.cli.options import Settings
from exchcli.config import Config, Guard, load
from exchcli.errors import (
    CredentialsError,
    ExchError,
    StateError,
    Unreadable,
    hinted,
)
from exchcli.state import Places, SymbolCache, places
from exchcli.times import from_epoch, typed_time

if TYPE_CHECKING:
    import typer

    from exchcli.core.client import Client
    from exchcli.core.clock import Clock
    from exchcli.core.credentials import Credentials
    from exchcli.core.request import Flow
    from exchcli.core.throttle import Throttle
    from exchcli.exchanges.base import Exchange
    from exchcli.execution.journal import Journal
    from exchcli.sandbox.exchange import Sandbox

T = TypeVar("T")

_EXCHANGES = {
    "dgt": ("exchcli.exchanges.dgtmarket", "Dgtmarket"),
    "dfx": ("exchcli.exchanges.digifinex", "DigiFinex"),
}


class Session:
    """What a command works with. Everything in it is made when it is first used."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.replies: list[bytes] = []
        self._told_raw = False  # whether --raw has printed a reply that is an error
        self._open = ExitStack()
        self._client: Client | None = None
        self._clock: Clock | None = None
        self._exchange: Exchange | None = None
        self._config: Config | None = None
        self._places: Places | None = None
        self._sandbox: Sandbox | None = None
        self._throttle: Throttle | None = None
        self._journal: Journal | None = None
        self.pair: Credentials | None = None
        self._looking = threading.Lock()

    @property
    def places(self) -> Places:
        if self._places is None:
            self._places = places(os.environ)
        return self._places

    @property
    def config(self) -> Config:
        if self._config is None:
            self._config = load(self.places.config_file, os.environ)
        return self._config

    def guard(self) -> Guard:
        """What the guard allows at this moment: who throws the switch means what is still to be
        sent, also by a run that has begun."""
        config = load(self.places.config_file, os.environ)
        return config.exchange(self.exchange.name).guard

    def assume(self, config: Config) -> None:
        """Goes on with this configuration, whatever the file says."""
        self._config = config

    @property
    def sandboxed(self) -> bool:
        return self.settings.sandbox or self.config.sandbox

    @property
    def exchange(self) -> Exchange:
        if self._exchange is None:
            module, name = _EXCHANGES[self.settings.exchange or ""]
            self._exchange = getattr(import_module(module), name)()
        return self._exchange

    @property
    def url(self) -> str:
        """The base URL of the exchange: the sandbox's, or the configured one."""
        name = self.exchange.name
        if self.sandboxed:
            from exchcli.sandbox.wire import SANDBOX_URLS

            return SANDBOX_URLS[name]
        return self.config.exchange(name).url

    @property
    def format(self) -> output.Format:
        """The output format: an option's, else the configured one."""
        return output.resolve_format(self.settings.output or self.config.output, sys.stdout)

    @property
    def symbol_cache(self) -> SymbolCache:
        return SymbolCache(self.places.state, self.exchange.name, self.url)

    def ask(self, flow: Flow[T], *, quietly: bool = False) -> T:
        """Runs a flow. With --raw, a reply that came whole but reads wrong is no error, and
        one that is an error is printed all the same.

        `quietly` keeps the replies out of --raw: they are not what the user asked for, and
        have to read right.
        """
        kept = len(self.replies)
        try:
            with self.telling(quietly=quietly):
                return self.connected().run(flow)
        except Unreadable:
            if quietly or not self.settings.raw:
                raise
            return None  # type: ignore[return-value]  # show() prints the replies instead
        finally:
            if quietly:
                del self.replies[kept:]

    @contextmanager
    def telling(self, *, quietly: bool = False) -> Iterator[None]:
        """Inside, the refusal of a key names where that comes from, and with --raw the reply
        that is an error is printed, unless `quietly`.
        """
        try:
            yield
        except Unreadable:
            raise
        except ExchError as error:
            if self.settings.raw and error.reply is not None and not quietly:
                self._told_raw = True
                try:
                    output.write_raw([*self.replies, error.reply], sys.stdout)
                except (StateError, BrokenPipeError):  # what is to be told is the error itself
                    output.hush(sys.stdout)
            if isinstance(error, CredentialsError):
                raise self._with_source(error) from None
            raise

    def credentials(self) -> Credentials:
        """The key pair that signs, looked up once, when something is first signed."""
        with self._looking:
            if self.pair is None:
                from exchcli.cli.keys import pair_of

                self.pair = pair_of(self)
            return self.pair

    def _with_source(self, error: CredentialsError) -> CredentialsError:
        """The exchange's refusal of a key, with the place that the key came from.

        A rotation that was interrupted comes first: it may well have revoked the key.
        """
        if self.pair is None or error.code is None:
            return error
        told = f"The key {self.pair.key[:4]}... comes from {self.pair.source}."
        if error.hint and told in error.hint:  # by the read that it came of
            return error
        if not self.sandboxed:
            from exchcli.cli.keys import scope_of
            from exchcli.core.credentials.pending import unfinished

            waiting = unfinished(scope_of(self))
            told = f"{waiting} {told}" if waiting else told
        hinted(error, told)
        return error

    def begin(self) -> tuple[str, ...] | None:
        """Refuses unknown --fields before anything is sent; the fields that were asked for."""
        self.settings.named_profile()
        returns = self.settings.returns
        if returns is None:
            return None
        return output.check_fields(self.settings.fields, returns, self.format)

    def show(self, data: Any, record: type | None = None) -> None:
        """Prints one record or a sequence of them, or with --raw what the exchange sent."""
        if self.settings.raw and (self.replies or self._told_raw):
            output.write_raw(self.replies, sys.stdout)
            return
        record = record or self.settings.returns
        assert record is not None, "a command without a record has nothing to show"
        fields = output.check_fields(self.settings.fields, record, self.format)
        output.show(data, record, format=self.format, fields=fields, stdout=sys.stdout)
        if self.settings.exchange and self.sandboxed and self.format == "table":
            self.say("sandbox: not the real exchange")

    def show_done(self, data: Any, *, last: bool = True) -> None:
        """The same for what was done, which is no less done when it cannot be printed. Unless it
        is the `last` that is to be told, an error follows.
        """
        from exchcli.cli.printing import anyway, named

        with anyway(self, lambda: named(data), last=last):
            self.show(data)

    def say(self, line: str) -> None:
        """One line for a person, on stderr."""
        try:
            print(output.printable(line), file=sys.stderr or StringIO(), flush=True)
        except OSError:
            pass  # nobody reads it, or the disk is full: no reason to do less

    def moment(self, text: str | None) -> datetime | None:
        """A time as a user types it."""
        return None if text is None else typed_time(text, self.now())

    def now(self) -> datetime:
        """The exchange's time where it is known, else this machine's; the sandbox's in the
        sandbox. A command that signs knows it after `synchronize`.
        """
        if self.sandboxed:
            return from_epoch(self.embedded().now())
        seconds = self.clock().known() if self.settings.exchange else None
        try:
            return datetime.now(UTC) if seconds is None else datetime.fromtimestamp(seconds, UTC)
        except (ValueError, OverflowError, OSError):  # of a cache that somebody else wrote
            return datetime.now(UTC)

    def synchronize(self) -> None:
        """Asks for the exchange's time if it is not known, from within a flow that is to sign
        and so needs it anyway.
        """
        if not self.sandboxed:
            next(self.connected().ready_to_sign(), None)

    def frozen(self) -> datetime | None:
        """When the sandbox's clock stands; None while it goes by real time."""
        from exchcli.cli.embedding import frozen

        return frozen(self.places.sandbox)

    def close(self) -> None:
        self._open.close()

    def sandbox(self) -> Sandbox:
        """The sandbox of this machine, on its clock."""
        from exchcli.cli.embedding import opened

        return opened(self.places.sandbox)

    def embedded(self) -> Sandbox:
        """The sandbox that this command asks; it is closed with the session."""
        if self._sandbox is None:
            self._sandbox = self.sandbox()
            self._open.callback(self._sandbox.close)
        return self._sandbox

    def connected(self) -> Client:
        """The client of this command."""
        if self._client is None:
            self.begin()
            self._client = self.connect(self.clock())
        return self._client

    @contextmanager
    def asking_anew(self) -> Iterator[None]:
        """Inside, what is asked has a deadline of its own: for one who asks again and again."""
        kept, self._client = self._client, None
        try:
            yield
        finally:
            if self._client is not None:
                self._client.close()
            self._client = kept

    def connect(self, clock: Clock) -> Client:
        """A new client with a clock of its own; it is closed with the session."""
        from exchcli.core.client import Client
        from exchcli.core.deadline import Deadline

        settings = self.settings
        deadline = Deadline(float(settings.seconds))  # seconds, not money
        if self.sandboxed:
            from exchcli.sandbox.transport import SandboxTransport

            transport: Any = SandboxTransport(self.embedded())
            fresh = None  # it is no connection that could be lost
        else:
            from exchcli.core.transport import NetworkTransport

            url = self.url
            transport = NetworkTransport(url, deadline)
            fresh = lambda: NetworkTransport(url, deadline)  # noqa: E731
        client = Client(
            self.exchange,
            self.url,
            transport,
            deadline,
            credentials=self.credentials,
            clock=clock,
            throttle=self.throttle(),
            fresh=fresh,
            seen=self.replies.append,
            trace=self.trace,
        )
        self._open.callback(client.close)
        return client

    def clock(self) -> Clock:
        """What is known of the exchange's clock; of one that is stopped nothing can be kept."""
        if self._clock is None:
            from exchcli.core.clock import Clock

            stopped = self.sandboxed and self.frozen() is not None
            state = None if stopped else self.places.state
            self._clock = Clock(state, self.exchange.name, self.url, trace=self.trace)
        return self._clock

    def throttle(self) -> Throttle:
        """The limits that all processes share; the sandbox's are counted apart, by its URL."""
        from exchcli.cli.waiting import Countdown
        from exchcli.core.throttle import Notices, Throttle

        if self._throttle is None:
            name, title = self.exchange.name, self.exchange.title
            self._throttle = Throttle(
                self.places.state, name, title, self.url, self.config.exchange(name).limits,
                patient=not self.settings.no_wait,
                notices=Notices(
                    waiting=Countdown(sys.stderr, self.settings.verbose),
                    trace=self.trace,
                    warn=lambda line: self.say(f"exch: {line}"),
                ),
            )  # fmt: skip
            self._open.callback(self._throttle.close)
        return self._throttle

    def journal(self) -> Journal:
        """The journal of this machine; it is closed with the session."""
        if self._journal is None:
            from exchcli.execution.journal import Journal

            self._journal = Journal(self.places.state)
            self._open.callback(self._journal.close)
        return self._journal

    def trace(self, line: str) -> None:
        """One line on stderr, with -v."""
        if self.settings.verbose:
            self.say(line)


def session(ctx: typer.Context) -> Session:
    """The session of the command that runs; it is closed when the command ends."""
    here = Session(ctx.obj)
    ctx.call_on_close(here.close)
    return here


def keep_symbols(here: Session, symbols: list[Any]) -> None:
    """Writes the list of symbols for TAB and spelling; a read does not fail over it."""
    try:
        here.symbol_cache.write(symbols)
    except StateError as error:
        if here.settings.verbose:
            here.say(f"The list of symbols was not kept: {error.message} {error.hint}")


__all__ = ["ExchError", "Session", "keep_symbols", "session"]
