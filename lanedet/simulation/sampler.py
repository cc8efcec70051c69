"""Scenes at random: which roads, cameras, traffic and light there are, and how often.

A scene is drawn from ``np.random.default_rng((seed, index))`` alone, so scene 17 is the
same whoever draws it, and whatever else is drawn.
"""

from dataclasses import replace

import numpy as np

from lanedet.simulation.bodies import BODIES
from lanedet.simulation.labels import scene_lanes
from lanedet.simulation.random_road import random_road
from lanedet.simulation.random_surroundings import random_light, random_surroundings
from lanedet.simulation.render import check_shape, render_scene
from lanedet.simulation.road import Road
from lanedet.simulation.scene import Camera, Color, Lens, Scene, Vehicle
from lanedet.structures import ByteArray, LaneSample

_PAINTS: tuple[Color, ...] = (
    (225, 225, 222), (190, 192, 195), (120, 123, 128), (60, 62, 66), (26, 27, 30),
    (28, 29, 33), (130, 25, 28), (35, 55, 105), (150, 140, 115), (60, 80, 65),
    (235, 235, 235), (165, 60, 30),
)  # fmt: skip


def sample_scene(seed: int, index: int) -> Scene:
    """Return one random scene.

    Args:
        seed: Names the collection, >= 0.
        index: Number of the scene in it, >= 0.

    Raises:
        ValueError: If a number is negative.
    """
    if seed < 0 or index < 0:
        raise ValueError(f"seed and index must be >= 0, got {seed} and {index}.")
    rng = np.random.default_rng((seed, index))
    road = random_road(rng)
    camera = _random_camera(rng, road)
    light = random_light(rng)
    return Scene(
        road=road,
        camera=camera,
        vehicles=_random_traffic(rng, road, camera),
        surroundings=random_surroundings(rng, road),
        light=light,
        lens=_random_lens(rng, light.daylight),
        seed=(seed, index),
    )


def make_scene(
    seed: int, index: int, shape: tuple[int, int]
) -> tuple[ByteArray, LaneSample]:
    """Return one random scene's picture and its lanes.

    Args:
        seed: Names the collection, >= 0.
        index: Number of the scene in it, >= 0.
        shape: (H, W) of the picture.

    Returns:
        RGB image, uint8, shape (H, W, 3), and a sample with ``gt_lanes`` in its
        pixels and the meta information ``img_path``, ``ori_shape``, ``raw_file`` and
        ``rows``.

    Raises:
        ValueError: If a number is negative or the picture too small.
    """
    check_shape(shape)
    scene = sample_scene(seed, index)
    sample = label_scene(scene, shape, f"scenes/{seed}/{index}.jpg")
    return render_scene(scene, shape), sample


def label_scene(scene: Scene, shape: tuple[int, int], raw_file: str) -> LaneSample:
    """Return a scene's lanes as a sample named ``raw_file``."""
    sample = LaneSample(
        metainfo={
            "raw_file": raw_file,
            "img_path": raw_file,
            "ori_shape": shape,
            "rows": label_rows(shape[0]),
        }
    )
    sample.gt_lanes = scene_lanes(scene, shape)
    return sample


def label_rows(height: int) -> np.ndarray:
    """Return the rows of TuSimple's labels, 160 to 710 of 720, at another height.

    Example:
        >>> label_rows(360)[[0, 1, -1]]
        array([ 80.,  85., 355.])
    """
    return np.unique(np.rint(np.arange(160, 711, 10) * height / 720))


def _random_camera(rng: np.random.Generator, road: Road) -> Camera:
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


def _random_traffic(
    rng: np.random.Generator, road: Road, camera: Camera
) -> tuple[Vehicle, ...]:
    """Return vehicles in every lane, spaced so that none overlap."""
    vehicles = []
    mean_gap = rng.choice([25.0, 45.0, 90.0, 300.0], p=[0.2, 0.3, 0.3, 0.2])
    ego_speed = rng.uniform(22, 33)
    yellow_middle = len(road.lines) == 3 and len(road.lines[1].stripes) == 2
    for left, right in zip(road.lines[:-1], road.lines[1:], strict=True):
        middle = (left.lateral_m + right.lateral_m) / 2
        is_own = left.lateral_m < 0 < right.lateral_m
        is_oncoming = yellow_middle and not is_own
        ahead = rng.uniform(9, 30) if is_own else rng.uniform(-3, 25)
        speed = -ego_speed if is_oncoming else ego_speed + rng.normal(0, 1.5)
        while (ahead := ahead + rng.exponential(mean_gap)) < 230:
            vehicle = _random_vehicle(rng, camera.station_m + ahead, middle, speed)
            vehicles.append(replace(vehicle, is_oncoming=is_oncoming))
            ahead += BODIES[vehicle.kind].length_m + 8
    return tuple(vehicles)


def _random_vehicle(
    rng: np.random.Generator, station: float, lateral: float, speed: float
) -> Vehicle:
    kinds = list(BODIES)
    kind = kinds[rng.choice(len(kinds), p=[0.42, 0.28, 0.1, 0.08, 0.12])]
    paint = _PAINTS[rng.integers(len(_PAINTS))]
    return Vehicle(
        kind=kind,
        station_m=float(station),
        lateral_m=float(lateral + np.clip(rng.normal(0, 0.2), -0.4, 0.4)),
        speed_mps=float(speed),
        color=paint,
    )


def _random_lens(rng: np.random.Generator, daylight: float) -> Lens:
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
