"""Steps towards a category that change what is beside the road, and its traffic."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lanedet.simulation.sampling.camera import random_lens
from lanedet.simulation.sampling.outlines import box, place
from lanedet.simulation.sampling.surroundings import random_daylight, random_sunshine
from lanedet.simulation.sampling.traffic import COATS, dense_traffic, town_traffic
from lanedet.simulation.world.color import Color, mix
from lanedet.simulation.world.outline import Outline, Outlines
from lanedet.simulation.world.scene import Prop, Scene, Shade, Wall

_REACH_M = 110.0


def bring_day(scene: Scene, rng: np.random.Generator) -> Scene:
    """Light a scene by day, unless it is already."""
    if scene.light.daylight >= 1:
        return scene
    light = random_daylight(rng)
    return replace(scene, light=light, lens=random_lens(rng, light.daylight))


def crowd_road(scene: Scene, rng: np.random.Generator) -> Scene:
    """Fill the lanes with traffic that hides much of the markings."""
    vehicles = dense_traffic(rng, scene.road, scene.camera)
    return replace(scene, vehicles=vehicles)


def build_some_streets(scene: Scene, rng: np.random.Generator) -> Scene:
    """Turn some of the roads into streets of a town."""
    return build_street(scene, rng) if rng.uniform() < 0.35 else scene


def build_street(scene: Scene, rng: np.random.Generator) -> Scene:
    """Put kerbs, pavements for walkers and houses beside it, a town's traffic on it."""
    pavement = scene.road.pavement
    walls, grounds = [], []
    for side, edge in ((-1, pavement.left_m), (1, pavement.right_m)):
        grey = rng.uniform(115, 190)
        height = rng.uniform(0.1, 0.2)
        kerb = (grey, grey * 0.98, grey * 0.94)
        walls.append(Wall(edge, 0.0, height, side * 0.3, 0.0, kerb, 0.08))
        if rng.uniform() < 0.35:
            fence = edge + side * rng.uniform(0.3, 0.6)
            white = mix((200, 204, 206), (110, 120, 116), rng.uniform())
            walls.append(Wall(fence, 0.45, 1.05, 0.0, 4.0, white, 0.03))
        paving = rng.uniform(100, 165)
        grounds.append(
            (paving * 1.03, paving, paving * 0.94)
            if rng.uniform() < 0.6
            else mix((74, 96, 52), (120, 118, 82), rng.uniform())
        )
    place_now = replace(
        scene.surroundings,
        left_color=grounds[0],
        right_color=grounds[1],
        walls=tuple(walls),
        tree_density=float(rng.choice([0.3, 0.8, 1.6])),
        tree_distance_m=float(rng.uniform(0.8, 4)),
        building_density=float(rng.uniform(0.2, 0.8)),
        pole_spacing_m=float(rng.uniform(25, 45)),
        hill_rad=0.0,
        # What a motorway before had: its other carriageway and signs over the road.
        strips=(),
        gantry_spacing_m=0.0,
    )
    return replace(
        scene,
        surroundings=place_now,
        vehicles=town_traffic(rng, scene.road, scene.camera),
        props=scene.props + _people(rng, scene),
    )


def _people(rng: np.random.Generator, scene: Scene) -> tuple[Prop, ...]:
    """Return walkers beside the road, and cyclists along its right edge."""
    pavement, here = scene.road.pavement, scene.camera.station_m
    people = []
    for _ in range(rng.poisson(rng.choice([0.0, 3.0, 9.0]))):
        side = rng.choice([-1, 1])
        edge = pavement.left_m if side < 0 else pavement.right_m
        lateral = edge + side * rng.uniform(0.5, 3.5)
        station = here + rng.uniform(5, 80)
        people.append(Prop("walker", station, lateral, _random_coat(rng)))
    for _ in range(rng.poisson(0.4)):
        lateral = pavement.right_m - rng.uniform(0.3, 0.8)
        station = here + rng.uniform(6, 60)
        people.append(Prop("cyclist", station, lateral, _random_coat(rng)))
    return tuple(people)


def _random_coat(rng: np.random.Generator) -> Color:
    return COATS[rng.integers(len(COATS))]


def cast_strong_shadows(scene: Scene, rng: np.random.Generator) -> Scene:
    """Let trees, houses, posts and bridges throw hard shadows across the road."""
    light = random_sunshine(rng)
    sun_lateral = rng.choice([-1, 1]) * rng.uniform(0.5, 1.8)
    light = replace(
        light,
        cloud_cover=light.cloud_cover * 0.5,
        shadow=float(rng.uniform(0.75, 1.0)),
        sun_lateral=float(sun_lateral),
        tree_shade=float(rng.choice([0.0, 0.3, 0.6, 0.8])),
    )
    darkness = float(rng.uniform(0.5, 0.8))
    drawn = rng.uniform(size=3) < (0.6, 0.75, 0.5)
    throws = (_house_shadows, _tree_shadows, _post_shadows)
    chosen = [throw for throw, is_drawn in zip(throws, drawn, strict=True) if is_drawn]
    shades = tuple(throw(scene, rng, darkness) for throw in chosen or throws)
    place_now = scene.surroundings
    if rng.uniform() < 0.3:
        spacing = float(rng.uniform(60, 140))
        place_now = replace(place_now, bridge_spacing_m=spacing)
    return replace(
        scene,
        light=light,
        lens=random_lens(rng, light.daylight),
        surroundings=replace(place_now, shades=shades),
    )


def _house_shadows(scene: Scene, rng: np.random.Generator, darkness: float) -> Shade:
    """Return the shadows of a row of houses, which reach from one side over lanes."""
    pavement, here = scene.road.pavement, scene.camera.station_m
    width = pavement.right_m - pavement.left_m
    side = rng.choice([-1, 1])
    foot = pavement.left_m - 6 if side < 0 else pavement.right_m + 6
    outlines, along = [], here - rng.uniform(0, 30)
    while along < here + _REACH_M:
        length = rng.uniform(6, 40)
        depth = -side * (6 + width * rng.uniform(0.15, 1.3))
        skew = rng.normal(0, 4)
        outlines.append(
            (
                (along, foot), (along + length, foot),
                (along + length + skew, foot + depth), (along + skew, foot + depth),
            )
        )  # fmt: skip
        along += length + rng.uniform(2, 35)
    return Shade(_floats(outlines), darkness)


def _tree_shadows(scene: Scene, rng: np.random.Generator, darkness: float) -> Shade:
    """Return ragged shadows of single trees, each of many overlapping leaves."""
    pavement, here = scene.road.pavement, scene.camera.station_m
    outlines = []
    for along in here + rng.uniform(1, 90, size=rng.integers(2, 9)):
        middle = rng.uniform(pavement.left_m, pavement.right_m)
        size = rng.uniform(1.5, 5)
        for _ in range(rng.integers(8, 24)):
            at = (along + rng.normal(0, size * 0.6), middle + rng.normal(0, size * 0.4))
            outlines.append(_leaf_shape(rng, at, size * rng.uniform(0.12, 0.45)))
        trunk = box(-0.2, 0.0, 0.4, 9.0 * rng.choice([-1, 1]))
        outlines += place((trunk,), along, middle)
    return Shade(_floats(outlines), darkness)


def _leaf_shape(
    rng: np.random.Generator, middle: tuple[float, float], size: float
) -> Outline:
    angles = np.linspace(0, 2 * np.pi, 9, endpoint=False)
    radii = size * rng.uniform(0.5, 1.3, len(angles))
    alongs = middle[0] + 1.3 * radii * np.cos(angles)
    acrosses = middle[1] + radii * np.sin(angles)
    return tuple(zip(alongs.tolist(), acrosses.tolist(), strict=True))


def _post_shadows(scene: Scene, rng: np.random.Generator, darkness: float) -> Shade:
    """Return thin shadows of posts and wires; those along the road look like lines."""
    pavement, here = scene.road.pavement, scene.camera.station_m
    slant = rng.normal(0, 1.5)
    spacing, width = rng.uniform(8, 40), rng.uniform(0.12, 0.35)
    outlines = []
    for along in np.arange(here + rng.uniform(0, spacing), here + 90, spacing):
        left, right = pavement.left_m - 4, pavement.right_m + 4
        tip = left + (right - left) * rng.uniform(0.4, 1.0)
        end = along + slant * (tip - left)
        outlines.append(
            ((along, left), (along + width, left), (end + width, tip), (end, tip))
        )
    return Shade(_floats(outlines), darkness)


def _floats(
    outlines: Sequence[Sequence[tuple[float, float]]],
) -> Outlines:
    return tuple(tuple((float(a), float(b)) for a, b in ring) for ring in outlines)
