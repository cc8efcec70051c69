from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from lanedet.ops import xs_at_rows
from lanedet.simulation import Projection, render_scene, sample_scene, scene_lanes
from lanedet.simulation.projection.labels import bounding_lines
from lanedet.simulation.world.road import Profile, Wave
from lanedet.simulation.world.scene import Scene

PlainScene = Callable[..., Scene]
SHAPE = (360, 640)


def test_lanes_of_a_straight_road_are_straight(plain_scene: PlainScene) -> None:
    left, right = scene_lanes(plain_scene(), SHAPE)
    # u - cx = (v - cy) * x / h
    for lane, lateral in ((left, -1.8), (right, 1.8)):
        xs, ys = lane.T
        assert xs - 319.5 == pytest.approx((ys - 179.5) * lateral / 1.5, abs=0.01)
        assert ys[0] == pytest.approx(359, abs=1)
        # 120 m ahead lies 6.25 pixels below the horizon.
        assert ys[-1] == pytest.approx(179.5 + 500 * 1.5 / 120, abs=1.5)


def test_lanes_end_where_fog_hides_them(plain_scene: PlainScene) -> None:
    scene = plain_scene()
    scene = replace(scene, light=replace(scene.light, visibility_m=15.0))
    for lane in scene_lanes(scene, SHAPE):
        # Three visibilities ahead; the focal length is 500 pixels.
        assert lane[-1, 1] == pytest.approx(179.5 + 500 * 1.5 / 45, abs=1.5)


def test_lanes_end_where_a_crest_hides_the_road(plain_scene: PlainScene) -> None:
    crest = Profile((Wave(3.0, 200.0, np.pi / 2),))
    flat_top = min(lane[:, 1].min() for lane in scene_lanes(plain_scene(), SHAPE))
    hill_top = min(
        lane[:, 1].min() for lane in scene_lanes(plain_scene(hills=crest), SHAPE)
    )
    assert hill_top > flat_top + 10


def test_lanes_end_a_little_below_the_edge_of_the_ground(
    plain_scene: PlainScene,
) -> None:
    scene = plain_scene(height_m=0.9)
    # 500 m ahead the ground ends, 0.9 pixels below the horizon.
    assert Projection(scene, SHAPE).crest_y == pytest.approx(500 * 0.9 / 500)
    for lane in scene_lanes(scene, SHAPE):
        assert lane[-1, 1] == pytest.approx(179.5 + 0.9 + 0.012 * 360, abs=0.6)


def test_lanes_end_at_the_bonnet(plain_scene: PlainScene) -> None:
    scene = plain_scene(laterals_m=(-0.9, 0.9))
    scene = replace(scene, lens=replace(scene.lens, bonnet=0.2))
    assert max(lane[:, 1].max() for lane in scene_lanes(scene, SHAPE)) < 360 * 0.81


@pytest.mark.parametrize(
    ("lateral", "kept"),
    [
        pytest.param(0.0, (-5.4, -1.8, 1.8, 5.4), id="two on each side"),
        pytest.param(-7.2, (-9.0, -5.4, -1.8), id="leftmost lane"),
        pytest.param(9.0, (1.8, 5.4, 9.0), id="crossing the rightmost line"),
        pytest.param(1.9, (-5.4, -1.8, 1.8, 5.4, 9.0), id="five while crossing"),
    ],
)
def test_bounding_lines(
    plain_scene: PlainScene, lateral: float, kept: tuple[float, ...]
) -> None:
    lines = plain_scene(laterals_m=(-9.0, -5.4, -1.8, 1.8, 5.4, 9.0)).road.lines
    assert tuple(line.lateral_m for line in bounding_lines(lines, lateral)) == kept


def test_lanes_lie_on_the_paint(plain_scene: PlainScene) -> None:
    course = Profile((Wave(30.0, 700.0, 0.4),))
    scene = plain_scene(
        laterals_m=(-5.4, -1.8, 1.8, 5.4), course=course, pitch_rad=0.05, roll_rad=0.015
    )
    image = render_scene(scene, SHAPE)[..., 2].astype(float)
    lanes = scene_lanes(scene, SHAPE)
    assert len(lanes) == 4
    for lane in lanes:
        top = lane[:, 1].min()
        rows = np.arange(np.ceil(top + 20), lane[:, 1].max() - 1)
        xs = xs_at_rows(lane, rows)
        for x, row in zip(xs, rows.astype(int), strict=True):
            around = np.arange(max(0, round(x) - 12), min(639, round(x) + 12))
            bright = np.clip(
                image[row, around] - image[row, around].min() - 40, 0, None
            )
            inside = len(around) == 24
            assert bright.max() > 0, "no paint under the label"
            if inside:
                assert (bright * around).sum() / bright.sum() == pytest.approx(
                    x, abs=0.75
                )


@pytest.mark.parametrize("index", range(60))
def test_random_scenes_have_sound_lanes(index: int) -> None:
    scene = sample_scene(11, index)
    lanes = scene_lanes(scene, SHAPE)
    assert 2 <= len(lanes) <= 5
    for lane in lanes:
        assert np.isfinite(lane).all()
        assert (lane >= 0).all()
        assert (lane <= (639, 359)).all()
        assert (np.diff(lane[:, 1]) <= 1e-9).all(), "lanes go up"
    rows = np.arange(180.0, 360.0, 5)
    xs = np.stack([xs_at_rows(lane, rows) for lane in lanes])
    for row_xs in xs.T:
        assert (np.diff(row_xs[~np.isnan(row_xs)]) > 0).all(), "left to right"


def test_labels_scale_with_the_picture() -> None:
    scene = sample_scene(5, 3)
    rows = np.array([220.0, 260.0, 300.0])
    for small, large in zip(
        scene_lanes(scene, SHAPE), scene_lanes(scene, (720, 1280)), strict=True
    ):
        small_xs = xs_at_rows(small, rows)
        large_xs = xs_at_rows(large, (rows + 0.5) * 2 - 0.5)
        both = ~np.isnan(small_xs) & ~np.isnan(large_xs)
        assert large_xs[both] + 0.5 == pytest.approx(
            2 * (small_xs[both] + 0.5), abs=0.3
        )
