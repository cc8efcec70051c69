"""Decoded lanes on a sample, under the names that a driver would give them."""

from collections.abc import Sequence

import numpy as np

from lanedet.ops.decode import DecodedLane
from lanedet.ops.lane_slots import slot_name, slots_under_camera
from lanedet.structures import LaneSample


def add_lanes(sample: LaneSample, lanes: Sequence[DecodedLane], num_slots: int) -> None:
    """Add decoded lanes to a sample, in slots as a driver would name them.

    The network's slots are by angle over the whole length, as its training labels;
    where the road bends, the driver's own lane may be another.

    Args:
        sample: With the meta information ``view``. It gets ``pred_lanes`` in pixels of
            the original image, ``pred_scores`` in [0, 1], ``pred_slots`` as
            :func:`~lanedet.ops.slots_under_camera` gives them, leftmost first, and
            their names in ``pred_names``.
        lanes: In pixels of the original image.
        num_slots: Number of slots in which lanes are named.
    """
    slots = slots_under_camera(
        [lane.points for lane in lanes],
        [lane.slot for lane in lanes],
        sample.view.ori_shape[0],
        num_slots,
    )
    order = np.argsort(slots, kind="stable")
    sample.pred_lanes = [lanes[i].points for i in order]
    sample.pred_scores = [lanes[i].score for i in order]
    sample.pred_slots = [slots[i] for i in order]
    sample.pred_names = [slot_name(slots[i], num_slots) for i in order]
