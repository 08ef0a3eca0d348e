"""What is sent to an exchange, and the generator protocol in which endpoints ask for it.

A `Flow[T]` is a generator that yields what it wants sent (one `Request`, or a list of them
that may run at the same time), is resumed with the reply (or the list of replies), and
returns a T. It does no I/O of its own, so a test drives it with recorded replies.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from json import dumps
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote, urlencode

from exchcli.core.reply import Reply
from exchcli.errors import UsageError

T = TypeVar("T")

Flow = Generator[Any, Any, T]
Value = str | int
Params = Mapping[str, Value]
# The body of one endpoint: it yields parameters and is resumed with the reply to them.
Steps = Generator[Params, Reply, T]


class Endpoint(NamedTuple):
    """One endpoint as its document lists it. `weight` is what a call costs of the limit;
    one with `auth` is signed. With `form` the parameters go in the body, as HTML forms do, with
    `json` as one JSON object.
    """

    method: str
    path: str
    weight: int = 1
    auth: bool = False
    form: bool = False
    json: bool = False


class Request(NamedTuple):
    """One call of an endpoint. Parameters named in the endpoint's path go there."""

    endpoint: Endpoint
    params: Params

    @property
    def path(self) -> str:
        """The path with its parameters filled in, percent-encoded."""
        path = self.endpoint.path
        for name, value in self.params.items():
            path = path.replace("{" + name + "}", quote(_sendable(value), safe=""))
        return path

    @property
    def query(self) -> str:
        """The other parameters, encoded once, in the order they were given."""
        return "" if self.endpoint.form or self.endpoint.json else urlencode(self._others())

    @property
    def body(self) -> bytes:
        """The same, where the endpoint takes them in its body. Without any there is none."""
        others = self._others()
        if self.endpoint.json and others:
            # Everything is text, which keeps every digit, but for what JSON calls true and false.
            flags = {name: v for name, v in self.params.items() if isinstance(v, bool)}
            return dumps(dict(others) | flags).encode()
        return urlencode(others).encode() if self.endpoint.form else b""

    @property
    def content_type(self) -> str | None:
        """What the body is, if there can be one."""
        if self.endpoint.json and self._others():
            return "application/json"
        return "application/x-www-form-urlencoded" if self.endpoint.form else None

    def _others(self) -> list[tuple[str, str]]:
        inside = self.endpoint.path
        return [
            (_sendable(name), _sendable(value))
            for name, value in self.params.items()
            if "{" + name + "}" not in inside
        ]


def _sendable(value: Value) -> str:
    """The value as text. A command line may hold bytes that are none: UsageError."""
    text = str(value)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UsageError(f"{text!r} is not text that can be sent.", "Write it in UTF-8.") from None
    return text


def gather(flows: Iterable[Flow[T]]) -> Flow[list[T]]:
    """Runs flows side by side: each round yields one list of all that they want sent."""
    running = list(flows)
    results: dict[int, T] = {}
    wanted: dict[int, Any] = {}

    def step(index: int, reply: Any) -> None:
        try:
            wanted[index] = running[index].send(reply)
        except StopIteration as done:
            wanted.pop(index, None)
            results[index] = done.value

    for index in range(len(running)):
        step(index, None)
    while wanted:
        asked = dict(wanted)
        replies = yield list(asked.values())
        for index, reply in zip(asked, replies, strict=True):
            step(index, reply)
    return [results[index] for index in range(len(running))]
