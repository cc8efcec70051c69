import numpy as np
import pytest

from lanedet.arrays import FloatArray
from lanedet.ops import ego_lane_in_image, ego_lane_on_road

HEIGHT = 720


def _line(lateral_m: float, bend: float = 0.0, ahead_x: float = 640.0) -> FloatArray:
    """A line seen from 1.5 m above the road at 1000 px focal length, level.

    ``bend`` is half the curvature in 1/m; ``ahead_x`` is where the camera's course
    vanishes: off the middle for a camera that looks aside.
    """
    ys = np.arange(719.0, 390.0, -4.0)
    ahead = 1000 * 1.5 / (ys - 360)
    return np.stack([ahead_x + 1000 * (lateral_m / ahead + bend * ahead), ys], axis=1)


@pytest.mark.parametrize("ahead_x", [640.0, 400.0, 1000.0])
@pytest.mark.parametrize("offset_m", [-1.75, -0.7, 0.0, 0.35])
def test_the_offset_does_not_depend_on_where_the_camera_looks(
    ahead_x: float, offset_m: float
) -> None:
    lane = ego_lane_in_image(
        _line(-1.75 - offset_m, ahead_x=ahead_x),
        _line(1.75 - offset_m, ahead_x=ahead_x),
        HEIGHT,
    )
    assert lane is not None
    assert lane.offset_share == pytest.approx(offset_m / 3.5, abs=1e-9)
    assert lane.bend == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("radius_m", [-1000.0, -300.0, 300.0, 1000.0])
def test_bends_have_their_sign_and_little_effect_on_the_offset(radius_m: float) -> None:
    bend = 1 / (2 * radius_m)
    lane = ego_lane_in_image(_line(-1.25, bend), _line(2.25, bend), HEIGHT)
    assert lane is not None
    assert np.sign(lane.bend) == np.sign(radius_m)
    assert abs(lane.bend) > 0.008
    assert lane.offset_share == pytest.approx(-0.5 / 3.5, abs=0.03)


def test_a_crest_is_no_bend() -> None:
    """Both lines curve, away from each other."""
    left, right = _line(-1.75), _line(1.75)
    swell = ((719 - left[:, 1]) / 330) ** 2 * 60
    left[:, 0] -= swell
    right[:, 0] += swell
    lane = ego_lane_in_image(left, right, HEIGHT)
    assert lane is not None
    assert lane.bend == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        pytest.param(_line(-1.75)[:0], _line(1.75), id="no points"),
        pytest.param(_line(-1.75)[:1], _line(1.75), id="one point"),
        pytest.param(_line(-1.75)[75:], _line(1.75), id="far away only"),
        pytest.param(_line(-1.75)[:10], _line(1.75), id="too short"),
        pytest.param(_line(-1.75)[:30], _line(1.75)[30:], id="no common rows"),
        pytest.param(_line(1.75), _line(-1.75), id="sides exchanged"),
        pytest.param(_line(0.3), _line(1.2), id="too narrow"),
        pytest.param(_line(-6.0), _line(6.0), id="too wide"),
    ],
)
def test_what_is_no_lane_is_not_measured(left: FloatArray, right: FloatArray) -> None:
    assert ego_lane_in_image(left, right, HEIGHT) is None


def _road_line(lateral_m: float, radius_m: float = np.inf) -> FloatArray:
    ahead = np.geomspace(4, 60, 50)
    return np.stack([lateral_m + ahead**2 / (2 * radius_m), ahead], axis=1)


@pytest.mark.parametrize("radius_m", [-150.0, -800.0, 250.0, np.inf])
def test_a_lane_on_the_road_is_measured(radius_m: float) -> None:
    lane = ego_lane_on_road(_road_line(-2.0, radius_m), _road_line(1.6, radius_m))
    assert lane is not None
    assert lane.offset_m == pytest.approx(0.2)
    assert lane.width_m == pytest.approx(3.6)
    assert lane.curvature_per_m == pytest.approx(1 / radius_m)


def test_the_width_is_measured_across_a_lane_that_runs_aslant() -> None:
    angle = 0.2
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    left, right = _road_line(-1.8) @ turn, _road_line(1.8) @ turn
    lane = ego_lane_on_road(left, right)
    assert lane is not None
    assert lane.width_m == pytest.approx(3.6)
    assert lane.offset_m == pytest.approx(0.0, abs=1e-9)


def test_points_beyond_the_horizon_are_left_out() -> None:
    left = np.concatenate([_road_line(-2.0), [[np.nan, np.nan]]])
    assert ego_lane_on_road(left, _road_line(1.6)) == pytest.approx(
        ego_lane_on_road(_road_line(-2.0), _road_line(1.6))
    )


def test_a_short_lane_has_no_curvature() -> None:
    left, right = _road_line(-2.0), _road_line(1.6)
    lane = ego_lane_on_road(left[left[:, 1] < 16], right)
    assert lane is not None
    assert lane.width_m == pytest.approx(3.6)
    assert lane.curvature_per_m is None


@pytest.mark.parametrize(
    ("left", "right"),
    [
        pytest.param(_road_line(-2.0)[:0], _road_line(1.6), id="no points"),
        pytest.param(_road_line(-2.0)[:3], _road_line(1.6), id="too short"),
        pytest.param(_road_line(-2.0)[25:], _road_line(1.6), id="far away only"),
        pytest.param(_road_line(-2.0) * np.nan, _road_line(1.6), id="in the sky"),
        pytest.param(_road_line(1.6), _road_line(-2.0), id="sides exchanged"),
        pytest.param(_road_line(-1.0), _road_line(0.9), id="too narrow"),
        pytest.param(_road_line(-4.0), _road_line(3.0), id="too wide"),
    ],
)
def test_what_is_no_lane_on_the_road(left: FloatArray, right: FloatArray) -> None:
    assert ego_lane_on_road(left, right) is None
