"""Slots: the fixed order in which a segmentation head names lanes.

A head with K slots numbers lanes from left to right as seen by the driver. The first
K // 2 slots lie on the left, so with six slots they are left-left-left, left-left,
left (ego), right (ego), right-right and right-right-right.

The rule is geometric: a lane that leans to the right going up belongs to the left
side, and on each side the steepest lane is the driver's own. It is the rule by which
public TuSimple class maps are made, and it agrees with the existence flags of SAD's
authors on 99.2 % of the 3,626 labelled frames (tests/ops/test_lane_slots.py).
"""

from collections.abc import Sequence

import numpy as np

from lanedet.structures import FloatArray


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
