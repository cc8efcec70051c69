import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from lanedet.formats import LabelError
from lanedet.video import extract_pseudo_labels

MakeVideo = Callable[..., Path]
POINTS = [[10.0, 40.0], [15.0, 30.0], [20.0, 20.0]]  # straight: the middle is spare


def write_log(path: Path, num_frames: int) -> Path:
    lanes = [
        {"slot": 2, "score": 0.9, "points": POINTS},
        {"slot": 3, "score": 0.4, "points": [[50.0, 40.0], [40.0, 20.0]]},
    ]
    lines = [{"frame": n, "time": n / 25, "lanes": lanes} for n in range(num_frames)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_every_tenth_frame(make_video: MakeVideo, tmp_path: Path) -> None:
    log = write_log(tmp_path / "lanes.jsonl", 30)
    out = tmp_path / "out"
    samples = extract_pseudo_labels(make_video(), log, out, step=10)
    names = ["clip_000000.jpg", "clip_000010.jpg", "clip_000020.jpg"]
    assert [sample.raw_file for sample in samples] == names
    assert sorted(path.name for path in out.iterdir()) == names
    assert samples[0].ori_shape == (48, 64)
    np.testing.assert_allclose(samples[0].gt_lanes[0], [POINTS[0], POINTS[-1]])
    assert len(samples[0].gt_lanes) == 2
    # The mean of frame i is 30 + 5 i.
    assert cv2.imread(samples[1].img_path).mean() == pytest.approx(80, abs=3)


def test_unsure_lanes_are_left_out(make_video: MakeVideo, tmp_path: Path) -> None:
    log = write_log(tmp_path / "lanes.jsonl", 30)
    samples = extract_pseudo_labels(
        make_video(), log, tmp_path / "out", step=29, min_score=0.5
    )
    assert [len(sample.gt_lanes) for sample in samples] == [1, 1]


def test_a_log_that_was_cut_off(make_video: MakeVideo, tmp_path: Path) -> None:
    log = write_log(tmp_path / "lanes.jsonl", 5)
    assert len(extract_pseudo_labels(make_video(), log, tmp_path / "out")) == 5


def test_the_log_of_another_clip(make_video: MakeVideo, tmp_path: Path) -> None:
    log = write_log(tmp_path / "lanes.jsonl", 40)
    with pytest.raises(ValueError, match="knows a frame 39 and the clip ends with 29"):
        extract_pseudo_labels(make_video(), log, tmp_path / "out")


def test_bad_arguments(make_video: MakeVideo, tmp_path: Path) -> None:
    log = write_log(tmp_path / "lanes.jsonl", 30)
    with pytest.raises(ValueError, match="step must be at least 1, got 0"):
        extract_pseudo_labels(make_video(), log, tmp_path / "out", step=0)
    with pytest.raises(ValueError, match="must be a new or an empty folder"):
        extract_pseudo_labels(make_video(), log, tmp_path)
    with pytest.raises(FileNotFoundError, match="No log of lanes"):
        extract_pseudo_labels(make_video(), tmp_path / "none", tmp_path / "out")


@pytest.mark.parametrize(
    "line",
    [
        pytest.param('{"frame": 1, "lanes": [', id="cut off"),
        pytest.param("7", id="no object"),
        pytest.param('{"frame": 1}', id="no lanes"),
        pytest.param('{"frame": -1, "lanes": []}', id="negative frame"),
        pytest.param(
            '{"frame": 1, "lanes": [{"score": 1, "points": [1, 2]}]}', id="no points"
        ),
        pytest.param(
            '{"frame": 1, "lanes": [{"score": 1, "points": [[1, NaN]]}]}', id="NaN"
        ),
    ],
)
def test_broken_lines(make_video: MakeVideo, tmp_path: Path, line: str) -> None:
    log = write_log(tmp_path / "lanes.jsonl", 1)
    log.write_text(log.read_text() + line)
    with pytest.raises(LabelError, match=r"lanes\.jsonl:2: this is no line"):
        extract_pseudo_labels(make_video(), log, tmp_path / "out")
