"""Who may ask at all: whoever calls the server by a name of its own, and no page of elsewhere.

A browser lets any page send requests here. It says in each whose page it is, and by which name it
was sent here; programs that are no browsers say neither. So no name that points here by trick is
answered, and no other page can place orders, fetch new keys or read anything, on any path.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from ipaddress import ip_address

from exchcli.sandbox.wire import WireReply, json_reply

_OWN_SITES = ("none", "same-origin")


def refusal(
    method: str, path: str, headers: Mapping[str, str], hosts: frozenset[str]
) -> WireReply | None:
    """403 for a request that is not let in, else None; the names of `headers` are in lower case.

    `hosts` are the names of the server besides loopback ones; "*" stands for every address.
    """
    host = headers.get("host", "").lower()
    if not _is_own(_name(host), hosts):
        return _refused(
            "Ask by the address that the server printed; `exch sandbox serve --host NAME` listens"
            " at a name of this machine."
        )
    if "origin" in headers and headers["origin"].lower().partition("//")[2] != host:
        return _refused("Only the server's own page may ask from a browser.")
    # A link elsewhere may lead to the page, which says nothing yet.
    followed = headers.get("sec-fetch-mode") == "navigate" and (method, path) == ("GET", "/")
    if headers.get("sec-fetch-site", "none") not in _OWN_SITES and not followed:
        return _refused("Only the server's own page may ask from a browser.")
    return None


def _is_own(name: str, hosts: frozenset[str]) -> bool:
    if name in hosts or name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ip_address(name)
    except ValueError:
        return "*" in hosts and name != "" and name == socket.gethostname().lower()
    return address.is_loopback or "*" in hosts


def _name(host: str) -> str:
    """The name of a Host header, without port and brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _refused(detail: str) -> WireReply:
    return json_reply({"detail": detail}, 403)
