from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from lanedet.arrays import FloatArray
from lanedet.simulation import Projection
from lanedet.simulation.effects.backdrop import city_outlines
from lanedet.simulation.effects.glare import (
    flare_lens,
    is_sun_hidden,
    shine_sun,
    sun_pixel,
)
from lanedet.simulation.effects.houses import face_pixels, houses_ahead
from lanedet.simulation.effects.screens import screens
from lanedet.simulation.world.conditions import Backdrop
from lanedet.simulation.world.scene import Glare, Scene, Vehicle, Wall

PlainScene = Callable[..., Scene]
SHAPE = (180, 320)


def with_sun(scene: Scene, pixel: FloatArray) -> Scene:
    """Return a scene whose sun stands at a pixel."""
    projection = Projection(scene, SHAPE)
    rise = (projection.center[1] + projection.horizon_y - pixel[1]) / SHAPE[0]
    sun_x = float(pixel[0] / SHAPE[1])
    return replace(scene, glare=Glare(1.0, sun_x, float(rise), flare=1.0))


def behind_houses(scene: Scene) -> tuple[Scene, FloatArray]:
    place = replace(scene.surroundings, building_density=1.0)
    scene = replace(scene, surroundings=place)
    projection = Projection(scene, SHAPE)
    return scene, face_pixels(projection, houses_ahead(projection)[0]).mean(axis=0)


def behind_a_vehicle(scene: Scene) -> tuple[Scene, FloatArray]:
    lorry = Vehicle("lorry", 8.0, 0.0, 20.0, (90, 90, 90))
    return replace(scene, vehicles=(lorry,)), np.array([160.0, 80.0])


def behind_hills(scene: Scene) -> tuple[Scene, FloatArray]:
    place = replace(scene.surroundings, hill_rad=0.3)
    # The horizon is at row 89.5.
    return replace(scene, surroundings=place), np.array([160.0, 86.0])


def behind_a_city(scene: Scene) -> tuple[Scene, FloatArray]:
    scene = replace(scene, backdrop=Backdrop(city=0.8, city_rad=0.2))
    return scene, city_outlines(Projection(scene, SHAPE))[0].mean(axis=0)


def behind_a_screen(scene: Scene, **place: object) -> tuple[Scene, FloatArray]:
    around = replace(scene.surroundings, **place)  # type: ignore[arg-type]
    scene = replace(scene, surroundings=around)
    middles = [outline.mean(axis=0) for _, outline in screens(Projection(scene, SHAPE))]
    return scene, next(m for m in middles if 0 < m[0] < 320 and 0 < m[1] < 88)


def behind_a_tree(scene: Scene) -> tuple[Scene, FloatArray]:
    return behind_a_screen(scene, tree_density=3.0)


def behind_a_bridge(scene: Scene) -> tuple[Scene, FloatArray]:
    return behind_a_screen(scene, bridge_spacing_m=80.0)


def behind_a_wall(scene: Scene) -> tuple[Scene, FloatArray]:
    wall = Wall(6.0, 0.0, 5.0, 0.0, 0.0, (90, 90, 90), 0.0)
    return behind_a_screen(scene, walls=(wall,))


@pytest.mark.parametrize(
    "hide",
    [
        behind_houses,
        behind_a_vehicle,
        behind_hills,
        behind_a_city,
        behind_a_tree,
        behind_a_bridge,
        behind_a_wall,
    ],
)
def test_a_sun_that_is_hidden_leaves_no_disc_and_no_ghosts(
    plain_scene: PlainScene, hide: Callable[[Scene], tuple[Scene, FloatArray]]
) -> None:
    hidden, pixel = hide(plain_scene())
    for scene, is_hidden in ((hidden, True), (plain_scene(), False)):
        projection = Projection(with_sun(scene, pixel), SHAPE)
        assert sun_pixel(projection) == pytest.approx(pixel)
        assert is_sun_hidden(projection) == is_hidden
        x, y = np.rint(np.clip(pixel, 0, (319, 179))).astype(int)
        grey = np.full((*SHAPE, 3), 60, dtype=np.uint8)
        sky = shine_sun(grey.copy(), projection)
        assert bool((sky[y, x] > 200).all()) != is_hidden
        has_ghosts = not np.array_equal(flare_lens(grey.copy(), projection), grey)
        assert has_ghosts != is_hidden
