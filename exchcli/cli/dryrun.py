"""--dry-run: the request that would be sent, and none is; and what would stand in its way.

The request needs no key: its headers are those that any key would be signed with, without what it
would put in them. What only the holder of a key can be told is left out where there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from exchcli.cli.confirm import watched
from exchcli.core.credentials import Credentials, Secret
from exchcli.core.request import Flow, Request
from exchcli.errors import ExchError, GuardRefused, OnceConflict, StateError, UsageError
from exchcli.execution.endings import other_parameters
from exchcli.execution.intent import Intent
from exchcli.records import Unsent

if TYPE_CHECKING:
    from exchcli.cli.doing import Keeping
    from exchcli.cli.session import Session

_NOBODY = Credentials("-", Secret("-"), "nowhere")
REDACTED = "(redacted)"


def show_unsent(
    here: Session, flows: Sequence[Flow[Any]], checks: Iterable[Callable[[], object]] = ()
) -> None:
    """Prints what each of these flows would send first, and says which of these checks would keep
    it from being sent, and that nothing was.
    """
    unsent = [_unsent(here, next(flow)) for flow in flows]
    here.settings.raw = False
    here.show(unsent[0] if len(unsent) == 1 else unsent, Unsent)
    with _told(here):
        for check in checks:
            with _told(here):
                check()
    if watched():
        here.say("Nothing was sent: this was --dry-run.")


def check_unused(keeping: Keeping, intent: Intent) -> None:
    """Raises OnceConflict where the key was used: then nothing is sent under it."""
    entry = keeping.entry() if keeping.journal.entries(1) else None  # no journal is made for it
    if entry is None or not keeping.is_settled(intent):
        return
    if entry.digest != intent.digest:
        raise other_parameters(entry)
    state = entry.state.replace("_", " ")
    told = f"{state}, as {_counted(entry.ids)}" if entry.ids else state
    raise OnceConflict(f"{entry.key} was used for it before: {told}.")


def _counted(ids: Sequence[str]) -> str:
    return ids[0] if len(ids) == 1 else f"{ids[0]} and {len(ids) - 1} more"


@contextmanager
def _told(here: Session) -> Iterator[None]:
    """Inside, what would keep an order from being sent is no error, but said."""
    try:
        yield
    except (UsageError, GuardRefused, OnceConflict, StateError) as error:
        here.say(f"exch: it would not be sent: {error.message}")
    except ExchError as error:
        here.trace(f"Whether it would be sent was not told: {error.message}")


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
