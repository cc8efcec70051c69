from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from lanedet.simulation import SceneView, render_scene, sample_scene, scene_lanes
from lanedet.simulation.categories_highway import (
    backlight_some,
    build_freeway,
    build_some_exits,
    resurface_some_roads,
    shade_some_edges,
)
from lanedet.simulation.decals import paint_stains
from lanedet.simulation.markings import paint_markings
from lanedet.simulation.scene import Light, Scene, Strip, Vehicle
from lanedet.simulation.surface import paint_ground

PlainScene = Callable[..., Scene]
SHAPE = (180, 320)


@pytest.mark.parametrize("index", range(6))
def test_a_freeway_has_lanes_around_the_camera(index: int) -> None:
    scene = build_freeway(sample_scene(0, index), np.random.default_rng(index))
    laterals = [line.lateral_m for line in scene.road.lines]
    assert laterals == sorted(laterals)
    assert laterals[0] < 0 < laterals[-1]
    assert len(scene.road.pavement.lane_gains) == len(laterals) - 1
    pavement = scene.road.pavement
    assert pavement.left_m < laterals[0] < laterals[-1] < pavement.right_m
    for vehicle in scene.vehicles:
        assert vehicle.is_oncoming == (vehicle.lateral_m < pavement.left_m)


def test_a_barrier_hides_the_wheels_of_the_traffic_behind_it(
    plain_scene: PlainScene,
) -> None:
    rng = np.random.default_rng(0)
    freeway = build_freeway(plain_scene(), rng)
    while not freeway.surroundings.walls or freeway.surroundings.walls[0].bottom_m:
        freeway = build_freeway(plain_scene(), rng)
    left = freeway.road.pavement.left_m
    van = Vehicle("van", 18.0, left - 3, 25.0, (200, 20, 20), is_oncoming=True)
    low = Vehicle("van", 18.0, left - 3, 25.0, (20, 200, 20), is_oncoming=True)
    red, green = (
        render_scene(replace(freeway, vehicles=(vehicle,)), SHAPE).astype(int)
        for vehicle in (van, low)
    )
    changed = np.flatnonzero((abs(red - green).sum(axis=2) > 60).any(axis=1))
    free = replace(freeway.surroundings, walls=())
    seen = [
        render_scene(replace(freeway, vehicles=(v,), surroundings=free), SHAPE)
        for v in (van, low)
    ]
    differs = abs(seen[0].astype(int) - seen[1]).sum(axis=2) > 60
    assert 0 < changed.max() < np.flatnonzero(differs.any(axis=1)).max()


def test_a_strip_beside_the_road_is_painted(plain_scene: PlainScene) -> None:
    scene = plain_scene()
    strip = Strip(-12.0, -4.0, (200, 20, 20))
    painted = replace(scene.surroundings, strips=(strip,))
    image = render_scene(replace(scene, surroundings=painted), SHAPE).astype(int)
    red, green, _ = image[130, 2]
    assert red > green + 50
    assert abs(int(image[130, -3, 0]) - int(image[130, -3, 1])) < 50


def test_backlight_darkens_vehicles_not_the_road(plain_scene: PlainScene) -> None:
    car = Vehicle("saloon", 12.0, 0.0, 25.0, (200, 200, 200))
    scene = replace(plain_scene(), vehicles=(car,))

    def under(light: Light) -> np.ndarray:
        return render_scene(replace(scene, light=light), SHAPE).astype(int)

    lit, dark = under(scene.light), under(replace(scene.light, backlight=1.0))
    assert dark[115, 160].mean() < 0.6 * lit[115, 160].mean()
    assert dark[170, 160].mean() >= 0.9 * lit[170, 160].mean()


@pytest.mark.parametrize(
    "step", [resurface_some_roads, shade_some_edges, backlight_some]
)
def test_steps_show_in_some_scenes_only(
    step: Callable[[Scene, np.random.Generator], Scene],
) -> None:
    scene = sample_scene(0, 3)
    scene = replace(scene, light=replace(scene.light, daylight=1.0, shadow=0.9))
    changed = [step(scene, np.random.default_rng(n)) != scene for n in range(30)]
    assert 2 < sum(changed) < 28


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
    view = SceneView(built, SHAPE)
    middle, gap = (
        np.rint(view.project(np.array(35.0), lateral)).astype(int)
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


@pytest.mark.parametrize("gain", [0.6, 1.3])
def test_a_renewed_surface_keeps_its_texture(
    plain_scene: PlainScene, gain: float
) -> None:
    scene = plain_scene()
    pavement = replace(scene.road.pavement, grain=0.1)
    road = replace(scene.road, pavement=pavement)
    for number in range(200):
        built = resurface_some_roads(
            replace(scene, road=road), np.random.default_rng(number)
        )
        if not built.road.stains:
            continue
        surface = built.road.stains[0]
        alongs = [at for at, _ in surface.outlines[0]]
        is_darker = surface.color == (0.0, 0.0, 0.0)
        if min(alongs) < 4 and max(alongs) > 20 and is_darker == (gain < 1):
            break
    assert surface.wear == 0, "no rash"
    before, after = (
        render_scene(replace(scene, road=r), SHAPE, (paint_ground, paint_stains))
        for r in (road, built.road)
    )
    below, above = before[150:165, 150:170], after[150:165, 150:170]
    assert (above.mean() < below.mean()) == (gain < 1)
    assert above.std() > 0.5 * below.std()


def test_joints_lie_beside_the_markings_on_either_side() -> None:
    """In TuSimple's frames half of them lie 0.1 to 0.5 m beside the label."""
    places, gains, dots = [], [], []
    for index in range(60):
        freeway = build_freeway(sample_scene(0, index), np.random.default_rng(index))
        road = freeway.road
        laterals = np.array([line.lateral_m for line in road.lines])
        for seam in road.pavement.seams[: len(laterals)]:
            places.append(seam.lateral_m - laterals)
            gains.append(seam.gain)
        dots += [
            (line.lateral_m, stripe)
            for line in road.lines
            for stripe in line.stripes
            if len(stripe.pattern.pieces) > 5
        ]
    nearest = np.array([offsets[np.argmin(abs(offsets))] for offsets in places])
    assert 0.3 < (nearest > 0).mean() < 0.7
    assert 0.4 < ((abs(nearest) > 0.1) & (abs(nearest) < 0.5)).mean() < 0.8
    assert min(gains) < 0.35
    assert 0.4 < np.median(gains) < 0.75
    dark = [(at, stripe) for at, stripe in dots if max(stripe.color) < 60]
    bright = [(at, stripe) for at, stripe in dots if max(stripe.color) > 200]
    assert len(bright) > len(dark) > 10, "dots are bright, some with a dark edge"
    assert len(bright) + len(dark) == len(dots)
    for at, stripe in bright:
        assert abs(stripe.lateral_m - at) < 0.2, "the label is the dots'"


def test_some_joints_have_crumbled() -> None:
    roads = [
        build_freeway(sample_scene(0, index), np.random.default_rng(index)).road
        for index in range(40)
    ]
    ragged = [(road, ghost) for road in roads for ghost in road.ghosts]
    assert len(ragged) > 20
    for road, ghost in ragged:
        assert max(ghost.color) < 60
        assert (
            min(abs(s.lateral_m - ghost.lateral_m) for s in road.pavement.seams) < 0.1
        )
