from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lanedet.datasets import (
    ApplyView,
    Augment,
    EncodeLines,
    LoadImage,
    RandomMotion,
    RasterizeLaneMask,
    RasterizeLanes,
    ToTensors,
)
from lanedet.ops import LetterboxView, StretchView
from lanedet.structures import LaneSample


def make_results(**changes: Any) -> dict[str, Any]:
    """A 48x80 image with one bright dot, and a lane whose first point is the dot."""
    image = np.zeros((48, 80, 3), dtype=np.uint8)
    image[29:32, 59:62] = 255  # centre (60, 30)
    lane = np.array([[60.0, 30.0], [50.0, 10.0]])
    return {
        "inputs": image,
        "input_lanes": [lane],
        "data_samples": LaneSample(),
        "rng": np.random.default_rng(0),
        **changes,
    }


def centre_of_light(image: np.ndarray) -> np.ndarray:
    weights = image[..., 0].astype(float)
    rows, columns = np.indices(weights.shape)
    total = weights.sum()
    return np.array([(columns * weights).sum(), (rows * weights).sum()]) / total


@pytest.mark.parametrize(
    "transform",
    [
        pytest.param({"name": "HorizontalFlip", "p": 1.0}, id="flip"),
        pytest.param({"name": "Affine", "rotate": (7, 7), "p": 1.0}, id="rotate"),
        pytest.param({"name": "Affine", "scale": (0.8, 0.8), "p": 1.0}, id="scale"),
        pytest.param(
            {"name": "Affine", "translate_px": {"x": 5, "y": -4}, "p": 1.0}, id="shift"
        ),
        pytest.param({"name": "Affine", "shear": {"x": 8}, "p": 1.0}, id="shear"),
    ],
)
def test_lanes_move_with_the_image(transform: dict[str, Any]) -> None:
    results = Augment([transform])(make_results())
    dot = centre_of_light(results["inputs"])
    np.testing.assert_allclose(results["input_lanes"][0][0], dot, atol=0.6)


def write_dot(path: Path, shape: tuple[int, int], x: float, y: float) -> LaneSample:
    """Write a picture of a soft dot, and return a sample with a lane through it."""
    ys, xs = np.indices(shape)
    dot = 255 * np.exp(-((xs - x) ** 2 + (ys - y) ** 2) / 60)
    colors = np.repeat(dot[..., None], 3, axis=2).astype(np.uint8)
    cv2.imwrite(str(path), colors, [cv2.IMWRITE_JPEG_QUALITY, 98])
    sample = LaneSample(metainfo={"img_path": str(path)})
    sample.gt_lanes = [np.array([[x, y], [x - 30.0, y - 40.0]])]
    return sample


@pytest.mark.parametrize("shrink", [1, 2, 4])
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "motion",
    [
        pytest.param(None, id="still"),
        pytest.param(
            {
                "type": RandomMotion,
                "rotate_deg": (-20, 20),
                "scale": (0.8, 1.0),
                "shift": (0.1, 0.1),
                "mirror_probability": 0.5,
            },
            id="moving",
        ),
    ],
)
@pytest.mark.parametrize(
    "view",
    [
        pytest.param({"type": StretchView, "input_shape": (72, 100)}, id="stretch"),
        pytest.param(
            {"type": StretchView, "input_shape": (44, 100), "crop_top": 0.4}, id="crop"
        ),
        pytest.param({"type": LetterboxView, "input_shape": (72, 99)}, id="letterbox"),
    ],
)
def test_lanes_lie_on_the_pixels_however_the_image_was_read(
    tmp_path: Path,
    view: dict[str, Any],
    motion: dict[str, Any] | None,
    seed: int,
    shrink: int,
) -> None:
    sample = write_dot(tmp_path / "dot.jpg", (296, 400), 231.0, 207.0)
    results = {"data_samples": sample, "rng": np.random.default_rng(seed)}
    for transform in (LoadImage(shrink), ApplyView(view, motion)):
        results = transform(results)
    assert results["inputs"].shape == (*view["input_shape"], 3)
    assert sample.ori_shape == (296, 400)
    light = np.where(results["inputs"] < 20, 0, results["inputs"])
    dot = centre_of_light(light)  # without the rings of the JPEG
    np.testing.assert_allclose(results["input_lanes"][0][0], dot, atol=0.2)


def test_a_motion_is_a_function_of_the_generator(tmp_path: Path) -> None:
    sample = write_dot(tmp_path / "dot.jpg", (120, 160), 80.0, 60.0)
    motion = {"type": RandomMotion, "rotate_deg": (-9, 9)}
    view = {"type": StretchView, "input_shape": (60, 80)}
    first, other, again = (
        ApplyView(view, motion)(
            LoadImage()({"data_samples": sample, "rng": np.random.default_rng(seed)})
        )["inputs"]
        for seed in (5, 6, 5)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_the_network_must_not_see_less_than_it_takes_in(tmp_path: Path) -> None:
    sample = write_dot(tmp_path / "dot.jpg", (120, 160), 80.0, 60.0)
    results = LoadImage(shrink=4)({"data_samples": sample})
    apply_view = ApplyView({"type": StretchView, "input_shape": (48, 40)})
    with pytest.raises(ValueError, match=r"0\.4 of its size, .*\(30, 40\).* smaller"):
        apply_view(results)


@pytest.mark.parametrize(
    ("lane", "fits"),
    [
        pytest.param([[20.0, 120.0], [40.0, 50.0]], True, id="a row below the image"),
        pytest.param([[-60.0, 119.0], [220.0, 50.0]], True, id="out at the sides"),
        pytest.param([[20.0, 239.0], [40.0, 50.0]], False, id="twice as high"),
        pytest.param([[330.0, 119.0], [40.0, 50.0]], False, id="twice as wide"),
        pytest.param([[-200.0, 119.0], [40.0, 50.0]], False, id="far left"),
    ],
)
def test_labels_must_fit_their_image(
    tmp_path: Path, lane: list[list[float]], fits: bool
) -> None:
    sample = write_dot(tmp_path / "dot.jpg", (120, 160), 80.0, 60.0)
    sample.gt_lanes = [np.empty((0, 2)), np.array(lane)]
    results = LoadImage()({"data_samples": sample})
    apply_view = ApplyView({"type": StretchView, "input_shape": (60, 80)})
    if fits:
        assert len(apply_view(results)["input_lanes"]) == 2
        return
    with pytest.raises(ValueError, match=r"dot\.jpg' must be made .* 160x120, got"):
        apply_view(results)


@settings(max_examples=60, deadline=None)
@given(
    lanes=st.lists(
        st.lists(
            st.tuples(*[st.floats(-1e300, 1e300) | st.floats(-100, 100)] * 2),
            max_size=5,
        ),
        max_size=7,
    ),
    num_lanes=st.integers(1, 6),
    width=st.floats(0, 30),
)
def test_any_finite_lanes_are_drawn(
    lanes: list[list[tuple[float, float]]], num_lanes: int, width: float
) -> None:
    polylines = [np.array(lane, dtype=float).reshape(-1, 2) for lane in lanes]
    for transform in (RasterizeLanes(num_lanes, width), RasterizeLaneMask(width)):
        results = transform(make_results(input_lanes=polylines))
        sample = results["data_samples"]
        found = set(np.unique(sample.gt_class_map)) - {0}
        assert found == {k + 1 for k in np.flatnonzero(sample.gt_existence)}
        if all(len(lane) < 2 for lane in lanes):
            assert not found


@pytest.mark.parametrize("width", [32768, 1e9, float("nan")])
def test_lanes_of_a_width_that_nothing_draws_are_refused(width: float) -> None:
    with pytest.raises(ValueError, match=r"lane_width_px must be in \[0, 32767\]"):
        RasterizeLanes(4, width)
    with pytest.raises(ValueError, match=r"lane_width_px must be in \[0, 32767\]"):
        RasterizeLaneMask(width)


def test_points_that_leave_the_image_stay_with_their_lane() -> None:
    lanes = [np.array([[5.0, 40.0], [75.0, 5.0]]), np.zeros((0, 2)), np.ones((3, 2))]
    shift = {"name": "Affine", "translate_px": {"x": 30, "y": 0}, "p": 1.0}
    results = Augment([shift])(make_results(input_lanes=lanes))
    assert [len(lane) for lane in results["input_lanes"]] == [2, 0, 3]
    np.testing.assert_allclose(results["input_lanes"][0][1], [105, 5], atol=1e-3)


def test_no_lanes() -> None:
    flip = {"name": "HorizontalFlip", "p": 1.0}
    assert Augment([flip])(make_results(input_lanes=[]))["input_lanes"] == []


def test_changes_of_color_leave_lanes_alone() -> None:
    results = make_results()
    darker = {"name": "RandomBrightnessContrast", "brightness_limit": (-0.5, -0.5)}
    changed = Augment([{**darker, "p": 1.0}])(results)
    assert changed["inputs"].max() < 200
    assert changed["input_lanes"] is results["input_lanes"]


def test_augmentation_is_a_function_of_the_generator() -> None:
    augment = Augment(
        [
            {"name": "Affine", "rotate": (-20, 20), "p": 1.0},
            {"name": "GaussNoise", "p": 0.5},
        ]
    )
    first, other, again = (
        augment(make_results(rng=np.random.default_rng(seed)))["inputs"]
        for seed in (5, 6, 5)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize(
    ("transform", "message"),
    [
        pytest.param({"name": "HorizontalFlipp"}, "'HorizontalFlip'", id="name"),
        pytest.param({"name": "Affine", "rotat": 3}, "Affine.*rotat", id="argument"),
        pytest.param({"name": "Compose"}, "no transform 'Compose'", id="no transform"),
    ],
)
def test_unknown_augmentation(transform: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Augment([transform])


def test_augmentation_that_changes_the_size() -> None:
    crop = {"name": "CenterCrop", "height": 20, "width": 20, "p": 1.0}
    with pytest.raises(ValueError, match=r"must keep the size.*\(48, 80\)"):
        Augment([crop])(make_results())


def test_from_file_to_labels(tmp_path: Path) -> None:
    path = tmp_path / "image.png"
    image = np.zeros((96, 160, 3), dtype=np.uint8)
    image[..., 2] = 200  # red in cv2's order
    cv2.imwrite(str(path), image)
    sample = LaneSample(metainfo={"img_path": str(path)})
    sample.gt_lanes = [
        np.array([[10.0, 95.0], [70.0, 20.0]]),
        np.array([[150.0, 95.0], [90.0, 20.0]]),
        np.array([[5.0, 50.0]]),  # one point: no lane to draw
    ]
    results = {"data_samples": sample, "rng": np.random.default_rng(0)}
    for transform in (
        LoadImage(),
        ApplyView({"type": LetterboxView, "input_shape": (48, 80)}),
        RasterizeLanes(num_lanes=4, lane_width_px=3),
        ToTensors(),
    ):
        results = transform(results)
    assert set(results) == {"inputs", "data_samples"}
    assert results["inputs"].shape == (3, 48, 80)
    assert results["inputs"].is_contiguous()
    assert results["inputs"][:, 5, 5].tolist() == [200, 0, 0]  # RGB
    assert sample.ori_shape == (96, 160)
    assert sample.gt_existence.tolist() == [0, 1, 1, 0]
    class_map = sample.gt_class_map
    assert class_map.dtype == np.uint8
    # The left lane passes (40, 57.5) of the original: (19.75, 28.5) of the input.
    assert class_map[28, 20] == 2
    assert class_map[0].max() == 0
    assert sample.gt_lanes[0][0].tolist() == [10, 95]  # still in original pixels


def test_a_lane_mask_holds_every_lane_as_one_class() -> None:
    left = np.array([[10.0, 47.0], [30.0, 5.0]])
    lanes = [left + np.array([dx, 0.0]) for dx in (0, 8, 16, 24, 32, 40)] + [
        np.ones((1, 2))
    ]
    results = RasterizeLaneMask(num_lanes=1, lane_width_px=3)(
        make_results(input_lanes=lanes)
    )
    sample = results["data_samples"]
    assert sample.gt_existence.tolist() == [1]
    assert sample.gt_existence.dtype == np.float32
    class_map = sample.gt_class_map
    assert class_map.shape == (48, 80)
    assert sorted(np.unique(class_map)) == [0, 1]
    # Row 26 is crossed at x = 20 of the first lane: six lanes, three pixels each.
    row = np.flatnonzero(class_map[26])
    assert [row.min(), row.max(), len(row)] == [19, 61, 18]


@pytest.mark.parametrize(
    "lanes",
    [
        pytest.param([], id="none"),
        pytest.param([np.ones((1, 2))], id="one point"),
        pytest.param([np.array([[-90.0, 0.0], [-90.0, 40.0]])], id="out of sight"),
    ],
)
def test_a_lane_mask_without_lanes(lanes: list[np.ndarray]) -> None:
    sample = RasterizeLaneMask(3)(make_results(input_lanes=lanes))["data_samples"]
    assert sample.gt_existence.tolist() == [0]
    assert not sample.gt_class_map.any()


def test_a_lane_mask_is_of_one_class() -> None:
    with pytest.raises(ValueError, match="num_lanes of the model's head must be 1"):
        RasterizeLaneMask(num_lanes=4, lane_width_px=3)


def test_lines_are_those_of_the_moved_lanes_in_sight() -> None:
    upright = [np.array([[x, 47.0], [x, 0.0]]) for x in (10.0, 110.0, 30.0)]
    lanes = [*upright[:2], np.ones((1, 2)), upright[2]]
    sample = EncodeLines(num_rows=12)(make_results(input_lanes=lanes))["data_samples"]
    assert sample.gt_lines.dtype == np.float32
    expected = [[0, 11, *[10] * 12], [0, 11, *[30] * 12]]
    np.testing.assert_allclose(sample.gt_lines, expected, rtol=1e-6)


def test_no_lanes_are_no_lines() -> None:
    sample = EncodeLines(num_rows=12)(make_results(input_lanes=[]))["data_samples"]
    assert sample.gt_lines.shape == (0, 14)


def test_missing_image(tmp_path: Path) -> None:
    sample = LaneSample(metainfo={"img_path": str(tmp_path / "none.jpg")})
    with pytest.raises(FileNotFoundError, match=r"none\.jpg.*--data-root"):
        LoadImage()({"data_samples": sample})


def test_half_a_picture_is_not_taken_for_a_picture(tmp_path: Path) -> None:
    path = tmp_path / "dot.jpg"
    sample = write_dot(path, (120, 160), 80.0, 60.0)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match=r"dot\.jpg' is cut off"):
        LoadImage()({"data_samples": sample})


def test_unreadable_image(tmp_path: Path) -> None:
    path = tmp_path / "broken.jpg"
    path.write_bytes(b"\xff\xd8 no picture")
    sample = LaneSample(metainfo={"img_path": str(path)})
    with pytest.raises(ValueError, match=r"broken\.jpg.*cannot be read as an image"):
        LoadImage()({"data_samples": sample})
