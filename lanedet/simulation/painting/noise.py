"""Noise that tiles: the texture of asphalt, grass, clouds, wear and the sensor.

Tiles are made once per process, each from the name of what it is for. Scenes read them
at places that depend on the scene, which is far cheaper than drawing fresh noise for
each picture.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from lanedet.arrays import Float32Array
from lanedet.simulation.painting.kernels import TILE_SIZE, read_points, read_tile
from lanedet.simulation.projection.projection import Projection
from lanedet.simulation.randomness import topic_number


def noise_tile(topic: str, roughness: float, number: int = 0) -> Float32Array:
    """Return a periodic noise field, the same in every process.

    Args:
        topic: What it is for; others get another field.
        roughness: Exponent of the amplitude spectrum 1 / f ** roughness: 0 is white
            noise, 1 is clouds, 2 is soft hills.
        number: Which of the topic's fields.

    Returns:
        (512, 512) float32, mean 0, standard deviation 1, periodic in both directions.
    """
    return _make_tile(topic_number(topic) + number, roughness)


@lru_cache(maxsize=64)
def _make_tile(number: int, roughness: float) -> Float32Array:
    rng = np.random.default_rng((number, round(roughness * 100)))
    spectrum = np.fft.rfft2(rng.standard_normal((TILE_SIZE, TILE_SIZE)))
    fy = np.fft.fftfreq(TILE_SIZE)[:, None]
    fx = np.fft.rfftfreq(TILE_SIZE)[None, :]
    frequency = np.hypot(fx, fy)
    frequency[0, 0] = np.inf
    field = np.fft.irfft2(spectrum * frequency**-roughness, s=(TILE_SIZE, TILE_SIZE))
    field = (field - field.mean()) / field.std()
    tile = np.ascontiguousarray(field, dtype=np.float32)
    tile.setflags(write=False)
    return tile


def tile_offsets(projection: Projection, topic: str) -> tuple[float, float]:
    """Return where a world begins to read a tile, (column, row), each below 512.

    Args:
        projection: The world.
        topic: What is read; others get other places.
    """
    column, row, *_ = projection.world_numbers(topic)
    return float(column % TILE_SIZE), float(row % TILE_SIZE)


def sample_tile(tile: Float32Array, xs: Float32Array, ys: Float32Array) -> Float32Array:
    """Read a tile at (x, y) in its pixels, periodically and between pixels.

    Args:
        tile: From :func:`noise_tile`.
        xs: Columns, float32, shape (h, w).
        ys: Rows, same shape.
    """
    places = (np.ascontiguousarray(each) for each in (xs, ys))
    return np.asarray(read_tile(tile, *places))


def sample_points(
    tile: Float32Array, xs: NDArray[np.floating], ys: NDArray[np.floating]
) -> Float32Array:
    """Read a tile at a list of places, each (N,), periodically and between pixels."""
    return np.asarray(read_points(tile, xs, ys))
