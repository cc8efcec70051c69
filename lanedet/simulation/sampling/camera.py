"""Random cameras: where they are mounted, and how they record."""

import numpy as np

from lanedet.simulation.world.road import Road
from lanedet.simulation.world.scene import Camera, Lens


def random_camera(rng: np.random.Generator, road: Road) -> Camera:
    """Return a dashcam in the ego lane or on its way to the next one."""
    fov = np.radians(rng.uniform(45, 75))
    aspect = 16 / 9
    # The horizon at 30 % to 55 % of the height: the share below the centre is
    # tan(pitch) * focal / height.
    horizon = np.clip(rng.normal(0.41, 0.06), 0.30, 0.55)
    pitch = np.arctan((0.5 - horizon) * 2 * np.tan(fov / 2) / aspect)
    lane_width = road.lines[1].lateral_m - road.lines[0].lateral_m
    if rng.uniform() < 0.07:
        # Changing lanes.
        lateral = rng.choice([-1, 1]) * rng.uniform(0.2, 0.5) * lane_width
    else:
        lateral = np.clip(rng.normal(0, 0.3), -0.6, 0.6)
    return Camera(
        height_m=float(rng.uniform(1.1, 1.8)),
        fov_rad=float(fov),
        pitch_rad=float(pitch),
        yaw_rad=float(rng.normal(0, np.radians(2.0))),
        roll_rad=float(rng.normal(0, np.radians(0.8))),
        station_m=float(rng.uniform(0, 5000)),
        lateral_m=float(lateral),
    )


def random_lens(rng: np.random.Generator, daylight: float) -> Lens:
    """Return how a camera records under a light of this brightness, 0 to 1."""
    has_bonnet = rng.uniform() < 0.15
    grey = rng.uniform(15, 120)
    return Lens(
        blur=float(rng.choice([0.0, 0.0012, 0.002, 0.0035])),
        noise=float(rng.gamma(1.5, 1.2) + 2 * (1 - daylight)),
        vignette=float(rng.uniform(0, 0.45)),
        exposure=float(rng.uniform(80, 135) * (0.4 + 0.6 * daylight)),
        gamma=float(rng.uniform(0.85, 1.25)),
        saturation=float(rng.uniform(0.35, 1.15)),
        detail=float(rng.choice([1.0, 0.8, 0.6], p=[0.6, 0.25, 0.15])),
        bonnet=float(rng.uniform(0.02, 0.09)) if has_bonnet else 0.0,
        bonnet_color=(grey, grey * rng.uniform(0.8, 1.0), grey * rng.uniform(0.8, 1.0)),
    )
