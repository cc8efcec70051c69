"""Steps that make a road a wide motorway, and what is special about its surface."""

from dataclasses import replace

import numpy as np

from lanedet.simulation.sampling.motorway import (
    cracked_joints,
    motorway_lines,
    motorway_pavement,
    motorway_surroundings,
)
from lanedet.simulation.sampling.outlines import strip_outline
from lanedet.simulation.sampling.steps.road import age_road
from lanedet.simulation.sampling.traffic import opposite_traffic, random_traffic
from lanedet.simulation.world.color import Color, mix
from lanedet.simulation.world.road import Decal
from lanedet.simulation.world.scene import Scene, Shade

_REACH_M = 115.0


def build_some_motorways(scene: Scene, rng: np.random.Generator) -> Scene:
    """Turn most of the roads into wide motorways."""
    return build_motorway(scene, rng) if rng.uniform() < 0.7 else scene


def build_few_motorways(scene: Scene, rng: np.random.Generator) -> Scene:
    """Turn some of the roads into wide motorways."""
    return build_motorway(scene, rng) if rng.uniform() < 0.2 else scene


def build_motorway(scene: Scene, rng: np.random.Generator) -> Scene:
    """Build a motorway: many lanes, few paint, a barrier, traffic beyond it."""
    is_concrete = rng.uniform() < 0.65
    lines = motorway_lines(rng, is_concrete)
    pavement = motorway_pavement(rng, lines, is_concrete)
    ghosts = (*scene.road.ghosts, *cracked_joints(rng, pavement.seams))
    road = replace(scene.road, lines=lines, pavement=pavement, ghosts=ghosts)
    surroundings, lanes = motorway_surroundings(rng, road, scene.surroundings)
    vehicles = random_traffic(rng, road, scene.camera)
    vehicles += opposite_traffic(rng, lanes, scene.camera)
    return replace(scene, road=road, surroundings=surroundings, vehicles=vehicles)


def age_some_roads(scene: Scene, rng: np.random.Generator) -> Scene:
    """Add repairs, cracks and older markings to two roads of three."""
    return age_road(scene, rng) if rng.uniform() < 0.65 else scene


def resurface_some_roads(scene: Scene, rng: np.random.Generator) -> Scene:
    """Renew a stretch of some roads, of all lanes or of one, with another surface."""
    if rng.uniform() > 0.22:
        return scene
    road, pavement = scene.road, scene.road.pavement
    left, right = pavement.left_m, pavement.right_m
    if rng.uniform() < 0.45:
        number = rng.integers(len(road.lines) - 1)
        shift = rng.normal(0, 0.25)
        left = road.lines[number].lateral_m + shift
        right = road.lines[number + 1].lateral_m + shift
    start = scene.camera.station_m + rng.uniform(-30, 45)
    length = rng.uniform(8, 90)
    gain = rng.uniform(0.5, 0.85) if rng.uniform() < 0.65 else rng.uniform(1.1, 1.5)
    outline = strip_outline(start, length, left, right)
    surfaces = [Decal((outline,), *_sheer(pavement.color, gain))]
    if rng.uniform() < 0.5:
        # The joint round it is sealed with tar.
        ends = [
            strip_outline(at, rng.uniform(0.06, 0.2), left, right)
            for at in (start, start + length)
        ]
        sides = [
            strip_outline(start, length, at - 0.03, at + 0.03) for at in (left, right)
        ]
        tar = float(rng.uniform(0.3, 0.75))
        surfaces.append(Decal((*ends, *sides), (26, 26, 27), tar))
    return replace(scene, road=replace(road, stains=(*surfaces, *road.stains)))


def _sheer(color: Color, gain: float) -> tuple[Color, float]:
    """Return the color and opacity that change a surface's brightness by a gain.

    They cover as little as possible: the texture below stays.
    """
    if gain <= 1:
        return (0.0, 0.0, 0.0), float(1 - gain)
    pale = tuple(255 - 0.25 * (255 - channel) for channel in color)
    green = color[1]
    return (pale[0], pale[1], pale[2]), float((gain - 1) * green / (pale[1] - green))


def shade_some_edges(scene: Scene, rng: np.random.Generator) -> Scene:
    """Let barriers and rails throw shadows along some roads: edges like lines."""
    if scene.light.shadow < 0.3 or rng.uniform() > 0.3:
        return scene
    pavement = scene.road.pavement
    side = rng.choice([-1, 1])
    edge = pavement.left_m if side < 0 else pavement.right_m
    start = scene.camera.station_m - 8
    depth = rng.uniform(0.3, 3.5)
    outlines = [strip_outline(start, _REACH_M, *sorted((edge, edge - side * depth)))]
    if rng.uniform() < 0.4:
        # A rail stands off the ground: light falls through below it.
        inner = edge - side * (depth + rng.uniform(0.2, 0.5))
        thin = inner - side * rng.uniform(0.1, 0.35)
        outlines = [strip_outline(start, _REACH_M, *sorted((inner, thin)))]
    shadow = Shade(tuple(outlines), float(rng.uniform(0.35, 0.75)))
    surroundings = scene.surroundings
    surroundings = replace(surroundings, shades=(*surroundings.shades, shadow))
    return replace(scene, surroundings=surroundings)


def backlight_some(scene: Scene, rng: np.random.Generator) -> Scene:
    """Put the sun ahead of some cameras: trees, cars and signs turn dark."""
    light = scene.light
    if light.daylight < 1 or light.shadow < 0.2 or rng.uniform() > 0.5:
        return scene
    backlit = replace(
        light,
        backlight=float(rng.uniform(0.3, 1.0)),
        sun_lateral=float(light.sun_lateral * 0.6),
        zenith_color=mix(light.zenith_color, (58, 96, 150), rng.uniform()),
    )
    lens = replace(scene.lens, exposure=float(rng.uniform(75, 120)))
    return replace(scene, light=backlit, lens=lens)
