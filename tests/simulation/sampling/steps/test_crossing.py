from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from lanedet.simulation import Projection, render_scene, scene_lanes
from lanedet.simulation.effects.markings import paint_markings
from lanedet.simulation.effects.surface import paint_ground
from lanedet.simulation.sampling.steps.crossing import cross_road, paint_some_zebras
from lanedet.simulation.sampling.traffic import COATS
from lanedet.simulation.world.road import Crossroad
from lanedet.simulation.world.scene import Scene

PlainScene = Callable[..., Scene]
FindChanged = Callable[..., list[Scene]]
SHAPE = (180, 320)
LATERALS = (-1.8, 1.8, 5.4, 9.0)


def is_asphalt(scene: Scene, station_m: float, lateral_m: float) -> bool:
    """Return whether the ground is grey at a place, so asphalt, no grass."""
    projection, here = Projection(scene, SHAPE), scene.camera.station_m
    image = render_scene(scene, SHAPE, (paint_ground,)).astype(int)
    x, y = np.rint(projection.project(np.array(station_m - here), lateral_m)).astype(
        int
    )
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
    projection = Projection(scene, SHAPE)
    image = render_scene(scene, SHAPE, (paint_ground,)).astype(int)
    own, other = (
        image[
            tuple(np.rint(projection.project(np.array(at + 12), 3.0)).astype(int)[::-1])
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


def test_labels_run_through_a_zebra_crossing(
    plain_scene: PlainScene, street: PlainScene, find_changed: FindChanged
) -> None:
    scene = street(LATERALS)
    assert find_changed(paint_some_zebras, plain_scene(LATERALS)) == [], "streets only"
    crossed = find_changed(paint_some_zebras, scene)
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
    projection = Projection(scene, SHAPE)
    recipe = (paint_ground, paint_markings)
    for at, is_painted in ((7.0, True), (11.0, False), (17.0, True)):
        x, y = np.rint(projection.project(np.array(at), 1.8)).astype(int)
        assert (render_scene(broken, SHAPE, recipe)[y, x].mean() > 80) == is_painted


def test_nobody_crosses_right_before_the_camera(plain_scene: PlainScene) -> None:
    scene = plain_scene(LATERALS)
    crossed = [cross_road(scene, np.random.default_rng(n)) for n in range(60)]
    cars = [p for s in crossed for p in s.props if p.kind != "walker"]
    stations = [car.station_m - scene.camera.station_m for car in cars]
    assert len(cars) > 20
    assert min(stations) > 8


def test_walkers_are_dressed_in_many_colors(plain_scene: PlainScene) -> None:
    scene = plain_scene(LATERALS)
    crossed = [cross_road(scene, np.random.default_rng(n)) for n in range(60)]
    crowds = [[p.color for p in s.props if p.kind == "walker"] for s in crossed]
    assert max(map(len, crowds)) > 4
    assert {color for crowd in crowds for color in crowd} <= set(COATS)
