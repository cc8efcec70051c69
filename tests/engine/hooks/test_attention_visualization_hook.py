from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from mmengine.registry import MODELS

from lanedet.engine import AttentionVisualizationHook
from lanedet.structures import LaneSample
from lanedet.visualization import ImageFolderBackend, LaneVisualizer


@pytest.fixture
def runner(model_config: dict[str, Any], tmp_path: Path) -> Any:
    """What the hook uses of a runner."""
    visualizer = LaneVisualizer(
        vis_backends=[{"type": ImageFolderBackend}], save_dir=str(tmp_path)
    )
    model = MODELS.build(model_config).eval()
    return SimpleNamespace(model=model, visualizer=visualizer, iter=0)


@pytest.fixture
def batch(runner: Any, tmp_path: Path) -> dict[str, Any]:
    """Two images of 64x128, the first black and the second white."""
    samples = []
    for number in range(2):
        path = tmp_path / f"{number}.png"
        cv2.imwrite(str(path), np.full((64, 128, 3), number * 255, np.uint8))
        view = runner.model.view((64, 128))
        sample = LaneSample(metainfo={"img_path": str(path), "view": view})
        sample.pred_lanes = [np.array([[64.0, 63.0], [64.0, 10.0]])]
        sample.pred_slots = [1]
        samples.append(sample)
    inputs = [torch.full((3, 32, 64), number * 255).byte() for number in range(2)]
    return {"inputs": inputs, "data_samples": samples}


def validate(hook: AttentionVisualizationHook, runner: Any, batch: Any) -> None:
    hook.before_val(runner)
    for number in range(3):
        hook.after_val_iter(runner, number, batch, batch["data_samples"])


def drawn(tmp_path: Path) -> list[Path]:
    return sorted(tmp_path.rglob("vis_image/**/*.png"))


def test_one_picture_a_validation(runner: Any, batch: Any, tmp_path: Path) -> None:
    hook = AttentionVisualizationHook()
    for iteration in (100, 200):
        runner.iter = iteration
        validate(hook, runner, batch)
    pictures = drawn(tmp_path)
    assert [path.name for path in pictures] == [
        "attention_100.png",
        "attention_200.png",
    ]
    picture = cv2.imread(str(pictures[0]), cv2.IMREAD_COLOR_RGB)
    assert picture.shape == (240, 5 * 480 + 4 * 4, 3)
    assert tuple(picture[200, 10]) == (0, 0, 0)  # the first image
    assert tuple(picture[200, 241]) == (230, 159, 0)  # and its lane


def test_every_other_validation(runner: Any, batch: Any, tmp_path: Path) -> None:
    hook = AttentionVisualizationHook(interval=2, stages=["E2"])
    for iteration in (1, 2, 3):
        runner.iter = iteration
        validate(hook, runner, batch)
    names = [path.name for path in drawn(tmp_path)]
    assert names == ["attention_1.png", "attention_3.png"]
    assert cv2.imread(str(drawn(tmp_path)[0])).shape == (240, 2 * 480 + 4, 3)


def test_it_leaves_the_model_as_it_was(runner: Any, batch: Any) -> None:
    before = {k: v.clone() for k, v in runner.model.state_dict().items()}
    validate(AttentionVisualizationHook(), runner, batch)
    after = runner.model.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_a_stage_that_is_not_there(runner: Any, batch: Any) -> None:
    with pytest.raises(ValueError, match=r"got \['E9'\]\. Its stages are \['E1'"):
        validate(AttentionVisualizationHook(stages=["E9"]), runner, batch)


def test_interval_is_positive() -> None:
    with pytest.raises(ValueError, match="interval must be at least 1, got 0"):
        AttentionVisualizationHook(interval=0)
