from typing import Any

import numpy as np
import pytest
from pipelines import centre_of_light, make_results

from lanedet.datasets import (
    Augment,
)


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
