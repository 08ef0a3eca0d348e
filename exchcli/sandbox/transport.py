"""The sandbox as an httpx transport: no port, no server, the same bytes as on the wire."""

from __future__ import annotations

import httpx

from exchcli.sandbox.exchange import Sandbox
from exchcli.sandbox.wire import WireRequest


class SandboxTransport(httpx.BaseTransport):
    """Carries any request, to whatever host, to a Sandbox, which stays the caller's to close.

    Raises nothing of httpx; a store that fails raises exchcli.errors.StateError.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        path, _, query = request.url.raw_path.decode("ascii").partition("?")
        headers = {name.lower(): value for name, value in request.headers.items()}
        reply = self._sandbox.handle(
            WireRequest(request.method, path, query, headers, request.read())
        )
        length = {"content-length": str(len(reply.body))}
        # A stream, as from a socket: clients that read piece by piece must find it unread.
        return httpx.Response(
            reply.status, headers=reply.headers | length, stream=httpx.ByteStream(reply.body)
        )
