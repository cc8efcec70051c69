"""Named categories: what makes a random scene a night, a curve or a crowded road.

A category is a list of steps. Each step is a function that gets a scene and a random
generator and returns the scene with a part of it replaced; how strong its effect is,
it draws itself. To add a category, write its steps and list them in
:data:`CATEGORIES`.

The nine of the CULane benchmark have its names, written out. A mixture deals scenes of
several categories in fixed shares: ``"culane"`` its nine as its test set has them,
``"diverse"`` all of them, for training models that are to work on any road.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from lanedet.simulation.randomness import seeded
from lanedet.simulation.sampling.steps.camera import (
    vary_backdrop,
    vary_camera,
    vary_lens,
    vary_recording,
    vary_windscreen,
)
from lanedet.simulation.sampling.steps.conditions import (
    bring_fog,
    bring_rain,
    bring_snow,
    dazzle,
    enter_tunnel,
    fall_night,
    fall_some_nights,
    settle_sun,
    wet_the_road,
)
from lanedet.simulation.sampling.steps.crossing import cross_road, paint_some_zebras
from lanedet.simulation.sampling.steps.motorway import (
    age_some_roads,
    backlight_some,
    build_few_motorways,
    build_some_motorways,
    resurface_some_roads,
    shade_some_edges,
)
from lanedet.simulation.sampling.steps.ramps import build_some_exits
from lanedet.simulation.sampling.steps.road import (
    age_road,
    bend_road,
    change_lane_count,
    color_some_bus_lanes,
    hide_lines,
    paint_arrows,
    paint_some_figures,
)
from lanedet.simulation.sampling.steps.road_works import build_road_works
from lanedet.simulation.sampling.steps.street import (
    bring_day,
    build_some_streets,
    build_street,
    cast_strong_shadows,
    crowd_road,
)
from lanedet.simulation.world.scene import Scene

Step = Callable[[Scene, np.random.Generator], Scene]
"""A function that changes a part of a scene; it draws from the category's generator."""

ANY_SURFACE: tuple[Step, ...] = (
    age_road,
    resurface_some_roads,
    shade_some_edges,
    backlight_some,
)
ANY_CARRIAGEWAY: tuple[Step, ...] = (
    build_few_motorways,
    build_some_streets,
    color_some_bus_lanes,
    *ANY_SURFACE,
    paint_some_figures,
)
ANY_STREET: tuple[Step, ...] = (*ANY_CARRIAGEWAY, paint_some_zebras)
ANY_ROAD: tuple[Step, ...] = (*ANY_STREET, build_some_exits, change_lane_count)
"""The steps that make the plain roads of the sampler as varied as real ones."""

ANY_CAMERA: tuple[Step, ...] = (
    settle_sun,
    vary_camera,
    vary_lens,
    vary_windscreen,
    vary_backdrop,
    vary_recording,
)
"""The last steps of every category: they make plain pictures as varied as real ones."""

CATEGORIES: dict[str, tuple[Step, ...]] = {
    "highway": (
        build_some_motorways,
        age_some_roads,
        resurface_some_roads,
        shade_some_edges,
        backlight_some,
        build_some_exits,
        change_lane_count,
    ),
    "normal": (bring_day, *ANY_ROAD),
    "crowded": (bring_day, *ANY_STREET, crowd_road, change_lane_count),
    "no_line": (bring_day, build_some_streets, age_road, hide_lines),
    "shadow": (*ANY_ROAD, cast_strong_shadows),
    "arrow": (bring_day, build_some_streets, age_road, paint_arrows, paint_some_zebras),
    "curve": (bring_day, *ANY_ROAD, bend_road),
    "crossroad": (bring_day, build_street, age_road, paint_arrows, cross_road),
    "road_works": (bring_day, age_road, build_road_works),
    "dazzle": (bring_day, *ANY_ROAD, dazzle),
    "night": (*ANY_ROAD, fall_night),
    "rain": (bring_day, *ANY_ROAD, fall_some_nights, bring_rain),
    "wet_road": (bring_day, *ANY_ROAD, fall_some_nights, wet_the_road),
    "fog": (bring_day, *ANY_ROAD, bring_fog),
    "snow_edge": (bring_day, *ANY_ROAD, fall_some_nights, bring_snow),
    "tunnel": (bring_day, *ANY_CARRIAGEWAY, change_lane_count, enter_tunnel),
}
"""The steps of each category, in their order. Its name is the topic of their draws."""

CULANE_FRAMES = {
    "normal": 9621,
    "crowded": 8113,
    "dazzle": 486,
    "shadow": 930,
    "no_line": 4067,
    "arrow": 890,
    "curve": 422,
    "crossroad": 3122,
    "night": 7029,
}
"""The frames of each category in CULane's test set (its lists ``list/test_split``)."""

DIVERSE_SHARES = {
    "highway": 32,
    "normal": 12,
    "crowded": 8,
    "shadow": 8,
    "curve": 6,
    "night": 5,
    "no_line": 5,
    "arrow": 4,
    "rain": 4,
    "wet_road": 3,
    "dazzle": 3,
    "crossroad": 2,
    "road_works": 2,
    "fog": 2,
    "snow_edge": 2,
    "tunnel": 2,
}
"""The shares of a mixture for training: mostly what a dashcam sees most."""

MIXTURES: dict[str, dict[str, int]] = {
    "culane": CULANE_FRAMES,
    "diverse": DIVERSE_SHARES,
}
"""The weight of each category in a mixture."""


def deal_category(seed: int, index: int, category: str) -> str:
    """Return the category of one scene of a collection.

    Args:
        seed: Names the collection.
        index: Number of the scene in it.
        category: A key of :data:`CATEGORIES`, which is returned, or of
            :data:`MIXTURES`, of which one category is drawn.

    Raises:
        ValueError: If there is no such category.
    """
    check_category(category)
    if category not in MIXTURES:
        return category
    names = list(MIXTURES[category])
    weights = np.array(list(MIXTURES[category].values()))
    rng = seeded((seed, index), "category")
    return names[rng.choice(len(names), p=weights / weights.sum())]


def check_category(category: str) -> None:
    """Raise ValueError if there is no such category or mixture."""
    if category not in (*CATEGORIES, *MIXTURES):
        known = ", ".join((*CATEGORIES, *MIXTURES))
        raise ValueError(f"category must be one of {known}, got {category!r}.")


def recast(scene: Scene, category: str) -> Scene:
    """Return a scene made one of a category, a key of :data:`CATEGORIES`."""
    rng = seeded(scene.seed, category)
    for step in (*CATEGORIES[category], *ANY_CAMERA):
        scene = step(scene, rng)
    return replace(scene, category=category)
