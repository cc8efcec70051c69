"""Slots: the fixed order in which a segmentation head names lanes.

A head with K slots numbers lanes from left to right as seen by the driver. The first
K // 2 slots lie on the left, so with six slots they are left-left-left, left-left,
left (ego), right (ego), right-right and right-right-right.

The rule is geometric: a lane that leans to the right going up belongs to the left
side, and on each side the steepest lane is the driver's own. It is the rule by which
public TuSimple class maps are made, and it agrees with the existence flags of SAD's
authors on 99.2 % of the 3,626 labelled frames (tests/ops/test_lane_slots.py).

In sharp bends it is not what a driver would say: all lines lean the same way there.
:func:`slots_under_camera` puts that right for lanes that were found, by their near ends
alone. Labels, and so what networks learn, keep the benchmark's rule.
"""

from collections.abc import Sequence
from itertools import combinations
from math import isnan

import numpy as np

from lanedet.arrays import FloatArray
from lanedet.ops.polylines import xs_at_rows

_NEAR = 0.1  # share of the image height over which a lane's lower end is straight


def lane_angle(points: FloatArray) -> float:
    """Return a lane's direction between its bottom and its top point, in degrees.

    The angle lies in [0, 180): small for a lane that rises flatly to the right, 90
    for a vertical one, large for one that rises flatly to the left.

    Args:
        points: Polyline, shape (N, 2) with N >= 2, y pointing down.

    Example:
        >>> lane_angle(np.array([[0.0, 100.0], [100.0, 0.0]]))
        45.0
    """
    top, bottom = points[np.argmin(points[:, 1])], points[np.argmax(points[:, 1])]
    return float(np.degrees(np.arctan2(bottom[1] - top[1], top[0] - bottom[0])) % 180)


def assign_slots(lanes: Sequence[FloatArray], num_slots: int) -> list[int | None]:
    """Return the slot of each lane.

    Args:
        lanes: Polylines, each (N, 2) in any frame with y pointing down.
        num_slots: Number of slots K, at least 1.

    Returns:
        For each lane its slot in [0, K), or None where the lane has fewer than two
        points or its side has no slot left.

    Raises:
        ValueError: If ``num_slots`` is less than 1.

    Example:
        >>> left = np.array([[100.0, 700.0], [600.0, 300.0]])
        >>> right = np.array([[1200.0, 700.0], [700.0, 300.0]])
        >>> assign_slots([right, left], num_slots=6)
        [3, 2]
    """
    if num_slots < 1:
        raise ValueError(f"num_slots must be at least 1, got {num_slots}.")
    angles = {i: lane_angle(lane) for i, lane in enumerate(lanes) if len(lane) >= 2}
    ordered = sorted(angles, key=angles.__getitem__)
    num_left = sum(angles[i] <= 90 for i in ordered)
    # The last lane of the left side is the driver's own, in slot K // 2 - 1.
    first_slot = num_slots // 2 - num_left
    slots: list[int | None] = [None] * len(lanes)
    for position, index in enumerate(ordered):
        slot = first_slot + position
        slots[index] = slot if 0 <= slot < num_slots else None
    return slots


def slots_under_camera(
    lanes: Sequence[FloatArray],
    slots: Sequence[int],
    image_height: int,
    num_slots: int,
) -> list[int]:
    """Return the slots that lanes have as seen from where the camera is.

    The lower end of a line to the left of the camera leans to the right going up, and
    that of a line to the right of it to the left, however the road bends farther ahead
    (see :mod:`lanedet.ops.ego_lane`). The slots are dealt out anew from left to right,
    and moved as a whole so that the fewest and least leaning lanes lie on the wrong
    side. So lanes that were not found keep their gaps.

    Args:
        lanes: Polylines, each (N, 2) with N >= 2, in pixels of the original image.
        slots: The slot in which each was found, in [0, K).
        image_height: H in pixels.
        num_slots: Number of slots K, at least 1.

    Returns:
        The slot of each lane, in [0, K).

    Raises:
        ValueError: If there is not one slot to each lane, or a slot is not in [0, K).

    Example:
        >>> right_bend = [
        ...     np.array([[100.0, 700.0], [400.0, 400.0], [800.0, 300.0]]),
        ...     np.array([[1200.0, 700.0], [900.0, 400.0], [1250.0, 300.0]]),
        ... ]
        >>> assign_slots(right_bend, num_slots=6)
        [1, 2]
        >>> slots_under_camera(right_bend, [1, 2], image_height=720, num_slots=6)
        [2, 3]
    """
    if len(lanes) != len(slots):
        raise ValueError(
            f"Every lane must have a slot, got {len(lanes)} lanes, {len(slots)} slots."
        )
    if not all(0 <= slot < num_slots for slot in slots):
        raise ValueError(f"Slots must lie in [0, {num_slots}), got {list(slots)}.")
    if not lanes:
        return []
    leans = np.array([_near_lean(lane, _NEAR * image_height) for lane in lanes])
    order = _from_left_to_right(lanes, leans, image_height)
    dealt, leans = np.sort(slots), leans[order]
    moves = sorted(range(-dealt[0], num_slots - dealt[-1]), key=abs)
    is_right = [dealt + move >= num_slots // 2 for move in moves]
    wrongs = [np.abs(leans[right != (leans > 0)]).sum() for right in is_right]
    moved = dealt + moves[int(np.argmin(wrongs))]
    return [int(slot) for slot in moved[np.argsort(order)]]


def _near_lean(lane: FloatArray, span: float) -> float:
    """Return dx/dy of a lane's lowest ``span`` pixels: negative on the left."""
    near = lane[lane[:, 1] >= lane[:, 1].max() - span]
    if np.ptp(near[:, 1]) == 0:  # a point alone, or a lane without height
        near = lane
    xs, ys = near.T - near.mean(axis=0)[:, None]
    return float(xs @ ys / max(ys @ ys, 1e-9))


def _from_left_to_right(
    lanes: Sequence[FloatArray], leans: FloatArray, image_height: int
) -> list[int]:
    """Return the lanes' numbers in order.

    Of two lanes it counts which is the left one where the shorter one begins; of two
    that share no row, which one is, drawn on, at the bottom of the image.
    """
    begins = np.array([lane[lane[:, 1].argmax()] for lane in lanes])
    feet = begins[:, 0] + leans * (image_height - begins[:, 1])
    rows = begins[:, 1].tolist()
    xs = [xs_at_rows(lane, begins[:, 1]).tolist() for lane in lanes]
    num_left_of = [0] * len(lanes)
    for i, j in combinations(range(len(lanes)), 2):
        shorter = i if rows[i] < rows[j] else j
        apart = xs[j][shorter] - xs[i][shorter]
        is_left = (feet[j] - feet[i] if isnan(apart) else apart) > 0
        num_left_of[j if is_left else i] += 1
    return [int(number) for number in np.lexsort((feet, num_left_of))]


def slot_name(slot: int, num_slots: int) -> str:
    """Return what to call the lane in a slot: as the driver counts, outwards.

    Args:
        slot: Slot in [0, K).
        num_slots: Number of slots K, at least 1.

    Example:
        >>> [slot_name(slot, num_slots=6) for slot in (0, 1, 2, 3)]
        ['left 3', 'left 2', 'ego left', 'ego right']
    """
    middle = num_slots // 2
    if slot < middle:
        side, number = "left", middle - slot
    else:
        side, number = "right", slot - middle + 1
    return f"ego {side}" if number == 1 else f"{side} {number}"
