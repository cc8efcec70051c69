from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from lanedet.simulation import Projection
from lanedet.simulation.effects.roadside import paint_roadside
from lanedet.simulation.world.scene import Scene

PlainScene = Callable[..., Scene]
SHAPE = (180, 320)


@pytest.mark.parametrize("density", [0.0, 3.0])
def test_trees_stand_beside_the_road(plain_scene: PlainScene, density: float) -> None:
    scene = plain_scene((-1.8, 1.8))
    place = replace(scene.surroundings, tree_density=density, tree_color=(40, 80, 30))
    scene = replace(scene, surroundings=place)
    sky = np.full((*SHAPE, 3), 220, dtype=np.uint8)
    painted = paint_roadside(sky.copy(), Projection(scene, SHAPE))
    changed = (painted != sky).any(axis=2)
    assert changed.any() == (density > 0)
    assert not changed[
        SHAPE[0] // 2 + 15 :, SHAPE[1] // 2 - 20 : SHAPE[1] // 2 + 20
    ].any()
    if density:
        red, green, blue = painted[changed].astype(int).mean(axis=0)
        assert green > red > blue
