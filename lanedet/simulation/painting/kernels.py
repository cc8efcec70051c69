"""The compiled core of painting: blending colors, reading noise, sprites, ridges.

Images are RGB uint8 (H, W, 3), contiguous; other arrays are float32 unless said
otherwise. All is in this one file because the functions call one another, see
:mod:`~lanedet.simulation.compiled`.
"""

import numpy as np
from numpy.typing import NDArray

from lanedet.arrays import ByteArray, Float32Array, FloatArray
from lanedet.simulation.compiled import compiled

TILE_SIZE = 512
"""The number of rows and of columns of a tile of noise."""
_LAST = TILE_SIZE - 1
_LAST_ROW = TILE_SIZE * _LAST


@compiled
def _byte(value: np.float32) -> np.uint8:
    """Return a value as a byte, rounded and saturated as OpenCV does."""
    return _cut_byte(np.rint(value))


@compiled
def _cut_byte(value: np.float32) -> np.uint8:
    """Return a value as a byte, cut off and saturated."""
    # Processors turn many numbers at once into words, but not into bytes.
    return np.uint8(np.int32(min(max(value, np.float32(0)), np.float32(255))))


@compiled
def _spread(pixels: Float32Array, channels: Float32Array) -> None:
    """Write a number of each pixel of a row, (W,), to its three channels, (3 * W,)."""
    for j in range(len(pixels)):
        channels[3 * j] = pixels[j]
        channels[3 * j + 1] = pixels[j]
        channels[3 * j + 2] = pixels[j]


@compiled
def _repeat(color: Float32Array, width: int) -> Float32Array:
    """Return a color (3,) for each pixel of a row, (3 * W,)."""
    channels = np.empty(3 * width, np.float32)
    for j in range(3 * width):
        channels[j] = color[j % 3]
    return channels


@compiled
def blend_color(
    image: ByteArray, color: Float32Array, share: Float32Array
) -> ByteArray:
    """Return an image with a color (3,) laid over it, by a share (H, W)."""
    height, width = share.shape
    out = np.empty_like(image)
    rows, painted = image.reshape(height, -1), out.reshape(height, -1)
    shares, colors = np.empty(3 * width, np.float32), _repeat(color, width)
    for i in range(height):
        _spread(share[i], shares)
        for j in range(3 * width):
            kept = np.rint(np.float32(rows[i, j]) * (np.float32(1) - shares[j]))
            painted[i, j] = _byte(kept + shares[j] * colors[j])
    return out


@compiled
def tone(
    image: ByteArray,
    grey: ByteArray,
    saturation: np.float32,
    gain: Float32Array,
    curves: ByteArray,
) -> ByteArray:
    """Return an image with its saturation and light changed, then its grey levels.

    Args:
        image: The image.
        grey: The same in grey, (H, W) uint8.
        saturation: 0 is grey, 1 leaves the colors.
        gain: Light of each pixel, (H, W).
        curves: The grey level that each level of each channel becomes, (256, 3) uint8.
    """
    height, width = gain.shape
    out = np.empty_like(image)
    rows, painted = image.reshape(height, -1), out.reshape(height, -1)
    middle, gains = np.empty(width, np.float32), np.empty(3 * width, np.float32)
    middles, levels = np.empty(3 * width, np.float32), np.empty(3 * width, np.uint8)
    for i in range(height):
        for j in range(width):
            middle[j] = np.float32(grey[i, j]) * (np.float32(1) - saturation)
        _spread(middle, middles)
        _spread(gain[i], gains)
        for j in range(3 * width):
            value = np.float32(rows[i, j]) * saturation + middles[j]
            levels[j] = _byte(value * gains[j])
        for j in range(width):
            for channel in range(3):
                k = 3 * j + channel
                painted[i, k] = curves[levels[k], channel]
    return out


@compiled
def lay_paint(
    pixels: ByteArray,
    places: NDArray[np.int64],
    shares: tuple[Float32Array, Float32Array],
    colors: tuple[Float32Array, Float32Array],
) -> None:
    """Paint some pixels of an image, in place.

    Args:
        pixels: The image, flat, (H * W, 3) uint8.
        places: Which pixels, (N,).
        shares: Share of each that is painted, and of haze before it, (N,).
        colors: Color of the paint and of the haze, (3,).
    """
    cover, haze = shares
    paint, sky = colors
    for k in range(len(places)):
        for channel in range(3):
            seen = paint[channel] + (sky[channel] - paint[channel]) * haze[k]
            below = np.float32(pixels[places[k], channel])
            value = below + (seen - below) * cover[k]
            pixels[places[k], channel] = _cut_byte(value)


@compiled
def add_sheet(
    image: ByteArray, sheet: Float32Array, top: int, left: int, gain: np.float32
) -> ByteArray:
    """Return an image plus the part of a larger sheet (H', W', 3) that begins there."""
    height, width, _ = image.shape
    out = np.empty_like(image)
    rows, painted = image.reshape(height, -1), out.reshape(height, -1)
    for i in range(height):
        added = sheet[top + i, left : left + width].reshape(-1)
        for j in range(3 * width):
            painted[i, j] = _byte(np.float32(rows[i, j]) + added[j] * gain)
    return out


@compiled
def _find_cells(
    xs: Float32Array,
    ys: Float32Array,
    cells: NDArray[np.int32],
    parts: tuple[Float32Array, Float32Array],
) -> None:
    """Write down where in a periodic tile places (x, y) lie, each (W,).

    Args:
        xs: Columns of the tile.
        ys: Rows of the tile.
        cells: Becomes the place of the pixel to the upper left in the flat tile.
        parts: Becomes how far from it towards the next column and row, in [0, 1).
    """
    parts_x, parts_y = parts
    for j in range(len(xs)):
        left, top = np.floor(xs[j]), np.floor(ys[j])
        parts_x[j], parts_y[j] = xs[j] - left, ys[j] - top
        cells[j] = (np.int32(top) & _LAST) * TILE_SIZE + (np.int32(left) & _LAST)


@compiled
def _read_cell(
    tile: Float32Array, cell: np.int32, part_x: np.float32, part_y: np.float32
) -> np.float32:
    """Read a flat tile between four of its pixels, see :func:`_find_cells`."""
    row, column = cell & _LAST_ROW, cell & _LAST
    below_row, next_column = (row + TILE_SIZE) & _LAST_ROW, (column + 1) & _LAST
    left, right = tile[row + column], tile[row + next_column]
    above = left + part_x * (right - left)
    left, right = tile[below_row + column], tile[below_row + next_column]
    below = left + part_x * (right - left)
    return np.float32(above + part_y * (below - above))


@compiled
def read_tile(tile: Float32Array, xs: Float32Array, ys: Float32Array) -> Float32Array:
    """Read a periodic tile of 512 x 512 at (x, y) in its pixels, each (h, w)."""
    values, flat = np.empty_like(xs), tile.reshape(-1)
    width = xs.shape[1]
    cells = np.empty(width, np.int32)
    parts = np.empty(width, np.float32), np.empty(width, np.float32)
    for i in range(xs.shape[0]):
        _find_cells(xs[i], ys[i], cells, parts)
        for j in range(width):
            values[i, j] = _read_cell(flat, cells[j], parts[0][j], parts[1][j])
    return values


@compiled
def read_points(tile: Float32Array, xs: FloatArray, ys: FloatArray) -> Float32Array:
    """Read a periodic tile of 512 x 512 at places (x, y), each (N,) of any float type.

    Of a place in float64 no more than its part within the tile is taken in float32: a
    place far out would fall onto a pixel.
    """
    values, flat = np.empty(len(xs), np.float32), tile.reshape(-1)
    near_xs, near_ys = np.empty_like(values), np.empty_like(values)
    parts = np.empty_like(values), np.empty_like(values)
    cells = np.empty(len(xs), np.int32)
    for k in range(len(xs)):
        near_xs[k] = np.float32(xs[k] - np.floor(xs[k] / TILE_SIZE) * TILE_SIZE)
        near_ys[k] = np.float32(ys[k] - np.floor(ys[k] / TILE_SIZE) * TILE_SIZE)
    _find_cells(near_xs, near_ys, cells, parts)
    for k in range(len(xs)):
        values[k] = _read_cell(flat, cells[k], parts[0][k], parts[1][k])
    return values


@compiled
def add_texture(
    total: Float32Array,
    ground: tuple[Float32Array, Float32Array, Float32Array, Float32Array],
    tile: Float32Array,
    cells_per_m: tuple[np.float32, np.float32],
    start: tuple[np.float32, np.float32],
    weight: np.float32,
) -> None:
    """Add a layer of noise that lies on the ground, in place.

    Where a pixel sees many cells, the layer averages out.

    Args:
        total: What it is added to, (h, W).
        ground: What :func:`read_ground` returns, of the same rows.
        tile: The noise, (512, 512).
        cells_per_m: Cells per metre across and along.
        start: Cells added across, metres added along.
        weight: The layer's weight.
    """
    ahead, lateral, across, along = ground
    per_m, along_per_m = cells_per_m
    width, flat = total.shape[1], tile.reshape(-1)
    xs, ys = np.empty(width, np.float32), np.empty(width, np.float32)
    parts = np.empty(width, np.float32), np.empty(width, np.float32)
    cells, values = np.empty(width, np.int32), np.empty(width, np.float32)
    for i in range(total.shape[0]):
        for j in range(width):
            xs[j] = lateral[i, j] * per_m + start[0]
            ys[j] = (ahead[i, j] + start[1]) * along_per_m
        _find_cells(xs, ys, cells, parts)
        for j in range(width):
            values[j] = _read_cell(flat, cells[j], parts[0][j], parts[1][j])
        for j in range(width):
            blur = max(across[i, j] * per_m, along[i, j] * along_per_m, np.float32(1))
            total[i, j] += weight * values[j] / blur


@compiled
def shade_ground(
    image: ByteArray,
    section: ByteArray,
    layers: tuple[Float32Array, Float32Array, Float32Array, Float32Array],
    sky: Float32Array,
) -> None:
    """Paint the ground's pixels, in place.

    Args:
        image: The rows of the picture with ground, (h, W, 3).
        section: Color of the ground and contrast of its texture, (h, W, 4) uint8.
        layers: Texture, brightness, share of haze and share of ground, each (h, W).
        sky: Color of the haze, (3,).
    """
    texture, gains, haze, cover = layers
    height, width = texture.shape
    painted, skies = image.reshape(height, -1), _repeat(sky, width)
    clear = np.empty(width, np.float32)
    colors, clears = np.empty(3 * width, np.float32), np.empty(3 * width, np.float32)
    hazes, shares = np.empty(3 * width, np.float32), np.empty(3 * width, np.float32)
    for i in range(height):
        for j in range(width):
            contrast = np.float32(section[i, j, 3]) * np.float32(1 / 255)
            gain = (np.float32(1) + contrast * texture[i, j]) * gains[i, j]
            clear[j] = gain * (np.float32(1) - haze[i, j])
            for channel in range(3):
                colors[3 * j + channel] = np.float32(section[i, j, channel])
        _spread(clear, clears)
        _spread(haze[i], hazes)
        _spread(cover[i], shares)
        for j in range(3 * width):
            seen = colors[j] * clears[j] + skies[j] * hazes[j]
            seen = np.floor(min(max(seen, np.float32(0)), np.float32(255)))
            below = np.float32(painted[i, j])
            value = seen * shares[j] + below * (np.float32(1) - shares[j])
            painted[i, j] = _cut_byte(value)


@compiled
def paint_ridge(
    image: ByteArray,
    places: tuple[Float32Array, Float32Array, Float32Array],
    tile: Float32Array,
    contrast: np.float32,
    color: Float32Array,
) -> None:
    """Paint a ridge with foliage over a band of the picture, in place.

    Args:
        image: The band, (h, W, 3).
        places: Height of each pixel below the horizon (h, W), height of the ridge over
            it (W,), row of the tile for each column (W,).
        tile: The noise of the foliage; turned by a right angle.
        contrast: The foliage's contrast.
        color: The ridge's color, (3,).
    """
    depths, ridge, rows = places
    width, flat = image.shape[1], tile.reshape(-1)
    shares, xs = np.empty(width, np.float32), np.empty(width, np.float32)
    parts = np.empty(width, np.float32), np.empty(width, np.float32)
    cells = np.empty(width, np.int32)
    for i in range(image.shape[0]):
        for j in range(width):
            depth = depths[i, j]
            shares[j] = min(depth + ridge[j] + np.float32(0.5), np.float32(1))
            xs[j] = depth * np.float32(0.9) + np.float32(99)
        _find_cells(xs, rows, cells, parts)
        for j in range(width):
            if shares[j] <= 0:
                continue
            noise = _read_cell(flat, cells[j], parts[0][j], parts[1][j])
            gain = np.float32(1) + contrast * noise
            gain = min(max(gain, np.float32(0.55)), np.float32(1.35))
            for channel in range(3):
                below = np.float32(image[i, j, channel])
                value = below + (gain * color[channel] - below) * shares[j]
                image[i, j, channel] = _cut_byte(value)


@compiled
def _read_sprite(
    sprite: ByteArray, y: float, x: float
) -> tuple[np.float32, np.float32]:
    """Return the grey and the opacity of a sprite between its pixels.

    What is transparent has no grey: the mean is weighted by opacity.
    """
    rows, columns = sprite.shape[0] - 1, sprite.shape[1] - 1
    y, x = min(max(y, 0.0), float(rows)), min(max(x, 0.0), float(columns))
    top, left = int(y), int(x)
    part_y, part_x = y - top, x - left
    light, opacity = 0.0, 0.0
    for i in range(2):
        row_share = part_y if i else 1 - part_y
        for j in range(2):
            share = row_share * (part_x if j else 1 - part_x)
            pixel = sprite[min(top + i, rows), min(left + j, columns)]
            opacity += share * pixel[1]
            light += share * pixel[1] * pixel[0]
    return np.float32(light / max(opacity, 1e-6)), np.float32(opacity)


@compiled
def paint_sprite(
    image: ByteArray,
    sprite: ByteArray,
    box: tuple[int, int, int, int],
    color: tuple[float, float, float],
    contrast: float,
) -> None:
    """Paint a (grey, opacity) sprite into a box, in place.

    A sprite that is enlarged is read between its pixels.

    Args:
        image: The picture.
        sprite: (h, w, 2); a grey of 128 shows as the color, 255 is opaque.
        box: Left, top, right and bottom in pixels; it may reach out of the picture.
        color: Mean color.
        contrast: What is left of the sprite's contrast, 0 to 1.
    """
    left, top, right, bottom = box
    per_row = sprite.shape[0] / (bottom - top)
    per_column = sprite.shape[1] / (right - left)
    is_enlarged = per_row < 1
    for y in range(max(top, 0), min(bottom, image.shape[0])):
        for x in range(max(left, 0), min(right, image.shape[1])):
            if is_enlarged:
                at_y = (y - top + 0.5) * per_row - 0.5
                at_x = (x - left + 0.5) * per_column - 0.5
                shown, covered = _read_sprite(sprite, at_y, at_x)
            else:
                row, column = int((y - top) * per_row), int((x - left) * per_column)
                shown = np.float32(sprite[row, column, 0])
                covered = np.float32(sprite[row, column, 1])
            opacity = covered / np.float32(255)
            if opacity == 0:
                continue
            grey = np.rint(shown * contrast + 128 * (1 - contrast))
            for channel in range(3):
                value = np.float32(grey * (color[channel] / 128))
                below = np.float32(image[y, x, channel])
                image[y, x, channel] = _byte(below + (value - below) * opacity)
