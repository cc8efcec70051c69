"""Compiled loops over pixels, where NumPy would need many passes over the picture.

The first process that calls one compiles it, within seconds; others find it in numba's
cache. All are in this one file because that cache does not notice a change in another.
Images are RGB uint8 (H, W, 3); other arrays are float32 unless said otherwise.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lanedet.structures import ByteArray

Floats = NDArray[np.float32]

_LAST = 511  # of a tile's rows and columns


@njit(cache=True, nogil=True)
def _byte(value: np.float32) -> np.uint8:
    """Return a value as a byte, rounded and saturated as OpenCV does."""
    return np.uint8(min(max(np.rint(value), np.float32(0)), np.float32(255)))


@njit(cache=True, nogil=True)
def _cut_byte(value: np.float32) -> np.uint8:
    """Return a value as a byte, cut off and saturated."""
    return np.uint8(min(max(value, np.float32(0)), np.float32(255)))


@njit(cache=True, nogil=True)
def multiply_pixels(image: ByteArray, gain: Floats) -> ByteArray:
    """Return an image with each pixel multiplied by its gain (H, W)."""
    height, width = gain.shape
    out = np.empty_like(image)
    for i in range(height):
        for j in range(width):
            for channel in range(3):
                value = np.float32(image[i, j, channel]) * gain[i, j]
                out[i, j, channel] = _byte(value)
    return out


@njit(cache=True, nogil=True)
def multiply_tinted(
    image: ByteArray, gain: Floats, added: Floats, tint: Floats
) -> ByteArray:
    """Return an image in two lights, white and coloured.

    Args:
        image: The image.
        gain: Strength of the white light, (H, W).
        added: Strength of the coloured light, (H, W).
        tint: Its colour, (3,).
    """
    out = np.empty_like(image)
    for i in range(image.shape[0]):
        for j in range(image.shape[1]):
            for channel in range(3):
                light = gain[i, j] + added[i, j] * tint[channel]
                out[i, j, channel] = _byte(np.float32(image[i, j, channel]) * light)
    return out


@njit(cache=True, nogil=True)
def blend_color(image: ByteArray, color: Floats, share: Floats) -> ByteArray:
    """Return an image with a colour (3,) laid over it, by a share (H, W)."""
    height, width = share.shape
    out = np.empty_like(image)
    for i in range(height):
        for j in range(width):
            left = np.float32(1) - share[i, j]
            for channel in range(3):
                kept = np.rint(np.float32(image[i, j, channel]) * left)
                out[i, j, channel] = _byte(kept + share[i, j] * color[channel])
    return out


@njit(cache=True, nogil=True)
def mean_of_three(first: ByteArray, second: ByteArray, third: ByteArray) -> ByteArray:
    """Return the mean of three images, rounded down."""
    out = np.empty_like(first)
    for i in range(first.shape[0]):
        for j in range(first.shape[1]):
            for channel in range(3):
                total = np.uint32(first[i, j, channel]) + np.uint32(
                    second[i, j, channel]
                )
                total += np.uint32(third[i, j, channel])
                out[i, j, channel] = total // np.uint32(3)
    return out


@njit(cache=True, nogil=True)
def tone(
    image: ByteArray,
    grey: ByteArray,
    saturation: np.float32,
    gain: Floats,
    curves: ByteArray,
) -> ByteArray:
    """Return an image with its saturation and light changed, then its grey levels.

    Args:
        image: The image.
        grey: The same in grey, (H, W) uint8.
        saturation: 0 is grey, 1 leaves the colours.
        gain: Light of each pixel, (H, W).
        curves: The grey level that each level of each channel becomes, (256, 3) uint8.
    """
    out = np.empty_like(image)
    for i in range(image.shape[0]):
        for j in range(image.shape[1]):
            middle = np.float32(grey[i, j]) * (np.float32(1) - saturation)
            for channel in range(3):
                value = np.float32(image[i, j, channel]) * saturation + middle
                out[i, j, channel] = curves[_byte(value * gain[i, j]), channel]
    return out


@njit(cache=True, nogil=True)
def lay_paint(
    pixels: ByteArray,
    places: NDArray[np.int64],
    shares: tuple[Floats, Floats],
    colors: tuple[Floats, Floats],
) -> None:
    """Paint some pixels of an image, in place.

    Args:
        pixels: The image, flat, (H * W, 3) uint8.
        places: Which pixels, (N,).
        shares: Share of each that is painted, and of haze before it, (N,).
        colors: Colour of the paint and of the haze, (3,).
    """
    cover, haze = shares
    paint, sky = colors
    for k in range(len(places)):
        for channel in range(3):
            seen = paint[channel] + (sky[channel] - paint[channel]) * haze[k]
            below = np.float32(pixels[places[k], channel])
            value = below + (seen - below) * cover[k]
            pixels[places[k], channel] = _cut_byte(value)


@njit(cache=True, nogil=True)
def add_sheet(
    image: ByteArray, sheet: Floats, top: int, left: int, gain: np.float32
) -> ByteArray:
    """Return an image plus the part of a larger sheet (H', W', 3) that begins there."""
    height, width, _ = image.shape
    out = np.empty_like(image)
    for i in range(height):
        for j in range(width):
            for channel in range(3):
                added = sheet[top + i, left + j, channel] * gain
                out[i, j, channel] = _byte(np.float32(image[i, j, channel]) + added)
    return out


@njit(cache=True, nogil=True)
def _read_tile(tile: Floats, x: np.float32, y: np.float32) -> np.float32:
    """Read a periodic tile of 512 x 512 between its pixels."""
    left, top = np.floor(x), np.floor(y)
    part_x, part_y = x - left, y - top
    x0, y0 = int(left) & _LAST, int(top) & _LAST
    x1, y1 = (x0 + 1) & _LAST, (y0 + 1) & _LAST
    above = tile[y0, x0] + part_x * (tile[y0, x1] - tile[y0, x0])
    below = tile[y1, x0] + part_x * (tile[y1, x1] - tile[y1, x0])
    return np.float32(above + part_y * (below - above))


@njit(cache=True, nogil=True)
def read_tile(tile: Floats, xs: Floats, ys: Floats) -> Floats:
    """Read a periodic tile at (x, y) in its pixels, each (h, w)."""
    values = np.empty_like(xs)
    for i in range(xs.shape[0]):
        for j in range(xs.shape[1]):
            values[i, j] = _read_tile(tile, xs[i, j], ys[i, j])
    return values


@njit(cache=True, nogil=True)
def upright_grid(
    us: Floats,
    vs: Floats,
    shifts: Floats,
    stretch: Floats,
    turn: tuple[np.float32, np.float32],
) -> tuple[Floats, Floats]:
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


@njit(cache=True, nogil=True)
def read_ground(
    xs: Floats,
    cells: Floats,
    table: Floats,
    stretch: Floats,
) -> tuple[Floats, Floats, Floats, Floats]:
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
    for i in range(height):
        for j in range(width):
            cell = min(max(cells[i, j], np.float32(0)), last)
            k = min(int(cell), len(table) - 2)
            part = cell - np.float32(k)
            scale = table[k, 1] + part * (table[k + 1, 1] - table[k, 1])
            shift = table[k, 2] + part * (table[k + 1, 2] - table[k, 2])
            ahead[i, j] = table[k, 0] + part * (table[k + 1, 0] - table[k, 0])
            lateral[i, j] = xs[i, j] * scale + shift
            along[i, j] = table[k, 3] + part * (table[k + 1, 3] - table[k, 3])
            across[i, j] = scale
            if is_bent:
                along[i, j] *= stretch[i, j]
    for i in range(height):
        # The last row drifts as the one before.
        row = max(min(i, height - 2), 0)
        below = min(row + 1, height - 1)
        for j in range(width):
            step = across[i, j]
            if is_bent:
                left, right = max(j - 1, 0), min(j + 1, width - 1)
                step = (lateral[i, right] - lateral[i, left]) / np.float32(right - left)
            drift = lateral[below, j] - lateral[row, j]
            across[i, j] = np.sqrt(step * step + drift * drift)
    return ahead, lateral, across, along


@njit(cache=True, nogil=True)
def add_texture(
    total: Floats,
    ground: tuple[Floats, Floats, Floats, Floats],
    tile: Floats,
    cells_per_m: tuple[np.float32, np.float32],
    start: tuple[np.float32, np.float32],
    weight: np.float32,
) -> None:
    """Add a layer of noise that lies on the ground, in place.

    Where a pixel sees many cells, the layer averages out.

    Args:
        total: What it is added to, (h, W).
        ground: What :func:`read_ground` returns, of the same rows.
        tile: The noise.
        cells_per_m: Cells per metre across and along.
        start: Cells added across, metres added along.
        weight: Of the layer.
    """
    ahead, lateral, across, along = ground
    per_m, along_per_m = cells_per_m
    for i in range(total.shape[0]):
        for j in range(total.shape[1]):
            x = lateral[i, j] * per_m + start[0]
            y = (ahead[i, j] + start[1]) * along_per_m
            blur = max(across[i, j] * per_m, along[i, j] * along_per_m, np.float32(1))
            total[i, j] += weight * _read_tile(tile, x, y) / blur


@njit(cache=True, nogil=True)
def shade_ground(
    image: ByteArray,
    section: ByteArray,
    layers: tuple[Floats, Floats, Floats, Floats],
    sky: Floats,
) -> None:
    """Paint the ground's pixels, in place.

    Args:
        image: The rows of the picture with ground, (h, W, 3).
        section: Colour of the ground and contrast of its texture, (h, W, 4) uint8.
        layers: Texture, brightness, share of haze and share of ground, each (h, W).
        sky: Colour of the haze, (3,).
    """
    texture, gains, haze, cover = layers
    for i in range(image.shape[0]):
        for j in range(image.shape[1]):
            contrast = np.float32(section[i, j, 3]) * np.float32(1 / 255)
            gain = (np.float32(1) + contrast * texture[i, j]) * gains[i, j]
            clear, share = gain * (np.float32(1) - haze[i, j]), cover[i, j]
            for channel in range(3):
                value = np.float32(section[i, j, channel]) * clear
                value = np.float32(_cut_byte(value + sky[channel] * haze[i, j]))
                if share < 1:
                    below = np.float32(image[i, j, channel])
                    value = value * share + below * (np.float32(1) - share)
                image[i, j, channel] = _cut_byte(value)


@njit(cache=True, nogil=True)
def find_stripe(
    lateral: Floats, across: Floats, middle: np.float32, width: np.float32
) -> NDArray[np.int64]:
    """Return which pixels see a stripe along the road, as places in the flat arrays.

    Args:
        lateral: Lateral position of each pixel, (h, W), less what the stripe moves.
        across: Metres across that it sees, (h, W).
        middle: Lateral position of the stripe's middle.
        width: Width of the stripe.
    """
    laterals, acrosses = lateral.ravel(), across.ravel()
    touched = np.empty(laterals.size, np.int64)
    count = 0
    for k in range(laterals.size):
        reach = (acrosses[k] + width) * np.float32(0.5)
        if abs(laterals[k] - middle) < reach:
            touched[count] = k
            count += 1
    return touched[:count].copy()


@njit(cache=True, nogil=True)
def paint_ridge(
    image: ByteArray,
    places: tuple[Floats, Floats, Floats],
    tile: Floats,
    contrast: np.float32,
    color: Floats,
) -> None:
    """Paint a ridge with foliage over a band of the picture, in place.

    Args:
        image: The band, (h, W, 3).
        places: Height of each pixel below the horizon (h, W), height of the ridge over
            it (W,), row of the tile for each column (W,).
        tile: The noise of the foliage; turned by a right angle.
        contrast: Of the foliage.
        color: Of the ridge, (3,).
    """
    depths, ridge, rows = places
    for i in range(image.shape[0]):
        for j in range(image.shape[1]):
            depth = depths[i, j]
            share = min(depth + ridge[j] + np.float32(0.5), np.float32(1))
            if share <= 0:
                continue
            x = depth * np.float32(0.9) + np.float32(99)
            gain = np.float32(1) + contrast * _read_tile(tile, x, rows[j])
            gain = min(max(gain, np.float32(0.55)), np.float32(1.35))
            for channel in range(3):
                below = np.float32(image[i, j, channel])
                value = below + (gain * color[channel] - below) * share
                image[i, j, channel] = _cut_byte(value)


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
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
        sprite: (h, w, 2); a grey of 128 shows as the colour, 255 is opaque.
        box: Left, top, right and bottom in pixels; it may reach out of the picture.
        color: Mean colour.
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
