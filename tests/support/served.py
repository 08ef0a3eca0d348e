"""`exch sandbox serve` as a process of its own, asked over HTTP."""

from __future__ import annotations

import hmac
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

EXCH = str(Path(sys.executable).with_name("exch"))
JSON = {"content-type": "application/json"}


class Served:
    """A running server: `told` is its first line, `url` its base URL without a path."""

    def __init__(self, process: subprocess.Popen[str], home: Path) -> None:
        self.process = process
        self.home = home
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise AssertionError(f"the server did not start: {process.communicate()}")
        self.told = json.loads(line)
        self.url = self.told["dgt"]["url"].removesuffix("/api")
        self.client = httpx.Client(base_url=self.url, trust_env=False, timeout=10)

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.client.get(path, **options)

    def control(self, path: str, **fields: Any) -> Any:
        """What one of the endpoints under /sandbox/ answers to a POST, which it accepts."""
        reply = self.client.post(f"/sandbox/{path}", json=fields)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def signed(
        self,
        exchange: str,
        method: str,
        target: str,
        body: bytes = b"",
        *,
        account: int = 0,
        now: int | None = None,
    ) -> httpx.Request:
        """A request in the name of a demo account, `target` behind /api or /v3."""
        base = self.told[exchange]["url"]
        who = self.told[exchange]["accounts"][account]
        stamp = str(int(time.time()) if now is None else now)
        path = base.removeprefix(self.url) + target
        query = target.partition("?")[2].encode()
        message = {
            "dgt": f"{stamp}{method}{path}".encode() + body,
            "dfx": b"&".join(part for part in (query, body) if part),
        }[exchange]
        sign = hmac.new(who["secret"].encode(), message, "sha256").hexdigest()
        headers = {"access-key": who["key"], "access-timestamp": stamp, "access-sign": sign}
        if body:
            headers |= JSON if exchange == "dgt" else {}
        return self.client.build_request(method, f"{base}{target}", content=body, headers=headers)

    def ask(
        self, exchange: str, target: str, method: str = "GET", body: bytes = b"", **of: Any
    ) -> Any:
        """The JSON that a demo account gets."""
        return self.client.send(self.signed(exchange, method, target, body, **of)).json()

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """The exit code after the signal, and all that stood on stderr."""
        self.process.send_signal(number)
        _, err = self.process.communicate(timeout=30)
        return self.process.returncode, err

    def close(self) -> None:
        self.client.close()
        # How it ends when it is asked to has tests of its own, and takes a fifth of a second.
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate(timeout=30)


def command(home: Path, *arguments: str) -> tuple[list[str], dict[str, str]]:
    """`exch sandbox serve` on a port of its choice, and its environment."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EXCH_")}
    words = [EXCH, "sandbox", "serve", "--port", "0", "--json", *arguments]
    return words, {**kept, "EXCH_HOME": str(home)}


@contextmanager
def served(home: Path, arguments: Sequence[str] = ()) -> Iterator[Served]:
    """A server over the sandbox in this home, until the block ends."""
    words, env = command(home, *arguments)
    process = subprocess.Popen(
        words, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    server = Served(process, home)
    try:
        yield server
    finally:
        server.close()
