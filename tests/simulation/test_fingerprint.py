from dataclasses import replace

import numpy as np
import pytest

from lanedet.simulation import render_scene, sample_scene, scene_lanes
from lanedet.simulation.fingerprint import (
    TOLERANCE,
    fingerprint,
    fingerprint_distance,
)

SHAPE = (288, 800)


def test_it_is_a_picture_of_35_pixels() -> None:
    image = np.zeros((50, 70, 3), np.uint8)
    image[:10, :10] = 255
    assert fingerprint(image, []) == "ff" + "00" * 34


def test_lanes_are_in_it() -> None:
    image = np.zeros((50, 70, 3), np.uint8)
    text = fingerprint(image, [np.array([[35.0, 49.0], [35.0, 0.0]])])
    values = np.frombuffer(bytes.fromhex(text), np.uint8).reshape(5, 7)
    assert (values[:, 3] > 20).all()
    assert values[:, :3].max() == 0


def test_noise_is_tolerated_and_another_scene_is_not() -> None:
    scene = sample_scene(5, 1, "normal")
    image, lanes = render_scene(scene, SHAPE), scene_lanes(scene, SHAPE)
    original = fingerprint(image, lanes)
    rng = np.random.default_rng(0)
    noisy = np.clip(image + rng.integers(-3, 4, image.shape), 0, 255).astype(np.uint8)
    assert fingerprint_distance(fingerprint(noisy, lanes), original) <= TOLERANCE
    turned = replace(scene, camera=replace(scene.camera, yaw_rad=0.05))
    again = fingerprint(render_scene(turned, SHAPE), scene_lanes(turned, SHAPE))
    assert fingerprint_distance(again, original) > TOLERANCE
    assert fingerprint_distance(fingerprint(image, lanes[1:]), original) > TOLERANCE


@pytest.mark.parametrize("text", ["", "zz" * 35, "00" * 34])
def test_what_is_no_fingerprint(text: str) -> None:
    with pytest.raises(ValueError, match="70 hexadecimal digits, got"):
        fingerprint_distance(text, "00" * 35)
