from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from lanedet.simulation import render_scene, sample_scene
from lanedet.simulation.effects.decals import paint_stains
from lanedet.simulation.effects.surface import paint_ground
from lanedet.simulation.sampling.steps.motorway import (
    backlight_some,
    build_motorway,
    resurface_some_roads,
    shade_some_edges,
)
from lanedet.simulation.world.scene import Light, Scene, Strip, Vehicle

PlainScene = Callable[..., Scene]
SHAPE = (180, 320)


@pytest.mark.parametrize("index", range(6))
def test_a_motorway_has_lanes_around_the_camera(index: int) -> None:
    scene = build_motorway(sample_scene(0, index), np.random.default_rng(index))
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
    motorway = build_motorway(plain_scene(), rng)
    while not motorway.surroundings.walls or motorway.surroundings.walls[0].bottom_m:
        motorway = build_motorway(plain_scene(), rng)
    left = motorway.road.pavement.left_m
    van = Vehicle("van", 18.0, left - 3, 25.0, (200, 20, 20), is_oncoming=True)
    low = Vehicle("van", 18.0, left - 3, 25.0, (20, 200, 20), is_oncoming=True)
    red, green = (
        render_scene(replace(motorway, vehicles=(vehicle,)), SHAPE).astype(int)
        for vehicle in (van, low)
    )
    changed = np.flatnonzero((abs(red - green).sum(axis=2) > 60).any(axis=1))
    free = replace(motorway.surroundings, walls=())
    seen = [
        render_scene(replace(motorway, vehicles=(v,), surroundings=free), SHAPE)
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
