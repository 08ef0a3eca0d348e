"""The page, and the endpoints under /sandbox/ that it and tests use.

    GET  /sandbox/state?exchange=dfx&symbol=BTC_USDT&period=60&after=0
    GET  /sandbox/faults                    the plan, and how often each fault has happened
    POST /sandbox/faults   {"faults": ["drop-reply=0.05"], "only": ["POST"], "seed": 7}
    GET  /sandbox/clock
    POST /sandbox/clock    {"time": "2020-05-19T07:44:54Z"} or {"advance": 60}
    POST /sandbox/fund     {"exchange": "dgt", "account": 1, "currency": "PLN", "amount": "100"}
    POST /sandbox/reset    {}

No page elsewhere may use them, as `visitors` sees to. And what changes something takes JSON alone,
which a page may not send to another origin unasked, and nobody is told that others may ask.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from exchcli.errors import StateError, UsageError
from exchcli.money import MAX_EXPONENT, plain
from exchcli.sandbox.limits import SECOND
from exchcli.sandbox.server import views
from exchcli.sandbox.server.bodies import Refused
from exchcli.sandbox.server.faults import plan
from exchcli.sandbox.server.live import Live
from exchcli.sandbox.server.page import page
from exchcli.times import from_epoch, iso, typed_time

if TYPE_CHECKING:
    from exchcli.sandbox.server.app import App

Fields = dict[str, Any]
_MOST_AHEAD = 3653 * 86400
_PRIVATE = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
}


def pages(app: App) -> Starlette:
    """The application for `/` and `/sandbox/`."""

    def route(path: str, **answers: Callable[[Live, Any], object]) -> Route:
        """An endpoint and what answers there, by method."""

        async def endpoint(request: Request) -> Response:
            if request.method == "POST":
                answer, given = answers["POST"], await _fields(app, request)
            else:
                answer, given = answers["GET"], dict(request.query_params)
            return JSONResponse(
                await _answered(app, partial(answer, app.live, given)), headers=_PRIVATE
            )

        return Route(path, endpoint, methods=list(answers))

    async def bug(_request: Request, error: Exception) -> Response:
        """What nothing else has caught, such as an answer that JSON cannot say."""
        detail = {"detail": app.live.told_of_bug(error)}
        return JSONResponse(detail, 503, headers={**_PRIVATE, "connection": "close"})

    async def show(_request: Request) -> Response:
        return page()

    return Starlette(
        routes=[
            Route("/", show, methods=["GET"]),
            route("/sandbox/state", GET=_state),
            route("/sandbox/faults", GET=_faults, POST=_follow),
            route("/sandbox/clock", GET=_clock, POST=_move),
            route("/sandbox/fund", POST=_fund),
            route("/sandbox/reset", POST=_reset),
        ],
        exception_handlers={HTTPException: _refusal, Exception: bug},
    )


async def _answered(app: App, ask: Callable[[], object]) -> object:
    """The answer, with what a user can do wrong as 400 and what the store cannot do as 503."""
    try:
        return await app.run(ask)
    except UsageError as error:
        raise HTTPException(400, f"{error.message} {error.hint or ''}".strip()) from None
    except StateError as error:
        raise HTTPException(503, f"{error.message} {error.hint or ''}".strip()) from None
    except views.Unknown:
        raise HTTPException(404, "There is no such exchange, pair or period.") from None
    except Exception as error:
        told = app.live.told_of_bug(error)
        raise HTTPException(503, told) from None


async def _refusal(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = {**_PRIVATE, **(error.headers or {})}
    return JSONResponse({"detail": error.detail}, error.status_code, headers=headers)


async def _fields(app: App, request: Request) -> Fields:
    """The object in the body. Raises HTTPException."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise HTTPException(415, "Send JSON, with content-type application/json.")
    try:
        body = await app.body(request.scope, request.receive)
        fields = json.loads(body or b"{}", parse_float=Decimal)
        # Half a character cannot be said back, and no name has one.
        json.dumps(fields, ensure_ascii=False, default=str).encode()
    except Refused as refused:
        headers = {"connection": "close"}
        raise HTTPException(refused.status or 400, "No whole body came.", headers) from None
    except (ValueError, ArithmeticError, RecursionError):
        raise HTTPException(400, "The body is no JSON.") from None
    if not isinstance(fields, dict):
        raise HTTPException(400, "The body is no JSON object.")
    return fields


def _state(live: Live, query: Fields) -> object:
    try:
        period, after = int(query.get("period", "60")), int(query.get("after", "0"))
    except ValueError:
        raise UsageError("period and after are whole numbers.") from None
    symbol = str(query.get("symbol", "")).upper()
    return views.state(live, query.get("exchange", "dgt"), symbol, period, after)


def _faults(live: Live, _query: Fields) -> object:
    following = live.faulty.plan
    return {
        "faults": [str(each) for each in following.faults],
        "only": following.only,
        "seed": following.seed,
        "happened": dict(live.faulty.happened),
    }


def _follow(live: Live, fields: Fields) -> object:
    _check_names(fields, "faults", "only", "seed")
    faults, only = _texts(fields, "faults"), _texts(fields, "only")
    seed = fields.get("seed", 0)
    if type(seed) is not int:
        raise UsageError("seed is a whole number.")
    live.faulty.follow(plan(faults, only, seed))
    return _faults(live, {})


def _clock(live: Live, _query: Fields) -> object:
    return {"time": iso(from_epoch(live.clock.now() // SECOND)), "stands": live.clock.stands}


def _move(live: Live, fields: Fields) -> object:
    _check_names(fields, "time", "advance")
    if not live.clock.stands:
        raise UsageError(
            "This server has no clock that stands.",
            "Start the server with --clock, or move the clock of the one that was.",
        )
    if len(fields) != 1:
        raise UsageError("Give either time or advance.")
    now, opened = live.clock.now() // SECOND, live.sandbox.store.opened
    if "time" in fields:
        moment = typed_time(str(fields["time"]), from_epoch(now))
        moved = int(moment.timestamp())
    else:
        seconds = fields["advance"]
        if type(seconds) is not int or not 0 <= seconds <= _MOST_AHEAD:
            raise UsageError("advance is a whole number of seconds, from 0 to ten years.")
        moved = now + seconds
    come = max(opened, live.sandbox.come())
    if not come <= moved <= opened + 2 * _MOST_AHEAD:
        raise UsageError(f"This sandbox has come to {iso(from_epoch(come))}; give a later time.")
    live.move(moved * SECOND)
    return _clock(live, {})


def _fund(live: Live, fields: Fields) -> object:
    from exchcli.sandbox.funding import fund

    _check_names(fields, "exchange", "account", "currency", "amount")
    number = fields.get("account", 1)
    if type(number) is not int:
        raise UsageError("account is 1 or 2.")
    words = [_typed(fields.get(name, "")) for name in ("exchange", "currency", "amount")]
    funded = fund(live.sandbox, words[0], number, words[1], words[2])
    return {
        name: plain(value) if isinstance(value, Decimal) else value
        for name, value in funded._asdict().items()
    }


def _reset(live: Live, fields: Fields) -> object:
    _check_names(fields)
    live.reset()
    return {"opened": iso(from_epoch(live.sandbox.store.opened))}


def _check_names(fields: Fields, *known: str) -> None:
    for name in fields:
        if name not in known:
            raise UsageError(f"There is no field {name[:40]!r} here.")


def _typed(value: object) -> str:
    """A field as a person types it: JSON writes the same number in many ways. One of an exponent
    beyond all use stays as it is, and is refused for that: in digits it might fill the memory.
    """
    if isinstance(value, Decimal) and abs(value.adjusted()) <= MAX_EXPONENT:
        return plain(value)
    return str(value)


def _texts(fields: Fields, name: str) -> list[str]:
    given = fields.get(name, [])
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        raise UsageError(f"{name} is an array of texts.")
    return given
