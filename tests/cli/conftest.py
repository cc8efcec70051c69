"""Tools as modules, run in the process of the tests."""

import importlib
import importlib.util
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from lanedet.cli.main import COMMANDS

TOOLS = Path(__file__).resolve().parents[2] / "tools"


@pytest.fixture(scope="session")
def load_tool() -> Callable[[str], ModuleType]:
    """Return the module of a command, or of a tool that is none, by its name."""

    def load(name: str) -> ModuleType:
        path = TOOLS / f"{name}.py"
        if not path.is_file() or name in COMMANDS:
            return importlib.import_module(f"lanedet.cli.{name}")
        spec = importlib.util.spec_from_file_location(f"{name}_tool", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


@pytest.fixture
def run_main(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Run a tool's main with arguments and return its exit status."""
    # Tools set it; this way it is as before when the test ends.
    monkeypatch.setenv("GOMP_SPINCOUNT", os.environ.get("GOMP_SPINCOUNT", "3000"))
    for name in ("LANEDET_TRACEBACK", "LOCAL_RANK"):
        monkeypatch.delenv(name, raising=False)

    def run(tool: ModuleType, *args: Path | str) -> int:
        monkeypatch.setattr(sys, "argv", [str(tool.__file__), *map(str, args)])
        try:
            tool.main()
        except SystemExit as stop:
            return int(stop.code or 0)
        return 0

    return run
