"""Who signed a Dgtmarket request: the key, the time and the signature, as its document has it."""

from __future__ import annotations

from exchcli.sandbox import accounts
from exchcli.sandbox.accounts import find_key
from exchcli.sandbox.call import Call
from exchcli.sandbox.catalog import DGT
from exchcli.sandbox.limits import DGT_PRIVATE, SECOND, too_many
from exchcli.sandbox.signature import matches
from exchcli.sandbox.wire import WireReply, WireRequest, json_reply

_WINDOW = 30 * SECOND


class Refused(Exception):
    """A request that gets this reply instead of data."""

    def __init__(self, reply: WireReply) -> None:
        super().__init__(reply.status)
        self.reply = reply


def refused(status: int, detail: str) -> Refused:
    return Refused(json_reply({"detail": detail}, status))


def signed(call: Call) -> Call:
    """The call with its account. Raises Refused, in this order, for: no key, too many requests,
    a key that is not in use, the timestamp, the signature, no permission.

    Requests are counted for the account: a new token does not begin a new count.
    """
    name = call.request.headers.get("access-key")
    key = find_key(call.store, DGT, name) if name and name.isascii() else None
    scope = "dgt:unknown" if key is None else f"dgt:account:{key.account}"
    if wait := call.limits.wait(scope, DGT_PRIVATE, call.asked):
        raise Refused(too_many(wait))
    if not name:
        raise refused(401, "Authentication credentials were not provided.")
    if key is None or key.state in (accounts.REVOKED, accounts.EXPIRED):
        raise refused(401, "Invalid key.")
    _check_time(call)
    _check_signature(call.request, key.secret)
    if key.state == accounts.IP_NOT_ALLOWED:
        raise refused(403, "This key cannot be used from this address.")
    if key.state == accounts.NO_PERMISSION:
        raise refused(403, "This key does not have the permission.")
    return call._replace(account=key.account)


def _check_time(call: Call) -> None:
    text = call.request.headers.get("access-timestamp", "")
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise refused(401, "Invalid timestamp.")
    window = _WINDOW if call.window is None else call.window
    if abs(call.time - int(text) * SECOND) > window:
        raise refused(401, "The request has expired.")


def _check_signature(request: WireRequest, secret: str) -> None:
    """Over timestamp, METHOD, path with query, body, in the bytes that were received."""
    timestamp = request.headers["access-timestamp"]
    target = f"{request.path}?{request.query}" if request.query else request.path
    prehash = f"{timestamp}{request.method.upper()}{target}".encode("utf-8", "surrogatepass")
    message = prehash + request.body
    if not matches(secret, message, request.headers.get("access-sign", "")):
        raise refused(401, "Invalid signature.")
