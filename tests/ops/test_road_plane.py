import numpy as np
import pytest

from lanedet.ops import camera_to_road, project


def test_a_level_camera_by_hand() -> None:
    """100 px below the horizon at 1000 px focal length: 10 camera heights ahead."""
    to_road = camera_to_road((1000.0, 1000.0), (640.0, 360.0), 1.2)
    pixels = np.array([[640.0, 460.0], [540.0, 460.0], [640.0, 410.0]])
    assert project(pixels, to_road) == pytest.approx(
        np.array([[0.0, 12.0], [-1.2, 12.0], [0.0, 24.0]])
    )


def test_each_angle_by_hand() -> None:
    axis = np.array([[640.0, 360.0]])

    def on_road(**keywords: float) -> np.ndarray:
        to_road = camera_to_road((1000.0, 1000.0), (640.0, 360.0), 2.0, **keywords)
        return project(axis, to_road)[0]

    # The optical axis, tilted by 45 degrees, meets the road one height ahead.
    down = np.radians(45)
    assert on_road(pitch_rad=down) == pytest.approx([0.0, 2.0])
    assert on_road(pitch_rad=down, lateral_m=0.3) == pytest.approx([0.3, 2.0])
    assert on_road(pitch_rad=down, yaw_rad=np.radians(90)) == pytest.approx([2.0, 0.0])
    assert on_road(pitch_rad=down, roll_rad=0.2) == pytest.approx([0.0, 2.0])


def test_the_content_of_a_rolled_picture_turns_clockwise() -> None:
    """What lies below the middle then lies to the left of it."""
    upright = camera_to_road((1000.0, 1000.0), (640.0, 360.0), 1.5)
    rolled = camera_to_road((1000.0, 1000.0), (640.0, 360.0), 1.5, roll_rad=0.1)
    below = np.array([[640.0, 460.0]])
    turned = np.array([[640.0 - 100 * np.sin(0.1), 360.0 + 100 * np.cos(0.1)]])
    assert project(turned, rolled) == pytest.approx(project(below, upright))


def test_there_and_back() -> None:
    to_road = camera_to_road(
        (900.0, 950.0),
        (600.0, 380.0),
        1.4,
        pitch_rad=0.08,
        yaw_rad=-0.05,
        roll_rad=0.03,
        lateral_m=-0.2,
    )
    on_road = np.array([[-3.0, 5.0], [0.0, 20.0], [4.0, 60.0]])
    pixels = project(on_road, np.linalg.inv(to_road))
    assert project(pixels, to_road) == pytest.approx(on_road)


def test_the_sky_is_nowhere_on_the_road() -> None:
    to_road = camera_to_road((1000.0, 1000.0), (640.0, 360.0), 1.5)
    pixels = np.array([[640.0, 300.0], [640.0, 360.0], [640.0, 361.0]])
    assert np.isnan(project(pixels, to_road)).all(axis=1).tolist() == [
        True,
        True,
        False,
    ]
