from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from lanedet.arrays import ByteArray
from lanedet.simulation import Projection, render_scene
from lanedet.simulation.effects.decals import shade_light
from lanedet.simulation.effects.light import cast_shadows, light_lamps
from lanedet.simulation.effects.surface import paint_ground
from lanedet.simulation.effects.vehicles import visible_faces
from lanedet.simulation.sampling.outlines import box
from lanedet.simulation.world.scene import Scene, Shade, Vehicle
from lanedet.simulation.world.vehicle_bodies import BODIES

PlainScene = Callable[..., Scene]
SHAPE = (360, 640)
GREY = (90, 90, 90)


def shaded(scene: Scene, *shades: Shade) -> ByteArray:
    """Return a road under shades, the picture before all weather."""
    around = replace(scene.surroundings, shades=shades)
    recipe = (paint_ground, cast_shadows)
    return render_scene(replace(scene, surroundings=around), SHAPE, recipe)


def test_a_shade_darkens_the_road_by_its_darkness(plain_scene: PlainScene) -> None:
    scene = plain_scene()
    shade = Shade((box(5.0, -1.0, 10.0, 2.0),), 0.5)
    plain = shaded(scene)[255, 320].astype(float)
    assert shaded(scene, shade)[255, 320] == pytest.approx(plain * 0.5, abs=2)
    assert shade_light(Projection(scene, SHAPE)) is None


def test_the_shadow_under_a_vehicle_ends_in_fog(plain_scene: PlainScene) -> None:
    scene = plain_scene()
    grounds = []
    for visibility in (1e6, 20.0, 1.0):
        light = replace(scene.light, visibility_m=visibility)
        vehicles = (Vehicle("hatchback", 20.0, 0.0, 25.0, (130, 20, 20)),)
        projection = Projection(replace(scene, light=light, vehicles=vehicles), SHAPE)
        grey = np.full((*SHAPE, 3), 200, dtype=np.uint8)
        shaded_ground = cast_shadows(grey, projection)
        grounds.append(shaded_ground.min())
    # 255 - 195 * exp(-20 / 20) = 183.3 of 255 is left at 20 m.
    assert grounds == pytest.approx([200 * 60 / 255, 200 * 183.3 / 255, 200], abs=2)


def test_shadows_that_overlap_are_as_dark_as_the_darkest(
    plain_scene: PlainScene,
) -> None:
    scene = plain_scene()
    scene = replace(scene, light=replace(scene.light, shadow=0.5, sun_lateral=1.0))
    # It stands at the left, and its shadow falls on the shades.
    lorry = Vehicle("lorry", 8.0, -3.0, 25.0, (130, 20, 20))
    weak, strong = (Shade((box(5.0, -1.0, 10.0, 2.0),), dark) for dark in (0.3, 0.6))
    expected = shaded(scene, strong)
    assert expected[255, 320].mean() < shaded(scene, weak)[255, 320].mean() - 5
    assert np.array_equal(shaded(scene, strong, weak), expected)
    assert np.array_equal(shaded(scene, weak, strong), expected)
    crossed = shaded(replace(scene, vehicles=(lorry,)), strong)
    assert np.array_equal(crossed[255, 320], expected[255, 320])
    alone = shaded(replace(scene, vehicles=(lorry,)))
    assert alone[255, 320].mean() < shaded(scene)[255, 320].mean() - 5


def test_no_shadow_is_black(plain_scene: PlainScene) -> None:
    plain = shaded(plain_scene())[255, 320].astype(float)
    black = Shade((box(5.0, -1.0, 10.0, 2.0),), 1.0)
    assert (shaded(plain_scene(), black)[255, 320] > 0.25 * plain).all()


def test_the_shadow_under_a_scooter_is_as_wide_as_its_wheels_need(
    plain_scene: PlainScene,
) -> None:
    widths = {}
    for kind in ("scooter", "hatchback"):
        scene = replace(plain_scene(), vehicles=(Vehicle(kind, 8.0, 0.0, 25.0, GREY),))
        grey = np.full((*SHAPE, 3), 200, dtype=np.uint8)
        under = cast_shadows(grey, Projection(scene, SHAPE))
        # 500 px wide at 1 m, so 62.5 px a metre at 8 m.
        dark = (under[..., 0] < 190).any(axis=0).sum() / 62.5
        widths[kind] = dark / BODIES[kind].width_m
    assert widths["hatchback"] == pytest.approx(1.12 * 1.04, abs=0.1)
    assert widths["scooter"] == pytest.approx(0.45 * 1.12 * 1.04, abs=0.1)


def lamps_of(scene: Scene, level: int = 0) -> NDArray[np.int_]:
    """Return what lamps make of an even grey."""
    grey = np.full((*SHAPE, 3), level, dtype=np.uint8)
    lit = light_lamps(grey, Projection(scene, SHAPE))
    return lit.astype(int)


def test_no_lamp_shines_through_what_stands_nearer(plain_scene: PlainScene) -> None:
    scene = plain_scene(lateral_m=0.0)
    scene = replace(scene, light=replace(scene.light, daylight=0.1))
    lorry = Vehicle("lorry", 12.0, 0.0, 25.0, GREY)
    car = Vehicle("hatchback", 40.0, 0.0, 25.0, GREY)
    alone, hidden, both = (
        lamps_of(replace(scene, vehicles=vehicles))
        for vehicles in ((car,), (lorry,), (lorry, car))
    )
    assert alone.max() > 100, "the car's lamps can be seen"
    assert np.array_equal(both, hidden)
    # A post 100 m ahead has its lamp behind the lorry.
    lit = replace(scene, surroundings=replace(scene.surroundings, pole_spacing_m=30.0))
    (face,) = visible_faces(Projection(replace(lit, vehicles=(lorry,)), SHAPE))
    body = np.rint(face.outline).astype(int)
    (left, top), (right, bottom) = body.min(axis=0) + 3, body.max(axis=0) - 3
    shown = lamps_of(replace(lit, vehicles=(lorry,)))
    upper = slice(top, (top + bottom) // 2), slice(left, right)
    assert lamps_of(lit)[upper].max() > 100
    assert shown[upper].max() < 60, "but for its neighbours' halo"


def test_no_lamp_blinds_the_camera_below_it(plain_scene: PlainScene) -> None:
    """A lamp is as large as it is near: right above, it would fill the picture."""
    means = []
    for station in (59.85, 60.15):
        scene = plain_scene(station_m=station)
        scene = replace(
            scene,
            light=replace(scene.light, daylight=0.2),
            surroundings=replace(scene.surroundings, pole_spacing_m=30.0),
        )
        means.append(lamps_of(scene, 60).mean())
    assert means[0] == pytest.approx(means[1], abs=2)
    assert means[0] > 60, "others shine"
