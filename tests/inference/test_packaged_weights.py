from pathlib import Path

import numpy as np
import pytest
import torch

from lanedet.inference import LaneInferencer, default_weights
from lanedet.models import load_weights
from lanedet.simulation import Drive
from lanedet.structures import LaneSample


def test_the_one_file_of_the_package(tmp_path: Path) -> None:
    (tmp_path / "README.md").touch()
    (tmp_path / "enet.safetensors").touch()
    assert default_weights(tmp_path) == tmp_path / "enet.safetensors"


@pytest.mark.parametrize("num_files", [0, 2])
def test_no_file_or_several(tmp_path: Path, num_files: int) -> None:
    for number in range(num_files):
        (tmp_path / "weights").mkdir(exist_ok=True)
        (tmp_path / "weights" / f"{number}.safetensors").touch()
    with pytest.raises(FileNotFoundError, match=f"no weights: .* {num_files}\\."):
        default_weights(tmp_path / "weights")


def test_trained_weights_find_the_same_lanes_in_their_evaluation_form() -> None:
    try:
        weights = default_weights()
    except FileNotFoundError:
        pytest.skip("this copy brings no weights")
    [(image, _)] = Drive(seed=0, num_frames=1, fps=25, shape=(360, 640))
    [found] = LaneInferencer(device="cpu").predict(image)
    detector = load_weights(weights)
    view = detector.view(image.shape[:2])
    inputs = torch.from_numpy(view.warp(image)).permute(2, 0, 1)
    samples = [LaneSample(metainfo={"view": view})]
    with torch.no_grad():
        [plain] = detector.test_step({"inputs": [inputs], "data_samples": samples})
    assert found.pred_lanes
    assert found.pred_slots == plain.pred_slots
    np.testing.assert_allclose(found.pred_scores, plain.pred_scores, atol=1e-4)
    for lane, expected in zip(found.pred_lanes, plain.pred_lanes, strict=True):
        np.testing.assert_allclose(lane, expected, atol=0.05)
