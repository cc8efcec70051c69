import copy
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from typing import Any

import numpy as np
import pytest

from lanedet.arrays import ByteArray
from lanedet.simulation import RECIPE, Projection, make_scene, sample_scene
from lanedet.simulation.effects.recipe import paint_scene
from lanedet.simulation.effects.surface import paint_ground
from lanedet.simulation.export import scene_files
from lanedet.simulation.make import fit_lens, label_scene
from lanedet.simulation.roadscenes import freezing
from lanedet.simulation.sampling.steps.street import build_street
from lanedet.simulation.world.pattern import SOLID
from lanedet.simulation.world.road import LaneLine, Pavement, Profile, Road, Stripe
from lanedet.simulation.world.scene import Camera, Lens, Light, Scene, Surroundings
from lanedet.structures import LaneSample

_NOTHING = Surroundings(
    left_color=(90, 100, 60),
    right_color=(90, 100, 60),
    walls=(),
    tree_density=0.0,
    tree_color=(50, 70, 40),
    tree_distance_m=5.0,
    building_density=0.0,
    pole_spacing_m=0.0,
    bridge_spacing_m=0.0,
    sign_spacing_m=0.0,
    hill_rad=0.0,
    forest_rad=0.0,
    hill_color=(90, 100, 100),
)
_NOON = Light(
    daylight=1.0,
    zenith_color=(90, 130, 200),
    horizon_color=(200, 210, 220),
    cloud_cover=0.0,
    visibility_m=1e6,
    shadow=0.0,
    sun_lateral=0.0,
    tree_shade=0.0,
    headlights=0.0,
    warmth=0.0,
)
_PERFECT = Lens(
    blur=0.0,
    noise=0.0,
    vignette=0.0,
    exposure=100.0,
    gamma=1.0,
    saturation=1.0,
    detail=1.0,
    bonnet=0.0,
    bonnet_color=(20, 20, 20),
)


def _draw_once(make: Callable[..., tuple[ByteArray, LaneSample]]) -> Any:
    """Return a function that makes each scene once, and copies of it from then on."""
    drawn = cache(make)

    def make_once(*scene: Any) -> tuple[ByteArray, LaneSample]:
        image, sample = drawn(*scene)
        return image.copy(), copy.deepcopy(sample)

    return make_once


@pytest.fixture(scope="module")
def scenes_drawn_once() -> Iterator[None]:
    """Draw each scene of a data set once, for tests of its files, not its pictures."""
    make_once = _draw_once(make_scene)
    with pytest.MonkeyPatch.context() as patch:
        for module in (freezing, scene_files):
            patch.setattr(module, "make_scene", make_once)
        yield


def _draw_otherwise(
    seed: int, index: int, shape: tuple[int, int], category: str | None = None
) -> tuple[ByteArray, LaneSample]:
    scene = fit_lens(sample_scene(seed, index, category), shape)
    projection = Projection(scene, shape)
    recipe = tuple(effect for effect in RECIPE if effect is not paint_ground)
    assert len(recipe) == len(RECIPE) - 1
    image = paint_scene(projection, recipe)
    return image, label_scene(projection, f"scenes/{seed}/{index}.jpg")


_draw_otherwise_once = _draw_once(_draw_otherwise)


@pytest.fixture
def another_drawing() -> Callable[[], AbstractContextManager[None]]:
    """Draw scenes without their ground, as another version might, within a block."""

    @contextmanager
    def draw() -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            for module in (freezing, scene_files):
                patch.setattr(module, "make_scene", _draw_otherwise_once)
            yield

    return draw


@pytest.fixture
def plain_scene() -> Callable[..., Scene]:
    """Make a scene that has nothing but a road with solid lines, in clear light.

    The camera is level, 1.5 m high, and its focal length is 500 pixels of a picture
    that is 640 wide.
    """

    def make(
        laterals_m: tuple[float, ...] = (-1.8, 1.8),
        course: Profile | None = None,
        hills: Profile | None = None,
        **camera: float,
    ) -> Scene:
        fov = float(2 * np.arctan(320 / 500))
        return Scene(
            road=Road(
                course or Profile(),
                hills or Profile(),
                tuple(_line(lateral) for lateral in laterals_m),
                _pavement(laterals_m),
            ),
            camera=Camera(**{"height_m": 1.5, "fov_rad": fov, **camera}),
            vehicles=(),
            surroundings=_NOTHING,
            light=_NOON,
            lens=_PERFECT,
            seed=(0, 0),
        )

    return make


def _line(lateral_m: float) -> LaneLine:
    stripe = Stripe(lateral_m, 0.15, SOLID, 0.0, (255, 255, 255), 1.0, 0.0)
    return LaneLine(lateral_m, (stripe,))


def _pavement(laterals_m: tuple[float, ...]) -> Pavement:
    return Pavement(
        left_m=laterals_m[0] - 1,
        right_m=laterals_m[-1] + 1,
        color=(60, 60, 60),
        shoulder_gain=1.0,
        track_gain=1.0,
        oil_gain=1.0,
        lane_gains=(1.0,) * (len(laterals_m) - 1),
        grain=0.0,
        patchiness=0.0,
        joint_spacing_m=0.0,
        seams=(),
    )


@pytest.fixture
def street(
    plain_scene: Callable[..., Scene],
) -> Callable[[tuple[float, ...]], Scene]:
    """Make a street of a town, with lines at these laterals."""

    def _street(laterals_m: tuple[float, ...]) -> Scene:
        return build_street(plain_scene(laterals_m), np.random.default_rng(1))

    return _street


@pytest.fixture
def find_changed() -> Callable[..., list[Scene]]:
    """Make what a step makes of a scene, where it changes it, of 60 tries."""

    def _find_changed(
        step: Callable[[Scene, np.random.Generator], Scene], scene: Scene
    ) -> list[Scene]:
        built = [step(scene, np.random.default_rng(number)) for number in range(60)]
        return [changed for changed in built if changed != scene]

    return _find_changed
