import time

import pytest

from lanedet.video import STEPS, StepTimes


def test_times_add_up_by_step() -> None:
    times = StepTimes()
    times.add("infer", 0.5, 4)
    times.add("infer", 0.5)
    with times.measure("draw"):
        time.sleep(0.01)
    assert times.frames_per_second("infer") == 5
    assert 0 < times.frames_per_second("draw") <= 100
    assert times.frames_per_second("encode") is None
    assert tuple(times.seconds) == STEPS


def test_a_step_that_fails_does_not_count() -> None:
    times = StepTimes()
    with pytest.raises(OSError, match="full"), times.measure("encode"):
        raise OSError("full")
    assert times.num_frames["encode"] == 0
