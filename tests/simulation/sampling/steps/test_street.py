from collections.abc import Callable

import numpy as np

from lanedet.simulation.sampling.steps.motorway import build_motorway
from lanedet.simulation.sampling.steps.street import build_street
from lanedet.simulation.world.scene import Scene

PlainScene = Callable[..., Scene]
SHAPE = (180, 320)
LATERALS = (-1.8, 1.8, 5.4, 9.0)


def test_a_street_has_nothing_of_the_motorway_before(plain_scene: PlainScene) -> None:
    for number in range(20):
        rng = np.random.default_rng(number)
        town = build_street(build_motorway(plain_scene(LATERALS), rng), rng)
        assert town.surroundings.strips == ()
        assert town.surroundings.gantry_spacing_m == 0
