"""Dgtmarket's token endpoint: a user name and a password for a new key, which ends the old one."""

from __future__ import annotations

from exchcli.sandbox.accounts import renew_key
from exchcli.sandbox.call import Call
from exchcli.sandbox.catalog import DGT
from exchcli.sandbox.dgtmarket import not_allowed
from exchcli.sandbox.dgtmarket_pages import wrong
from exchcli.sandbox.dgtmarket_signed import refused
from exchcli.sandbox.limits import DGT_PUBLIC, too_many
from exchcli.sandbox.wire import Malformed, WireReply, WireRequest, json_reply, parameters, parsed


def token(call: Call) -> WireReply:
    """GET or POST /public/token/ -- `key` and `secret`, of 40 characters each.

    The document's heading says GET, its sample posts a form, its text wants JSON: all are
    taken. Raises Refused for a wrong password (401), and for a field that is missing (400).
    """
    if wait := call.limits.wait("dgt:public", DGT_PUBLIC, call.asked):
        return too_many(wait)
    if call.request.method not in ("GET", "POST"):
        return not_allowed(call.request, "GET", "POST")
    given = _fields(call.request)
    for name in ("username", "password"):
        if not given.get(name):
            raise wrong(name, "This field is required.")
    name, password = given["username"], given["password"]
    # Half a character, as JSON can write it, is nobody's.
    known = all(text.isprintable() for text in (name, password))
    key = renew_key(call.store, DGT, name, password) if known else None
    if key is None:
        raise refused(401, "Wrong username or password.")
    return json_reply({"key": key.key, "secret": key.secret})


def _fields(request: WireRequest) -> dict[str, str]:
    """Query, form and JSON together; a body goes before the query."""
    try:
        given = parameters(request.query)
        if not request.body.lstrip().startswith(b"{"):
            return given | parameters(request.body.decode("utf-8"))
        fields = parsed(request.body)
    except (Malformed, UnicodeDecodeError) as error:
        raise refused(400, "Malformed request.") from error
    assert isinstance(fields, dict)
    words = {name: value for name, value in fields.items() if type(value) is str}
    return given | words
