"""A tunnel around the camera: walls, ceiling, rows of lamps, the bright exit."""

import cv2
import numpy as np

from lanedet.arrays import ByteArray, FloatArray
from lanedet.simulation.effects.vehicles import visible_faces
from lanedet.simulation.painting.canvas import fill_polygon, multiply
from lanedet.simulation.painting.kernels import TILE_SIZE
from lanedet.simulation.painting.noise import noise_tile
from lanedet.simulation.projection.projection import NEAREST_M, Projection
from lanedet.simulation.world.color import shade

_NUM_RINGS = 48
_LAMP_M = 2.4
_PANEL_M = 5.0
_SKIRT_SHARE = 0.28  # of the wall's height, where it is painted darker
_FARTHEST_LAMP_M = 160.0


def paint_tunnel(image: ByteArray, projection: Projection) -> ByteArray:
    """Hide everything up to the exit behind walls and a ceiling."""
    tunnel, exit_m = projection.scene.tunnel, projection.scene.tunnel_ahead_m
    if exit_m == 0:
        return image
    here = projection.scene.camera.station_m
    first = int((here + NEAREST_M) // _PANEL_M)
    steps = np.geomspace(1, max(2.0, exit_m / _PANEL_M), _NUM_RINGS)
    panels = np.unique((first + steps).astype(int)) - 1
    aheads = np.clip(panels * _PANEL_M - here, NEAREST_M, exit_m)
    aheads = np.append(aheads, exit_m)  # the last panel is cut off there
    left, right = _walls(projection)
    pavement = projection.scene.road.pavement
    high, skirt = tunnel.height_m, tunnel.height_m * _SKIRT_SHARE
    faces: tuple[tuple[FloatArray, FloatArray, float], ...] = (
        (np.array([left, left]), np.array([high, skirt]), 0.9),
        (np.array([left, left]), np.array([skirt, 0.0]), 0.55),
        (np.array([right, right]), np.array([high, skirt]), 1.0),
        (np.array([right, right]), np.array([skirt, 0.0]), 0.62),
        (np.array([left, right]), np.array([high, high]), 0.45),
        (np.array([left, pavement.left_m]), np.array([0.0, 0.0]), 0.5),
        (np.array([pavement.right_m, right]), np.array([0.0, 0.0]), 0.5),
    )
    number, *_ = projection.world_numbers("soot")
    soot = 1 + 0.07 * noise_tile("soot", 0.7)[number % TILE_SIZE]
    for laterals, heights, gain in faces:
        grid = projection.project_visible(aheads[:, None], laterals, heights)
        for i in range(len(aheads) - 2, -1, -1):
            lit = gain * float(soot[panels[i] % TILE_SIZE])
            corners = grid[[i, i + 1, i + 1, i], [0, 0, 1, 1]]
            fill_polygon(image, corners, shade(tunnel.wall_color, lit))
    return image


def light_tunnel(image: ByteArray, projection: Projection) -> ByteArray:
    """Darken and color the tunnel's inside, and light its lamps."""
    tunnel, (height, width) = projection.scene.tunnel, projection.shape
    if projection.scene.tunnel_ahead_m == 0:
        return image
    outside = _exit_mask(projection)
    dim = cv2.merge(
        [
            cv2.convertScaleAbs(plane, alpha=gain)
            for plane, gain in zip(cv2.split(image), tunnel.light, strict=True)
        ]
    )
    _light_floor(dim, projection)
    glare = cv2.convertScaleAbs(image, alpha=1.25, beta=60 * tunnel.darkness)
    cv2.copyTo(glare, outside, dim)
    glow = np.zeros_like(image)
    _light_rows(glow, projection)
    small = cv2.resize(glow, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    light = cv2.resize(outside, small.shape[1::-1], interpolation=cv2.INTER_AREA)
    small = cv2.add(small, cv2.merge([light // 2] * 3))
    halo = cv2.resize(cv2.GaussianBlur(small, (0, 0), height / 60), (width, height))
    bright = cv2.add(dim, cv2.convertScaleAbs(glow, alpha=tunnel.darkness))
    return np.asarray(cv2.addWeighted(bright, 1, halo, 0.6 * tunnel.darkness, 0))


def _light_floor(image: ByteArray, projection: Projection) -> None:
    """Brighten the road under the lamps, in place."""
    tunnel, ground = projection.scene.tunnel, projection.ground
    lateral, ahead = ground.lateral[::2, ::2], ground.ahead[::2, ::2]
    left, right = _walls(projection)
    spacing = np.float32(tunnel.lamp_spacing_m)
    station = ahead + np.float32(
        projection.scene.camera.station_m % spacing - _LAMP_M / 2
    )
    along = (station + spacing / 2) % spacing - spacing / 2
    pools = np.zeros_like(lateral)
    for share in (tunnel.middle_row, 1 - tunnel.middle_row):
        away = lateral - np.float32(left + share * (right - left))
        squares = along**2 + away**2
        pools += (1 + squares / np.float32(tunnel.height_m**2)) ** -2
    # Far pools merge.
    merged = np.clip(ground.along[::2, ::2] / spacing, 0, 1)
    pools = pools * (1 - merged) + np.float32(0.6) * merged
    pools *= ahead < projection.scene.tunnel_ahead_m
    below = image[ground.top_row :]
    gain = 1 + tunnel.darkness * cv2.resize(pools, below.shape[1::-1])
    below[:] = multiply(below, np.asarray(gain, dtype=np.float32))


def _light_rows(glow: ByteArray, projection: Projection) -> None:
    """Draw the lamps under the ceiling."""
    tunnel, here = projection.scene.tunnel, projection.scene.camera.station_m
    left, right = _walls(projection)
    spacing = tunnel.lamp_spacing_m
    reach = min(projection.scene.tunnel_ahead_m, _FARTHEST_LAMP_M)
    stations = (here // spacing + np.arange(1, int(reach / spacing))) * spacing
    for ahead in (stations - here)[::-1]:
        if ahead <= NEAREST_M:
            continue
        ends = np.array([ahead, ahead, ahead + _LAMP_M, ahead + _LAMP_M])
        for share in (tunnel.middle_row, 1 - tunnel.middle_row):
            middle = left + share * (right - left)
            sides = middle + 0.18 * np.array([-1, 1, 1, -1])
            heights = np.full(4, tunnel.height_m - 0.15)
            fill_polygon(
                glow,
                projection.project_visible(ends, sides, heights),
                tunnel.lamp_color,
            )


def _exit_mask(projection: Projection) -> ByteArray:
    """Return 255 where one sees through the exit, (H, W)."""
    tunnel = projection.scene.tunnel
    mask = np.zeros(projection.shape, dtype=np.uint8)
    left, right = _walls(projection)
    mouth = projection.project_outline(
        np.full(4, projection.scene.tunnel_ahead_m),
        np.array([left, right, right, left]),
        np.array([0.0, 0.0, tunnel.height_m, tunnel.height_m]),
    )
    fill_polygon(mask, mouth, (255,))
    for face in visible_faces(projection):
        if face.ahead_m < projection.scene.tunnel_ahead_m:
            fill_polygon(mask, face.outline, (0,))
    return mask


def _walls(projection: Projection) -> tuple[float, float]:
    """Return the lateral positions of the left and the right wall."""
    side, pavement = projection.scene.tunnel.side_m, projection.scene.road.pavement
    return pavement.left_m - side, pavement.right_m + side
