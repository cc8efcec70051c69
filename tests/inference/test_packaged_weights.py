from pathlib import Path

import numpy as np
import pytest
import torch

from lanedet.formats.models import MODEL_KEY, ModelMetadata, read_onnx_metadata
from lanedet.inference import (
    LaneInferencer,
    default_weights,
    packaged_model,
    packaged_weights,
)
from lanedet.models import load_weights, read_checkpoint
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


def test_trained_weights_find_the_same_lanes_when_fused() -> None:
    try:
        weights = default_weights()
    except FileNotFoundError:
        pytest.skip("this copy brings no weights")
    [(image, _)] = Drive(seed=0, num_frames=1, fps=25, shape=(360, 640))
    [found] = LaneInferencer(weights, device="cpu").predict(image)
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


def _folder(tmp_path: Path, *names: str) -> Path:
    for name in names:
        (tmp_path / name).touch()
    return tmp_path


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Names of what counts as installed; ``a GPU`` may be among them."""
    names = {"torch", "onnxruntime"}
    monkeypatch.setattr(packaged_weights, "is_installed", names.__contains__)
    monkeypatch.setattr(packaged_weights, "sees_gpu", lambda: "a GPU" in names)
    return names


def test_the_exported_model_is_chosen_where_it_can_run(
    tmp_path: Path, installed: set[str]
) -> None:
    folder = _folder(tmp_path, "enet.safetensors", "enet.onnx")
    weights, exported = folder / "enet.safetensors", folder / "enet.onnx"
    assert packaged_model(folder=folder) == exported
    assert packaged_model(device="cpu", folder=folder) == exported
    assert packaged_model(device="cuda:0", folder=folder) == weights
    assert packaged_model("torch", folder=folder) == weights
    assert packaged_model("openvino", folder=folder) == exported
    installed.add("a GPU")
    assert packaged_model(folder=folder) == weights
    assert packaged_model(device="cpu", folder=folder) == exported
    installed.remove("torch")
    assert packaged_model(folder=folder) == exported
    installed.add("torch")
    installed.remove("onnxruntime")
    assert packaged_model(device="cpu", folder=folder) == weights


def test_weights_are_chosen_where_nothing_was_exported(
    tmp_path: Path, installed: set[str]
) -> None:
    folder = _folder(tmp_path, "enet.safetensors")
    assert packaged_model(folder=folder) == folder / "enet.safetensors"


def test_the_exported_model_is_that_of_the_weights() -> None:
    weights = default_weights()
    exported = weights.with_suffix(".onnx")
    read = ModelMetadata.read(read_onnx_metadata(exported), exported)
    meta = read_checkpoint(weights)["meta"]
    assert read.description == meta.pop(MODEL_KEY)
    assert read.provenance == meta
    assert exported.stat().st_size < 4e6
    pytest.importorskip("onnxruntime", reason="needs the extra onnx")
    drive = Drive(seed=0, num_frames=3, fps=25, shape=(360, 640))
    images = [image for image, _ in drive]
    inferencer = LaneInferencer(exported, runtime="onnxruntime", device="cpu")
    expected = LaneInferencer(weights, device="cpu").predict(images)
    differences = []
    for sample, other in zip(inferencer.predict(images), expected, strict=True):
        assert sample.pred_slots == other.pred_slots
        assert sample.pred_lanes
        for lane, other_lane in zip(sample.pred_lanes, other.pred_lanes, strict=True):
            ys = lane[:, 1][(lane[:, 1] >= other_lane[-1, 1])]
            xs = np.interp(ys, lane[::-1, 1], lane[::-1, 0])
            other_xs = np.interp(ys, other_lane[::-1, 1], other_lane[::-1, 0])
            differences.append(np.abs(xs - other_xs))
    # It computes with float16.
    assert np.quantile(np.concatenate(differences), 0.99) < 0.5
