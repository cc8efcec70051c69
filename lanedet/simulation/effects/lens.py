"""The camera itself: bonnet, resolution, blur, exposure, noise."""

from functools import lru_cache

import cv2
import numpy as np

from lanedet.arrays import ByteArray, Float32Array
from lanedet.simulation.painting.canvas import fill_polygon
from lanedet.simulation.painting.kernels import TILE_SIZE, add_sheet, tone
from lanedet.simulation.painting.noise import noise_tile
from lanedet.simulation.projection.foreground import bonnet_rows
from lanedet.simulation.projection.projection import Projection
from lanedet.simulation.world.color import light_up, shade

_MAX_GAIN = 3.0
_BRIGHTEST_MIDDLE = 190.0
_NOISE_MARGIN = 64


def paint_bonnet(image: ByteArray, projection: Projection) -> ByteArray:
    """Paint one's own bonnet along the bottom."""
    lens, (height, width) = projection.scene.lens, projection.shape
    if lens.bonnet == 0:
        return image
    color = light_up(lens.bonnet_color, projection.scene.car_light)
    xs = np.linspace(-1, width, 40)
    for drop, gain in ((0.0, 1.0), (0.012, 0.75), (0.035, 0.6)):
        ys = bonnet_rows(projection, xs) + drop * height
        corners = [[width, height + 1], [-1, height + 1]]
        outline = np.concatenate([np.stack([xs, ys], axis=1), corners])
        fill_polygon(image, outline, shade(color, gain))
    return image


def lose_detail(image: ByteArray, projection: Projection) -> ByteArray:
    """Blur as the lens does, and lose fine detail as compression does."""
    lens, (height, width) = projection.scene.lens, projection.shape
    if lens.detail < 1:
        small = (round(width * lens.detail), round(height * lens.detail))
        image = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
        image = cv2.resize(image, (width, height), interpolation=cv2.INTER_CUBIC)
    sigma = lens.blur * height
    if sigma > 0.2:
        image = cv2.GaussianBlur(image, (0, 0), sigma)
    return np.asarray(image, dtype=np.uint8)


def expose(image: ByteArray, projection: Projection) -> ByteArray:
    """Apply vignette, colors, and the automatic exposure with its tone curve."""
    lens, light, (height, width) = (
        projection.scene.lens,
        projection.scene.light,
        projection.shape,
    )
    vignette = np.float32(2 * lens.vignette) * _from_middle(height, width)
    np.subtract(1, vignette, out=vignette)
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    # Sensors reach their aim by day; at night the gain has an end.
    measured = (slice(height // 4, None, 2), slice(None, None, 2))
    mean = max(1.0, float((grey[measured] * vignette[measured]).mean()))
    # Nor do they let the greater part of what lies ahead turn white.
    ahead = (slice(height // 2, None, 4), slice(None, None, 4))
    middle = max(1.0, float(np.median(grey[ahead])))
    gain = min(lens.exposure / mean, _MAX_GAIN, _BRIGHTEST_MIDDLE / middle)
    levels = np.arange(256)[:, None] / 255
    balance = np.array([1 + light.warmth, 1.0, 1 - light.warmth])
    curve = (levels * balance * gain) ** lens.gamma
    # A soft shoulder instead of a hard clip, as sensors' tone curves have.
    curve = np.where(curve > 0.8, 1 - 0.2 * np.exp(-(curve - 0.8) / 0.2), curve)
    table = np.rint(curve * 255).astype(np.uint8)
    saturation = np.float32(lens.saturation)
    return np.asarray(tone(image, grey, saturation, vignette, table))


@lru_cache(maxsize=2)
def _from_middle(height: int, width: int) -> Float32Array:
    """Return the square of how far each pixel is from the middle, in picture sizes."""
    ys = (np.arange(height, dtype=np.float32) / height - 0.5)[:, None] ** 2
    xs = (np.arange(width, dtype=np.float32) / width - 0.5)[None, :] ** 2
    squares: Float32Array = np.add(xs, ys, dtype=np.float32)
    squares.setflags(write=False)
    return squares


def add_noise(image: ByteArray, projection: Projection) -> ByteArray:
    """Add the sensor's noise: mostly grey, some of it colored."""
    lens, (height, width) = projection.scene.lens, projection.shape
    if lens.noise < 0.3:
        return image
    sheet = _noise_sheet(height, width)
    top, left = projection.rng("add_noise").integers(_NOISE_MARGIN, size=2)
    return np.asarray(add_sheet(image, sheet, top, left, np.float32(lens.noise)))


@lru_cache(maxsize=2)
def _noise_sheet(height: int, width: int) -> Float32Array:
    """Return colored noise, a little larger than the picture, deviation about 1."""
    size = (height + _NOISE_MARGIN, width + _NOISE_MARGIN)
    planes = []
    for number in range(4):
        tile = noise_tile("sensor", 0.15, number)
        repeats = [-(-length // TILE_SIZE) for length in size]
        planes.append(np.tile(tile, repeats)[: size[0], : size[1]])
    return np.stack([0.9 * planes[0] + 0.4 * plane for plane in planes[1:]], axis=-1)
