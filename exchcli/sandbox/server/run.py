"""From `exch sandbox serve` to its end: the port, uvicorn, the signals."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import logging
import signal
import socket
from collections.abc import Callable, Iterator
from ipaddress import ip_address

import uvicorn

from exchcli.errors import UsageError
from exchcli.sandbox.server.app import App
from exchcli.sandbox.server.live import Live
from exchcli.sandbox.server.protocol import LONGEST_HEAD, Protocol

# So long may requests at hand take after the server was told to stop.
_LEAVING_SECONDS = 10
# Like the proxies before the real exchanges: a client that pauses keeps its connection.
_IDLE_SECONDS = 75
_BACKLOG = 512


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens at this address; port 0 picks one. Raises UsageError."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise UsageError(
            f"{host!r} is no address of this machine: {_reason(error)}.",
            "Leave --host out for this machine alone, or give one of its addresses.",
        ) from None
    family, kind, protocol, _, address = found[0]
    made = socket.socket(family, kind, protocol)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
        # Two may bind the same port, and only one listen: so the other is told now.
        made.listen(_BACKLOG)
    except OSError as error:
        made.close()
        raise _unusable(host, port, error) from None
    return made


def open_to_others(bound: socket.socket) -> bool:
    """Whether other machines may reach what listens there."""
    return not ip_address(bound.getsockname()[0].partition("%")[0]).is_loopback


def url_of(host: str, bound: socket.socket) -> str:
    """The base URL under which the server can be asked on this machine."""
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}.get(host, host)  # noqa: S104
    if ":" in name and not name.startswith("["):
        name = f"[{name}]"
    return f"http://{name}:{bound.getsockname()[1]}"


def hosts_of(host: str) -> frozenset[str]:
    """The names under which the page answers besides loopback ones."""
    return frozenset({"*"} if host in ("0.0.0.0", "::", "") else {host.lower()})  # noqa: S104


def serve(live: Live, bound: socket.socket, host: str, ready: Callable[[], None]) -> None:
    """Serves until SIGINT or SIGTERM; `ready` is called when connections are accepted.

    Requests at hand are answered before it returns. Closes the socket and the sandbox.
    """
    # The command line turned it off for commands that live a tenth of a second. What is there by
    # now stays as long as the server, so it need not be looked through each time.
    gc.freeze()
    gc.enable()
    app = App(live, hosts_of(host))
    config = uvicorn.Config(
        app,
        loop="asyncio",
        http=Protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=_BACKLOG,
        timeout_keep_alive=_IDLE_SECONDS,
        timeout_graceful_shutdown=_LEAVING_SECONDS,
        h11_max_incomplete_event_size=LONGEST_HEAD,
    )
    # What clients do wrong is theirs to know, and the log of requests is on the page.
    for name in ("uvicorn.error", "uvicorn.access", "asyncio"):
        logging.getLogger(name).disabled = True
    try:
        _Server(config, app, ready).run(sockets=[bound])
    finally:
        app.close()
        bound.close()


class _Server(uvicorn.Server):
    """uvicorn's server, which ends by itself on a signal instead of raising it once more."""

    def __init__(self, config: uvicorn.Config, app: App, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._app = app
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._app.leave()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()

        def stop() -> None:
            self.should_exit = True

        for each in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(each, stop)
        try:
            yield
        finally:
            for each in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(each)


def _unusable(host: str, port: int, error: OSError) -> UsageError:
    if error.errno == errno.EADDRINUSE:
        return UsageError(
            f"Port {port} of {host} is in use already, perhaps by another `exch sandbox serve`.",
            "Stop that one, or choose a port with --port; --port 0 picks a free one.",
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return UsageError(
            f"Port {port} of {host} may not be used: {_reason(error)}.",
            "Choose a port from 1024 on, or --port 0.",
        )
    return UsageError(
        f"{host} cannot be served from: {_reason(error)}.",
        "Leave --host out for this machine alone, or give one of its addresses.",
    )


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
