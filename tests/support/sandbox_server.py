"""The sandbox over HTTP on loopback, for tests and measurements.

Run as a program it serves until its stdin closes, without limits. It prints its base URL
first, and then a key of Dgtmarket and its secret, a line each.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from exchcli.sandbox.exchange import Sandbox
from exchcli.sandbox.wire import WireRequest


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    sandbox: Sandbox

    def _answer(self) -> None:
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.sandbox.handle(WireRequest(self.command, path, query, headers, body))
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            if name.lower() != "content-length":
                self.send_header(name, value)
        self.send_header("content-length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    do_GET = do_POST = do_DELETE = do_PUT = _answer

    def log_message(self, *_arguments: Any) -> None:
        pass


def _server(sandbox: Sandbox) -> ThreadingHTTPServer:
    handler = type("Handler", (_Handler,), {"sandbox": sandbox})
    return ThreadingHTTPServer(("127.0.0.1", 0), handler)


@contextmanager
def serving(sandbox: Sandbox) -> Iterator[str]:
    """The base URL of a server in front of this sandbox; it ends with the block."""
    server = _server(sandbox)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


if __name__ == "__main__":
    store = Sandbox(Path(sys.argv[1]), limited=False)
    account = store.accounts("dgt")[0]
    with serving(store) as url:
        print(url, account.key, account.secret, sep="\n", flush=True)
        sys.stdin.read()
    store.close()
