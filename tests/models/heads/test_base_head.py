from typing import Any

import numpy as np
import pytest

from lanedet.models import LaneSegmentationHead, TransposedConvClassifier
from lanedet.ops import ComponentLaneDecoder, DecodedLane, StretchView
from lanedet.structures import LaneSample

BEND = [  # to the right: by their whole length both lean to the right
    np.array([[100.0, 700.0], [400.0, 400.0], [800.0, 300.0]]),
    np.array([[1200.0, 700.0], [900.0, 400.0], [1250.0, 300.0]]),
]


def head(num_lanes: int, decoder: dict[str, Any] | None = None) -> LaneSegmentationHead:
    return LaneSegmentationHead(
        num_lanes=num_lanes,
        seg_stage="D2",
        classifier=dict(type=TransposedConvClassifier),
        existence_branch=None,
        input_shape=(32, 64),
        stage_channels={"D2": 16},
        decoder=decoder,
    )


def empty_sample() -> LaneSample:
    return LaneSample(metainfo={"view": StretchView((48, 64))((720, 1280))})


def test_slots_are_as_the_driver_sees_them() -> None:
    sample = empty_sample()
    lanes = [DecodedLane(BEND[1], 0.7, 2), DecodedLane(BEND[0], 0.8, 1)]
    head(num_lanes=6).add_lanes(sample, lanes)
    assert sample.pred_slots == [2, 3]
    assert sample.pred_names == ["ego left", "ego right"]
    assert sample.pred_lanes[0] is BEND[0]
    assert sample.pred_scores == [0.8, 0.7]


@pytest.mark.parametrize("max_lanes", [2, 3, 12])
def test_lanes_of_one_class_get_names_too(max_lanes: int) -> None:
    decoder = dict(type=ComponentLaneDecoder, max_lanes=max_lanes)
    sample = empty_sample()
    lanes = [DecodedLane(lane, 0.5, i) for i, lane in enumerate(BEND)]
    head(num_lanes=1, decoder=decoder).add_lanes(sample, lanes)
    assert sample.pred_names == ["ego left", "ego right"]


def test_a_sample_without_lanes_says_so() -> None:
    sample = empty_sample()
    head(num_lanes=1).add_lanes(sample, [])
    assert sample.pred_lanes == sample.pred_slots == sample.pred_names == []
