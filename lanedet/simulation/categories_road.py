"""Steps towards a category that change the road and its traffic."""

from dataclasses import replace

import numpy as np

from lanedet.simulation.random_camera import random_lens
from lanedet.simulation.random_surroundings import random_daylight
from lanedet.simulation.random_traffic import dense_traffic
from lanedet.simulation.road import LaneLine, Profile, Wave
from lanedet.simulation.scene import Scene


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


def hide_lines(scene: Scene, rng: np.random.Generator) -> Scene:
    """Leave little or nothing of the paint; lanes remain, and so do their labels."""
    bare_share = rng.choice([0.3, 0.7, 1.0])
    visibility = rng.uniform(0.04, 0.16)
    lines = []
    for line in scene.road.lines:
        stripes = tuple(
            replace(stripe, opacity=stripe.opacity * visibility)
            for stripe in line.stripes
        )
        is_bare = rng.uniform() < bare_share
        lines.append(LaneLine(line.lateral_m, () if is_bare else stripes))
    return replace(scene, road=replace(scene.road, lines=tuple(lines)))


def bend_road(scene: Scene, rng: np.random.Generator) -> Scene:
    """Put the camera before a bend of small radius."""
    radius = np.exp(rng.uniform(np.log(60), np.log(220)))
    length = rng.uniform(220, 420)
    # A sine bends most at its crest: that lies a little ahead of the camera.
    apex = scene.camera.station_m + rng.uniform(5, 60)
    side = rng.choice([-1, 1])
    factor = 2 * np.pi / length
    wave = Wave(
        amplitude_m=float(1 / (radius * factor**2)),
        length_m=float(length),
        phase_rad=float((side * np.pi / 2 - factor * apex) % (2 * np.pi)),
    )
    return replace(scene, road=replace(scene.road, course=Profile((wave,))))
