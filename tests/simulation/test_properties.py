"""What must hold of every scene, whatever its category and its seed."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from lanedet.simulation import SceneView, render_scene, sample_scene, scene_lanes
from lanedet.simulation.categories import CATEGORIES
from lanedet.simulation.labels import CROSSROAD_MARGIN_M
from lanedet.simulation.markings import paint_markings
from lanedet.simulation.road import SOLID, Stripe
from lanedet.simulation.scene import Scene
from lanedet.simulation.surface import paint_ground
from lanedet.structures import FloatArray

SHAPE = (288, 800)
STRIPE_M = 0.2
KINDS = [None, *CATEGORIES]


def check_lanes(scene: Scene, lanes: list[FloatArray]) -> None:
    """Check that lanes are as readers and metrics expect them."""
    assert len(lanes) <= 6
    for lane in lanes:
        assert np.isfinite(lane).all()
        assert (lane >= 0).all()
        assert (lane <= [SHAPE[1] - 1, SHAPE[0] - 1]).all()
        assert (np.diff(lane[:, 1]) <= 0).all(), "from the bottom upwards"
        assert np.hypot(*np.diff(lane, axis=0).T).max() < 3, "without gaps"
    for left, right in itertools.pairwise(lanes):
        rows = np.arange(
            np.ceil(max(left[:, 1].min(), right[:, 1].min())),
            min(left[:, 1].max(), right[:, 1].max()),
        )
        apart = [
            np.interp(rows, lane[::-1, 1], lane[::-1, 0]) for lane in (left, right)
        ]
        assert (apart[0] < apart[1]).all(), "they keep their order"
    crossroad, here = scene.road.crossroad, scene.camera.station_m
    if crossroad is not None and crossroad.holds(here, CROSSROAD_MARGIN_M):
        assert lanes == []


def check_many(category: str | None, indices: range) -> None:
    num_lanes = 0
    for index in indices:
        scene = sample_scene(21, index, category)
        lanes = scene_lanes(scene, SHAPE)
        check_lanes(scene, lanes)
        num_lanes += len(lanes)
    if category != "crossroad":
        assert num_lanes >= 2 * len(indices), "most roads show their lanes"


@pytest.mark.parametrize("category", KINDS)
def test_lanes_lie_in_the_picture_and_do_not_cross(category: str | None) -> None:
    check_many(category, range(40))


@pytest.mark.slow
@pytest.mark.parametrize("category", KINDS)
def test_lanes_of_thousands_of_scenes(category: str | None) -> None:
    check_many(category, range(40, 400))


def with_plain_paint(scene: Scene) -> Scene:
    """Return a scene whose lines are all painted, solid and pink, in clear air."""
    lines = tuple(
        replace(
            line,
            stripes=(
                Stripe(line.lateral_m, STRIPE_M, SOLID, 0.0, (255, 0, 255), 1.0, 0.0),
            ),
        )
        for line in scene.road.lines
    )
    return replace(
        scene,
        road=replace(scene.road, lines=lines, ghosts=()),
        light=replace(scene.light, visibility_m=1e6),
    )


def check_paint(category: str | None, indices: range) -> None:
    """Check that labels lie on paint, as far as a stripe is three pixels wide."""
    num_points = 0
    for index in indices:
        scene = with_plain_paint(sample_scene(21, index, category))
        view = SceneView(scene, SHAPE)
        image = render_scene(scene, SHAPE, (paint_ground, paint_markings)).astype(int)
        for lane in scene_lanes(scene, SHAPE):
            # At its end a label may touch the crest, where a row shows many metres, and
            # in its first row a line that begins ahead covers a part of the pixels.
            xs, ys = np.rint(lane[2:-3]).astype(int).T
            inside = ys >= view.ground.top_row
            xs, ys = xs[inside], ys[inside]
            seen_m = view.ground.across[ys - view.ground.top_row, xs]
            near = seen_m < STRIPE_M / 3
            red, green, _ = image[ys[near], xs[near]].T
            assert (red - green > 60).all()
            num_points += len(red)
    if category != "crossroad":
        assert num_points > 100 * len(indices)


@pytest.mark.parametrize("category", KINDS)
def test_labels_lie_on_the_paint(category: str | None) -> None:
    check_paint(category, range(4))


@pytest.mark.slow
@pytest.mark.parametrize("category", KINDS)
def test_labels_of_hundreds_of_scenes_lie_on_the_paint(category: str | None) -> None:
    check_paint(category, range(4, 60))
