"""Trees beside the road: where they stand, what they look like, what they hide."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from lanedet.arrays import ByteArray, Float32Array, FloatArray
from lanedet.simulation.effects.verges import CELL_M
from lanedet.simulation.painting.kernels import paint_sprite
from lanedet.simulation.painting.noise import noise_tile
from lanedet.simulation.projection.projection import Projection
from lanedet.simulation.world.color import Color

_SPRITE_SIZES = (16, 32, 64, 128, 256)
_NUM_TREES = 8
_TURNS = np.linspace(0, 2 * np.pi, 12, endpoint=False)
# Where crowns are dense: across, in widths, and up, in heights. Both have 12 corners,
# so that those of all trees are one array.
_ROUND = np.stack([0.42 * np.cos(_TURNS), 0.58 + 0.4 * np.sin(_TURNS)], axis=1)
_CONE = np.repeat([(-0.38, 0.1), (0.38, 0.1), (0.05, 0.95), (-0.05, 0.95)], 3, axis=0)


@dataclass(frozen=True)
class Tree:
    """A tree: its place, its size, which one of the sprites, its brightness."""

    ahead_m: float
    lateral_m: float
    width_m: float
    height_m: float
    number: int
    gain: float


def trees_in_cell(
    projection: Projection,
    side: int,
    foot: tuple[float, float],
    rng: np.random.Generator,
) -> list[Tree]:
    """Return the trees on one side of a piece of the roadside.

    Args:
        projection: The scene.
        side: -1 on the left, 1 on the right.
        foot: Where the edge of the ground towards the road begins, (ahead, lateral).
        rng: The piece's own, see ``cell_generators`` in
            :mod:`~lanedet.simulation.effects.verges`; the left side draws from it
            first, then the right, then everything else.
    """
    place = projection.scene.surroundings
    ahead, edge = foot
    trees: list[Tree] = []
    if place.tree_density == 0:
        return trees
    for _ in range(rng.poisson(place.tree_density)):
        away = place.tree_distance_m + rng.exponential(9.0)
        # rng.uniform would draw the same numbers in four times the time.
        height = 2.5 + (13.0 - 2.5) * rng.random()
        width = height * (0.5 + (1.1 - 0.5) * rng.random())
        number = int(rng.integers(_NUM_TREES))
        gain = 0.6 + (1.35 - 0.6) * rng.random()
        distance = ahead + CELL_M * rng.random()
        lateral = edge + side * (away + width / 2)
        trees.append(Tree(distance, lateral, width, height, number, gain))
    return trees


def crowns(trees: Sequence[Tree]) -> FloatArray:
    """Return the corners of the crowns of trees, (N, K, 3)."""
    if not trees:
        return np.empty((0, len(_ROUND), 3))
    outlines = [_CONE if _is_conifer(tree.number) else _ROUND for tree in trees]
    sizes = np.array([(tree.width_m, tree.height_m) for tree in trees])
    feet = np.array([(tree.ahead_m, tree.lateral_m, 0.0) for tree in trees])
    corners = np.repeat(feet[:, None], len(_ROUND), axis=1)
    corners[..., 1:] += np.array(outlines) * sizes[:, None]
    return corners


def paint_tree(
    image: ByteArray,
    corners: FloatArray,
    color: Color,
    *,
    number: int,
    contrast: float,
) -> None:
    """Paint a tree into the box between two corners, in place."""
    (x0, y0), (x1, y1) = corners.tolist()
    left, right, bottom, top = round(x0), round(x1), round(y0), round(y1)
    if right - left < 2 or bottom - top < 2 or right - left > 2 * image.shape[1]:
        return
    sizes = tree_sprites()[number]
    # The smallest sprite that has as many pixels: more of them would flicker.
    sprite = next((s for s in sizes if len(s) >= bottom - top), sizes[-1])
    paint_sprite(image, sprite, (left, top, right, bottom), tuple(color), contrast)


@lru_cache(maxsize=1)
def tree_sprites() -> tuple[tuple[ByteArray, ...], ...]:
    """Return trees, each as (size, size, 2) uint8 sprites from small to large.

    The first channel is grey, 128 is the mean, the second opacity. Leaves hang in
    clumps, brighter above than below.
    """
    ys, xs = np.mgrid[0:1:256j, -1:1:256j]
    trees = []
    for number in range(_NUM_TREES):
        coarse, fine = (
            cv2.GaussianBlur(_tile(power, number), (0, 0), sigma)
            for power, sigma in ((1.1, 3.0), (0.7, 1.6))
        )
        round_crown = 1 - np.hypot(xs, (ys - 0.42) * (1.9 + 0.1 * number))
        cone = 0.95 - np.abs(xs) / np.maximum(0.08, ys * 0.9) - (ys > 0.9)
        crown = cone * 0.5 if _is_conifer(number) else round_crown
        crown = crown + 0.16 * coarse + 0.07 * fine - 0.12
        # Light falls from above: a clump is dark where another begins below it.
        relief = np.roll(coarse, 5, axis=0) - coarse
        gain = 1.15 - 0.5 * ys + 0.12 * fine - 0.35 * np.clip(relief, -1, 1)
        leaves = np.clip(crown * 26 + 0.5, 0, 1)
        trunk = np.clip((0.05 - np.abs(xs)) * 128 + 0.5, 0, 1) * (ys > 0.5)
        opacity = np.maximum(leaves, trunk)
        grey = (leaves * gain + (1 - leaves) * 0.5) * 128
        trees.append(_reduced(np.clip(grey, 0, 255) * opacity, opacity * 255))
    return tuple(trees)


def _tile(power: float, number: int) -> Float32Array:
    """Return a square of noise of the size of the largest sprite."""
    return np.ascontiguousarray(noise_tile("trees", power, number)[:256, :256])


def _reduced(light: np.ndarray, opacity: np.ndarray) -> tuple[ByteArray, ...]:
    """Return a sprite in its sizes, from what it shows in front of black."""
    sprites = []
    for size in _SPRITE_SIZES:
        small = [
            cv2.resize(plane, (size, size), interpolation=cv2.INTER_AREA)
            for plane in (light, opacity)
        ]
        grey = small[0] / np.maximum(small[1] / 255, 1e-3)
        sprite = np.stack([np.clip(grey, 0, 255), small[1]], axis=-1)
        sprites.append(np.rint(sprite).astype(np.uint8))
    return tuple(sprites)


def _is_conifer(number: int) -> bool:
    """Return whether a tree is a cone rather than round."""
    return number % 4 == 0
