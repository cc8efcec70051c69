from collections.abc import Callable

import numpy as np
import pytest

from lanedet.simulation.render import render_scene
from lanedet.simulation.sampler import sample_scene
from lanedet.simulation.scene import Scene
from lanedet.simulation.view import SceneView

SHAPE = (72, 204)

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
    for index in range(40):
        assert PROMISES[category](sample_scene(5, index, category))


@pytest.mark.parametrize("category", PROMISES)
def test_pictures_are_neither_black_nor_white(category: str) -> None:
    for index in range(6):
        image = render_scene(sample_scene(6, index, category), SHAPE)
        assert 4 < image.mean() < 240


@pytest.mark.parametrize("shape", [(72, 96), (288, 800), (590, 1640), (720, 1280)])
def test_every_camera_fits_every_picture(shape: tuple[int, int]) -> None:
    bent = 0
    for index in range(300):
        scene = sample_scene(8, index, "normal")
        SceneView(scene, shape)  # Refuses a lens that bends too much.
        bent += scene.camera.distortion > 0
        assert 1 < scene.camera.height_m < 3
        assert scene.lens.bonnet == 0 or scene.windscreen.dashboard == 0
    assert 100 < bent < 200


def test_recording_varies() -> None:
    scenes = [sample_scene(9, index, "normal") for index in range(200)]
    for name in ("motion", "stops", "flicker", "tint", "video_loss", "jpeg_loss"):
        values = np.array([getattr(scene.recording, name) for scene in scenes])
        assert (values == 0).any()
        assert len(np.unique(values)) > 10
