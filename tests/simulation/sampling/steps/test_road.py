from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np

from lanedet.simulation.sampling.steps.road import (
    age_road,
    change_lane_count,
    color_some_bus_lanes,
    paint_arrows,
)
from lanedet.simulation.world.scene import Scene

PlainScene = Callable[..., Scene]
FindChanged = Callable[..., list[Scene]]
SHAPE = (180, 320)
LATERALS = (-1.8, 1.8, 5.4, 9.0)


def test_a_bus_lane_is_colored_under_the_markings(
    street: PlainScene, find_changed: FindChanged
) -> None:
    scene = street(LATERALS)
    colored = find_changed(color_some_bus_lanes, scene)
    assert 5 < len(colored) < 25
    for built in colored:
        lane = built.road.stains[0]
        assert max(lane.color) - min(lane.color) > 25
        across = [lateral for _, lateral in lane.outlines[0]]
        assert 5.4 < min(across) < max(across) < 9.0
        assert built.road.lines == scene.road.lines


def test_a_lane_that_ends_takes_its_color_and_arrows_along(
    street: PlainScene, find_changed: FindChanged
) -> None:
    colored = find_changed(color_some_bus_lanes, street(LATERALS))[0]
    painted = paint_arrows(colored, np.random.default_rng(0))
    outermost = max(
        lateral
        for f in painted.road.figures
        for ring in f.outlines
        for _, lateral in ring
    )
    assert outermost > 6.5, "there is an arrow in the lane that ends"
    changed = find_changed(change_lane_count, painted)
    assert len(changed) > 5
    for scene in changed:
        edge = scene.road.lines[-1]
        decals = (*scene.road.stains, *scene.road.figures[: len(painted.road.figures)])
        rings = [np.array(ring) for decal in decals for ring in decal.outlines]
        for ring in rings:
            assert (ring[:, 1] < edge.lateral_at(ring[:, 0])).all()
        color = np.array(scene.road.stains[0].outlines[0])
        assert np.ptp(color[:, 1]) > 2, "where the lane is open its color is whole"


def test_some_old_markings_are_double(
    plain_scene: PlainScene, find_changed: FindChanged
) -> None:
    pairs = 0
    for built in find_changed(age_road, plain_scene(LATERALS)):
        for first, second in pairwise(built.road.ghosts):
            apart = second.lateral_m - first.lateral_m - first.width_m
            pairs += replace(first, lateral_m=0) == replace(second, lateral_m=0)
            if replace(first, lateral_m=0) == replace(second, lateral_m=0):
                assert 0.05 < apart < 0.25
    assert pairs > 3


def test_arrows_are_never_as_faded_as_lines(street: PlainScene) -> None:
    scene = street(LATERALS)
    lines = [
        replace(line, stripes=tuple(replace(s, opacity=0.25) for s in line.stripes))
        for line in scene.road.lines
    ]
    faded = replace(scene, road=replace(scene.road, lines=tuple(lines)))
    painted = paint_arrows(faded, np.random.default_rng(0))
    added = painted.road.figures[len(scene.road.figures) :]
    assert added
    assert {figure.opacity for figure in added} == {0.5}
    assert all(figure.wear <= 0.45 for figure in added)
