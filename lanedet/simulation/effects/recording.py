"""The camera's electronics: exposure, motion, compression."""

import cv2
import numpy as np

from lanedet.arrays import ByteArray
from lanedet.simulation.projection.projection import Projection

_BLOCK = 16
_BEST_QUALITY, _WORST_QUALITY = 95, 10


def blur_motion(image: ByteArray, projection: Projection) -> ByteArray:
    """Blur as driving does: outwards from where one drives to, most at the edge."""
    motion, (height, width) = projection.scene.recording.motion, projection.shape
    if motion == 0:
        return image
    x, y = projection.center[0], projection.center[1] + projection.horizon_y
    total = image.astype(np.uint16)
    for scale in (1 - motion, 1 + motion):
        zoom = np.array([[scale, 0, x * (1 - scale)], [0, scale, y * (1 - scale)]])
        total += cv2.warpAffine(
            image, zoom, (width, height), borderMode=cv2.BORDER_REPLICATE
        )
    return (total // 3).astype(np.uint8)


def misexpose(image: ByteArray, projection: Projection) -> ByteArray:
    """Miss the right exposure and white balance, and lift black by stray light."""
    recording = projection.scene.recording
    if recording.stops == recording.tint == recording.haze == 0:
        return image
    tints = np.array(
        [1 + recording.tint / 2, 1 - recording.tint, 1 + recording.tint / 2]
    )
    levels = np.arange(256)[:, None] * 2.0**recording.stops * tints
    levels = 255 * recording.haze + levels * (1 - recording.haze)
    table = np.clip(np.rint(levels), 0, 255).astype(np.uint8)[None]
    return np.asarray(cv2.LUT(image, table), dtype=np.uint8)


def flicker_rows(image: ByteArray, projection: Projection) -> ByteArray:
    """Leave the bands of pulsed lamps, which a rolling shutter reads at many times."""
    flicker, height = projection.scene.recording.flicker, projection.shape[0]
    if flicker == 0:
        return image
    rng = projection.rng("flicker_rows")
    phase, bands = rng.uniform(0, 2 * np.pi), rng.uniform(1.5, 5)
    rows = np.arange(height)[:, None, None]
    gains = 1 + flicker * np.sin(2 * np.pi * bands * rows / height + phase)
    gains = np.broadcast_to(gains.astype(np.float32), image.shape)
    return np.asarray(cv2.multiply(image, gains, dtype=cv2.CV_8U), dtype=np.uint8)


def compress_video(image: ByteArray, projection: Projection) -> ByteArray:
    """Drop the detail of quiet blocks, and some color, as video coders do."""
    loss, (height, width) = projection.scene.recording.video_loss, projection.shape
    if loss == 0:
        return image
    small = cv2.resize(image, (width // 4, height // 4), interpolation=cv2.INTER_AREA)
    coarse = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    change = cv2.cvtColor(cv2.absdiff(image, coarse), cv2.COLOR_RGB2GRAY)
    blocks = (-(-width // _BLOCK), -(-height // _BLOCK))
    activity = cv2.resize(change, blocks, interpolation=cv2.INTER_AREA)
    quiet = (activity < 1 + 9 * loss).astype(np.uint8) * 255
    mask = cv2.resize(
        quiet,
        (blocks[0] * _BLOCK, blocks[1] * _BLOCK),
        interpolation=cv2.INTER_NEAREST,
    )
    dropped = image.copy()
    cv2.copyTo(coarse, mask[:height, :width].copy(), dropped)
    # Color is stored at half the resolution, and coarser when bits are scarce.
    luma, *_ = cv2.split(cv2.cvtColor(dropped, cv2.COLOR_RGB2YCrCb))
    _, red, blue = cv2.split(cv2.cvtColor(coarse, cv2.COLOR_RGB2YCrCb))
    joined = cv2.cvtColor(cv2.merge([luma, red, blue]), cv2.COLOR_YCrCb2RGB)
    return np.asarray(joined, dtype=np.uint8)


def compress_jpeg(image: ByteArray, projection: Projection) -> ByteArray:
    """Store the picture as JPEG and read it back."""
    loss = projection.scene.recording.jpeg_loss
    if loss == 0:
        return image
    quality = round(_BEST_QUALITY + loss * (_WORST_QUALITY - _BEST_QUALITY))
    settings = [cv2.IMWRITE_JPEG_QUALITY, quality]
    _, code = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), settings)
    decoded = np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR), dtype=np.uint8)
    return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), dtype=np.uint8)
