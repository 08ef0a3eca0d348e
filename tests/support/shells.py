"""Shells in which TAB is pressed: bash and zsh in a terminal of their own, fish by `complete -C`.

`SHELL.offers(line)` is what TAB offers at the end of the line, `SHELL.described(line)` the same
with the descriptions, and in a terminal `SHELL.after_tab(line)` the line that TAB makes of it.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

COMPLETIONS = Path(__file__).parents[2] / "completions"
PATIENCE = 20
# An interactive shell wants the terminal for its own.
IN_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execvp(sys.argv[1], sys.argv[1:])
"""
# Ctrl-G writes down the command line and what was offered, and empties both.
BASH = r"""
bind 'set bell-style none'
source '{script}'
spied() {{ _exch "$@"; offered=("${{COMPREPLY[@]}}"); }}
complete -F spied exch
report() {{
    printf '%s\n' "$READLINE_LINE" "${{offered[@]}}" > '{report}'
    READLINE_LINE= READLINE_POINT=0 offered=()
    printf '\n%s%s\n' DO NE
}}
bind -x '"\C-g": report'
printf '\n%s%s\n' DO NE
"""
ZSH = r"""
unsetopt auto_list auto_menu beep
fpath=('{folder}' $fpath)
autoload -Uz compinit && compinit -u -D
compadd() {{
    local -a found
    # With -A, -D and -O it adds nothing, but is asked what would match.
    if [[ ${{@[1,(i)(-|--)]}} != *-(A|D|O)\ * ]]; then
        builtin compadd -A found "$@"
        offered+=($found)
    fi
    builtin compadd "$@"
}}
report() {{
    print -rl -- "$BUFFER" $offered > '{report}'
    BUFFER= offered=()
    print -r -- DO''NE
}}
zle -N report
bindkey '^G' report
bindkey '^I' complete-word
offered=()
print -r -- DO''NE
"""
FISH = r"""
source '{script}'
while read -l line
    complete -C "$line"
    echo DONE
end
"""


class Terminal:
    """bash or zsh with a user at its terminal."""

    def __init__(self, shell: str, folder: Path, env: dict[str, str]) -> None:
        self.shell = shell
        self.report = folder / f"{shell}.report"
        setup = folder / f"setup.{shell}"
        script = COMPLETIONS / "exch.bash"
        text = BASH if shell == "bash" else ZSH
        setup.write_text(text.format(script=script, folder=COMPLETIONS, report=self.report))
        alone = ["--norc", "--noprofile"] if shell == "bash" else ["-f"]
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 60, 200, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-c", IN_TERMINAL, shell, *alone, "-i"],
            stdin=slave, stdout=slave, stderr=slave, env=env, cwd=folder,
            start_new_session=True,
        )  # fmt: skip
        os.close(slave)
        self.type(f"source '{setup}'\r", until="DONE")

    def type(self, keys: str, until: str) -> str:
        """Types, waits until the screen shows a text, and returns what it showed."""
        os.write(self.master, keys.encode())
        screen = ""
        deadline = time.monotonic() + PATIENCE
        while until not in screen:
            left = deadline - time.monotonic()
            ready, _, _ = select.select([self.master], [], [], max(left, 0))
            assert ready, f"{self.shell} does not show {until!r} but {screen!r}"
            screen += os.read(self.master, 65536).decode(errors="replace")
        return screen

    def press_tab(self, line: str) -> tuple[str, list[str]]:
        self.type(f"{line}\t\x07", until="DONE")
        after, *offered = self.report.read_text().splitlines()
        return after, [name for name in offered if name]

    def after_tab(self, line: str) -> str:
        return self.press_tab(line)[0]

    def offers(self, line: str) -> set[str]:
        return {_bare(name.strip()) for name in self.press_tab(line)[1]}

    def described(self, line: str) -> dict[str, str]:
        """What zsh lists under the command line, made of `NAME  -- DESCRIPTION`."""
        self.type("setopt auto_list; print DO''NE\r", until="DONE")
        screen = self.type(f"{line}\t\x07", until="DONE")
        self.type("unsetopt auto_list; print DO''NE\r", until="DONE")
        plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen)
        return dict(re.findall(r"^(\S+) +-- (.*?)\s*(?:\r|$)", plain, re.MULTILINE))

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.master)


class Fish:
    """fish, which tells what it would offer."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        setup = folder / "setup.fish"
        setup.write_text(FISH.format(script=COMPLETIONS / "exch.fish"))
        self.process = subprocess.Popen(
            ["fish", "--no-config", str(setup)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, env=env, cwd=folder,
        )  # fmt: skip

    def described(self, line: str) -> dict[str, str]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        found = {}
        while (said := self.process.stdout.readline().rstrip("\n")) != "DONE":
            assert self.process.poll() is None, f"fish ended: {said}"
            name, _, description = said.partition("\t")
            found[_bare(name)] = description
        return found

    def offers(self, line: str) -> set[str]:
        return set(self.described(line))

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


def _bare(name: str) -> str:
    """The value alone: after `--output=` some shells name the option again, and some do not."""
    return re.sub(r"^--[a-z-]+=", "", name)


def start(shell: str, folder: Path, env: dict[str, str]) -> Terminal | Fish:
    return Fish(folder, env) if shell == "fish" else Terminal(shell, folder, env)
