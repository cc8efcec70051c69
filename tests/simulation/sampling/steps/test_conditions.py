from collections.abc import Callable
from dataclasses import fields
from functools import cache

import numpy as np
import pytest

from lanedet.simulation.make import render_scene
from lanedet.simulation.projection.projection import Projection
from lanedet.simulation.sampling.categories import CATEGORIES
from lanedet.simulation.sampling.sampler import sample_scene
from lanedet.simulation.world.conditions import Recording
from lanedet.simulation.world.scene import Scene

SHAPE = (72, 204)


@cache
def scene_of(seed: int, index: int, category: str) -> Scene:
    """Sample a scene once, for all tests that look at it."""
    return sample_scene(seed, index, category)


PROMISES: dict[str, Callable[[Scene], bool]] = {
    "night": lambda scene: scene.light.daylight < 0.3,
    "dazzle": lambda scene: scene.glare.strength > 0.4,
    "rain": lambda scene: scene.weather.rain > 0 and scene.weather.wet > 0.5,
    "wet_road": lambda scene: scene.weather.wet >= 0.5,
    "fog": lambda scene: scene.weather.fog > 0.7 and scene.light.visibility_m <= 130,
    "snow_edge": lambda scene: scene.weather.snow > 0,
    "tunnel": lambda scene: scene.tunnel.darkness > 0.5,
}


@pytest.mark.parametrize("category", PROMISES)
def test_a_category_keeps_its_promise(category: str) -> None:
    for index in range(12):
        assert PROMISES[category](sample_scene(5, index, category))


@pytest.mark.parametrize("category", PROMISES)
def test_pictures_are_neither_black_nor_white(category: str) -> None:
    for index in range(2):
        image = render_scene(sample_scene(6, index, category), SHAPE)
        assert 4 < image.mean() < 240


@pytest.mark.parametrize("category", CATEGORIES)
def test_without_sun_nothing_is_of_the_sun(category: str) -> None:
    sunny = 0
    for index in range(20):
        scene = sample_scene(700 + index, index, category)
        if scene.light.has_sun and scene.tunnel.darkness == 0:
            sunny += 1
            continue
        light = scene.light
        assert light.shadow == light.tree_shade == light.backlight == 0
        assert scene.surroundings.shades == ()
        assert scene.glare.strength == scene.glare.flare == 0
    if category in ("dazzle", "shadow"):
        assert sunny == 20
    elif category in ("night", "rain", "fog", "tunnel"):
        assert sunny == 0
    else:
        assert 1 < sunny < 19


def test_tunnels_hold_nothing_but_their_traffic() -> None:
    for index in range(50):
        scene = sample_scene(800 + index, index, "tunnel")
        stripes = [s for line in scene.road.lines for s in line.stripes]
        assert all(stripe.gap is None for stripe in stripes), "nor zebra crossings"
        around, pavement = scene.surroundings, scene.road.pavement
        assert scene.props == around.walls == around.strips == ()
        assert around.gantry_spacing_m == around.sign_spacing_m == 0
        assert around.tree_density == around.building_density == 0
        assert around.pole_spacing_m == around.bridge_spacing_m == 0
        for vehicle in scene.vehicles:
            assert vehicle.lateral_m > pavement.left_m - scene.tunnel.side_m + 1
            assert vehicle.lateral_m < pavement.right_m + scene.tunnel.side_m - 1


def test_wipers_pass_wet_dirty_and_now_and_then_dry_glass() -> None:
    def share(category: str, num: int) -> float:
        scenes = (sample_scene(900 + index, index, category) for index in range(num))
        return sum(scene.windscreen.wiper > 0 for scene in scenes) / num

    assert 0.2 < share("rain", 300) < 0.4  # 0.3 is meant
    assert 0.03 < share("wet_road", 150) < 0.25
    assert 0 < share("normal", 300) < 0.05


@pytest.mark.parametrize("shape", [(72, 96), (288, 800), (590, 1640), (720, 1280)])
def test_every_camera_fits_every_picture(shape: tuple[int, int]) -> None:
    bent = 0
    for index in range(100):
        scene = scene_of(8, index, "normal")
        Projection(scene, shape)  # Refuses a lens that bends too much.
        bent += scene.camera.distortion > 0
        assert 1 < scene.camera.height_m < 3
        assert scene.lens.bonnet == 0 or scene.windscreen.dashboard == 0
    assert 33 < bent < 67


def test_recording_varies() -> None:
    scenes = [scene_of(9, index, "normal") for index in range(200)]
    for name in [field.name for field in fields(Recording)]:
        values = np.array([getattr(scene.recording, name) for scene in scenes])
        assert (values == 0).any()
        assert len(np.unique(values)) > 10


def test_snow_is_not_exposed_to_white() -> None:
    scenes = [scene_of(9, index, "snow_edge") for index in range(60)]
    stops = [scene.recording.stops for scene in scenes if scene.weather.snow > 0]
    assert max(stops) == 0.3
    others = [scene_of(9, index, "normal").recording.stops for index in range(60)]
    assert max(others) > 0.5
