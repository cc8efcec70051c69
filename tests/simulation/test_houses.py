from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from lanedet.simulation import SceneView
from lanedet.simulation.backdrop import city_outlines, light_city
from lanedet.simulation.conditions import Backdrop
from lanedet.simulation.glare import flare_lens, is_sun_hidden, shine_sun, sun_pixel
from lanedet.simulation.houses import House, face_pixels, houses_ahead, light_windows
from lanedet.simulation.roadside import paint_roadside, screens
from lanedet.simulation.scene import Glare, Scene, Vehicle

PlainScene = Callable[..., Scene]
SHAPE = (180, 320)


def town(plain_scene: PlainScene, density: float = 1.0, **camera: float) -> Scene:
    scene = plain_scene(**camera)
    place = replace(scene.surroundings, building_density=density)
    return replace(scene, surroundings=place)


def shown_house(view: SceneView) -> House:
    """Return the nearest house that is whole in the picture."""
    for house in reversed(houses_ahead(view)):
        xs, ys = face_pixels(view, house).T
        if min(*xs, *ys) > 0 and max(xs) < SHAPE[1] - 1:
            return house
    raise AssertionError("no house is in the picture")


def test_houses_stay_where_they_are(plain_scene: PlainScene) -> None:
    first, later = (
        houses_ahead(SceneView(town(plain_scene, 0.5, station_m=station), SHAPE))
        for station in (0.0, 40.0)
    )
    assert 15 < len(first) < 40
    stations = [house.station_m for house in first]
    assert stations == sorted(stations, reverse=True), "the farthest first"
    passed = [house for house in first if house.station_m > 41]
    assert passed == [house for house in later if house.station_m <= 260]
    assert houses_ahead(SceneView(plain_scene(), SHAPE)) == []


def test_windows_shine_where_houses_are(plain_scene: PlainScene) -> None:
    view = SceneView(town(plain_scene), SHAPE)
    glow = np.full((*SHAPE, 3), 200, dtype=np.uint8)
    light_windows(glow, view)
    (x0, y1), _, (x1, y0), _ = face_pixels(view, shown_house(view)).astype(int)
    face = glow[y0 + 2 : y1 - 1, x0 + 2 : x1 - 1].astype(int)
    lit = face.max(axis=2) > 60
    assert 0.01 < lit.mean() < 0.3, "some windows, and what shone behind is hidden"
    red, _, blue = face[lit].mean(axis=0)
    assert red > blue, "most lamps are warm"
    x, y = np.rint(view.center).astype(int)
    assert (glow[y + 20, x] == 200).all(), "the road is not touched"


def test_windows_are_dark_by_day(plain_scene: PlainScene) -> None:
    view = SceneView(town(plain_scene), SHAPE)
    image = np.full((*SHAPE, 3), 200, dtype=np.uint8)
    painted = paint_roadside(image, view, np.random.default_rng(0))
    house = shown_house(view)
    left, right = house.glass_m
    middle = (left + right) / 2
    floor = float(house.floors[0])
    glass, wall = (
        np.rint(view.project(np.array(house.station_m), middle, height)).astype(int)
        for height in (floor + 0.7, floor - 0.8)
    )
    assert painted[glass[1], glass[0]].mean() < 0.8 * painted[wall[1], wall[0]].mean()


@pytest.mark.parametrize("what", ["nothing", "house", "vehicle"])
def test_the_sun_hides_behind_houses_and_vehicles(
    plain_scene: PlainScene, what: str
) -> None:
    scene = town(plain_scene, 1.0 if what == "house" else 0.0)
    glare = Glare(strength=1.0, sun_x=0.5, rise=0.05, flare=1.0)
    if what == "house":
        view = SceneView(scene, SHAPE)
        x, y = face_pixels(view, houses_ahead(view)[0]).mean(axis=0)
        rise = (view.center[1] + view.horizon_y - y) / SHAPE[0]
        glare = replace(glare, sun_x=float(x / SHAPE[1]), rise=float(rise))
    elif what == "vehicle":
        lorry = Vehicle("lorry", 8.0, 0.0, 20.0, (90, 90, 90))
        scene = replace(scene, vehicles=(lorry,))
    scene = replace(scene, glare=glare)
    view = SceneView(scene, SHAPE)
    assert is_sun_hidden(view) == (what != "nothing")
    grey = np.full((*SHAPE, 3), 60, dtype=np.uint8)
    rng = np.random.default_rng(0)
    x, y = np.rint(sun_pixel(view)).astype(int)
    is_white = bool((shine_sun(grey.copy(), view, rng)[y, x] > 200).all())
    assert is_white == (what == "nothing")
    has_ghosts = not np.array_equal(flare_lens(grey.copy(), view, rng), grey)
    assert has_ghosts == (what == "nothing")


def test_trees_hide_windows_behind_them(plain_scene: PlainScene) -> None:
    scene = town(plain_scene)
    wooded = replace(scene.surroundings, tree_density=3.0)
    view = SceneView(replace(scene, surroundings=wooded), SHAPE)
    bare, hidden = (np.zeros((*SHAPE, 3), dtype=np.uint8) for _ in range(2))
    light_windows(bare, view)
    light_windows(hidden, view, screens(view))
    assert 0.05 < (hidden > 60).sum() / (bare > 60).sum() < 0.8
    assert len(screens(view)) > 50


def test_the_far_city_is_lit_and_hides_the_sun(plain_scene: PlainScene) -> None:
    scene = replace(plain_scene(), backdrop=Backdrop(city=0.8, city_rad=0.2))
    view = SceneView(scene, SHAPE)
    glow = np.zeros((*SHAPE, 3), dtype=np.uint8)
    light_city(glow, view)
    ys, xs = np.nonzero(glow.max(axis=2) > 40)
    assert len(xs) > 20
    assert ys.max() <= view.center[1] + view.horizon_y + 2, "none below the horizon"
    x, y = city_outlines(view)[0].mean(axis=0).tolist()
    rise = (view.center[1] + view.horizon_y - y) / SHAPE[0]
    glare = Glare(strength=1.0, sun_x=x / SHAPE[1], rise=rise)
    assert is_sun_hidden(SceneView(replace(scene, glare=glare), SHAPE))
    nowhere = replace(scene, glare=glare, backdrop=Backdrop())
    assert not is_sun_hidden(SceneView(nowhere, SHAPE))
