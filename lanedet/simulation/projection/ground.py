"""The ground under the pixels: where the ray of each meets it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lanedet.arrays import Float32Array
from lanedet.simulation.compiled import compiled


@dataclass(frozen=True)
class GroundMap:
    """The places where pixels' rays meet the ground, for the rows that show ground.

    All arrays are float32 of shape (h, W) and cover the image rows from ``top_row``
    to the bottom.

    Attributes:
        top_row: First image row with ground.
        cover: Share of the pixel that is ground, 0 at the skyline to 1.
        ahead: Distance ahead of the camera, in metres.
        lateral: Metres to the right of the road's reference line.
        across: Width of the road that the pixel sees across the road, in metres.
        along: Length of the road that the pixel sees, in metres.
    """

    top_row: int
    cover: Float32Array
    ahead: Float32Array
    lateral: Float32Array
    across: Float32Array
    along: Float32Array


@compiled
def upright_grid(
    us: Float32Array,
    vs: Float32Array,
    shifts: Float32Array,
    stretch: Float32Array,
    turn: tuple[np.float32, np.float32],
) -> tuple[Float32Array, Float32Array]:
    """Return (x, y) of each pixel in the upright frame, each (H, W).

    Args:
        us: X of the columns from the centre, (W,).
        vs: Y of the rows from the centre, (H,).
        shifts: How far each row is drawn to the right, (H,).
        stretch: How many times farther out pixels lie without distortion, (H, W), or
            empty if there is none.
        turn: Cosine and sine of the roll.
    """
    cos, sin = turn
    xs = np.empty((len(vs), len(us)), np.float32)
    ys = np.empty_like(xs)
    for i in range(len(vs)):
        for j in range(len(us)):
            u, v = us[j] - shifts[i], vs[i]
            if stretch.size > 0:
                u, v = u * stretch[i, j], v * stretch[i, j]
            xs[i, j] = u * cos + v * sin
            ys[i, j] = v * cos - u * sin
    return xs, ys


@compiled
def read_ground(
    xs: Float32Array,
    cells: Float32Array,
    table: Float32Array,
    stretch: Float32Array,
) -> tuple[Float32Array, Float32Array, Float32Array, Float32Array]:
    """Return where the ground is that each pixel sees.

    Args:
        xs: X in the upright frame, (h, W).
        cells: Place in the table, (h, W).
        table: (N, 4): distance ahead, metres across per pixel, lateral position in the
            middle of the picture, metres along per pixel.
        stretch: How many times longer a step is than without distortion, (h, W), or
            empty if there is none.

    Returns:
        Metres ahead, lateral position, and metres across and along that the pixel
        sees, each (h, W).
    """
    height, width = xs.shape
    ahead, lateral = np.empty_like(xs), np.empty_like(xs)
    across, along = np.empty_like(xs), np.empty_like(xs)
    is_bent = stretch.size > 0
    last = np.float32(len(table) - 1)
    places, parts = np.empty(width, np.int32), np.empty(width, np.float32)
    entries, read = table.reshape(-1), np.empty(4 * width, np.float32)
    for i in range(height):
        for j in range(width):
            cell = min(max(cells[i, j], np.float32(0)), last)
            places[j] = min(np.int32(cell), np.int32(len(table) - 2))
            parts[j] = cell - np.float32(places[j])
        _read_between(entries, places, parts, read)
        for j in range(width):
            ahead[i, j], across[i, j] = read[4 * j], read[4 * j + 1]
            lateral[i, j] = xs[i, j] * across[i, j] + read[4 * j + 2]
            along[i, j] = read[4 * j + 3]
        if is_bent:
            for j in range(width):
                along[i, j] *= stretch[i, j]
    if is_bent:
        _step_across(lateral, across)
    for i in range(height):
        # The last row drifts as the one before.
        row = max(min(i, height - 2), 0)
        below = min(row + 1, height - 1)
        for j in range(width):
            drift = lateral[below, j] - lateral[row, j]
            across[i, j] = np.sqrt(across[i, j] * across[i, j] + drift * drift)
    return ahead, lateral, across, along


@compiled
def _read_between(
    entries: Float32Array,
    places: NDArray[np.int32],
    parts: Float32Array,
    read: Float32Array,
) -> None:
    """Read a flat table of four columns between its rows, into the flat (4 * W,)."""
    for j in range(len(places)):
        k = 4 * places[j]
        for column in range(4):
            here, following = entries[k + column], entries[k + 4 + column]
            read[4 * j + column] = here + parts[j] * (following - here)


@compiled
def _step_across(lateral: Float32Array, across: Float32Array) -> None:
    """Write how far each pixel's neighbours in its row lie apart, per pixel, (h, W)."""
    last = lateral.shape[1] - 1
    for i in range(lateral.shape[0]):
        across[i, 0] = lateral[i, 1] - lateral[i, 0]
        for j in range(1, last):
            across[i, j] = (lateral[i, j + 1] - lateral[i, j - 1]) / np.float32(2)
        across[i, last] = lateral[i, last] - lateral[i, last - 1]
