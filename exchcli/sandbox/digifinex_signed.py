"""Who signed a DigiFinex request: the key, the time and the signature, as its document has it."""

from __future__ import annotations

from exchcli.sandbox import accounts
from exchcli.sandbox.accounts import find_key
from exchcli.sandbox.call import Call
from exchcli.sandbox.catalog import DFX
from exchcli.sandbox.digifinex_codes import (
    BAD_SIGNATURE,
    BAD_TIMESTAMP,
    EXPIRED_KEY,
    ILLEGAL,
    IP_NOT_ALLOWED,
    NO_ENDPOINT,
    NO_PERMISSION,
    TOO_OFTEN,
    UNKNOWN_KEY,
    Refused,
)
from exchcli.sandbox.limits import DFX_WEIGHT, SECOND
from exchcli.sandbox.signature import matches
from exchcli.sandbox.wire import WireRequest

# How late and how early a request may arrive, in nanoseconds.
_LATE, _EARLY = 5 * SECOND, SECOND
_LATEST = 60 * SECOND
_STATES = {
    accounts.REVOKED: UNKNOWN_KEY,
    accounts.EXPIRED: EXPIRED_KEY,
    accounts.IP_NOT_ALLOWED: IP_NOT_ALLOWED,
}


def signed(call: Call, weight: int = 1) -> Call:
    """The call with its account. Raises Refused, in this order, for: too many requests, no key,
    one that is not known or not in use, the timestamp, the signature, no permission."""
    name = call.request.headers.get("access-key")
    key = find_key(call.store, DFX, name) if name and name.isascii() else None
    scope = f"dfx:{key.key}" if key else "dfx:unknown" if name else "dfx:public"
    if call.limits.wait(scope, DFX_WEIGHT, call.asked, weight, banning=True):
        raise Refused(TOO_OFTEN)
    if not name:
        raise Refused(NO_ENDPOINT)
    if key is None:
        raise Refused(UNKNOWN_KEY)
    if key.state in _STATES:
        raise Refused(_STATES[key.state])
    _check_time(call)
    _check_signature(call.request, key.secret)
    if key.state == accounts.NO_PERMISSION:
        raise Refused(NO_PERMISSION)
    return call._replace(account=key.account)


def _check_time(call: Call) -> None:
    """ACCESS-TIMESTAMP is in whole seconds, and the server's clock finer than that.

    ACCESS-RECV-WINDOW takes the place of the 5 seconds, at most 60. Its unit is not
    documented: above 1000 it is read as milliseconds, else as seconds.
    """
    headers = call.request.headers
    late = _LATE if call.window is None else call.window
    if (text := headers.get("access-recv-window")) is not None:
        if not _is_number(text):
            raise Refused(ILLEGAL)
        window = int(text)
        late = min(_LATEST, window * SECOND // 1000 if window > 1000 else window * SECOND)
    text = headers.get("access-timestamp", "")
    if not _is_number(text):
        raise Refused(BAD_TIMESTAMP)
    age = call.time - int(text) * SECOND
    if not -_EARLY <= age <= late:
        raise Refused(BAD_TIMESTAMP)


def _check_signature(request: WireRequest, secret: str) -> None:
    """Over the query, the body, or query&body, in the bytes that were received."""
    query = request.query.encode("utf-8", "surrogatepass")
    message = b"&".join(part for part in (query, request.body) if part)
    if not matches(secret, message, request.headers.get("access-sign", "")):
        raise Refused(BAD_SIGNATURE)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 15
