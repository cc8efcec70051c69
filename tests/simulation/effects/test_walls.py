from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from lanedet.arrays import FloatArray
from lanedet.simulation import Projection
from lanedet.simulation.effects.walls import paint_walls
from lanedet.simulation.painting.sketch import Sketch
from lanedet.simulation.world.color import Color
from lanedet.simulation.world.road import Crossroad, Ramp, Taper
from lanedet.simulation.world.scene import Scene, Wall

PlainScene = Callable[..., Scene]
SHAPE = (180, 320)
GREY: Color = (90.0, 90.0, 90.0)
BARRIER = Wall(6.0, 0.0, 1.0, 0.0, 0.0, GREY, 0.0)
RAIL = Wall(6.0, 0.5, 0.8, 0.0, 4.0, GREY, 0.0)


@pytest.fixture
def painted(monkeypatch: pytest.MonkeyPatch) -> Callable[[Scene], list[tuple]]:
    """Paints a scene's walls and returns corners, distances and gains of each."""
    added: list[tuple] = []

    def add(
        sketch: Sketch, corners: FloatArray, color: Color, *rest: FloatArray
    ) -> None:
        assert color == GREY
        added.append((corners, *rest))

    monkeypatch.setattr(Sketch, "add_quadrangles", add)

    def paint(scene: Scene) -> list[tuple]:
        added.clear()
        image = np.zeros((*SHAPE, 3), dtype=np.uint8)
        paint_walls(image, Projection(scene, SHAPE))
        return list(added)

    return paint


def along(scene: Scene, *walls: Wall) -> Scene:
    return replace(scene, surroundings=replace(scene.surroundings, walls=walls))


def test_a_wall_has_no_gaps_and_the_farthest_comes_first(
    plain_scene: PlainScene, painted: Callable[[Scene], list[tuple]]
) -> None:
    scene = along(plain_scene(station_m=102.0), BARRIER)
    ((corners, distances, gains),) = painted(scene)
    near, far = corners[:, 0, 0], corners[:, 1, 0]
    assert np.array_equal(near, distances)
    assert np.array_equal(near[:-1], far[1:]), "each ends where the one before began"
    assert near[-1] == 0.8, "it goes on beside the camera"
    assert near[-2] == 2.0, "pieces stay where they are: at 104 m, at 108 m, ..."
    assert far[0] > 300
    assert (corners[:, :, 1] == 6.0).all()
    assert corners[0, :, 2].tolist() == [0.0, 0.0, 1.0, 1.0]
    assert (gains == gains[0]).all()


def test_posts_stand_near_and_where_a_wall_has_them(
    plain_scene: PlainScene, painted: Callable[[Scene], list[tuple]]
) -> None:
    scene = along(plain_scene(), RAIL, replace(RAIL, post_spacing_m=0.0))
    with_posts, without = painted(scene)
    is_post = np.ptp(with_posts[0][..., 0], axis=1) == 0
    posts, strips = with_posts[0][is_post], with_posts[0][~is_post]
    assert np.array_equal(strips, without[0])
    expected = strips[strips[:, 0, 0] < 60, 0, 0]
    assert np.array_equal(posts[:, 0, 0], expected), "at the near end of each piece"
    assert len(expected) > 10
    assert np.unique(posts[..., 1]) == pytest.approx([5.93, 6.07])
    assert np.unique(posts[..., 2]).tolist() == [0.0, 0.8]
    # Painted after the piece whose end it is.
    assert np.flatnonzero(is_post)[-1] == len(is_post) - 1


def test_another_road_interrupts_a_wall_and_its_posts(
    plain_scene: PlainScene, painted: Callable[[Scene], list[tuple]]
) -> None:
    scene = plain_scene()
    crossed = replace(scene.road, crossroad=Crossroad(start_m=20.0, length_m=16.0))
    ((whole, *_),) = painted(along(scene, RAIL))
    ((broken, *_),) = painted(along(replace(scene, road=crossed), RAIL))
    stations = broken[:, 0, 0]
    assert not ((stations > 20) & (stations < 36)).any()
    kept = [(wall == broken).all(axis=(1, 2)).any() for wall in whole[:, None]]
    assert np.array_equal(whole[kept], broken)


def test_a_high_wall_is_a_patchwork_and_a_slope_is_lit(
    plain_scene: PlainScene, painted: Callable[[Scene], list[tuple]]
) -> None:
    scene = plain_scene()
    scene = replace(scene, light=replace(scene.light, backlight=1.0))
    high = replace(BARRIER, top_m=5.0, roughness=0.3)
    slope = replace(BARRIER, lean_m=4.0)
    first, second = painted(along(scene, high, slope))
    assert np.unique(first[0][..., 2]) == pytest.approx([0, 5 / 3, 10 / 3, 5])
    assert np.std(first[2]) > 0.05
    assert second[2] == pytest.approx(np.ones(len(second[2])))
    assert np.mean(first[2]) < 0.7


def test_a_wall_makes_room_for_an_exit(
    plain_scene: PlainScene, painted: Callable[[Scene], list[tuple]]
) -> None:
    taper = Taper(start_m=20.0, length_m=40.0, before_m=0.0, after_m=5.0)
    scene = plain_scene()
    road = replace(scene.road, ramp=Ramp(taper, width_m=4.0, side=1))
    left = replace(BARRIER, lateral_m=-6.0)
    right, other = painted(along(replace(scene, road=road), BARRIER, left))
    for corner in range(4):
        stations, laterals = right[0][:, corner, 0], right[0][:, corner, 1]
        assert laterals == pytest.approx(6.0 + taper.at(stations))
    assert (other[0][..., 1] == -6.0).all()
