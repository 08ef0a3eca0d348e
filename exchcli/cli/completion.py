"""Completion by TAB: prints the script of a shell and tells how to install it."""

import sys

from exchcli import output
from exchcli.cli.registry import Group

group = Group(
    "completion",
    """Completion by TAB, for bash, zsh and fish.

\b
bash, with the package bash-completion (most systems have it):
  mkdir -p ~/.local/share/bash-completion/completions
  exch completion bash > ~/.local/share/bash-completion/completions/exch

\b
bash, without it:
  exch completion bash > ~/.exch-completion.bash
  echo '. ~/.exch-completion.bash' >> ~/.bashrc

\b
zsh (the last two lines once, and above any compinit of your own):
  mkdir -p ~/.zfunc && exch completion zsh > ~/.zfunc/_exch
  echo 'fpath=(~/.zfunc $fpath)' >> ~/.zshrc
  echo 'autoload -Uz compinit && compinit' >> ~/.zshrc

\b
fish:
  mkdir -p ~/.config/fish/completions
  exch completion fish > ~/.config/fish/completions/exch.fish

A shell that is started afterwards completes; after an update of exch, print the script again.
Symbols are completed from the list that the last command has fetched: TAB asks no exchange.""",
)


@group.command()
def bash() -> None:
    """Print the completion script for bash."""
    _print("bash")


@group.command()
def zsh() -> None:
    """Print the completion script for zsh."""
    _print("zsh")


@group.command()
def fish() -> None:
    """Print the completion script for fish."""
    _print("fish")


def _print(shell: str) -> None:
    from exchcli.cli.shells import script

    output.write(sys.stdout, script(shell))
