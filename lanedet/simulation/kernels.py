"""Compiled loops over pixels, where NumPy would need many passes over the picture.

The first process that calls one compiles it, all of them within about 15 s; others find
them in numba's cache. All are in this one file because that cache does not notice a
change in another.
Images are RGB uint8 (H, W, 3), contiguous; other arrays are float32 unless said
otherwise.

A compiler turns a plain loop over one row of numbers into instructions for eight of
them at a time, but no loop with a loop over three channels inside, nor one that reads
where a number says. Hence most functions work row by row: they spread what belongs to
pixels over channels (:func:`_spread`), or write down where to read before they read.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lanedet.arrays import ByteArray, FloatArray

Floats = NDArray[np.float32]

TILE_SIZE = 512
"""Rows and columns of a tile of noise."""
_LAST = TILE_SIZE - 1
_LAST_ROW = TILE_SIZE * _LAST
_BLOCK = 64  # pixels that are looked at together

# Factors of NumPy's SeedSequence.
_POOL_START, _POOL_STEP = np.uint32(0x43B0D7E5), np.uint32(0x931E8875)
_MIX_LEFT, _MIX_RIGHT = np.uint32(0xCA01F9DD), np.uint32(0x4973F715)
_STATE_START, _STATE_STEP = np.uint32(0x8B51F9DD), np.uint32(0x58F38DED)

# No number is rounded otherwise than without these options. They leave out checks: for
# division by zero, and for which of two numbers min and max return if one is not a
# number, or of two zeros. What would not be a number must not arise.
_compiled = njit(cache=True, nogil=True, error_model="numpy", fastmath={"nnan", "nsz"})


@_compiled
def _byte(value: np.float32) -> np.uint8:
    """Return a value as a byte, rounded and saturated as OpenCV does."""
    return _cut_byte(np.rint(value))


@_compiled
def _cut_byte(value: np.float32) -> np.uint8:
    """Return a value as a byte, cut off and saturated."""
    # Processors turn many numbers at once into words, but not into bytes.
    return np.uint8(np.int32(min(max(value, np.float32(0)), np.float32(255))))


@_compiled
def _spread(pixels: Floats, channels: Floats) -> None:
    """Write a number of each pixel of a row, (W,), to its three channels, (3 * W,)."""
    for j in range(len(pixels)):
        channels[3 * j] = pixels[j]
        channels[3 * j + 1] = pixels[j]
        channels[3 * j + 2] = pixels[j]


@_compiled
def _repeat(color: Floats, width: int) -> Floats:
    """Return a colour (3,) for each pixel of a row, (3 * W,)."""
    channels = np.empty(3 * width, np.float32)
    for j in range(3 * width):
        channels[j] = color[j % 3]
    return channels


@_compiled
def seed_states(seeds: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """Return what NumPy's ``SeedSequence`` gives a ``PCG64`` to begin from.

    Its algorithm, which NumPy promises not to change, is M. E. O'Neill's:
    https://www.pcg-random.org/posts/developing-a-seed_seq-alternative.html

    Args:
        seeds: Numbers from which each begins, (N, K).

    Returns:
        (N, 4).
    """
    states = np.empty((len(seeds), 8), np.uint32)
    pool = np.empty(4, np.uint32)
    for row in range(len(seeds)):
        factor = _POOL_START
        for k in range(4):
            word = seeds[row, k] if k < seeds.shape[1] else np.uint32(0)
            pool[k], factor = _hash_word(word, factor, _POOL_STEP)
        for k in range(max(seeds.shape[1], 4)):
            for other in range(4):
                if k == other:
                    continue
                word = pool[k] if k < 4 else seeds[row, k]
                word, factor = _hash_word(word, factor, _POOL_STEP)
                mixed = np.uint32(_MIX_LEFT * pool[other])
                mixed = np.uint32(mixed - _MIX_RIGHT * word)
                pool[other] = mixed ^ (mixed >> np.uint32(16))
        factor = _STATE_START
        for k in range(8):
            states[row, k], factor = _hash_word(pool[k % 4], factor, _STATE_STEP)
    return states.view(np.uint64)


@_compiled
def _hash_word(
    word: np.uint32, factor: np.uint32, step: np.uint32
) -> tuple[np.uint32, np.uint32]:
    """Return a hashed word, and the factor with which the next one is hashed."""
    following = np.uint32(factor * step)
    hashed = np.uint32((word ^ factor) * following)
    return np.uint32(hashed ^ (hashed >> np.uint32(16))), following


@_compiled
def multiply_pixels(image: ByteArray, gain: Floats) -> ByteArray:
    """Return an image with each pixel multiplied by its gain (H, W)."""
    height, width = gain.shape
    out = np.empty_like(image)
    rows, painted = image.reshape(height, -1), out.reshape(height, -1)
    gains = np.empty(3 * width, np.float32)
    for i in range(height):
        _spread(gain[i], gains)
        for j in range(3 * width):
            painted[i, j] = _byte(np.float32(rows[i, j]) * gains[j])
    return out


@_compiled
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
    height, width = gain.shape
    out = np.empty_like(image)
    rows, painted = image.reshape(height, -1), out.reshape(height, -1)
    gains, adds = np.empty(3 * width, np.float32), np.empty(3 * width, np.float32)
    tints = _repeat(tint, width)
    for i in range(height):
        _spread(gain[i], gains)
        _spread(added[i], adds)
        for j in range(3 * width):
            light = gains[j] + adds[j] * tints[j]
            painted[i, j] = _byte(np.float32(rows[i, j]) * light)
    return out


@_compiled
def blend_color(image: ByteArray, color: Floats, share: Floats) -> ByteArray:
    """Return an image with a colour (3,) laid over it, by a share (H, W)."""
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


@_compiled
def mean_of_three(first: ByteArray, second: ByteArray, third: ByteArray) -> ByteArray:
    """Return the mean of three images, rounded down."""
    out = np.empty_like(first)
    means = out.reshape(-1)
    firsts, seconds, thirds = first.reshape(-1), second.reshape(-1), third.reshape(-1)
    for k in range(len(means)):
        total = np.uint32(firsts[k]) + np.uint32(seconds[k]) + np.uint32(thirds[k])
        means[k] = np.uint8(np.uint32(total) // np.uint32(3))
    return out


@_compiled
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


@_compiled
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


@_compiled
def add_sheet(
    image: ByteArray, sheet: Floats, top: int, left: int, gain: np.float32
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


@_compiled
def _find_cells(
    xs: Floats, ys: Floats, cells: NDArray[np.int32], parts: tuple[Floats, Floats]
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


@_compiled
def _read_cell(
    tile: Floats, cell: np.int32, part_x: np.float32, part_y: np.float32
) -> np.float32:
    """Read a flat tile between four of its pixels, see :func:`_find_cells`."""
    row, column = cell & _LAST_ROW, cell & _LAST
    below_row, next_column = (row + TILE_SIZE) & _LAST_ROW, (column + 1) & _LAST
    left, right = tile[row + column], tile[row + next_column]
    above = left + part_x * (right - left)
    left, right = tile[below_row + column], tile[below_row + next_column]
    below = left + part_x * (right - left)
    return np.float32(above + part_y * (below - above))


@_compiled
def read_tile(tile: Floats, xs: Floats, ys: Floats) -> Floats:
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


@_compiled
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


@_compiled
def read_points(tile: Floats, xs: FloatArray, ys: FloatArray) -> Floats:
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


@_compiled
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


@_compiled
def _read_between(
    entries: Floats, places: NDArray[np.int32], parts: Floats, read: Floats
) -> None:
    """Read a flat table of four columns between its rows, into the flat (4 * W,)."""
    for j in range(len(places)):
        k = 4 * places[j]
        for column in range(4):
            here, following = entries[k + column], entries[k + 4 + column]
            read[4 * j + column] = here + parts[j] * (following - here)


@_compiled
def _step_across(lateral: Floats, across: Floats) -> None:
    """Write how far each pixel's neighbours in its row lie apart, per pixel, (h, W)."""
    last = lateral.shape[1] - 1
    for i in range(lateral.shape[0]):
        across[i, 0] = lateral[i, 1] - lateral[i, 0]
        for j in range(1, last):
            across[i, j] = (lateral[i, j + 1] - lateral[i, j - 1]) / np.float32(2)
        across[i, last] = lateral[i, last] - lateral[i, last - 1]


@_compiled
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
        tile: The noise, (512, 512).
        cells_per_m: Cells per metre across and along.
        start: Cells added across, metres added along.
        weight: Of the layer.
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


@_compiled
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


@_compiled
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
    for first in range(0, laterals.size, _BLOCK):
        last = min(first + _BLOCK, laterals.size)
        # Most blocks see nothing of it.
        sees = False
        for k in range(first, last):
            reach = (acrosses[k] + width) * np.float32(0.5)
            sees |= abs(laterals[k] - middle) < reach
        if not sees:
            continue
        for k in range(first, last):
            reach = (acrosses[k] + width) * np.float32(0.5)
            if abs(laterals[k] - middle) < reach:
                touched[count] = k
                count += 1
    return touched[:count].copy()


@_compiled
def _painted_until(
    stations: FloatArray,
    period: float,
    pieces: tuple[FloatArray, FloatArray],
    total: float,
    painted: FloatArray,
) -> None:
    """Write how much of a pattern is painted between station 0 and each station."""
    begins, sizes = pieces
    none = begins.dtype.type(0)
    for k in range(len(stations)):
        painted[k] = np.floor(stations[k] / period) * total
    for piece in range(len(begins)):
        begin, size = begins[piece], sizes[piece]
        for k in range(len(stations)):
            rest = stations[k] - np.floor(stations[k] / period) * period
            painted[k] += min(max(rest - begin, none), size)


@_compiled
def painted_share(
    starts: FloatArray,
    ends: FloatArray,
    period: float,
    pieces: tuple[FloatArray, FloatArray],
    total: float,
) -> FloatArray:
    """Return which share of each interval a repeated pattern paints.

    All numbers are of one type, float32 or float64.

    Args:
        starts: Stations where the intervals begin, (N,).
        ends: Stations where they end, (N,), greater.
        period: Length after which the pattern repeats.
        pieces: Where its painted pieces begin and how long they are, (P,).
        total: The sum of their lengths.
    """
    shares = np.empty_like(starts)
    firsts, lasts = np.empty(_BLOCK, starts.dtype), np.empty(_BLOCK, starts.dtype)
    for start in range(0, len(starts), _BLOCK):
        number = min(_BLOCK, len(starts) - start)
        some = slice(start, start + number)
        _painted_until(starts[some], period, pieces, total, firsts)
        _painted_until(ends[some], period, pieces, total, lasts)
        for k in range(number):
            length = ends[start + k] - starts[start + k]
            shares[start + k] = (lasts[k] - firsts[k]) / length
    return shares


@_compiled
def find_covered(
    mask: ByteArray, rows: tuple[int, int], columns: tuple[int, int]
) -> NDArray[np.int64]:
    """Return which pixels of a mask (H, W) are not 0, as places in the flat array.

    Args:
        mask: The mask.
        rows: First row that is looked at, and the row after the last.
        columns: The same of the columns.
    """
    width, count = mask.shape[1], 0
    (top, bottom), (left, right) = rows, columns
    places = np.empty(max(bottom - top, 0) * (right - left), np.int64)
    for i in range(top, bottom):
        for first in range(left, right, _BLOCK):
            last = min(first + _BLOCK, right)
            # Most blocks in the box around a crack show nothing of it.
            most = np.uint8(0)
            for j in range(first, last):
                most = max(most, mask[i, j])
            if most == 0:
                continue
            for j in range(first, last):
                if mask[i, j] > 0:
                    places[count] = i * width + j
                    count += 1
    return places[:count].copy()


@_compiled
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


@_compiled
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


@_compiled
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
