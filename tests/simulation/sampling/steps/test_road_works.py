from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from lanedet.simulation import scene_lanes
from lanedet.simulation.sampling.steps.road_works import build_road_works
from lanedet.simulation.world.scene import Scene, Vehicle

PlainScene = Callable[..., Scene]
SHAPE = (180, 320)
LATERALS = (-1.8, 1.8, 5.4, 9.0)


def works(plain_scene: PlainScene, number: int) -> Scene:
    """Return road works on three lanes, of which the driver's is the leftmost."""
    traffic = tuple(
        Vehicle("saloon", 50.0, lateral, 20.0, (9, 9, 9)) for lateral in (0.0, 7.2)
    )
    scene = replace(plain_scene(LATERALS), vehicles=traffic)
    return build_road_works(scene, np.random.default_rng(number))


def closes(scene: Scene) -> bool:
    """Return whether cones stand on the driver's side of the right lane's middle."""
    guards = [p for p in scene.props if p.kind != "board"]
    return min(guard.lateral_m for guard in guards) < 7.2


def test_most_road_works_close_the_outer_lane(plain_scene: PlainScene) -> None:
    built = [works(plain_scene, number) for number in range(60)]
    closed = [scene for scene in built if closes(scene)]
    assert 35 < len(closed) < 55
    for scene in closed:
        guards = [p.lateral_m for p in scene.props if p.kind != "board"]
        assert min(guards) > 5.4, "the driver's lane and the next one stay open"
        laterals = [v.lateral_m for v in scene.vehicles if v.speed_mps > 0]
        assert 0.0 in laterals
    emptied = [
        all(v.speed_mps == 0 or v.lateral_m < 5 for v in s.vehicles) for s in closed
    ]
    assert sum(emptied) == len(closed), "nobody drives behind the cones"


@pytest.mark.parametrize("is_yellow", [False, True])
def test_works_are_labelled_by_the_paint(
    plain_scene: PlainScene, is_yellow: bool
) -> None:
    before = scene_lanes(plain_scene(LATERALS), SHAPE)
    for number in range(60):
        scene = works(plain_scene, number)
        lines = scene.road.lines
        if (
            not closes(scene)
            or (lines != plain_scene(LATERALS).road.lines) != is_yellow
        ):
            continue
        if not is_yellow:
            after = scene_lanes(scene, SHAPE)
            assert all(map(np.array_equal, before, after)), "cones change no label"
            continue
        assert lines[-1].taper is not None
        assert float(lines[-1].lateral_at(500.0)) == pytest.approx(
            float(lines[-2].lateral_m)
        )
        assert lines[-2].end_m < 500
        for line in lines:
            red, green, blue = line.stripes[0].color
            assert red > green > blue + 50
        assert len(scene.road.ghosts) == len(lines), "the white lines are ghosts"
