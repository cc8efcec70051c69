"""What every effect of the conditions must do; what each shows is tested beside it."""

from collections.abc import Callable
from dataclasses import fields, replace

import numpy as np
import pytest

from lanedet.simulation.effects.backdrop import paint_city, paint_clouds
from lanedet.simulation.effects.glare import flare_lens, shine_sun
from lanedet.simulation.effects.lens import paint_bonnet
from lanedet.simulation.effects.light import dim_to_night, light_lamps
from lanedet.simulation.effects.night import bloom_lamps, reflect_lamps
from lanedet.simulation.effects.recipe import RECIPE, Effect
from lanedet.simulation.effects.recording import (
    blur_motion,
    compress_jpeg,
    compress_video,
    flicker_rows,
    misexpose,
)
from lanedet.simulation.effects.tunnel import light_tunnel, paint_tunnel
from lanedet.simulation.effects.weather import (
    fall_rain,
    fall_snow,
    lay_snow,
    raise_spray,
    veil_sky,
    wet_road,
)
from lanedet.simulation.effects.windscreen import (
    paint_dashboard,
    pass_wiper,
    reflect_dashboard,
    soil_glass,
    tint_band,
    wet_glass,
)
from lanedet.simulation.make import render_scene, scene_lanes
from lanedet.simulation.projection.projection import Projection
from lanedet.simulation.world.conditions import (
    DASHBOARDS,
    Backdrop,
    Glare,
    NightLights,
    Recording,
    Tunnel,
    Weather,
    Windscreen,
)
from lanedet.simulation.world.scene import Scene, Vehicle

PlainScene = Callable[..., Scene]
SHAPE = (96, 170)

EFFECTS: list[tuple[Effect, dict[str, object]]] = [
    (veil_sky, {"weather": Weather(fog=1)}),
    (lay_snow, {"weather": Weather(snow=1)}),
    (wet_road, {"weather": Weather(wet=1)}),
    (raise_spray, {"weather": Weather(spray=1)}),
    (fall_rain, {"weather": Weather(rain=1)}),
    (fall_snow, {"weather": Weather(snowfall=1)}),
    (reflect_lamps, {"weather": Weather(wet=1)}),
    (shine_sun, {"glare": Glare(strength=1)}),
    (flare_lens, {"glare": Glare(flare=1)}),
    (bloom_lamps, {"night": NightLights(bloom=1)}),
    (paint_tunnel, {"tunnel": Tunnel(darkness=1)}),
    (light_tunnel, {"tunnel": Tunnel(darkness=1)}),
    (paint_clouds, {"backdrop": Backdrop(clouds=1)}),
    (paint_city, {"backdrop": Backdrop(city=1)}),
    (paint_dashboard, {"windscreen": Windscreen(dashboard=0.3)}),
    (reflect_dashboard, {"windscreen": Windscreen(reflection=1)}),
    (soil_glass, {"windscreen": Windscreen(dirt=1)}),
    (wet_glass, {"windscreen": Windscreen(drops=1)}),
    (pass_wiper, {"windscreen": Windscreen(wiper=0.5)}),
    (tint_band, {"windscreen": Windscreen(band=1)}),
    (blur_motion, {"recording": Recording(motion=0.02)}),
    (misexpose, {"recording": Recording(stops=-1, tint=0.1, haze=0.1)}),
    (flicker_rows, {"recording": Recording(flicker=0.2)}),
    (compress_video, {"recording": Recording(video_loss=1)}),
    (compress_jpeg, {"recording": Recording(jpeg_loss=1)}),
]


@pytest.fixture
def dusk(plain_scene: PlainScene) -> Scene:
    """A scene with a vehicle, its lamps lit, but enough light to see all else."""
    scene = plain_scene()
    car = Vehicle("saloon", 14.0, 0.0, 25.0, (130, 130, 130))
    light = replace(scene.light, daylight=0.6)
    return replace(scene, vehicles=(car,), light=light)


def apply(
    effect: Effect, scene: Scene, image: np.ndarray, frame: int = 0
) -> np.ndarray:
    return effect(image.copy(), Projection(replace(scene, frame=frame), SHAPE))


@pytest.fixture
def picture(dusk: Scene) -> np.ndarray:
    image = render_scene(dusk, SHAPE)
    # A lamp too bright for its pixel, for what spreads such lamps.
    image[40:44, 60:64] = 255
    return image


@pytest.mark.parametrize("field", range(len(EFFECTS)))
def test_an_effect_shows_at_full_strength_only(
    dusk: Scene, picture: np.ndarray, field: int
) -> None:
    effect, condition = EFFECTS[field]
    assert effect in RECIPE
    assert np.array_equal(apply(effect, dusk, picture), picture)
    scene = replace(dusk, **condition)  # type: ignore[arg-type]
    changed = apply(effect, scene, picture)
    assert changed.shape == picture.shape
    assert changed.dtype == np.uint8
    assert (changed != picture).mean() > 0.001
    assert np.array_equal(changed, apply(effect, scene, picture))


@pytest.mark.parametrize(
    ("effect", "condition"),
    [
        pytest.param(effect, condition, id=effect.__name__)
        for effect, condition in EFFECTS
        if effect not in (misexpose,)
    ],
)
def test_an_effect_is_weak_where_its_strength_is(
    dusk: Scene, picture: np.ndarray, effect: Effect, condition: dict[str, object]
) -> None:
    def strength(share: float) -> float:
        parts = {}
        for name, part in condition.items():
            default = type(part)()
            values = {
                field.name: share * getattr(part, field.name)
                for field in fields(part)  # type: ignore[arg-type]
                if getattr(part, field.name) != getattr(default, field.name)
            }
            parts[name] = replace(part, **values)  # type: ignore[type-var]
        changed = apply(effect, replace(dusk, **parts), picture)  # type: ignore[arg-type]
        return float(np.abs(changed.astype(int) - picture).mean())

    # A wiper moves, and a tunnel's walls stand in any light.
    if effect in (pass_wiper, paint_tunnel):
        assert strength(0.9) > 0
    else:
        assert strength(0.2) < strength(1.0)


def test_defaults_are_no_conditions(plain_scene: PlainScene) -> None:
    for part in (Weather(), Glare(), NightLights(), Recording()):
        for field in fields(part):
            if field.name not in ("sun_x", "rise", "street_color"):
                assert getattr(part, field.name) == 0
    scene = plain_scene()
    assert scene.tunnel.darkness == scene.backdrop.city == scene.backdrop.clouds == 0


@pytest.mark.parametrize("condition", [c for _, c in EFFECTS[:-5]])
def test_conditions_leave_labels_alone(
    dusk: Scene, condition: dict[str, object]
) -> None:
    hard = replace(dusk, **condition)  # type: ignore[arg-type]
    bottom = SHAPE[0] * 0.69  # above the dashboard
    for lane, same in zip(
        scene_lanes(hard, SHAPE), scene_lanes(dusk, SHAPE), strict=True
    ):
        seen = same[same[:, 1] < bottom]
        assert lane[lane[:, 1] < bottom] == pytest.approx(seen)


def test_street_lamps_light_the_road_in_pools(plain_scene: PlainScene) -> None:
    scene = plain_scene(lateral_m=0.0)
    scene = replace(
        scene,
        light=replace(scene.light, daylight=0.1),
        surroundings=replace(scene.surroundings, pole_spacing_m=40.0),
    )
    grey = np.full((*SHAPE, 3), 120, dtype=np.uint8)
    dark = apply(dim_to_night, scene, grey)
    lit = apply(
        dim_to_night,
        replace(scene, night=NightLights(street=1.0, street_color=(255, 180, 90))),
        grey,
    )
    projection = Projection(scene, SHAPE)
    below, between = (
        np.rint(projection.project(np.array(ahead), 0.0)).astype(int)
        for ahead in (40, 20)
    )
    red = lit[..., 0].astype(int)
    assert red[below[1], below[0]] > red[between[1], between[0]] > dark.max()
    assert (lit[..., 0] > lit[..., 2]).all(), "the color of sodium"


def test_far_lights_shine_at_night_only(dusk: Scene, picture: np.ndarray) -> None:
    lights = NightLights(far=1.0, oncoming=1.0)
    night = replace(dusk, night=lights, light=replace(dusk.light, daylight=0.1))
    dark = replace(night, night=NightLights())
    more = apply(light_lamps, night, picture).astype(int)
    assert (more - apply(light_lamps, dark, picture)).max() > 100
    day = replace(night, light=replace(dusk.light, daylight=1.0))
    assert np.array_equal(apply(light_lamps, day, picture), picture)


@pytest.mark.parametrize("shape", DASHBOARDS)
def test_lanes_end_at_the_dashboard(plain_scene: PlainScene, shape: str) -> None:
    glass = Windscreen(
        dashboard=0.3, dashboard_shape=shape, dashboard_color=(200, 0, 0)
    )
    scene = replace(plain_scene((-0.9, 0.9)), windscreen=glass)
    image = render_scene(scene, SHAPE, (paint_dashboard,))
    for lane in scene_lanes(scene, SHAPE):
        columns, rows = np.rint(lane).astype(int).T
        # The edge itself is smooth over a pixel or two.
        assert (image[rows - 2, columns] == 0).all()
    assert len(scene_lanes(scene, SHAPE)) == 2


def test_the_sun_stands_where_it_is_said_to(
    plain_scene: PlainScene, picture: np.ndarray
) -> None:
    scene = replace(plain_scene(), glare=Glare(strength=1.0, sun_x=0.25, rise=0.2))
    image = apply(shine_sun, scene, np.full_like(picture, 60)).sum(axis=2)
    y, x = np.argwhere(image == image.max()).mean(axis=0)
    projection = Projection(scene, SHAPE)
    expected = (
        0.25 * SHAPE[1],
        projection.center[1] + projection.horizon_y - 0.2 * SHAPE[0],
    )
    assert (x, y) == pytest.approx(expected, abs=4)


def test_a_tunnel_hides_the_sky_but_not_at_its_exit(plain_scene: PlainScene) -> None:
    tunnel = Tunnel(darkness=0.9, exit_m=60.0, wall_color=(90, 90, 90))
    scene = replace(plain_scene((-5.4, -1.8, 1.8, 5.4)), tunnel=tunnel)
    image = render_scene(scene, SHAPE).astype(int)
    projection = Projection(scene, SHAPE)
    exit_x, exit_y = np.rint(projection.project(np.array(60.0), 0.0, 3.0)).astype(int)
    assert image[exit_y, exit_x].mean() > 2 * image[5, exit_x].mean()
    assert image[5].std() < 25


def test_a_tunnels_walls_reach_to_its_exit(plain_scene: PlainScene) -> None:
    tunnel = Tunnel(darkness=0.9, exit_m=31.0)
    scene = replace(plain_scene((-5.4, -1.8, 1.8, 5.4)), tunnel=tunnel)
    projection = Projection(scene, SHAPE)
    image = apply(paint_tunnel, scene, np.full((*SHAPE, 3), 255, dtype=np.uint8))
    pavement = scene.road.pavement
    left, right = pavement.left_m - tunnel.side_m, pavement.right_m + tunnel.side_m
    corners = ((left, tunnel.height_m), (right, tunnel.height_m))
    (x0, top), (x1, _) = (
        projection.project(np.array(31.0), lateral, height)
        for lateral, height in corners
    )
    rows, columns = np.nonzero((image == 255).all(axis=2)[: int(projection.center[1])])
    assert len(rows)
    assert rows.min() >= top - 1.5
    assert columns.min() >= x0 - 1.5
    assert columns.max() <= x1 + 1.5


@pytest.mark.parametrize("tunnel", [Tunnel(), Tunnel(darkness=0.9)])
def test_ones_own_car_is_dark_where_the_road_is(
    plain_scene: PlainScene, tunnel: Tunnel
) -> None:
    glass = Windscreen(dashboard=0.3, dashboard_color=(100, 100, 100))
    day = plain_scene()
    bonnet = replace(day.lens, bonnet=0.1, bonnet_color=(100, 100, 100))
    day = replace(day, lens=bonnet, windscreen=glass)
    daylight = 1.0 if tunnel.darkness else 0.2
    dark = replace(day, light=replace(day.light, daylight=daylight), tunnel=tunnel)
    black = np.zeros((*SHAPE, 3), dtype=np.uint8)
    for effect in (paint_bonnet, paint_dashboard):
        bright, dim = (apply(effect, s, black.copy()).max() for s in (day, dark))
        assert bright >= 100
        share = max(tunnel.light) if tunnel.darkness else daylight
        assert dim == pytest.approx(bright * share, abs=1)


def test_snow_lies_beside_the_road_first(plain_scene: PlainScene) -> None:
    scene = replace(plain_scene(), weather=Weather(snow=0.4))
    image = apply(lay_snow, scene, np.full((*SHAPE, 3), 50, dtype=np.uint8))
    projection = Projection(scene, SHAPE)
    verge, track = (
        np.rint(projection.project(np.array(10.0), x)).astype(int) for x in (4.0, 0.85)
    )
    assert image[verge[1], verge[0]].mean() > 150
    assert image[track[1], track[0]].mean() < 90


def test_a_wet_road_mirrors_the_sky_far_off(plain_scene: PlainScene) -> None:
    scene = replace(plain_scene((-9.0, 9.0)), weather=Weather(wet=1.0))
    image = np.full((*SHAPE, 3), 60, dtype=np.uint8)
    image[: SHAPE[0] // 2] = (100, 120, 220)
    wet = apply(wet_road, scene, image).astype(int)
    projection = Projection(scene, SHAPE)
    far, near = (
        np.rint(projection.project(np.array(ahead), 0.0)).astype(int)
        for ahead in (25.0, 6.0)
    )
    # Puddles are uneven: over some of them.
    assert wet[far[1], far[0] - 12 : far[0] + 12, 2].mean() > 85
    assert wet[near[1], near[0]].mean() < 60
    assert np.array_equal(wet[: SHAPE[0] // 2 - 2], image[: SHAPE[0] // 2 - 2])


def test_exposure_is_counted_in_stops(dusk: Scene, picture: np.ndarray) -> None:
    grey = np.full_like(picture, 50)
    scene = replace(dusk, recording=Recording(stops=1.0))
    assert (apply(misexpose, scene, grey) == 100).all()
    scene = replace(dusk, recording=Recording(haze=0.5))
    assert (apply(misexpose, scene, grey) == round(127.5 + 25)).all()


def test_unknown_dashboards_are_refused(plain_scene: PlainScene) -> None:
    glass = Windscreen(dashboard=0.1, dashboard_shape="oval")
    with pytest.raises(
        ValueError, match=r"dashboard_shape must be one of flat, .*oval"
    ):
        Projection(replace(plain_scene(), windscreen=glass), SHAPE)
