"""The completion scripts: the command tree written down in each shell's language.

places.py               what can be typed where, from the tree
bash.py zsh.py fish.py  that as a script
"""

from __future__ import annotations

from importlib import import_module

SHELLS = {"bash": "exch.bash", "zsh": "_exch", "fish": "exch.fish"}


def script(shell: str) -> str:
    """The script for one of SHELLS, which names its file in the folder `completions`."""
    text = import_module(f"exchcli.cli.shells.{shell}").script()
    assert isinstance(text, str)
    return text


def filled(template: str, parts: dict[str, str]) -> str:
    """The template with every `@NAME@` replaced."""
    for name, part in parts.items():
        template = template.replace(f"@{name}@", part)
    return template
