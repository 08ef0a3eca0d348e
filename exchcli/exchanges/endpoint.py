"""`@get`: the path and weight of one endpoint, declared once, above the code that reads it.

    @get("/ticker")
    def ticker(self, symbol: str) -> Steps[Ticker]:
        reply = yield {"symbol": symbol}
        ...

The method yields parameters; the decorator turns them into requests of its endpoint, and
leaves the endpoint inspectable as `ticker.endpoint`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from exchcli.core.request import Endpoint, Flow, Request, Steps

P = ParamSpec("P")
S = TypeVar("S")
T = TypeVar("T")


def get(
    path: str, *, weight: int = 1, auth: bool = False
) -> Callable[[Callable[Concatenate[S, P], Steps[T]]], Callable[Concatenate[S, P], Flow[T]]]:
    """A read; with `auth` a signed one."""
    return _flow_of(Endpoint("GET", path, weight, auth))


def post_form(
    path: str, *, weight: int = 1, auth: bool = False
) -> Callable[[Callable[Concatenate[S, P], Steps[T]]], Callable[Concatenate[S, P], Flow[T]]]:
    """What changes something, and so is sent once; its parameters go in the body."""
    return _flow_of(Endpoint("POST", path, weight, auth, form=True))


def post_json(
    path: str, *, weight: int = 1, auth: bool = False
) -> Callable[[Callable[Concatenate[S, P], Steps[T]]], Callable[Concatenate[S, P], Flow[T]]]:
    """The same, with its parameters as one JSON object."""
    return _flow_of(Endpoint("POST", path, weight, auth, json=True))


def delete(
    path: str, *, weight: int = 1, auth: bool = False
) -> Callable[[Callable[Concatenate[S, P], Steps[T]]], Callable[Concatenate[S, P], Flow[T]]]:
    """What takes something away; its parameters go in the path."""
    return _flow_of(Endpoint("DELETE", path, weight, auth))


def _flow_of(
    endpoint: Endpoint,
) -> Callable[[Callable[Concatenate[S, P], Steps[T]]], Callable[Concatenate[S, P], Flow[T]]]:
    def decorate(
        method: Callable[Concatenate[S, P], Steps[T]],
    ) -> Callable[Concatenate[S, P], Flow[T]]:
        @wraps(method)
        def flow(owner: S, /, *args: P.args, **kwargs: P.kwargs) -> Flow[T]:
            steps = method(owner, *args, **kwargs)
            try:
                params = next(steps)
                while True:
                    reply = yield Request(endpoint, params)
                    params = steps.send(reply)
            except StopIteration as done:
                result: T = done.value
                return result

        flow.endpoint = endpoint  # type: ignore[attr-defined]
        return flow

    return decorate


def endpoints(exchange: type) -> dict[str, Endpoint]:
    """Every endpoint of an exchange, by the name of its method."""
    found = {name: getattr(getattr(exchange, name), "endpoint", None) for name in dir(exchange)}
    return {name: endpoint for name, endpoint in found.items() if endpoint is not None}
