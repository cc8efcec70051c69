"""Steps that vary what every category shares: camera, glass, sky and recording."""

from dataclasses import replace

import numpy as np

from lanedet.simulation.world.conditions import DASHBOARDS, Backdrop, Recording
from lanedet.simulation.world.scene import Camera, Scene

_HORIZONS = (0.22, 0.62)
_CORNER_BEND = 0.28
"""The most a corner may be pulled inwards, as distortion * radius ** 2."""


def vary_camera(scene: Scene, rng: np.random.Generator) -> Scene:
    """Mount the camera as in other vehicles, with other lenses."""
    camera = scene.camera
    fov = float(np.radians(rng.uniform(38, 92)))
    low, high = _HORIZONS
    horizon = np.clip(rng.normal(0.42, 0.09), low, high)
    pitch = np.arctan((0.5 - horizon) * 2 * np.tan(fov / 2) * 9 / 16)
    # Cars, vans, lorries.
    height = (rng.uniform(1.05, 1.6), rng.uniform(1.5, 2.1), rng.uniform(2.1, 2.8))
    varied: Camera = replace(
        camera,
        height_m=float(height[rng.choice(3, p=[0.72, 0.2, 0.08])]),
        fov_rad=fov,
        pitch_rad=float(pitch),
        yaw_rad=float(rng.normal(0, np.radians(2.5))),
        roll_rad=float(rng.normal(0, np.radians(1.1))),
    )
    if rng.uniform() < 0.45:
        # The corner of a picture in 4:3 lies farthest out.
        radius = np.tan(fov / 2) * 1.25
        bend = rng.uniform(0.02, _CORNER_BEND)
        varied = replace(varied, distortion=float(bend / radius**2))
    return replace(scene, camera=varied)


def vary_lens(scene: Scene, rng: np.random.Generator) -> Scene:
    """Make half of the cameras as sharp, clean and colorful as today's are."""
    lens = scene.lens
    lens = replace(lens, saturation=float(lens.saturation * rng.uniform(1.0, 1.5)))
    if scene.light.daylight >= 1:
        lens = replace(lens, exposure=max(lens.exposure, 88.0))
    if rng.uniform() < 0.55:
        lens = replace(
            lens,
            blur=float(rng.choice([0.0, 0.0008])),
            detail=1.0,
            noise=float(min(lens.noise, rng.uniform(0.3, 2.5))),
            exposure=float(lens.exposure * rng.uniform(1.0, 1.2)),
        )
    return replace(scene, lens=lens)


def vary_windscreen(scene: Scene, rng: np.random.Generator) -> Scene:
    """Put a dashboard below some pictures, and dirt and reflections before them."""
    windscreen = scene.windscreen
    lens = scene.lens
    if rng.uniform() < 0.22:
        grey = rng.uniform(8, 70)
        shapes = list(DASHBOARDS)
        windscreen = replace(
            windscreen,
            dashboard=float(rng.uniform(0.04, 0.2)),
            dashboard_shape=shapes[rng.integers(len(shapes))],
            dashboard_color=(
                grey,
                grey * rng.uniform(0.9, 1),
                grey * rng.uniform(0.85, 1),
            ),
        )
        lens = replace(lens, bonnet=0.0)
    dirt = float(rng.uniform(0.1, 1.0)) if rng.uniform() < 0.25 else 0.0
    windscreen = replace(
        windscreen,
        reflection=float(rng.uniform(0.1, 0.8)) if rng.uniform() < 0.25 else 0.0,
        dirt=dirt,
        band=float(rng.uniform(0.2, 0.8)) if rng.uniform() < 0.08 else 0.0,
    )
    # Who washes the glass, or leaves the wiper on, wipes a dry screen.
    if windscreen.wiper == 0 and rng.uniform() < (0.05 if dirt > 0 else 0.006):
        windscreen = replace(windscreen, wiper=float(rng.uniform(0.05, 0.95)))
    return replace(scene, windscreen=windscreen, lens=lens)


def vary_backdrop(scene: Scene, rng: np.random.Generator) -> Scene:
    """Put clouds with edges into some skies, and cities onto some horizons."""
    # Under a closed sky no cloud has edges.
    is_closed = scene.light.cloud_cover > 0.65 or scene.light.daylight < 0.3
    backdrop = Backdrop(
        city=float(rng.uniform(0.1, 1.0)) if rng.uniform() < 0.2 else 0.0,
        city_rad=float(rng.uniform(0.03, 0.22)),
        clouds=0.0 if is_closed else float(rng.choice([0.0, rng.uniform(0.2, 0.7)])),
    )
    # Air that hides the road's end hides the skyline too.
    haze = 0.9 * float(np.exp(-scene.light.visibility_m / 400))
    weather = replace(scene.weather, fog=max(scene.weather.fog, haze))
    return replace(scene, backdrop=backdrop, weather=weather)


def vary_recording(scene: Scene, rng: np.random.Generator) -> Scene:
    """Record as cheap and as good cameras do."""
    has = rng.uniform(size=9) < (0.2, 0.4, 0.12, 0.4, 0.3, 0.3, 0.5, 0.25, 0.1)
    # What is dark already must not become black, nor what headlights light, or snow
    # covers, white.
    darkest, brightest = (-0.6, 1.0) if scene.light.daylight > 0.5 else (-0.1, 0.4)
    if scene.weather.snow > 0:
        brightest = min(brightest, 0.3)
    recording = Recording(
        motion=float(rng.uniform(0.002, 0.012) * has[0]),
        stops=float(np.clip(rng.normal(0, 0.35) * has[1], darkest, brightest)),
        flicker=float(rng.uniform(0.02, 0.1) * has[2]),
        tint=float(np.clip(rng.normal(0, 0.02), -0.05, 0.05) * has[3]),
        haze=float(rng.uniform(0.01, 0.12) * has[4]),
        video_loss=float(rng.uniform(0.1, 1.0) * has[5]),
        jpeg_loss=float(rng.uniform(0.05, 0.75) * has[6]),
        skew=float(np.clip(rng.normal(0, 0.012), -0.03, 0.03) * has[7]),
        wobble=float(rng.uniform(0.0005, 0.003) * has[8]),
    )
    return replace(scene, recording=recording)
