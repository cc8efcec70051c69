"""The tool that packs weights: what it takes on its command line."""

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

TOOL = Path(__file__).resolve().parents[2] / "tools" / "pack_weights.py"

RunTool = Callable[..., int]


@pytest.fixture
def run_tool(monkeypatch: pytest.MonkeyPatch) -> RunTool:
    """Run the tool's main in this process and return its exit status."""
    monkeypatch.delenv("LANEDET_TRACEBACK", raising=False)
    spec = importlib.util.spec_from_file_location("pack_weights", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def run(*args: Path | str) -> int:
        monkeypatch.setattr(sys, "argv", ["pack_weights.py", *map(str, args)])
        try:
            module.main()
        except SystemExit as stop:
            return int(stop.code or 0)
        return 0

    return run


@pytest.mark.parametrize("option", ["--licence", "--data", "--notes"])
@pytest.mark.parametrize("text", ["MIT", ""])
def test_labels_without_a_file_to_write(
    option: str,
    text: str,
    run_tool: RunTool,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run_tool(tmp_path / "weights.safetensors", option, text) == 2
    assert "are for a file to write: give its name OUT" in capsys.readouterr().err


@pytest.mark.parametrize("options", [[], ["--licence", "MIT"], ["--data", "scenes"]])
def test_a_file_without_its_labels(
    options: list[str],
    run_tool: RunTool,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out.safetensors"
    assert run_tool(tmp_path / "weights.safetensors", out, *options) == 2
    assert "need --licence and --data" in capsys.readouterr().err
    assert not out.exists()
