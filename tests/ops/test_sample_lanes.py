import numpy as np
import pytest

from lanedet.ops import DecodedLane, StretchView, add_lanes
from lanedet.structures import LaneSample

BEND = [  # to the right: by their whole length both lean to the right
    np.array([[100.0, 700.0], [400.0, 400.0], [800.0, 300.0]]),
    np.array([[1200.0, 700.0], [900.0, 400.0], [1250.0, 300.0]]),
]


def empty_sample() -> LaneSample:
    return LaneSample(metainfo={"view": StretchView((48, 64))((720, 1280))})


def test_slots_are_as_the_driver_sees_them() -> None:
    sample = empty_sample()
    lanes = [DecodedLane(BEND[1], 0.7, 2), DecodedLane(BEND[0], 0.8, 1)]
    add_lanes(sample, lanes, num_slots=6)
    assert sample.pred_slots == [2, 3]
    assert sample.pred_names == ["ego left", "ego right"]
    assert sample.pred_lanes[0] is BEND[0]
    assert sample.pred_scores == [0.8, 0.7]


@pytest.mark.parametrize("num_slots", [2, 3, 12])
def test_lanes_of_one_class_get_names_too(num_slots: int) -> None:
    sample = empty_sample()
    lanes = [DecodedLane(lane, 0.5, i) for i, lane in enumerate(BEND)]
    add_lanes(sample, lanes, num_slots)
    assert sample.pred_names == ["ego left", "ego right"]


def test_a_sample_without_lanes_says_so() -> None:
    sample = empty_sample()
    add_lanes(sample, [], num_slots=1)
    assert sample.pred_lanes == sample.pred_slots == sample.pred_names == []
