"""The tool that runs ablations: what it writes once all is trained."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import pytest
import torch

from lanedet import ablation
from lanedet.engine import source_commit
from lanedet.models import build_model, describe_model, save_weights

LoadTool = Callable[[str], ModuleType]

ROOT = Path(__file__).resolve().parents[2]
TOOL = ROOT / "tools" / "ablate.py"


@pytest.fixture
def tool(load_tool: LoadTool, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The tool as a module, without its changes to the whole process."""
    module = load_tool("ablate")
    monkeypatch.setattr(module, "tune_allocator", lambda: None)
    monkeypatch.setattr(module, "tune_threads", lambda: None)
    return module


def test_a_table_and_a_picture_of_the_first_test_image(
    tool: ModuleType,
    model_config: dict[str, Any],
    scenes_root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    torch.manual_seed(0)
    description = describe_model(model_config)
    weights = tmp_path / "weights.safetensors"
    save_weights(weights, description, build_model(description).state_dict(), {})
    run = {
        "metrics": {f"tusimple/{name}": 0.5 for name in ("accuracy", "fp", "fn")},
        "loss_ratio": None,
        "gradient_share": {},
        "own_entropy": {},
        "entropy": {"E1": 0.9},
        "map_distance": {"E2-E3": 0.01},
        "checkpoint": str(weights),
    }
    results = {"plain": [run], "SAD": [run | {"loss_ratio": 0.25}]}
    monkeypatch.setattr(ablation, "run_ablation", lambda *_: results)
    monkeypatch.setattr(ablation, "checkpoint_before", lambda _: weights)
    out = tmp_path / "out"
    out.mkdir()
    options = ["--data-root", str(scenes_root), "--out", str(out), "--seeds", "1"]
    config = str(ROOT / "configs/ablation/sad.py")
    monkeypatch.setattr(sys, "argv", [str(TOOL), config, *options])
    tool.main()
    table = (out / "table.md").read_text()
    assert "| SAD | 50.00 | +0.00 |" in table
    assert source_commit() in table
    assert table.startswith("`lanedet ablate ")
    assert "--seeds 1" in table
    # Three rows of tiles: before, plain and SAD. Each has the image and the four
    # stages of the encoder.
    height, width = cv2.imread(str(out / "attention.png")).shape[:2]
    assert height > 3 * 120
    assert width > 5 * 240


def test_the_counts_must_be_positive(
    tool: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", [str(TOOL), "config.py", "--jobs", "0"])
    with pytest.raises(SystemExit):
        tool.main()
    assert "at least 1" in capsys.readouterr().err
