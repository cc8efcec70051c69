"""Pavement, shoulders and verges.

Along the road they change little, so their color is a cross-section: one row of
colors over the lateral distance. Seen from afar a pixel covers metres of it; the
cross-section is kept at several blurs (a mip map) and each pixel reads the one that
fits, so that edges are smooth at any distance.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from lanedet.arrays import ByteArray, Float32Array
from lanedet.simulation.painting.kernels import TILE_SIZE, add_texture, shade_ground
from lanedet.simulation.painting.noise import noise_tile, tile_offsets
from lanedet.simulation.projection.air import haze_share
from lanedet.simulation.projection.ground import GroundMap
from lanedet.simulation.projection.projection import Projection
from lanedet.simulation.world.pattern import Pattern
from lanedet.simulation.world.road import Crossroad, Ramp, Taper

_HALF_WIDTH_M = 40.0
_CELL_M = 0.025
_NUM_BLURS = 8
_VERGE_GRAIN = 0.22


def paint_ground(image: ByteArray, projection: Projection) -> ByteArray:
    """Paint pavement and verges with their texture and the haze over them."""
    ground = projection.ground
    section = _read_sections(cross_sections(projection), projection)
    texture, gains = _texture(projection, ground), _joints(projection, ground)
    haze = haze_share(projection, ground.ahead)
    sky = np.array(projection.scene.light.horizon_color, dtype=np.float32)
    layers = (texture, gains, haze, ground.cover)
    shade_ground(image[ground.top_row :], section, layers, sky)
    return image


def cross_sections(projection: Projection) -> ByteArray:
    """Return the road's cross-section at several blurs.

    Returns:
        (blurs, cells, 4) uint8: RGB and the contrast of the texture. The blur doubles
        from row to row, beginning at one cell.
    """
    laterals = (np.arange(round(2 * _HALF_WIDTH_M / _CELL_M)) * _CELL_M) - _HALF_WIDTH_M
    scene = projection.scene
    pavement, place = scene.road.pavement, scene.surroundings
    paved = (laterals > pavement.left_m) & (laterals < pavement.right_m)
    verge = np.where(
        laterals[:, None] < pavement.left_m, place.left_color, place.right_color
    ).astype(np.float32)
    for strip in place.strips:
        inside = (laterals > strip.left_m) & (laterals < strip.right_m)
        verge[inside] = strip.color
    asphalt = np.array(pavement.color) * _lane_gains(projection, laterals)[:, None]
    section = np.empty((len(laterals), 4), dtype=np.float32)
    section[:, :3] = np.where(paved[:, None], asphalt, verge)
    section[:, 3] = np.where(paved, pavement.grain, _VERGE_GRAIN) * 255
    levels = [section]
    for level in range(1, _NUM_BLURS):
        blurred = cv2.blur(levels[-1][None], (2**level + 1, 1))[0]
        levels.append(blurred)
    return np.clip(np.stack(levels), 0, 255).astype(np.uint8)


def _lane_gains(projection: Projection, laterals: np.ndarray) -> np.ndarray:
    """Return the pavement's brightness across the road: tracks, oil, seams."""
    pavement, lines = projection.scene.road.pavement, projection.scene.road.lines
    gains = np.full(len(laterals), pavement.shoulder_gain)
    for left, right, lane_gain in zip(
        lines[:-1], lines[1:], pavement.lane_gains, strict=True
    ):
        inside = (laterals >= left.lateral_m) & (laterals < right.lateral_m)
        middle = (left.lateral_m + right.lateral_m) / 2
        from_middle = np.abs(laterals[inside] - middle)
        oil = np.exp(-((from_middle / 0.45) ** 2))
        tracks = np.exp(-(((from_middle - 0.85) / 0.3) ** 2))
        gains[inside] = lane_gain * (
            1 + (pavement.oil_gain - 1) * oil + (pavement.track_gain - 1) * tracks
        )
    if pavement.streaks > 0:
        number, *_ = projection.world_numbers("streaks")
        gains *= 1 + pavement.streaks * _streaks(number, len(laterals))
    for seam in pavement.seams:
        near = np.abs(laterals - seam.lateral_m) <= seam.width_m / 2
        gains[near] *= seam.gain
    return gains


def _streaks(number: int, num_cells: int) -> Float32Array:
    """Return noise over the lateral distance, fine and coarse, deviation about 1."""
    row = noise_tile("streaks", 0.8)[number % TILE_SIZE]
    fine = np.resize(row, num_cells)
    coarse = np.resize(np.repeat(row[::-1], 9), num_cells)
    return np.asarray(0.6 * fine + 0.8 * coarse, dtype=np.float32)


def _read_sections(sections: ByteArray, projection: Projection) -> ByteArray:
    ground, crossroad = projection.ground, projection.scene.road.crossroad
    lateral = ground.lateral
    if crossroad is not None:
        # The other road is paved as far as one sees, like this one's shoulder.
        edge = np.float32(projection.scene.road.pavement.left_m + 0.15)
        lateral = np.where(_is_crossing(projection, crossroad), edge, lateral)
    if projection.scene.road.ramp is not None:
        lateral = _beside_ramp(projection, projection.scene.road.ramp, lateral)
    xs = (lateral + np.float32(_HALF_WIDTH_M)) * np.float32(1 / _CELL_M)
    blurs = cv2.log(ground.across * np.float32(1 / _CELL_M)) * np.float32(1.4427)
    np.clip(blurs, 0, _NUM_BLURS - 1, out=blurs)
    read = cv2.remap(
        sections, xs, blurs, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(read, dtype=np.uint8)


def _is_crossing(projection: Projection, crossroad: Crossroad) -> NDArray[np.bool_]:
    """Return which ground pixels show the other road's carriageway, (h, W)."""
    ground, pavement = projection.ground, projection.scene.road.pavement
    start, end = crossroad.carriageway_m
    here, radius = projection.scene.camera.station_m, crossroad.radius_m
    middle, half = np.float32((start + end) / 2 - here), np.float32((end - start) / 2)
    beyond = np.abs(ground.ahead - middle) - half
    inside = beyond < 0
    if radius == 0:
        return np.asarray(inside)
    axis = np.float32((pavement.left_m + pavement.right_m) / 2)
    width = np.float32((pavement.right_m - pavement.left_m) / 2)
    beside = np.abs(ground.lateral - axis) - width
    # The corners are what a circle, round a place in the verge, leaves out.
    rounded = (beyond < radius) & (beside > 0) & (beside < radius)
    rows = np.flatnonzero(rounded.any(axis=1))
    if len(rows):
        part = slice(rows[0], rows[-1] + 1)
        away = np.hypot(radius - beyond[part], radius - beside[part])
        inside[part] |= rounded[part] & (away > radius)
    return np.asarray(inside)


def _beside_ramp(
    projection: Projection, ramp: Ramp, lateral: Float32Array
) -> Float32Array:
    """Return which place of the cross-section shows at each pixel of a ramp's road."""
    pavement, side = projection.scene.road.pavement, np.float32(ramp.side)
    edge = np.float32(pavement.right_m if ramp.side > 0 else pavement.left_m)
    # Metres outwards from the road's edge; beside the ramp, from the ramp's edge.
    beside = (lateral - edge) * side
    from_ramp = beside - taper_offsets(ramp.taper, projection) * side
    # Between road and ramp lies the same ground as beside both.
    verge = edge + side * np.float32(0.5)
    shifted = edge + side * from_ramp
    beyond = np.where(from_ramp > -np.float32(ramp.width_m), shifted, verge)
    return np.asarray(np.where(beside > 0, beyond, lateral), dtype=np.float32)


def taper_offsets(taper: Taper, projection: Projection) -> Float32Array:
    """Return how far a taper reaches to the right, for each ground pixel."""
    start = np.float32(projection.scene.camera.station_m - taper.start_m)
    part = (projection.ground.ahead + start) * np.float32(1 / taper.length_m)
    np.clip(part, 0, 1, out=part)
    part *= part * (3 - 2 * part)
    part *= np.float32(taper.after_m - taper.before_m)
    return part + np.float32(taper.before_m)


def _texture(projection: Projection, ground: GroundMap) -> Float32Array:
    """Return grain and blotches, mean 0 and deviation about 1 near the camera."""
    pavement, camera = projection.scene.road.pavement, projection.scene.camera
    offset, _ = tile_offsets(projection, "asphalt")
    total = np.zeros_like(ground.lateral)
    # The texture's contrast is the grain's; on a verge it must not turn black.
    blotches = min(1.0, pavement.patchiness / max(pavement.grain, 0.01))
    layers = (  # lateral and longitudinal metres per cell, roughness, weight
        (0.02, 0.05, 0.3, 0.7),
        (0.08, 1.20, 0.6, 0.5),
        (0.25, 2.00, 1.2, blotches),
    )
    for across_m, along_m, roughness, weight in layers:
        # Where its cells are much smaller than a pixel the layer averages out.
        middle = ground.along.shape[1] // 2
        seen = np.flatnonzero(ground.along[:, middle] < 5 * along_m)
        if len(seen) == 0:
            continue
        rows = slice(seen[0], None)
        start = camera.station_m % (TILE_SIZE * along_m)
        add_texture(
            total[rows],
            (
                ground.ahead[rows],
                ground.lateral[rows],
                ground.across[rows],
                ground.along[rows],
            ),
            noise_tile("asphalt", roughness),
            (np.float32(1 / across_m), np.float32(1 / along_m)),
            (np.float32(offset), np.float32(start)),
            np.float32(weight),
        )
    return total


def _joints(projection: Projection, ground: GroundMap) -> Float32Array:
    """Return the darkening by joints between slabs, and by another road's asphalt."""
    pavement, crossroad = (
        projection.scene.road.pavement,
        projection.scene.road.crossroad,
    )
    spacing = pavement.joint_spacing_m
    gain = np.ones_like(ground.ahead)
    if crossroad is not None and crossroad.gain != 1:
        gain[_is_crossing(projection, crossroad)] = crossroad.gain
    if spacing == 0:
        return gain
    joints = Pattern(spacing, ((0.0, 0.03),))
    near = np.flatnonzero(ground.ahead[:, ground.ahead.shape[1] // 2] < 45)
    if len(near) == 0:
        return gain
    rows = slice(near[0], None)
    stations = ground.ahead[rows] + np.float32(
        projection.scene.camera.station_m % spacing
    )
    half = ground.along[rows] / 2
    share = joints.painted_share(stations - half, stations + half)
    lateral = ground.lateral[rows]
    paved = (lateral > pavement.left_m) & (lateral < pavement.right_m)
    gain[rows] *= 1 - 0.6 * share * paved
    return gain
