"""Runs of `exch` on many keys at once, and what befalls them."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import time
from collections import Counter, defaultdict, deque
from heapq import heappop, heappush
from random import Random
from typing import NamedTuple

from judging import Ran
from sandbox_process import EXCH, meddled
from wanted import Wanted, Wishes

AT_ONCE = 3  # processes of one lane; they share a lock, so more would only wait for each other
# Seconds between two starts: a start takes a processor for a fifth of a second, and where all wait
# for a processor, nothing of what is to meet in one moment does.
PAUSE = 0.5 / (os.cpu_count() or 1)
STUCK = 90.0  # seconds after which a run is held to be stuck
SETTLED = (0, 4, 8, 10, 11)  # what need not be run again
REPEATED = (0, 10)  # what the next run answers again
BROKEN = (1, 2, 13)  # what no run should say
MOST_RUNS = 60


class Blow(NamedTuple):
    """What is done to a running process, and when: so many seconds after its start, or after it
    is about to send its order."""

    what: str
    after: float
    at_send: bool = False


class Lane:
    """One home with one account at one exchange: its runs share a journal and a lock."""

    def __init__(self, exchange: str, env: dict[str, str]) -> None:
        self.exchange = exchange
        self.env = env
        self.waiting: deque[Wanted] = deque()
        self.resting: list[tuple[float, str, Wanted]] = []
        self.running: list[Process] = []


class Process:
    """A run that goes on. Its pipes are read all the time, so that it never waits for us."""

    def __init__(self, key: Wanted, argv: list[str], env: dict[str, str]) -> None:
        self.key = key
        self.out = self.err = b""
        self.sending: float | None = None
        self.struck: set[str] = set()
        self.began = time.time()
        self.process = subprocess.Popen(
            argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self._pipes = [self.process.stdout.fileno(), self.process.stderr.fileno()]
        for pipe in self._pipes:
            os.set_blocking(pipe, False)

    def look(self) -> Ran | None:
        """Reads what it wrote; the run when it has ended."""
        code = self.process.poll()
        self.out += _read(self._pipes[0])
        self.err += _read(self._pipes[1])
        if self.sending is None and (b"\nPOST " in self.err or self.err.startswith(b"POST ")):
            self.sending = time.time()
        if code is None:
            return None
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()
        requests = sum(line.startswith((b"GET ", b"POST ", b"DELETE "))
                       for line in self.err.splitlines())  # fmt: skip
        out, err = (each.decode(errors="replace") for each in (self.out, self.err))
        return Ran(self.began, time.time(), code, out, err, requests)

    def strike(self, blow: str, random: Random) -> bool:
        """Whether it was there to be struck."""
        if self.process.poll() is not None:
            return False
        pid = self.process.pid
        if blow == "disk full":
            most = int(random.choice((0, 4096, 20_000, 60_000, 120_000)))
            try:
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, most))
            except ProcessLookupError:
                return False
            return True
        name = {"kill -9": "KILL", "Ctrl-C": "INT", "stop": "STOP", "go on": "CONT"}[blow]
        self.process.send_signal(getattr(signal, f"SIG{name}"))
        return True


class Storm:
    """Keys come and are run until they are settled. `mutant` names a mistake of the protocol."""

    def __init__(
        self,
        wishes: Wishes,
        lanes: list[Lane],
        random: Random,
        mutant: str | None = None,
        *,
        verbose: bool = False,
    ) -> None:
        self.lanes = lanes
        self.keys: list[Wanted] = []
        self.runs: dict[str, list[Ran]] = defaultdict(list)
        self.blows: Counter[str] = Counter()
        self.stuck: list[str] = []
        self.calm = False
        self._wishes = wishes
        self._random = random
        self._mutant = mutant
        self._verbose = verbose
        self._due: list[tuple[float, int, Process, str]] = []
        self._at_send: dict[int, list[Blow]] = {}
        self._count = 0
        self._next_start = 0.0
        self._lane_of: dict[str, Lane] = {}

    def turn(self) -> None:
        """Looks at every process once, strikes those whose time has come, starts others."""
        self._random.shuffle(self.lanes)  # none comes first always
        for lane in self.lanes:
            for process in list(lane.running):
                self._look(lane, process)
            self._fill(lane)
        now = time.time()
        while self._due and self._due[0][0] <= now:
            _, _, process, blow = heappop(self._due)
            if not process.strike(blow, self._random):
                continue
            if blow != "go on":
                self.blows[blow] += 1
                process.struck.add(blow)
            if blow == "stop":
                self._later(self._random.uniform(0.3, 6), process, "go on")

    def busy(self) -> bool:
        return any(lane.running or lane.resting or lane.waiting for lane in self.lanes)

    def again(self) -> None:
        """Runs every settled key once more, to hear the same answer."""
        for key in self.keys:
            runs = self.runs[key.key]
            if runs and runs[-1].code in REPEATED:
                self._lane_of[key.key].resting.append((0.0, key.key, key))

    def _look(self, lane: Lane, process: Process) -> None:
        ran = process.look()
        if process.sending is not None:
            for blow in self._at_send.pop(id(process), ()):
                self._later(blow.after, process, blow.what)
        if ran is None:
            if time.time() - process.began > STUCK:
                self.stuck.append(f"{process.key.key}: {process.err[-500:]!r}")
                process.process.kill()
            return
        lane.running.remove(process)
        self._at_send.pop(id(process), None)
        key = process.key
        runs = self.runs[key.key]
        runs.append(ran)
        runs.sort(key=lambda each: each.began)
        if self._verbose:
            print(key.exchange, key.key, key.kind, ran.code, sorted(process.struck),
                  f"{ran.ended - ran.began:.1f} s", ran.err[-200:].strip().rpartition("\n")[2],
                  flush=True)  # fmt: skip
        alone = all(other.key.key != key.key for other in lane.running)
        queued = any(key.key == name for _, name, _ in lane.resting)
        if alone and not queued and not self._is_settled(key, ran):
            pause = self._random.choice((0.0, 0.0, 0.5, 2.0, 4.0))
            lane.resting.append((time.time() + pause, key.key, key))

    def _is_settled(self, key: Wanted, ran: Ran) -> bool:
        """Whether there is no point in running it again."""
        runs = self.runs[key.key]
        hopeless = any(sum(each.code == code for each in runs) > 2 for code in BROKEN)
        return ran.code in SETTLED or hopeless or len(runs) > MOST_RUNS

    def _fill(self, lane: Lane) -> None:
        if len(lane.running) >= AT_ONCE or time.time() < self._next_start:
            return
        now = time.time()
        ready = [each for each in lane.resting if each[0] <= now]
        if ready and (self.calm or len(lane.resting) > 5 or self._random.random() < 0.7):
            lane.resting.remove(ready[0])
            self._start(lane, ready[0][2])
        elif not self.calm and len(lane.running) < 2 and len(lane.resting) < 8:
            if not lane.waiting:
                lane.waiting.extend(self._wishes.more(lane.exchange))
                self.keys.extend(lane.waiting)
            key = lane.waiting.popleft()
            self._lane_of[key.key] = lane
            self._start(lane, key)
        elif self.calm and lane.waiting:
            key = lane.waiting.popleft()
            self._lane_of[key.key] = lane
            self._start(lane, key)

    def _start(self, lane: Lane, key: Wanted) -> None:
        self._run(lane, key)
        if not self.calm and self._random.random() < 0.12:
            self.blows["twin run"] += 1
            self._run(lane, key)

    def _run(self, lane: Lane, key: Wanted) -> None:
        self._next_start = time.time() + PAUSE
        chance = self._random.random
        timeout = "20" if self.calm else self._random.choice(("3", "6", "15"))
        argv = [EXCH, lane.exchange, *key.arguments, "--yes", "--json", "-v",
                "--timeout", timeout]  # fmt: skip
        env, meddling = dict(lane.env), {}
        if not self.calm and chance() < 0.12:
            self.blows["clock step"] += 1
            step = self._random.choice((-86400.0, -60.0, -5.0, 5.0, 60.0, 86400.0))
            meddling["wall"] = [[self._random.choice((0.0, 0.2, 0.4, 1.5)), step]]
        if self._mutant:
            meddling["mutant"] = self._mutant
        if meddling:
            env |= meddled(**meddling)
        process = Process(key, argv, env)
        lane.running.append(process)
        if self.calm:
            return
        for blow in self._blows():
            if blow.at_send:
                self._at_send.setdefault(id(process), []).append(blow)
            else:
                self._later(blow.after, process, blow.what)

    def _blows(self) -> list[Blow]:
        uniform, chance = self._random.uniform, self._random.random()
        soon = uniform(0.05, 0.9) if self._random.random() < 0.7 else uniform(0.5, 8)
        just = self._random.choice((0.0, 0.002, 0.01, 0.05))
        for most, blow in (
            (0.14, Blow("kill -9", soon)),
            (0.26, Blow("kill -9", just, at_send=True)),
            (0.33, Blow("stop", soon)),
            (0.39, Blow("stop", just, at_send=True)),
            (0.42, Blow("Ctrl-C", soon)),
            (0.45, Blow("Ctrl-C", just, at_send=True)),
            (0.48, Blow("disk full", soon)),
            (0.52, Blow("disk full", just, at_send=True)),
        ):
            if chance < most:
                return [blow]
        return []

    def _later(self, seconds: float, process: Process, what: str) -> None:
        self._count += 1
        heappush(self._due, (time.time() + seconds, self._count, process, what))


def _read(pipe: int) -> bytes:
    try:
        return os.read(pipe, 65536)
    except BlockingIOError:
        return b""
