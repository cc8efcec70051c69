from pathlib import Path

import numpy as np
import pytest
import torch

from lanedet.inference import LaneInferencer
from lanedet.models import build_model, load_weights, save_weights
from lanedet.structures import LaneSample

# A quarter of the usual input, so that the tests are quick.
DESCRIPTION = {
    "type": "LaneDetector",
    "backbone": {"type": "ENet"},
    "head": {
        "type": "LaneSegmentationHead",
        "num_lanes": 6,
        "seg_stage": "D2",
        "classifier": {"type": "TransposedConvClassifier", "in_channels": 16},
        "existence_branch": {
            "type": "ExistenceBranch",
            "stage": "E4",
            "in_channels": 128,
            "input_shape": [96, 160],
        },
        # An untrained network is sure of nothing: let everything through.
        "decoder": {
            "type": "LaneDecoder",
            "threshold": 0.01,
            "existence_threshold": 0.0,
            "smoothing": 1,
        },
    },
    "view": {"type": "LetterboxView", "input_shape": [96, 160]},
}


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "weights.safetensors"
    save_weights(path, DESCRIPTION, build_model(DESCRIPTION).state_dict(), {})
    return path


@pytest.fixture(scope="module")
def inferencer(weights: Path) -> LaneInferencer:
    return LaneInferencer(weights, device="cpu")


def _image(height: int, width: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)


def _assert_same(sample: LaneSample, other: LaneSample) -> None:
    assert sample.pred_slots == other.pred_slots
    for lane, other_lane in zip(sample.pred_lanes, other.pred_lanes, strict=True):
        np.testing.assert_allclose(lane, other_lane, atol=1e-2)


def test_it_predicts_what_the_detector_predicts(weights: Path, inferencer) -> None:
    image = _image(270, 480)
    detector = load_weights(weights)
    view = detector.view((270, 480))
    sample = LaneSample(metainfo={"ori_shape": (270, 480), "view": view})
    inputs = [torch.from_numpy(view.warp(image).transpose(2, 0, 1).copy())]
    with torch.no_grad():
        [expected] = detector.test_step({"inputs": inputs, "data_samples": [sample]})
    [predicted] = inferencer.predict([image])
    assert expected.pred_lanes
    _assert_same(predicted, expected)


def test_images_of_several_sizes_go_in_one_batch(inferencer) -> None:
    images = [_image(270, 480), _image(200, 300, 1), _image(96, 160, 2)]
    together = inferencer.predict(images)
    for image, sample in zip(images, together, strict=True):
        assert sample.ori_shape == image.shape[:2]
        _assert_same(sample, inferencer.predict([image])[0])
        for lane in sample.pred_lanes:
            assert lane[:, 1].max() > image.shape[0] * 0.9  # original pixels
            assert lane[:, 1].max() < image.shape[0]


def test_what_a_prediction_holds(inferencer) -> None:
    [sample] = inferencer.predict([_image(270, 480)])
    assert len(sample.pred_lanes) == len(sample.pred_scores) == len(sample.pred_slots)
    assert all(0 <= score <= 1 for score in sample.pred_scores)
    assert set(sample.pred_slots) <= set(range(inferencer.num_slots))


def test_no_images_no_samples(inferencer) -> None:
    assert inferencer.predict([]) == []


def test_turned_and_cut_images_are_accepted(inferencer) -> None:
    image = _image(270, 480)
    _assert_same(
        inferencer.predict([image[::2, ::2, ::-1]])[0],
        inferencer.predict([image[::2, ::2, ::-1].copy()])[0],
    )


@pytest.mark.parametrize(
    "image", [np.zeros((9, 9), np.uint8), np.zeros((9, 9, 3))], ids=["grey", "float"]
)
def test_images_of_another_kind(inferencer, image: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"Images must be \(H, W, 3\) uint8, got"):
        inferencer.predict([image])


def test_missing_weights(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"none\.safetensors"):
        LaneInferencer(tmp_path / "none.safetensors", device="cpu")


@pytest.mark.parametrize("device", ["gpu", "cuda:99"])
def test_a_device_that_is_not_there(weights: Path, device: str) -> None:
    with pytest.raises(ValueError, match=f"no device '{device}' here"):
        LaneInferencer(weights, device)


def test_the_device_is_chosen(weights: Path) -> None:
    wanted = "cuda" if torch.cuda.is_available() else "cpu"
    assert LaneInferencer(weights).device.type == wanted


def test_attention_comes_with_the_same_lanes(inferencer) -> None:
    image = _image(270, 480)
    sample, energies = inferencer.attention(image)
    _assert_same(sample, inferencer.predict([image])[0])
    assert {stage: tuple(energy.shape) for stage, energy in energies.items()} == {
        "E1": (24, 40),
        "E2": (12, 20),
        "E3": (12, 20),
        "E4": (12, 20),
    }
    assert all((energy >= 0).all() for energy in energies.values())


def test_attention_is_the_energy_of_the_stages(weights: Path, inferencer) -> None:
    image = _image(270, 480)
    detector = load_weights(weights)
    inputs = torch.from_numpy(detector.view((270, 480)).warp(image)).permute(2, 0, 1)
    with torch.no_grad():
        batch = detector.data_preprocessor({"inputs": [inputs]})["inputs"]
        features = detector.extract_features(batch)
    _, energies = inferencer.attention(image, ["E3", "D1"])
    assert list(energies) == ["E3", "D1"]
    for stage, energy in energies.items():
        expected = features[stage][0].square().sum(dim=0)
        torch.testing.assert_close(energy, expected, rtol=1e-3, atol=1e-3)


def test_attention_of_a_stage_that_is_not_there(inferencer) -> None:
    with pytest.raises(ValueError, match=r"got \['E9'\]\. Its stages are \['E1'"):
        inferencer.attention(_image(270, 480), ["E1", "E9"])
