"""Bodies of requests: bounded in size and in time."""

from __future__ import annotations

import asyncio

from starlette.types import Receive, Scope

MOST = 1 << 20
SECONDS = 15.0
# What is more than allowed is still read, so that the client comes to reading the refusal.
_DRAINED = 16 << 20


class Refused(Exception):
    """A body that gets this status; with 0 nobody is there any more to be told."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


async def body_of(scope: Scope, receive: Receive) -> bytes:
    """The whole body. Raises Refused: 413 above 1 MiB, 408 after 15 seconds, 0 if it broke off."""
    headers = dict(scope["headers"])
    if b"expect" in headers and int(headers.get(b"content-length", b"0")) > MOST:
        raise Refused(413)
    try:
        async with asyncio.timeout(SECONDS):
            return await _read(receive)
    except TimeoutError:
        raise Refused(408) from None


async def _read(receive: Receive) -> bytes:
    body, size = bytearray(), 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refused(0)
        part = message.get("body", b"")
        size += len(part)
        if size <= MOST:
            body += part
        elif size > _DRAINED:
            break
        if not message.get("more_body", False):
            break
    if size > MOST:
        raise Refused(413)
    return bytes(body)
