"""A real browser, spoken to over its debugging pipe: pages are opened, measured, looked at."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--remote-debugging-pipe",
)  # fmt: skip


def program() -> str | None:
    """The browser of this machine, if it has one."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Browser:
    """One page at a time; `complaints` are what its console and its policy said of it."""

    def __init__(self, commands: int, replies: int) -> None:
        self.complaints: list[str] = []
        self._commands = commands
        self._replies = replies
        self._waiting = b""
        self._count = 0
        self._session: str | None = None
        self._loaded = False

    def open(self, url: str, width: int, height: int) -> None:
        """A new page of this size, in place of the one before."""
        self.complaints.clear()
        self._session = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Runtime", "Log", "Page"):
            self.call(f"{domain}.enable")
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip
        self._loaded = False
        self.call("Page.navigate", url=url)
        while not self._loaded:
            self._hear(self._read())

    def value(self, script: str) -> Any:
        """What an expression is in the page; a promise is waited for."""
        reply = self.call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in reply, reply
        return reply["result"].get("value")

    def until(self, script: str, milliseconds: int = 15_000) -> Any:
        """The expression's value as soon as it is true. Fails when it does not become so."""
        return self.value(
            f"""new Promise((found, lost) => {{
                const end = performance.now() + {milliseconds};
                const look = () => {{
                    const value = {script};
                    if (value) found(value);
                    else if (performance.now() > end) lost(new Error("not in time"));
                    else setTimeout(look, 20);
                }};
                look();
            }})"""
        )

    def picture(self, path: Path) -> None:
        data = self.call("Page.captureScreenshot", format="png")["data"]
        path.write_bytes(base64.b64decode(data))

    def call(self, method: str, **parameters: Any) -> Any:
        """A command of the browser's debugging protocol."""
        self._count += 1
        message: dict[str, Any] = {"id": self._count, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while True:
            reply = self._read()
            if reply.get("id") == self._count:
                assert "error" not in reply, reply
                return reply["result"]
            self._hear(reply)

    def _hear(self, event: dict[str, Any]) -> None:
        told = event.get("params", {})
        match event.get("method"):
            case "Runtime.exceptionThrown":
                self.complaints.append(str(told["exceptionDetails"]))
            case "Runtime.consoleAPICalled" if told["type"] in ("error", "warning", "assert"):
                self.complaints.append(str(told["args"]))
            case "Page.loadEventFired":
                self._loaded = True
            case "Log.entryAdded" if told["entry"]["level"] in ("error", "warning"):
                self.complaints.append(told["entry"]["text"])

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._waiting:
            part = os.read(self._replies, 1 << 16)
            assert part, "the browser has ended"
            self._waiting += part
        message, _, self._waiting = self._waiting.partition(b"\0")
        found: dict[str, Any] = json.loads(message)
        return found


@contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """A browser with an empty profile in this folder, until the block ends."""
    path = program()
    assert path, "there is no browser here"
    there, commands = os.pipe()
    replies, back = os.pipe()
    # The browser reads 3 and writes 4; out of the way of those in between.
    high = [fcntl.fcntl(handle, fcntl.F_DUPFD, 20) for handle in (there, back)]
    process = subprocess.Popen(
        ["/bin/bash", "-c", f'exec "$@" 3<&{high[0]} 4>&{high[1]}', "bash", path, *FLAGS,
         f"--user-data-dir={folder}"],
        pass_fds=high, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    for handle in (there, back, *high):
        os.close(handle)
    try:
        yield Browser(commands, replies)
    finally:
        os.close(commands)  # which ends it
        os.close(replies)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
