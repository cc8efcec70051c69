import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

LoadTool = Callable[[str], ModuleType]

TOOL = Path(__file__).resolve().parents[2] / "tools" / "benchmark.py"


@pytest.fixture
def tool(load_tool: LoadTool, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The tool as a module, without its changes to the whole process."""
    module = load_tool("benchmark")
    monkeypatch.setattr(module, "tune_allocator", lambda: None)
    monkeypatch.setattr(module, "tune_threads", lambda: None)
    return module


@pytest.mark.parametrize(
    ("arguments", "reported"),
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
    reported: str,
) -> None:
    monkeypatch.setattr(sys, "argv", [str(TOOL), *arguments])
    with pytest.raises(SystemExit) as ended:
        tool.main()
    assert ended.value.code == 0
    assert reported in capsys.readouterr().out


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
