import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import exports
import numpy as np
import pytest
import torch
from mmengine.config import Config

from lanedet import models, ops
from lanedet.images import write_image
from lanedet.inference import LaneInferencer, draw_detector_attention
from lanedet.models import build_model, load_weights, save_weights
from lanedet.structures import LaneSample

# A quarter of the usual input and few blocks, so that the tests are quick.
DESCRIPTION = {
    "type": "LaneDetector",
    "backbone": {"type": "ShortENet"},
    "head": {
        "type": "LaneSegmentationHead",
        "num_lanes": 6,
        "seg_stage": "D2",
        "classifier": {"type": "TransposedConvClassifier"},
        "existence_branch": {"type": "ExistenceBranch", "stage": "E4"},
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
    assert predicted.pred_names == expected.pred_names
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
    names = ["left 3", "left 2", "ego left", "ego right", "right 2", "right 3"]
    assert sample.pred_names == [names[slot] for slot in sample.pred_slots]
    assert "img_path" not in sample


def test_no_images_no_samples(inferencer) -> None:
    assert inferencer.predict([]) == []


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("images")
    for seed, name in enumerate(["b.png", "a.png", "deep/c.png"]):
        write_image(folder / name, _image(96, 160, seed))
    return folder


def _names(samples: list[LaneSample], folder: Path) -> list[str]:
    return [Path(s.img_path).relative_to(folder).as_posix() for s in samples]


def test_files_folders_and_patterns(inferencer, folder: Path) -> None:
    [alone] = inferencer(folder / "b.png")
    _assert_same(alone, inferencer.predict(_image(96, 160, 0))[0])
    [of_pattern] = inferencer(f"{folder}/b*")
    _assert_same(of_pattern, alone)
    everything = inferencer(str(folder))
    assert _names(everything, folder) == ["a.png", "b.png", "deep/c.png"]
    _assert_same(everything[1], alone)


def test_a_list_of_anything(inferencer, folder: Path) -> None:
    image = _image(96, 160, 7)
    samples = inferencer.predict([folder / "deep", image, f"{folder}/*.png"])
    assert _names([s for s in samples if "img_path" in s], folder) == [
        "deep/c.png",
        "a.png",
        "b.png",
    ]
    _assert_same(samples[1], inferencer.predict(image)[0])


def test_a_stream_takes_no_more_images_than_it_needs(inferencer) -> None:
    taken = []

    def images() -> Iterator[np.ndarray]:
        for number in range(100):
            taken.append(number)
            yield _image(96, 160, number)

    samples = inferencer.stream(images(), batch_size=2)
    for _ in range(3):
        next(samples)
    assert len(taken) == 4


def test_a_bar_for_many_images(inferencer, capsys: pytest.CaptureFixture[str]) -> None:
    image = _image(96, 160)
    inferencer.predict([image] * 49)
    inferencer.predict([image] * 50, progress=False)
    assert capsys.readouterr().err == ""
    inferencer.predict([image] * 50)
    assert "50/50" in capsys.readouterr().err


def test_nothing_at_the_path(inferencer, folder: Path) -> None:
    with pytest.raises(FileNotFoundError, match="No image or folder at"):
        inferencer.predict(folder / "none.png")
    with pytest.raises(FileNotFoundError, match="No images in"):
        inferencer.predict(folder / "*.tif")


def test_a_file_that_is_no_image(inferencer, tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8 no more")
    with pytest.raises(ValueError, match=r"broken\.jpg.*open_source.*leaves out"):
        inferencer.predict(tmp_path)


def test_a_batch_of_none(inferencer) -> None:
    with pytest.raises(ValueError, match="batch_size must be at least 1, got 0"):
        inferencer.predict(_image(96, 160), batch_size=0)


def test_a_shape_far_from_the_networks_is_said_once(weights: Path) -> None:
    inferencer = LaneInferencer(weights, device="cpu")
    portrait = _image(160, 90)
    with pytest.warns(UserWarning, match="90x160 is far from .* 66% of the input"):
        inferencer.predict([portrait, portrait])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # Known by now, and shapes that cameras have.
        for image in (portrait, _image(90, 160), _image(90, 120), _image(60, 180)):
            inferencer.predict(image)
    with pytest.warns(UserWarning, match="400x90 is far"):
        inferencer.predict(_image(90, 400))


@pytest.mark.parametrize(
    "way_in",
    [
        pytest.param(lambda inferencer, image: inferencer(image), id="call"),
        pytest.param(lambda inferencer, image: inferencer.predict(image), id="predict"),
        pytest.param(
            lambda inferencer, image: [*inferencer.stream(image)], id="stream"
        ),
        pytest.param(
            lambda inferencer, image: inferencer.attention(image), id="attention"
        ),
        pytest.param(
            lambda inferencer, image: draw_detector_attention(image, {"": inferencer}),
            id="drawn",
        ),
    ],
)
def test_a_warning_names_the_line_of_the_caller(
    weights: Path, way_in: Callable[[LaneInferencer, np.ndarray], object]
) -> None:
    inferencer = LaneInferencer(weights, device="cpu")
    with pytest.warns(UserWarning, match="90x160 is far") as reported:
        way_in(inferencer, _image(160, 90))
    [warning] = reported
    assert (warning.filename, warning.lineno) == (
        __file__,
        way_in.__code__.co_firstlineno,
    )


def test_turned_and_cut_images_are_accepted(inferencer) -> None:
    image = _image(270, 480)
    _assert_same(
        inferencer.predict([image[::2, ::2, ::-1]])[0],
        inferencer.predict([image[::2, ::2, ::-1].copy()])[0],
    )


@pytest.mark.parametrize(
    ("image", "hint"),
    [
        pytest.param(np.zeros((9, 9), np.uint8), "grey: np.dstack", id="grey"),
        pytest.param(np.zeros((9, 9, 4), np.uint8), r"image\[\.\.\., :3\]", id="RGBA"),
        pytest.param(np.zeros((3, 9, 9), np.uint8), "moveaxis", id="channels first"),
        pytest.param(np.zeros((9, 9, 3)), r"to \[0, 255\]", id="float"),
        pytest.param(np.zeros((0, 9, 3), np.uint8), "It is empty", id="empty"),
    ],
)
def test_images_of_another_kind(inferencer, image: np.ndarray, hint: str) -> None:
    message = rf"Images must be \(H, W, 3\) uint8, got \(.*{hint}"
    with pytest.raises(ValueError, match=message):
        inferencer.predict([image])


@pytest.mark.parametrize("image", [None, torch.zeros(3, 9, 9), b"\xff\xd8", 7])
def test_what_is_no_array(inferencer, image: Any) -> None:
    with pytest.raises(ValueError, match=f"got {type(image).__name__}. Make an array"):
        inferencer.predict(image)


def test_a_batch_is_so_many_images(inferencer) -> None:
    images = np.stack([_image(96, 160, seed) for seed in range(2)])
    for one, other in zip(
        inferencer.predict(images), inferencer.predict(list(images)), strict=True
    ):
        _assert_same(one, other)


def _with_classes(part: dict[str, Any]) -> dict[str, Any]:
    """Return a description as a config has it."""
    name = part["type"]
    [place] = [each for each in (exports, models, ops) if name in vars(each)][:1]
    return {
        key: _with_classes(value) if isinstance(value, dict) else value
        for key, value in part.items()
    } | {"type": getattr(place, name)}


def test_a_config_and_weights_that_do_not_describe_themselves(
    weights: Path, inferencer, tmp_path: Path
) -> None:
    bare = tmp_path / "bare.pth"
    torch.save({"state_dict": load_weights(weights).state_dict()}, bare)
    with pytest.raises(ValueError, match="does not say what model it holds"):
        LaneInferencer(bare, device="cpu")
    model = {**_with_classes(DESCRIPTION), "distiller": {"type": "not built"}}
    config = Config({"model": model})
    image = _image(96, 160)
    [expected] = inferencer.predict(image)
    [sample] = LaneInferencer(config, bare, device="cpu").predict(image)
    _assert_same(sample, expected)


def test_a_config_file(weights: Path) -> None:
    with pytest.raises(ValueError, match="holds another model than the config"):
        LaneInferencer("configs/sad/enet_sad_culane.py", weights, device="cpu")


def test_arguments_that_do_not_belong_together(weights: Path) -> None:
    with pytest.raises(ValueError, match="weights go with a config"):
        LaneInferencer(weights=weights, device="cpu")
    with pytest.raises(ValueError, match="A config needs weights"):
        LaneInferencer(Config({"model": DESCRIPTION}), device="cpu")
    with pytest.raises(ValueError, match="half must be off on a CPU"):
        LaneInferencer(weights, device="cpu", half=True)


@pytest.mark.gpu
def test_half_precision_finds_nearly_the_same(weights: Path) -> None:
    images = [_image(270, 480, seed) for seed in range(4)]
    exact = LaneInferencer(weights, device="cuda").predict(images)
    halved = LaneInferencer(weights, device="cuda", half=True).predict(images)
    for sample, other in zip(halved, exact, strict=True):
        assert sample.pred_slots == other.pred_slots
        np.testing.assert_allclose(sample.pred_scores, other.pred_scores, atol=1e-2)


def test_missing_weights(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"none\.safetensors"):
        LaneInferencer(tmp_path / "none.safetensors", device="cpu")


@pytest.mark.parametrize("device", ["gpu", "cuda:99", "meta"])
def test_a_device_that_is_not_there(weights: Path, device: str) -> None:
    with pytest.raises(ValueError, match=f"no device '{device}' here"):
        LaneInferencer(weights, device=device)


def test_the_device_is_chosen(weights: Path) -> None:
    wanted = "cuda" if torch.cuda.is_available() else "cpu"
    assert LaneInferencer(weights).device.partition(":")[0] == wanted


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


LINES = {
    "type": "LaneDetector",
    "backbone": {"type": "ENet", "decoder": False},
    "head": {
        "type": "LineHead",
        "num_slots": 6,
        "num_rows": 36,
        "stages": {"E4": {"stride": 8, "offset": 3.5}},
        "num_extra_levels": 1,
        "hidden_channels": 48,
        "num_points": 12,
        "min_score": 1e-6,
    },
    "view": {"type": "LetterboxView", "input_shape": [96, 160]},
}


@pytest.fixture(scope="module")
def line_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("lines") / "weights.safetensors"
    save_weights(path, LINES, build_model(LINES).state_dict(), {})
    return path


def test_lines_are_lanes_like_others(line_weights: Path) -> None:
    inferencer = LaneInferencer(line_weights, device="cpu")
    images = [_image(270, 480), _image(200, 300, 1)]
    samples = inferencer(images)
    for image, sample in zip(images, samples, strict=True):
        assert len(sample.pred_lanes) >= 2
        assert sample.pred_slots == sorted(set(sample.pred_slots))
        assert len(sample.pred_names) == len(sample.pred_lanes)
        for lane in sample.pred_lanes:
            assert (np.diff(lane[:, 1]) < 0).all()
            assert lane.min() >= -1
            assert (lane.max(axis=0) <= np.array(image.shape[1::-1])).all()


def test_lines_show_where_the_encoder_looks(line_weights: Path) -> None:
    inferencer = LaneInferencer(line_weights, device="cpu")
    sample, energies = inferencer.attention(_image(270, 480))
    assert list(energies) == ["E1", "E2", "E3", "E4"]
    assert sample.pred_lanes
