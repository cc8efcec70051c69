from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from lanedet.simulation.projection.projection import Projection
from lanedet.simulation.sampling.sampler import sample_scene
from lanedet.simulation.world.conditions import Recording
from lanedet.simulation.world.road import Profile, Wave
from lanedet.simulation.world.scene import Scene

PlainScene = Callable[..., Scene]
SHAPE = (360, 640)


@pytest.mark.parametrize(
    ("ahead", "lateral", "height", "pixel"),
    [
        # Centre (319.5, 179.5), focal length 500, camera 1.5 m above the road.
        pytest.param(10.0, 0.0, 0.0, (319.5, 254.5), id="v = cy + f h / d"),
        pytest.param(10.0, 1.8, 0.0, (409.5, 254.5), id="u = cx + f x / d"),
        pytest.param(25.0, -3.0, 0.0, (259.5, 209.5), id="farther, to the left"),
        pytest.param(10.0, 0.0, 1.5, (319.5, 179.5), id="as high as the camera"),
        pytest.param(1e9, 5.0, 0.0, (319.5, 179.5), id="horizon"),
    ],
)
def test_project_level_camera_on_a_flat_straight_road(
    plain_scene: PlainScene,
    ahead: float,
    lateral: float,
    height: float,
    pixel: tuple[float, float],
) -> None:
    projection = Projection(plain_scene(), SHAPE)
    assert projection.project(np.array(ahead), lateral, height) == pytest.approx(pixel)


def test_project_counts_from_the_cameras_place(plain_scene: PlainScene) -> None:
    projection = Projection(plain_scene(lateral_m=1.0, station_m=700.0), SHAPE)
    assert projection.project(np.array(10.0), 1.0) == pytest.approx((319.5, 254.5))


def test_project_pitched_camera_moves_the_horizon(plain_scene: PlainScene) -> None:
    projection = Projection(plain_scene(pitch_rad=float(np.arctan(0.1))), SHAPE)
    assert projection.project(np.array(1e9), 0.0) == pytest.approx(
        (319.5, 129.5), abs=1e-3
    )


def test_project_rolled_camera_turns_around_the_centre(plain_scene: PlainScene) -> None:
    # A quarter turn clockwise: what was 75 below the centre is 75 to its left.
    projection = Projection(plain_scene(roll_rad=np.pi / 2), SHAPE)
    assert projection.project(np.array(10.0), 0.0) == pytest.approx((244.5, 179.5))


def test_project_yaw_to_the_right_moves_the_road_left(plain_scene: PlainScene) -> None:
    projection = Projection(plain_scene(yaw_rad=float(np.arctan(0.1))), SHAPE)
    assert projection.project(np.array(10.0), 0.0) == pytest.approx((269.5, 254.5))


def test_project_a_rise_ahead_lifts_the_road(plain_scene: PlainScene) -> None:
    # A valley: at its bottom the road ahead rises by z^2 / 2R, R = 100^2 / 2.
    valley = Profile((Wave(2.0, 200 * np.pi, -np.pi / 2),))
    projection = Projection(plain_scene(hills=valley), SHAPE)
    rise = 10.0**2 / (2 * 100.0**2 / 2.0)
    expected = 179.5 + 500 * (1.5 - rise) / 10
    assert projection.project(np.array(10.0), 0.0)[1] == pytest.approx(
        expected, abs=0.01
    )


def test_project_scales_with_the_picture(plain_scene: PlainScene) -> None:
    scene = plain_scene(pitch_rad=0.05, roll_rad=0.02)
    ahead = np.array([5.0, 20.0, 80.0])
    small = Projection(scene, SHAPE).project(ahead, 2.0)
    large = Projection(scene, (720, 1280)).project(ahead, 2.0)
    assert large + 0.5 == pytest.approx(2 * (small + 0.5))


def test_a_rolling_shutter_leans_what_is_upright(plain_scene: PlainScene) -> None:
    scene = replace(plain_scene(), recording=Recording(skew=0.1))
    # 75 rows below the centre it is 7.5 columns later.
    assert Projection(scene, SHAPE).project(np.array(10.0), 0.0) == pytest.approx(
        (327.0, 254.5)
    )
    large = Projection(scene, (720, 1280)).project(np.array(10.0), 0.0)
    assert large + 0.5 == pytest.approx((655.0, 510.0)), "at any size"


def test_a_shaking_camera_moves_rows_to_and_fro(plain_scene: PlainScene) -> None:
    scene = replace(plain_scene(), recording=Recording(wobble=0.01))
    rows = np.linspace(-180, 180, 3600)
    shifts = Projection(scene, SHAPE).row_shifts(rows)
    assert np.abs(shifts).max() == pytest.approx(3.6, abs=0.01)
    # Two to six waves, which cross zero twice each.
    crossings = np.count_nonzero(np.diff(np.sign(shifts)))
    assert 4 <= crossings <= 12
    other = Projection(replace(scene, frame=1), SHAPE).row_shifts(rows)
    assert np.abs(other - shifts).max() > 1, "it shakes otherwise a moment later"


@pytest.mark.parametrize("recording", [Recording(), Recording(skew=-0.03, wobble=0.01)])
@pytest.mark.parametrize("index", range(12))
def test_ground_map_inverts_the_projection(index: int, recording: Recording) -> None:
    category = "normal" if index % 2 else None
    scene = replace(sample_scene(3 + index, index, category), recording=recording)
    projection = Projection(scene, SHAPE)
    ground = projection.ground
    rows = np.arange(ground.top_row + 12, SHAPE[0], 9)
    columns = np.arange(5, SHAPE[1], 31)
    ys, xs = (grid.ravel() for grid in np.meshgrid(rows, columns, indexing="ij"))
    ahead = ground.ahead[ys - ground.top_row, xs].astype(np.float64)
    lateral = ground.lateral[ys - ground.top_row, xs].astype(np.float64)
    # Just before a crest one row spans hundreds of metres.
    is_near = (ahead < 60) & (ground.cover[ys - ground.top_row, xs] == 1)
    pixels = projection.project(ahead, lateral)[is_near]
    assert is_near.sum() > 50
    assert pixels == pytest.approx(np.stack([xs, ys], axis=1)[is_near], abs=0.1)


def test_road_behind_a_crest_is_not_visible(plain_scene: PlainScene) -> None:
    hill = Profile((Wave(30.0, 2000.0, np.pi / 2),))
    projection = Projection(plain_scene(hills=hill), SHAPE)
    reach = projection.visible_reach()[-1]
    # From 1.5 m above the top of a hill of radius R one sees sqrt(2 R h) ahead.
    radius = (2000 / (2 * np.pi)) ** 2 / 30
    assert reach == pytest.approx(np.sqrt(2 * radius * 1.5), rel=0.05)
    hidden = projection.project(np.array(200.0), 0.0)[1]
    raised = projection.project_visible(np.array(200.0), 0.0)[1]
    assert raised < hidden
    assert raised == pytest.approx(projection.center[1] + projection.crest_y, abs=1e-6)


def test_flat_road_is_visible_to_its_end(plain_scene: PlainScene) -> None:
    projection = Projection(plain_scene(), SHAPE)
    assert projection.visible_reach()[-1] == pytest.approx(500)


def test_the_world_draws_the_same_from_frame_to_frame(plain_scene: PlainScene) -> None:
    first, second = (
        Projection(replace(plain_scene(), frame=frame), SHAPE) for frame in (0, 1)
    )
    assert first.world_rng("city").uniform() == second.world_rng("city").uniform()
    assert first.rng("fall_rain").uniform() != second.rng("fall_rain").uniform()
    assert first.rng("fall_rain").uniform() == first.rng("fall_rain").uniform()
    third, fourth = first.world_rngs("houses", [3, 4])
    assert third.uniform() == first.world_rngs("houses", [3])[0].uniform()
    assert third.uniform() != fourth.uniform()
