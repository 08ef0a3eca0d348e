"""The README's weekly purchase, run by a real cron: twice for one date, and bought once.

The line is the README's, but for when it runs: cron runs it as it starts (`@reboot`), instead of
on the next full minute, so that nothing is waited for. It is started twice. That is done with
CI=true alone, since it takes the place of a crontab; everywhere the line is run by sh in the
environment that cron gives.
"""

from __future__ import annotations

import json
import os
import pwd
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sandbox_process import Placed, Server, served

README = Path(__file__).parents[2] / "README.md"
CRON = shutil.which("cron") or "/usr/sbin/cron"
TABS = Path("/var/spool/cron/crontabs")
PIDS = (Path("/run/crond.pid"), Path("/var/run/crond.pid"))
REBOOTED = (Path("/run/crond.reboot"), Path("/var/run/crond.reboot"))
FIELDS = re.compile(r"^(?:\S+\s+){5}(?=exch )")

Runs = Callable[[], None]


def documented() -> tuple[list[str], str]:
    """The README's crontab: its variables, and its one line."""
    (block,) = re.findall(r"```crontab\n(.*?)```", README.read_text(), re.DOTALL)
    variables = [line for line in block.splitlines() if re.match(r"[A-Z_]+=", line)]
    (line,) = [line for line in block.splitlines() if "--once" in line]
    assert FIELDS.match(line), line
    return variables, line


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with served(tmp_path / "server", "--no-limits") as running:
        yield running


@pytest.fixture
def crontab(server: Server, tmp_path: Path) -> str:
    """The README's, with this test's own home and exchange in place of a user's."""
    home = tmp_path / "home"
    home.mkdir()
    pair = server.told["dgt"]["accounts"][0]
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps({"key": pair["key"], "secret": pair["secret"]}))
    keys.chmod(0o600)
    variables, line = documented()
    ours = {
        "MAILTO": '""',
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "EXCH_DGT_CREDENTIALS_FILE": str(keys),
    }
    assert {each.partition("=")[0] for each in variables} == set(ours)
    ours |= {"HOME": str(home), "EXCH_DGT_URL": server.told["dgt"]["url"]}
    set_here = [f"{name}={value}" for name, value in ours.items()]
    return "\n".join([*set_here, FIELDS.sub("@reboot ", line), ""])


def bought(server: Server, before: set[str]) -> list[Placed]:
    return [order for order in server.orders("dgt") if order.id not in before]


def printed(home: Path) -> dict[str, object]:
    """What the line's file holds, when it is all there."""
    end = time.monotonic() + 40
    while True:
        try:
            found: dict[str, object] = json.loads((home / "weekly-buy.json").read_text())
            return found
        except (OSError, ValueError):
            assert time.monotonic() < end, "cron's line wrote no order"
            time.sleep(0.05)


def has_cron() -> bool:
    if os.geteuid() != 0 or not Path(CRON).exists():
        return False
    return not any(_is_alive(pid) for pid in PIDS)


def _is_alive(file: Path) -> bool:
    try:
        os.kill(int(file.read_text()), 0)
    except (OSError, ValueError):
        return False
    return True


@contextmanager
def installed(crontab: str) -> Iterator[None]:
    """The crontab as that of the user, whose own is put back afterwards."""
    tab = TABS / pwd.getpwuid(os.geteuid()).pw_name
    kept = tab.read_bytes() if tab.exists() else None
    TABS.mkdir(parents=True, exist_ok=True)
    try:
        tab.write_text(crontab)
        tab.chmod(0o600)
        yield
    finally:
        if kept is None:
            tab.unlink()
        else:
            tab.write_bytes(kept)


def by_cron(home: Path) -> None:
    """cron starts, runs what it runs as it starts, and is ended."""
    for mark in REBOOTED:
        mark.unlink(missing_ok=True)
    cron = subprocess.Popen([CRON, "-f"], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        printed(home)
    finally:
        cron.terminate()
        cron.wait(10)


def test_the_weekly_purchase_of_the_readme_happens_once_though_cron_runs_it_twice(
    server: Server, crontab: str, tmp_path: Path
) -> None:
    if os.environ.get("CI") != "true":  # it takes the place of the user's own crontab meanwhile
        pytest.skip("only where CI=true; else the line is run in cron's environment, see below")
    assert has_cron(), "no cron to run: install Debian's, and stop one that runs"
    before = {order.id for order in server.orders("dgt")}
    home, told = tmp_path / "home", []
    with installed(crontab):
        for _ in range(2):
            (home / "weekly-buy.json").unlink(missing_ok=True)
            by_cron(home)
            told.append(printed(home))
    check(server, before, told)


def test_the_weekly_purchase_happens_once_in_the_environment_of_cron(
    server: Server, crontab: str, tmp_path: Path
) -> None:
    before = {order.id for order in server.orders("dgt")}
    home, told = tmp_path / "home", []
    *variables, line = crontab.splitlines()
    env = dict(each.replace('""', "").split("=", 1) for each in variables)
    env |= {"SHELL": "/bin/sh", "LOGNAME": "somebody"}
    command = line.removeprefix("@reboot ").replace(r"\%", "%")
    for _ in range(2):
        ran = subprocess.run(
            ["/bin/sh", "-c", command], env=env, cwd=home, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")  # else cron would mail it
        told.append(printed(home))
    check(server, before, told)


def check(server: Server, before: set[str], told: list[dict[str, object]]) -> None:
    (order,) = bought(server, before)
    assert [each["id"] for each in told] == [order.id, order.id]
    assert [each["replayed"] for each in told] == [False, True]
    assert str(told[0]["once"]).startswith(f"weekly-{time.strftime('%G')}-W")
