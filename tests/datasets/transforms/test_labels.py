from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pipelines import make_results

from lanedet.datasets import (
    ApplyView,
    EncodeLines,
    LoadImage,
    RasterizeLaneMask,
    RasterizeLanes,
    ToTensors,
)
from lanedet.ops import LetterboxView
from lanedet.structures import LaneSample


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
