import errno
import itertools
import json
import signal
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lanedet.structures import LaneSample
from lanedet.video import LaneLog, VideoBreakError, VideoReader, annotate_video


class FakeInferencer:
    """Finds one upright lane in every image but the first, at x = 20."""

    num_slots = 6

    def __init__(self) -> None:
        self.batch_sizes: list[int] = []
        self.num_seen = 0

    def predict(self, images: Sequence[np.ndarray]) -> list[LaneSample]:
        self.batch_sizes.append(len(images))
        return [self._sample(image) for image in images]

    def _sample(self, image: np.ndarray) -> LaneSample:
        sample = LaneSample()
        has_lane = self.num_seen > 0
        self.num_seen += 1
        lane = np.array([[20.0, len(image) - 1.0], [20.0, 0.0]])
        sample.pred_lanes = [lane] if has_lane else []
        sample.pred_scores = [0.9] if has_lane else []
        sample.pred_slots = [2] if has_lane else []
        return sample


def _images(path: Path) -> list[np.ndarray]:
    with VideoReader(path) as reader:
        return [frame.image for frame in reader]


def _lines(path: Path) -> list[dict]:
    text = path.read_text()
    assert text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


def test_size_frame_rate_and_length_are_those_of_the_source(
    make_video, tmp_path: Path
) -> None:
    rate = Fraction(30000, 1001)
    shape = Fraction(4, 3)
    source = make_video(
        num_frames=23, size=(46, 62), frame_rate=rate, pixel_shape=shape
    )
    out = tmp_path / "out.mp4"
    annotate_video(source, FakeInferencer(), out)
    with VideoReader(out) as reader:
        assert (reader.height, reader.width) == (46, 62)
        assert reader.sample_aspect_ratio == shape
        assert reader.frame_rate == rate
        assert reader.num_frames == 23
        assert len(list(reader)) == 23


def test_lanes_are_drawn_and_logged(make_video, tmp_path: Path) -> None:
    out, log = tmp_path / "out.mp4", tmp_path / "lanes.jsonl"
    summary = annotate_video(make_video(num_frames=10), FakeInferencer(), out, log)
    images = _images(out)
    # Frame 0 has no lane; in the others column 20 is orange, column 50 is grey.
    orange = [int(image[10:40, 20, 0].mean()) for image in images]
    blue = [int(image[10:40, 20, 2].mean()) for image in images]
    assert abs(orange[0] - blue[0]) < 20
    assert min(orange[1:]) - max(blue[1:]) > 60
    assert abs(int(images[5][:, 50].mean()) - 55) < 10
    lines = _lines(log)
    assert [line["frame"] for line in lines] == list(range(10))
    assert [line["time"] for line in lines] == pytest.approx(np.arange(10) / 25)
    assert lines[0]["lanes"] == []
    assert lines[1]["lanes"] == [
        {"slot": 2, "score": 0.9, "points": [[20.0, 47.0], [20.0, 0.0]]}
    ]
    assert summary.num_frames == 10
    assert summary.lane_share == pytest.approx(0.9)
    assert summary.frames_per_second == pytest.approx(10 / summary.seconds)


def test_either_output_is_enough(make_video, tmp_path: Path) -> None:
    source = make_video(num_frames=3)
    annotate_video(source, FakeInferencer(), tmp_path / "out.mp4")
    annotate_video(source, FakeInferencer(), json_path=tmp_path / "lanes.jsonl")
    assert len(_images(tmp_path / "out.mp4")) == 3
    assert len(_lines(tmp_path / "lanes.jsonl")) == 3


def test_batches_change_nothing_but_the_passes(make_video, tmp_path: Path) -> None:
    source = make_video(num_frames=10)
    single, batched = FakeInferencer(), FakeInferencer()
    annotate_video(source, single, json_path=tmp_path / "a.jsonl")
    annotate_video(source, batched, json_path=tmp_path / "b.jsonl", batch_size=4)
    assert single.batch_sizes == [1] * 10
    assert batched.batch_sizes == [4, 4, 2]
    assert (tmp_path / "a.jsonl").read_text() == (tmp_path / "b.jsonl").read_text()


@pytest.mark.parametrize("batch_size", [1, 4, 100])
def test_what_comes_before_a_break_is_written_whole(
    make_video, tmp_path: Path, batch_size: int
) -> None:
    source = make_video(num_frames=40, container_options={"movflags": "+faststart"})
    content = source.read_bytes()
    source.write_bytes(content[: len(content) // 2])
    with VideoReader(source) as reader, pytest.raises(VideoBreakError):
        for frame in reader:  # noqa: B007
            pass
    num_good = frame.index + 1
    out, log = tmp_path / "out.mp4", tmp_path / "lanes.jsonl"
    with pytest.raises(VideoBreakError, match=f"after {num_good} of 40") as caught:
        annotate_video(source, FakeInferencer(), out, log, batch_size=batch_size)
    assert len(_images(out)) == len(_lines(log)) == num_good
    [note] = caught.value.__notes__
    assert note.startswith(f"Whole and kept, with {num_good} frames: ")
    assert str(out) in note
    assert str(log) in note


def test_ctrl_c_leaves_both_outputs_whole_and_alike(make_video, tmp_path: Path) -> None:
    class InterruptedInferencer(FakeInferencer):
        def predict(self, images: Sequence[np.ndarray]) -> list[LaneSample]:
            if self.num_seen == 7:
                signal.raise_signal(signal.SIGINT)
            return super().predict(images)

    out, log = tmp_path / "out.mp4", tmp_path / "lanes.jsonl"
    with pytest.raises(KeyboardInterrupt) as caught:
        annotate_video(make_video(num_frames=20), InterruptedInferencer(), out, log)
    assert len(_images(out)) == len(_lines(log)) == 7
    assert "with 7 frames" in caught.value.__notes__[0]


def test_ctrl_c_while_a_frame_is_written_waits_for_the_frame(
    make_video, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted_draw(image: np.ndarray, *_args, **_keywords) -> np.ndarray:
        signal.raise_signal(signal.SIGINT)
        return image

    monkeypatch.setattr("lanedet.video.pipeline.draw_lanes", interrupted_draw)
    out, log = tmp_path / "out.mp4", tmp_path / "lanes.jsonl"
    with pytest.raises(KeyboardInterrupt):
        annotate_video(make_video(num_frames=20), FakeInferencer(), out, log)
    assert len(_images(out)) == len(_lines(log)) == 1


def _fail_at(calls: int, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function, but for a disk that is full from some call on."""
    counter = itertools.count(1)

    def failing(*args: Any, **keywords: Any) -> Any:
        if next(counter) >= calls:
            raise OSError(errno.ENOSPC, "No space left on device")
        return function(*args, **keywords)

    return failing


def test_a_log_that_gets_no_room_leaves_both_alike(
    make_video, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LaneLog, "_append", _fail_at(8, LaneLog._append))
    out, log = tmp_path / "out.mp4", tmp_path / "lanes.jsonl"
    with pytest.raises(OSError, match="No space left") as caught:
        annotate_video(make_video(num_frames=20), FakeInferencer(), out, log)
    assert len(_images(out)) == len(_lines(log)) == 7
    assert caught.value.__notes__ == [f"Whole and kept, with 7 frames: {out}, {log}."]


def test_a_clip_that_gets_no_room_leaves_the_log(
    make_video, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Only the end of the clip, with its index, does not fit.
    monkeypatch.setattr(Path, "replace", _fail_at(1, Path.replace))
    source = make_video(num_frames=20)
    out, log = tmp_path / "out.mp4", tmp_path / "lanes.jsonl"
    with pytest.raises(OSError, match="No space left") as caught:
        annotate_video(source, FakeInferencer(), out, log)
    assert not out.exists()
    assert len(_lines(log)) == 20
    assert caught.value.__notes__ == [f"Whole and kept, with 20 frames: {log}."]
    with pytest.raises(OSError, match="No space left") as caught:
        annotate_video(source, FakeInferencer(), out)
    assert caught.value.__notes__ == ["No frame was kept."]


def test_an_output_that_cannot_be_opened_needs_no_note(
    make_video, tmp_path: Path
) -> None:
    with pytest.raises(IsADirectoryError) as caught:
        annotate_video(make_video(), FakeInferencer(), json_path=tmp_path)
    assert not hasattr(caught.value, "__notes__")


def test_an_interrupt_before_the_first_frame_leaves_no_clip(
    make_video, tmp_path: Path
) -> None:
    class InterruptedInferencer(FakeInferencer):
        def predict(self, images: Sequence[np.ndarray]) -> list[LaneSample]:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        annotate_video(make_video(), InterruptedInferencer(), tmp_path / "out.mp4")
    assert caught.value.__notes__ == ["No frame was kept."]
    assert not (tmp_path / "out.mp4").exists()


def test_an_output_must_be_asked_for(make_video) -> None:
    with pytest.raises(ValueError, match="ask for a clip, a log"):
        annotate_video(make_video(), FakeInferencer())


def test_the_source_is_not_overwritten(
    make_video, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make_video()
    content = source.read_bytes()
    monkeypatch.chdir(tmp_path)
    for path in (source, Path(source.name), tmp_path / "x" / ".." / source.name):
        with pytest.raises(ValueError, match="must be different files"):
            annotate_video(source, FakeInferencer(), path)
    (tmp_path / "link.mp4").symlink_to(source)
    with pytest.raises(ValueError, match="must be different files"):
        annotate_video(source, FakeInferencer(), tmp_path / "link.mp4")
    with pytest.raises(ValueError, match="must be different files"):
        annotate_video(source, FakeInferencer(), "lanes.mp4", "lanes.mp4")
    assert source.read_bytes() == content


def test_a_missing_source_makes_no_files(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="No video at"):
        annotate_video(
            tmp_path / "none.mp4", FakeInferencer(), tmp_path / "o.mp4", tmp_path / "l"
        )
    assert list(tmp_path.iterdir()) == []


def test_the_batch_size_must_be_positive(make_video, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="batch_size must be at least 1, got 0"):
        annotate_video(make_video(), FakeInferencer(), tmp_path / "o.mp4", batch_size=0)
