from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pipelines import centre_of_light, write_dot

from lanedet.datasets import (
    ApplyView,
    LoadImage,
    RandomMotion,
)
from lanedet.ops import LetterboxView, StretchView


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
