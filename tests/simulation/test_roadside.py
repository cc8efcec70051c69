from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from lanedet.simulation import SceneView
from lanedet.simulation.roadside import paint_roadside, tree_sprites
from lanedet.simulation.scene import Scene

PlainScene = Callable[..., Scene]
SHAPE = (180, 320)


def test_crowns_have_soft_edges_at_every_size() -> None:
    for sizes in tree_sprites():
        assert [sprite.shape for sprite in sizes] == [
            (size, size, 2) for size in (16, 32, 64, 128, 256)
        ]
        for sprite in sizes:
            grey, opacity = sprite[..., 0].astype(int), sprite[..., 1].astype(int)
            assert 0.1 < (opacity > 200).mean() < 0.75
            is_edge = (opacity > 20) & (opacity < 235)
            assert is_edge.mean() > 0.01, "no hard cut between leaves and sky"
            leaves = grey[opacity > 200]
            assert 90 < leaves.mean() < 150
            # Clumps, not specks: a pixel is like its neighbour.
            beside = (opacity[:, 1:] > 200) & (opacity[:, :-1] > 200)
            if len(sprite) >= 64:
                assert abs(np.diff(grey, axis=1))[beside].mean() < 8


@pytest.mark.parametrize("density", [0.0, 3.0])
def test_trees_stand_beside_the_road(plain_scene: PlainScene, density: float) -> None:
    scene = plain_scene((-1.8, 1.8))
    place = replace(scene.surroundings, tree_density=density, tree_color=(40, 80, 30))
    scene = replace(scene, surroundings=place)
    sky = np.full((*SHAPE, 3), 220, dtype=np.uint8)
    painted = paint_roadside(
        sky.copy(), SceneView(scene, SHAPE), np.random.default_rng(0)
    )
    changed = (painted != sky).any(axis=2)
    assert changed.any() == (density > 0)
    assert not changed[
        SHAPE[0] // 2 + 15 :, SHAPE[1] // 2 - 20 : SHAPE[1] // 2 + 20
    ].any()
    if density:
        red, green, blue = painted[changed].astype(int).mean(axis=0)
        assert green > red > blue
