from pathlib import Path

import numpy as np
import pytest
from mmengine.registry import MODELS

from lanedet.benchmark.known_port import KnownPort, look_up_lanes, tint_lanes
from lanedet.video import VideoReader, VideoWriter


@pytest.fixture
def port(model_config) -> KnownPort:
    return KnownPort(MODELS.build(model_config))


def test_a_clip_comes_out_as_long_as_it_was(port, tmp_path: Path) -> None:
    source = tmp_path / "clip.mp4"
    with VideoWriter(source, 25) as writer:
        for number in range(5):
            writer.write(np.full((48, 64, 3), 30 + number, dtype=np.uint8))
    times = port.annotate(source, tmp_path / "out.mp4")
    for stage in ("decode", "infer", "draw", "encode"):
        assert times.num_frames[stage] == 5, stage
        assert times.seconds[stage] > 0, stage
    with VideoReader(tmp_path / "out.mp4") as reader:
        assert [frame.image.shape for frame in reader] == [(48, 64, 3)] * 5


def test_lanes_lie_where_the_maps_are_largest() -> None:
    probs = np.zeros((3, 32, 64), dtype=np.float32)
    probs[1, :, 16:25] = 1.0
    probs[2, 16:, 40] = 1.0
    steep, faint = look_up_lanes(probs, threshold=0.3)
    assert {x for x, _ in steep} == {20}
    assert len(steep) == 18
    assert faint == []  # smoothed over nine columns it is below the threshold


def test_pixels_of_lanes_are_tinted() -> None:
    frame = np.full((8, 8, 3), 10, dtype=np.uint8)
    probs = np.zeros((3, 4, 4), dtype=np.float32)
    probs[0], probs[2, :, 1] = 0.5, 0.9
    picture = tint_lanes(frame, probs)
    assert (picture[:, 2:4] == (10, 214, 10)).all()
    assert (picture[:, [0, 1, 4, 5, 6, 7]] == 10).all()


def test_a_source_that_is_no_video(port, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="OpenCV cannot read"):
        port.annotate(tmp_path / "none.mp4", tmp_path / "out.mp4")
