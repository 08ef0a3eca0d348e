"""Kills `exch` at every step of an order, under every fault, and runs it again until it is settled.

    python tests/support/killing.py dgt|dfx [FAULT]... [--mutant NAME]

Each run is a fork that dies by SIGKILL at the step that it is told. Its connection is a pipe to
this process, where the sandbox is, with faults, in virtual time: so windows, delays and waits
take none. The judge is the sandbox's own store. Prints JSON: how many worlds, kills and runs
there were, what each fault made of them, and what was wrong.

A step is a request about to be sent, a request executed whose reply has not come, the journal
before and after each of its commits, a lock that was got, and the output before and after it is
written. Between two steps nothing happens that outlives the process.
"""

from __future__ import annotations

import argparse
import gc
import io
import json
import multiprocessing
import os
import signal
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from pkgutil import walk_packages
from typing import Any, NamedTuple

import httpx
from sandbox_process import orders_of
from virtual import CLOCK, SECOND

import exchcli
import exchcli.core.transport
from exchcli.cli.app import run
from exchcli.errors import BadReply
from exchcli.sandbox import dgtmarket_signed, digifinex_signed
from exchcli.sandbox.exchange import Sandbox
from exchcli.sandbox.server.faults import KINDS, plan
from exchcli.sandbox.server.faulty import Faulty
from exchcli.sandbox.wire import WireReply, WireRequest

WINDOW, DELAY = 3, 1
CONFIGURED = f"""
[dgt]
window = {WINDOW}
settle_delay = {DELAY}
limits = {{ public = "99999/60s", private = "99999/60s" }}

[dfx]
window = {WINDOW}
settle_delay = {DELAY}
limits = {{ weight = "99999/60s" }}
"""
# What befalls the order; "+" is a lag of the lists besides.
FAULTS = (
    "none", *(f"{name}=1" for name in KINDS if name not in ("late", "lag", "delay")),
    "delay=1:40", "late=1:0.8", "late=1:1.5", "late=1:30", "lag=1:1", "lag=1:1+drop-reply=1",
    "lag=1:1+late=1:0.8", "reads",
)  # fmt: skip
STOPPED = ("none", "drop-reply=1", "late=1:0.8")
NONE = (4, 6, 10)
MOST_RUNS = 12
# SIGKILL loses nothing that was written, so a disk is not needed to prove what it does.
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108


class Step:
    """Counts the steps of one run, in its fork, and dies at one of them."""

    number = 0
    last = 0  # 0 is never


STEP = Step()


def step() -> None:
    STEP.number += 1
    if STEP.number == STEP.last:
        os.kill(os.getpid(), signal.SIGKILL)


class Journaled(sqlite3.Connection):
    """Has a step before and after what changes the journal for good."""

    def execute(self, sql: str, *more: Any) -> sqlite3.Cursor:
        if sql != "COMMIT":
            return super().execute(sql, *more)
        step()
        result = super().execute(sql, *more)
        step()
        return result


class Pipe(httpx.BaseTransport):
    """The way to the sandbox in the parent, in place of the network."""

    line: Connection

    def __init__(self, _url: str, deadline: Any) -> None:
        self._deadline = deadline
        self.sent = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        path, _, query = request.url.raw_path.decode("ascii").partition("?")
        headers = {name.lower(): value for name, value in request.headers.items()}
        wire = WireRequest(request.method, path, query, headers, request.read())
        self.sent = False
        step()
        self.sent = True
        self.line.send((CLOCK.ns, wire))
        now, outcome = self.line.recv()
        CLOCK.ns = now
        step()
        self._deadline.left()  # raises when the reply came too late
        if outcome.reply is None or outcome.cut is not None:
            raise BadReply("a reply that broke off")
        reply: WireReply = outcome.reply
        return httpx.Response(reply.status, headers=reply.headers, content=reply.body)


class Output(io.TextIOWrapper):
    """stdout with a step before and after it is written."""

    def write(self, text: str) -> int:
        step()
        written = super().write(text)
        self.flush()
        step()
        return written


class Ended(NamedTuple):
    code: int  # negative for a run that was killed
    out: str
    err: str
    steps: int
    sent_at: int  # the step after which the order was on its way; 0 if it never was


class World:
    """A sandbox and a home, in which one key after the other is tried."""

    def __init__(self, folder: Path, exchange: str) -> None:
        self.exchange = exchange
        self.folder = folder
        self.sandbox = Sandbox(folder / "server", clock=lambda: CLOCK.ns, limited=False)
        self.faulty = Faulty(self.sandbox, plan([]), clock=lambda: CLOCK.ns)
        self.account = self.sandbox.accounts(exchange)[0]
        self.keys = 0
        self.runs = 0
        self.kills = 0
        self.codes: Counter[int] = Counter()
        self.wrong: list[str] = []
        home = folder / "home"
        home.mkdir()
        (home / "config.toml").write_text(CONFIGURED)
        name = exchange.upper()
        path = "/api" if exchange == "dgt" else "/v3"
        self._env = {
            "PATH": os.environ["PATH"], "EXCH_HOME": str(home), "HOME": str(home),
            f"EXCH_{name}_URL": f"http://127.0.0.1:9{path}", f"EXCH_{name}_KEY": self.account.key,
            f"EXCH_{name}_SECRET": self.account.secret,
        }  # fmt: skip
        self.try_key("none", 0)  # symbols, clock and journal are there for all that follow
        self.wrong.clear()

    def close(self) -> None:
        self.sandbox.close()

    def try_key(self, fault: str, last: int, policy: str = "resend") -> Ended:
        """A key whose order meets this fault and whose first run dies at a step; what that run
        came to. What is wrong afterwards is added to `wrong`."""
        self.keys += 1
        # Small, so that the demo account pays for all of them.
        size = Decimal(1_000 + self.keys).scaleb(-5 if self.exchange == "dgt" else -4)
        pair, price = ("BTCPLN", "9000") if self.exchange == "dgt" else ("LTC_USDT", "90")
        argv = [self.exchange, "order", "buy", pair, str(size), "--price", price, "--yes", "--json",
                "--once", f"key-{self.keys}", "--on-absent", policy]  # fmt: skip
        self._begin(fault)
        first = ended = self.run(argv, last)
        told = [ended.code]
        while ended.code not in (0, 10, 11) and len(told) < MOST_RUNS:
            self._check_none(ended, size, told, fault, last)
            if ended.code in (5, 7):  # a ban lasts for two minutes
                self.pass_time(130 if ended.code == 5 or len(told) > 3 else 3)
            self._check_none(ended, size, told, fault, last)
            ended = self.run(argv)
            told.append(ended.code)
        self._check_end(argv, ended, size, told, fault, last)
        return first

    def run(self, argv: Sequence[str], last: int = 0) -> Ended:
        """One run in a fork, from its arguments to its end."""
        ours, theirs = multiprocessing.Pipe()
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            child = os.fork()
            if child == 0:
                ours.close()
                _child(argv, self._env, theirs, out.fileno(), err.fileno(), last)
            theirs.close()
            sent_at = self._serve(ours)
            _, status = os.waitpid(child, 0)
            texts = [(file.seek(0), file.read().decode())[1] for file in (out, err)]
        code = os.waitstatus_to_exitcode(status)
        self.runs += 1
        self.kills += code == -signal.SIGKILL
        self.codes[code] += 1
        steps = int(texts[1].rpartition("STEPS ")[2] or 0) if "STEPS " in texts[1] else last
        return Ended(code, texts[0], texts[1], steps, sent_at)

    def pass_time(self, seconds: float) -> None:
        self._go_on_to(CLOCK.ns + int(seconds * SECOND))

    def orders(self, size: Decimal) -> list[str]:
        return [each.id for each in orders_of(self.sandbox.store.path, self.exchange)
                if each.amount == size]  # fmt: skip

    def _begin(self, fault: str) -> None:
        self._once = fault != "reads"
        if fault == "reads":
            half = ["error-500=0.1", "drop-reply=0.1", "truncate=0.1", "html=0.1", "late=0.1:2"]
            self.faulty.follow(plan(half, seed=self.keys))
        else:
            self.faulty.follow(plan([] if fault == "none" else fault.split("+"), ["POST"]))

    def _serve(self, line: Connection) -> int:
        """Answers until the run ends; the number of the request that was the order."""
        number = sent_at = 0
        while True:
            try:
                now, request = line.recv()
            except EOFError:
                line.close()
                return sent_at
            number += 1
            self._go_on_to(now + SECOND // 1000)
            outcome = self.faulty.carry(request)
            if request.method == "POST":
                sent_at = number
                if outcome.fault and self._once:
                    self.faulty.follow(plan([]))
            self._go_on_to(CLOCK.ns + int(outcome.wait * SECOND))
            try:
                line.send((CLOCK.ns, outcome))
            except OSError:  # it died
                pass

    def _go_on_to(self, moment: int) -> None:
        """Late requests are executed on their way, each at its time."""
        while (due := self.faulty.next_late()) is not None and due <= moment:
            CLOCK.ns = max(CLOCK.ns, due)
            self.faulty.catch_up()
        CLOCK.ns = max(CLOCK.ns, moment)

    def _check_none(
        self, ended: Ended, size: Decimal, told: list[int], fault: str, last: int
    ) -> None:
        if ended.code in NONE and self.orders(size):
            self.wrong.append(f"{fault} step {last}: {told}, and there is an order: {ended.err}")
        # Dgtmarket has no code for a timestamp: when the clock is right, it was the key.
        refused = self.exchange == "dgt" and fault.startswith("stale")
        if ended.code in (1, 2, 12, 13) or (ended.code == 3 and not refused):
            self.wrong.append(f"{fault} step {last}: {told}: {ended.err}")

    def _check_end(
        self, argv: Sequence[str], ended: Ended, size: Decimal, told: list[int], fault: str,
        last: int,
    ) -> None:  # fmt: skip
        where = f"{fault} step {last}: {told}"
        self.faulty.follow(plan([]))
        self.pass_time(60)  # whatever is still on its way arrives
        placed = self.orders(size)
        if len(placed) > 1:
            self.wrong.append(f"{where}: {len(placed)} orders")
        if ended.code in NONE and placed:
            self.wrong.append(f"{where}, and there is an order")
        elif ended.code == 0:
            # What was settled answers the same again; a sixth of them is asked.
            again = self.run(argv) if self.keys % 6 == 0 else ended
            ids = [json.loads(each.out)["id"] for each in (ended, again) if each.code == 0]
            if ids != placed * 2:
                self.wrong.append(f"{where}: told {ids}, there is {placed}; then {again}")
        elif ended.code not in NONE:
            self.wrong.append(f"{where}: not settled: {ended.err}")


def _child(
    argv: Sequence[str], env: dict[str, str], line: Connection, out: int, err: int, last: int
) -> None:
    """The run, in its fork. Never returns."""
    code = 99
    try:
        Pipe.line = line
        STEP.number, STEP.last = 0, last
        os.environ.clear()
        os.environ.update(env)
        sys.stdin = io.StringIO()
        sys.stdout = Output(os.fdopen(out, "wb"), write_through=True)
        sys.stderr = io.TextIOWrapper(os.fdopen(err, "wb"), write_through=True)
        code = int(run(list(argv)))
        sys.stderr.write(f"STEPS {STEP.number}")
        sys.stderr.flush()
        sys.stdout.flush()
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        os._exit(code)


def stepping() -> None:
    """Puts the steps into what a run works with. Only forks ever come to one."""
    import fcntl

    connect, flock = sqlite3.connect, fcntl.flock

    def connected(path: Any, *args: Any, **more: Any) -> sqlite3.Connection:
        if "journal.sqlite" in os.fspath(path):
            more["factory"] = Journaled
        return connect(path, *args, **more)

    def locked(*args: Any) -> None:
        flock(*args)
        step()

    sqlite3.connect = connected  # type: ignore[assignment]
    fcntl.flock = locked
    exchcli.core.transport.NetworkTransport = Pipe  # type: ignore[misc,assignment]


def main(exchange: str, mutant: str | None = None, faults: Sequence[str] = FAULTS) -> None:
    for module in walk_packages(exchcli.__path__, "exchcli."):
        if ".server" not in module.name and "__main__" not in module.name:
            import_module(module.name)  # once, and not in every fork
    gc.collect()
    gc.freeze()
    gc.disable()
    stepping()
    dgtmarket_signed._WINDOW = digifinex_signed._LATE = WINDOW * SECOND
    if mutant:
        import mutants

        mutants.apply(mutant)
    told: dict[str, Any] = {"worlds": 0, "kills": 0, "runs": 0, "faults": {}, "wrong": []}
    for fault in faults:
        with tempfile.TemporaryDirectory(prefix="exch-killing-", dir=MEMORY) as name:
            world = World(Path(name), exchange)
            for policy in ("resend", "stop") if fault in STOPPED else ("resend",):
                unharmed = world.try_key(fault, 0, policy)
                # Until the order is on its way, what is to befall it has made no difference.
                start = 1 if fault in ("none", "reads") else 2 * unharmed.sent_at
                for last in range(start, unharmed.steps + 1):
                    world.try_key(fault, last, policy)
            world.close()
            told["worlds"] += world.keys
            told["kills"] += world.kills
            told["runs"] += world.runs
            told["faults"][fault] = dict(world.codes)
            told["wrong"] += world.wrong
    print(json.dumps(told))


if __name__ == "__main__":
    reads = argparse.ArgumentParser()
    reads.add_argument("exchange", choices=["dgt", "dfx"])
    reads.add_argument("fault", nargs="*")
    reads.add_argument("--mutant")
    asked = reads.parse_args()
    main(asked.exchange, asked.mutant, asked.fault or FAULTS)
