import warnings
from fractions import Fraction

import numpy as np
import pytest

from lanedet.structures import LaneSample
from lanedet.video import AnnotatedFrame, StepTimes, VideoFrame
from lanedet.video.annotation import FrameAnnotator, SizeWatch
from lanedet.video.detection import DetectedLanes


def _frame(index: int, name: str, size: tuple[int, int] = (48, 64)) -> VideoFrame:
    image = np.zeros((*size, 3), np.uint8)
    return VideoFrame(index, Fraction(index, 10), image, name)


def _detected(*names: str) -> DetectedLanes:
    """Frames of these names, with a lane at x = 20 in each; a second for all."""
    frames = [_frame(number, name) for number, name in enumerate(names)]
    samples = []
    for _ in frames:
        sample = LaneSample(metainfo={"ori_shape": (48, 64)})
        sample.pred_lanes = [np.array([[20.0, 47.0], [20.0, 10.0]])]
        sample.pred_scores, sample.pred_slots = [0.9], [2]
        sample.pred_names = ["ego left"]
        samples.append(sample)
    return DetectedLanes(frames, samples, [{} for _ in frames], 1.0)


def _annotate(*names: str, tracking: bool) -> list[AnnotatedFrame]:
    times = StepTimes()
    annotator = FrameAnnotator(
        6, times, tracking=tracking, calibration=None, is_sequence=tracking
    )
    found = list(annotator.annotate(_detected(*names)))
    assert annotator.summary.num_frames == times.num_frames["track"] == len(names)
    return found


def test_a_lane_keeps_its_number_within_a_sequence() -> None:
    found = _annotate("a/0.jpg", "a/1.jpg", "b/0.jpg", "b/1.jpg", tracking=True)
    assert [each.sample.pred_ids for each in found] == [[0], [0], [1], [1]]
    assert [each.state.ego_left for each in found] == 4 * [0]
    assert [each.run_time_ms for each in found] == 4 * [250]


def test_without_tracking_lanes_stay_as_they_were_found() -> None:
    found = _annotate("0.jpg", "1.jpg", tracking=False)
    assert not any("pred_ids" in each.sample for each in found)
    assert [each.sample.pred_lanes[0].tolist() for each in found] == 2 * [
        [[20.0, 47.0], [20.0, 10.0]]
    ]


@pytest.mark.parametrize(
    ("has_names", "first", "other"), [(True, "a/0", "a/1"), (False, "frame 0", "frame")]
)
def test_another_size_is_told_once(has_names: bool, first: str, other: str) -> None:
    sizes = SizeWatch(has_names=has_names)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sizes.check(_frame(0, "a/0.jpg"))
    with pytest.warns(
        UserWarning, match=rf"{first}\S* has 64x48 pixels, {other}\S*.* 32x24\."
    ):
        sizes.check(_frame(1, "a/1.jpg", (24, 32)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sizes.check(_frame(2, "a/2.jpg", (10, 10)))
