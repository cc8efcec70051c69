"""Pictures with lanes, made of a seed and a number.

Here a scene gets its projection, once, for its picture and its labels.
"""

from collections.abc import Sequence
from dataclasses import replace

from lanedet.arrays import ByteArray, FloatArray
from lanedet.formats import tusimple_rows
from lanedet.simulation.arguments import check_shape
from lanedet.simulation.effects.recipe import RECIPE, Effect, paint_scene
from lanedet.simulation.projection.distortion import largest_distortion
from lanedet.simulation.projection.labels import visible_lanes
from lanedet.simulation.projection.projection import Projection, focal_length
from lanedet.simulation.sampling.sampler import sample_scene
from lanedet.simulation.world.scene import Scene
from lanedet.structures import LaneSample


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
    projection = Projection(scene, shape)
    return paint_scene(projection), label_scene(projection, raw_file)


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
    return paint_scene(Projection(scene, shape), recipe)


def scene_lanes(scene: Scene, shape: tuple[int, int]) -> list[FloatArray]:
    """Return the labelled lanes of a scene, in pixels of its picture of (H, W).

    See :func:`~lanedet.simulation.projection.labels.visible_lanes`.
    """
    return visible_lanes(Projection(scene, shape))


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


def label_scene(projection: Projection, raw_file: str) -> LaneSample:
    """Return the lanes of the scene that its picture shows as a sample of that name."""
    scene, shape = projection.scene, projection.shape
    sample = LaneSample(
        metainfo={
            "raw_file": raw_file,
            "img_path": raw_file,
            "ori_shape": shape,
            "rows": tusimple_rows(shape[0]),
        }
    )
    if scene.category is not None:
        sample.set_metainfo({"category": scene.category})
    sample.gt_lanes = visible_lanes(projection)
    return sample
