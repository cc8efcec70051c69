"""Steps towards a category that change light, weather and the camera."""

from dataclasses import replace

import numpy as np

from lanedet.simulation.sampling.surroundings import random_sunshine
from lanedet.simulation.world.color import Color, mix
from lanedet.simulation.world.conditions import Glare, NightLights, Tunnel
from lanedet.simulation.world.scene import Light, Scene

_LEAST_VISIBILITY_M = 30.0
_CLEAR_M = 1.3  # from a vehicle's middle to a tunnel's wall


def fall_night(scene: Scene, rng: np.random.Generator) -> Scene:
    """Turn day into night, on a lit street or on a dark road."""
    is_lit = rng.uniform() < 0.65
    sodium, led = (255, 178, 92), (225, 232, 255)
    lamps = mix(sodium, led, rng.choice([0.0, 0.25, 0.7, 1.0]))
    light = Light(
        daylight=float(rng.uniform(0.05, 0.22)),
        zenith_color=mix((22, 26, 44), (90, 84, 92), rng.uniform()),
        horizon_color=mix((60, 62, 78), (150, 122, 96), rng.uniform()),
        cloud_cover=float(rng.uniform(0, 1)),
        visibility_m=float(rng.uniform(150, 1500)),
        shadow=0.0,
        sun_lateral=0.0,
        tree_shade=0.0,
        headlights=float(rng.uniform(0.15, 0.9) if is_lit else rng.uniform(0.6, 1.3)),
        warmth=float(rng.normal(0.03, 0.06)),
    )
    poles = float(rng.uniform(25, 50)) if is_lit else 0.0
    lens = replace(
        scene.lens,
        exposure=float(rng.uniform(42, 85)),
        noise=float(rng.gamma(2.0, 1.2) + 0.8),
    )
    night = NightLights(
        street=float(rng.uniform(0.3, 1.0)) if is_lit else 0.0,
        street_color=lamps,
        oncoming=float(rng.choice([0.0, rng.uniform(0.05, 0.35)])),
        far=float(rng.choice([0.0, rng.uniform(0.05, 0.6)])),
        bloom=float(rng.choice([0.0, rng.uniform(0.2, 1.0)])),
    )
    surroundings = replace(scene.surroundings, pole_spacing_m=poles)
    return replace(
        scene, light=light, lens=lens, night=night, surroundings=surroundings
    )


def fall_some_nights(scene: Scene, rng: np.random.Generator) -> Scene:
    """Turn every fourth scene into night."""
    return fall_night(scene, rng) if rng.uniform() < 0.25 else scene


def settle_sun(scene: Scene, _: np.random.Generator) -> Scene:
    """Take away what only the sun makes, unless it shines here and now.

    The steps before change light, weather and shadows one by one; night, rain and fog
    may come after a sunny day has been drawn, and a tunnel hides the sun.
    """
    if scene.light.has_sun and scene.tunnel.darkness == 0:
        return scene
    light = replace(
        scene.light, shadow=0.0, sun_lateral=0.0, tree_shade=0.0, backlight=0.0
    )
    surroundings = replace(scene.surroundings, shades=())
    return replace(scene, light=light, surroundings=surroundings, glare=Glare())


def dazzle(scene: Scene, rng: np.random.Generator) -> Scene:
    """Put a low sun into, or just beside, the picture."""
    glare = Glare(
        strength=float(rng.uniform(0.45, 1.0)),
        sun_x=float(np.clip(rng.normal(0.5, 0.3), -0.2, 1.2)),
        rise=float(rng.uniform(0.02, 0.45)),
        flare=float(rng.choice([0.0, rng.uniform(0.3, 1.2)])),
        sheen=float(rng.uniform(0.2, 1.0)),
    )
    warm = rng.uniform()
    light = scene.light if scene.light.has_sun else random_sunshine(rng)
    light = replace(
        light,
        horizon_color=mix((245, 238, 222), (252, 206, 150), warm),
        visibility_m=float(rng.uniform(150, 1500)),
        shadow=float(rng.uniform(0.4, 0.9)),
        # Shadows fall away from the sun, and those of what is ahead towards one.
        sun_lateral=float(np.clip(1.6 * (0.5 - glare.sun_x), -1.0, 1.0)),
        backlight=max(light.backlight, float(rng.uniform(0.2, 0.8))),
        warmth=float(rng.uniform(0.0, 0.08)),
    )
    lens = replace(scene.lens, exposure=float(rng.uniform(95, 160)))
    return replace(scene, light=light, lens=lens, glare=glare)


def bring_rain(scene: Scene, rng: np.random.Generator) -> Scene:
    """Let it rain: a grey sky, a wet road, spray, drops on the glass."""
    amount = rng.uniform(0.3, 1.0)
    weather = replace(
        scene.weather,
        rain=float(amount * rng.uniform(0.3, 1.0)),
        spray=float(rng.uniform(0.2, 1.0)),
        wet=float(rng.uniform(0.6, 1.0)),
        fog=float(rng.uniform(0.45, 0.95)),
    )
    windscreen = replace(
        scene.windscreen,
        drops=float(amount * rng.uniform(0.1, 1.0)),
        wiper=float(rng.uniform(0.05, 0.95)) if rng.uniform() < 0.3 else 0.0,
    )
    visibility = float(np.exp(rng.uniform(np.log(80), np.log(500))))
    light = _grey(scene.light, rng, visibility)
    return replace(scene, weather=weather, windscreen=windscreen, light=light)


def wet_the_road(scene: Scene, rng: np.random.Generator) -> Scene:
    """Leave the road wet after rain, under any sky, by day or by night."""
    weather = replace(
        scene.weather,
        wet=float(rng.uniform(0.5, 1.0)),
        spray=float(rng.choice([0.0, rng.uniform(0.1, 0.6)])),
    )
    drops = float(rng.choice([0.0, rng.uniform(0.05, 0.4)]))
    # The last drops are wiped off.
    wiper = float(rng.uniform(0.05, 0.95) * (drops > 0 and rng.uniform() < 0.2))
    windscreen = replace(scene.windscreen, drops=drops, wiper=wiper)
    return replace(scene, weather=weather, windscreen=windscreen)


def bring_fog(scene: Scene, rng: np.random.Generator) -> Scene:
    """Hide in fog what is farther than a few car lengths."""
    low, high = np.log(_LEAST_VISIBILITY_M), np.log(130)
    visibility = float(np.exp(rng.uniform(low, high)))
    light = _grey(scene.light, rng, visibility)
    fog = float(rng.uniform(0.75, 1.0))
    return replace(scene, light=light, weather=replace(scene.weather, fog=fog))


def bring_snow(scene: Scene, rng: np.random.Generator) -> Scene:
    """Lay snow beside the road and between the tracks; sometimes let it snow."""
    is_snowing = rng.uniform() < 0.5
    white: Color = (222, 227, 236)
    place = scene.surroundings
    surroundings = replace(
        place,
        left_color=mix(place.left_color, white, rng.uniform(0.7, 1.0)),
        right_color=mix(place.right_color, white, rng.uniform(0.7, 1.0)),
        tree_color=mix(place.tree_color, white, rng.uniform(0.4, 0.85)),
        hill_color=mix(place.hill_color, white, rng.uniform(0.2, 0.8)),
        walls=tuple(
            replace(wall, color=mix(wall.color, white, 0.75)) if wall.lean_m else wall
            for wall in place.walls
        ),
    )
    weather = replace(
        scene.weather,
        snow=float(rng.uniform(0.15, 0.8)),
        snowfall=float(rng.uniform(0.2, 1.0)) if is_snowing else 0.0,
        fog=float(rng.uniform(0.4, 0.9)) if is_snowing else 0.0,
        wet=float(rng.choice([0.0, rng.uniform(0.2, 0.6)])),
    )
    light = scene.light
    if is_snowing:
        light = _grey(light, rng, float(np.exp(rng.uniform(np.log(60), np.log(300)))))
    return replace(scene, surroundings=surroundings, weather=weather, light=light)


def enter_tunnel(scene: Scene, rng: np.random.Generator) -> Scene:
    """Put the camera into a tunnel, near its exit or far from it."""
    sodium, led = (255, 176, 84), (232, 240, 255)
    grey = rng.uniform(110, 200)
    tunnel = Tunnel(
        darkness=float(rng.uniform(0.6, 0.92)),
        exit_m=float(
            scene.camera.station_m + np.exp(rng.uniform(np.log(35), np.log(450)))
        ),
        height_m=float(rng.uniform(4.8, 7.5)),
        side_m=float(rng.uniform(0.3, 1.8)),
        wall_color=(grey, grey * rng.uniform(0.92, 1.0), grey * rng.uniform(0.8, 1.0)),
        lamp_color=mix(sodium, led, rng.choice([0.0, 0.4, 0.8, 1.0])),
        lamp_spacing_m=float(rng.uniform(5, 14)),
        middle_row=float(rng.choice([0.08, 0.3, 0.5])),
    )
    # Its walls stand where else verges begin: nothing is beyond them, and no people
    # or posts between them.
    pavement = scene.road.pavement
    left, right = pavement.left_m - tunnel.side_m, pavement.right_m + tunnel.side_m
    vehicles = tuple(
        vehicle
        for vehicle in scene.vehicles
        if left + _CLEAR_M < vehicle.lateral_m < right - _CLEAR_M
    )
    surroundings = replace(
        scene.surroundings,
        pole_spacing_m=0.0,
        bridge_spacing_m=0.0,
        gantry_spacing_m=0.0,
        strips=(),
        shades=(),
        sign_spacing_m=0.0,
        tree_density=0.0,
        building_density=0.0,
        walls=(),
    )
    light = replace(scene.light, shadow=0.0, tree_shade=0.0)
    exposure = float(rng.uniform(60, 110))
    lens = replace(scene.lens, exposure=exposure, noise=scene.lens.noise + 1.0)
    return replace(
        scene,
        tunnel=tunnel,
        surroundings=surroundings,
        light=light,
        lens=lens,
        vehicles=vehicles,
        props=(),
    )


def _grey(light: Light, rng: np.random.Generator, visibility_m: float) -> Light:
    """Return light under a closed sky, in air through which one sees not far."""
    grey = rng.uniform(0.55, 0.9) * 235 * (0.3 + 0.7 * min(1.0, light.daylight))
    return replace(
        light,
        zenith_color=(grey * 0.86, grey * 0.89, grey * 0.93),
        horizon_color=(grey, grey, grey),
        cloud_cover=float(rng.uniform(0.8, 1.0)),
        visibility_m=min(visibility_m, light.visibility_m),
        shadow=0.0,
        sun_lateral=0.0,
        tree_shade=0.0,
        warmth=float(rng.normal(-0.02, 0.03)),
    )
