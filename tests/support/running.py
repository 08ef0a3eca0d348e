"""Runs `exch` inside the test: arguments in, exit code, stdout and stderr out."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from exchcli.cli.app import run


class Ran(NamedTuple):
    code: int
    out: str
    err: str


class _Screen(io.TextIOWrapper):
    """A stream that says whether it is a terminal."""

    def __init__(self, terminal: bool) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", newline="", write_through=True)
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal

    def text(self) -> str:
        self.flush()
        written = self.buffer.getvalue()  # type: ignore[attr-defined]
        assert isinstance(written, bytes)
        return written.decode()


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    for name in list(os.environ):
        if name.startswith("EXCH_"):
            del os.environ[name]
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


class Exch:
    """`exch` with a home of its own. `exch("dgt", "ticker", "btcpln")` runs one command."""

    def __init__(self, home: Path, **env: str) -> None:
        self.home = home
        self.env = {"EXCH_HOME": str(home), "COLUMNS": "80", "NO_COLOR": "1", **env}

    def __call__(self, *arguments: str, terminal: bool = False, typed: str = "", **env: str) -> Ran:
        out, err = _Screen(terminal), _Screen(terminal)
        kept: tuple[Any, ...] = (sys.stdin, sys.stdout, sys.stderr)
        keyboard = _Screen(terminal)
        keyboard.write(typed)
        keyboard.seek(0)
        with _environment({**self.env, **env}):
            sys.stdin, sys.stdout, sys.stderr = keyboard, out, err
            try:
                code = run(arguments)
            finally:
                sys.stdin, sys.stdout, sys.stderr = kept
        return Ran(int(code), out.text(), err.text())
