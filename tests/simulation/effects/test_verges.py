from collections.abc import Callable
from dataclasses import replace

from lanedet.simulation import Projection
from lanedet.simulation.effects.verges import cells_ahead, pavement_edge, verge_edge
from lanedet.simulation.world.road import Crossroad
from lanedet.simulation.world.scene import Scene, Strip

PlainScene = Callable[..., Scene]
SHAPE = (180, 320)


def test_cells_lie_ahead_the_farthest_first(plain_scene: PlainScene) -> None:
    cells = cells_ahead(Projection(plain_scene(station_m=1234.0), SHAPE))
    assert cells[0] == (149, 256.0)
    assert cells[-1] == (124, 6.0)
    assert len(cells) == 26


def test_another_road_takes_its_cells(plain_scene: PlainScene) -> None:
    scene = plain_scene()
    crossed = replace(scene.road, crossroad=Crossroad(42.0, 16.0, 4.0, 4.0, 4.0))
    numbers = [
        number
        for number, _ in cells_ahead(Projection(replace(scene, road=crossed), SHAPE))
    ]
    assert {3, 4, 5, 6, 7} - set(numbers) == {4, 5, 6}


def test_trees_stand_behind_another_carriageway(plain_scene: PlainScene) -> None:
    scene = plain_scene()
    pavement = scene.road.pavement
    strip = Strip(pavement.left_m - 12.0, pavement.left_m - 2.0, (90, 90, 90))
    place = replace(scene.surroundings, strips=(strip,))
    projection = Projection(replace(scene, surroundings=place), SHAPE)
    assert pavement_edge(projection, -1, 20.0) == pavement.left_m
    assert verge_edge(projection, -1, 20.0) == pavement.left_m - 12.0
    assert verge_edge(projection, 1, 20.0) == pavement.right_m
