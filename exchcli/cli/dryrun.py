"""--dry-run: the request that would be sent, and none is.

The key is not even looked up: the headers are those that any key would be signed with, without
what it would put in them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from exchcli.cli.confirm import watched
from exchcli.core.credentials import Credentials, Secret
from exchcli.core.request import Flow, Request
from exchcli.records import Unsent

if TYPE_CHECKING:
    from exchcli.cli.session import Session

_NOBODY = Credentials("-", Secret("-"), "nowhere")
REDACTED = "(redacted)"


def show_unsent(here: Session, flows: Sequence[Flow[Any]]) -> None:
    """Prints what each of these flows would send first, and says that nothing was."""
    unsent = [_unsent(here, next(flow)) for flow in flows]
    here.settings.raw = False
    here.show(unsent[0] if len(unsent) == 1 else unsent, Unsent)
    if watched():
        here.say("Nothing was sent: this was --dry-run.")


def _unsent(here: Session, request: Request) -> Unsent:
    query = f"?{request.query}" if request.query else ""
    url = f"{here.url}{request.path}{query}"
    path = "/" + url.partition("://")[2].partition("/")[2]
    seconds = int(here.now().timestamp())
    signed = here.exchange.sign(_NOBODY, seconds, request.endpoint.method, path, request.body)
    headers = {"accept": "application/json"}
    if request.content_type:
        headers["content-type"] = request.content_type
    headers |= {n: v if v == str(seconds) else REDACTED for n, v in signed.items()}
    return Unsent(
        method=request.endpoint.method,
        url=url,
        headers=tuple(f"{name}: {value}" for name, value in headers.items()),
        body=request.body.decode() or None,
    )
