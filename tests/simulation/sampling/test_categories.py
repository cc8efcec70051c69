from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from lanedet.simulation import make_scene, sample_scene, write_scene_tree
from lanedet.simulation.sampling.categories import (
    CATEGORIES,
    CULANE_FRAMES,
    deal_category,
)
from lanedet.simulation.world.scene import Scene

SHAPE = (144, 400)


@pytest.mark.parametrize("category", CATEGORIES)
def test_every_category_makes_valid_scenes(category: str) -> None:
    for index in range(2):
        image, sample = make_scene(11 + 97 * index, index, SHAPE, category)
        assert image.shape == (*SHAPE, 3)
        assert image.dtype == np.uint8
        assert image.std() > 8, "a picture shows something"
        assert sample.category == category
        for lane in sample.gt_lanes:
            assert (lane >= 0).all()
            assert (lane <= [SHAPE[1] - 1, SHAPE[0] - 1]).all()


def sharpest_bend(scene: Scene) -> float:
    """Return the smallest radius of the road within 60 m ahead."""
    stations = scene.camera.station_m + np.arange(0.0, 61.0, 2.0)
    slopes = np.array([scene.road.course.slope(station) for station in stations])
    return float(1 / np.abs(np.diff(slopes) / 2.0).max())


def paint_left(scene: Scene) -> float:
    """Return the mean opacity of the lines; one without stripes has none."""
    opacities = [
        max((stripe.opacity for stripe in line.stripes), default=0.0)
        for line in scene.road.lines
    ]
    return float(np.mean(opacities))


def num_near(scene: Scene) -> int:
    here = scene.camera.station_m
    return sum(0 < vehicle.station_m - here < 70 for vehicle in scene.vehicles)


PROMISES: dict[str, tuple[Callable[[Scene], bool], float]] = {
    "highway": (lambda scene: len(scene.road.lines) >= 5, 0.5),
    "normal": (
        lambda scene: scene.light.daylight >= 1 and paint_left(scene) > 0.3,
        0.9,
    ),
    "crowded": (lambda scene: num_near(scene) >= 5, 0.8),
    "shadow": (lambda scene: len(scene.surroundings.shades) > 0, 1.0),
    "no_line": (lambda scene: paint_left(scene) < 0.17, 1.0),
    "arrow": (lambda scene: len(scene.road.figures) > 0, 1.0),
    "curve": (lambda scene: sharpest_bend(scene) < 260, 1.0),
    "crossroad": (lambda scene: scene.road.crossroad is not None, 1.0),
    "road_works": (lambda scene: len(scene.props) > 5, 1.0),
    "dazzle": (lambda scene: scene.glare.strength > 0.4, 1.0),
    "night": (lambda scene: scene.light.daylight < 0.3, 1.0),
    "rain": (lambda scene: scene.weather.rain > 0, 1.0),
    "wet_road": (lambda scene: scene.weather.wet >= 0.5, 1.0),
    "fog": (lambda scene: scene.light.visibility_m <= 130, 1.0),
    "snow_edge": (lambda scene: scene.weather.snow > 0, 1.0),
    "tunnel": (lambda scene: scene.tunnel.darkness > 0.5, 1.0),
}
"""What a category is about, and in which share of its scenes at least it is so."""


@cache
def plain_scenes() -> list[Scene]:
    return [sample_scene(1000 + k, k) for k in range(20)]


@pytest.mark.parametrize("category", CATEGORIES)
def test_a_category_shows_what_it_is_named_after(category: str) -> None:
    holds, least = PROMISES[category]
    scenes = [sample_scene(1000 + k, k, category) for k in range(20)]
    assert np.mean([holds(scene) for scene in scenes]) >= least
    if category not in ("highway", "normal"):
        share = np.mean([holds(scene) for scene in plain_scenes()])
        assert share < 0.6, "others are not so"


def test_a_scene_is_drawn_again_as_it_was() -> None:
    for index, category in enumerate(CATEGORIES):
        first = sample_scene(2000 + index, index, category)
        assert first == sample_scene(2000 + index, index, category)
        assert first != sample_scene(3000 + index, index, category)
        assert first != sample_scene(2000 + index, index + 1, category)


def test_the_mixture_has_culanes_proportions() -> None:
    dealt = Counter(deal_category(0, index, "culane") for index in range(3000))
    total = sum(CULANE_FRAMES.values())
    assert total == 34680
    assert set(dealt) == set(CULANE_FRAMES) <= set(CATEGORIES)
    for name, frames in CULANE_FRAMES.items():
        assert dealt[name] / 3000 == pytest.approx(frames / total, abs=0.03)


def test_the_mixture_is_of_scenes_as_their_categories_make_them() -> None:
    mixed = sample_scene(0, 5, "culane")
    assert mixed.category in CULANE_FRAMES
    assert mixed == sample_scene(0, 5, mixed.category)


@pytest.mark.parametrize("category", ["hail", "", "Night"])
def test_unknown_category(category: str, tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match=r"one of highway, normal.*culane, diverse, got"
    ):
        make_scene(0, 0, SHAPE, category)
    with pytest.raises(
        ValueError, match=r"one of highway, normal.*culane, diverse, got"
    ):
        write_scene_tree(tmp_path / "set", 4, 0, SHAPE, category=category)
    assert not (tmp_path / "set").exists()


def test_a_tree_is_of_the_category(tmp_path: Path) -> None:
    plain, curved = tmp_path / "plain", tmp_path / "curved"
    write_scene_tree(plain, 4, 3, SHAPE)
    write_scene_tree(curved, 4, 3, SHAPE, category="curve")
    assert '"category": "curve"' in (curved / "scenes.json").read_text()
    images = [sorted(root.rglob("*.jpg")) for root in (plain, curved)]
    assert all(a.read_bytes() != b.read_bytes() for a, b in zip(*images, strict=True))


def _thumbnail(image: np.ndarray) -> list[float]:
    """Return the mean grey level of 2 x 4 tiles, to a tenth."""
    tiles = image.reshape(2, image.shape[0] // 2, 4, image.shape[1] // 4, 3)
    return np.round(tiles.mean(axis=(1, 3, 4)), 1).ravel().tolist()


FROZEN = {
    0: ([23.9, 29.1, 28.7, 25.1, 62.1, 75.0, 75.8, 57.6], [0.4, 66.3, 257.6, 318.2]),
    1: ([20.5, 41.0, 39.5, 33.1, 44.3, 97.6, 107.2, 76.6], [0.5, 5.4, 289.3, 318.9]),
    2: ([95.6, 117.1, 124.1, 68.8, 79.1, 89.0, 94.0, 84.0], [0.0, 255.4, 318.4]),
    3: (
        [146.5, 165.9, 158.2, 153.7, 80.6, 84.7, 84.2, 79.6],
        [0.3, 31.5, 285.1, 318.3],
    ),
    4: (
        [129.9, 152.6, 156.3, 118.2, 71.7, 68.3, 73.1, 70.6],
        [0.4, 49.4, 270.5, 318.1],
    ),
    5: ([36.2, 33.3, 37.2, 38.2, 64.4, 69.6, 70.7, 61.3], [0.5, 0.6, 254.5, 319.0]),
    8: ([124.1, 129.7, 128.6, 136.0, 103.6, 107.4, 118.0, 119.9], [47.9, 241.1, 318.3]),
    13: (
        [180.5, 190.1, 183.1, 142.4, 102.2, 114.1, 111.6, 102.4],
        [0.2, 25.4, 283.6, 318.2],
    ),
}
"""By index: the picture's tiles, and the x at which each lane begins."""


@pytest.mark.parametrize("index", FROZEN)
def test_scenes_without_a_category_stay_as_they_were(index: int) -> None:
    """Data sets made by seed are compared with each other, so they must not change.

    Not the pixels are frozen but means over tiles: another processor rounds otherwise.
    """
    image, sample = make_scene(0, index, (180, 320))
    tiles, ends = FROZEN[index]
    assert _thumbnail(image) == pytest.approx(tiles, abs=0.11)
    found = [round(float(lane[0, 0]), 1) for lane in sample.gt_lanes]
    assert found == pytest.approx(ends, abs=0.11)
