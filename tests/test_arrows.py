"""Imports point down: a floor knows those below it, and nothing of those above."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "exchcli"
GROUND = {"errors", "money", "records", "times", "names"}
MAY_IMPORT = {
    "cli": {"execution", "exchanges", "core", "output", "sandbox", "config", "state", *GROUND},
    "execution": {"exchanges", "core", "state", "config", *GROUND},
    "exchanges": {"core", "state", "config", *GROUND},
    "core": {"state", "config", *GROUND},
    "output": GROUND,
    "sandbox": GROUND,
    "config": {"state", *GROUND},
    "state": {"names", *GROUND},
    "records": set(),
    "names": set(),
    "errors": set(),
    "money": {"errors"},
    "times": {"errors"},
    "__main__": {"cli", "names"},
}
HEAVY = {
    "httpx": {"core", "sandbox"},
    "httpcore": {"core"},
    "rich": {"output"},
    "typer": {"cli"},
    "platformdirs": {"names", "state"},
    "tomllib": {"config", "cli"},
    "tomli_w": {"config"},
    "keyring": {"core"},
    "secretstorage": {"core"},
    "starlette": {"sandbox"},
    "uvicorn": {"sandbox"},
}


def imports(file: Path) -> set[str]:
    """Every module that a file imports, wherever in it, written out."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file.name} imports relatively"
            found.add(node.module or "")
            if node.module == "exchcli":
                found |= {f"exchcli.{alias.name}" for alias in node.names}
    return found


def floor(file: Path) -> str:
    """The folder or the module of the package that a file belongs to."""
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


FILES = sorted(file for file in PACKAGE.rglob("*.py") if file != PACKAGE / "__init__.py")


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_imports_only_point_down(file: Path) -> None:
    here = floor(file)
    for name in imports(file):
        parts = name.split(".")
        if parts[0] == "exchcli" and len(parts) > 1 and parts[1] not in (here, "__version__"):
            assert parts[1] in MAY_IMPORT[here], f"{here} imports {name}"
        if parts[0] in HEAVY:
            assert here in HEAVY[parts[0]], f"{here} imports {name}"


def test_only_the_server_imports_what_it_is_served_with() -> None:
    server = PACKAGE / "sandbox" / "server"
    for file in FILES:
        if file.parent != server:
            assert not imports(file) & {"starlette", "uvicorn"}, file
    light = ("faults", "faulty", "live", "log", "views")
    names = {name.split(".")[0] for word in light for name in imports(server / f"{word}.py")}
    assert not names & {"starlette", "uvicorn", "asyncio"}


def test_every_dependency_is_used() -> None:
    import tomllib

    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text())["project"]
    names = {line.split(">")[0].split("=")[0].replace("-", "_") for line in project["dependencies"]}
    used = {name.split(".")[0] for file in FILES for name in imports(file)}
    assert names <= used
