"""The README says what is so: its commands, their output, its keys and its exit codes."""

from __future__ import annotations

import os
import re

import pytest
import readme

from exchcli.cli.tree import Leaf, Root
from exchcli.errors import Exit

TEXT = readme.README.read_text()


@pytest.mark.parametrize("block", readme.blocks(TEXT), ids=lambda block: block.split("\n")[0])
def test_a_command_prints_what_the_readme_shows(block: str) -> None:
    missing = readme.missing_tools(block)
    if missing and not os.environ.get("CI"):
        pytest.skip(f"needs {', '.join(missing)}")
    assert readme.run_block(block) == block


def test_the_keys_of_every_record_are_listed() -> None:
    assert readme.record_table() in TEXT


def test_every_exit_code_is_listed_and_no_other() -> None:
    listed = re.findall(r"^\| ([0-9]+) \|", TEXT, re.MULTILINE)
    assert [int(code) for code in listed] == [int(code) for code in Exit]


def test_every_command_has_help_and_a_place_in_the_readme() -> None:
    root = Root()
    for exchange in ("dgt", "dfx"):
        group = root.make(exchange)
        assert group is not None
        for name in group.names():  # type: ignore[attr-defined]
            assert f"`{name}" in TEXT, f"exch {exchange} {name}"
            command = group.make(name)  # type: ignore[attr-defined]
            assert command is not None
            assert command.help
            if isinstance(command, Leaf):
                assert all(param.help for param in command.params), name


def test_every_variable_that_exch_reads_is_listed() -> None:
    package = readme.README.parent / "exchcli"
    read = {
        name
        for file in package.rglob("*.py")
        for name in re.findall(r"\bEXCH_[A-Z_]+\b", file.read_text())
    }
    later = {"EXCH_DFX_STREAM_URL"}
    assert {name for name in read if f"`{name}" not in TEXT} <= later


def test_both_commands_of_the_readme_are_the_ones_that_ci_runs() -> None:
    ci = (readme.README.parent / ".ci" / "run").read_text()
    shell = re.findall(r"^```sh\n(.*?)\n```$", TEXT, re.DOTALL | re.MULTILINE)
    assert len(shell) == 2
    for command in shell:
        assert command in ci
