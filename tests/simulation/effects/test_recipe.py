from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from lanedet.arrays import ByteArray
from lanedet.simulation import RECIPE, Effect, Projection, render_scene, sample_scene
from lanedet.simulation.sampling.categories import CATEGORIES
from lanedet.simulation.world.conditions import (
    Backdrop,
    Glare,
    NightLights,
    Recording,
    Tunnel,
    Weather,
    Windscreen,
)
from lanedet.simulation.world.scene import Scene, Vehicle
from lanedet.simulation.world.vehicle_bodies import BODIES

PlainScene = Callable[..., Scene]
SHAPE = (180, 320)
SMALL = (90, 160)


def brighten(image: ByteArray, projection: Projection) -> ByteArray:
    projection.rng("brighten").uniform(size=100)
    assert image.shape[:2] == projection.shape
    return np.minimum(image, 245) + np.uint8(10)


def test_an_effect_is_one_function_in_the_recipe() -> None:
    scene = sample_scene(0, 4)
    plain = render_scene(scene, SHAPE)
    brighter = render_scene(scene, SHAPE, recipe=(*RECIPE, brighten))
    assert np.array_equal(brighter, np.minimum(plain, 245) + 10)


def test_an_effects_draws_do_not_touch_the_others() -> None:
    def draw_much(image: ByteArray, projection: Projection) -> ByteArray:
        for topic in ("draw_much", "fall_rain", "add_noise", "city", "drops"):
            projection.rng(topic).uniform(size=100)
            projection.world_rng(topic).uniform(size=100)
        return image

    scene = sample_scene(0, 4)
    plain = render_scene(scene, SHAPE)
    assert np.array_equal(plain, render_scene(scene, SHAPE, (draw_much, *RECIPE)))


def watched(effect: Effect, changes: set[Effect]) -> Effect:
    """Note an effect that has changed the picture."""

    def apply(image: ByteArray, projection: Projection) -> ByteArray:
        before = image.copy()
        after = effect(image, projection)
        if not np.array_equal(before, after):
            changes.add(effect)
        return after

    return apply


@cache
def drawn(index: int) -> tuple[Scene, ByteArray, set[Effect]]:
    """Return a plain scene, one of hard conditions, or one of a category.

    Also its picture and the effects that had something to draw.
    """
    categories = [None, None, *CATEGORIES]
    scene = sample_scene(0, index, categories[index % len(categories)])
    if index % len(categories) == 0:
        category = ("shadow", "road_works", "arrow")[index // 2 % 3]
        scene = sample_scene(0, index // 2, category)
        scene = replace(
            scene,
            light=replace(scene.light, daylight=min(0.5, scene.light.daylight)),
            weather=Weather(0.5, 0.5, 0.5, 0.5, 0.5, 0.5),
            glare=Glare(strength=0.3, flare=0.5),
            night=NightLights(bloom=0.5),
            tunnel=Tunnel(darkness=0.5),
            backdrop=Backdrop(city=0.5, clouds=0.5),
            windscreen=Windscreen(
                dashboard=0.1, reflection=0.5, dirt=0.5, drops=0.5, wiper=0.5, band=0.5
            ),
            recording=Recording(0.01, 0.2, 0.05, 0.02, 0.02, 0.5, 0.5),
        )
    changes: set[Effect] = set()
    recipe = [watched(effect, changes) for effect in RECIPE]
    return scene, render_scene(scene, SMALL, recipe), changes


@pytest.mark.parametrize("effect", RECIPE, ids=lambda effect: effect.__name__)
def test_every_effect_shows(effect: Effect) -> None:
    recipe = tuple(other for other in RECIPE if other is not effect)
    assert any(
        effect in changes
        and not np.array_equal(picture, render_scene(scene, SMALL, recipe))
        for scene, picture, changes in map(drawn, range(60))
    )


def test_the_name_of_an_effect_changes_no_picture() -> None:
    """Those that the test above watches are all called ``apply``."""
    scene, picture, changes = drawn(0)
    assert np.array_equal(picture, render_scene(scene, SMALL))
    assert changes < set(RECIPE)


@pytest.mark.parametrize("index", range(6))
def test_pictures_are_neither_black_nor_white(index: int) -> None:
    scene = sample_scene(2, index)
    image = render_scene(scene, SHAPE)
    assert 8 < image.mean() < 200
    assert image.std() > 5


@pytest.mark.parametrize("kind", BODIES)
def test_a_vehicle_is_painted_where_it_is(plain_scene: PlainScene, kind: str) -> None:
    vehicle = Vehicle(kind, 15.0, 1.8, 25.0, (130, 20, 20))
    scene = replace(plain_scene(), vehicles=(vehicle,))
    # Between the number plate, the lamps and the window.
    right, up = 0.2 * BODIES[kind].width_m, 0.53 * BODIES[kind].height_m
    pixel = Projection(scene, SHAPE).project(np.array(15.0), 1.8 + right, up)
    x, y = np.rint(pixel).astype(int)
    red, green, _ = render_scene(scene, SHAPE)[y, x].astype(int)
    assert red > green + 30


@pytest.mark.parametrize("kind", BODIES)
def test_a_vehicle_hides_the_marking_behind_it(
    plain_scene: PlainScene, kind: str
) -> None:
    empty = plain_scene()
    vehicle = Vehicle(kind, 15.0, 1.8, 25.0, (130, 20, 20))
    marking = Projection(empty, SHAPE).project(np.array(17.0), 1.8)
    x, y = np.rint(marking).astype(int)
    hidden = render_scene(replace(empty, vehicles=(vehicle,)), SHAPE)
    assert render_scene(empty, SHAPE)[y, x].mean() > hidden[y, x].mean() + 60


def test_a_vehicle_behind_the_camera_is_not_painted(plain_scene: PlainScene) -> None:
    empty = plain_scene()
    behind = Vehicle("lorry", -20.0, 0.0, 25.0, (130, 20, 20))
    image = render_scene(replace(empty, vehicles=(behind,)), SHAPE)
    assert np.array_equal(image, render_scene(empty, SHAPE))


def test_night_is_darker_and_has_lamps(plain_scene: PlainScene) -> None:
    day = plain_scene()
    car = Vehicle("saloon", 20.0, 0.0, 25.0, (130, 130, 130))
    dark = replace(day.light, daylight=0.1, headlights=0.5)
    lens = replace(day.lens, exposure=35.0)
    night = replace(day, light=dark, lens=lens, vehicles=(car,))
    image = render_scene(night, SHAPE).astype(int)
    assert image.mean() < render_scene(day, SHAPE).mean() / 2
    assert (image[..., 0] - image[..., 1]).max() > 60, "red tail lamps"


@pytest.mark.parametrize("shape", [(72, 96), (590, 1640), (721, 1283)])
def test_any_size_can_be_painted(shape: tuple[int, int]) -> None:
    assert render_scene(sample_scene(0, 1), shape).shape == (*shape, 3)
