from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from lanedet.simulation import Projection, render_scene, scene_lanes
from lanedet.simulation.effects.markings import paint_markings
from lanedet.simulation.effects.surface import paint_ground
from lanedet.simulation.sampling.steps.ramps import build_some_exits
from lanedet.simulation.world.scene import Scene

PlainScene = Callable[..., Scene]
SHAPE = (180, 320)
LATERALS = {1: (-5.4, -1.8, 1.8), -1: (-1.8, 1.8, 5.4)}
RAMPS = [(1, True), (-1, True), (1, False), (-1, False)]


def ramp_scene(plain_scene: PlainScene, side: int, is_exit: bool) -> Scene:
    """Return a straight road that an exit leaves, or an entry joins, on one side."""
    scene = plain_scene(LATERALS[side])
    for number in range(900):
        built = build_some_exits(scene, np.random.default_rng(number))
        ramp = built.road.ramp
        if ramp is None or ramp.side != side or ramp.taper.length_m > 100:
            continue
        end_m = ramp.taper.start_m + (0 if is_exit else ramp.taper.length_m)
        if (ramp.taper.before_m == 0) == is_exit and 5 < end_m < 95:
            return built
    raise AssertionError("no such ramp was drawn")


@pytest.mark.parametrize(("side", "is_exit"), RAMPS)
def test_labels_go_past_a_ramp(
    plain_scene: PlainScene, side: int, is_exit: bool
) -> None:
    without = plain_scene(LATERALS[side])
    built = ramp_scene(plain_scene, side, is_exit)
    before, after = scene_lanes(without, SHAPE), scene_lanes(built, SHAPE)
    assert len(before) == len(after) == 3
    for old, new in zip(before, after, strict=True):
        assert np.array_equal(old, new)


@pytest.mark.parametrize(("side", "is_exit"), RAMPS)
def test_a_ramp_has_pavement_and_lines_of_its_own(
    plain_scene: PlainScene, side: int, is_exit: bool
) -> None:
    built = ramp_scene(plain_scene, side, is_exit)
    ramp = built.road.ramp
    assert ramp is not None
    station = ramp.taper.start_m + (0.8 if is_exit else 0.2) * ramp.taper.length_m
    here = station - 35.0
    built = replace(built, camera=replace(built.camera, station_m=here, yaw_rad=0.0))
    shift = float(built.road.edge_shift(side, station))
    assert float(built.road.edge_shift(-side, station)) == 0
    edge = built.road.pavement.right_m if side > 0 else built.road.pavement.left_m
    projection = Projection(built, SHAPE)
    middle, gap = (
        np.rint(projection.project(np.array(35.0), lateral)).astype(int)
        for lateral in (
            edge + shift - side * ramp.width_m / 2,
            edge + (shift - side * ramp.width_m) / 2,
        )
    )
    image = render_scene(built, SHAPE, (paint_ground,)).astype(int)
    red, green, _ = image[middle[1], middle[0]]
    assert abs(red - green) < 6, "asphalt is grey"
    red, green, _ = image[gap[1], gap[0]]
    assert green > red + 6, "grass grows between road and ramp"
    bare = replace(built, road=replace(built.road, ramp_lines=()))
    recipe = (paint_ground, paint_markings)
    images = [render_scene(each, SHAPE, recipe) for each in (bare, built)]
    assert not np.array_equal(*images)


@pytest.mark.parametrize(("side", "is_exit"), RAMPS)
def test_short_dashes_lie_beside_the_lane_of_a_ramp(
    plain_scene: PlainScene, side: int, is_exit: bool
) -> None:
    built = ramp_scene(plain_scene, side, is_exit)
    ramp = built.road.ramp
    assert ramp is not None
    (dashes,) = (
        line
        for line in built.road.ramp_lines
        if line.taper is None and line.start_m > -np.inf and line.end_m < np.inf
    )
    assert dashes.lateral_m == LATERALS[side][-1 if side > 0 else 0]
    wide, narrow = dashes.end_m, dashes.start_m
    if not is_exit:
        wide, narrow = narrow, wide
    assert abs(float(ramp.taper.at(narrow))) < 0.01
    assert 3.4 < abs(float(ramp.taper.at(wide))) < 6
