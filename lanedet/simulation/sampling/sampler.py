"""Random scenes: which roads, cameras, traffic and light there are, and how often.

A scene is drawn from generators that begin from ``(seed, index)`` and the topic of what
they draw, so scene 17 is the same whoever draws it, and whatever else is drawn.
"""

import numpy as np

from lanedet.simulation.arguments import check_whole
from lanedet.simulation.sampling.camera import random_camera, random_lens
from lanedet.simulation.sampling.categories import deal_category, recast
from lanedet.simulation.sampling.road import random_road
from lanedet.simulation.sampling.surroundings import random_light, random_surroundings
from lanedet.simulation.sampling.traffic import random_traffic
from lanedet.simulation.world.scene import Scene


def sample_scene(seed: int, index: int, category: str | None = None) -> Scene:
    """Return one random scene.

    Args:
        seed: Names the collection, >= 0.
        index: Number of the scene in it, >= 0.
        category: What the scene must be: a key of ``CATEGORIES`` or ``MIXTURES`` in
            :mod:`~lanedet.simulation.sampling.categories`, or None for a plain highway
            scene.

    Raises:
        ValueError: If a number is negative or not whole, or the category is unknown.
    """
    check_whole("seed", seed, 0)
    check_whole("index", index, 0)
    rng = np.random.default_rng((seed, index))
    road = random_road(rng)
    camera = random_camera(rng, road)
    light = random_light(rng)
    scene = Scene(
        road=road,
        camera=camera,
        vehicles=random_traffic(rng, road, camera),
        surroundings=random_surroundings(rng, road),
        light=light,
        lens=random_lens(rng, light.daylight),
        seed=(seed, index),
    )
    if category is None:
        return scene
    return recast(scene, deal_category(seed, index, category))
