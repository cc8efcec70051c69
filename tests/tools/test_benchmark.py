import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

TOOL = Path(__file__).resolve().parents[2] / "tools" / "benchmark.py"


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The tool as a module, without its changes to the whole process."""
    spec = importlib.util.spec_from_file_location("benchmark_tool", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "tune_allocator", lambda: None)
    monkeypatch.setattr(module, "tune_threads", lambda: None)
    return module


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        pytest.param(["--help"], "examples:", id="tool"),
        pytest.param(["data", "--help"], "--input-shape H W", id="benchmark"),
    ],
)
def test_help(
    tool: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    told: str,
) -> None:
    monkeypatch.setattr(sys, "argv", [str(TOOL), *arguments])
    with pytest.raises(SystemExit) as ended:
        tool.main()
    assert ended.value.code == 0
    assert told in capsys.readouterr().out


def test_a_missing_folder_is_one_line(
    tool: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(sys, "argv", [str(TOOL), "data", "--images", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        tool.main()
    assert ended.value.code == 1
    assert capsys.readouterr().err == f"error: No .jpg files in {str(tmp_path)!r}.\n"
