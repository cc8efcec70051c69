"""Scenes at random: which roads, cameras, traffic and light there are, and how often.

A scene is drawn from generators that begin from ``(seed, index)`` and a constant of
what they draw, so scene 17 is the same whoever draws it, and whatever else is drawn.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lanedet.arrays import ByteArray, FloatArray
from lanedet.simulation.arguments import check_shape, check_whole
from lanedet.simulation.categories import deal_category, recast
from lanedet.simulation.distortion import largest_distortion
from lanedet.simulation.labels import visible_lanes
from lanedet.simulation.random_camera import random_camera, random_lens
from lanedet.simulation.random_road import random_road
from lanedet.simulation.random_surroundings import random_light, random_surroundings
from lanedet.simulation.random_traffic import random_traffic
from lanedet.simulation.render import RECIPE, Effect, paint_scene
from lanedet.simulation.scene import Scene
from lanedet.simulation.view import SceneView, focal_length
from lanedet.structures import LaneSample


def sample_scene(seed: int, index: int, category: str | None = None) -> Scene:
    """Return one random scene.

    Args:
        seed: Names the collection, >= 0.
        index: Number of the scene in it, >= 0.
        category: What the scene must be: a key of
            :data:`~lanedet.simulation.categories.CATEGORIES` or of its ``MIXTURES``, or
            None for a plain highway scene.

    Raises:
        ValueError: If a number is negative or not whole, or the category is unknown.
    """
    check_whole("seed", seed, 0)
    check_whole("index", index, 0)
    rng = np.random.default_rng((seed, index))
    road = random_road(rng)
    camera = random_camera(rng, road)
    light = random_light(rng)
    scene = Scene(
        road=road,
        camera=camera,
        vehicles=random_traffic(rng, road, camera),
        surroundings=random_surroundings(rng, road),
        light=light,
        lens=random_lens(rng, light.daylight),
        seed=(seed, index),
    )
    if category is None:
        return scene
    return recast(scene, deal_category(seed, index, category))


def make_scene(
    seed: int, index: int, shape: tuple[int, int], category: str | None = None
) -> tuple[ByteArray, LaneSample]:
    """Return one random scene's picture and its lanes.

    Args:
        seed: Names the collection, >= 0.
        index: Number of the scene in it, >= 0.
        shape: (H, W) of the picture.
        category: See :func:`sample_scene`.

    Returns:
        RGB image, uint8, shape (H, W, 3), and a sample with ``gt_lanes`` in its
        pixels and the meta information ``img_path``, ``ori_shape``, ``raw_file``,
        ``rows`` and, of a scene of a category, ``category``.

    Raises:
        ValueError: If a number is negative or not whole, the picture too small or the
            category unknown.
    """
    check_shape(shape)
    scene = fit_lens(sample_scene(seed, index, category), shape)
    return draw_scene(scene, shape, f"scenes/{seed}/{index}.jpg")


def draw_scene(
    scene: Scene, shape: tuple[int, int], raw_file: str
) -> tuple[ByteArray, LaneSample]:
    """Return a scene's picture of (H, W), and its lanes as a sample of that name."""
    view = SceneView(scene, shape)
    return paint_scene(view), label_scene(view, raw_file)


def render_scene(
    scene: Scene, shape: tuple[int, int], recipe: Sequence[Effect] = RECIPE
) -> ByteArray:
    """Return the picture of a scene.

    Args:
        scene: What to paint.
        shape: (H, W) of the picture.
        recipe: Effects in the order in which they are applied.

    Returns:
        RGB image, uint8, shape (H, W, 3). The same arguments give the same pixels.

    Raises:
        ValueError: If the picture is too small to show a road.
    """
    check_shape(shape)
    return paint_scene(SceneView(scene, shape), recipe)


def scene_lanes(scene: Scene, shape: tuple[int, int]) -> list[FloatArray]:
    """Return the labelled lanes of a scene, in pixels of its picture of (H, W).

    See :func:`~lanedet.simulation.labels.visible_lanes`.
    """
    return visible_lanes(SceneView(scene, shape))


def fit_lens(scene: Scene, shape: tuple[int, int]) -> Scene:
    """Return a scene whose lens bends no more than a picture of (H, W) can show.

    Lenses are drawn for pictures up to 4:3; upright ones reach farther out.
    """
    camera = scene.camera
    focal = focal_length(shape[1], camera.fov_rad)
    largest = largest_distortion(shape, focal)
    if camera.distortion <= largest:
        return scene
    return replace(scene, camera=replace(camera, distortion=largest))


def label_scene(view: SceneView, raw_file: str) -> LaneSample:
    """Return the lanes of the scene that a view shows as a sample of that name."""
    scene, shape = view.scene, view.shape
    sample = LaneSample(
        metainfo={
            "raw_file": raw_file,
            "img_path": raw_file,
            "ori_shape": shape,
            "rows": label_rows(shape[0]),
        }
    )
    if scene.category is not None:
        sample.set_metainfo({"category": scene.category})
    sample.gt_lanes = visible_lanes(view)
    return sample


def label_rows(height: int) -> np.ndarray:
    """Return the rows of TuSimple's labels, 160 to 710 of 720, at another height.

    Example:
        >>> label_rows(360)[[0, 1, -1]]
        array([ 80.,  85., 355.])
    """
    return np.unique(np.rint(np.arange(160, 711, 10) * height / 720))
