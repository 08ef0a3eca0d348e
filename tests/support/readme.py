"""README.md's command blocks and tables: `python tests/support/readme.py` writes them anew.

A `console` block is run line by line in a terminal 80 columns wide, in a home of its own, with
the sandbox's clock stopped at the moment of a ticker in DigiFinex's document.
"""

from __future__ import annotations

import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from fcntl import ioctl
from pathlib import Path
from termios import TIOCSWINSZ

from exchcli import records

README = Path(__file__).parents[2] / "README.md"
CLOCK = "2020-05-19T07:44:54Z"
RECORDING = """time,id,side,price,amount
2023-02-02T00:00:00Z,1206419187,buy,1666.8,26.062
2023-02-02T00:00:21Z,1206419188,sell,1666.79,0.152
2023-02-02T00:01:40Z,1206419189,buy,1667.3,0.018
"""
_BLOCK = re.compile(r"(?<=^```console\n).*?(?=^```$)", re.DOTALL | re.MULTILINE)
_RECORDS = re.compile(
    r"(?<=<!-- generated: records -->\n).*?(?=<!-- end -->)", re.DOTALL | re.MULTILINE
)


def blocks(text: str) -> list[str]:
    """The content of every console block."""
    return _BLOCK.findall(text)


def commands(block: str) -> Iterator[str]:
    """The commands of a block: the lines behind its `$ ` prompts."""
    for line in block.splitlines():
        if line.startswith("$ "):
            yield line[2:]


def run_block(block: str) -> str:
    """The block with the output that its commands have now."""
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        (home / "eth_usdt-trades.csv").write_text(RECORDING)
        parts = [f"$ {command}\n{run(command, home)}" for command in commands(block)]
    return "".join(parts)


def run(command: str, home: Path) -> str:
    """What a shell command prints in a terminal, its home folder shown as `~`."""
    binaries = Path(sys.executable).parent
    environment = {
        "PATH": f"{binaries}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(home),
        "TERM": "xterm",
        "LC_ALL": "C.UTF-8",
        "NO_COLOR": "1",
        "EXCH_SANDBOX_CLOCK": CLOCK,
    }
    reading, terminal = pty.openpty()
    ioctl(terminal, TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = subprocess.Popen(
        ["/bin/bash", "-c", command],
        cwd=home, env=environment, stdin=terminal, stdout=terminal, stderr=terminal,
    )  # fmt: skip
    os.close(terminal)
    printed = b""
    while True:
        try:
            part = os.read(reading, 65536)
        except OSError:  # the last one at the terminal has gone
            break
        if not part:
            break
        printed += part
    process.wait()
    os.close(reading)
    text = printed.decode().replace("\r\n", "\n").replace(str(home), "~")
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n" if text else ""


def record_table() -> str:
    """The keys of every record that a command shows."""
    rows = ["| record | keys |", "| --- | --- |"]
    for name, record in vars(records).items():
        if (
            isinstance(record, type)
            and issubclass(record, tuple)
            and record.__module__ == records.__name__
            and record not in records.NOT_SHOWN
        ):
            keys = " ".join(f"`{key}`" for key in record._fields)  # type: ignore[attr-defined]
            spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()
            rows.append(f"| {spaced} | {keys} |")
    return "\n".join(rows) + "\n"


def missing_tools(block: str) -> list[str]:
    """The programs that a block needs beside exch and this machine does not have."""
    return [tool for tool in ("jq",) if f"{tool} " in block and not shutil.which(tool)]


def rewritten(text: str) -> str:
    """The page with all that is generated in it made anew."""
    text = _RECORDS.sub(lambda _found: record_table(), text)
    return _BLOCK.sub(lambda found: run_block(found.group()), text)


if __name__ == "__main__":
    README.write_text(rewritten(README.read_text()))
