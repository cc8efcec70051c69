"""Random surroundings and light."""

import numpy as np

from lanedet.simulation.world.color import Color, mix
from lanedet.simulation.world.road import Road
from lanedet.simulation.world.scene import Light, Surroundings, Wall

_GRASS: Color = (88, 102, 58)
_STRAW: Color = (172, 148, 102)
_DIRT: Color = (126, 112, 92)


def random_surroundings(rng: np.random.Generator, road: Road) -> Surroundings:
    """Return what lies beside a road."""
    has_bridges, has_poles = rng.uniform(size=2) < (0.3, 0.4)
    tree = mix((48, 62, 36), (92, 96, 60), rng.uniform())
    return Surroundings(
        left_color=_random_ground(rng),
        right_color=_random_ground(rng),
        walls=(*_random_walls(rng, road, -1), *_random_walls(rng, road, 1)),
        tree_density=float(rng.choice([0.0, 0.15, 0.5, 1.2], p=[0.2, 0.3, 0.3, 0.2])),
        tree_color=tree,
        tree_distance_m=float(rng.uniform(2, 14)),
        building_density=float(rng.choice([0.0, 0.06, 0.2], p=[0.7, 0.2, 0.1])),
        pole_spacing_m=float(rng.uniform(30, 60)) if has_poles else 0.0,
        bridge_spacing_m=float(rng.uniform(120, 500)) if has_bridges else 0.0,
        sign_spacing_m=float(rng.choice([0.0, 60.0, 120.0, 200.0])),
        hill_rad=float(rng.choice([0.0, 0.03, 0.06, 0.1])),
        forest_rad=float(rng.uniform(0.0, 0.045)),
        hill_color=mix((80, 92, 96), (150, 130, 98), rng.uniform()),
    )


def random_light(rng: np.random.Generator) -> Light:
    """Return sunshine, overcast sky, dusk or night."""
    kind = rng.choice(4, p=[0.5, 0.27, 0.1, 0.13])
    return (random_sunshine, _overcast, _dusk, _night)[kind](rng)


def random_daylight(rng: np.random.Generator) -> Light:
    """Return sunshine or an overcast sky."""
    return (random_sunshine if rng.uniform() < 0.65 else _overcast)(rng)


def _random_ground(rng: np.random.Generator) -> Color:
    color = mix(_GRASS, _STRAW, rng.uniform())
    return mix(color, _DIRT, rng.uniform() ** 2)


def _random_walls(rng: np.random.Generator, road: Road, side: int) -> tuple[Wall, ...]:
    """Return the walls of one side, the farthest first."""
    pavement = road.pavement
    edge = pavement.right_m if side > 0 else pavement.left_m
    grey = rng.uniform(110, 185)
    concrete: Color = (grey, grey * 0.97, grey * rng.uniform(0.82, 0.95))
    steel: Color = (150, 154, 158)
    slope = _random_ground(rng)
    walls = []
    if rng.uniform() < 0.35:
        lean, height = side * rng.uniform(8, 25), rng.uniform(2, 9)
        foot = edge + side * rng.uniform(3, 9)
        walls.append(Wall(foot, 0.0, height, lean, 0.0, slope, 0.06))
    kind = rng.choice(4, p=[0.3, 0.3, 0.3, 0.1])
    near = edge + side * rng.uniform(0.1, 1.5)
    if kind == 1:
        height = rng.uniform(0.75, 1.1)
        walls.append(Wall(near, 0.0, height, side * 0.12, 0.0, concrete, 0.05))
    elif kind == 2:
        walls.append(Wall(near, 0.45, 0.78, 0.0, 4.0, steel, 0.06))
    elif kind == 3:
        height = rng.uniform(2.5, 5.0)
        walls.append(Wall(near + side * 2, 0.0, height, 0.0, 4.0, concrete, 0.05))
    return tuple(walls)


def random_sunshine(rng: np.random.Generator) -> Light:
    """Return a sunny day."""
    haze = rng.uniform()
    return Light(
        daylight=1.0,
        zenith_color=mix((70, 118, 190), (130, 165, 205), haze),
        horizon_color=mix((185, 208, 228), (215, 218, 216), haze),
        cloud_cover=float(rng.uniform(0, 0.6)),
        visibility_m=float(np.exp(rng.uniform(np.log(500), np.log(4000)))),
        shadow=float(rng.uniform(0.5, 1.0)),
        sun_lateral=float(rng.uniform(-1.6, 1.6)),
        tree_shade=float(rng.choice([0.0, 0.0, 0.25, 0.5])),
        headlights=0.0,
        warmth=float(rng.normal(0.0, 0.03)),
    )


def _overcast(rng: np.random.Generator) -> Light:
    grey = rng.uniform(125, 225)
    return Light(
        daylight=1.0,
        zenith_color=(grey * 0.8, grey * 0.84, grey * 0.9),
        horizon_color=(grey, grey, grey * 0.99),
        cloud_cover=float(rng.uniform(0.7, 1.0)),
        visibility_m=float(np.exp(rng.uniform(np.log(120), np.log(1500)))),
        shadow=float(rng.uniform(0, 0.12)),
        sun_lateral=0.0,
        tree_shade=0.0,
        headlights=0.0,
        warmth=float(rng.normal(-0.02, 0.03)),
    )


def _dusk(rng: np.random.Generator) -> Light:
    return Light(
        daylight=float(rng.uniform(0.3, 0.6)),
        zenith_color=(105, 120, 165),
        horizon_color=mix((235, 190, 150), (190, 190, 205), rng.uniform()),
        cloud_cover=float(rng.uniform(0, 0.9)),
        visibility_m=float(rng.uniform(400, 2500)),
        shadow=float(rng.uniform(0, 0.3)),
        sun_lateral=0.0,
        tree_shade=0.0,
        headlights=float(rng.uniform(0, 0.35)),
        warmth=float(rng.normal(0.04, 0.04)),
    )


def _night(rng: np.random.Generator) -> Light:
    return Light(
        daylight=float(rng.uniform(0.1, 0.3)),
        zenith_color=(70, 76, 100),
        horizon_color=mix((95, 90, 88), (120, 98, 70), rng.uniform()),
        cloud_cover=float(rng.uniform(0, 1)),
        visibility_m=float(rng.uniform(150, 1200)),
        shadow=0.0,
        sun_lateral=0.0,
        tree_shade=0.0,
        headlights=float(rng.uniform(0.7, 1.3)),
        warmth=float(rng.normal(0.06, 0.06)),
    )
