"""Every module of the package is there for somebody."""

import ast
from functools import cache
from pathlib import Path

from lanedet.cli.benchmark import BENCHMARKS
from lanedet.cli.main import COMMANDS

REPOSITORY = Path(__file__).resolve().parents[1]


def module_name(path: Path) -> str:
    parts = path.relative_to(REPOSITORY).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {
    module_name(path): path for path in sorted((REPOSITORY / "lanedet").rglob("*.py"))
}


@cache
def imported(path: Path) -> tuple[str, ...]:
    """Return the modules of the package that a file imports, also within functions."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            names.append(node.module)
        else:
            continue
        found += [name for name in names if name in MODULES]
    return tuple(found)


def reached(starts: set[str]) -> set[str]:
    """Return all modules that are imported when these are."""
    seen: set[str] = set()
    waiting = list(starts)
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        waiting += imported(MODULES[name])
        if "." in name:  # a module's packages are imported before it
            waiting.append(name.rpartition(".")[0])
    return seen


def test_every_module_is_imported_by_something() -> None:
    # Commands and benchmarks are imported by their names, lanedet's user object when
    # it is asked for.
    starts = {"lanedet", "lanedet.__main__", "lanedet.inference"}
    starts |= {f"lanedet.cli.{name}" for name in COMMANDS}
    starts |= {f"lanedet.benchmark.{name}" for name in BENCHMARKS}
    for folder in ("configs", "tools"):
        for path in (REPOSITORY / folder).rglob("*.py"):
            starts |= set(imported(path))
    assert len(MODULES) > 200
    assert sorted(MODULES.keys() - reached(starts)) == []


def test_a_module_that_nobody_imports_is_found() -> None:
    # Nothing below the commands knows them.
    assert "lanedet.cli.main" not in reached({"lanedet.video", "lanedet.engine"})
    assert "lanedet.arrays" in reached({"lanedet.ops"})
