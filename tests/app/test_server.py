import runpy
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).resolve().parents[2] / "tools" / "app.py"


def _run(monkeypatch: pytest.MonkeyPatch, *args: str) -> int:
    monkeypatch.setattr(sys, "argv", ["app.py", *args])
    # The tool and its server set these; this way they are as before afterwards.
    for name in ("GOMP_SPINCOUNT", "GRADIO_TEMP_DIR", "GRADIO_ANALYTICS_ENABLED"):
        monkeypatch.setenv(name, "3000")
    with pytest.raises(SystemExit) as stop:
        runpy.run_path(str(TOOL), run_name="__main__")
    return int(stop.value.code or 0)


def test_help_shows_examples(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(monkeypatch, "--help") == 0
    assert "examples:" in capsys.readouterr().out


def test_without_gradio_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "gradio", None)
    monkeypatch.delitem(sys.modules, "lanedet.app.page", raising=False)
    assert _run(monkeypatch, "--no-browser") == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("error: The page needs Gradio")
    assert "pip install 'lanedet[app]'" in line


def test_weights_that_are_not_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(monkeypatch, "--weights", "none.pth") == 1
    assert capsys.readouterr().err.startswith("error: No weights at 'none.pth'")
