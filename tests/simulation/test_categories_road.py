from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from lanedet.simulation import SceneView, render_scene, scene_lanes
from lanedet.simulation.categories_highway import build_freeway
from lanedet.simulation.categories_road import (
    age_road,
    build_road_works,
    change_lane_count,
    colour_some_bus_lanes,
    cross_road,
    paint_arrows,
    paint_some_zebras,
)
from lanedet.simulation.categories_street import build_street
from lanedet.simulation.markings import paint_markings
from lanedet.simulation.random_traffic import COATS
from lanedet.simulation.road import Crossroad
from lanedet.simulation.scene import Scene, Vehicle
from lanedet.simulation.surface import paint_ground

PlainScene = Callable[..., Scene]
SHAPE = (180, 320)
LATERALS = (-1.8, 1.8, 5.4, 9.0)


def works(plain_scene: PlainScene, number: int) -> Scene:
    """Return road works on three lanes, of which the driver's is the leftmost."""
    traffic = tuple(
        Vehicle("saloon", 50.0, lateral, 20.0, (9, 9, 9)) for lateral in (0.0, 7.2)
    )
    scene = replace(plain_scene(LATERALS), vehicles=traffic)
    return build_road_works(scene, np.random.default_rng(number))


def closes(scene: Scene) -> bool:
    """Return whether cones stand on the driver's side of the right lane's middle."""
    guards = [p for p in scene.props if p.kind != "board"]
    return min(guard.lateral_m for guard in guards) < 7.2


def test_most_road_works_close_the_outer_lane(plain_scene: PlainScene) -> None:
    built = [works(plain_scene, number) for number in range(60)]
    closed = [scene for scene in built if closes(scene)]
    assert 35 < len(closed) < 55
    for scene in closed:
        guards = [p.lateral_m for p in scene.props if p.kind != "board"]
        assert min(guards) > 5.4, "the driver's lane and the next one stay open"
        laterals = [v.lateral_m for v in scene.vehicles if v.speed_mps > 0]
        assert 0.0 in laterals
    emptied = [
        all(v.speed_mps == 0 or v.lateral_m < 5 for v in s.vehicles) for s in closed
    ]
    assert sum(emptied) == len(closed), "nobody drives behind the cones"


@pytest.mark.parametrize("is_yellow", [False, True])
def test_works_are_labelled_by_the_paint(
    plain_scene: PlainScene, is_yellow: bool
) -> None:
    before = scene_lanes(plain_scene(LATERALS), SHAPE)
    for number in range(60):
        scene = works(plain_scene, number)
        lines = scene.road.lines
        if (
            not closes(scene)
            or (lines != plain_scene(LATERALS).road.lines) != is_yellow
        ):
            continue
        if not is_yellow:
            after = scene_lanes(scene, SHAPE)
            assert all(map(np.array_equal, before, after)), "cones change no label"
            continue
        assert lines[-1].taper is not None
        assert float(lines[-1].lateral_at(500.0)) == pytest.approx(
            float(lines[-2].lateral_m)
        )
        assert lines[-2].end_m < 500
        for line in lines:
            red, green, blue = line.stripes[0].color
            assert red > green > blue + 50
        assert len(scene.road.ghosts) == len(lines), "the white lines are ghosts"


def is_asphalt(scene: Scene, station_m: float, lateral_m: float) -> bool:
    """Return whether the ground is grey at a place, so asphalt, no grass."""
    view, here = SceneView(scene, SHAPE), scene.camera.station_m
    image = render_scene(scene, SHAPE, (paint_ground,)).astype(int)
    x, y = np.rint(view.project(np.array(station_m - here), lateral_m)).astype(int)
    _, green, blue = image[y, x]
    return bool(abs(green - blue) < 12)


def test_another_road_crosses_between_rounded_corners(plain_scene: PlainScene) -> None:
    scene = plain_scene(LATERALS, station_m=-12.0)
    # Between the stations 15 and 25; our pavement ends at 10.0.
    crossroad = Crossroad(8.0, 24.0, near_m=7.0, far_m=7.0, radius_m=4.0, gain=0.5)
    scene = replace(scene, road=replace(scene.road, crossroad=crossroad))
    assert crossroad.carriageway_m == (15.0, 25.0)
    assert is_asphalt(scene, 20.0, 11.5)
    assert is_asphalt(scene, 20.0, -11.0)
    assert is_asphalt(scene, 14.5, 10.3), "the corner is paved"
    assert not is_asphalt(scene, 12.2, 12.8), "beyond its circle it is not"
    assert not is_asphalt(scene, 12.0, -5.0)
    view = SceneView(scene, SHAPE)
    image = render_scene(scene, SHAPE, (paint_ground,)).astype(int)
    own, other = (
        image[
            tuple(np.rint(view.project(np.array(at + 12), 3.0)).astype(int)[::-1])
        ].mean()
        for at in (12.0, 20.0)
    )
    assert other == pytest.approx(own / 2, abs=3)


@pytest.mark.parametrize("number", range(8))
def test_a_crossroad_is_marked_and_has_kerbs(
    plain_scene: PlainScene, number: int
) -> None:
    rng = np.random.default_rng(number)
    scene = cross_road(plain_scene(LATERALS), rng)
    crossroad = scene.road.crossroad
    assert crossroad is not None
    assert scene_lanes(scene, SHAPE) == []
    start, end = crossroad.carriageway_m
    painted, kerbs = scene.road.figures[-2:]
    corners = np.array([corner for ring in painted.outlines for corner in ring])
    beside = corners[(corners[:, 1] > 12) & (abs(corners[:, 0] - start) < end - start)]
    assert len(beside) > 8, "the other road has markings of its own"
    assert len(kerbs.outlines) == 4
    for ring in kerbs.outlines:
        alongs, acrosses = np.array(ring).T
        assert ((alongs < start + 0.5) | (alongs > end - 0.5)).all()
        assert np.ptp(acrosses) > 30


def street(plain_scene: PlainScene) -> Scene:
    return build_street(plain_scene(LATERALS), np.random.default_rng(1))


def find(
    step: Callable[[Scene, np.random.Generator], Scene], scene: Scene
) -> list[Scene]:
    """Return what a step makes of a scene, where it changes it, of 60 tries."""
    built = [step(scene, np.random.default_rng(number)) for number in range(60)]
    return [changed for changed in built if changed != scene]


def test_labels_run_through_a_zebra_crossing(plain_scene: PlainScene) -> None:
    scene = street(plain_scene)
    assert find(paint_some_zebras, plain_scene(LATERALS)) == [], "streets only"
    crossed = find(paint_some_zebras, scene)
    assert 8 < len(crossed) < 30
    before = scene_lanes(scene, SHAPE)
    for built in crossed:
        after = scene_lanes(built, SHAPE)
        assert all(map(np.array_equal, before, after))
        gap = built.road.lines[0].stripes[0].gap
        assert gap is not None
        alongs = [at for ring in built.road.figures[-1].outlines for at, _ in ring]
        assert min(alongs) < gap[1]
        assert gap[1] > max(alongs) > gap[0]


def test_nothing_is_painted_in_a_gap(plain_scene: PlainScene) -> None:
    scene = plain_scene()
    lines = tuple(
        replace(line, stripes=tuple(replace(s, gap=(9.0, 14.0)) for s in line.stripes))
        for line in scene.road.lines
    )
    broken = replace(scene, road=replace(scene.road, lines=lines))
    view = SceneView(scene, SHAPE)
    recipe = (paint_ground, paint_markings)
    for at, is_painted in ((7.0, True), (11.0, False), (17.0, True)):
        x, y = np.rint(view.project(np.array(at), 1.8)).astype(int)
        assert (render_scene(broken, SHAPE, recipe)[y, x].mean() > 80) == is_painted


def test_a_bus_lane_is_coloured_under_the_markings(plain_scene: PlainScene) -> None:
    scene = street(plain_scene)
    coloured = find(colour_some_bus_lanes, scene)
    assert 5 < len(coloured) < 25
    for built in coloured:
        lane = built.road.stains[0]
        assert max(lane.color) - min(lane.color) > 25
        across = [lateral for _, lateral in lane.outlines[0]]
        assert 5.4 < min(across) < max(across) < 9.0
        assert built.road.lines == scene.road.lines


def test_a_lane_that_ends_takes_its_colour_and_arrows_along(
    plain_scene: PlainScene,
) -> None:
    coloured = find(colour_some_bus_lanes, street(plain_scene))[0]
    painted = paint_arrows(coloured, np.random.default_rng(0))
    outermost = max(
        lateral
        for f in painted.road.figures
        for ring in f.outlines
        for _, lateral in ring
    )
    assert outermost > 6.5, "there is an arrow in the lane that ends"
    changed = find(change_lane_count, painted)
    assert len(changed) > 5
    for scene in changed:
        edge = scene.road.lines[-1]
        decals = (*scene.road.stains, *scene.road.figures[: len(painted.road.figures)])
        rings = [np.array(ring) for decal in decals for ring in decal.outlines]
        for ring in rings:
            assert (ring[:, 1] < edge.lateral_at(ring[:, 0])).all()
        colour = np.array(scene.road.stains[0].outlines[0])
        assert np.ptp(colour[:, 1]) > 2, "where the lane is open its colour is whole"


def test_walkers_are_dressed_in_many_colours(plain_scene: PlainScene) -> None:
    scene = plain_scene(LATERALS)
    crossed = [cross_road(scene, np.random.default_rng(n)) for n in range(60)]
    crowds = [[p.color for p in s.props if p.kind == "walker"] for s in crossed]
    assert max(map(len, crowds)) > 4
    assert {color for crowd in crowds for color in crowd} <= set(COATS)


def test_a_street_has_nothing_of_the_motorway_before(plain_scene: PlainScene) -> None:
    for number in range(20):
        rng = np.random.default_rng(number)
        town = build_street(build_freeway(plain_scene(LATERALS), rng), rng)
        assert town.surroundings.strips == ()
        assert town.surroundings.gantry_spacing_m == 0


def test_some_old_markings_are_double(plain_scene: PlainScene) -> None:
    pairs = 0
    for built in find(age_road, plain_scene(LATERALS)):
        for first, second in pairwise(built.road.ghosts):
            apart = second.lateral_m - first.lateral_m - first.width_m
            pairs += replace(first, lateral_m=0) == replace(second, lateral_m=0)
            if replace(first, lateral_m=0) == replace(second, lateral_m=0):
                assert 0.05 < apart < 0.25
    assert pairs > 3
