from collections.abc import Callable
from dataclasses import replace

import numpy as np

from lanedet.simulation import Projection
from lanedet.simulation.effects.houses import (
    House,
    face_pixels,
    houses_ahead,
    light_windows,
)
from lanedet.simulation.effects.roadside import paint_roadside
from lanedet.simulation.painting.canvas import fill_polygon
from lanedet.simulation.world.scene import Scene

PlainScene = Callable[..., Scene]
SHAPE = (180, 320)


def town(plain_scene: PlainScene, density: float = 1.0, **camera: float) -> Scene:
    scene = plain_scene(**camera)
    place = replace(scene.surroundings, building_density=density)
    return replace(scene, surroundings=place)


def shown_house(projection: Projection) -> House:
    """Return the nearest house that is whole in the picture."""
    for house in reversed(houses_ahead(projection)):
        xs, ys = face_pixels(projection, house).T
        if min(*xs, *ys) > 0 and max(xs) < SHAPE[1] - 1:
            return house
    raise AssertionError("no house is in the picture")


def test_houses_stay_where_they_are(plain_scene: PlainScene) -> None:
    first, later = (
        houses_ahead(Projection(town(plain_scene, 0.5, station_m=station), SHAPE))
        for station in (0.0, 40.0)
    )
    assert 15 < len(first) < 40
    stations = [house.station_m for house in first]
    assert stations == sorted(stations, reverse=True), "the farthest first"
    passed = [house for house in first if house.station_m > 41]
    assert passed == [house for house in later if house.station_m <= 260]
    assert houses_ahead(Projection(plain_scene(), SHAPE)) == []


def test_windows_shine_where_houses_are(plain_scene: PlainScene) -> None:
    projection = Projection(town(plain_scene), SHAPE)
    glow = np.full((*SHAPE, 3), 200, dtype=np.uint8)
    light_windows(glow, projection)
    (x0, y1), _, (x1, y0), _ = face_pixels(projection, shown_house(projection)).astype(
        int
    )
    face = glow[y0 + 2 : y1 - 1, x0 + 2 : x1 - 1].astype(int)
    lit = face.max(axis=2) > 60
    assert 0.01 < lit.mean() < 0.3, "some windows, and what shone behind is hidden"
    red, _, blue = face[lit].mean(axis=0)
    assert red > blue, "most lamps are warm"
    x, y = np.rint(projection.center).astype(int)
    assert (glow[y + 20, x] == 200).all(), "the road is not touched"


def test_windows_are_dark_by_day(plain_scene: PlainScene) -> None:
    projection = Projection(town(plain_scene), SHAPE)
    image = np.full((*SHAPE, 3), 200, dtype=np.uint8)
    painted = paint_roadside(image, projection)
    house = shown_house(projection)
    left, right = house.glass_m
    middle = (left + right) / 2
    floor = float(house.floors[0])
    glass, wall = (
        np.rint(projection.project(np.array(house.station_m), middle, height)).astype(
            int
        )
        for height in (floor + 0.7, floor - 0.8)
    )
    assert painted[glass[1], glass[0]].mean() < 0.8 * painted[wall[1], wall[0]].mean()


def test_a_screen_hides_the_windows_behind_it_alone(plain_scene: PlainScene) -> None:
    projection = Projection(town(plain_scene), SHAPE)
    houses = houses_ahead(projection)
    distance = float(np.median([house.station_m for house in houses])) + 1
    everything = np.array([(-9e3, -9e3), (9e3, -9e3), (9e3, 9e3), (-9e3, 9e3)])
    bare, hidden = (np.zeros((*SHAPE, 3), dtype=np.uint8) for _ in range(2))
    light_windows(bare, projection)
    light_windows(hidden, projection, [(distance, everything)])
    assert np.array_equal(hidden[bare == 0], bare[bare == 0])
    near, far = np.zeros(SHAPE, np.uint8), np.zeros(SHAPE, np.uint8)
    for house in houses:  # the farthest first
        is_near = house.station_m < distance
        face = face_pixels(projection, house)
        for mask, value in ((near, is_near), (far, not is_near)):
            fill_polygon(mask, face, (255 * value,))
    is_near, is_far = near == 255, (far == 255) & (near == 0)
    assert bare[is_far].max() > 60
    assert hidden[is_far].max() == 0
    assert hidden[is_near].max() > 60
    assert np.array_equal(hidden[is_near], bare[is_near])


def test_a_screen_hides_the_house_that_it_stands_at(plain_scene: PlainScene) -> None:
    projection = Projection(town(plain_scene), SHAPE)
    distance = shown_house(projection).station_m - projection.scene.camera.station_m
    everything = np.array([(-9e3, -9e3), (9e3, -9e3), (9e3, 9e3), (-9e3, 9e3)])
    glows = []
    for away in (-1e-3, 0.0, 1e-3):
        glow = np.zeros((*SHAPE, 3), dtype=np.uint8)
        light_windows(glow, projection, [(distance + away, everything)])
        glows.append(glow)
    before, same, behind = glows
    assert np.array_equal(same, before)
    assert not np.array_equal(same, behind)
