"""The command that publishes weights: what it takes on its command line."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType

import pytest

LoadTool = Callable[[str], ModuleType]
RunMain = Callable[..., int]


@pytest.fixture
def run_tool(load_tool: LoadTool, run_main: RunMain) -> RunMain:
    """Run the tool's main in this process and return its exit status."""
    return partial(run_main, load_tool("weights"))


@pytest.mark.parametrize("option", ["--licence", "--data", "--notes"])
@pytest.mark.parametrize("text", ["MIT", ""])
def test_labels_without_a_file_to_write(
    option: str,
    text: str,
    run_tool: RunMain,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run_tool(tmp_path / "weights.safetensors", option, text) == 2
    assert "are for a file to write: give its name OUT" in capsys.readouterr().err


@pytest.mark.parametrize("options", [[], ["--licence", "MIT"], ["--data", "scenes"]])
def test_a_file_without_its_labels(
    options: list[str],
    run_tool: RunMain,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out.safetensors"
    assert run_tool(tmp_path / "weights.safetensors", out, *options) == 2
    assert "need --licence and --data" in capsys.readouterr().err
    assert not out.exists()
