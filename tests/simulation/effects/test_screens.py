from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest

from lanedet.simulation import Projection
from lanedet.simulation.effects.houses import light_windows
from lanedet.simulation.effects.roadside import paint_roadside
from lanedet.simulation.effects.screens import screens
from lanedet.simulation.effects.walls import paint_walls
from lanedet.simulation.world.scene import Scene, Wall

PlainScene = Callable[..., Scene]
SHAPE = (180, 320)
WALL = Wall(6.0, 0.0, 5.0, 0.0, 0.0, (90, 90, 90), 0.0)


@pytest.mark.parametrize(
    ("place", "inside", "outside"),
    [
        ({"tree_density": 2.0}, 0.9, 0.5),
        # A deck is seen from below too, and stands on piers.
        ({"bridge_spacing_m": 80.0}, 0.98, 0.6),
        # Its edges are soft, a pixel wide.
        ({"walls": (WALL,)}, 0.98, 0.03),
    ],
    ids=["trees", "bridges", "walls"],
)
def test_outlines_lie_where_things_are_painted(
    plain_scene: PlainScene, place: dict[str, object], inside: float, outside: float
) -> None:
    scene = plain_scene(station_m=3.0)
    around = replace(scene.surroundings, **place)  # type: ignore[arg-type]
    projection = Projection(replace(scene, surroundings=around), SHAPE)
    sky = np.full((*SHAPE, 3), 255, dtype=np.uint8)
    painted = paint_walls(paint_roadside(sky.copy(), projection), projection)
    is_painted = (painted < 240).any(axis=2)
    hidden = np.zeros(SHAPE, dtype=np.uint8)
    for _, outline in screens(projection):
        cv2.fillPoly(hidden, [np.rint(outline).astype(int)], 255)
    is_hidden = hidden > 0
    assert is_hidden.mean() > 0.02
    assert is_painted[is_hidden].mean() > inside
    assert (is_painted & ~is_hidden).sum() / is_painted.sum() < outside


def test_low_walls_and_bare_roads_hide_nothing(plain_scene: PlainScene) -> None:
    scene = plain_scene()
    assert screens(Projection(scene, SHAPE)) == []
    rail = replace(scene.surroundings, walls=(replace(WALL, top_m=0.9),))
    assert screens(Projection(replace(scene, surroundings=rail), SHAPE)) == []


def test_trees_hide_windows_behind_them(plain_scene: PlainScene) -> None:
    scene = plain_scene()
    wooded = replace(scene.surroundings, tree_density=3.0, building_density=1.0)
    projection = Projection(replace(scene, surroundings=wooded), SHAPE)
    bare, hidden = (np.zeros((*SHAPE, 3), dtype=np.uint8) for _ in range(2))
    light_windows(bare, projection)
    light_windows(hidden, projection, screens(projection))
    assert 0.05 < (hidden > 60).sum() / (bare > 60).sum() < 0.8
