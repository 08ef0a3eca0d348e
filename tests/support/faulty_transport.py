"""Faults within the process, for a client of httpx: what a cut connection is to it."""

from __future__ import annotations

import httpx

from exchcli.sandbox.server.faulty import Faulty, Lost
from exchcli.sandbox.transport import SandboxTransport


class FaultyTransport(SandboxTransport):
    """As SandboxTransport, over a sandbox where things go wrong by a plan."""

    def __init__(self, faulty: Faulty) -> None:
        super().__init__(faulty)  # type: ignore[arg-type]  # it has the one method that is asked

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return super().handle_request(request)
        except Lost as lost:
            raise httpx.RemoteProtocolError(str(lost), request=request) from lost
